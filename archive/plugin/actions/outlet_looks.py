"""Lookups of outlets on behalf of visitors, outside of the event loop.

A lookup takes seconds. It runs on a thread, and its result is kept in memory under a token that
only the browser which asked for it has. The form that adds the outlet names the token and some of
the sources that were found, so that nothing is added that was not found.
"""

from __future__ import annotations

import logging
import secrets
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from archive.errors import DatelineError, UsageError
from archive.outlet_preview import OutletPreview, OutletPreviewer
from archive.records import Outlet

MAX_CONCURRENT_LOOKS = 2
MAX_WAITING_LOOKS = 4
"""Lookups that run or wait; further ones are refused."""
MAX_KEPT_LOOKS = 50
"""Results in memory, the newest."""

look_log = logging.getLogger("dateline")


@dataclass(frozen=True, slots=True)
class OutletLook:
    """A lookup of a host, running or finished."""

    host: str
    began: float
    result: Future[OutletPreview]

    @property
    def seconds(self) -> int:
        """Seconds since it began."""
        return int(time.monotonic() - self.began)

    @property
    def found(self) -> OutletPreview | None:
        """The result, or None while it runs."""
        return self.result.result() if self.result.done() else None


class OutletLooks:
    """The lookups of one server."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(MAX_CONCURRENT_LOOKS, thread_name_prefix="dateline-look")
        self._looks: dict[str, OutletLook] = {}

    def begin(self, host: str, previewer: OutletPreviewer) -> str:
        """Start a lookup, and return its token; raises UsageError if too many are running."""
        running = sum(not look.result.done() for look in self._looks.values())
        if running >= MAX_WAITING_LOOKS:
            raise UsageError("other outlets are being looked up; try again in a minute")
        while len(self._looks) >= MAX_KEPT_LOOKS:
            del self._looks[next(iter(self._looks))]
        token = secrets.token_urlsafe(12)
        job = self._pool.submit(_preview_or_problem, host, previewer)
        self._looks[token] = OutletLook(host, time.monotonic(), job)
        return token

    def find(self, token: str) -> OutletLook | None:
        """Return the lookup of a token, or None."""
        return self._looks.get(token)


_looks_by_datasette: WeakKeyDictionary[Any, OutletLooks] = WeakKeyDictionary()


def outlet_looks(datasette: Any) -> OutletLooks:
    """Return the lookups of a Datasette, with its threads started on first use."""
    if datasette not in _looks_by_datasette:
        _looks_by_datasette[datasette] = OutletLooks()
    return _looks_by_datasette[datasette]


def _preview_or_problem(host: str, previewer: OutletPreviewer) -> OutletPreview:
    """Look up a host; an error becomes the problem that is shown."""
    try:
        return previewer(host)
    except DatelineError as error:
        return OutletPreview(Outlet(host), problem=str(error))
    except Exception:
        look_log.exception("the lookup of an outlet failed")
        return OutletPreview(Outlet(host), problem="the lookup failed; see the server's log")
