"""Who wrote it: the byline as printed, the people in it, the agency."""

from __future__ import annotations

import json

import pytest

from archive.records import Article, Capture
from crawler.extraction.extract import extract_article
from crawler.extraction.fields.credits import names_little_else

TEXT = (
    "<p>"
    + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4
    + "</p>"
)


def meta(name: str) -> str:
    return f'<meta name="author" content="{name}">'


def ld(author: object, **more: object) -> str:
    thing = {"@type": "NewsArticle", "author": author, **more}
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def read(head: str = "", line: str = "", text: str = TEXT) -> Article:
    body = f"<article><h1>Ferry leaves</h1>{line}{text}</article>"
    markup = (
        f"<html lang=en><head><title>Ferry leaves</title>{head}</head><body>{body}</body></html>"
    )
    return extract_article(
        Capture(
            url="https://courier.example/a", body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"
        )
    )


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
    """The page's data decide who. Agencies, desks and the outlet itself are not people: they are
    authors only where the data name them and nobody is named anywhere."""
    assert (page.byline, page.authors, page.agency) == (byline, authors, agency)


def people_ld(*names: object) -> str:
    return ld([{"@type": "Person", "name": name} for name in names])


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        (people_ld("José Ortiz y Carmona"), ("José Ortiz y Carmona",)),
        (people_ld("Marcel·la Roure", "Jordi Coll"), ("Marcel·la Roure", "Jordi Coll")),
        (people_ld("Willa Post", "Ines Calder"), ("Willa Post", "Ines Calder")),
        (people_ld("danah lindgren", "Ines Calder"), ("danah lindgren", "Ines Calder")),
        (people_ld(["Ines Calder", "Tom Aird"]), ("Ines Calder", "Tom Aird")),
        (people_ld("<a href='/by/ines'>Ines Calder</a>"), ("Ines Calder",)),
        (people_ld("&lt;b&gt;Ines Calder&lt;/b&gt;"), ("Ines Calder",)),
        (people_ld("Ines Calder", "https://social.example/tom"), ("Ines Calder",)),
        (ld(["José Ortiz y Carmona", "Tom Aird"]), ("José Ortiz y Carmona", "Tom Aird")),
        (ld("Ines Calder and Tom Aird"), ("Ines Calder", "Tom Aird")),
        (ld("Ines Calder, Tom Aird"), ("Ines Calder", "Tom Aird")),
        (ld("Ines Calder; Tom Aird"), ("Ines Calder", "Tom Aird")),
        (ld({"@list": [INES, {"name": "Tom Aird"}]}), ("Ines Calder", "Tom Aird")),
        (ld({"0": INES, "1": {"name": "Tom Aird"}}), ("Ines Calder", "Tom Aird")),
        (ld({"@type": "Person", "givenName": "Ines", "familyName": "Calder"}), ("Ines Calder",)),
        (ld({"@type": "Organization", "name": "Farrar & Holm"}), ("Farrar & Holm",)),
        (ld({"@type": "Organization", "name": "Salt and Light"}), ("Salt and Light",)),
        (meta("José Ortiz y Carmona"), ("José Ortiz y Carmona",)),
        (meta("Ines Calder, Tom Aird"), ("Ines Calder", "Tom Aird")),
        (meta("Calder, Ines"), ("Ines Calder",)),
        (meta("&lt;author&gt;Ines Calder&lt;/author&gt;"), ("Ines Calder",)),
        (meta("{&quot;name&quot;: &quot;Ines Calder&quot;}"), ("Ines Calder",)),
        (meta("José Ortiz y Carmona") + meta("Tom Aird"), ("José Ortiz y Carmona", "Tom Aird")),
    ],
)  # fmt: skip
def test_names_that_the_page_s_data_give_are_one_person_s_each(
    head: str, authors: tuple[str, ...]
) -> None:
    assert read(head).authors == authors


