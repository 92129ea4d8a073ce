"""Character references of HTML (`&eacute;`, `&#233;`), decoded safely if a number is too long."""

from __future__ import annotations

import html
import re

ENDLESS = re.compile(r"&((?:amp;)*)#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,})")
"""A reference by a number of nine digits or more; the largest code point has seven.

Python refuses to read numbers of more than 4,300 digits, so html.unescape raises ValueError.
"""
NO_CHARACTER = r"&\1#65533"
"""A reference to U+FFFD, escaped as often as the reference that it replaces."""


def bounded(text: str) -> str:
    """Replace character references with overlong numbers by U+FFFD's, also escaped (`&amp;#9…`)."""
    return ENDLESS.sub(NO_CHARACTER, text) if "#" in text else text


def unescape(text: str) -> str:
    """Decode character references as `html.unescape` does, without raising ValueError."""
    return html.unescape(bounded(text))
