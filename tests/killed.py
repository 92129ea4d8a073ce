"""Work that is ended by `kill -9` at a chosen moment, in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any


def killed_by(work: Callable[[], object]) -> bool:
    """Do work in a forked process; return whether it was killed before its end."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def killing_function(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a function or method that ends its process at its Nth call, and does nothing then."""
    calls = count(1)

    def call(*given: Any, **named: Any) -> Any:
        if next(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call