def microdata(*names: str) -> str:
    one = '<span itemprop="author" itemscope itemtype="https://schema.org/Person"><b itemprop="name">{}</b></span>'
    return f"<div>{' '.join(map(one.format, names))}</div>"


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        (microdata("José Ortiz y Carmona"), ("José Ortiz y Carmona",)),
        (microdata("Ines Calder", "Tom Aird"), ("Ines Calder", "Tom Aird")),
        (
            "<p class=byline>By <a href=/x>Ines Calder</a> <a href=/y>Tom Aird</a></p>",
            ("Ines Calder", "Tom Aird"),
        ),
        (
            "<ul class=authors><li>Ines Calder</li><li>Tom Aird</li></ul>",
            ("Ines Calder", "Tom Aird"),
        ),
        ("<div class=byline><span>By</span><a>Ines Calder</a></div>", ("Ines Calder",)),
        ("<div>By</div><div><a href=/x>Ines Calder</a></div>", ("Ines Calder",)),
        ("<div class=author>Ines Calder • 12 March 2024</div>", ("Ines Calder",)),
        ("<div class=author>Politics</div>", ()),
        ("<div class=author>Tuesday</div>", ()),
        ("<p>Text Size</p>", ()),
        ("<figure><img src=x><figcaption class=author>Lars Lind/AP</figcaption></figure>", ()),
        ("<p class='photo-credit author'>Lars Lind</p>", ()),
        ("<p>Photo: Lars Lind</p><p>By Ines Calder</p>", ("Ines Calder",)),
        ("<p>Editing by Tom Aird</p>", ()),
    ],
)
def test_what_is_shown_beside_the_headline_names_its_people(
    line: str, authors: tuple[str, ...]
) -> None:
    assert read(line=line).authors == authors


@pytest.mark.parametrize(
    "head",
    [
        meta("Harbour Broadcasting Corporation")
        + '<meta property="og:site_name" content="Harbour Broadcasting">',
        meta("The Seaside Lantern") + '<meta property="og:site_name" content="Seaside Lantern">',
        ld(
            {"@type": "Person", "name": "Seaside Lantern"},
            publisher={"name": "The Seaside Lantern"},
        ),
        ld({"@type": "Person", "name": "Halden Post"}),
        meta("Courier"),
        meta("Newsroom"),
        meta("Politics") + '<meta property="article:section" content="Politics">',
    ],
)
def test_an_outlet_s_name_in_the_data_does_not_beat_the_byline_that_is_shown(head: str) -> None:
    page = read(head, '<p>By political reporter <a href="/by/ines">Ines Calder</a></p>')
    assert page.authors == ("Ines Calder",)
    assert page.byline == "By political reporter Ines Calder"
    assert page.text.startswith("The ferry left")


def test_an_agency_alone_in_brackets_is_no_byline() -> None:
    page = read(line="<p>(AP)</p>", text=TEXT.replace("<p>", "<p>HALDEN (AP) — ", 1))
    assert (page.byline, page.authors, page.agency) == (None, (), "AP")


@pytest.mark.parametrize(
    "line", ["By Ines Calder", "Courier Staff", "From wire reports", "Northwire News Agency"]
)
def test_a_printed_byline_is_not_of_the_text(line: str) -> None:
    page = read(line=f"<p>{line}</p>")
    assert page.byline == line
    assert page.text.startswith("The ferry left")


def test_an_author_whom_a_dateline_names_in_brackets_is_an_agency() -> None:
    page = read(
        ld([INES, {"name": "Northwire"}]), text=TEXT.replace("<p>", "<p>HALDEN (Northwire) — ", 1)
    )
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
    assert names_little_else(line, ("Ines Calder",)) is is_byline


THREE = ("Ines Calder", "Tom Aird", "Ada Moss")


