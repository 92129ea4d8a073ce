"""Requests to archives that keep pages, sent one at a time over HTTP."""

from __future__ import annotations

import time

from crawler.deposits.deposit_service import DepositRequest, DepositResponse

CONNECTION_TIMEOUT_SECONDS = 10.0
SILENCE_TIMEOUT_SECONDS = 60.0
"""Seconds without a byte."""
RESPONSE_TIMEOUT_SECONDS = 90.0
"""Seconds for a whole response."""
MAX_RESPONSE_BYTES = 1_000_000


def send_deposit_request(request: DepositRequest, user_agent: str) -> DepositResponse:
    """Send a request and return the response. Redirects are not followed; it raises nothing."""
    import httpx

    timeout = httpx.Timeout(SILENCE_TIMEOUT_SECONDS, connect=CONNECTION_TIMEOUT_SECONDS)
    # a body that is not compressed cannot unpack into more than was sent
    headers = {**request.headers, "User-Agent": user_agent, "Accept-Encoding": "identity"}
    deadline = time.monotonic() + RESPONSE_TIMEOUT_SECONDS
    body = bytearray()
    try:
        with httpx.stream(
            request.method, request.url, headers=headers, data=request.form, timeout=timeout
        ) as response:
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_RESPONSE_BYTES:
                    return DepositResponse(problem="sent too long an answer")
                if time.monotonic() > deadline:
                    return DepositResponse(problem="sent its answer too slowly")
            names = {name.lower(): value for name, value in response.headers.items()}
            return DepositResponse(response.status_code, names, bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return DepositResponse(problem=f"could not be reached ({type(error).__name__}: {error})")
