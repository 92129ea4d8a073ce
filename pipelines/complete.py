"""Stage 200, complete: fill the gaps of an article from the feed entry or sitemap entry.

A feed or news sitemap is published by the outlet itself, so its date is a statement and not a
guess. The lead supplies only fields that the page leaves empty, and the time of day where the page
gives only the day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from archive.records import Article, Check, Lead
from archive.timestamps import DAY_CHARS, local_timestamp


def complete_article(article: Article, lead: Lead | None) -> Article:
    """Return the article with empty headline, language and date filled from its lead.

    `stated_at` records the publication date that the page itself gives; a lead never changes it.
    """
    if article.stated_at is None:
        article = replace(article, stated_at=article.published_at or "")
    if lead is None:
        return article
    if lead.published_at and is_vaguer_date(article.published_at, lead.published_at):
        article = _with_date_of_lead(article, lead, lead.published_at)
    return replace(
        article,
        headline=article.headline or lead.headline,
        language=article.language or lead.language,
    )


def _with_date_of_lead(article: Article, lead: Lead, published_at: str) -> Article:
    """Return the article with the date of its lead; a day that the page prints stays.

    The lead's offset is that of the page's clock only if both give the same day.
    """
    there = local_timestamp(published_at, lead.published_offset)[:DAY_CHARS]
    day = article.published_day or there
    return replace(
        article,
        published_at=published_at,
        published_raw=article.published_raw or lead.published_raw or published_at,
        published_day=day,
        published_offset=lead.published_offset if day == there else None,
    )


def is_vaguer_date(ours: str | None, theirs: str) -> bool:
    """Return whether `theirs` says more about the same day than `ours`; a missing date is vaguest.

    Both are timestamps in the archive's forms. The two days may differ by one, as a zone may be
    unknown.
    """
    if not ours:
        return True
    if len(theirs) <= len(ours):
        return False
    apart = date.fromisoformat(theirs[:10]) - date.fromisoformat(ours[:10])
    return abs(apart.days) <= 1


def complete_check(check: Check) -> Check:
    """Return the check with its article completed from its lead."""
    if check.article is None:
        return check
    return replace(check, article=complete_article(check.article, check.lead))


class CompletePipeline:
    """Scrapy's item pipeline for this stage."""

    def process_item(self, item: Any) -> Any:
        """Complete checks; pass other items through."""
        return complete_check(item) if isinstance(item, Check) else item
