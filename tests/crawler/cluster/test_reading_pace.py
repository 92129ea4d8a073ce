"""The live line says how fast each worker reads, what waits, and what was lost."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from archive.records import Article
from crawler.cluster.connection import ClusterWorker
from crawler.cluster.page_batches import PageAnswer
from crawler.cluster.reading_pace import PACE_SECONDS, ReadingPace

TWO = SimpleNamespace(
    address="tcp://desk:8786",
    dashboard_link="http://desk:8787/status",
    lost_workers=Counter({"quay": 1}),
    describe=lambda: "2 workers, 1 lost",
    workers=lambda: (ClusterWorker("tcp://a:1", "bow", 4), ClusterWorker("tcp://b:1", "stern", 4)),
)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answers(worker: str, count: int) -> list[PageAnswer]:
    return [PageAnswer(Article("http://a.example/"), worker=worker)] * count


def paced() -> tuple[ReadingPace, Clock]:
    clock = Clock()
    pace = ReadingPace(clock)
    pace.waiting = 200
    clock.now += 10
    pace.note_answers(answers("bow", 120))
    pace.note_answers(answers("stern", 60))
    return pace, clock


def test_each_worker_has_its_own_pace():
    pace, _ = paced()
    assert pace.describe(TWO) == "2 workers, 1 lost, 12 + 6 pages/s, 20 waiting"


def test_the_pace_is_that_of_the_last_half_minute():
    pace, clock = paced()
    clock.now += PACE_SECONDS + 1
    pace.note_answers(answers("bow", 15))
    assert pace.pages_a_second() == {"bow": 0.5}


def test_many_workers_are_added_up():
    clock = Clock()
    pace = ReadingPace(clock)
    clock.now += 10
    for number in range(12):
        pace.note_answers(answers(f"w{number}", 10))
    assert "12 pages/s" in pace.describe(TWO)


def test_the_state_for_the_status_lists_the_workers_with_their_pages():
    pace, _ = paced()
    assert pace.state(TWO) == {
        "address": "tcp://desk:8786",
        "dashboard": "http://desk:8787/status",
        "workers": [
            {"name": "bow", "threads": 4, "pages": 120, "pages_per_second": 12.0},
            {"name": "stern", "threads": 4, "pages": 60, "pages_per_second": 6.0},
        ],
        "waiting": 20,
        "lost": 1,
    }
