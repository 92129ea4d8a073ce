"""Removing and pruning by commands: nothing brings a removed article back, and a killed run is
finished by the same command."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.cli.base import user_name
from archive.storage.database import open_read_only
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from demo.web import serve
from tests.conftest import Dateline
from tests.paths import ROOT
from tests.patience import patient
from tests.removal_room import SECRET_URL, SECRET_WORDS, fill_with_secret
from tests.stories import NOW, outlet, world

WHY = "letter of 3 March"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "archive"
    assert fill_with_secret(folder) == 3
    with Archive(folder) as archive:
        archive.db.execute("UPDATE urls SET leads_to = NULL")
    return folder


@pytest.fixture
def run(filled: Path, tmp_path: Path) -> Dateline:
    return Dateline(Path(shutil.copytree(filled, tmp_path / "archive")))


def secret_words_in(folder: Path) -> set[str]:
    """The secret words that are in the bytes of the archive's files."""
    content = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    return {
        word
        for words in SECRET_WORDS.values()
        for word in words.split()
        if word.encode() in content or word.casefold().encode() in content
    }


# -- it stays away ---------------------------------------------------------------------------------


def test_nothing_brings_a_removed_article_back_until_that_is_undone(dateline, tmp_path):
    with serve(world(outlet(many=4, sitemap=None, validators=False)), now=NOW) as web:
        run = dateline(web)
        run.knows()
        run("crawl", "--delay", "0")
        [row] = run.rows("SELECT id, url FROM articles WHERE url LIKE '%/1002-%'")
        number, url = row["id"], row["url"]
        run("export", "-o", tmp_path / "a.jsonl")
        run("export", "--warc", "-o", tmp_path / "a.warc.gz")
        assert run("remove", number, "--reason", WHY).stdout == "Removed 1 article.\n"

        run.at(NOW + timedelta(hours=2))
        again = run("crawl", "--delay", "0")
        assert "Removed before: 1 left out" in again.stdout
        for file in ("a.jsonl", "a.warc.gz"):
            told = run("import", tmp_path / file)
            assert "1 removed before" in told.stdout
            assert "removed before: 1 left out" in told.stderr
        for command in (
            ("crawl", url),
            ("follow", url),
            ("investigate", url, "--yes"),
            ("show", number),
        ):
            refused = run(*command, code=1).stderr
            assert f"article {number} was removed on" in refused
            assert WHY in refused
        assert run.rows("SELECT 1 FROM articles WHERE url = ?", url) == []
        assert run("doctor").stdout.count("sound") == 1
        [listed] = json.loads(run("remove", "--list", "--json").stdout)
        assert (listed["article_id"], listed["reason"]) == (number, WHY)
        assert listed["kept_out_at"]

        assert run("remove", "--undo", url).stdout.startswith(f"{number}: may be archived again.")
        run("crawl", url, "--delay", "0")
        [back] = run.rows("SELECT id FROM articles WHERE url = ?", url)
        assert back["id"] > number
        assert run("remove", "--list").stdout == "No article was removed.\n"


def test_a_removal_says_what_it_would_do_asks_and_needs_a_reason(run: Dateline) -> None:
    ids = [row["id"] for row in run.rows("SELECT id FROM articles ORDER BY id")]
    assert "say why" in run("remove", 3, code=2).stderr
    assert "name articles by ID or URL" in run("remove", "--reason", WHY, code=2).stderr
    assert (
        "not in" in run("remove", "https://harbour.example/never", "--reason", WHY, code=1).stderr
    )
    told = run("remove", SECRET_URL, "--dry-run").stdout
    assert "harbour.example, 2024-02-15, 2 revisions" in told
    assert told.endswith("1 article would be removed.\n")
    assert "say --yes" in run("remove", *ids, "--reason", WHY, code=2).stderr
    assert [row["id"] for row in run.rows("SELECT id FROM articles ORDER BY id")] == ids
    run("remove", *ids, "--reason", WHY, "--yes")
    assert run.rows("SELECT id FROM articles") == []
    assert run("doctor").stdout.count("sound") == 1
    assert run("remove", 3, "--reason", WHY).stdout.endswith(f"{WHY}\nRemoved 0 articles.\n")
    assert "there is nothing to undo" not in run("remove", "--undo", 3).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--undo", 3, "--reason", WHY),
        ("--list", "--reason", WHY),
        ("--list", "--undo", 3),
        ("--list", 3),
    ],
)
def test_options_that_exclude_each_other_are_refused_and_lift_nothing(
    run: Dateline, words: tuple[object, ...]
) -> None:
    with Archive(run.folder) as archive:
        archive.db.execute(
            """INSERT INTO removals (article_id, reason, removed_at, method)
            VALUES (99, 'letter', '2026-03-01T00:00:00Z', 'command')"""
        )
    refused = run("remove", *words, code=2).stderr
    assert refused.count("\n") == 1
    assert words[0] in refused
    assert len(run.rows("SELECT 1 FROM removals")) == 1


