"""A public archive: strangers get its pages and canned queries, and nothing else.

Datasette's configuration makes it public, with `{"plugins": {"dateline": {"public": true}}}`, or
`dateline serve --public` does. Signed-in visitors reach Datasette itself, where its permissions
decide; SQL is then for root only, unless `allow_sql` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasette import Response  # type: ignore[import-untyped]
from datasette.utils import tilde_encode  # type: ignore[import-untyped]
from datasette.utils.asgi import Request  # type: ignore[import-untyped]

from archive.plugin.guards.concurrency import routed_path
from archive.plugin.guards.middleware import App, Receive, Scope, Send, raw_path, send_text_answer
from archive.plugin.guards.permissions import archives
from archive.plugin.metadata import canned_queries

SQL_ALLOW_BLOCK: dict[str, str] = {"id": "root"}
"""Who may run SQL in a public archive by default."""

OPEN_PATHS = ("/favicon.ico", "/robots.txt", "/-/auth-token", "/-/login", "/-/logout")
"""Paths open to everyone besides static files: the ways to sign in and out."""
SIGN_IN_PATHS = ("/-/login", "/-/logout")

PUBLIC_ROBOTS_TXT = "User-agent: *\nDisallow: /\n"


def is_public_archive(datasette: Any) -> bool:
    """Return True if strangers may read this archive."""
    return bool(_plugin_config(datasette).get("public"))


def server_host_names(datasette: Any) -> tuple[str, ...]:
    """Return the host names that the server answers to; empty means all."""
    return tuple(str(name).lower() for name in _plugin_config(datasette).get("hosts") or ())


def publisher_settings(datasette: Any) -> dict[str, str]:
    """Return who publishes this archive: `publisher`, `about` and `contact`, each only if set."""
    config = _plugin_config(datasette)
    names = ("publisher", "about", "contact")
    return {name: str(config[name]) for name in names if config.get(name)}


def _plugin_config(datasette: Any) -> dict[str, Any]:
    return datasette.plugin_config("dateline") or {}


RespondMissing = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class AddedPaths:
    """The paths that a site opens to strangers besides the project's own pages and questions."""

    questions: Mapping[str, Container[str]] = field(default_factory=dict)
    """Database as in a path → names of its further questions."""
    folders: tuple[str, ...] = ()
    """The paths at which files of the site are mounted, such as `/maps/`."""
    pages: frozenset[str] = frozenset()
    """Paths of pages of the site's own plugins."""


NO_ADDED_PATHS = AddedPaths()


def added_paths(datasette: Any, questions: Mapping[str, Container[str]]) -> AddedPaths:
    """Return the paths that a site opens: its questions, static files and `open_pages`."""
    pages = frozenset(map(str, _plugin_config(datasette).get("open_pages") or ()))
    # Datasette keeps its own static files in the same list, below /-/
    mounts = [f"/{mount.strip('/')}/" for mount, _ in datasette.static_mounts]
    return AddedPaths(
        {tilde_encode(database): names for database, names in questions.items()},
        tuple(mount for mount in mounts if mount != "/"),
        pages,
    )


def restricted_for_strangers(
    app: App,
    datasette: Any,
    ours: re.Pattern[str],
    respond_missing: RespondMissing,
    find_added: Callable[[], AddedPaths] = AddedPaths,
) -> App:
    """Return the application, of which strangers get only the public part.

    `find_added` returns what the site adds to it. Anything else is answered by `respond_missing`,
    as if it did not exist.
    """

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request if it is open to strangers or comes from a signed-in visitor."""
        if scope["type"] != "http":
            return await app(scope, receive, send)
        path = routed_path(raw_path(scope), datasette.setting("base_url"))
        names = [tilde_encode(name) for name in archives(datasette)]
        is_reading = scope["method"] in ("GET", "HEAD")
        if is_open_to_strangers(path, names, is_reading):
            return await app(scope, receive, send)
        if await _signed_in_actor(datasette, scope, receive):
            return await app(scope, receive, send)
        if not is_reading:
            return await send_text_answer(send, 403, "This page does not exist.")
        if path.strip("/") in names:
            home = datasette.urls.path(f"{path.rstrip('/')}/-/home")
            return await send_text_answer(send, 302, "", location=str(home))
        # Datasette sets these two, but it has not seen the request yet
        unsigned = {**scope, "actor": None, "csrftoken": lambda: ""}
        response = await respond_missing(Request(unsigned, receive))
        await response.asgi_send(send)
        return None

    def is_open_to_strangers(path: str, names: Iterable[str], is_reading: bool) -> bool:
        """Return whether everybody may send such a request."""
        if path in SIGN_IN_PATHS:
            return True
        if not is_reading:
            return False
        return bool(ours.match(path)) or is_open_to_all(path, names, find_added())

    return door


def is_open_to_all(path: str, names: Iterable[str], added: AddedPaths = NO_ADDED_PATHS) -> bool:
    """Return True for a static file, a canned query, an article as JSON, or what a site adds."""
    if path in OPEN_PATHS or path in added.pages:
        return True
    if path.startswith(("/-/static/", "/-/static-plugins/", *added.folders)):
        return True
    found = re.fullmatch(
        r"/(?P<database>[^/]+)/(?:articles/\d{1,18}\.json|(?P<query>\w+)(\.json|\.csv|\.atom)?)",
        path,
    )
    if found is None or found["database"] not in names:
        return False
    query, own = found["query"], added.questions.get(found["database"], ())
    return query is None or query in canned_queries() or query in own


async def _signed_in_actor(datasette: Any, scope: Scope, receive: Receive) -> Any:
    """Return the signed-in visitor, as Datasette's plugins recognise them, or None."""
    from datasette.plugins import pm  # type: ignore[import-untyped]
    from datasette.utils import await_me_maybe

    for found in pm.hook.actor_from_request(datasette=datasette, request=Request(scope, receive)):
        actor = await await_me_maybe(found)
        if actor:
            return actor
    return None


async def respond_robots_txt() -> Any:
    """Respond to `/robots.txt`: other people's texts do not belong in a search engine."""
    return Response.text(PUBLIC_ROBOTS_TXT)
