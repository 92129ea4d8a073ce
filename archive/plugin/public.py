"""An archive for everybody: its pages and its canned queries are open, and to a stranger there is
nothing else.

Datasette's configuration says so, `{"plugins": {"dateline": {"public": true}}}`, or `dateline serve
--public`. Whoever is signed in goes on to Datasette, where its permissions decide; SQL is then
root's alone, unless `allow_sql` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from datasette import Response  # type: ignore[import-untyped]
from datasette.utils import tilde_encode  # type: ignore[import-untyped]

from archive.plugin.concurrency import routed
from archive.plugin.metadata import queries
from archive.plugin.middleware import App, Receive, Scope, Send, answer, raw_path
from archive.plugin.permissions import archives

SQL_IS_FOR: dict[str, str] = {"id": "root"}
"""Who may ask in SQL in a public archive, where nobody said otherwise."""

OPEN = ("/favicon.ico", "/robots.txt", "/-/auth-token", "/-/login", "/-/logout")
"""Besides static files: the ways to sign in and out."""
SIGN_IN = ("/-/login", "/-/logout")

ROBOTS = "User-agent: *\nDisallow: /\n"


def is_public(datasette: Any) -> bool:
    """Whether strangers read this archive."""
    return bool(_told(datasette).get("public"))


def hosts(datasette: Any) -> tuple[str, ...]:
    """The names that the server answers to; none where it answers to all."""
    return tuple(str(name).lower() for name in _told(datasette).get("hosts") or ())


def _told(datasette: Any) -> dict[str, Any]:
    return datasette.plugin_config("dateline") or {}


def for_strangers(app: App, datasette: Any, ours: re.Pattern[str]) -> App:
    """The application; to strangers only what is public, and nothing that they send."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        path = routed(raw_path(scope), datasette.setting("base_url"))
        names = [tilde_encode(name) for name in archives(datasette)]
        reading = scope["method"] in ("GET", "HEAD")
        is_open = path in SIGN_IN or (reading and (ours.match(path) or is_open_to_all(path, names)))
        if is_open or await _actor(datasette, scope, receive):
            return await app(scope, receive, send)
        if reading and path.strip("/") in names:
            return await answer(
                send, 302, "", location=str(datasette.urls.path(f"{path.rstrip('/')}/-/home"))
            )
        return await answer(send, 404 if reading else 403, "There is no such page in this archive.")

    return door


def is_open_to_all(path: str, names: Iterable[str]) -> bool:
    """Whether Datasette may answer everybody: a file of a page, a canned query, an article as
    JSON."""
    if path in OPEN or path.startswith(("/-/static/", "/-/static-plugins/")):
        return True
    found = re.fullmatch(
        r"/(?P<database>[^/]+)/(?:articles/\d{1,18}\.json|(?P<query>\w+)(\.json|\.csv)?)", path
    )
    return bool(
        found
        and found["database"] in names
        and (found["query"] is None or found["query"] in queries())
    )


async def _actor(datasette: Any, scope: Scope, receive: Receive) -> Any:
    """Who asks, as Datasette's plugins know it from the request; None for a stranger."""
    from datasette.plugins import pm  # type: ignore[import-untyped]
    from datasette.utils import await_me_maybe
    from datasette.utils.asgi import Request  # type: ignore[import-untyped]

    for found in pm.hook.actor_from_request(datasette=datasette, request=Request(scope, receive)):
        actor = await await_me_maybe(found)
        if actor:
            return actor
    return None


async def robots() -> Any:
    """`/robots.txt`: the texts are other people's, and belong in no search engine."""
    return Response.text(ROBOTS)
