"""What it costs to hand out the next pages, in steps of SQLite: about the same however many wait,
of how many hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.pauses import pause_site
from archive.frontier.urls import lease_pages, queue_leads
from archive.records import Lead
from archive.storage.database import transaction

STEP = 1_000
"""Instructions of SQLite's machine between two counts."""


def mire(archive: Archive, pages: int, hosts: int = 1, key: str = "n") -> None:
    """An outlet, or many hosts of one, of which so many pages wait."""
    ids = [archive.add_outlet_id(f"mire{number}.example") for number in range(hosts)]
    archive.db.execute(
        f"""WITH RECURSIVE page(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM page WHERE n + 1 < ?)
        INSERT INTO urls (url, url_key, outlet_id, role, via, found_at, published_at, state)
        SELECT 'http://mire' || (n % ?) || '.example/' || n, 'mire.example/' || {key}, ? + n % ?, 'requested', 'feed',
          '2026-03-10T12:00:00Z', '2026-03-' || (10 + n % 20), 'pending' FROM page""",
        (pages, hosts, ids[0], hosts),
    )


def leased(archive: Archive, most: int = 64) -> tuple[set[str], int]:
    """The hosts of the next pages, and the steps that it took to find them."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    archive.db.set_progress_handler(count, STEP)
    found = lease_pages(archive.db, most, 8, in_turn=3)
    archive.db.set_progress_handler(None, STEP)
    return {waiting.host for waiting in found}, steps


@pytest.fixture
def with_honest(tmp_path: Path):
    """An archive in which pages of ten honest outlets wait; `with_honest(name)` makes one."""

    class Opened(Archive):
        def add_outlet_id(self, host: str) -> int:
            self.db.execute(
                "INSERT INTO outlets (host, added_at) VALUES (?, '2026-03-10T12:00:00Z')", (host,)
            )
            return int(self.db.execute("SELECT last_insert_rowid()").fetchone()[0])

    def opened(name: str) -> Opened:
        archive = Opened(tmp_path / name)
        leads = [
            (f"courier{n % 10}.example", f"http://courier{n % 10}.example/{n}") for n in range(40)
        ]
        with transaction(archive.db) as db:
            queue_leads(db, [Lead(url, via="feed", url_key=url) for _, url in leads])
        return archive

    return opened


HONEST = {f"courier{number}.example" for number in range(10)}


@pytest.mark.slow
@pytest.mark.parametrize("key", ["n", "1", "n % 100"], ids=["pages", "one page", "a hundred pages"])
def test_a_hundred_times_as_many_pages_of_one_outlet_cost_a_lease_about_the_same(with_honest, key):
    took = []
    for pages in (2_000, 200_000):
        with with_honest(str(pages)) as archive:
            mire(archive, pages, key=key)
            hosts, steps = leased(archive)
            assert hosts >= HONEST
            took.append(steps)
    assert took[1] < 2 * took[0] + 20


@pytest.mark.slow
def test_many_hosts_cost_a_lease_little_each_and_the_outlets_with_most_pages_come_first(
    with_honest,
):
    took = []
    for hosts in (200, 2_000):
        with with_honest(str(hosts)) as archive:
            mire(archive, 3 * hosts, hosts)
            found, steps = leased(archive)
            assert found >= HONEST
            took.append(steps)
    assert took[1] < 12 * took[0]


def test_outlets_that_are_left_alone_hide_no_other(with_honest):
    with with_honest("paused") as archive:
        mire(archive, 6_000, 300)
        with transaction(archive.db) as db:
            for number in range(300):
                pause_site(db, f"http://mire{number}.example", "2099-01-01T00:00:00Z", "HTTP 429")
        hosts, _ = leased(archive)
    assert hosts == HONEST


def test_a_page_waits_while_another_address_of_it_is_under_way_and_is_leased_after(with_honest):
    with with_honest("twins") as archive:
        mire(archive, 5, key="1")
        first = [each for each in lease_pages(archive.db, 100, 8) if each.host == "mire0.example"]
        assert len(first) == 1
        assert not [
            each for each in lease_pages(archive.db, 100, 8) if each.host == "mire0.example"
        ]
        archive.db.execute("UPDATE urls SET state = 'failed' WHERE url = ?", (first[0].lead.url,))
        assert (
            len([each for each in lease_pages(archive.db, 100, 8) if each.host == "mire0.example"])
            == 1
        )
