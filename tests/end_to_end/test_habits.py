"""What an outlet repeats, from the command line: in what comes, and backwards in what is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import Dateline
from tests.crawler.jobs.test_extract_files import write
from tests.news import BOX


def texts(run: Dateline) -> list[bool]:
    """Of each article, whether it has the outlet's box."""
    with closing(sqlite3.connect(run.folder / "archive.db")) as db:
        return [BOX in row[0] for row in db.execute("SELECT text FROM articles ORDER BY id")]


def test_what_was_learnt_is_left_out_backwards_and_the_report_says_of_how_many(
    dateline, tmp_path: Path
):
    head = '<link rel=canonical href="https://paper.example/{0}">'
    files = [write(tmp_path, number, head.format(number)) for number in range(4)]
    run = dateline()
    run("import", *files)
    assert texts(run) == [True, True, False, False]

    told = run("extract", "--all").stdout.splitlines()
    assert texts(run) == [False] * 4
    assert told[0] == "4 pages read, 2 articles changed"
    assert told[2].split() == ["text", "2"]
    assert (
        told[-1] == "Outlets repeat 1 lines, which are left out 4 times (2 before), of 4 articles."
    )

    assert run("import", *files).stdout.strip() == "4 unchanged"
    with closing(sqlite3.connect(run.folder / "archive.db")) as db:
        assert db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0
    assert run("extract", "--all").stdout.splitlines()[0] == "4 pages read, 0 articles changed"