def test_a_removal_names_the_file_to_which_the_page_was_moved_and_forgets_it(
    run: Dateline, tmp_path: Path
) -> None:
    file = tmp_path / "old.warc.gz"
    run("captures", "--export-warc", file, "--older", "2099-01-01", "--remove")
    moved = len(run.rows("SELECT 1 FROM moved_pages"))
    told = run("remove", 3, "--reason", WHY)
    assert told.stdout == "Removed 1 article.\n"
    assert str(tmp_path) in told.stderr
    assert len(run.rows("SELECT 1 FROM moved_pages")) < moved
    assert run.rows("SELECT 1 FROM moved_pages"), "those of other articles stay"


def test_the_removal_of_an_outlet_names_the_file_to_which_its_pages_were_moved(
    run: Dateline, tmp_path: Path
) -> None:
    file = tmp_path / "old.warc.gz"
    run("captures", "--export-warc", file, "--older", "2099-01-01", "--remove")
    told = run("outlet", "remove", "harbour.example", "--articles", "--yes")
    assert "are also in " + str(tmp_path) in told.stderr


def test_rewriting_needs_that_no_crawl_runs(run: Dateline) -> None:
    told = run("remove", 3, "--reason", WHY, "--rewrite").stdout
    assert told == "Removed 1 article.\nBoth files are rewritten.\n"
    assert secret_words_in(run.folder) == set()


def test_rewriting_during_a_crawl_is_put_off_with_the_exit_code_of_a_busy_archive(
    run: Dateline,
) -> None:
    with hold_crawl_lock(run.folder):
        told = run("remove", 3, "--reason", WHY, "--rewrite", code=75)
    assert told.stdout == "Removed 1 article.\n"
    assert "the files are not rewritten" in told.stderr


# -- outlets ---------------------------------------------------------------------------------------


def test_an_outlet_is_removed_with_its_articles_and_described_by_hand(run: Dateline) -> None:
    told = run(
        "outlet",
        "set",
        "ridge.example",
        "--name",
        "The Ridge",
        "--country",
        "KR",
        "--language",
        "ko",
    )
    assert told.stdout == "ridge.example: name The Ridge, language ko, country KR\n"
    [row] = run.rows("SELECT name, language, country FROM outlets WHERE host = 'ridge.example'")
    assert tuple(row) == ("The Ridge", "ko", "KR")
    assert "KP or KR" in run("outlet", "set", "ridge.example", "--country", "korea", code=2).stderr
    run("outlet", "set", "ridge.example", "--name", "")
    assert run.rows("SELECT 1 FROM outlets WHERE host = 'ridge.example' AND name IS NULL")
    assert "say what to set" in run("outlet", "set", "ridge.example", code=2).stderr
    assert "elvish" in run("outlet", "set", "ridge.example", "--language", "elvish", code=2).stderr
    assert (
        "--articles` removes them too" in run("outlet", "remove", "harbour.example", code=2).stderr
    )
    assert "say --yes" in run("outlet", "remove", "harbour.example", "--articles", code=2).stderr
    told = run("outlet", "remove", "harbour.example", "--articles", "--yes").stdout
    assert "harbour.example: 6 articles removed." in told
    assert run.rows("SELECT 1 FROM outlets WHERE host = 'harbour.example'") == []
    assert secret_words_in(run.folder) == set()
    assert run("remove", "--list").stdout == "No article was removed.\n"
    run("outlet", "remove", "ridge.example", "--articles", "--reason", WHY, "--yes")
    assert WHY in run("remove", "--list").stdout
    assert run("doctor").stdout.count("sound") == 1


