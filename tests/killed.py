"""Work that is ended by `kill -9` at a chosen moment, in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from itertools import count
from typing import Any


def killed_by(work: Callable[[], object]) -> bool:
    """Do work in a forked process; return whether it was killed before its end.

    An exception in it is printed there, and raises AssertionError here.
    """
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"the work failed (status {code}); see its traceback"
    return code == -signal.SIGKILL


def killing_function(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a function or method that ends its process at its Nth call, and does nothing then."""
    calls = count(1)

    def call(*given: Any, **named: Any) -> Any:
        if next(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call
