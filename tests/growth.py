"""How the cost of some work grows with its input; independent of the machine and its load.

Both sizes run in one process, one after the other, and count CPU time. A busy machine makes single
figures worse, so an attempt that shows slow growth decides, and work whose cost really explodes
fails all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

ATTEMPTS = 5
RESOLUTION_SECONDS = 0.02
"""CPU time below which figures are chance."""


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def assert_growth(
    work: Callable[[int], object], size: int, times: int = 8, slack: float = 3.0
) -> None:
    """Fail if `work(times * size)` always costs more than `slack * times` as much as `work(size)`.

    With eight times the input, quadratic work costs 64 times as much, and linear work 8 times. Work
    that remembers its results must make new input in each call.
    """
    seen = []
    for _ in range(ATTEMPTS):
        small, large = cpu_seconds(lambda: work(size)), cpu_seconds(lambda: work(times * size))
        if large <= slack * times * small + RESOLUTION_SECONDS:
            return
        seen.append(f"{small:.3f} → {large:.3f} s")
    raise AssertionError(f"{times} times the input cost {', '.join(seen)}")
