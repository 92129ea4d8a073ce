"""The data of the header and footer of every page: navigation, publisher, permissions."""

from __future__ import annotations

from typing import Any

from datasette.utils import tilde_encode  # type: ignore[import-untyped]

from archive.plugin.guards.permissions import archives, has_several_archives, may_run_sql
from archive.plugin.guards.public import is_public_archive, publisher_settings

SiteContext = dict[str, Any]

NAVIGATION = (
    ("Events", "events"),
    ("Stories", "stories"),
    ("Changes", "changes"),
    ("Copies", "copies"),
    ("Outlets", "outlets"),
    ("Questions", "questions"),
)
"""The links in the header: label, and page below `/archive/-/`, or below `/-/all/` for all archives
of a site. The template adds SQL for those who may use it."""

ADMIN_PAGES = (
    ("Databases", "databases"),
    ("Plugins", "plugins"),
    ("Versions", "versions"),
    ("Settings", "settings"),
    ("Permissions", "permissions"),
    ("Allow rules", "allow-debug"),
    ("Messages", "messages"),
    ("Threads", "threads"),
    ("Actor", "actor"),
)
"""Datasette's debugging pages: label, and page below `/-/`."""


async def site_context(datasette: Any, request: Any, paths: Any) -> SiteContext:
    """Return what `dateline_base.html` knows as `site`.

    `paths` are those of the archive whose pages the header links; None if the visitor may see none,
    and then the header has no links. On a site with several archives they are combined on the pages
    about all of them, the header links these pages, and the line below it those of the archive.
    """
    context: SiteContext = {
        "title": await _site_title(datasette),
        "paths": paths,
        "navigation": [],
        "combined": None,
        "archive_navigation": [],
        "archives": [],
        "admin": await _admin_links(datasette, request),
        "may_ask_in_sql": False,
        "is_public": is_public_archive(datasette),
        "publisher": publisher_settings(datasette),
    }
    if paths is None:
        return context
    if paths.is_combined:
        links = combined_navigation_links(datasette.urls)
        return context | {"combined": paths, "navigation": links, "archives": archives(datasette)}
    actor = request.actor if request else None
    own = navigation_links(datasette.urls, paths.database)
    context["may_ask_in_sql"] = await may_run_sql(datasette, actor, paths.database)
    if not has_several_archives(datasette):
        return context | {"navigation": own}
    return context | {
        "navigation": combined_navigation_links(datasette.urls),
        "combined": paths.combined(),
        "archive_navigation": own,
        "archives": [name for name in archives(datasette) if name != paths.database],
    }


def navigation_links(urls: Any, database: str) -> list[tuple[str, str]]:
    """Return the label and the path of each link in the header."""
    below = f"/{tilde_encode(database)}/-"
    return [(label, str(urls.path(f"{below}/{page}"))) for label, page in NAVIGATION]


def combined_navigation_links(urls: Any) -> list[tuple[str, str]]:
    """Return the label and the path of each link in the header of a site with several archives."""
    return [(label, str(urls.path(f"/-/all/{page}"))) for label, page in NAVIGATION]


async def _admin_links(datasette: Any, request: Any) -> list[tuple[str, str]]:
    """Return the links to Datasette's debugging pages on 1.0; on 0.65 they are menu links."""
    actor = request.actor if request else None
    if not actor or not hasattr(datasette, "allowed"):
        return []
    if not await datasette.allowed(action="debug-menu", actor=actor):
        return []
    return [(label, str(datasette.urls.path(f"/-/{page}"))) for label, page in ADMIN_PAGES]


async def _site_title(datasette: Any) -> str:
    """Return the title of the pages, from Datasette's configuration or by default `Dateline`."""
    if hasattr(datasette, "get_instance_metadata"):  # 1.0
        configured = (await datasette.get_instance_metadata()).get("title")
    else:
        configured = datasette.metadata("title")
    return str(configured or "Dateline")
