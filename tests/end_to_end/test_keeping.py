"""An archive is backed up while a crawl writes, restored, merged, and its old pages moved out."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from archive.keeping.backups import complete_backups
from demo.web import serve
from tests.conftest import Dateline
from tests.patience import until
from tests.stories import outlet, page, world

MANY = 30


def count(folder: Path, query: str, file: str = "archive.db") -> int:
    with closing(sqlite3.connect(folder / file)) as db:
        return int(db.execute(query).fetchone()[0])


LOST_PAGES_SQL = """SELECT count(*) FROM articles WHERE digest IS NOT NULL
AND digest NOT IN (SELECT digest FROM captures.bodies)"""


def lost_pages(folder: Path) -> int:
    """The articles whose page is not in the other file."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute("ATTACH ? AS captures", [str(folder / "captures.db")])
        return int(db.execute(LOST_PAGES_SQL).fetchone()[0])


def test_backups_while_a_crawl_writes_are_whole_and_the_last_one_restores(dateline, tmp_path):
    """Each has the pages of all its articles, and the crawl ends as if nothing had been."""
    pages = tuple(page(number, delay=0.05) for number in range(1, MANY))
    backups = tmp_path / "backups"
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        crawl = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        try:
            taken = 0
            until(lambda: run.column("SELECT 1 FROM articles"), "an article")
            while crawl.poll() is None and taken < 3:
                run("backup", backups)
                taken += 1
            crawl.wait()
        finally:
            crawl.kill()
        assert taken >= 1
        run("backup", backups, "--keep", "2")
    found = [folder for folder, _ in complete_backups(backups)]
    assert len(found) == 2
    assert all(lost_pages(folder) == 0 for folder in found)
    other = Dateline(tmp_path / "restored")
    other("restore", backups)
    assert count(other.folder, "SELECT count(*) FROM articles") == MANY - 1
    assert "sound" in other("doctor").stdout


def test_a_backup_that_is_damaged_and_a_second_archive_are_refused_in_one_line(dateline, tmp_path):
    run = dateline()
    file = tmp_path / "1.jsonl"
    file.write_text(json.dumps({"url": "http://paper.example/1", "text": "Ferries sail again."}))
    run("import", file)
    made = Path(run("backup", tmp_path / "backups").stdout.split(":")[0])
    refused = run("restore", made, code=2)
    assert "--replace" in refused.stderr
    content = bytearray((made / "archive.db").read_bytes())
    content[5_000] ^= 1
    (made / "archive.db").write_bytes(content)
    refused = run("restore", made, "--replace", code=1)
    assert refused.stderr.count("\n") == 1
    assert "archive.db is damaged" in refused.stderr
    assert count(run.folder, "SELECT count(*) FROM articles") == 1


def test_archives_of_two_crawls_are_merged_and_pages_moved_out(dateline, tmp_path):
    """A killed merge is finished by the same command."""
    desk, laptop = Dateline(tmp_path / "desk"), Dateline(tmp_path / "laptop")
    first, second = outlet(many=4), outlet("ridge.example", pages=(page(2, path="/r"), page(7)))
    with serve(world(first, second)) as web:
        for run, hosts in ((desk, ("harbour.example",)), (laptop, ("ridge.example",))):
            run.web = web
            run.knows(*hosts)
            run.crawl()
    process = desk.start("merge", laptop.folder)
    until(
        lambda: (
            count(desk.folder, "SELECT count(*) FROM captures", "captures.db") > 4
            or process.poll() is not None
        )
    )
    process.send_signal(signal.SIGKILL)
    process.wait()
    report = json.loads(desk("merge", laptop.folder, "--json").stdout)
    assert report[0]["conflicts"] == []
    assert count(desk.folder, "SELECT count(*) FROM articles") == 6
    assert count(desk.folder, "SELECT count(*) FROM shared_text_articles") == 2
    again = json.loads(desk("merge", laptop.folder, "--json").stdout)
    assert not any(again[0]["added"].values())
    assert "sound" in desk("doctor").stdout
    assert "captures" in desk("captures").stdout
    moved = desk("captures", "--export-warc", tmp_path, "--older", "2099-01-01", "--remove").stdout
    assert "verified" in moved
    assert "was moved to" in desk("show", 1, "--html", code=1).stderr
    assert "moved to" in desk("doctor").stdout
