"""One happening is one event, whatever the languages that report it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path

import pytest

from archive.articles.events import join_event, rebuild_all_events, tidy_events
from pipelines.topics.events import (
    EVENT_POLICY,
    FOREIGN_JOIN_THRESHOLD,
    FOREIGN_MARGIN,
    foreign_event_likeness,
)
from tests.abroad import COLLISION, GUILD, TREMOR
from tests.archive.articles.test_language_keys import Desk as KeyDesk

HAPPENINGS = {"collision": COLLISION, "tremor": TREMOR, "guild": GUILD}


class Desk(KeyDesk):
    """An archive whose articles come to their events."""

    def report(self, text: str, language: str | None, day: str | None = "2024-03-12") -> int:
        """The event of a report that arrives."""
        return join_event(self.db, self.add(text, language, day), EVENT_POLICY)

    def why(self, article_id: int) -> tuple[str, float, str]:
        query = "SELECT joined, score, terms FROM event_articles WHERE article_id = ?"
        return tuple(self.db.execute(query, (article_id,)).fetchone())  # type: ignore[return-value]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.db.close()


def in_turn() -> list[tuple[str, str, str]]:
    """(happening, language, text): one report of each happening after another."""
    rows = [
        [(name, language, text) for language, text in reports.items()]
        for name, reports in HAPPENINGS.items()
    ]
    return [each for each in chain.from_iterable(zip_longest(*rows)) if each]


@pytest.mark.slow
def test_reports_of_three_happenings_in_seventeen_languages_come_to_three_events(
    desk: Desk,
) -> None:
    events: dict[str, list[int]] = {name: [] for name in HAPPENINGS}
    for name, language, text in in_turn():
        events[name].append(desk.report(text, language.partition("-")[0]))
    mixed = [
        one
        for name in events
        for one in set(events[name])
        if any(one in events[o] for o in events if o != name)
    ]
    together = sum(max(map(found.count, found)) for found in events.values())
    assert mixed == []
    assert together >= 0.85 * len(in_turn())


def test_a_report_says_by_what_it_came_to_an_event_of_another_language(desk: Desk) -> None:
    first = desk.report(COLLISION["en"], "en")
    assert desk.report(COLLISION["ko"], "ko") == first
    joined, score, terms = desk.why(2)
    assert joined == "keys"
    assert score >= FOREIGN_JOIN_THRESHOLD
    assert "@Istanbul" in terms
    assert "#1350" in terms


@pytest.mark.parametrize("day", [None, "2024-03-20", "2024-01-02"])
def test_a_report_without_a_date_or_of_other_days_stays_apart(desk: Desk, day: str | None) -> None:
    first = desk.report(COLLISION["en"], "en")
    assert desk.report(COLLISION["ko"], "ko", day) != first


def test_another_happening_in_the_same_places_stays_apart(desk: Desk) -> None:
    first = desk.report(COLLISION["en"], "en")
    assert desk.report("이스탄불에서 빵값이 올랐다고 제빵 조합이 밝혔다.", "ko") != first


def test_words_of_its_own_language_come_first(desk: Desk) -> None:
    abroad_first = desk.report(COLLISION["en"], "en")
    assert desk.report(COLLISION["de"], "de") == abroad_first
    again = "Teodor Malinski, Kapitän des Schiffes, das in Istanbul eine Fähre rammte, lobte die 1.350 Passagiere."
    assert desk.report(again, "de") == abroad_first
    assert desk.why(3)[0] == "words"


@pytest.mark.slow
def test_made_anew_and_tidied_the_events_hold_across_languages(desk: Desk) -> None:
    for _, language, text in in_turn():
        desk.report(text, language.partition("-")[0])
    rows = "SELECT article_id, event_id FROM event_articles ORDER BY 1"
    before = [tuple(row) for row in desk.db.execute(rows)]
    rebuild_all_events(desk.db, EVENT_POLICY)
    assert [tuple(row) for row in desk.db.execute(rows)] == before
    tidy_events(desk.db, EVENT_POLICY)
    assert desk.db.execute("SELECT sum(articles) FROM events").fetchone()[0] == len(before)


# -- the decision ----------------------------------------------------------------------------------


def test_what_stands_out_fits_and_what_is_one_of_many_does_not() -> None:
    assert foreign_event_likeness([0.3, 0.02], [0.0, 0.0]) == pytest.approx(0.2)
    assert foreign_event_likeness([0.3, 0.29, 0.28, 0.28, 0.27, 0.27], [0.0] * 6) is None
    assert foreign_event_likeness([1.4 * FOREIGN_JOIN_THRESHOLD], [0.0]) is None
    assert foreign_event_likeness([], []) is None


def test_the_same_likeness_says_less_days_later() -> None:
    near, later = foreign_event_likeness([0.3], [0.0]), foreign_event_likeness([0.3], [3.0])
    assert near is not None
    assert later is not None
    assert near > later
    assert FOREIGN_MARGIN > 1
