"""Drawings (SVG) with little in them but what is drawn: their editors leave much besides."""

import re

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
# Attributes without a namespace, and those of what a drawing refers to.
_KEPT = re.compile(r"[^{]|\{http://www\.w3\.org/(1999/xlink|XML/1998/namespace)\}")
_UNSEEN = {f"{SVG}{name}" for name in ("metadata", "title", "desc")}
# Of a drawing this wide, a hundredth of its unit is less than a phone can show.
_WIDE = 48
_HUNDREDTHS = re.compile(r"(\.\d\d)\d+")


def slim(source):
    """Return the drawing without comments, editors' notes, and decimals that nobody sees.

    :param bytes source: an SVG; what cannot be read as one is given back as it is
    :rtype: bytes
    """
    parser = etree.XMLParser(
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        resolve_entities=False,
        no_network=True,
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError:
        return source
    if root.tag != f"{SVG}svg":
        return source
    is_wide = _get_width(root) >= _WIDE
    for element in list(root.iter(etree.Element)):
        if element.tag in _UNSEEN or not element.tag.startswith(SVG):
            element.getparent().remove(element)
        else:
            _slim_attributes(element, is_wide)
    etree.cleanup_namespaces(root)
    return etree.tostring(root)


def _slim_attributes(element, is_wide):
    for name in list(element.attrib):
        if not _KEPT.match(name):
            del element.attrib[name]
        elif is_wide and name in ("d", "points"):
            element.set(name, _HUNDREDTHS.sub(r"\1", " ".join(element.get(name).split())))


def _get_width(root):
    """Return how many units wide the drawing is; 0 where it does not say."""
    sizes = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    return float(sizes[2]) if len(sizes) == 4 and re.fullmatch(r"\d+(\.\d+)?", sizes[2]) else 0
