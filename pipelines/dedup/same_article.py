"""Is what was read at an address the article that stood there? Identity by address and by content
have to agree.

Pure; `archive.articles.identity` brings the known article and how its addresses lead to what was
read. How much the texts must share depends on that: a page at its own place that calls itself so
may be written anew from end to end; an address that leads away, or a page that only claims to be a
known article, has to show that it is by its text.
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
"""Words; a text of fewer is no other article but a page that was not read well, which
`pipelines.dedup.revisions` judges."""
NOTHING = 0.05
"""Share of either text in common passages, below which two have nothing in common."""
FEW_FACTS = 0.25
"""Share of numbers and names that agree by chance in two reports of one outlet."""
MOVED = 0.3
"""Share of a text in common passages that shows an article which moved to another address."""
HALF = 0.5
TRACE = 0.08
"""The same of an article that kept its headline."""


def fit(old: Version, new: Version, tie: Tie) -> Fit:
    """What a reading is to a known article that its addresses lead to.

    What stands on another site is another article, whatever leads there: who writes there would
    write this one else.
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
    """Another article stands at the address now: neither headline nor text nor names have anything
    to do with the old.

    Where the page calls the address its own, it takes another day of publication too: an outlet may
    write an article anew from end to end.
    """
    if (
        min(size(old.text), size(new.text)) < ENOUGH
        or _is_wall(new)
        or loss(old.text, new.text) <= HALF
    ):
        return False
    if _headlines_agree(old.headline, new.headline) or _shares(old, new) >= NOTHING:
        return False
    facts = agreement(new.text, old.text)
    if facts is not None and facts >= FEW_FACTS:
        return False
    if tie.declares == "itself" or tie.same_number:
        return days_apart(old, new) > 1
    return (
        not old.published_at or old.published_at != new.published_at or len(old.published_at) == 10
    )


def _has_moved(old: Version, new: Version, tie: Tie) -> bool:
    """A redirect or the page's own word led elsewhere: the text shows whether the article went
    there or another is."""
    if _is_wall(new):
        return tie.stays  # to be judged as a page that was not read well
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
    """A page at an address of its own calls itself a known article: it is if the text is that one,
    edited or grown.

    The part of an article that stands on a page of its own (its first page, a teaser) is no shorter
    article.
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
    """Texts too short for passages: the words themselves."""
    if loss(new.text, old.text) > HALF:
        return "other"
    return "same" if loss(old.text, new.text) <= HALF else "part"


def _is_wall(new: Version) -> bool:
    return size(new.text) < 300 and bool(WALL.search(new.text))


def _shares(old: Version, new: Version) -> float:
    return max(coverage(new.text, old.text), coverage(old.text, new.text))


def _headlines_agree(old: str | None, new: str | None) -> bool:
    """Whether half of the longer words of the shorter headline stand in the other."""
    mine, theirs = _words(old), _words(new)
    fewer = min(len(mine), len(theirs))
    return fewer > 0 and 2 * len(mine & theirs) >= fewer


def _words(headline: str | None) -> frozenset[bytes]:
    """A headline's words of four letters and more, its numbers, and its characters where blanks do
    not part words."""
    found, unspaced = units(headline or "")
    return frozenset(unit for unit in found if unspaced or len(unit) > 3 or unit.isdigit())


def days_apart(old: Version, new: Version) -> int:
    """Between the days of publication; 0 where one is not known."""
    days = [_day(version.published_at) for version in (old, new)]
    return abs((days[1] - days[0]).days) if days[0] and days[1] else 0


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _day(moment: str | None) -> date | None:
    try:
        return date.fromisoformat(moment[:10]) if moment and _DAY.match(moment) else None
    except ValueError:
        return None


JUDGE = Judge(fit, how_gone, same_story_url, same_site)
"""For `archive.articles.identity`."""
