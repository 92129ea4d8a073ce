"""Plain Scrapy spiders: they get a session as well, and their items become articles.

A spider that is not an `ArchiveSpider` knows nothing of an archive. `PlainSpiderSession` opens the
one that DATELINE_ARCHIVE names for it, and `PlainItemMiddleware` makes checks of its items, which
pass all stages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import urljoin

from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware
from scrapy.utils.spider import DefaultSpider

from archive.articles.store import ARTICLE_COLUMNS
from archive.errors import UsageError
from archive.frontier.crawls import finish_crawl
from archive.records import Check, Outcome, current_timestamp
from crawler.dates.date_parser import parse_site_date
from crawler.files.article_rows import article_of_row
from crawler.session.crawl_session import SessionArguments, open_crawl_session
from pipelines.urls import request_url

DATE_FIELDS = (("published_at", "published_raw"), ("modified_at", "modified_raw"))
"""Fields with a date, each with the field for the date as it was written."""


class PlainSpiderSession:
    """A Scrapy extension that opens a session for a spider that does not do so itself."""

    def __init__(self, crawler: Crawler) -> None:
        """Open the session; raises NotConfigured for a spider of the archive, and without one."""
        self.crawler, self.spider = crawler, _spider_of(crawler)
        if self.spider is None or isinstance(self.spider, DefaultSpider):
            # a tool of Scrapy for single pages, such as `scrapy shell`, stores nothing
            crawler.settings.set("ITEM_PIPELINES", {}, priority="cmdline")
            raise NotConfigured
        if hasattr(self.spider, "session"):
            raise NotConfigured
        self._resources = ExitStack()
        arguments = SessionArguments(command=f"scrapy crawl {self.spider.name}")
        self.session = open_crawl_session(crawler, arguments, self._resources)
        self.spider.session = self.session
        self.spider.note_written = self.note_written
        self.spider.takes_plain_items = True
        crawler.signals.connect(self.close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the extension, as Scrapy expects."""
        return cls(crawler)

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Count a check that is in the archive; `pipelines.keep` calls this."""
        self.session.progress.settle(check.url)
        self.session.counts[outcome] += 1

    def close(self, reason: str) -> None:
        """Finish the crawl once everything is written, and log what became of the items."""
        session = self.session
        session.end.note_end()
        if session.crawl_id is not None:
            finish_crawl(session.db, session.crawl_id, None if reason == "finished" else reason)
        self._resources.close()
        counted = ", ".join(f"{number:,} {what}" for what, number in session.counts.items())
        self.spider.logger.info("items archived: %s", counted or "none")


class PlainItemMiddleware(BaseSpiderMiddleware):
    """A spider middleware that makes checks of the items of plain spiders."""

    def __init__(self, crawler: Crawler) -> None:
        """Start without remarks on fields; raises NotConfigured for a spider of the archive."""
        super().__init__(crawler)
        self.spider = _spider_of(crawler)
        if not getattr(self.spider, "takes_plain_items", False):
            raise NotConfigured
        self.ignored_fields: set[str] = set()
        """Fields that were found in items, and left out."""

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        """Return the check of an item; None for an item that is refused, with a line in the log."""
        if isinstance(item, Check):
            return item
        page = response.url if response else None
        try:
            fields = item_fields(item)
            self._note_ignored_fields(fields)
            return check_of_fields(fields, page)
        except UsageError as error:
            where = f"an item of {page}" if page else "an item"
            self.spider.logger.error("%s is refused: %s", where, error)
            self.spider.session.counts["refused"] += 1
            return None

    def _note_ignored_fields(self, fields: Mapping[str, Any]) -> None:
        """Log the fields that an article does not have, each once."""
        new = sorted(map(str, fields.keys() - {*ARTICLE_COLUMNS} - self.ignored_fields))
        if new:
            self.spider.logger.warning(
                "articles have no such fields, they are left out: %s", ", ".join(new)
            )
        self.ignored_fields.update(new)


def item_fields(item: Any) -> dict[str, Any]:
    """Return the fields of a dict, dataclass, `scrapy.Item` or attrs object.

    Raises UsageError for anything else.
    """
    if not ItemAdapter.is_item(item):
        raise UsageError(
            f"{type(item).__name__} is not an item; yield a dict, a dataclass or a scrapy.Item"
        )
    return dict(ItemAdapter(item))


def check_of_fields(fields: Mapping[str, Any], page: str | None = None) -> Check:
    """Return the check of an article in the fields of an item, which was found on `page`.

    A relative URL is completed by that of the page. Dates may be `datetime` objects, or text as a
    page writes it. Raises UsageError that names the field that is missing or invalid.
    """
    row = {name: _plain_value(value) for name, value in fields.items()}
    if page and isinstance(row.get("url"), str) and row["url"].strip():
        row["url"] = _complete_url(page, row["url"].strip())
    row |= _dates_of_row(row)
    article = article_of_row(row)
    url = request_url(article.url)
    article = dataclasses.replace(article, url=url)
    return Check(url, "new", current_timestamp(), article=article)


def _complete_url(page: str, url: str) -> str:
    """Return a URL completed by that of its page; as it is if it cannot be parsed."""
    try:
        return urljoin(page, url)
    except ValueError:
        return url  # `request_url` refuses it in words


def _dates_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields for the dates in a row, with the day and offset that it states."""
    found: dict[str, Any] = {}
    language = row.get("language")
    if not isinstance(language, str):
        language = None  # `article_of_row` refuses it by its type
    for name, raw_name in DATE_FIELDS:
        raw = row.get(name)
        if not isinstance(raw, str):
            continue
        date = parse_site_date(raw, language)
        found |= {name: date.timestamp if date else None, raw_name: row.get(raw_name) or raw}
        if name == "published_at" and date and row.get("published_day") is None:
            found |= {"published_day": date.day, "published_offset": date.offset}
    return found


def _plain_value(value: Any) -> Any:
    """Return a value of an item as a column has it: dates as text, tuples as lists."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _spider_of(crawler: Crawler) -> Any:
    """Return the spider of a crawler, which has it before its parts are made."""
    return crawler.spider
