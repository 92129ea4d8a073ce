"""Visitors who connect to `dateline serve` and ask for nothing: they are not waited for, and turn
nobody away.

uvicorn waits without end for a request that does not come, and each connection takes one of the
files that a process may have open. Here a request has to be whole after `PATIENCE`, and of the
connections that have not asked yet the oldest are ended once there are more than `MOST_SILENT`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from uvicorn import config
from uvicorn.protocols.http.auto import AutoHTTPProtocol

PATIENCE = 20.0
"""Seconds from a connection, or the end of the last answer, to a whole head of a request."""
MOST_SILENT = 400
"""Connections that have not asked yet; many systems let a process have 1,024 files open."""
FILES = 65_536
"""Files that a server may have open, if the system lets it."""

_silent: dict[Patient, None] = {}
"""Those that have not asked yet, the oldest first."""


class Patient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's own, with an end to its patience."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()
        while len(_silent) > MOST_SILENT:
            next(iter(_silent))._end()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._asked()
        elif self._late is None:
            self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        self._asked()
        super().connection_lost(error)

    def _wait(self) -> None:
        _silent[self] = None
        self._late = asyncio.get_running_loop().call_later(PATIENCE, self._end)

    def _asked(self) -> None:
        _silent.pop(self, None)
        if self._late:
            self._late.cancel()
        self._late = None

    def _end(self) -> None:
        self._asked()
        if self.transport is not None:
            self.transport.abort()


def end_silence() -> None:
    """Have the server of this process use it."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Patient.__name__}"


def allow_connections() -> None:
    """Let this process have as many files open as the system allows it to ask for."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(least, wanted), most))
