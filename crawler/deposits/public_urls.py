"""Decision whether the URL of an article may be sent to another archive."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from crawler.network.guard import DEFAULT_PORTS, ConnectionGuard, parse_allowed_addresses

NOT_PUBLIC_REASON = "it is not on the public web, or only for this machine"


def unfit_reason_by(allow_addresses: str) -> Callable[[str], str | None]:
    """Return a function that says why a URL is not sent to another archive.

    That is so outside the public web, and at the addresses that a user allows to crawls alone.
    """
    allowed = parse_allowed_addresses(allow_addresses)
    guard = ConnectionGuard()

    def unfit_reason(url: str) -> str | None:
        """Return why a URL stays here, or None."""
        if guard.refusal(url):
            return NOT_PUBLIC_REASON
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        return NOT_PUBLIC_REASON if any(place.has(host, port) for place in allowed) else None

    return unfit_reason
