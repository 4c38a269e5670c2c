"""`make gallery`: pictures of the customer's page in every state, width, scheme and language."""

import os
import shutil

from PIL import Image, ImageDraw

from dev import paths, test

PICTURES = paths.WORK / "screenshots"
TILE = 300  # pixels: how wide a picture is on its sheet
COLUMNS = 7


def main():
    """Take the pictures, checking each state with axe-core, and lay them side by side."""
    for picture in PICTURES.glob("page-*.png"):
        picture.unlink()
    os.environ.update(
        TESTS="tests/test_page_looks.py",
        ARGS="-k accessible",
        PAYLINKS_SCREENSHOTS="1",
    )
    code = test.main()
    print(f"Sheets: {_make_sheets()}")
    return code


def _make_sheets():
    """Lay the pictures of each language, width and scheme on a sheet; return the folder."""
    folder = PICTURES / "sheets"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sheets = {}
    for path in sorted(PICTURES.glob("page-*.png")):
        state, lang, width, scheme = path.stem.removeprefix("page-").rsplit("-", 3)
        sheets.setdefault(f"{lang}-{width}-{scheme}", []).append((state, path))
    for name, pictures in sheets.items():
        _make_sheet(pictures).save(folder / f"{name}.png")
    return folder


def _make_sheet(pictures):
    tiles = []
    for state, path in pictures:
        with Image.open(path) as picture:
            height = picture.height * TILE // picture.width
            tile = Image.new("RGB", (TILE + 10, height + 24), "white")
            tile.paste(picture.convert("RGB").resize((TILE, height)), (5, 20))
        ImageDraw.Draw(tile).text((5, 4), state, fill="black")
        tiles.append(tile)
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    heights = [max(tile.height for tile in row) for row in rows]
    sheet = Image.new("RGB", (COLUMNS * (TILE + 10), sum(heights)), "white")
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for number, tile in enumerate(row):
            sheet.paste(tile, (number * (TILE + 10), top))
        top += height
    return sheet
