"""What belongs to a story: by its profile, and above all by a person's word. Articles here are a
few words each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from archive.articles import stories
from archive.articles.events import join_event, update_article_words
from archive.articles.stories import (
    ConfirmedArticle,
    Story,
    StoryCandidate,
    StoryDefinition,
    StoryJudgement,
    StoryListing,
    StoryPolicy,
    StoryTier,
)
from archive.errors import UsageError
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from pipelines.topics.events import EVENT_POLICY as EVENTS

MOMENT = "2024-03-01T06:00:00Z"
FERRY = "ferry dockers harbour strike"
FOOTBALL = "football goal keeper final"
PROFILE = tuple[Story, dict[str, float]]


def counted(_: str | None, __: str | None, text: str, ___: str | None) -> dict[str, float]:
    return dict.fromkeys(text.split(), 1.0)


def vector(
    _: Any, opening: Mapping[str, float], __: Mapping[str, int], ___: int
) -> dict[str, float]:
    return {word: 1 / sqrt(len(opening)) for word in opening}


def profile(about: Story, confirmed: Sequence[ConfirmedArticle]) -> PROFILE:
    """The best weight that any confirmed article, or the person's words, give a term."""
    weights = dict.fromkeys((about.words or "").split(), 1.0)
    for each in confirmed:
        weights |= {
            term: max(weight, weights.get(term, 0.0)) for term, weight in each.weights.items()
        }
    return about, weights


def judged(known: PROFILE, candidate: StoryCandidate) -> StoryJudgement:
    about, profiled = known
    if about.hosts and candidate.host not in about.hosts:
        return StoryJudgement(0.0, None)
    common = {
        term: weight * profiled[term]
        for term, weight in candidate.vector.items()
        if term in profiled
    }
    fits = min(1.0, sum(common.values()))
    tier: StoryTier | None = (
        "sure" if fits >= 0.9 else "likely" if fits >= 0.5 else "perhaps" if fits >= 0.3 else None
    )
    return StoryJudgement(fits, tier, None, sorted(common))


def listing(about: Story, candidates: Sequence[StoryCandidate]) -> StoryListing:
    confirmed = [
        ConfirmedArticle(json.dumps(each.vector), each.published_at, each.language, each.host)
        for each in candidates
        if each.verdict == "belongs"
    ]
    known = profile(about, confirmed)
    return StoryListing([judged(known, each) for each in candidates], sorted(known[1]), "learnt")


JUDGE = StoryPolicy(
    profile,
    lambda known: sorted(known[1]),
    listing,
    lambda _, home, __, foreign: replace(
        home, judgements=[StoryJudgement(0.0, None)] * len(foreign)
    ),
    lambda _: {},
    list,
    lambda _: set(),
    lambda board, candidate: [judged(known, candidate) for known in board],
    counted,
    vector,
)


