"""The scores of waiting leads, by which a crawl for a story chooses the next page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from archive.articles import leads as told
from archive.articles.leads import LeadProspect
from archive.articles.stories import relist_story, story_profile_inputs
from archive.frontier.urls import LeasedPage
from archive.records import Lead
from archive.storage.database import transaction
from crawler.dates.url_dates import latest_day_in_path
from crawler.services.search_service import bare_host_of
from crawler.story_search.story_session import StorySession
from pipelines.topics.lead_relevance import (
    MIN_WORTHWHILE_CHANCE,
    NAMED_PAGE_SCORE,
    LeadChoice,
    best_lead_relevance,
    lead_terms,
    member_profile,
    prior_chance,
)
from pipelines.topics.stories import STORY_POLICY, StoryProfile


class LeadScores:
    """Scores leads by the story's profile and by what similar leads came to."""

    def __init__(self, session: StorySession) -> None:
        self.session = session
        self.tally: Counter[tuple[str, str]] = Counter()
        """Numbers of leads by the way they were found and `known`, `asked for` or `belong`."""
        self._choice = LeadChoice()
        self._scored_up_to = self._counted_up_to = 0
        self._listed: list[dict[str, Any]] = []
        """The story's listed articles when leads were last scored, without the confirmed ones."""
        self._grown: StoryProfile | None = None
        """The profile of these and the confirmed articles."""

    def total_of(self, what: str) -> int:
        """Return the sum of a count over all ways in which leads are found."""
        return sum(many for (_, each), many in self.tally.items() if each == what)

    def learn_words(self) -> None:
        """Update the frequencies of words from all leads, then the profile and the scores."""
        about = self.session.about
        with transaction(self.session.db) as db:
            told.learn_lead_terms(db, lead_terms, about.language)
            relist_story(db, about.story.id, STORY_POLICY)
        about.learn_profile(self.session.db)
        self.rescore_if_grown()

    def rescore_if_grown(self) -> None:
        """Score all waiting leads again if the story lists more articles than before."""
        db, story_id = self.session.db, self.session.story.id
        listed = told.story_members(db, story_id)
        if len(listed) <= len(self._listed):
            return
        self._listed = listed
        inputs = story_profile_inputs(db, story_id)
        self._grown = member_profile(*inputs, listed, partial(told.lead_term_frequencies, db))
        self._scored_up_to = 0

    def score_new_leads(self, hosts: Sequence[str]) -> None:
        """Score the waiting leads of `hosts` (or of all) that were stored since the last call."""
        db = self.session.db
        prospects = told.waiting_leads(db, self._scored_up_to, hosts)
        named = told.awaited_page_keys(db, self.session.story.id) if prospects else set()
        for prospect in prospects:
            lead = prospect.lead
            value = NAMED_PAGE_SCORE if lead.url_key in named else self._relevance(prospect)
            self._choice.add(lead.url, value, prospect.host, lead.via)
            if prospect.id > self._counted_up_to:
                self.tally[lead.via, "known"] += 1
                self._counted_up_to = prospect.id
            self._scored_up_to = prospect.id

    def take_likeliest(self) -> tuple[str, float] | None:
        """Remove and return the likeliest lead as (URL, score); None if none is worth a request."""
        return self._choice.take()

    def count_worthwhile(self) -> int:
        """Return how many waiting leads are worth a request by now."""
        return self._choice.count_worthwhile()

    def learn_result(self, page: LeasedPage, score: float, *, belongs: bool) -> None:
        """Learn from a page how likely similar leads are."""
        self._choice.experience.learn(score, belongs, page.host, page.lead.via)
        if belongs:
            self.tally[page.lead.via, "belong"] += 1

    def count_likely(self, leads: Iterable[Lead]) -> int:
        """Return how many leads are likely to belong to the story."""
        prospects = (LeadProspect(0, lead, bare_host_of(lead.url), None) for lead in leads)
        chances = (prior_chance(self._relevance(prospect)) for prospect in prospects)
        return sum(chance >= MIN_WORTHWHILE_CHANCE for chance in chances)

    def _relevance(self, prospect: LeadProspect) -> float:
        """Return the best relevance of a lead to the profiles of the story."""
        about, lead = self.session.about, prospect.lead
        language = lead.language or prospect.language or about.language
        known = partial(told.lead_term_frequencies, self.session.db, language)
        day = latest_day_in_path(lead.url)
        profiles = (about.profile, self._grown) if self._grown else (about.profile,)
        return best_lead_relevance(profiles, lead, prospect.host, known, language, day)
