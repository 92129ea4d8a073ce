"""A few invented pages that many tests are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.web import Outlet, Page, World

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

SENTENCES = (
    "The harbour board voted {number} to {less} on Tuesday to move the ferry landing to the north quay.",
    "Residents of ward {number} had asked for the move since the winter storms broke the old pier.",
    "The work will cost {number} million crowns and take until autumn, the board said.",
    "“We would rather do it once and do it well,” said Ida Holm, who chairs the board of {place}.",
    "A barge from {place} will carry passengers in the meantime, every {number} minutes in the morning.",
    "Shopkeepers on the south side fear for their trade and want the council to lower their rents.",
    "Engineers sank the first of {number} piles last week, and divers inspected the sea bed off {place}.",
    "The council meets again in {less} weeks to decide who pays for the road.",
)
PLACES = (
    "Norvik",
    "Eastmere",
    "Salthaven",
    "Brannoch",
    "Tolland",
    "Marrow Bay",
    "Greywater",
    "Ullsund",
)


def story(number: int) -> str:
    """A short article of five paragraphs, unlike that of any other number."""
    place = PLACES[number % len(PLACES)]
    chosen = [SENTENCES[(number * 3 + i) % len(SENTENCES)] for i in range(5)]
    told = [
        sentence.format(number=number + 3, less=number + 2, place=f"{place} {number}")
        for sentence in chosen
    ]
    return "\n\n".join(f"{paragraph} {told[(i + 2) % 5]}" for i, paragraph in enumerate(told))


def page(number: int, **more: object) -> Page:
    """An article, published `number` hours before now."""
    usual = {
        "path": f"/news/{1000 + number}-ferry-landing",
        "headline": f"Ferry landing of {PLACES[number % len(PLACES)]} moves, part {number}",
        "text": story(number),
        "published": NOW - timedelta(hours=number),
        "authors": ("Ida Berg",),
    }
    return Page(**(usual | more))  # type: ignore[arg-type]


def outlet(host: str = "harbour.example", many: int = 5, **more: object) -> Outlet:
    """An outlet with a few articles."""
    pages = tuple(page(number) for number in range(1, many + 1))
    return Outlet(host, "The Harbour Post", **({"pages": pages} | more))  # type: ignore[arg-type]


def world(*outlets: Outlet) -> World:
    return World(outlets or (outlet(),), NOW)
