"""The search for a story: the outlets that were searched, and those that were not.

A dossier reports its limits from this. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from archive.records import current_timestamp

SearchState = Literal["answered", "failed", "not asked"]
MAX_SENTENCE_OUTLETS = 12
"""Maximum number of outlets named on a line; the others are counted."""


@dataclass(frozen=True, slots=True)
class OutletSearch:
    """The search of one outlet for a story, or the reason why it was not searched."""

    host: str
    """Without `www.`"""
    state: SearchState
    reason: str | None = None
    suggested: str | None = None
    since: str | None = None
    until: str | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True)
class StorySearch:
    """The searches of all outlets for a story."""

    outlets: tuple[OutletSearch, ...]
    ended: str | None = None
    """Reason why the last crawl for the story stopped."""
    next: str | None = None
    """Suggested next step."""
    languages: tuple[tuple[str, int], ...] = ()
    """Languages of the listed articles, each with its number of articles."""

    def of(self, state: SearchState) -> list[OutletSearch]:
        """Return the outlets in this state."""
        return [each for each in self.outlets if each.state == state]

    @property
    def requests(self) -> int:
        """The number of requests to all outlets."""
        return sum(each.requests for each in self.outlets)

    @property
    def days(self) -> str | None:
        """The range of days searched; None if no outlet answered."""
        answered = [each for each in self.outlets if each.state == "answered" and each.since]
        if not answered:
            return None
        first = min(str(each.since) for each in answered)[:10]
        if any(each.until is None for each in answered):
            return f"{first} to the day of the search"
        return f"{first} to {max(str(each.until) for each in answered)[:10]}"


def save_outlet_searches(
    connection: sqlite3.Connection, story_id: int, outlets: Iterable[OutletSearch]
) -> None:
    """Save the outcomes of outlets; requests add up.

    An outlet that answered or failed before keeps that state if it was not asked this time.
    """
    moment = current_timestamp()
    connection.executemany(
        """INSERT INTO story_searches
          (story_id, host, state, reason, suggested, since, until, requests, searched_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (story_id, host) DO UPDATE SET
          state = iif(excluded.state = 'not asked', state, excluded.state),
          reason = iif(excluded.state = 'not asked' AND state <> 'not asked',
            reason, excluded.reason),
          suggested = coalesce(suggested, excluded.suggested),
          since = CASE WHEN excluded.since IS NULL THEN since WHEN since IS NULL THEN excluded.since
            ELSE min(since, excluded.since) END,
          until = iif(excluded.state = 'not asked', until, excluded.until),
          requests = requests + excluded.requests, searched_at = excluded.searched_at""",
        [
            (
                story_id,
                each.host,
                each.state,
                each.reason,
                each.suggested,
                each.since,
                each.until,
                each.requests,
                moment,
            )
            for each in outlets
        ],
    )


def save_search_end(
    connection: sqlite3.Connection, story_id: int, reason: str | None, next_step: str | None
) -> None:
    """Save the reason why a crawl for a story ended, and the next step."""
    connection.execute(
        """INSERT INTO story_crawl_ends (story_id, ended_at, reason, next_step) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id) DO UPDATE SET
          ended_at = excluded.ended_at, reason = excluded.reason, next_step = excluded.next_step""",
        (story_id, current_timestamp(), reason, next_step),
    )


def story_search(connection: sqlite3.Connection, story_id: int) -> StorySearch | None:
    """Return the searches for a story; None before the first crawl for it."""
    rows = connection.execute(
        """SELECT host, state, reason, suggested, since, until, requests
        FROM story_searches WHERE story_id = ? ORDER BY host""",
        (story_id,),
    ).fetchall()
    ended = connection.execute(
        "SELECT reason, next_step FROM story_crawl_ends WHERE story_id = ?", (story_id,)
    ).fetchone()
    if not rows and ended is None:
        return None
    spoken = Counter(
        str(row[0])
        for row in connection.execute(
            "SELECT language FROM story_coverage WHERE story_id = ? AND language IS NOT NULL",
            (story_id,),
        )
    )
    outlets = tuple(OutletSearch(*row) for row in rows)
    reason, next_step = ended or (None, None)
    return StorySearch(outlets, reason, next_step, tuple(spoken.most_common()))


def search_lines(found: StorySearch) -> list[str]:
    """Return the searches as lines of text, one for each subject."""
    answered, failed, unasked = (found.of(state) for state in ("answered", "failed", "not asked"))
    lines = ["Searched: no outlet answered."]
    if answered:
        lines = [f"Searched: {_outlets_in_words(answered)} answered{_outlet_names(answered)}."]
    if failed:
        lines.append(f"Not searched, as they did not answer: {_names_with_reasons(failed)}.")
    if unasked:
        suggested = _outlets_in_words(unasked) + _outlet_names(unasked)
        lines.append(f"Not asked, though suggested: {suggested}.")
    if found.days:
        lines.append(f"Days looked at: {found.days}.")
    if found.languages:
        counted = ", ".join(f"{code} {articles}" for code, articles in found.languages)
        lines.append(f"Languages of what is listed: {counted}.")
    lines.append(f"Requests: {found.requests:,}.")
    if found.ended:
        lines.append(f"Stopped: {found.ended}.")
    if found.next:
        lines.append(f"Next: {found.next}.")
    return lines


def _outlets_in_words(many: Sequence[OutletSearch]) -> str:
    """Return the number of outlets with the noun."""
    return f"{len(many):,} outlet{'' if len(many) == 1 else 's'}"


def _outlet_names(outlets: Sequence[OutletSearch]) -> str:
    """Return a colon and the hosts of the first outlets, and the number of the others."""
    names = ", ".join(each.host for each in outlets[:MAX_SENTENCE_OUTLETS])
    more = len(outlets) - MAX_SENTENCE_OUTLETS
    return f": {names} and {more:,} more" if more > 0 else f": {names}"


def _names_with_reasons(outlets: Sequence[OutletSearch]) -> str:
    """Return the hosts of the first outlets with the reasons, and the number of the others."""
    names = "; ".join(
        f"{each.host} ({each.reason or 'no answer'})" for each in outlets[:MAX_SENTENCE_OUTLETS]
    )
    more = len(outlets) - MAX_SENTENCE_OUTLETS
    return f"{names}; and {more:,} more" if more > 0 else names
