"""Decide whether a fetched article is the one already stored under its URL.

Pure; identity by URL and by content have to agree. `archive.articles.identity` supplies the stored
article and how its URLs lead to the fetched one. The required similarity depends on that: a page at
its own URL that declares the same key may be rewritten from end to end; a redirect, or a page that
only claims to be a known article, must prove it by its text.
"""

from __future__ import annotations

import re
from datetime import date

from archive.articles.copies import SAME_TEXT_KINDS
from archive.articles.identity import IdentityFit, IdentityPolicy, UrlTie
from archive.articles.revisions import ArticleVersion
from pipelines.dedup.copies import compare_texts, fact_agreement, text_coverage, text_units
from pipelines.dedup.gone_articles import evidence_of_removal
from pipelines.dedup.revisions import WALL_PHRASES, normalized_spelling, text_loss, text_size_words
from pipelines.urls import are_same_site, have_same_article_number

MIN_ARTICLE_WORDS = 30
"""Words; a shorter text is not another article but a failed extraction, which
`pipelines.dedup.revisions` handles."""
MAX_UNRELATED_COVERAGE = 0.05
"""Share of either text in common passages below which two texts count as unrelated."""
MAX_CHANCE_FACTS = 0.25
"""Share of numbers and names that agree by chance in two reports of one outlet."""
MIN_MOVED_COVERAGE = 0.3
"""Share of a text in common passages that proves that an article moved to another URL."""
MIN_AGREEMENT = 0.5
"""Share of facts, of passages or of words that counts as agreement in the rules below."""
MIN_TRACE_COVERAGE = 0.08
"""The same as `MIN_MOVED_COVERAGE` for an article that kept its headline."""


def relate_versions(old: ArticleVersion, new: ArticleVersion, tie: UrlTie) -> IdentityFit:
    """Return the relation of a fetched version to a known article to which its URLs lead.

    A page on another site is another article, whatever redirects there: otherwise its owner could
    rewrite this article.
    """
    if not tie.same_site:
        return "other"
    if old.digest is not None and old.digest == new.digest:
        return "same"
    if old.fingerprint and old.fingerprint == new.fingerprint:
        return "same"
    if not tie.own:
        return _relate_claimed(old, new)
    if tie.stays and tie.declares != "another":
        return "other" if _is_taken_over(old, new, tie) else "same"
    return "same" if _has_moved(old, new, tie) else "other"


def _is_taken_over(old: ArticleVersion, new: ArticleVersion, tie: UrlTie) -> bool:
    """Return whether another article now uses the URL: headline, text and names are all unrelated.

    If the page declares the URL as its own, the date of publication must differ too: an outlet may
    rewrite an article from end to end.
    """
    if min(text_size_words(old.text), text_size_words(new.text)) < MIN_ARTICLE_WORDS:
        return False
    if _is_wall_page(new) or text_loss(old.text, new.text) <= MIN_AGREEMENT:
        return False
    if (
        _headlines_agree(old.headline, new.headline)
        or _larger_coverage(old, new) >= MAX_UNRELATED_COVERAGE
    ):
        return False
    facts = fact_agreement(new.text, old.text)
    if facts is not None and facts >= MAX_CHANCE_FACTS:
        return False
    if tie.declares == "itself" or tie.same_number:
        return days_between_versions(old, new) > 1
    has_same_date = bool(old.published_at) and old.published_at == new.published_at
    # a day alone is no evidence: other articles appeared on it as well
    return not has_same_date or len(old.published_at or "") == 10


def _has_moved(old: ArticleVersion, new: ArticleVersion, tie: UrlTie) -> bool:
    """Return whether an article moved to the URL to which a redirect or declaration led."""
    if _is_wall_page(new):
        return tie.stays  # `pipelines.dedup.revisions` handles failed extractions
    same_headline = bool(old.headline) and normalized_spelling(old.headline) == normalized_spelling(
        new.headline
    )
    found = compare_texts(new.text, old.text)
    if found is not None and found.kind == "template":
        return same_headline and days_between_versions(old, new) <= 1
    if found is not None and max(found.coverage, found.other_coverage) >= MIN_MOVED_COVERAGE:
        return True
    facts = fact_agreement(new.text, old.text) or 0.0
    if same_headline and days_between_versions(old, new) <= 1:
        return facts >= MIN_AGREEMENT or _larger_coverage(old, new) >= MIN_TRACE_COVERAGE
    return (
        tie.same_number and facts >= MIN_AGREEMENT and _headlines_agree(old.headline, new.headline)
    )


def _relate_claimed(old: ArticleVersion, new: ArticleVersion) -> IdentityFit:
    """Classify a page at another URL that declares itself to be a known article, by its text.

    The same article, edited or extended, is accepted. An excerpt (its first page, a teaser) is a
    part of it and not a shorter version.
    """
    found = compare_texts(new.text, old.text)
    if found is None:
        return _relate_claimed_short(old, new)
    if found.kind in SAME_TEXT_KINDS:
        return "same"
    if found.kind == "extends" and found.coverage >= MIN_AGREEMENT:
        return "same"
    return "part" if found.kind == "excerpt" else "other"


def _relate_claimed_short(old: ArticleVersion, new: ArticleVersion) -> IdentityFit:
    """Classify texts that are too short for passages by their words."""
    if text_loss(new.text, old.text) > MIN_AGREEMENT:
        return "other"
    return "same" if text_loss(old.text, new.text) <= MIN_AGREEMENT else "part"


def _is_wall_page(new: ArticleVersion) -> bool:
    """Return whether the page is a consent or anti-robot wall."""
    return text_size_words(new.text) < 300 and bool(WALL_PHRASES.search(new.text))


def _larger_coverage(old: ArticleVersion, new: ArticleVersion) -> float:
    """Return the larger of the two coverages."""
    return max(text_coverage(new.text, old.text), text_coverage(old.text, new.text))


def _headlines_agree(old: str | None, new: str | None) -> bool:
    """Return whether half of the longer words of the shorter headline occur in the other."""
    mine, theirs = _headline_words(old), _headline_words(new)
    fewer = min(len(mine), len(theirs))
    return fewer > 0 and 2 * len(mine & theirs) >= fewer


def _headline_words(headline: str | None) -> frozenset[bytes]:
    """Return the words with four letters or more, numbers, and characters of unspaced scripts."""
    found, unspaced = text_units(headline or "")
    return frozenset(unit for unit in found if unspaced or len(unit) > 3 or unit.isdigit())


def days_between_versions(old: ArticleVersion, new: ArticleVersion) -> int:
    """Return the number of days between the dates of publication; 0 if one is unknown."""
    before, after = _publication_day(old.published_at), _publication_day(new.published_at)
    return abs((after - before).days) if before and after else 0


_DAY_PREFIX = re.compile(r"\d{4}-\d\d-\d\d")


def _publication_day(moment: str | None) -> date | None:
    """Return the day of an archive timestamp, or None."""
    if not moment or not _DAY_PREFIX.match(moment):
        return None
    try:
        return date.fromisoformat(moment[:10])
    except ValueError:
        return None


IDENTITY_POLICY = IdentityPolicy(
    relate_versions, evidence_of_removal, have_same_article_number, are_same_site
)
"""Policy for `archive.articles.identity`."""
