"""Character references of HTML (`&eacute;`, `&#233;`), decoded safely if a number is too long."""

from __future__ import annotations

import html
import re

OVERLONG_REFERENCE = re.compile(r"&((?:amp;)*)#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,})")
"""A reference by a number of nine digits or more; the largest code point has seven.

Python refuses to read numbers of more than 4,300 digits, so html.unescape raises ValueError.
"""
REPLACEMENT_REFERENCE = r"&\1#65533"
"""A reference to U+FFFD, escaped as often as the reference that it replaces."""


def replace_overlong_references(text: str) -> str:
    """Replace character references with overlong numbers by U+FFFD's, also escaped (`&amp;#9…`)."""
    return OVERLONG_REFERENCE.sub(REPLACEMENT_REFERENCE, text) if "#" in text else text


def unescape_html(text: str) -> str:
    """Decode character references as `html.unescape` does, without raising ValueError."""
    return html.unescape(replace_overlong_references(text))
