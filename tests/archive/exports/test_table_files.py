"""Research export: typed files, tables beside the articles, SQL results and corpora."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import archive.cli.corpus_command
import archive.cli.read_commands
import archive.cli.sql_command  # noqa: F401  all three register commands
from archive.cli.base import cli
from archive.exports import corpus, parquet_files
from archive.exports.result_files import table_lines
from archive.exports.table_columns import date_precision, typed_article
from archive.queries.sql_query import QueryResult, run_sql_query, unique_names
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import fill
from tests.archive.room import STORY, furnish
from tests.patience import patient


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive with eight articles, copies, an event, a story and changes, which no
    test changes; article 3 was published at one o'clock in the morning in Japan."""
    path = furnish(fill(tmp_path_factory.mktemp("research")))
    with closing(open_database(path / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute(
            """UPDATE articles SET published_at = '2024-02-15T16:00:00Z', published_day = '2024-02-16',
            published_offset = 540 WHERE id = 3"""
        )
        db.execute(
            """INSERT INTO saved_searches (name, words, filters, created_at)
            VALUES ('ferries', 'ferry', '{"outlet": "harbour.example"}', '2024-03-01T06:00:00Z')"""
        )
    return path


def run(folder: Path, *words: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [*words, "--archive", str(folder)], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


# -- typed files -----------------------------------------------------------------------------------


def test_parquet_has_the_right_types_in_pandas(folder: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    run(folder, "export", "-o", str(tmp_path / "a.parquet"))
    frame = pandas.read_parquet(tmp_path / "a.parquet").set_index("id")
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["published_at"] == kinds["fetched_at"] == "datetime64[ms, UTC]"
    assert kinds["published_local"] == "datetime64[ms]"
    assert (kinds["word_count"], kinds["outlet_id"]) == ("int64", "int64")
    assert frame.published_at[3] == pandas.Timestamp("2024-02-15T16:00:00Z")
    assert frame.published_local[3] == pandas.Timestamp("2024-02-16T01:00:00")
    assert frame.published_day[3] == date(2024, 2, 16)
    assert list(frame.authors[1]) == ["Mara Lind", "Jo Reed"]
    assert [frame.free[1], frame.free[2]] == [False, None]
    # a day is no point in time
    assert pandas.isna(frame.published_at[2])
    assert (frame.published_precision[2], frame.published_day[2]) == ("day", date(2024, 2, 15))


def test_parquet_has_the_right_types_in_duckdb(folder: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "a.parquet"
    run(folder, "export", "-o", str(path), "--with", "copies,events,stories,revisions")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    kinds = dict(
        connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))",
            [str(path)],
        ).fetchall()
    )
    assert kinds["published_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (kinds["published_local"], kinds["published_day"]) == ("TIMESTAMP", "DATE")
    assert (kinds["authors"], kinds["free"], kinds["id"]) == ("VARCHAR[]", "BOOLEAN", "BIGINT")
    joined = connection.execute(
        f"""SELECT a.id, c.original_id FROM '{path}' a
        JOIN '{tmp_path / "a.copies.parquet"}' c ON c.article_id = a.id ORDER BY 1"""
    ).fetchall()
    assert joined == [(1, 1), (2, 1), (7, 1)]
    counted = {
        name: connection.execute(
            f"SELECT count(*) FROM '{tmp_path}/a.{name}.parquet' WHERE article_id IN (SELECT id FROM '{path}')"
        ).fetchone()[0]
        for name in ("events", "stories", "revisions")
    }
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        (events,) = db.execute("SELECT count(*) FROM event_articles").fetchone()
        (revisions,) = db.execute("SELECT count(*) FROM revisions").fetchone()
    assert (counted["events"], counted["revisions"]) == (events, revisions)
    assert counted["stories"] > 0


def test_a_row_group_holds_no_more_than_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_files, "MAX_GROUP_ROWS", 3)
    monkeypatch.setattr(parquet_files, "MAX_GROUP_TEXT_CHARS", 100)
    rows: list[dict[str, Any]] = [{"text": "a" * size} for size in (1, 1, 1, 1, 99, 200, 5)]
    groups = parquet_files._row_groups(iter(rows))
    assert [len(group) for group in groups] == [3, 2, 1, 1]


def test_without_pyarrow_parquet_names_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for command in (("export",), ("sql", "SELECT 1")):
        said = run(folder, *command, "-o", str(tmp_path / "a.parquet"), exit_code=2).stderr
        assert said == (
            "dateline: Parquet needs pyarrow, which is not installed; run: pip install pyarrow\n"
        )
    run(folder, "corpus", STORY, "-o", str(tmp_path / "corpus"))
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_timestamp_is_a_time_only_where_its_time_zone_is_known() -> None:
    record = {"published_offset": None, "published_day": None, "modified_at": None}
    fetched = {"fetched_at": "2024-03-01T06:00:00Z"}
    clock = typed_article(record | fetched | {"published_at": "2024-02-15T22:30:00"})
    assert (clock["published_at"], clock["published_precision"]) == (None, "clock")
    assert clock["published_local"] == datetime(2024, 2, 15, 22, 30)
    exact = typed_article(
        record | fetched | {"published_at": "2024-02-15T22:30:00Z", "published_offset": -300}
    )
    assert exact["published_at"] == datetime(2024, 2, 15, 22, 30, tzinfo=UTC)
    assert exact["published_local"] == datetime(2024, 2, 15, 17, 30)
    assert [date_precision(at) for at in (None, "2024-02-15", "2024-02-15T10:00:00Z")] == [
        None, "day", "time",
    ]  # fmt: skip


# -- tables beside the articles --------------------------------------------------------------------


def test_tables_beside_csv_have_the_rows_of_the_exported_articles_alone(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "week.csv"
    said = run(
        folder,
        "export",
        "--outlet",
        "ridge.example",
        "--with",
        "copies, revisions",
        "-o",
        str(path),
    )
    with (tmp_path / "week.copies.csv").open() as file:
        copies = list(csv.DictReader(file))
    assert [row["article_id"] for row in copies] == ["2", "7"]
    assert f"2 rows of copies → {tmp_path / 'week.copies.csv'}" in said.stderr
    with (tmp_path / "week.revisions.csv").open() as file:
        assert {row["article_id"] for row in csv.DictReader(file)} == {"8"}


def test_a_table_without_rows_is_a_header(folder: Path, tmp_path: Path) -> None:
    tables = ("none", "none.copies", "none.events", "none.stories", "none.revisions")
    for stem, chosen in (("none", ("--since", "2030-01-01")), ("some", ())):
        path = str(tmp_path / f"{stem}.csv")
        run(folder, "export", *chosen, "--with", "copies,events,stories,revisions", "-o", path)
    for name in tables:
        (header,) = (tmp_path / f"{name}.csv").read_text().splitlines()
        filled = (tmp_path / f"{name.replace('none', 'some')}.csv").read_text()
        assert header == filled.splitlines()[0], name


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("-o", "a.xlsx"), "unknown file type; use one of .jsonl, .ndjson, .csv, .parquet"),
        (("-o", "a.csv", "--with", "links"), "choose from copies, events, stories, revisions"),
        (("--with", "copies"), "--with needs a file name"),
        (("--format", "parquet"), "Parquet needs a file name"),
        (("--warc", "--with", "copies", "-o", "a.warc.gz"), "choose one"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run(folder, "export", *words, exit_code=2).stderr
    assert what in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


# -- SQL -------------------------------------------------------------------------------------------


def test_a_query_prints_all_rows_as_a_table_and_counts_them(folder: Path) -> None:
    query = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c"
    result = run(folder, "sql", query)
    lines = result.stdout.splitlines()
    assert (lines[0], lines[2], lines[-1], len(lines)) == ("n", "1", "2500", 2502)
    assert result.stderr == "2,500 rows\n"


def test_the_ending_of_the_file_is_the_format_of_a_result(folder: Path, tmp_path: Path) -> None:
    query = "SELECT id, id, published_day, x'00ff' AS digest FROM coverage WHERE id < 3 ORDER BY id"
    expected = [
        {"id": 1, "id_2": 1, "published_day": "2024-02-15", "digest": "00ff"},
        {"id": 2, "id_2": 2, "published_day": "2024-02-15", "digest": "00ff"},
    ]
    for name in ("x.json", "x.jsonl", "x.csv", "x.parquet"):
        run(folder, "sql", query, "-o", str(tmp_path / name))
    assert json.loads((tmp_path / "x.json").read_text()) == expected
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == expected
    assert (tmp_path / "x.csv").read_text().splitlines()[0] == "id,id_2,published_day,digest"
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(tmp_path / "x.parquet")
    assert (str(frame.dtypes["id"]), frame.digest[0]) == ("int64", b"\x00\xff")
    empty = tmp_path / "none.json"
    run(folder, "sql", "SELECT id FROM coverage WHERE 0", "-o", str(empty))
    assert json.loads(empty.read_text()) == []


def test_a_column_of_several_types_is_written_as_the_widest(folder: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "x.parquet"
    query = "SELECT 1 AS number, NULL AS text, 2 AS mixed UNION ALL SELECT 2.5, 'a', 'b'"
    run(folder, "sql", query, "-o", str(path))
    frame = pandas.read_parquet(path).sort_values("number")
    assert list(frame.number) == [1.0, 2.5]
    assert (list(frame.text)[1], list(frame.mixed)) == ("a", ["2", "b"])


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT id FORM coverage", 'at line 1, column 16: near "coverage": syntax error'),
        ("SELECT id,\n  colour\nFROM coverage", "at line 2, column 3: no such column: colour"),
        ("SELECT id FROM coverage WHERE (", "at line 1, column 32: incomplete input"),
        ("SELECT 1 FROM a, a", "no such table: a"),
        ("SELECT id FROM coverage ORDER ORDER BY id", 'column 31: near "ORDER"'),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("DELETE FROM articles", "only statements that read are allowed"),
        ("ATTACH 'other.db' AS other", "only statements that read are allowed"),
        ("VACUUM INTO 'copy.db'", "only statements that read are allowed"),
        ("PRAGMA query_only = 0", "only statements that read are allowed"),
        ("", "returns no rows"),
    ],
)
def test_invalid_sql_and_sql_that_writes_are_one_line_with_the_place(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run(folder, "sql", query, "-o", "x.csv", exit_code=2).stderr
    assert what in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_query_is_given_up_only_after_the_time_that_was_asked_for(folder: Path) -> None:
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
    )
    assert (
        "took longer than 1 s" in run(folder, "sql", endless, "--timeout", "1s", exit_code=1).stderr
    )


def test_a_table_fits_the_terminal_and_shows_where_a_cell_is_cut() -> None:
    rows = [(1, "港の新聞 " * 9, None), (2, "a\x1b[31mb\nc", "x")]
    lines = list(table_lines(QueryResult(("id", "headline", "note"), iter(rows)), 40))
    assert lines[0] == "id  headline                        note"
    assert lines[2].endswith("…")
    assert lines[3].split() == ["2", "a[31mb", "c", "x"]
    whole = list(table_lines(QueryResult(("id", "headline", "note"), iter(rows)), None))
    assert rows[0][1].strip() in whole[2]


def test_repeated_names_of_columns_get_numbers() -> None:
    assert unique_names(["id", "id", "id_2", "id"]) == ("id", "id_2", "id_2_2", "id_3")


def test_a_query_reads_the_archive_one_row_at_a_time(folder: Path) -> None:
    with (
        closing(sqlite3.connect(folder / "archive.db")) as db,
        run_sql_query(db, "SELECT id FROM coverage ORDER BY id") as result,
    ):
        assert next(result.rows) == (1,)


# -- a corpus --------------------------------------------------------------------------------------


def test_a_corpus_has_data_a_readme_and_checksums_and_is_the_same_when_written_again(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        run(folder, "corpus", STORY, "-o", str(tmp_path / name))
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert first == second
    assert {"articles.jsonl", "articles.csv", "copies.csv", "README.md", "SHA-256SUMS"} <= set(
        first
    )
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA-256SUMS"],
        cwd=tmp_path / "one",
        check=True,
        capture_output=True,
    )
    records = [json.loads(line) for line in first["articles.jsonl"].splitlines()]
    readme = first["README.md"].decode()
    assert f"- articles: {len(records)}, of which undated: 0" in readme
    assert "belongs = [" in readme
    assert "schema m0" in readme
    assert readme.startswith("# The strike in the harbour \\<script")


def test_a_corpus_of_a_saved_search_has_its_articles(folder: Path, tmp_path: Path) -> None:
    run(folder, "corpus", "ferries", "-o", str(tmp_path / "ferries"))
    lines = (tmp_path / "ferries" / "articles.jsonl").read_text().splitlines()
    assert {json.loads(line)["outlet"] for line in lines} == {"harbour.example"}
    readme = (tmp_path / "ferries" / "README.md").read_text()
    assert "- words: `ferry`\n- outlet: harbour.example" in readme


def test_a_corpus_replaces_nothing_and_needs_a_name_that_is_known(
    folder: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    assert "exists already" in run(folder, "corpus", STORY, "-o", str(taken), exit_code=2).stderr
    assert [path.name for path in taken.iterdir()] == ["notes.txt"]
    said = run(folder, "corpus", "nothing", "-o", str(tmp_path / "x"), exit_code=2).stderr
    assert "neither a story nor a saved search" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


def test_the_readme_of_a_corpus_counts_what_its_tables_hold_while_a_crawl_removes_articles(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "archive"
    own.mkdir()
    with closing(sqlite3.connect(folder / "archive.db")) as source:
        source.execute("VACUUM INTO ?", (str(own / "archive.db"),))
    open_database(own / "archive.db", ARCHIVE_SCHEMA).close()  # a copy has no log to write beside
    readme_text = corpus._readme_text

    def readme_after_removal(*given: Any) -> str:
        """Change the archive, as another program may, and write the README."""
        with closing(open_database(own / "archive.db", ARCHIVE_SCHEMA)) as db, transaction(db):
            db.execute("DELETE FROM story_articles")
        return readme_text(*given)

    monkeypatch.setattr(corpus, "_readme_text", readme_after_removal)
    run(own, "corpus", STORY, "-o", str(tmp_path / "corpus"))
    articles = (tmp_path / "corpus" / "articles.jsonl").read_text().splitlines()
    outlets = Counter(json.loads(line)["outlet"] for line in articles)
    readme = (tmp_path / "corpus" / "README.md").read_text()
    for outlet, count in outlets.items():
        assert f"- {outlet}: {count}" in readme


def test_a_corpus_is_not_written_over_the_working_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run(folder, "corpus", STORY, "-o", ".", exit_code=2).stderr
    assert said == "dateline: .: is the folder that you are in; name a new folder\n"
    assert not list(tmp_path.iterdir())
    run(folder, "corpus", STORY, "-o", "./corpus/")
    assert (tmp_path / "corpus" / "README.md").is_file()


# -- interrupted -----------------------------------------------------------------------------------

PAUSED_EXPORT = """
import sys, time
from archive.exports import table_files
from archive.cli.base import cli
import archive.cli.read_commands

def paused(row, record=table_files.article_record):
    print("writing", flush=True)
    time.sleep(600)
    return record(row)

table_files.article_record = paused
cli()
"""


FULL_EXPORT = """
import resource
from archive.exports import table_files
from archive.cli.base import cli
import archive.cli.read_commands

def limited(row, record=table_files.article_record):
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
    return record(row)

table_files.article_record = limited
cli()
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_an_export_that_is_killed_leaves_no_half_file_and_the_earlier_one_stays(
    folder: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text("earlier")
    arguments = ["export", "-o", str(path), "--with", "copies", "--archive", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-c", PAUSED_EXPORT, *arguments], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
        process.wait(patient(30))
    assert path.read_text() == "earlier"
    assert not (tmp_path / f"a.copies.{ending}").exists()
    run(folder, "export", "-o", str(path), "--with", "copies")
    assert path.stat().st_size > 1_000


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    folder: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    done = subprocess.run(
        [sys.executable, "-c", FULL_EXPORT, "export", "-o", str(path), "--archive", str(folder)],
        capture_output=True,
        check=False,
        timeout=patient(60),
    )
    assert done.returncode == 1
    assert done.stderr.decode() == f"dateline: {path}: cannot be written (File too large)\n"
    assert not list(tmp_path.iterdir())
