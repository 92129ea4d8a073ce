"""Stage 200, complete: what the lead said fills what the page leaves open.

A feed or news sitemap is the outlet's own word, so its date is no guess. Only what the page does
not say is taken, and a clock time where the page has the day alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from archive.records import Article, Check, Lead


def complete(article: Article, lead: Lead | None) -> Article:
    """The article with headline, language and date filled from its lead; what the page itself says
    of it is kept."""
    if article.stated_at is None:
        article = replace(article, stated_at=article.published_at or "")
    if lead is None:
        return article
    if lead.published_at and is_vaguer(article.published_at, lead.published_at):
        raw = article.published_raw or lead.published_raw or lead.published_at
        article = replace(article, published_at=lead.published_at, published_raw=raw)
    return replace(
        article,
        headline=article.headline or lead.headline,
        language=article.language or lead.language,
    )


def is_vaguer(ours: str | None, theirs: str) -> bool:
    """Does another moment say more of the same day than ours? No moment is vaguer than any.

    The days of one moment differ by one where a zone is unknown, and no more.
    """
    if not ours:
        return True
    if len(theirs) <= len(ours):
        return False
    apart = date.fromisoformat(theirs[:10]) - date.fromisoformat(ours[:10])
    return abs(apart.days) <= 1


def complete_check(check: Check) -> Check:
    """The check with its article completed from its lead."""
    return replace(check, article=complete(check.article, check.lead)) if check.article else check


class CompletePipeline:
    """Scrapy's side of it."""

    def process_item(self, item: Any) -> Any:
        return complete_check(item) if isinstance(item, Check) else item
