"""Who writes on one host of a domain never speaks for another's article; one outlet's own hosts
show one article."""

from __future__ import annotations

import pytest

from tests.reading_room import BUDGET, PIER, ReadingRoom, html

PAGE = "/2026/03/grain-pier-to-shut-for-eleven-weeks.html"
NEIGHBOURS = [
    ("http://tollhaven-a.blogspot.com", "http://tollhaven-b.blogspot.com"),
    ("https://tollhaven-a.github.io", "https://tollhaven-b.github.io"),
    ("https://tollhaven-a.wordpress.com", "https://tollhaven-b.wordpress.com"),
    ("https://tollhaven-a.pages.dev", "https://tollhaven-b.pages.dev"),
]
EDITED = (
    PIER[0].replace("eleven", "ninety"),
    "The board was bribed, says this neighbour of ours.",
    *PIER[1:],
)


def claims(to: str, how: str) -> dict[str, str]:
    """What a page has in its head that calls another address its own."""
    heads = {
        "canonical": f'<link rel="canonical" href="{to}">',
        "og:url": f'<meta property="og:url" content="{to}">',
        "amphtml": f'<link rel="amphtml" href="{to}">',
        "json-ld": f'<script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle",'
        f'"url":"{to}","mainEntityOfPage":"{to}","headline":"Grain pier to shut for eleven weeks"}}</script>',
        "all": f'<link rel="canonical" href="{to}"><meta property="og:url" content="{to}">'
        f'<link rel="shortlink" href="{to}">',
    }
    return {"head": heads[how]}


def untouched(room: ReadingRoom, url: str, articles: int) -> None:
    """The neighbour's article is the one at its address, as its host showed it."""
    shown = room.shown(url)
    assert shown["url"] == url
    assert shown["text"].split("\n")[0] == PIER[0]
    assert "neighbour of ours" not in shown["text"]
    assert room.kinds(url) == []
    assert room.column("SELECT count(*) FROM articles") == [articles]


HOWS = ["canonical", "og:url", "amphtml", "json-ld", "all"]


@pytest.mark.parametrize(("a", "b"), NEIGHBOURS)
@pytest.mark.parametrize("how", HOWS)
def test_a_neighbours_copy_that_claims_an_article_is_no_reading_of_it(room, a, b, how):
    room.look(a + PAGE, html(PIER))
    room.look(b + PAGE, html(PIER, **claims(a + PAGE, how)))
    untouched(room, a + PAGE, 2)
    room.look(b + PAGE, html(EDITED, **claims(a + PAGE, how)))
    untouched(room, a + PAGE, 2)


@pytest.mark.parametrize(("a", "b"), NEIGHBOURS)
@pytest.mark.parametrize("how", HOWS)
def test_a_neighbour_who_claims_an_address_beforehand_does_not_get_the_article(room, a, b, how):
    room.look(b + "/first.html", html(EDITED, **claims(a + PAGE, how)))
    room.look(a + PAGE, html(PIER))
    untouched(room, a + PAGE, 2)
    assert room.shown(b + "/first.html")["url"] == b + "/first.html"


@pytest.mark.parametrize(("a", "b"), NEIGHBOURS)
def test_a_neighbours_address_that_leads_to_an_article_and_then_elsewhere_changes_nothing_of_it(
    room, a, b
):
    room.look(a + PAGE, html(PIER))
    room.look(b + "/lure.html", html(PIER), to=a + PAGE)
    untouched(room, a + PAGE, 1)
    room.look(b + "/lure.html", html(EDITED))
    untouched(room, a + PAGE, 2)
    room.look(b + "/lure.html", html(BUDGET, headline="Budget"))
    room.look(b + "/lure.html", status=404)
    untouched(room, a + PAGE, 3)
    assert room.column("SELECT count(*) FROM revisions WHERE kinds LIKE '%gone%'") == [0]


@pytest.mark.parametrize(("a", "b"), NEIGHBOURS)
def test_an_article_that_leads_to_a_neighbours_copy_stays_as_it_was(room, a, b):
    room.look(a + PAGE, html(PIER))
    room.look(a + PAGE, html(EDITED, **claims(a + PAGE, "all")), to=b + PAGE)
    shown = room.shown(a + PAGE)
    assert "neighbour of ours" not in shown["text"]
    assert room.column("SELECT text FROM articles WHERE url = ?", a + PAGE)[0].startswith(PIER[0])


ITS_OWN = ["m", "amp", "mobile", "www", "de.m"]


@pytest.mark.parametrize("label", ITS_OWN)
@pytest.mark.parametrize("how", ["canonical", "all"])
def test_hosts_on_which_one_outlet_shows_an_article_share_it(room, label, how):
    here, there = "http://courier.example" + PAGE, f"http://{label}.courier.example{PAGE}"
    room.look(here, html(PIER))
    room.look(there, html(PIER, **claims(here, how)))
    assert room.column("SELECT count(*) FROM articles") == [1]
    room.look(
        here,
        html(
            (*PIER, "The board will meet again on Friday, and the hall is large enough this time.")
        ),
    )
    assert room.kinds(here) != []


@pytest.mark.parametrize("how", HOWS)
def test_another_text_on_another_host_of_the_domain_is_another_article_whatever_it_claims(
    room, how
):
    here, there = "http://www.courier.example" + PAGE, "http://blogs.courier.example" + PAGE
    room.look(here, html(PIER))
    room.look(there, html(BUDGET, headline="Budget", **claims(here, how)))
    untouched(room, here, 2)
