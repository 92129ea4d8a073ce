"""Old captures move to a WARC file, which is read back before anything is removed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.doctor import examine_archive
from archive.errors import ArchiveError, UsageError
from archive.keeping import moved_captures
from archive.keeping.moved_captures import captures_by_month, move_captures, warc_path
from archive.pages.article import article_page_data
from archive.queries.lookup import stored_page
from archive.rebuilds import prepare_archive
from archive.storage.captures import CaptureStore
from archive.storage.database import open_read_only
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.snapshot import archive_snapshot
from pipelines.policies import archive_policies
from tests.archive.merging.test_merging import Look
from tests.killed import killed_by, killing_function

OURS = archive_policies()
PAGE = "https://harbour.example/news/1"
OTHER = "https://ridge.example/news/2"
LOOKS = (
    Look(0, PAGE),
    Look(1, OTHER, 2),
    Look(30, PAGE, edits=1),
    Look(40, OTHER, 2),
    Look(50, OTHER, 3),
)
UNTIL = "2026-03-02"
"""After the first two looks. The body of the second one is that of the fourth as well, and that of
the first is the base of the third."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Archive(tmp_path / "archive") as archive:
        prepare_archive(archive.db, OURS)
        for look in LOOKS:
            write_checks(archive, [look.check()], OURS)
    return tmp_path / "archive"


def digests(archive: Archive) -> list[str]:
    return [
        row[0]
        for row in archive.captures.connection.execute("SELECT digest FROM captures ORDER BY id")
    ]


def test_captures_are_listed_by_month(folder):
    with Archive(folder) as archive:
        [march] = captures_by_month(archive.captures)
    assert (march["month"], march["captures"], march["bodies"]) == ("2026-03", 5, 4)
    assert march["bytes"] > 0


def test_without_removal_a_copy_is_written_and_everything_stays(folder, tmp_path):
    with Archive(folder) as archive:
        moved = move_captures(archive, tmp_path / "a.warc.gz", UNTIL, remove=False)
        assert (moved.captures, moved.removed) == (2, 0)
        assert len(digests(archive)) == 5


def test_what_was_moved_is_gone_here_and_what_others_need_of_it_stays(folder, tmp_path):
    with Archive(folder) as archive:
        bodies = [archive.captures.body(digest) for digest in digests(archive)]
        moved = move_captures(archive, tmp_path / "a.warc.gz", UNTIL, remove=True)
        assert moved.removed == 2
        assert archive.captures.body(LOOKS[0].check().digest) is None
        assert [archive.captures.body(digest) for digest in digests(archive)] == bodies[2:]
    assert examine_archive(folder, OURS.texts, alone=True).sound


def test_an_articles_page_and_the_commands_say_where_its_page_is(folder, tmp_path):
    file = tmp_path / "a.warc.gz"
    with Archive(folder) as archive:
        digest = archive.db.execute(
            "SELECT digest FROM articles WHERE url = ?", (PAGE,)
        ).fetchone()[0]
        move_captures(archive, file, "2026-04-01", remove=True)
        assert article_page_data(archive.db, 1)["moved_to"] == str(file)
    with pytest.raises(ArchiveError, match=f"was moved to {file}"):
        stored_page(folder, digest)
    diagnosis = examine_archive(folder, OURS.texts, alone=True)
    assert diagnosis.sound
    assert any(str(file) in line for line in diagnosis.skipped)


def test_a_published_copy_does_not_tell_where_files_are(folder, tmp_path):
    with Archive(folder) as archive:
        move_captures(archive, tmp_path / "a.warc.gz", UNTIL, remove=True)
    with (
        archive_snapshot(folder) as copy,
        closing(open_read_only(copy, ARCHIVE_SCHEMA)) as db,
    ):
        assert db.execute("SELECT count(*) FROM warc_files").fetchone()[0] == 0
    assert b"a.warc.gz" not in copy.read_bytes() if copy.exists() else True


def test_a_page_that_is_stored_again_is_no_longer_said_to_be_elsewhere(folder, tmp_path):
    with Archive(folder) as archive:
        move_captures(archive, tmp_path / "a.warc.gz", "2026-04-01", remove=True)
        write_checks(archive, [Look(60, PAGE, edits=1).check()], OURS)
        assert article_page_data(archive.db, 1)["moved_to"] is None


