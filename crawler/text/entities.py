"""Character references of HTML (`&eacute;`, `&#233;`) as the characters that they are; those
without end as none."""

from __future__ import annotations

import html
import re

ENDLESS = re.compile(r"&((?:amp;)*)#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,})")
"""The largest code has seven digits. Of more than 4,300 Python reads no number, and html.unescape
raises ValueError."""
NO_CHARACTER = r"&\1#65533"


def bounded(text: str) -> str:
    """The text with every endless character reference made U+FFFD's, also one that is escaped
    (`&amp;#9…`)."""
    return ENDLESS.sub(NO_CHARACTER, text) if "#" in text else text


def unescape(text: str) -> str:
    """As `html.unescape`, but it raises nothing."""
    return html.unescape(bounded(text))
