"""Requests to archives that keep pages, sent one at a time over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawler.deposits.deposit_articles import SendDeposit
from crawler.deposits.deposit_service import DepositRequest, DepositResponse

if TYPE_CHECKING:
    import httpx

CONNECTION_TIMEOUT_SECONDS = 10.0
SILENCE_TIMEOUT_SECONDS = 60.0
"""Seconds without a byte."""
RESPONSE_TIMEOUT_SECONDS = 90.0
"""Seconds for a whole response."""
MAX_RESPONSE_BYTES = 1_000_000


@contextmanager
def deposit_sender(user_agent: str) -> Iterator[SendDeposit]:
    """Yield a function that sends a request and returns the response.

    It follows no redirects and raises nothing.
    """
    import httpx

    # a body that is not compressed cannot unpack into more than was sent
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(SILENCE_TIMEOUT_SECONDS, connect=CONNECTION_TIMEOUT_SECONDS)
    with httpx.Client(headers=headers, timeout=timeout) as client:

        def send(request: DepositRequest) -> DepositResponse:
            """Send a request; what fails is the problem of the response."""
            try:
                return _exchange(client, request)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = f"could not be reached ({type(error).__name__}: {error})"
                return DepositResponse(problem=problem)

        yield send


def _exchange(client: httpx.Client, request: DepositRequest) -> DepositResponse:
    """Send a request and read the response, as far as it is short and fast enough."""
    deadline = time.monotonic() + RESPONSE_TIMEOUT_SECONDS
    body = bytearray()
    with client.stream(
        request.method, request.url, headers=request.headers, data=request.form
    ) as response:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                return DepositResponse(problem="sent too long an answer")
            if time.monotonic() > deadline:
                return DepositResponse(problem="sent its answer too slowly")
        names = {name.lower(): value for name, value in response.headers.items()}
        return DepositResponse(response.status_code, names, bytes(body))
