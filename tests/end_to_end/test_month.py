"""A month of twelve outlets whose pages move at every look: no revision but the one silent edit,
which is flagged."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from demo.outlets import Outlet, Page, World
from demo.web import Answer, Web, served
from tests.stories import PLACES, SENTENCES

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
LOOKS = [
    timedelta(),
    timedelta(hours=2),
    timedelta(days=1),
    timedelta(days=5),
    timedelta(days=14),
    timedelta(days=30),
]
EDIT = timedelta(days=3)
HOSTS = tuple(f"{name}.example" for name in ("harbour", "ridge", "quay", "fjord", "mole", "skerry",
                                             "gannet", "dunlin", "sorrel", "alder", "heath", "tarn"))  # fmt: skip
EDITED = "fjord.example"
PATH = "/news/100237-landing-of-the-ferries-moves"


def paragraphs(number: int) -> list[str]:
    place = f"{PLACES[number % len(PLACES)]}"
    return [text.format(number=number + 14, less=number + 11, place=place) for text in SENTENCES]


def moving(number: int, draw: random.Random, age: timedelta) -> list[str]:
    """Lines of furniture, of which each outlet has some."""
    minutes = int(age.total_seconds() // 60) + draw.randrange(2, 50)
    ago = (
        f"{minutes} minutes"
        if minutes < 120
        else f"{minutes // 60} hours"
        if minutes < 2880
        else f"{minutes // 1440} days"
    )
    lines = [
        f"Updated {ago} ago",
        f"{draw.randrange(900, 90_000):,} views",
        f"{draw.randrange(2, 400)} comments",
        f"Shared {draw.randrange(20, 900)} times",
        f"Reading time: {draw.randrange(2, 6)} min",
        f"{draw.randrange(30, 900)} readers are reading this now",
        f"HRBR {draw.randrange(900, 1400) / 100:.2f} +{draw.randrange(1, 30) / 10:.1f} %",
        f"Weather in Norvik now: {draw.randrange(2, 12)} degrees, {draw.choice(('dry', 'light rain', 'snow'))}",
    ]
    return [lines[(number + step * 3) % len(lines)] for step in range(3)]


def related(draw: random.Random) -> str:
    chosen = draw.sample(PLACES, 4)
    items = "".join(
        f'<li><a href="/news/{place.split()[0].lower()}">{place} votes</a></li>' for place in chosen
    )
    return f'<aside class="related"><h3>Read also</h3><ul>{items}</ul></aside>'


def advertisement(draw: random.Random) -> str:
    sold = draw.choice(
        (
            "Two months for the price of one.",
            "Piers by Holm & Sons.",
            "Raincoats, now half the price.",
        )
    )
    return f'<p class="ad">Advertisement: {sold}</p>'


def body(number: int, hits: int, age: timedelta) -> str:
    """A page as it comes at one look: its text in one of two layouts, and all around it what
    moves."""
    draw = random.Random(f"{number} {hits}")
    text = paragraphs(number)
    if HOSTS[number] == EDITED and age >= EDIT:
        text[0] = text[0].replace("on Tuesday", "behind closed doors")
    told = [f"<p>{paragraph}</p>" for paragraph in text]
    told.insert(draw.randrange(2, 6), advertisement(draw))
    lines = "".join(f"<p>{line}</p>" for line in moving(number, draw, age))
    headline = f"Landing of the ferries of {PLACES[number % len(PLACES)]} moves"
    top = f'<h1>{headline}</h1><p class="byline">By Ida Berg</p><time datetime="2026-02-28">28 February 2026</time>'
    if hits % 2:
        main = f"<main><article>{top}{''.join(told)}{lines}</article>{related(draw)}</main>"
    else:
        main = (
            f'<div id="page"><div class="col">{related(draw)}</div><div class="article-body">{top}{lines}'
            f"<div class='text'>{''.join(told)}</div></div></div>"
        )
    canonical = f'<link rel="canonical" href="http://{HOSTS[number]}{PATH}">'
    head = f'<meta charset="utf-8"><title>{headline}</title>{canonical}<meta name="nonce" content="{draw.random()}">'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{main}<footer>© 2026</footer></body></html>'


class Restless(Web):
    """Outlets whose pages are others at every look."""

    def respond(self, method: str, host: str, path: str, headers: Mapping[str, str]) -> Answer:
        if path == PATH and host in self.outlets:
            number = HOSTS.index(host)
            page = Page(
                path, body=body(number, self.hits[host + path] + 1, self.now - START).encode()
            )
            self.outlets[host] = replace(self.outlets[host], pages=(page,))
        return super().respond(method, host, path, headers)


@pytest.mark.timeout(600)  # six crawls
def test_a_month_of_pages_that_move_at_each_look_makes_the_one_revision_of_the_silent_edit(
    dateline,
):
    outlets = tuple(Outlet(host, host, feed=None, sitemap=None, validators=False) for host in HOSTS)
    urls = [f"http://{host}{PATH}" for host in HOSTS]
    with served(Restless(World(outlets, START), START)) as web:
        run = dateline(web)
        for look in LOOKS:
            run.at(START + look)
            run("crawl", "--delay", "0", *urls)
    assert run.column(
        "SELECT count(*) FROM fetches WHERE outcome IN ('new', 'changed', 'unchanged')"
    ) == [len(HOSTS) * len(LOOKS)]
    assert run.column("SELECT count(*) FROM articles") == [len(HOSTS)]
    rows = run.rows(
        """SELECT o.host, r.kinds, r.stealth, r.text FROM revisions r JOIN articles a ON a.id = r.article_id
        JOIN outlets o ON o.id = a.outlet_id WHERE r.number > 1"""
    )
    assert [(row["host"], row["kinds"], row["stealth"]) for row in rows] == [
        (EDITED, '["body"]', 1)
    ]
    assert "behind closed doors" in rows[0]["text"]
