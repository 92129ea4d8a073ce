"""Base class for spiders of your own: archives the articles that pages of an outlet list."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar

from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.errors import UsageError
from archive.records import Lead
from crawler.network.exchange import outcome_of_error, outcome_of_status, page_request_to
from crawler.spiders.archive_spider import MAX_CHANGE_WAIT_SECONDS, ArchiveSpider
from pipelines.identity import identify_lead
from pipelines.urls import request_url

MAX_LISTINGS = 100
"""Listings that are fetched in one crawl."""


class ListingSpider(ArchiveSpider):
    """Fetches `listings`, and then the articles that they link to and the archive does not have.

    A class says where it looks and what `article_urls` finds there. Takes the arguments of
    `ArchiveSpider`; `outlets` is its own outlet unless others are given.
    """

    outlet: ClassVar[str]
    """The host of the outlet."""
    listings: ClassVar[tuple[str, ...]] = ()
    """The URLs of the pages that list its articles."""

    def __init__(self, outlets: str = "", **kwargs: Any) -> None:
        super().__init__(outlets=outlets or self.outlet, **kwargs)
        self._waiting_listings: deque[str] = deque()
        self._seen_listings: set[str] = set()

    def article_urls(self, response: Response) -> Iterable[str]:
        """Return the URLs of the articles that a listing links to, absolute or relative."""
        raise NotImplementedError

    def next_listings(self, response: Response) -> Iterable[str]:  # noqa: ARG002  for overrides
        """Return the URLs of further listings, such as the second page; each is fetched once."""
        return ()

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the listings, then for the pages that they name."""
        self.add_listings(self.listings)
        progress = self.session.progress
        while not self.session.has_ended:
            while self._waiting_listings:
                yield self.listing_request(self._waiting_listings.popleft())
            if not progress.urls:
                break
            await progress.changes.wait(MAX_CHANGE_WAIT_SECONDS)
        async for page in self.waiting_pages():
            yield page

    def add_listings(self, urls: Iterable[str]) -> None:
        """Add listings that were not fetched yet, at most `MAX_LISTINGS` in one crawl."""
        for url in urls:
            try:
                address = request_url(url)
            except UsageError as error:
                self.note_problem(url, str(error))
                continue
            if address not in self._seen_listings and len(self._seen_listings) < MAX_LISTINGS:
                self._seen_listings.add(address)
                self._waiting_listings.append(address)

    def listing_request(self, url: str) -> Request:
        """Return a request for a page that lists articles."""
        self.session.progress.note_request(url)
        return page_request_to(url, self.read_listing, self.note_listing_failure)

    def read_listing(self, response: Response) -> None:
        """Store the articles that a listing links to, and add the listings that follow."""
        try:
            if problem := outcome_of_status(response.status).get("reason"):
                self.note_problem(response.url, problem)
                return
            self.store_article_urls(response)
            self.add_listings(response.urljoin(url) for url in self.next_listings(response))
        finally:
            self.session.progress.settle(response.meta["asked"])

    def store_article_urls(self, response: Response) -> int:
        """Add the articles that a listing links to to the pages that wait; return the new ones."""
        leads = []
        for url in self.article_urls(response):
            absolute = response.urljoin(url)
            try:
                leads.append(identify_lead(Lead(absolute, via="link", found_on=response.url)))
            except UsageError as error:
                self.logger.info("%s: a link is left out: %s", response.url, error)
        if not leads:
            self.note_problem(response.url, "no links to articles were found")
        return self.session.store_leads(leads)

    def note_listing_failure(self, failure: Failure) -> None:
        """Note that a listing did not come."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        self.session.progress.settle(asked.meta["asked"])
        error = failure.value or UsageError("no answer")
        self.note_problem(asked.url, outcome_of_error(error)[1])

    def note_problem(self, url: str, problem: str) -> None:
        """Note a problem with a listing, for the log and for the report of the crawl."""
        self.session.remarks[url] = problem
        self.logger.warning("%s: %s", url, problem)
