"""Search services as sources of leads, asked only if a user names them.

`search_service.py` defines a service, each service has a module, and `match_headline.py` finds
an article that a service names by headline alone.
"""

from __future__ import annotations

from dataclasses import replace

from archive.errors import UsageError
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
    "lead_of_headline",
    "service_named",
]

SEARCH_SERVICES: dict[str, SearchService] = {
    made.name: made for made in (Gdelt(), GdeltFiles(), GoogleNews(), Wikipedia(), WaybackMachine())
}
"""The services by the name that a user types."""


def service_named(name: str, base: str | None = None) -> SearchService:
    """Return the service of that name, with another `base` URL if given.

    Raises UsageError for an unknown name, and for a base that is not a URL.
    """
    found = SEARCH_SERVICES.get(name.strip().lower())
    if found is None:
        names = ", ".join(sorted(SEARCH_SERVICES))
        raise UsageError(f"unknown search service {name!r}; choose from {names}")
    if base is None:
        return found
    if not base.startswith(("http://", "https://")):
        raise UsageError(
            f"{base!r} is not a URL to ask {found.title} at; give one like {found.base}"
        )
    return replace(found, base=base.rstrip("/"))
