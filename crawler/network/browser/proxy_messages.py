"""The heads of the HTTP messages that pass a forward proxy. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

HOP_HEADERS = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    )
)
"""Headers between two hops, which a proxy does not pass on (RFC 9110, 7.6.1)."""
REQUEST_LINE = re.compile(rb"([A-Z]{3,20}) (\S{1,16000}) (HTTP/1\.[01])")
RESPONSE_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")
CONNECT_TARGET = re.compile(r"(?:[^\s/@:\[\]?#]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """A request to a forward proxy."""

    url: str
    """The URL; for a tunnel, that of the root of its host and port."""
    is_tunnel: bool
    origin_head: bytes = b""
    """The head as it is sent to the host itself; empty for a tunnel."""
    proxy_head: bytes = b""
    """The head as it is sent to a further proxy, without its empty last line."""


def parse_proxy_request(head: bytes) -> ProxyRequest | None:
    """Return the request in a head; None if a proxy does not answer it."""
    line, _, fields = head.removesuffix(b"\r\n\r\n").partition(b"\r\n")
    parsed = REQUEST_LINE.fullmatch(line)
    if parsed is None:
        return None
    method, target, version = parsed[1], parsed[2].decode("ascii", "replace"), parsed[3]
    if method == b"CONNECT":
        return _tunnel_request(target)
    path = _path_of_http_url(target)
    if path is None:
        return None
    kept = kept_fields(fields)
    own_line = b" ".join((method, path.encode("ascii", "replace"), version))
    return ProxyRequest(
        target,
        is_tunnel=False,
        origin_head=b"\r\n".join((own_line, *kept, b"Connection: close", b"", b"")),
        proxy_head=b"\r\n".join((line, *kept, b"Connection: close")),
    )


def _tunnel_request(target: str) -> ProxyRequest | None:
    """Return the request for a tunnel to a host and port, or None for another target."""
    if not CONNECT_TARGET.fullmatch(target):
        return None
    connect = f"CONNECT {target} HTTP/1.1\r\nHost: {target}".encode("ascii", "replace")
    return ProxyRequest(f"https://{target}/", is_tunnel=True, proxy_head=connect)


def _path_of_http_url(target: str) -> str | None:
    """Return the path and query of an absolute http URL, or None for anything else."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname:
        return None
    return parts._replace(scheme="", netloc="", fragment="").geturl() or "/"


def kept_fields(fields: bytes) -> list[bytes]:
    """Return the lines of a head's fields that a proxy passes on."""
    return [
        line
        for line in fields.split(b"\r\n")
        if line and line.partition(b":")[0].strip().lower() not in HOP_HEADERS
    ]


def status_of_head(head: bytes) -> int | None:
    """Return the status in the head of a response; None for any other text."""
    found = RESPONSE_STATUS_LINE.match(head.partition(b"\r\n")[0])
    return int(found[1]) if found else None


def closing_response_head(head: bytes) -> bytes:
    """Return the head of a response after which the connection ends, whatever its server says.

    Otherwise the next request on the connection, for another host, would go to the same server.
    """
    line, _, fields = head.removesuffix(b"\r\n\r\n").partition(b"\r\n")
    return b"\r\n".join((line, *kept_fields(fields), b"Connection: close", b"", b""))
