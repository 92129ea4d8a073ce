"""Reports of long work to whoever shows its progress."""

from __future__ import annotations

from collections.abc import Callable

ProgressReport = Callable[[int, int | None], None]
"""Takes the number of items done, and of all items or None if that is unknown."""


def ignore_progress(_: int, __: int | None) -> None:
    """Do nothing with a report, for callers that show no progress."""
