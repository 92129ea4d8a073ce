"""Ctrl-C and SIGTERM while a crawl gets ready: they are kept until there is a crawl to end in
order.

Scrapy takes signals once its reactor runs. What the program imports and opens before takes seconds,
in which Python would break off with KeyboardInterrupt, or be ended. A second Ctrl-C does break off.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM)

_asked: list[int] = []
_before: dict[int, Any] = {}
"""What signals did, and will do again."""


def listen() -> None:
    """Keep what asks us to stop from now on. Only in the main thread; elsewhere nothing changes."""
    with suppress(ValueError):  # another thread, of a program that has its own ways
        for each in STOPPING:
            if signal.getsignal(each) is not _keep:
                _before[each] = signal.signal(each, _keep)


def release() -> None:
    """Signals do again what they did before."""
    with suppress(ValueError):
        for each in [each for each in STOPPING if each in _before]:
            signal.signal(each, _before.pop(each))


def asked() -> bool:
    """Whether somebody asked us to stop meanwhile."""
    return bool(_asked)


def pass_on() -> None:
    """Release signals, and raise anew the one that came meanwhile."""
    release()
    if _asked:
        signal.raise_signal(_asked.pop(0))


def _keep(number: int, _: FrameType | None) -> None:
    if _asked:
        raise KeyboardInterrupt
    _asked.append(number)
