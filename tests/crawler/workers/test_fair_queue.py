"""No site keeps the readers from the others, however slow its pages are."""

from __future__ import annotations

import threading

import pytest

from crawler.workers.fair_queue import (
    SLOW_PAGES_ALLOWANCE_SECONDS,
    SLOW_SITE_TIMEOUT_SECONDS,
    FairQueue,
    QueueClosed,
)


def queue(*jobs: tuple[str, str], readers: int = 2) -> FairQueue[str]:
    made: FairQueue[str] = FairQueue(readers)
    for site, job in jobs:
        made.put_job(site, job)
    return made


def order(made: FairQueue[str], many: int, seconds: dict[str, float]) -> list[str]:
    """The jobs in which they are handed out, one after the other."""
    found = []
    for _ in range(many):
        site, job = made.take_job()
        found.append(job)
        made.finish_job(site, seconds.get(site, 0.1))
    return found


def test_a_site_that_has_taken_much_waits_for_those_that_have_taken_little():
    jobs = [("mire", f"m{n}") for n in range(5)] + [("courier", f"c{n}") for n in range(5)]
    assert order(queue(*jobs), 10, {"mire": 20.0}) == [
        "m0",
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
        "m1",
        "m2",
        "m3",
        "m4",
    ]


def test_jobs_of_one_site_keep_their_order_and_sites_take_turns():
    jobs = [(site, f"{site}{n}") for site in ("a", "b") for n in range(3)]
    assert order(queue(*jobs), 6, {}) == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_slow_sites_never_hold_all_readers_while_another_may_come():
    made = queue(("mire", "m0"), ("bog", "b0"))
    assert order(made, 2, {"mire": 20.0, "bog": 20.0}) == ["m0", "b0"]
    made.put_job("mire", "m1")
    made.put_job("bog", "b1")
    site, _ = made.take_job()
    taken: list[str] = []
    second = threading.Thread(target=lambda: taken.append(made.take_job()[1]))
    second.start()
    made.put_job("courier", "c0")
    second.join(60)
    assert taken == ["c0"]
    made.finish_job(site, 1.0)
    assert made.take_job()[1] in ("m1", "b1")


def test_a_site_whose_slow_pages_took_their_allowance_has_little_time_for_each_further_one():
    made = queue(*[("mire", str(n)) for n in range(10)])
    assert made.time_limit("mire", 20.0) == 20.0
    order(made, int(SLOW_PAGES_ALLOWANCE_SECONDS // 20) + 1, {"mire": 20.0})
    assert made.time_limit("mire", 20.0) == SLOW_SITE_TIMEOUT_SECONDS
    assert made.time_limit("courier", 20.0) == 20.0


def test_many_quick_pages_never_make_a_site_slow():
    made = queue(*[("courier", str(n)) for n in range(1_000)])
    order(made, 1_000, {"courier": 1.0})
    assert made.time_limit("courier", 20.0) == 20.0


def test_who_waits_when_it_closes_is_told_and_what_waits_is_given_back():
    made = queue()
    told: list[str] = []

    def wait() -> None:
        with pytest.raises(QueueClosed):
            made.take_job()
        told.append("closed")

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert made.close() == []
    waiting.join(60)
    assert told == ["closed"]
    assert queue(("a", "1"), ("b", "2")).close() == ["1", "2"]
