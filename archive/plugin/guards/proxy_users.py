"""Visitors whom a reverse proxy has signed in: it says who they are, in a header.

The header counts only if the plugin's configuration names it, and if the proxy is known: `dateline
serve` listens on loopback, where no other machine can connect, or each request carries the proxy's
secret.
"""

from __future__ import annotations

import os
import re
import secrets
from typing import Any

PROXY_SECRET_VARIABLE = "DATELINE_PROXY_SECRET"  # noqa: S105  a name
PROXY_SECRET_HEADER = "X-Dateline-Proxy-Secret"  # noqa: S105  a name
"""The environment variable with the secret by which a proxy is known, and the proxy's header."""
MAX_USER_NAME_CHARS = 200


def actor_of_proxy(datasette: Any, request: Any) -> dict[str, str] | None:
    """Return the visitor whom the proxy names, or None."""
    config = datasette.plugin_config("dateline") or {}
    header = str(config.get("proxy_user_header") or "")
    if not header or not _is_sent_by_proxy(config, request):
        return None
    name = _only_header(request, header)
    if not name or len(name) > MAX_USER_NAME_CHARS or re.search(r"[\x00-\x1f\x7f,]", name):
        return None
    return {"id": name}


def _is_sent_by_proxy(config: dict[str, Any], request: Any) -> bool:
    """Return True if only the proxy can have sent a request."""
    secret = str(config.get("proxy_secret") or os.environ.get(PROXY_SECRET_VARIABLE) or "")
    if not secret:
        return bool(config.get("proxy_on_loopback"))
    return secrets.compare_digest(
        secret.encode(), _only_header(request, PROXY_SECRET_HEADER.lower()).encode()
    )


def _only_header(request: Any, name: str) -> str:
    """Return the value of a header; empty if it is missing or was sent twice."""
    values = [
        value.decode("utf-8", "replace").strip()
        for key, value in request.scope.get("headers") or []
        if key.decode("latin-1").lower() == name.lower()
    ]
    return values[0] if len(values) == 1 else ""