@pytest.mark.parametrize(
    "line",
    [
        "<p>By Ines Calder</p><p>By Tom Aird</p><p>By Ada Moss</p>",
        "<p class=byline>By Ines Calder</p><p class=byline>Tom Aird</p><p class=byline>Ada Moss</p>",
        "<p class=byline>By Ines Calder<br>Tom Aird<br>Ada Moss</p>",
        "<p class=byline>Ines Calder<br>Tom Aird<br>Ada Moss</p>",
        "<div class=byline>By <span>Ines Calder</span><span>Tom Aird</span><span>Ada Moss</span></div>",
        "<ul class=authors><li><a rel=author href=/1>Ines Calder</a></li><li><a rel=author href=/2>Tom Aird</a></li>"
        "<li><a rel=author href=/3>Ada Moss</a></li></ul>",
        "<div class=author><b>Ines Calder</b></div><div class=author><b>Tom Aird</b></div>"
        "<div class=author><b>Ada Moss</b></div>",
    ],
)
def test_several_authors_are_named_without_data_in_whatever_way_they_are_set(line: str) -> None:
    assert read(line=line).authors == THREE


@pytest.mark.parametrize(
    "line",
    [
        "<p>By Ines Calder</p><p>Photos by Tom Aird</p>",
        "<p>By Ines Calder</p><p>Halden, Northland</p>",
        "<p class=byline>By Ines Calder</p><p>Tom Aird</p>",
        "<p class=byline>By Ines Calder<br>Political editor</p>",
    ],
)
def test_lines_below_a_byline_that_are_no_bylines_add_nobody(line: str) -> None:
    assert read(line=line).authors == ("Ines Calder",)


@pytest.mark.parametrize(
    "line",
    [
        "By Ines Calder Text Size",
        "By Ines Calder Text Size A A A",
        "Text Size By Ines Calder",
        "By Ines Calder Font Size",
        "By Ines Calder Save",
        "By Ines Calder Listen",
        "By Ines Calder Add to favourites",
        "By Ines Calder Copy link",
        "By Ines Calder Gift article",
        "Von Ines Calder Schriftgröße",
        "Par Ines Calder Taille du texte",
        "Por Ines Calder Tamaño de texto",
        "By Ines Calder More from Ines Calder",
        "By Ines Calder All authors",
        "By Ines Calder, Local Democracy Reporting Service",
    ],
)
def test_buttons_and_services_beside_a_name_are_not_part_of_it(line: str) -> None:
    assert read(line=f"<div class=byline>{line}</div>").authors == ("Ines Calder",)


@pytest.mark.parametrize(
    "label",
    [
        "Text und Foto:",
        "Text och foto:",
        "Texto y fotos:",
        "Testo e foto:",
        "Σύνταξη:",
        "Autor članka:",
        "Напісаў",
        "Муаллиф:",
        "Udarbejdet af",
        "Testua:",
        "Autoria:",
    ],
)
def test_a_label_in_any_language_leaves_the_name_behind_it(label: str) -> None:
    assert read(line=f"<p class=byline>{label} Ines Calder</p>").authors == ("Ines Calder",)


@pytest.mark.parametrize(
    "line",
    [
        "Our authors",
        "Alle Autoren",
        "Todos los autores",
        "Tous les auteurs",
        "Gift article",
        "List of Authors",
    ],
)
def test_a_link_to_the_list_of_authors_or_a_button_is_nobody(line: str) -> None:
    page = read(line=f'<div class=author><a rel=author href="/authors">{line}</a></div>')
    assert page.authors == ()


def test_an_acronym_beside_people_is_a_body() -> None:
    assert read(people_ld("Ines Calder", "LDRS")).authors == ("Ines Calder",)
    assert read(people_ld("Ines Calder", "in Halden")).authors == ("Ines Calder",)
    assert read(people_ld("MØ")).authors == ("MØ",)


def test_an_outlet_known_by_the_title_alone_is_not_its_own_author() -> None:
    page = (
        "<html lang=en><head><title>Ferry leaves - Halden Evening Tide</title></head><body><article><h1>Ferry leaves</h1>"
        f"<p class=byline>Halden Evening Tide</p>{TEXT}</article></body></html>"
    )
    assert extract_article(Capture(url="https://tide.example/a", body=page.encode())).authors == ()
