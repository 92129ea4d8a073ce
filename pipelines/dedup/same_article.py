"""Decide whether a fetched article is the one already stored under its URL.

Pure; identity by URL and by content have to agree. `archive.articles.identity` supplies the stored
article and how its URLs lead to the fetched one. The required similarity depends on that: a page at
its own URL that declares the same key may be rewritten from end to end; a redirect, or a page that
only claims to be a known article, must prove it by its text.
"""

from __future__ import annotations

import re
from datetime import date

from archive.articles.copies import ONE_TEXT
from archive.articles.identity import Fit, Judge, Tie
from archive.articles.revisions import Version
from pipelines.dedup.copies import agreement, coverage, likeness, units
from pipelines.dedup.gone_articles import how_gone
from pipelines.dedup.revisions import WALL, loss, size, spelled
from pipelines.urls import same_site, same_story_url

ENOUGH = 30
"""Words; a shorter text is not another article but a failed extraction, which
`pipelines.dedup.revisions` handles."""
NOTHING = 0.05
"""Share of either text in common passages below which two texts count as unrelated."""
FEW_FACTS = 0.25
"""Share of numbers and names that agree by chance in two reports of one outlet."""
MOVED = 0.3
"""Share of a text in common passages that proves that an article moved to another URL."""
HALF = 0.5
"""Share of facts, of passages or of words that counts as agreement in the rules below."""
TRACE = 0.08
"""The same as `MOVED` for an article that kept its headline."""


def fit(old: Version, new: Version, tie: Tie) -> Fit:
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
        return _claimed(old, new)
    if tie.stays and tie.declares != "another":
        return "other" if _is_taken_over(old, new, tie) else "same"
    return "same" if _has_moved(old, new, tie) else "other"


def _is_taken_over(old: Version, new: Version, tie: Tie) -> bool:
    """Return whether another article now uses the URL: headline, text and names are all unrelated.

    If the page declares the URL as its own, the date of publication must differ too: an outlet may
    rewrite an article from end to end.
    """
    if min(size(old.text), size(new.text)) < ENOUGH:
        return False
    if _is_wall(new) or loss(old.text, new.text) <= HALF:
        return False
    if _headlines_agree(old.headline, new.headline) or _shares(old, new) >= NOTHING:
        return False
    facts = agreement(new.text, old.text)
    if facts is not None and facts >= FEW_FACTS:
        return False
    if tie.declares == "itself" or tie.same_number:
        return days_apart(old, new) > 1
    has_same_date = bool(old.published_at) and old.published_at == new.published_at
    # a day alone is no evidence: other articles appeared on it as well
    return not has_same_date or len(old.published_at or "") == 10


def _has_moved(old: Version, new: Version, tie: Tie) -> bool:
    """Return whether an article moved to the URL to which a redirect or declaration led."""
    if _is_wall(new):
        return tie.stays  # `pipelines.dedup.revisions` handles failed extractions
    same_headline = bool(old.headline) and spelled(old.headline) == spelled(new.headline)
    found = likeness(new.text, old.text)
    if found is not None and found.kind == "template":
        return same_headline and days_apart(old, new) <= 1
    if found is not None and max(found.coverage, found.other_coverage) >= MOVED:
        return True
    facts = agreement(new.text, old.text) or 0.0
    if same_headline and days_apart(old, new) <= 1:
        return facts >= HALF or _shares(old, new) >= TRACE
    return tie.same_number and facts >= HALF and _headlines_agree(old.headline, new.headline)


def _claimed(old: Version, new: Version) -> Fit:
    """Classify a page at another URL that declares itself to be a known article, by its text.

    The same article, edited or extended, is accepted. An excerpt (its first page, a teaser) is a
    part of it and not a shorter version.
    """
    found = likeness(new.text, old.text)
    if found is None:
        return _claimed_briefly(old, new)
    if found.kind in ONE_TEXT:
        return "same"
    if found.kind == "extends" and found.coverage >= HALF:
        return "same"
    return "part" if found.kind == "excerpt" else "other"


def _claimed_briefly(old: Version, new: Version) -> Fit:
    """Classify texts that are too short for passages by their words."""
    if loss(new.text, old.text) > HALF:
        return "other"
    return "same" if loss(old.text, new.text) <= HALF else "part"


def _is_wall(new: Version) -> bool:
    """Return whether the page is a consent or anti-robot wall."""
    return size(new.text) < 300 and bool(WALL.search(new.text))


def _shares(old: Version, new: Version) -> float:
    """Return the larger of the two coverages."""
    return max(coverage(new.text, old.text), coverage(old.text, new.text))


def _headlines_agree(old: str | None, new: str | None) -> bool:
    """Return whether half of the longer words of the shorter headline occur in the other."""
    mine, theirs = _words(old), _words(new)
    fewer = min(len(mine), len(theirs))
    return fewer > 0 and 2 * len(mine & theirs) >= fewer


def _words(headline: str | None) -> frozenset[bytes]:
    """Return the words with four letters or more, numbers, and characters of unspaced scripts."""
    found, unspaced = units(headline or "")
    return frozenset(unit for unit in found if unspaced or len(unit) > 3 or unit.isdigit())


def days_apart(old: Version, new: Version) -> int:
    """Return the number of days between the dates of publication; 0 if one is unknown."""
    before, after = _day(old.published_at), _day(new.published_at)
    return abs((after - before).days) if before and after else 0


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _day(moment: str | None) -> date | None:
    """Return the day of an archive timestamp, or None."""
    if not moment or not _DAY.match(moment):
        return None
    try:
        return date.fromisoformat(moment[:10])
    except ValueError:
        return None


JUDGE = Judge(fit, how_gone, same_story_url, same_site)
"""Policy for `archive.articles.identity`."""
