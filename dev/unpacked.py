"""Programs unpacked from Debian's packages: a script that lets one find what came with it."""

from pathlib import Path

from dev import apt

FONT_PACKAGES = ("fonts-liberation", "fontconfig-config")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
    <include ignore_missing="yes">{base}</include>
    <dir>{root}/usr/share/fonts</dir>
    <cachedir>{root}/font-cache</cachedir>
</fontconfig>
"""


def settings(root):
    """The shell lines that let a program unpacked below `root` find its libraries and fonts."""
    system, unpacked = Path("/etc/fonts/fonts.conf"), root / "etc/fonts/fonts.conf"
    config = root / "fonts.conf"
    config.write_text(FONTS.format(base=system if system.exists() else unpacked, root=root))
    return f"export LD_LIBRARY_PATH='{apt.library_path(root)}'\nexport FONTCONFIG_FILE='{config}'"
