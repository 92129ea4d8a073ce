"""Where a story was looked for, and where it was not: what a dossier says of its own limits.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from archive.records import current_timestamp

SearchState = Literal["answered", "failed", "not asked"]
MAX_NAMED_OUTLETS = 12
"""Outlets that a line names; of more it says how many they are."""


@dataclass(frozen=True, slots=True)
class OutletSearch:
    """An outlet that was asked for a story, or could have been."""

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
    """All that is known of where a story was looked for."""

    outlets: tuple[OutletSearch, ...]
    ended: str | None = None
    """Why the last crawl for it stopped."""
    next: str | None = None
    languages: tuple[tuple[str, int], ...] = ()
    """Of what is listed, each with its articles."""

    def of(self, state: SearchState) -> list[OutletSearch]:
        return [each for each in self.outlets if each.state == state]

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.outlets)

    @property
    def days(self) -> str | None:
        """The days that were looked at, where any outlet answered."""
        answered = [each for each in self.outlets if each.state == "answered" and each.since]
        if not answered:
            return None
        until = (
            None
            if any(each.until is None for each in answered)
            else max(str(each.until) for each in answered)
        )
        return f"{min(str(each.since) for each in answered)[:10]} to {until[:10] if until else 'the day of the search'}"


def save_outlet_searches(
    connection: sqlite3.Connection, story_id: int, outlets: Iterable[OutletSearch]
) -> None:
    """Write down what became of outlets; requests add up, and who answered before is not said to be
    unasked."""
    moment = current_timestamp()
    connection.executemany(
        """INSERT INTO story_searches (story_id, host, state, reason, suggested, since, until, requests, searched_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (story_id, host) DO UPDATE SET
          state = iif(excluded.state = 'not asked', state, excluded.state),
          reason = iif(excluded.state = 'not asked' AND state <> 'not asked', reason, excluded.reason),
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
    """Write down how a crawl for a story ended."""
    connection.execute(
        """INSERT INTO story_ends (story_id, ended_at, reason, next) VALUES (?, ?, ?, ?) ON CONFLICT (story_id)
        DO UPDATE SET ended_at = excluded.ended_at, reason = excluded.reason, next = excluded.next""",
        (story_id, current_timestamp(), reason, next_step),
    )


def story_search(connection: sqlite3.Connection, story_id: int) -> StorySearch | None:
    """Where a story was looked for; None where no crawl for it was made yet."""
    rows = connection.execute(
        """SELECT host, state, reason, suggested, since, until, requests FROM story_searches WHERE story_id = ?
        ORDER BY host""",
        (story_id,),
    ).fetchall()
    ended = connection.execute(
        "SELECT reason, next FROM story_ends WHERE story_id = ?", (story_id,)
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
    """What was searched and what was not, a line each."""
    answered, failed, unasked = (found.of(state) for state in ("answered", "failed", "not asked"))
    told = [
        f"Searched: {_outlets_in_words(answered)} answered{_outlet_names(answered)}."
        if answered
        else "Searched: no outlet answered."
    ]
    if failed:
        told.append(f"Not searched, as they did not answer: {_names_with_reasons(failed)}.")
    if unasked:
        told.append(
            f"Not asked, though suggested: {_outlets_in_words(unasked)}{_outlet_names(unasked)}."
        )
    if found.days:
        told.append(f"Days looked at: {found.days}.")
    if found.languages:
        told.append(
            f"Languages of what is listed: {', '.join(f'{code} {many}' for code, many in found.languages)}."
        )
    told.append(f"Requests: {found.requests:,}.")
    if found.ended:
        told.append(f"Stopped: {found.ended}.")
    if found.next:
        told.append(f"Next: {found.next}.")
    return told


def _outlets_in_words(many: Sequence[OutletSearch]) -> str:
    return f"{len(many):,} outlet{'' if len(many) == 1 else 's'}"


def _outlet_names(outlets: Sequence[OutletSearch]) -> str:
    told = ", ".join(each.host for each in outlets[:MAX_NAMED_OUTLETS])
    more = len(outlets) - MAX_NAMED_OUTLETS
    return f": {told}{f' and {more:,} more' if more > 0 else ''}"


def _names_with_reasons(outlets: Sequence[OutletSearch]) -> str:
    told = "; ".join(
        f"{each.host} ({each.reason or 'no answer'})" for each in outlets[:MAX_NAMED_OUTLETS]
    )
    more = len(outlets) - MAX_NAMED_OUTLETS
    return f"{told}{f'; and {more:,} more' if more > 0 else ''}"
