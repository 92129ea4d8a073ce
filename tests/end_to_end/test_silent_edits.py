"""What a page changed in silence is flagged by what the page says; what moves by itself on a page
is no change."""

from __future__ import annotations

import pytest

from archive.articles.revisions import ArticleVersion
from archive.queries.revision_diff import render_revision_diff
from archive.records import Lead
from archive.timestamps import can_be_same_time
from pipelines.dedup.revisions import classify_version
from pipelines.text.fingerprint import text_fingerprint
from tests.reading_room import PIER, ReadingRoom, html

URL = "http://www.courier.example/news/grain-pier-to-shut-for-eleven-weeks"
DAY = '<p class="date"><time datetime="2026-03-03">3 March 2026</time></p>'
CLOCK = '<meta property="article:published_time" content="2026-03-03T09:40:00">'
EDITED = (PIER[0].replace("eleven", "twelve"), *PIER[1:])


def feed(at: str) -> Lead:
    return Lead(URL, via="feed", published_at=at, published_raw=at)


@pytest.mark.parametrize(
    ("date", "head", "first", "later"),
    [
        # met through a story first, listed by the feed later
        (DAY, "", None, "2026-03-03T14:04:00Z"),
        (DAY, "", None, "2026-03-04T01:04:00Z"),
        (DAY, "", "2026-03-03T14:04:00Z", None),
        ("", CLOCK, None, "2026-03-03T09:40:14Z"),  # a clock without zone and seconds
        ("", CLOCK, "2026-03-03T09:40:14Z", None),
        ("", CLOCK, None, "2026-03-03T13:40:14Z"),
    ],
)
def test_a_date_that_a_feed_fills_in_is_no_word_of_the_page(
    room: ReadingRoom, date: str, head: str, first: str | None, later: str | None
):
    room.look(URL, html(PIER, date=date, head=head), lead=feed(first) if first else None)
    room.look(URL, html(EDITED, date=date, head=head), lead=feed(later) if later else None)
    assert room.column("SELECT kinds FROM revisions ORDER BY number") == ["[]", '["body"]']
    assert room.column("SELECT stealth FROM revisions ORDER BY number") == [0, 1]
    assert "published_at" not in render_revision_diff(room.archive.db, 1)


def test_a_date_that_a_feed_fills_in_makes_no_change_by_itself(room: ReadingRoom):
    room.look(URL, html(PIER))
    assert room.look(URL, html(PIER, after=" "), lead=feed("2026-03-03T14:04:00Z")) == "unchanged"
    assert room.column("SELECT reason FROM fetches WHERE reason LIKE 'date-only%'") == []


def test_a_page_without_a_date_hides_nothing_whatever_its_feed_says(room: ReadingRoom):
    room.look(URL, html(PIER, date=""), lead=feed("2026-03-03T14:04:00Z"))
    room.look(URL, html(EDITED, date=""), lead=feed("2026-03-03T14:04:00Z"))
    assert room.column("SELECT stealth FROM revisions ORDER BY number") == [0, 0]


def test_a_page_that_states_another_date_hides_nothing_and_diff_shows_it(room: ReadingRoom):
    def stated(clock: str) -> str:
        return f'<meta property="article:modified_time" content="{clock}">{CLOCK}'

    room.look(URL, html(PIER, date="", head=stated("2026-03-03T10:00:00Z")))
    room.look(URL, html(EDITED, date="", head=stated("2026-03-03T16:30:00Z")))
    assert room.column("SELECT stealth FROM revisions ORDER BY number") == [0, 0]
    assert "modified_at: 2026-03-03T10:00:00Z → 2026-03-03T16:30:00Z" in render_revision_diff(
        room.archive.db, 1
    )


def test_a_known_clock_is_not_lost_when_a_later_look_has_the_day_alone(room: ReadingRoom):
    room.look(URL, html(PIER), lead=feed("2026-03-03T14:04:00Z"))
    room.look(URL, html(EDITED))
    assert room.column("SELECT published_at FROM articles") == ["2026-03-03T14:04:00Z"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-03-03", "2026-03-03T14:04:00Z", True),
        ("2026-03-03", "2026-03-04T03:04:00Z", True),  # the evening of the day before, in America
        ("2026-03-03", "2026-03-04T14:04:00Z", False),
        ("2026-03-03", "2026-03-04T14:04:00", False),
        ("2026-03-03", "2026-03-04", False),
        ("2026-03-03T09:40:00", "2026-03-03T09:40:14Z", True),
        ("2026-03-03T09:40:00", "2026-03-03T04:10:00Z", True),
        ("2026-03-03T09:40:00Z", "2026-03-03T10:40:00Z", False),
        ("2026-03-03T09:40:00", "2026-03-03T09:47:00Z", False),
        ("2026-03-03T09:40:00", "2026-03-05T09:40:00Z", False),
        (None, "2026-03-03", False),
        ("soon", "2026-03-03", False),
    ],
)
def test_moments_say_the_same_where_one_only_says_less(
    one: str | None, other: str | None, same: bool
):
    assert can_be_same_time(one, other) is can_be_same_time(other, one) is same


