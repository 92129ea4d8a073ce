"""Deferral of Ctrl-C and SIGTERM until a crawl runs that can end in order.

Scrapy handles signals once its reactor runs. The imports and files before that take seconds, in
which Ctrl-C would raise KeyboardInterrupt and SIGTERM would kill the program. A second Ctrl-C does
raise KeyboardInterrupt.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals that request a stop."""

_asked: list[int] = []
"""The signal that arrived, if any."""
_before: dict[int, Any] = {}
"""Signal → the handler that it had before and gets back."""


def listen() -> None:
    """Defer signals that request a stop. Without effect outside the main thread."""
    # ValueError: another thread of a program that handles signals itself
    with suppress(ValueError):
        for each in STOPPING:
            if signal.getsignal(each) is not _keep:
                _before[each] = signal.signal(each, _keep)


def release() -> None:
    """Restore the handlers that signals had before."""
    with suppress(ValueError):
        for each in STOPPING:
            if each in _before:
                signal.signal(each, _before.pop(each))


def asked() -> bool:
    """Return whether a signal that requests a stop has arrived."""
    return bool(_asked)


def pass_on() -> None:
    """Restore the handlers, and raise the deferred signal again."""
    release()
    if _asked:
        signal.raise_signal(_asked.pop(0))


def _keep(number: int, _: FrameType | None) -> None:
    """Defer the first signal; raise KeyboardInterrupt for the second."""
    if _asked:
        raise KeyboardInterrupt
    _asked.append(number)
