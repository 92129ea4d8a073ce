"""Text that is safe to print: without control characters that would steer a terminal."""

from __future__ import annotations

import re
from typing import Any

TEXT_WIDTH = 88
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters: what a page says must not steer a terminal or turn the reading direction of a
line."""


def printable(value: Any) -> str:
    """A value as text that does nothing but show itself."""
    return UNPRINTABLE.sub("", "" if value is None else str(value))
