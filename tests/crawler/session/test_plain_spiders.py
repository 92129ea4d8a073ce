"""The items of plain spiders: what of them becomes an article, and what is refused in which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Field, Item, Spider
from scrapy.exceptions import NotConfigured
from scrapy.http import TextResponse

from archive.errors import UsageError
from archive.records import Check
from crawler.session.plain_spiders import PlainItemMiddleware, check_of_fields, item_fields

PAGE = "https://council.example/list"
TEXT = "The council has closed the bridge."


@dataclass
class Bulletin:
    url: str
    text: str


class BulletinItem(Item):  # type: ignore[misc]
    url = Field()
    text = Field()


def test_dicts_dataclasses_and_items_of_scrapy_become_articles() -> None:
    for item in (
        {"url": PAGE, "text": TEXT},
        Bulletin(PAGE, TEXT),
        BulletinItem(url=PAGE, text=TEXT),
    ):
        check = check_of_fields(item_fields(item))
        assert (check.url, check.outcome) == (PAGE, "new")
        assert check.article
        assert check.article.text == TEXT


@pytest.mark.parametrize("item", ["text", None, 3, ["a"]])
def test_what_is_not_an_item_is_refused_by_its_type(item: object) -> None:
    with pytest.raises(UsageError, match=f"{type(item).__name__} is not an item"):
        item_fields(item)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": TEXT}, "needs `url`"),
        ({"url": PAGE}, "needs `text`"),
        ({"url": PAGE, "text": " "}, "needs `text`"),
        ({"url": PAGE, "text": TEXT, "headline": 3}, "`headline` is not text"),
        ({"url": PAGE, "text": TEXT, "authors": {"a": 1}}, "`authors` is not a list of names"),
        ({"url": "data:,x", "text": TEXT}, "does not begin with http"),
        ({"url": "http://[bad", "text": TEXT}, "'http://.bad' cannot be read"),
        (
            {"url": PAGE, "text": TEXT, "published_at": "12 March 2026", "language": ["en"]},
            "`language` is not text",
        ),
    ],
)
def test_an_item_is_refused_by_the_field_that_is_missing_or_wrong(
    fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        check_of_fields(fields, PAGE)


@pytest.mark.parametrize(
    ("given", "date_of", "raw"),
    [
        ("2026-03-12T10:00:00+01:00", "2026-03-12T09:00:00Z", "2026-03-12T10:00:00+01:00"),
        ("12 March 2026", "2026-03-12", "12 March 2026"),
        ("some day", None, "some day"),
        (datetime(2026, 3, 12, 9, tzinfo=UTC), "2026-03-12T09:00:00Z", "2026-03-12T09:00:00Z"),
        (datetime(2026, 3, 12, 9), "2026-03-12T09:00:00", "2026-03-12T09:00:00"),
        (date(2026, 3, 12), "2026-03-12", "2026-03-12"),
        (None, None, None),
    ],
)
def test_a_date_is_read_as_on_a_page_and_kept_as_it_was_given(
    given: object, date_of: str | None, raw: str | None
) -> None:
    article = check_of_fields({"url": PAGE, "text": TEXT, "published_at": given}).article
    assert article
    assert (article.published_at, article.published_raw) == (date_of, raw)


@pytest.mark.parametrize(
    "given",
    [
        "2026-03-02T00:30:00+02:00",
        datetime(2026, 3, 2, 0, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_an_item_keeps_the_day_and_the_offset_of_the_outlets_clock(given: object) -> None:
    article = check_of_fields({"url": PAGE, "text": TEXT, "published_at": given}).article
    assert article
    assert article.published_at == "2026-03-01T22:30:00Z"
    assert article.published_raw == "2026-03-02T00:30:00+02:00"
    assert (article.published_day, article.published_offset) == ("2026-03-02", 120)


def test_a_day_that_an_item_gives_itself_stays() -> None:
    fields = {"published_at": "2026-03-02T00:30:00+02:00", "published_day": "2026-03-01"}
    article = check_of_fields({"url": PAGE, "text": TEXT, **fields}).article
    assert article
    assert (article.published_day, article.published_offset) == ("2026-03-01", None)


def test_a_relative_url_is_completed_by_the_page_of_the_item() -> None:
    check = check_of_fields({"url": "/bulletins/1", "text": TEXT, "authors": ("Jo Reed",)}, PAGE)
    assert check.url == "https://council.example/bulletins/1"
    assert check.article
    assert check.article.authors == ("Jo Reed",)


def test_unknown_fields_are_named_once_and_a_refusal_names_the_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spider: Any = Spider(name="bulletins")
    spider.takes_plain_items = True
    spider.session = SimpleNamespace(counts={"refused": 0})
    middleware = PlainItemMiddleware(SimpleNamespace(spider=spider))  # type: ignore[arg-type]
    page = TextResponse(PAGE)
    for _ in range(3):
        item = {"url": PAGE, "text": TEXT, "title": "The bridge", "tags": []}
        assert isinstance(middleware.get_processed_item(item, page), Check)
    assert middleware.get_processed_item({"url": PAGE}, page) is None
    assert [record.getMessage() for record in caplog.records] == [
        "articles have no such fields, they are left out: tags, title",
        f"an item of {PAGE} is refused: needs `text`",
    ]
    assert spider.session.counts["refused"] == 1


def test_a_spider_of_the_archive_is_left_alone() -> None:
    with pytest.raises(NotConfigured):
        PlainItemMiddleware(SimpleNamespace(spider=Spider(name="own")))  # type: ignore[arg-type]
