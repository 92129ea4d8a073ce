"""How long tests wait before they give up: every limit is multiplied by one factor.

A limit is there for a program that hangs, so it may be generous. `DATELINE_TEST_PATIENCE` raises
the factor further on a machine that is busy with much else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

FACTOR = float(os.environ.get("DATELINE_TEST_PATIENCE") or 4)
PYTEST_LIMIT_SECONDS = 120
"""For one test, before it is multiplied; as `timeout` in pyproject.toml."""


def patient(seconds: float) -> float:
    """Return a limit in seconds, multiplied by the factor."""
    return seconds * FACTOR


def until(condition: Callable[[], object], what: str = "", seconds: float = 60) -> None:
    """Wait until a condition holds; fails after `patient(seconds)`."""
    last = time.monotonic() + patient(seconds)
    while not condition():
        assert time.monotonic() < last, what or "the condition did not become true"
        time.sleep(0.02)
