"""Search services as sources of leads, asked only if a user names them.

`search_service.py` defines a service, each service has a module, and `match_headline.py` finds
an article that a service names by headline alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from archive.errors import UsageError
from archive.extensions import usable_extensions
from crawler.services.gdelt import Gdelt
from crawler.services.gdelt_files import GdeltFiles
from crawler.services.google_news import GoogleNews
from crawler.services.match_headline import lead_of_headline
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    UnresolvedHeadline,
)
from crawler.services.wayback import WaybackMachine
from crawler.services.wikipedia import Wikipedia

__all__ = [
    "SEARCH_SERVICES",
    "SearchQuery",
    "SearchService",
    "ServiceAnswer",
    "ServiceRequest",
    "UnresolvedHeadline",
    "accept_search_service",
    "extension_services",
    "lead_of_headline",
    "service_named",
]

SERVICE_GROUP = "dateline.services"

SEARCH_SERVICES: dict[str, SearchService] = {
    made.name: made for made in (Gdelt(), GdeltFiles(), GoogleNews(), Wikipedia(), WaybackMachine())
}
"""The project's own services by the name that a user types."""


def accept_search_service(name: str, found: Any) -> SearchService:
    """Return the service of an extension, given as a class or an instance.

    Raises UsageError if it is not a service, or not of the name of its entry point.
    """
    is_class = isinstance(found, type) and issubclass(found, SearchService)
    made = found() if is_class else found
    if not isinstance(made, SearchService):
        raise UsageError("it is not a crawler.services.SearchService")
    for attribute in ("name", "title", "via"):
        if not isinstance(getattr(made, attribute, None), str):
            raise UsageError(f"it has no `{attribute}`")
    if made.name != name or name != name.lower():
        raise UsageError(f"its `name` {made.name!r} is not that of its entry point, in lower case")
    if name in SEARCH_SERVICES:
        raise UsageError("Dateline has a service of the same name")
    return made


@cache
def extension_services() -> dict[str, SearchService]:
    """Return the services of the installed extensions by name."""
    return usable_extensions(SERVICE_GROUP, accept_search_service)


def service_named(name: str, base: str | None = None) -> SearchService:
    """Return the service of that name, with another `base` URL if given.

    Extensions are looked up only for a name that the project itself does not have. Raises UsageError
    for an unknown name, and for a base that is not a URL.
    """
    typed = name.strip().lower()
    found = SEARCH_SERVICES.get(typed) or extension_services().get(typed)
    if found is None:
        names = ", ".join(sorted(SEARCH_SERVICES | extension_services()))
        raise UsageError(f"unknown search service {name!r}; choose from {names}")
    if base is None:
        return found
    if not base.startswith(("http://", "https://")):
        raise UsageError(
            f"{base!r} is not a URL to ask {found.title} at; give one like {found.base}"
        )
    return replace(found, base=base.rstrip("/"))