class Desk:
    """An archive to which articles come while stories are followed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    def keep(
        self,
        text: str,
        host: str = "paper.example",
        filed: bool = True,
        published_at: str = "2024-03-01",
    ) -> int:
        """A new article; its number."""
        self.db.execute(
            "INSERT OR IGNORE INTO outlets (host, added_at) VALUES (?, ?)", (host, MOMENT)
        )
        done = self.db.execute(
            """INSERT INTO articles (outlet_id, url, headline, text, published_at, fetched_at)
            SELECT id, ?, ?, ?, ?, ? FROM outlets WHERE host = ?""",
            (f"http://{host}/{text}", text, text, published_at, MOMENT, host),
        )
        article_id = int(done.lastrowid or 0)
        key = f"{host}/{article_id}"
        self.db.execute(
            "INSERT INTO urls (url, url_key, outlet_id, article_id, found_at) VALUES (?, ?, 1, ?, ?)",
            (f"http://{key}", key, article_id, MOMENT),
        )
        join_event(self.db, article_id, EVENTS)
        if filed:
            stories.file_article(self.db, article_id, JUDGE)
        return article_id

    def follow(self, name: str, *article_ids: int, **definition: Any) -> int:
        return stories.save_story(self.db, name, article_ids, JUDGE, StoryDefinition(**definition))

    def verdict(self, story_id: int, article_id: int, belongs: bool | None) -> None:
        stories.record_verdict(self.db, story_id, [article_id], belongs, JUDGE)

    def listed(self, story_id: int) -> set[int]:
        return {row["id"] for row in stories.story_listing(self.db, story_id)}


@pytest.fixture(params=[stories.MAX_ARTICLES_ALL_CANDIDATES, 0], ids=["few", "many"])
def desk(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """An archive of so few articles that all are scored, or of so many that they are found by their
    words."""
    monkeypatch.setattr(stories, "MAX_ARTICLES_ALL_CANDIDATES", request.param)
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    yield Desk(connection)
    connection.close()


# -- what fits -------------------------------------------------------------------------------------


def test_a_story_lists_what_the_archive_has_that_fits_and_says_why(desk: Desk) -> None:
    first, second, _ = (
        desk.keep(FERRY),
        desk.keep("ferry dockers harbour lockout"),
        desk.keep(FOOTBALL),
    )
    rows = {row["id"]: row for row in stories.story_listing(desk.db, desk.follow("ferries", first))}
    assert set(rows) == {first, second}
    assert (rows[first]["verdict"], rows[second]["verdict"]) == ("belongs", None)
    assert (rows[second]["probability"], rows[second]["terms"]) == (
        0.75,
        ["dockers", "ferry", "harbour"],
    )
    assert (rows[first]["tier"], rows[second]["tier"]) == ("sure", "likely")


def test_a_new_article_is_filed_under_every_story_that_it_fits(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    football = desk.follow("football", desk.keep(FOOTBALL))
    both = desk.keep(f"{FERRY} {FOOTBALL}")
    neither = desk.keep("parliament budget vote")
    stories.file_article(desk.db, both, JUDGE)
    stories.file_article(desk.db, neither, JUDGE)
    assert both in desk.listed(ferries) & desk.listed(football)
    assert neither not in desk.listed(ferries) | desk.listed(football)


def test_an_article_whose_text_changed_is_held_against_the_stories_anew(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    changing = desk.keep("ferry dockers harbour lockout")
    desk.db.execute("UPDATE articles SET text = ? WHERE id = ?", (FOOTBALL, changing))
    update_article_words(desk.db, changing, EVENTS)
    stories.file_article(desk.db, changing, JUDGE)
    assert changing not in desk.listed(ferries)


def test_a_story_grows_by_what_a_person_confirms_and_not_by_itself(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    bridge = desk.keep("ferry dockers harbour bridge tunnel")
    beyond = desk.keep("bridge tunnel toll")
    assert desk.listed(ferries) == {1, bridge}
    desk.verdict(ferries, bridge, True)
    assert beyond in desk.listed(ferries)


def test_what_was_missed_is_found_when_the_archive_has_doubled(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    missed = desk.keep("ferry dockers harbour lockout", filed=False)
    assert missed not in desk.listed(ferries)
    desk.keep(FOOTBALL)
    assert missed in desk.listed(ferries)


def test_listings_are_refreshed_only_where_the_archive_has_grown(desk: Desk) -> None:
    ferries = desk.follow("ferries", *(desk.keep(f"{FERRY} {number}") for number in range(5)))
    missed = desk.keep("ferry dockers harbour strike again", filed=False)
    desk.db.execute("DELETE FROM story_articles WHERE article_id = 1")
    stories.refresh_stories(desk.db, JUDGE)
    assert missed in desk.listed(ferries)
    desk.db.execute("DELETE FROM story_articles WHERE article_id = ?", (missed,))
    stories.refresh_stories(desk.db, JUDGE)
    assert missed not in desk.listed(ferries)
    stories.refresh_stories(desk.db, JUDGE, everything=True)
    assert missed in desk.listed(ferries)


def test_words_that_a_person_gives_are_part_of_the_profile_and_outlets_narrow_it(
    desk: Desk,
) -> None:
    first, worded = desk.keep(FERRY), desk.keep("lockout union")
    elsewhere = desk.keep(FERRY + " elsewhere", host="other.example")
    ferries = desk.follow("ferries", first, words="lockout union")
    assert desk.listed(ferries) == {first, worded, elsewhere}
    desk.follow("ferries", hosts=["paper.example"])
    assert desk.listed(ferries) == {first, worded}
    desk.follow("ferries", words=None, hosts=[])
    assert desk.listed(ferries) == {first, elsewhere}


# -- a person's word -------------------------------------------------------------------------------


def everything_again(desk: Desk, story_id: int) -> None:
    """All that scores articles anew."""
    desk.follow("ferries", 1)
    stories.relist_story(desk.db, story_id, JUDGE)
    stories.refresh_stories(desk.db, JUDGE, everything=True)
    for row in desk.db.execute("SELECT id FROM articles").fetchall():
        stories.file_article(desk.db, row["id"], JUDGE)


def test_what_a_person_rejected_is_never_listed_again_however_well_it_fits(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    twin = desk.keep(FERRY + " twin")
    desk.verdict(ferries, twin, False)
    everything_again(desk, ferries)
    assert desk.listed(ferries) == {1}


def test_what_a_person_confirmed_stays_however_little_it_fits(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY), hosts=["paper.example"])
    far = desk.keep(FOOTBALL, host="other.example")
    desk.verdict(ferries, far, True)
    everything_again(desk, ferries)
    row = next(row for row in stories.story_listing(desk.db, ferries) if row["id"] == far)
    assert (row["verdict"], row["probability"]) == ("belongs", 0.0)


def test_a_word_that_is_taken_back_leaves_it_to_the_score(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    near, far = desk.keep("ferry dockers harbour lockout"), desk.keep(FOOTBALL)
    desk.verdict(ferries, near, False)
    desk.verdict(ferries, far, True)
    for article_id in (near, far):
        desk.verdict(ferries, article_id, None)
    assert desk.listed(ferries) == {1, near}
    assert (
        desk.db.execute(
            "SELECT count(*) FROM story_articles WHERE article_id = ?", (far,)
        ).fetchone()[0]
        == 0
    )


def test_a_word_on_a_page_that_is_not_there_counts_when_it_comes(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    for article_id, word in ((2, "belongs"), (3, "not")):
        url = f"http://paper.example/{article_id}"
        stories.await_article_verdict(desk.db, ferries, url, f"paper.example/{article_id}", word)  # type: ignore[arg-type]
    far, near = desk.keep(FOOTBALL), desk.keep("ferry dockers harbour lockout")
    assert desk.listed(ferries) == {1, far}
    assert near in [
        row[0]
        for row in desk.db.execute("SELECT article_id FROM story_articles WHERE verdict = 'not'")
    ]
    assert desk.db.execute("SELECT count(*) FROM story_urls").fetchone()[0] == 0


def test_a_story_without_a_confirmed_article_finds_nothing_and_breaks_nothing(desk: Desk) -> None:
    ferries = desk.follow("ferries")
    desk.keep(FERRY)
    assert desk.listed(ferries) == set()


# -- stories and their names -----------------------------------------------------------------------


def test_a_story_that_could_not_be_made_leaves_nothing(desk: Desk) -> None:
    article_id = desk.keep(FERRY)

    def broken(about: Story, confirmed: Sequence[ConfirmedArticle]) -> PROFILE:
        raise ZeroDivisionError

    judge = replace(JUDGE, profile=broken)
    with pytest.raises(ZeroDivisionError), transaction(desk.db) as db:
        stories.save_story(db, "ferries", [article_id], judge)
    assert stories.all_stories(desk.db) == []
    assert desk.db.execute("SELECT count(*) FROM story_articles").fetchone()[0] == 0


def test_a_story_that_is_not_followed_any_more_leaves_its_articles(desk: Desk) -> None:
    ferries = desk.follow("ferries", desk.keep(FERRY))
    other = desk.follow("football", desk.keep(FOOTBALL))
    stories.await_article_verdict(
        desk.db, ferries, "http://paper.example/9", "paper.example/9", "not"
    )
    stories.delete_story(desk.db, ferries)
    assert [each.id for each in stories.all_stories(desk.db)] == [other]
    counts = [desk.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in
              ("story_articles", "story_urls", "articles")]  # fmt: skip
    assert counts == [1, 0, 2]


def test_stories_are_told_with_their_articles_outlets_and_newest_day(desk: Desk) -> None:
    desk.follow(
        "ferries",
        desk.keep(FERRY),
        desk.keep(FERRY + " too", host="other.example", published_at="2024-05-02"),
    )
    (row,) = stories.story_summaries(desk.db, stories.all_stories(desk.db))
    assert row == {
        "name": "ferries", "title": "ferries", "words": None, "articles": 2, "outlets": 2, "newest": "2024-05-02",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Harbour strike", "harbour-strike"),
        ("  Zürich’s ferries: 2nd day! ", "zurichs-ferries-2nd-day"),
        ("東京都知事が退任へ", "東京都知事が退任へ"),
        ("알데르마르크·산타리리오", "알데르마르크-산타리리오"),
        ("กรุงเทพ", "กรุงเทพ"),
        ("المجلس يعلن", "المجلس-يعلن"),
        ("--name; DROP TABLE", "name-drop-table"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_name_is_made_of_letters_and_digits_of_any_script(text: str, name: str) -> None:
    assert stories.story_slug(text) == name
    assert stories.story_slug(name) == name


@pytest.mark.parametrize("text", ["", " ", "—", "🙂"])
def test_what_has_no_letter_is_no_name(text: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        stories.story_slug(text)


def test_a_name_made_from_a_headline_ends_with_a_word_and_is_free(desk: Desk) -> None:
    headline = "Dockers in the harbour of Norvik lay down their work for a third week"
    name = stories.free_story_name(desk.db, headline)
    assert name == "dockers-in-the-harbour-of-norvik-lay"
    desk.follow(name, desk.keep(FERRY))
    assert stories.free_story_name(desk.db, headline) == f"{name}-2"
    assert stories.free_story_name(desk.db, "a" * 90) == "a" * stories.MAX_STORY_NAME_CHARS


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("harbor-strike", "did you mean harbour-strike"),
        ("strike", "did you mean harbour-strike"),
        ("zeppelin", "`dateline stories` lists them"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(desk: Desk, name: str, said: str) -> None:
    desk.follow("harbour-strike", desk.keep(FERRY))
    assert stories.find_story(desk.db, "Harbour Strike").name == "harbour-strike"
    with pytest.raises(UsageError, match=said):
        stories.find_story(desk.db, name)


def test_stories_are_known_by_the_articles_that_they_were_started_from(desk: Desk) -> None:
    ids = [desk.keep(FERRY), desk.keep(FERRY + " too"), desk.keep(FOOTBALL)]
    desk.follow("ferries", *ids[:2])
    assert (
        stories.story_names_of(desk.db, ids[:1])
        == stories.story_names_of(desk.db, ids[:2])
        == ["ferries"]
    )
    assert stories.story_names_of(desk.db, ids) == stories.story_names_of(desk.db, []) == []
