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

DEFERRED_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that request a stop."""

_deferred_signals: list[int] = []
"""The signal that arrived, if any."""
_previous_handlers: dict[int, Any] = {}
"""Signal → the handler that it had before and gets back."""


def defer_stop_signals() -> None:
    """Defer signals that request a stop. Without effect outside the main thread."""
    # ValueError: another thread of a program that handles signals itself
    with suppress(ValueError):
        for each in DEFERRED_SIGNALS:
            if signal.getsignal(each) is not _defer_signal:
                _previous_handlers[each] = signal.signal(each, _defer_signal)


def restore_signal_handlers() -> None:
    """Restore the handlers that signals had before."""
    with suppress(ValueError):
        for each in DEFERRED_SIGNALS:
            if each in _previous_handlers:
                signal.signal(each, _previous_handlers.pop(each))


def is_stop_requested() -> bool:
    """Return whether a signal that requests a stop has arrived."""
    return bool(_deferred_signals)


def raise_deferred_signal() -> None:
    """Restore the handlers, and raise the deferred signal again."""
    restore_signal_handlers()
    if _deferred_signals:
        signal.raise_signal(_deferred_signals.pop(0))


def _defer_signal(number: int, _: FrameType | None) -> None:
    """Defer the first signal; raise KeyboardInterrupt for the second."""
    if _deferred_signals:
        raise KeyboardInterrupt
    _deferred_signals.append(number)
