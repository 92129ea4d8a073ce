"""Text that is safe to print: without control characters that could control a terminal."""

from __future__ import annotations

import re
from typing import Any

TEXT_WIDTH_COLUMNS = 88
UNPRINTABLE_CHAR = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters of terminals, and characters that change the writing direction."""


def printable_text(value: Any) -> str:
    """Return a value as text without unprintable characters; None is an empty string."""
    return UNPRINTABLE_CHAR.sub("", "" if value is None else str(value))
