"""Search services as sources of leads: none is asked unless a user names it.

`service.py` says what a service is; each has a module, `headlines.py` finds an article that is
known by headline alone.
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
"""The services by the name that a user writes."""


def service(name: str, base: str | None = None) -> Service:
    """The service of that name, asked at `base` if given. Raises UsageError for a name that is
    none."""
    found = SERVICES.get(name.strip().lower())
    if found is None:
        raise UsageError(f"{name!r} is no search service; there are {', '.join(sorted(SERVICES))}")
    if base is None:
        return found
    if not base.startswith(("http://", "https://")):
        raise UsageError(
            f"{base!r} is no address to ask {found.title} at; give one like {found.base}"
        )
    return replace(found, base=base.rstrip("/"))
