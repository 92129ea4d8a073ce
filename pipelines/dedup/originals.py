"""The choice of the original among articles with the same text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from archive.articles.copies import PublishedVersion
from pipelines.text.agency_list import news_agencies
from pipelines.urls import registered_domain


def original_article_id(articles: Sequence[PublishedVersion]) -> int:
    """Return the id of the original: the agency's own article, else the earliest published or seen.

    A day without a time comes after all times of that day; articles without a date come last.
    Where the dates are equal, the article that was fetched first comes first.
    """
    return min(articles, key=_originality_order).id


def _originality_order(article: PublishedVersion) -> tuple[bool, bool, str, bool, str, str, int]:
    """Return the sort key; the original has the lowest."""
    at = article.published_at or ""
    by_date = (not at, at[:10], len(at) <= 10, at)
    return not is_agency_outlet(article), *by_date, article.seen_at, article.id


def is_agency_outlet(article: PublishedVersion) -> bool:
    """Return whether the outlet that printed the article is the agency that it credits."""
    if not article.agency:
        return False
    label = registered_domain(f"https://{article.host}/").partition(".")[0]
    agency = news_agencies().get(article.agency)
    labels = agency.domains if agency else frozenset()
    return label in (labels or {_name_as_label(article.agency)})


def _name_as_label(name: str) -> str:
    """Return the name in ASCII letters and digits: Europa Press → europapress."""
    return re.sub("[^a-z0-9]", "", normalize("NFKD", name).lower())
