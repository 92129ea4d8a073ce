"""A user's mistake ends in one clear line and an exit code, never in a traceback, and costs nothing
that was sound."""

from __future__ import annotations

import json
import sqlite3

import pytest

from demo.web import serve
from tests.stories import outlet, page, story, world

LINE = {"url": "http://paper.example/1", "text": story(1), "headline": "One"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["crawl", "not a url"], 2, "not a url"),
        (["crawl", "ftp://paper.example/1"], 2, "ftp://paper.example/1"),
        (["crawl", "--since", "yesterday-ish"], 2, "yesterday-ish"),
        (["crawl", "--max-time", "soon"], 2, "soon"),
        (["crawl", "--outlet", "unknown.example"], 2, "unknown.example"),
        (["crawl"], 2, "no outlets yet"),
        (["outlet", "add", "http://"], 2, "http://"),
        (["outlet", "add", "user@paper.example"], 2, "user"),
        (["outlet", "add", "nowhere.example"], 1, "nowhere.example"),
        (["outlet", "import", "missing.opml"], 2, "missing.opml"),
        (["import", "missing.html"], 1, "missing.html"),
        (["extract", "missing.html"], 1, "missing.html"),
        (["extract", "--jsonl", "missing.jsonl"], 1, "missing.jsonl"),
        (["show", "1"], 1, "no archive here yet"),
        (["search", "ferry"], 1, "no archive here yet"),
        (["status"], 1, "no archive here yet"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_a_mistake_is_told_in_a_line_that_names_it(dateline, words, code, said):
    told = dateline()(*words, code=code).stderr
    assert said in told
    assert (
        len(
            [line for line in told.splitlines() if not line.startswith(("Usage:", "Try ")) and line]
        )
        == 1
    )


def test_an_empty_html_file_is_named_and_the_others_are_stored(dateline, tmp_path):
    (tmp_path / "empty.html").write_bytes(b"")
    body = "".join(f"<p>{paragraph}</p>" for paragraph in story(1).split("\n\n"))
    good = f'<html><head><link rel=canonical href="http://paper.example/1"><title>T</title></head><h1>One</h1>{body}'
    (tmp_path / "good.html").write_text(good)
    run = dateline()
    told = run("import", tmp_path / "empty.html", tmp_path / "good.html", code=1)
    assert "empty.html: the file is empty" in told.stderr
    assert run.column("SELECT url FROM articles") == ["http://paper.example/1"]


def test_a_saved_page_that_names_no_address_is_stored_under_the_one_that_is_given(
    dateline, tmp_path
):
    saved = tmp_path / "saved.html"
    saved.write_text(
        "<h1>One</h1>" + "".join(f"<p>{paragraph}</p>" for paragraph in story(1).split("\n\n"))
    )
    run = dateline()
    assert "--url" in run("import", saved, code=1).stderr
    run("import", saved, "--url", "http://paper.example/1?utm_source=mail")
    assert run.column("SELECT url FROM articles") == ["http://paper.example/1"]


def test_a_broken_line_is_named_by_its_number_and_the_others_are_stored(dateline, tmp_path):
    lines = [
        json.dumps(LINE),
        '{"url": "http://paper.example/2", "text": ',
        json.dumps({"url": "http://paper.example/3"}),
        json.dumps({**LINE, "url": "http://paper.example/4", "text": story(4), "authors": 7}),
        "",
        json.dumps({**LINE, "url": "no address", "text": story(5)}),
        json.dumps(
            {**LINE, "url": "http://paper.example/7", "text": story(7), "authors": ["Ida Berg"]}
        ),
    ]
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(lines))
    run = dateline()
    told = run("import", file, code=1).stderr
    assert run.column("SELECT url FROM articles ORDER BY id") == [
        "http://paper.example/1",
        "http://paper.example/7",
    ]
    for number, why in ((2, "not JSON"), (3, "`text`"), (4, "`authors`"), (6, "no address")):
        assert any(
            f"articles.jsonl:{number}" in line and why in line for line in told.splitlines()
        ), (number, told)


def test_what_export_writes_import_takes_again(dateline, tmp_path):
    file = tmp_path / "articles.jsonl"
    rows = [
        {**LINE, "url": f"http://paper.example/{n}", "text": story(n), "authors": ["Ida Berg"]}
        for n in (1, 2)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    run = dateline()
    run("import", file)
    exported = run("export").stdout
    run.folder = tmp_path / "second"
    (tmp_path / "again.jsonl").write_text(exported)
    run("import", tmp_path / "again.jsonl")
    assert run("export").stdout == exported


def test_an_archive_of_a_newer_version_is_left_alone(dateline):
    with serve(world(outlet(many=1))) as web:
        run = dateline(web)
        run.knows()
        db = sqlite3.connect(run.folder / "archive.db")
        db.execute(
            """INSERT INTO _sqlite_migrations (migration_set, name, applied_at)
            VALUES ('dateline.archive', 'm999_later', '')"""
        )
        db.commit()
        db.close()
        for words in (["crawl"], ["status"], ["search", "ferry"], ["export"]):
            told = run(*words, code=1).stderr
            assert "newer version" in told
            assert len(told.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_named(dateline, tmp_path):
    (tmp_path / "archive").write_text("a file stands where the folder would be")
    told = dateline()("crawl", "http://paper.example/1", code=None)
    assert told.returncode in (1, 2)
    assert "archive" in told.stderr
    (tmp_path / "archive").unlink()
    (tmp_path / "archive").symlink_to("/proc/nowhere")
    told = dateline()("crawl", "http://paper.example/1", code=1).stderr
    assert len(told.splitlines()) == 1


def test_a_file_that_is_no_archive_is_named(dateline):
    run = dateline()
    run.folder.mkdir()
    (run.folder / "archive.db").write_text("these are my notes, and no database" * 100)
    assert "archive.db" in run("status", code=1).stderr
    assert "archive.db" in run("crawl", "http://paper.example/1", code=1).stderr
    assert (run.folder / "archive.db").read_text().startswith("these are my notes")


def test_pages_become_lines_of_json_and_each_carries_what_its_input_line_gave(dateline, tmp_path):
    (tmp_path / "pages").mkdir()
    for number in (1, 2):
        body = "".join(f"<p>{paragraph}</p>" for paragraph in story(number).split("\n\n"))
        (tmp_path / "pages" / f"{number}.html").write_text(
            f"<h1>{page(number).headline}</h1>{body}"
        )
    rows = [
        {"id": f"p{n}", "url": f"http://paper.example/{n}", "html_path": f"pages/{n}.html"}
        for n in (1, 2, 3)
    ]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = dateline()("extract", "--jsonl", tmp_path / "pages.jsonl", code=1)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(line["id"], line["html_path"]) for line in lines] == [
        ("p1", "pages/1.html"),
        ("p2", "pages/2.html"),
    ]
    assert [line["headline"] for line in lines] == [page(1).headline, page(2).headline]
    assert lines[0]["text"].split() == story(1).split()
    assert "pages.jsonl:3" in told.stderr
