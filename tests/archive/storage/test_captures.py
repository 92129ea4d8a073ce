"""Pages as they came: the same bytes back, kept as little as they add."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from archive.records import Capture
from archive.storage.captures import CaptureStore
from archive.storage.database import open_database
from archive.storage.schema import CAPTURES_SCHEMA, DatabaseSchema

URL = "https://harbour.example/ferry"


def page(seed: int) -> bytes:
    dice = random.Random(seed)
    return b"<!doctype html>" + bytes(dice.choices(b"abcdefghij <>p", k=20_000))


FIRST, OTHER = page(1), page(2)
BODIES = (FIRST, FIRST + b"1", FIRST + b"2", OTHER, OTHER + b"3", FIRST + b"4", FIRST)
KEPT = [
    Capture(URL, body, fetched_at=f"2024-02-1{day}T00:00:00Z") for day, body in enumerate(BODIES)
]


@pytest.fixture
def captures(tmp_path: Path) -> CaptureStore:
    captures = CaptureStore(tmp_path / "captures.db")
    for capture in KEPT:
        captures.store([capture])
    return captures


def test_every_body_comes_back_as_it_was(captures: CaptureStore) -> None:
    assert [captures.body(capture.digest) for capture in KEPT] == list(BODIES)
    assert captures.newest(KEPT[1].digest) == KEPT[1]


def test_what_is_nearly_the_page_of_before_is_kept_as_a_delta_to_a_whole_one(
    captures: CaptureStore,
) -> None:
    """No delta of a delta; a page that is another one is kept whole, and the next refer to it."""
    rows = captures.connection.execute("SELECT digest, base FROM bodies ORDER BY id").fetchall()
    whole = {row["digest"] for row in rows if row["base"] is None}

    assert whole == {KEPT[0].digest, KEPT[3].digest, KEPT[5].digest}
    assert {row["base"] for row in rows} - {None} == {KEPT[0].digest, KEPT[3].digest}


def test_a_body_that_others_refer_to_is_not_deleted(captures: CaptureStore) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        captures.connection.execute("DELETE FROM bodies WHERE digest = ?", [KEPT[3].digest])


def test_a_file_of_before_gets_the_column_and_keeps_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "captures.db"
    before = open_database(path, DatabaseSchema(CAPTURES_SCHEMA.name, CAPTURES_SCHEMA.steps[:1]))
    before.close()

    captures = CaptureStore(path)
    captures.store(KEPT[:2])

    assert captures.connection.execute("SELECT count(base) FROM bodies").fetchone()[0] == 1