@pytest.mark.parametrize("harm", ["cut", "other bytes", "a page changed"])
def test_a_file_that_does_not_hold_the_pages_removes_nothing(folder, tmp_path, monkeypatch, harm):
    file = tmp_path / "a.warc.gz"
    write = moved_captures.write_warc

    def damaged(captures, out, **more):
        many = write(captures, out, **more)
        if harm == "cut":
            out.truncate(out.tell() - 30)
        elif harm == "other bytes":
            out.seek(0)
            out.write(b"no WARC" * 10)
            out.truncate()
        else:
            out.seek(0)
            out.truncate()
            write(captures, out, **more | {"until": "2026-03-01T00:30:00Z"})
        return many

    monkeypatch.setattr(moved_captures, "write_warc", damaged)
    with Archive(folder) as archive:
        with pytest.raises(ArchiveError, match="nothing was removed"):
            move_captures(archive, file, UNTIL, remove=True)
        assert len(digests(archive)) == 5


@pytest.mark.parametrize("step", ["_record_moved", "_remove_captures", "_compact"])
def test_a_move_that_is_killed_is_finished_by_the_same_command(folder, tmp_path, monkeypatch, step):
    file = tmp_path / "a.warc.gz"

    def move() -> None:
        with Archive(folder) as archive:
            move_captures(archive, file, UNTIL, remove=True)

    monkeypatch.setattr(moved_captures, step, killing_function(getattr(moved_captures, step), 1))
    assert killed_by(move)
    monkeypatch.undo()
    move()
    with Archive(folder) as archive:
        assert len(digests(archive)) == 3
    diagnosis = examine_archive(folder, OURS.texts, alone=True)
    assert diagnosis.sound
    assert any(str(file) in line for line in diagnosis.skipped)


def test_a_move_that_is_killed_between_two_deletions_is_finished_by_the_same_command(
    folder, tmp_path, monkeypatch
):
    file, until = tmp_path / "a.warc.gz", "2026-03-04"

    def move() -> None:
        with Archive(folder) as archive:
            move_captures(archive, file, until, remove=True)

    monkeypatch.setattr(moved_captures, "MOVED_CAPTURES_PER_TRANSACTION", 1)
    monkeypatch.setattr(CaptureStore, "delete", killing_function(CaptureStore.delete, 3))
    assert killed_by(move)
    monkeypatch.undo()
    with Archive(folder) as archive:
        assert len(digests(archive)) == 3
    move()
    with Archive(folder) as archive:
        assert digests(archive) == []
        recorded = archive.db.execute("SELECT path, captures FROM warc_files").fetchone()
        assert tuple(recorded) == (str(file), 5)
        assert archive.db.execute("SELECT count(*) FROM moved_pages").fetchone()[0] == 4
    assert examine_archive(folder, OURS.texts, alone=True).sound


def test_a_file_with_other_captures_is_not_overwritten(folder, tmp_path):
    with Archive(folder) as archive:
        move_captures(archive, tmp_path / "a.warc.gz", UNTIL, remove=False)
        with pytest.raises(UsageError, match="with other captures"):
            move_captures(archive, tmp_path / "a.warc.gz", "2026-04-01", remove=True)


def test_the_file_of_pages_is_not_rewritten_while_a_crawl_runs(folder, tmp_path):
    with Archive(folder) as archive:
        archive.captures.connection.executescript(
            "CREATE TABLE many AS SELECT zeroblob(1000000) AS bytes; DROP TABLE many"
        )
        with hold_crawl_lock(folder):
            moved = move_captures(archive, tmp_path / "a.warc.gz", UNTIL, remove=True)
            assert (moved.removed, moved.compacted) == (2, False)
        archive.captures.store([LOOKS[0].check().capture])
        assert move_captures(archive, tmp_path / "b.warc.gz", UNTIL, remove=True).compacted


def test_a_folder_gets_a_file_named_by_the_day_and_another_ending_is_refused(tmp_path):
    assert warc_path(tmp_path, "2026-03-02T10:00:00Z").name == "captures-until-2026-03-02.warc.gz"
    with pytest.raises(UsageError, match=r"\.warc\.gz"):
        warc_path(tmp_path / "pages.zip", UNTIL)
