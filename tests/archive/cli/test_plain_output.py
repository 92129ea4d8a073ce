"""What a command or a page tells is what is so: formats, outlets, numbers, names, and whose copy a
text is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

import archive.cli.story_commands  # noqa: F401  registers the commands
from archive.cli.base import CommandDependencies
from archive.exports.dossier import DossierPiece, PieceCopy, terms_as_written
from archive.pages.outlet import outlet_page_data
from archive.pages.story import text_spreads
from archive.queries.evidence import ArticleEvidence
from tests.archive.cli.test_read_commands import run
from tests.archive.plugin.test_plugin import rows
from tests.archive.room import STORY, furnish
from tests.archive.served import getter

# -- formats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["all.xlsx", "all.json", "all.csv.gz", "all.PDF", "all.warc.gz", "all.tsv"],
)
def test_a_file_of_a_format_that_is_not_there_is_refused_before_anything_is_written(
    folder: Path, name: str
) -> None:
    result = run(folder, "export", "-o", str(folder / name))
    assert result.exit_code == 2
    assert f"{name}: unknown file type; use one of .jsonl, .ndjson, .csv" in result.stderr
    assert not (folder / name).exists()
    assert run(folder, "export", "-o", str(folder / name), "--format", "csv").exit_code == 0


@pytest.mark.parametrize("name", ["x.csv", "x.pdf", "x.docx", "x.atom"])
def test_a_dossier_is_written_in_no_format_that_its_name_does_not_say(
    folder: Path, name: str
) -> None:
    result = run(folder, "story", "ferries", "-o", str(folder / name))
    assert (result.exit_code, "unknown file type" in result.stderr) == (2, True)
    assert not (folder / name).exists()


@pytest.mark.parametrize(
    ("name", "begins"), [("a.CSV", "id,outlet_id"), ("a.ndjson", '{"id"'), ("plain", '{"id"')]
)
def test_an_ending_tells_the_format_in_any_case_and_without_one_it_is_json_lines(
    folder: Path, name: str, begins: str
) -> None:
    assert run(folder, "export", "-o", str(folder / name)).exit_code == 0
    assert (folder / name).read_text().startswith(begins)


def test_captures_are_written_into_no_file_that_is_called_otherwise(folder: Path) -> None:
    for name in ("pages.zip", "pages.jsonl", "pages.gz"):
        assert run(folder, "export", "--warc", "-o", str(folder / name)).exit_code == 2
    assert run(folder, "export", "--warc", "-o", str(folder / "pages.warc.gz")).exit_code == 0


# -- what is asked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["search", "strike"], ["export"], ["export", "--warc", "-o", "x.warc.gz"]]
)
@pytest.mark.parametrize("host", ["nothere.com", "harbour", "http://harbour.example/", ""])
def test_an_outlet_that_is_none_is_told_and_nothing_is_found(
    folder: Path, words: list[str], host: str
) -> None:
    result = run(folder, *words, "--outlet", host)
    assert result.exit_code == 2
    assert f"{host}: no such outlet in {folder}" in result.stderr


@pytest.mark.parametrize(
    "host", ["harbour.example", "www.harbour.example", "Harbour.Example", "WWW.HARBOUR.EXAMPLE"]
)
def test_an_outlet_is_known_by_its_host_in_any_case_with_or_without_www(
    folder: Path, host: str
) -> None:
    lines = run(folder, "export", "--outlet", host).stdout.splitlines()
    assert {json.loads(line)["outlet"] for line in lines} == {"harbour.example"}


def test_a_language_is_a_code_in_any_case_and_anything_else_is_told(folder: Path) -> None:
    assert len(run(folder, "export", "--language", "JA").stdout.splitlines()) == 1
    assert len(run(folder, "export", "--language", "ja-JP").stdout.splitlines()) == 1
    assert "english: not a language code" in run(folder, "export", "--language", "english").stderr


@pytest.mark.parametrize("command", ["show", "diff"])
@pytest.mark.parametrize("number", ["99999", "0", "00099999", "99999999999999999999999"])
def test_the_number_of_no_article_is_no_address(folder: Path, command: str, number: str) -> None:
    def strict(url: str) -> str:
        raise AssertionError(f"{url} is no address")

    result = run(folder, command, number, obj=CommandDependencies(strict))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"dateline: {number}: not in {folder}")


# -- search ----------------------------------------------------------------------------------------


WORDS = "The harbour board met again, and nobody of the crews agreed with what it proposed on that long evening. "


def many_reports(folder: Path, count: int) -> None:
    with sqlite3.connect(folder / "archive.db") as db:
        for number in range(count):
            url = f"https://ridge.example/z{number}"
            db.execute(
                """INSERT INTO articles (url, outlet_id, headline, text, word_count, fetched_at, authors)
                VALUES (?, 2, ?, ?, 9, '2024-03-01T06:00:00Z', '[]')""",
                [url, f"Report {number}", WORDS * 3 + "zeppelin " + WORDS * 3],
            )


def test_a_search_says_how_many_of_how_many_it_shows(folder: Path) -> None:
    many_reports(folder, 31)
    assert (
        run(folder, "search", "zeppelin").output.splitlines()[-1] == "20 of 31 shown; see --limit"
    )
    assert "of 31 shown" not in run(folder, "search", "zeppelin", "--limit", "31").output
    assert run(folder, "search", "zeppelin", "--jsonl").output.count("\n") == 20


def test_a_passage_in_a_pipe_ends_with_a_whole_word_and_says_that_it_goes_on(folder: Path) -> None:
    many_reports(folder, 1)
    _, passage = run(folder, "search", "zeppelin").output.strip().splitlines()
    assert passage.startswith("    …")
    assert passage.endswith("…")
    assert len(passage) > 150
    assert set(passage.strip(" …").split()) <= {*WORDS.split(), "[zeppelin]"}


@pytest.mark.parametrize("words", [["-h"], ["ferry", "-h"], ["--help"], ["--limit", "3", "-h"]])
def test_search_explains_itself_like_any_command(folder: Path, words: list[str]) -> None:
    result = run(folder, "search", *words)
    assert result.exit_code == 0
    assert "so does -h" in result.output


@pytest.mark.parametrize("words", [["--", "-h"], ["-harbour", "strike"], ["strike", "-housing"]])
def test_a_word_that_begins_with_a_hyphen_is_left_out_and_no_option(
    folder: Path, words: list[str]
) -> None:
    assert "Usage" not in run(folder, "search", *words).output


# -- one text at several outlets -------------------------------------------------------------------


EVIDENCE = ArticleEvidence(None, "2024-02-14T09:00:00Z", "2024-02-14T09:00:00Z", None, None, None)


def piece(copies: list[tuple[str, str | None]]) -> DossierPiece:
    told = [
        PieceCopy(
            9 + at, host, name, "x", None, None, None, f"http://{host}/{at}", evidence=EVIDENCE
        )
        for at, (host, name) in enumerate(copies)
    ]
    facts = dict.fromkeys(
        (
            "date",
            "published_at",
            "published_offset",
            "byline",
            "agency",
            "language",
            "standfirst",
            "verdict",
        )
    )
    facts |= dict.fromkeys(("probability", "tier", "part")) | {"evidence": EVIDENCE}
    return DossierPiece(id=1, headline="x", outlet="harbour.example", outlet_name="The Post", url="http://harbour.example/1",
                 text="x", terms=(), copies=tuple(told), **facts)  # type: ignore[arg-type]  # fmt: skip


def test_an_outlet_that_runs_its_own_text_again_is_nobody_elses_copy() -> None:
    assert piece([("harbour.example", "The Post")]).also_in == ""
    assert piece([("harbour.example", None), ("ridge.example", None)]).also_in == "ridge.example"
    assert (
        piece([("ridge.example", "The Ridge"), ("ridge.example", "The Ridge")]).also_in
        == "The Ridge"
    )


def row(id: int, outlet: str, at: str) -> dict[str, object]:
    return {
        "id": id,
        "outlet": outlet,
        "outlet_name": None,
        "published_at": at,
        "language": "en",
        "headline": "x",
    }


def test_how_texts_went_round_is_told_of_other_outlets_alone() -> None:
    own = (
        row(1, "a.example", "2024-02-01T06:00:00Z"),
        [row(2, "a.example", "2024-02-01T07:00:00Z")],
    )
    both = (
        row(3, "a.example", "2024-02-01T06:00:00Z"),
        [*own[1], row(4, "b.example", "2024-02-01T09:00:00Z")],
    )
    [told] = text_spreads([own, both])  # type: ignore[list-item]
    assert [each["id"] for each in told["others"]] == [4]


# -- words and names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "text", "words"),
    [
        (["korean", "korea"], "Korean troops. Korea said", ["Korean", "Korea"]),
        (["korea", "korean"], "Korean troops of Korean ships", ["Korean"]),
        (["pyongyang"], "A Pyongyangns slip; Pyongyang said", ["Pyongyang"]),
        (["pyongyang"], "A Pyongyangns slip; Pyongyang's words", ["Pyongyang"]),
        (["missil", "missile"], "MISSILE test: missile, a missile", ["MISSILE"]),
        (["embassi"], "embassies here, the embassy, an embassy", ["embassy"]),
        (["首相", "東京"], "首相は東京で", ["首相", "東京"]),
        (["nowher"], "nothing", ["nowher"]),
    ],
)
def test_a_term_is_shown_as_its_text_writes_it_and_each_word_once(
    terms: list[str], text: str, words: list[str]
) -> None:
    found = list(terms_as_written(terms, text))
    assert found == words


@pytest.mark.parametrize(
    ("byline", "authors", "agency", "told"),
    [
        ("By Jonas Pell", "[]", None, ["byline     By Jonas Pell"]),
        ("BY: Jonas Pell ", "[]", "AP", ["byline     BY: Jonas Pell", "agency     AP"]),
        (None, "[]", "AP", ["agency     AP"]),
        ("", '["Ida Berg", "Jo Reed"]', "AP", ["authors    Ida Berg, Jo Reed", "agency     AP"]),
        ("Ida Berg, Jo Reed", '["Ida Berg", "Jo Reed"]', None, ["byline     Ida Berg, Jo Reed"]),
    ],
)
def test_who_wrote_it_is_told_once(
    folder: Path, byline: str | None, authors: str, agency: str | None, told: list[str]
) -> None:
    with sqlite3.connect(folder / "archive.db") as db:
        values = [byline, authors, agency]
        db.execute("UPDATE articles SET byline = ?, authors = ?, agency = ? WHERE id = 4", values)
    lines = run(folder, "show", "4").output.splitlines()
    assert [
        line for line in lines if line.startswith(("byline", "authors", "agency", "by "))
    ] == told


# -- status ----------------------------------------------------------------------------------------


def test_articles_a_day_are_told_by_fetching_and_by_publication(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_NOW", "2024-03-02T00:00:00Z")
    told = run(folder, "status").output
    line = next(line for line in told.splitlines() if line.startswith("published"))
    assert line.endswith("5, at most 2")
    assert next(line for line in told.splitlines() if line.startswith("fetched")).endswith(
        "6, at most 6"
    )
    assert "Articles per day, 2024-02-02 to 2024-03-02" in told
    assert len(line) < 80
    report = json.loads(run(folder, "status", "--json").output)
    assert report["published_days"]["2024-02-15"] == 2
    assert report["days"]["2024-03-01"] == 6


@pytest.mark.parametrize("words", [["status"], ["show", "1"], ["stories"]])
def test_one_thing_as_json_is_one_indented_document(folder: Path, words: list[str]) -> None:
    told = run(folder, *words, "--json").output
    assert json.loads(told) is not None
    assert told == json.dumps(json.loads(told), ensure_ascii=False, indent=2) + "\n"


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["-/nope", "-/occurrences", "-/nope.atom", "-/search.csv", "-", "-/", "-/a/b/c", "-/story/nope", "-/outlet/x",
             "-/%F0%9F%90%9F", "articles/99999", "articles/99999/revisions", "-/home.csv"]
)  # fmt: skip
def test_a_page_that_is_not_there_is_told_in_the_archives_own_look(folder: Path, path: str) -> None:
    answer = getter(furnish(folder) / "archive.db")(f"/archive/{path}", follow_redirects=True)
    assert answer.status_code == 404
    assert "no such table" not in answer.text
    if path.endswith(".csv"):
        assert answer.text == f"Nothing is at /archive/{path}"
        return
    assert "<title>There is no " in answer.text
    assert 'name="words"' in answer.text
    assert "dateline.css" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_program_that_asks_for_what_is_not_there_gets_json(folder: Path) -> None:
    answer = getter(folder / "archive.db")("/archive/-/nope.json")
    assert (answer.status_code, answer.json()["ok"]) == (404, False)


def test_a_database_that_is_no_archive_and_addresses_of_datasette_are_left_alone(
    folder: Path,
) -> None:
    get = getter(folder / "archive.db")
    assert get("/nowhere/-/nope").status_code == 404
    assert get("/-/versions.json").status_code == 200


def test_the_line_with_an_arabic_headline_reads_from_left_to_right(folder: Path) -> None:
    home = getter(folder / "archive.db")("/").text
    headline = home[home.index('dir="rtl"') :]
    inside = headline[: headline.index("</a>")]
    assert "<time" not in inside
    assert "<bdi>" not in inside
    assert headline[len(inside) :].startswith('</a> <span class="quiet"><bdi>')


def test_what_administers_datasette_is_behind_one_word(folder: Path) -> None:
    datasette = Datasette(
        [str(furnish(folder) / "archive.db")], settings={"sql_time_limit_ms": 10_000}
    )
    if hasattr(datasette, "root_enabled"):
        datasette.root_enabled = True

    async def ask(path: str) -> Any:
        cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
        return await datasette.client.get(path, cookies=cookies)

    for path in ("/", "/archive/-/outlets", "/archive/articles/1"):
        footer = asyncio.run(ask(path)).text.partition('<footer class="bottom">')[2]
        before, _, admin = footer.partition('<details class="admin"><summary>Admin</summary>')
        assert "/-/" in admin.partition("</details>")[0]
        assert "Debug" not in before
        assert "Pattern" not in before
    assert "Admin" not in getter(folder / "archive.db")("/").text


def test_equal_times_make_nobody_the_first(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as db:
        db.execute(
            "UPDATE articles SET published_at = '2024-02-15T10:30:00Z' WHERE id IN (2, 7, 8)"
        )
    found = rows(getter(folder / "archive.db"), "/archive/fastest_outlets.json?_shape=array")
    assert {row["outlet"]: (row["first"], row["first_shared"]) for row in found} == {
        "harbour.example": (0, 1),
        "ridge.example": (0, 1),
    }


def test_the_story_page_and_the_timeline_call_an_outlets_own_text_no_copy(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as db:
        db.execute("UPDATE articles SET outlet_id = 1 WHERE id IN (2, 7)")
        db.execute("UPDATE shared_text_articles SET outlet_id = 1")
    page = getter(folder / "archive.db")(f"/archive/-/story/{STORY}").text
    assert "also in" not in page
    assert " · a copy" not in page
    assert "How texts spread" not in page


def test_the_page_of_an_outlet_counts_no_copy_of_its_own(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as db:
        db.row_factory = sqlite3.Row
        before = outlet_page_data(db, "harbour.example")
        db.execute("UPDATE articles SET outlet_id = 1 WHERE id IN (2, 7)")
        db.execute("UPDATE shared_text_articles SET outlet_id = 1")
        after = outlet_page_data(db, "harbour.example")
    assert before
    assert after
    assert before["statistics"]["lent"] > 0
    assert (after["statistics"]["lent"], after["statistics"]["copied"]) == (0, 0)
