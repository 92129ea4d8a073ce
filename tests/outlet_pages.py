"""Pages of invented outlets: as many articles as asked for, in one of two designs."""

from __future__ import annotations

from archive.records import Capture

PLACE_NAMES = "Ostrava Lomsk Varnhem Peltow Quarrin Brisley Tarnow Ellmen Zarvo Hadley Norvik Sulm"
THING_NAMES = "ferry bridge library tram orchard lighthouse quarry mill canal theatre market dam"
PLACES, THINGS = tuple(PLACE_NAMES.split()), tuple(THING_NAMES.split())
PEOPLE = ("Ada Breck", "Ivo Lanz", "Nora Feld", "Tom Quill", "Mia Sorn", "Leo Varga", "Eva Holt")
SENTENCES = (
    "The {thing} of {place} will be closed for {count} weeks, the council said after a long session.",
    "People in {place} had asked for the {thing} to be repaired since the flood of last year.",
    "“Nobody can say what the {thing} will cost in the end,” said {person}, who has lived in {place} for {count} years.",
    "A report of {count} pages lists what is broken, from the old roof to the cables below the {thing}.",
    "The work begins in spring, and {person} hopes that {place} will have its {thing} back before the winter.",
)
OTHER_NEWS = (
    '<div class="more-news"><h3>More from the region</h3>'
    + "".join(
        f'<div class="teaser"><a href="/n/{place}">{thing} news from {place}</a>'
        f"<p>Why the {thing} of {place} matters to everybody who lives there, and what comes next.</p></div>"
        for place, thing in zip(PLACES, THINGS, strict=True)
    )
    + "</div>"
)
OLD_DESIGN = """<html lang="en"><head><title>{headline} - {host}</title></head><body>
<div id="top"><ul class="menu"><li><a href="/">Home</a></li><li><a href="/region">Region</a></li></ul>
<div class="weather">Cloudy, 12 degrees</div></div>
<div id="page"><div class="story"><h1>{headline}</h1><p class="byline">By {person}</p>
<p class="stamp">{day}</p><div class="story-text">{paragraphs}</div>
<div class="appeal"><p>The {host} newsletter brings the news of the region to your desk on every working day.</p></div></div>
<div class="side">{other_news}</div></div>
<div id="foot"><p>All pages of {host} are written by people who live in the region and know it well.</p></div>
</body></html>"""
NEW_DESIGN = """<html lang="en"><head><title>{headline} - {host}</title></head><body>
<header class="masthead"><nav class="sections"><a href="/">Home</a></nav></header>
<main class="reading"><article class="piece"><h1 class="piece-title">{headline}</h1>
<div class="piece-credits">By {person} · {day}</div><section class="piece-body">{paragraphs}</section></article>
<section class="further">{other_news}</section></main></body></html>"""


def article_page(
    number: int, host: str = "gazette.example", *, design: str = OLD_DESIGN
) -> Capture:
    """Return the page of the article of a number."""
    place = PLACES[number % len(PLACES)]
    thing = THINGS[(number * 5 + number // len(PLACES)) % len(THINGS)]
    facts = {
        "place": place,
        "thing": thing,
        "person": PEOPLE[number % len(PEOPLE)],
        "count": number + 3,
    }
    paragraphs = "".join(f"<p>{sentence.format(**facts)}</p>" for sentence in SENTENCES)
    body = design.format(
        headline=f"{place} waits {number + 3} weeks for its {thing}",
        host=host,
        person=facts["person"],
        day=f"{number % 28 + 1} March 2024",
        paragraphs=paragraphs,
        other_news=OTHER_NEWS,
    )
    url = f"https://{host}/2024/03/{place.lower()}-{thing}-{number}"
    return Capture(url, body.encode(), status=200, fetched_at="2024-04-02T12:00:00Z")
