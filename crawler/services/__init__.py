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
from crawler.services.match_headline import resolve
from crawler.services.search_service import Answer, Ask, Headline, Query, Service
from crawler.services.wayback import Wayback
from crawler.services.wikipedia import Wikipedia

__all__ = ["SERVICES", "Answer", "Ask", "Headline", "Query", "Service", "resolve", "service"]

SERVICES: dict[str, Service] = {
    made.name: made for made in (Gdelt(), GdeltFiles(), GoogleNews(), Wikipedia(), Wayback())
}
"""The services by the name that a user types."""


def service(name: str, base: str | None = None) -> Service:
    """Return the service of that name, with another `base` URL if given.

    Raises UsageError for an unknown name, and for a base that is not a URL.
    """
    found = SERVICES.get(name.strip().lower())
    if found is None:
        names = ", ".join(sorted(SERVICES))
        raise UsageError(f"unknown search service {name!r}; choose from {names}")
    if base is None:
        return found
    if not base.startswith(("http://", "https://")):
        raise UsageError(
            f"{base!r} is not a URL to ask {found.title} at; give one like {found.base}"
        )
    return replace(found, base=base.rstrip("/"))