def test_an_outlet_whose_texts_a_program_still_reads_is_removed_with_a_warning(
    run: Dateline,
) -> None:
    with closing(open_read_only(run.folder / "archive.db", ARCHIVE_SCHEMA)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        told = run("outlet", "remove", "ridge.example", "--articles", "--reason", WHY, "--yes")
        assert "Another program still reads the archive" in told.stderr
    [listed] = json.loads(run("remove", "--list", "--json").stdout)
    assert (listed["method"], listed["removed_by"]) == ("outlet", user_name())


# -- pruning ---------------------------------------------------------------------------------------


def test_what_was_pruned_is_not_fetched_right_back(dateline):
    with serve(world(outlet(many=6, sitemap=None)), now=NOW) as web:
        run = dateline(web)
        run.knows()
        run.at(NOW)
        run("crawl", "--delay", "0")
        followed, noted = (
            run.rows("SELECT id FROM articles WHERE url LIKE ?", f"%/100{number}-%")[0]["id"]
            for number in (1, 2)
        )
        run("follow", followed, "--name", "landing")
        run("verdict", "landing", followed, "--belongs")
        run("note", noted, "Keep this")
        run.at(NOW + timedelta(days=800))
        asked = len(web.asked())
        would = run("prune", "--older", "1y", "--keep", "noted", "--dry-run").stdout
        assert would.startswith("5 articles")
        assert len(run.rows("SELECT id FROM articles")) == 6
        told = run("prune", "--older", "1y", "--keep", "noted").stdout
        assert told.startswith("5 articles and 5 stored pages deleted; ")
        assert [row["id"] for row in run.rows("SELECT id FROM articles")] == [noted]
        run("crawl", "--delay", "0", "--since", "2000-01-01")
        assert [url for url in web.asked()[asked:] if "/news/" in url] == []
        assert run("doctor").stdout.count("sound") == 1
        url = run.rows("SELECT url FROM urls WHERE outcome = 'pruned' LIMIT 1")[0]["url"]
        run("crawl", url, "--delay", "0")
        assert run.rows("SELECT 1 FROM articles WHERE url = ?", url)


def test_pruning_by_schedule_needs_a_configured_age(run: Dateline) -> None:
    assert "--older" in run("prune", code=2).stderr
    assert run("prune", "--scheduled").stdout == ""
    assert "soon" in run("prune", "--older", "soon", code=2).stderr
    assert "--keep best" in run("prune", "--older", "1y", "--keep", "best", code=2).stderr
    assert "no such outlet" in run("prune", "--older", "1y", "--outlet", "x.example", code=2).stderr
    run.environment |= {"DATELINE_RETENTION_OLDER": "1y", "DATELINE_RETENTION_KEEP": "none",
                        "DATELINE_RETENTION_CAPTURES_ONLY": "1"}  # fmt: skip
    before = len(run.rows("SELECT id FROM articles"))
    assert "9 stored pages deleted" in run("prune", "--scheduled").stdout
    assert len(run.rows("SELECT id FROM articles")) == before
    assert run("doctor").stdout.count("sound") == 1
    del run.environment["DATELINE_RETENTION_CAPTURES_ONLY"]
    run("prune", "--scheduled")
    assert run.rows("SELECT id FROM articles") == []
    assert secret_words_in(run.folder) == set()


# -- killed ----------------------------------------------------------------------------------------

REMOVE = ("remove", "3", "--reason", WHY)
PRUNE = ("prune", "--older", "1y", "--keep", "none")
PLACES = (
    (REMOVE, "archive.removal.forget_articles:_form_again"),
    (REMOVE, "crawler.jobs.removal.removal_jobs:finish_erasures"),
    (REMOVE, "archive.storage.captures:_store_deltas_whole"),
    (REMOVE, "archive.removal.erasure:merge_search_index"),
    (REMOVE, "archive.removal.erasure:write_back_log"),
    (PRUNE, "archive.removal.prune_articles:forget_articles"),
    (PRUNE, "archive.removal.prune_articles:relist_story"),
    (PRUNE, "archive.removal.prune_articles:erase_captures"),
    (PRUNE, "archive.removal.erasure:merge_search_index"),
    (PRUNE, "archive.storage.compaction:is_compaction_due"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "place"), [pytest.param(*each, id=f"{each[0][0]} {each[1]}") for each in PLACES]
)
def test_a_killed_run_leaves_a_sound_archive_and_the_same_command_finishes(
    run: Dateline, words: tuple[str, ...], place: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.held", place, "asleep", "--", *words],
        env=run.environ() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout
        assert killed.stdout.readline() == "held\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait(timeout=patient(60))
    left = json.loads(run("doctor", "--json", code=None).stdout)
    unfinished = {each["what"] for each in left["findings"]}
    assert unfinished <= {"texts or pages removed but not erased yet"}
    run(*words)
    assert run("doctor").stdout.count("sound") == 1
    assert secret_words_in(run.folder) == set()


def test_the_doctor_finishes_what_a_killed_run_left(run: Dateline) -> None:
    with Archive(run.folder) as archive:
        archive.db.execute("INSERT INTO erasures VALUES ('url', 'https://ridge.example/gone')")
    assert "--repair finishes it" in run("doctor", code=1).stdout
    assert "repaired: texts or pages removed but not erased yet" in run("doctor", "--repair").stdout


def test_pages_of_removed_articles_that_came_back_by_a_copy_are_found_and_erased(
    run: Dateline, filled: Path
) -> None:
    run("remove", 3, "--reason", WHY)
    for name in ("captures.db", "captures.db-wal", "captures.db-shm"):
        (run.folder / name).unlink(missing_ok=True)
        if (filled / name).exists():
            shutil.copy(filled / name, run.folder / name)
    assert "stored pages of removed articles" in run("doctor", code=1).stdout
    assert "repaired: stored pages of removed articles" in run("doctor", "--repair").stdout
