"""Time limits for connections to `dateline serve` that send no request.

uvicorn waits forever for a request that does not come, and each connection takes one of the files
that a process may have open. Here a request must be complete after `REQUEST_TIMEOUT_SECONDS`
seconds, and when more than `MAX_IDLE_CONNECTIONS` connections have not sent one yet, the oldest are
closed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from uvicorn import config
from uvicorn.protocols.http.auto import AutoHTTPProtocol

REQUEST_TIMEOUT_SECONDS = 20.0
"""Seconds from a connection, or the end of the last answer, to a complete request head."""
MAX_IDLE_CONNECTIONS = 400
"""Connections without a request; many systems let a process have 1,024 files open."""
WANTED_OPEN_FILES = 65_536
"""Files that a server may have open, if the system permits it."""

_idle_connections: dict[TimedHttpProtocol, None] = {}
"""Connections without a request yet, the oldest first."""


class TimedHttpProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol with a time limit for the request."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the time limit, and close the oldest idle connections if there are too many."""
        super().connection_made(transport)
        self._wait()
        while len(_idle_connections) > MAX_IDLE_CONNECTIONS:
            next(iter(_idle_connections))._end()

    def data_received(self, data: bytes) -> None:
        """Stop the time limit once a request is complete, and start it for the next one."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._asked()
        elif self._late is None:
            self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._asked()
        super().connection_lost(error)

    def _wait(self) -> None:
        _idle_connections[self] = None
        self._late = asyncio.get_running_loop().call_later(REQUEST_TIMEOUT_SECONDS, self._end)

    def _asked(self) -> None:
        _idle_connections.pop(self, None)
        if self._late:
            self._late.cancel()
        self._late = None

    def _end(self) -> None:
        self._asked()
        if self.transport is not None:
            self.transport.abort()


def use_request_timeout() -> None:
    """Make the server of this process use the protocol with a time limit."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{TimedHttpProtocol.__name__}"


def raise_open_file_limit() -> None:
    """Raise this process's limit of open files as far as the system permits."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft_limit, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = (
            WANTED_OPEN_FILES
            if hard_limit == resource.RLIM_INFINITY
            else min(WANTED_OPEN_FILES, hard_limit)
        )
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft_limit, wanted), hard_limit))