# -- what moves by itself --------------------------------------------------------------------------

MOVING = [
    ("Updated 5 minutes ago", "Updated 3 hours ago"),
    ("1,204 views", "1,310 views"),
    ("This story has been read 88 times.", "This story has been read 9,950 times."),
    ("Shared 41 times", "Shared 420 times"),
    ("213 readers are reading this now", "57 readers are reading this now"),
    ("Reading time: 2 min", "Reading time: 3 min"),
    ("Lesezeit: 2 Minuten", "Lesezeit: 3 Minuten"),
    ("vor 5 Minuten aktualisiert", "vor 2 Stunden aktualisiert"),
    ("Il y a 5 minutes", "Il y a 2 heures"),
    ("Hace 3 horas", "Hace 2 días"),
    ("12 Kommentare", "97 Kommentare"),
    ("BRKW 12.40 +1.2 %", "BRKW 11.95 -2.4 %"),
    ("Weather in Tollhaven now: 7 degrees, light rain", "Weather in Tollhaven now: 9 degrees, dry"),
    (
        "Advertisement: Holm & Sons build your pier.",
        "Advertisement: Two months for the price of one.",
    ),
]


def version(text: str, **more: str | None) -> ArticleVersion:
    usual = {
        "headline": "Grain pier to shut",
        "published_at": "2026-03-03T09:40:00Z",
        "byline": "By Ida Berg",
    }
    fetched = {"fetched_at": "2026-03-10T12:00:00Z", "fingerprint": text_fingerprint(text)}
    return ArticleVersion(text, **(usual | fetched | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("before", "now"), MOVING)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_line_that_moves_by_itself_is_no_change(before: str, now: str, place: int):
    old, new = ("\n".join((*PIER[:place], line, *PIER[place:])) for line in (before, now))
    assert classify_version(version(old), version(new)).decision == "unchanged"
    # one look had it, the other not
    assert classify_version(version(old), version("\n".join(PIER))).decision == "unchanged"


@pytest.mark.parametrize(("before", "now"), MOVING)
def test_a_silent_edit_is_found_among_what_moves(before: str, now: str):
    verdict = classify_version(
        version("\n".join((before, *PIER))), version("\n".join((now, *EDITED)))
    )
    assert (verdict.kinds, verdict.stealth) == (("body",), True)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("12 people died.", "14 people died."),
        ("12 people died", "14 people died"),
        ("The fire broke out at 6:40 on Tuesday.", "The fire broke out at 5:40 on Tuesday."),
        (
            "The film was viewed 1.2 million times in a week.",
            "The film was viewed 2.1 million times in a week.",
        ),
        (
            "He was arrested two days ago, the police said.",
            "He was arrested three days ago, the police said.",
        ),
        ("Zwölf Menschen starben.", "Vierzehn Menschen starben."),
        ("Toll: 12 dead, 30 hurt", "Toll: 14 dead, 30 hurt"),
    ],
)
def test_a_figure_of_the_article_is_a_change(before: str, now: str):
    old, new = ("\n".join((*PIER, line)) for line in (before, now))
    assert classify_version(version(old), version(new)).kinds == ("body",)


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        ("By Ida Berg · 5 minutes ago", "By Ida Berg · 3 hours ago", ()),
        ("By Ida Berg | 4 min read", "By Ida Berg | 5 min read", ()),
        ("Von Ida Berg – vor 5 Minuten", "Von Ida Berg – vor 2 Stunden", ()),
        ("By Ida Berg · 5 minutes ago", "By Jo Reed · 3 hours ago", ("byline",)),
        ("By Ida Berg", "By Ida Berg and Jo Reed", ("byline",)),
    ],
)
def test_a_relative_time_in_a_byline_is_no_change_of_it(
    before: str, now: str, kinds: tuple[str, ...]
):
    text = "\n".join(PIER)
    assert classify_version(version(text, byline=before), version(text, byline=now)).kinds == kinds


def test_a_page_that_swings_between_two_texts_makes_two_revisions_and_no_more(room: ReadingRoom):
    for text in (PIER, EDITED, PIER, EDITED, PIER, EDITED):
        room.look(URL, html(text))
    assert room.kinds(URL) == [["body"], ["body", "restored"]]
    room.look(URL, html((*PIER, "The board votes again in May.")))
    assert room.kinds(URL)[2:] == [["body"]]
