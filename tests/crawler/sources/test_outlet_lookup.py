"""What a look-up of an outlet stores: the outlet and the result, or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.archive import Archive
from archive.frontier.outlet_lookups import valid_lookups
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet, Source
from archive.storage.database import transaction
from crawler.sources import outlet_lookup
from crawler.sources.outlet_lookup import FoundOutlet, OutletFinder
from crawler.story_search import outlet_probe
from crawler.story_search.outlet_probe import ProbedOutlet, save_probe_result

QUAY = Outlet("quay.example", "The Quay")
FEED = Source("https://quay.example/rss", "feed", "quay.example")


def refuse_to_store(*_: Any) -> None:
    raise sqlite3.OperationalError("disk full")


def test_an_outlet_and_the_result_of_its_look_up_are_stored_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(tmp_path) as archive:
        finder = OutletFinder(SimpleNamespace(db=archive.db))  # type: ignore[arg-type]
        found = FoundOutlet(QUAY, sources=(FEED,))
        with monkeypatch.context() as patch:
            patch.setattr(outlet_lookup, "store_lookup", refuse_to_store)
            with pytest.raises(sqlite3.OperationalError):
                finder.store_result(found)
        assert archive.db.execute("SELECT count(*) FROM outlets").fetchone()[0] == 0
        finder.store_result(found)
        assert archive.db.execute("SELECT host FROM outlets").fetchone()[0] == "quay.example"
        assert valid_lookups(archive.db)["quay.example"].feeds == (FEED.url,)


def test_a_list_that_is_none_and_the_result_of_a_probe_are_stored_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(tmp_path) as archive:
        with transaction(archive.db) as db:
            add_outlet_with_sources(db, QUAY, [FEED])
        probed = ProbedOutlet(QUAY, "https://quay.example/", (FEED,))
        role = "SELECT role FROM urls WHERE url = 'https://quay.example/rss'"
        with monkeypatch.context() as patch:
            patch.setattr(outlet_probe, "store_lookup", refuse_to_store)
            with pytest.raises(sqlite3.OperationalError):
                save_probe_result(archive.db, probed, "quay.example")
        assert archive.db.execute(role).fetchone()[0] == "source"
        save_probe_result(archive.db, probed, "quay.example")
        assert archive.db.execute(role).fetchone()[0] == "listed"
        assert valid_lookups(archive.db)["quay.example"].outcome == "works"
