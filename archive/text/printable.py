"""Text that is safe to print: without control characters that could control a terminal."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

TEXT_WIDTH_COLUMNS = 88
UNPRINTABLE_CHAR = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters of terminals, and characters that change the writing direction."""


PERCENT_ENCODED_RUN = re.compile("(?:%[89A-F][0-9A-F])+", re.IGNORECASE)
"""Bytes beyond ASCII in a URL, percent-encoded."""


def readable_url(url: str) -> str:
    """Return a URL with letters in place of their percent-encoded UTF-8, as browsers show it.

    Bytes that are no UTF-8, white space and unprintable characters stay encoded.
    """
    return PERCENT_ENCODED_RUN.sub(_readable_run, url)


def _readable_run(found: re.Match[str]) -> str:
    """Return the letters of a percent-encoded run, or the run as it is."""
    try:
        decoded = unquote(found[0], errors="strict")
    except UnicodeDecodeError:
        return found[0]
    return decoded if decoded.isprintable() and not UNPRINTABLE_CHAR.search(decoded) else found[0]


def printable_text(value: Any) -> str:
    """Return a value as text without unprintable characters; None is an empty string."""
    return UNPRINTABLE_CHAR.sub("", "" if value is None else str(value))
