"""Who wrote it: the byline as printed, the people in it, the agency."""

from __future__ import annotations

import json

import pytest

from archive.records import Article, Capture
from crawler.credits import is_little_but
from crawler.extract import extract

TEXT = "<p>" + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4 + "</p>"


def meta(name: str) -> str:
    return f'<meta name="author" content="{name}">'


def ld(author: object, **more: object) -> str:
    thing = {"@type": "NewsArticle", "author": author, **more}
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def read(head: str = "", line: str = "", text: str = TEXT) -> Article:
    body = f"<article><h1>Ferry leaves</h1>{line}{text}</article>"
    markup = f"<html lang=en><head><title>Ferry leaves</title>{head}</head><body>{body}</body></html>"
    return extract(Capture(url="https://courier.example/a", body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"))


INES = {"@type": "Person", "name": "Ines Calder"}
TWO = [INES, {"@type": "Person", "name": "Tom Aird"}]


@pytest.mark.parametrize(
    ("page", "byline", "authors", "agency"),
    [
        (read(line="<p>By Ines Calder</p>"), "By Ines Calder", ("Ines Calder",), None),
        (read(line="<p>By Ines Calder and Tom Aird</p>"), "By Ines Calder and Tom Aird", ("Ines Calder", "Tom Aird"),
         None),
        (read(line="<p>By Ines Calder, Friday 5 April 2024, 13:30</p>"), "By Ines Calder", ("Ines Calder",), None),
        (read(ld(TWO)), "Ines Calder, Tom Aird", ("Ines Calder", "Tom Aird"), None),
        (read(meta("Ines Calder"), "<p>Ines Calder, Harbour Editor</p>"), "Ines Calder, Harbour Editor",
         ("Ines Calder",), None),
        (read(meta("水野遥"), "<p>国際部・水野遥</p>"), "国際部・水野遥", ("水野遥",), None),
        (read(meta("Ines Calder"), "<p>By Somebody Else</p>"), "Ines Calder", ("Ines Calder",), None),
        (read(line="<p>By Ines Calder, The Associated Press</p>"), "By Ines Calder, The Associated Press",
         ("Ines Calder",), "AP"),
        (read(line="<p>Courier Staff</p>"), "Courier Staff", (), None),
        (read(line="<p>From wire reports</p>"), "From wire reports", (), None),
        (read(line="<p class=byline>Ines Calder</p>"), "Ines Calder", ("Ines Calder",), None),
        (read(meta("Courier")), "Courier", ("Courier",), None),
        (read(meta("Courier"), "<p>By Ines Calder</p>"), "By Ines Calder", ("Ines Calder",), None),
        (read(ld({"@type": "Organization", "name": "Courier"}) + meta("Ines Calder")), "Courier", ("Ines Calder",),
         None),
        (read(ld([INES, {"@type": "Organization", "name": "AFP"}])), "Ines Calder, AFP", ("Ines Calder",), "AFP"),
        (read(ld({"@type": "Person", "name": "Northwire News Agency"})), "Northwire News Agency",
         ("Northwire News Agency",), None),
        (read(ld([INES, {"name": "INES CALDER"}])), "Ines Calder, INES CALDER", ("Ines Calder",), None),
        (read(ld([[INES], ["Tom Aird"]])), "Ines Calder, Tom Aird", ("Ines Calder", "Tom Aird"), None),
        (read(ld("By Ines Calder and Tom Aird")), "By Ines Calder and Tom Aird", ("Ines Calder", "Tom Aird"), None),
        (read(meta("Ines Calder") + meta("Tom Aird")), "Ines Calder, Tom Aird", ("Ines Calder", "Tom Aird"), None),
        (read(meta("Ines Calder"), "<p>By Ines Calder, Halden</p>"), "By Ines Calder, Halden", ("Ines Calder",), None),
        (read(meta("admin"), '<p>Noon</p><a rel="author" href="/people/ines">Ines Calder</a>'), "Ines Calder",
         ("Ines Calder",), None),
        (read(meta("admin")), "admin", (), None),
        (read(text=TEXT + '<div class="comments"><b class="author">Tom Aird</b></div>'), None, (), None),
        (read(meta("https://social.example/ines")), None, (), None),
        (read(meta("ines@courier.example")), None, (), None),
        (read(), None, (), None),
    ],
)  # fmt: skip
def test_a_byline_is_kept_as_printed_and_its_people_named(
    page: Article, byline: str | None, authors: tuple[str, ...], agency: str | None
) -> None:
    """The page's data decide who. Agencies, desks and the outlet itself are not people: they are authors only where the
    data name them and nobody is named anywhere."""
    assert (page.byline, page.authors, page.agency) == (byline, authors, agency)


@pytest.mark.parametrize("line", ["By Ines Calder", "Courier Staff", "From wire reports", "Northwire News Agency"])
def test_a_printed_byline_is_not_of_the_text(line: str) -> None:
    page = read(line=f"<p>{line}</p>")
    assert page.byline == line
    assert page.text.startswith("The ferry left")


def test_an_author_whom_a_dateline_names_in_brackets_is_an_agency() -> None:
    page = read(ld([INES, {"name": "Northwire"}]), text=TEXT.replace("<p>", "<p>HALDEN (Northwire) — ", 1))
    assert (page.authors, page.agency) == (("Ines Calder",), "Northwire")


@pytest.mark.parametrize(
    ("line", "is_byline"),
    [
        ("Ines Calder, Harbour Editor", True),
        ("Ines Calder", True),
        ("Ines Calder won.", False),
        ("Ines Calder sails around the island in a bathtub", False),
        ("Harbour Editor", False),
    ],
)
def test_a_line_that_names_an_author_and_says_more_is_no_byline(line: str, is_byline: bool) -> None:
    assert is_little_but(line, ("Ines Calder",)) is is_byline
