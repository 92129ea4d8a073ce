"""Many pages at once: what an outlet repeats in them is in none of their texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archive.errors import UsageError
from crawler.jobs.extract_batch import ExtractBatch
from crawler.jobs.extract_files import extract_files
from tests.news import BOX, NEWS, with_box

PAGE = "<html lang=en><head><title>Report {number}</title></head><body><article><h1>Report {number}</h1>{body}</article></body></html>"  # noqa: E501
LONG = " It took the reporters of this paper two days and a number of calls to learn all that is told here."


def write(folder: Path, number: int, head: str = "") -> str:
    """A page with the outlet's box amid its text; its path."""
    body = "".join(
        f"<p>{line}{'' if line == BOX else LONG}</p>" for line in with_box(number).split("\n")
    )
    file = folder / f"{number}.html"
    file.write_text(head + PAGE.format(number=number, body=body), encoding="utf-8")
    return str(file)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A list of four pages of one outlet, and one of another."""
    rows = [
        {"id": n, "url": f"https://www.paper.example/{n}", "html_path": write(tmp_path, n)}
        for n in range(4)
    ]
    rows.append({"id": 4, "url": "https://other.example/4", "html_path": write(tmp_path, 4)})
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path / "pages.jsonl"


def test_a_batch_leaves_out_what_an_outlet_repeats_also_of_the_first_page(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract_files((str(manifest),), jsonl=True, workers=2)
    rows = told(capsys)
    assert [row["id"] for row in rows] == [0, 1, 2, 3, 4]
    assert [BOX in row["text"] for row in rows] == [False] * 4 + [True]
    assert [row.get("left_out") for row in rows] == [[BOX]] * 4 + [None]
    assert [row["word_count"] == len(row["text"].split()) for row in rows] == [True] * 5


def test_one_by_one_each_page_is_read_as_if_it_were_alone(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extract_files((str(manifest),), jsonl=True, workers=1, one_by_one=True)
    rows = told(capsys)
    assert all(BOX in row["text"] and "left_out" not in row for row in rows)
    extract_files((str(manifest.parent / "0.html"),), jsonl=False, workers=1)
    [alone] = told(capsys)
    assert alone["text"] == rows[0]["text"]


@pytest.mark.slow
def test_pages_without_an_address_belong_to_the_outlet_that_they_name_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = '<link rel=canonical href="https://paper.example/{}">'
    named = tuple(write(tmp_path, number, head.format(number)) for number in range(3))
    extract_files(named, jsonl=False, workers=1)
    assert not [row for row in told(capsys) if BOX in row["text"]]
    extract_files(tuple(write(tmp_path, number) for number in range(3)), jsonl=False, workers=1)
    assert all(BOX in row["text"] for row in told(capsys))


def test_a_page_that_cannot_be_read_is_named_and_the_others_come(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (manifest.parent / "1.html").unlink()
    assert not extract_files((str(manifest),), jsonl=True, workers=1)
    captured = capsys.readouterr()
    assert [json.loads(line)["id"] for line in captured.out.splitlines()] == [0, 2, 3, 4]
    assert "pages.jsonl:2: cannot be read" in captured.err


# -- the spool -------------------------------------------------------------------------------------


def row(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "language": "en", "page_type": "article", "word_count": 0} | more


def texts(*rows: tuple[dict[str, Any], str | None]) -> list[str]:
    with ExtractBatch() as spool:
        for each, host in rows:
            spool.add(each, host)
        return [json.loads(line)["text"] for line in spool.lines()]


def test_pages_that_are_no_articles_teach_nothing_and_stay_as_they_are() -> None:
    """A front page shows the first sentence of many an article."""
    front = row(with_box(0), page_type="listing")
    assert texts((front, "paper.example"), *((row(with_box(n)), "paper.example") for n in (1, 2))) == [
        with_box(0), with_box(1), with_box(2)
    ]  # fmt: skip


def test_what_waits_comes_out_in_its_order_with_all_that_it_held() -> None:
    with ExtractBatch() as spool:
        for number in range(5):
            spool.add(
                row(with_box(number), id=number, headline="“Ærø”", free=None), "paper.example"
            )
        rows = [json.loads(line) for line in spool.lines()]
    assert [(row["id"], row["headline"], row["free"], row["text"]) for row in rows] == [
        (number, "“Ærø”", None, NEWS[number]) for number in range(5)
    ]


def test_a_full_disk_is_told_with_what_to_do() -> None:
    with ExtractBatch() as spool:
        spool._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(UsageError, match=r"cannot hold the batch .*full.* --one-by-one"):
            spool.add(row(with_box(0) * 1_000), "paper.example")
