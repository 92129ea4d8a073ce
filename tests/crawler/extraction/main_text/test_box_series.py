"""Questions and answers, and the entries of live reports, keep their short lines."""

from __future__ import annotations

import pytest

from archive.records import Capture
from crawler.extraction.extract import extract_article
from tests.lighthouse import PARAGRAPHS

HEADLINE = "Keepers move the old lamp to the northern cape"
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
ASKED = (
    (
        "When will the lamp be moved?",
        "In the first week of May, if the road to the cape holds until then.",
    ),
    ("Who pays for it?", "The county, and no one else."),
    ("Can it be stopped?", "Yes. The pilots may object within a month."),
    ("Why now?", "Fog."),
)
ENTRIES = (
    ("Lamp is out", "The lamp has left the tower on a cart with eight wheels, a keeper said."),
    ("Crane arrives", "The crane came by the coast road, with two hours of delay."),
    ("First boats", "Some twenty boats lie in front of the cape, and carry lanterns."),
    ("Good morning", "Welcome to our live coverage of the last day of the old lamp."),
)


def lines(body: str) -> list[str]:
    page = (
        f"<!doctype html><html lang=en><head><title>{HEADLINE} - Fennmouth Log</title></head><body><main><article>"
        f"<h1>{HEADLINE}</h1>{body}</article></main><footer><h3>Contact</h3><h3>Imprint</h3></footer></body></html>"
    )
    return extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    ).text.split("\n")


@pytest.mark.parametrize(
    "mark_up",
    [
        "<h3>{}</h3><p>{}</p>",
        "<p><strong>{}</strong></p><p>{}</p>",
        "<dl><dt>{}</dt><dd>{}</dd></dl>",
        "<div class=question>{}</div><div class=answer>{}</div>",
        "<div class=faq-item><h3 class=faq-question>{}</h3><div class=faq-answer><p>{}</p></div></div>",
        "<details><summary>{}</summary><p>{}</p></details>",
        "<div itemprop=mainEntity><h3 itemprop=name>{}</h3><div itemprop=acceptedAnswer><div itemprop=text>{}</div></div>"
        "</div>",
    ],
)
def test_questions_and_answers_are_read_whole(mark_up: str):
    found = lines(BODY + "".join(mark_up.format(*each) for each in ASKED))
    assert found == [*PARAGRAPHS, *(line for each in ASKED for line in each)]


@pytest.mark.parametrize(
    "mark_up",
    [
        "<div class=live-entry><time>12:00</time><h3>{}</h3><p>{}</p></div>",
        "<article class=liveblog-post><header><h2>{}</h2></header><div><p>{}</p></div></article>",
        "<section><p class=timestamp>12:00</p><h3>{}</h3><p>{}</p></section>",
    ],
)
def test_entries_of_a_live_report_keep_their_headings(mark_up: str):
    entries = "".join(mark_up.format(*each) for each in ENTRIES)
    found = lines(f"<p>{PARAGRAPHS[0]}</p><div class=liveblog>{entries}</div>")
    assert found == [PARAGRAPHS[0], *(line for each in ENTRIES for line in each)]


def test_headings_beside_the_text_do_not_become_part_of_it():
    related = "".join(f"<h3><a href=/{n}>Lamp {n} of the county</a></h3>" for n in range(4))
    asked = "".join(f"<h3>{q}</h3><p>{a}</p>" for q, a in ASKED)
    found = lines(f"{BODY}{asked}<aside class=related><h3>More</h3>{related}</aside>")
    assert found == [*PARAGRAPHS, *(line for each in ASKED for line in each)]
