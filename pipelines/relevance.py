"""How likely a lead belongs to a followed story, before anyone fetched it: from what was said of it.

A lead is scored as an article would be (`pipelines.stories`), with its headline, its lede for a text and its date;
where it has no headline, the words of its address have to do. What such a score means is learnt: `Experience` begins
with how often leads of each score turned out to belong, and goes by what this crawl meets once it has met enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log
from urllib.parse import unquote, urlsplit

from archive.records import Lead
from archive.stories import Known, Score
from pipelines.stories import Profile, score, vector
from pipelines.words import terms

# -- one lead --------------------------------------------------------------------------------------------------------

FILE_TYPE = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{2,}|\d{4}")
FEWEST = 2
"""Words of an address that say anything: one alone is a section's."""


def relevance(
    profile: Profile, lead: Lead, host: str, known: Known, language: str | None = None, date: str | None = None
) -> Score:
    """How well a lead fits a story, and by which terms; 0 where nothing is known of it.

    `date` is what its address says, if the lead has none; `language` its outlet's, if the lead names none.
    """
    language = lead.language or language
    moment = lead.published_at or lead.modified_at or date
    seen = vector(lead.headline or address_words(lead.url), None, lead.lede or "", language, known)
    return score(profile, seen, moment, language, host)


def address_words(url: str) -> str:
    """The words of an address's last part that has several: `/2024/02/15/cuba-and-seoul-agree.html` → `cuba and …`."""
    parts = [FILE_TYPE.sub("", unquote(part)) for part in urlsplit(url).path.split("/")]
    worded = [words for part in reversed(parts) if len(words := WORD.findall(part.replace("_", "-"))) >= FEWEST]
    return " ".join(worded[0]) if worded else ""


def lead_terms(lead: Lead, language: str | None) -> list[str]:
    """The terms of what was said of a lead, for `archive.leads.learn`."""
    return terms(f"{lead.headline or address_words(lead.url)}\n{lead.lede or ''}", lead.language or language)


# -- what a score means ----------------------------------------------------------------------------------------------

EVEN, STEEP = 0.23, 4.5
"""The score at which every second lead belongs, and how fast that changes: measured on stories that are known."""
TRUSTED = 10.0
"""Leads of about one score that have to be fetched until what they came to counts as much as what was measured."""
ABOUT = 0.25
"""How far (in the logarithm) two scores are about the same."""
HIGHEST = 0.98


@dataclass
class Experience:
    """What leads of which score came to in this crawl."""

    met: list[tuple[float, bool]] = field(default_factory=list)

    def learn(self, value: float, belongs: bool) -> None:
        """A lead of this score was fetched, and belongs or does not."""
        self.met.append((value, belongs))

    def chance(self, value: float) -> float:
        """How likely a lead of this score belongs."""
        like = list(self._about(value))
        return (TRUSTED * usual_chance(value) + sum(like)) / (TRUSTED + len(like))

    def _about(self, value: float) -> Iterator[bool]:
        if value > 0:
            yield from (belongs for other, belongs in self.met if other > 0 and abs(log(other / value)) <= ABOUT)


def usual_chance(value: float) -> float:
    """How often leads of a score belong where nothing else is known: a logistic curve of its logarithm."""
    return min(HIGHEST, 1 / (1 + (EVEN / value) ** STEEP)) if value > 0 else 0.0


# -- what to ask for next --------------------------------------------------------------------------------------------

WORTH = 0.02
"""The least chance at which a page is asked for: one that belongs is worth fifty requests."""
CERTAIN = 1.0
"""The score of what a person named."""


class Choice:
    """The leads that wait, and which of them is asked for next."""

    def __init__(self) -> None:
        self.experience = Experience()
        self.scores: dict[str, float] = {}

    def add(self, url: str, value: float) -> None:
        """A lead of this score waits; one that no experience could make likely is forgotten."""
        if usual_chance(value) >= WORTH / 20:
            self.scores[url] = max(value, self.scores.get(url, 0.0))

    def take(self) -> tuple[str, float] | None:
        """The likeliest lead, which waits no longer, and its score; None if none is worth a request."""
        if not self.scores:
            return None
        chances = ((self.experience.chance(value), value, url) for url, value in self.scores.items())
        chance, _, url = max(chances)
        return (url, self.scores.pop(url)) if chance >= WORTH else None
