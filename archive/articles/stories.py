"""Stories that a person follows: which articles belong to each, by a profile of those that a person
confirmed.

What makes a profile, and how well an article fits it, is decided elsewhere
(`pipelines.topics.stories`) and comes in as a `StoryPolicy`; here are rows. A person's verdict is
final: what was confirmed makes the profile, what was rejected is never listed, and scoring anew
changes neither.

All functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import count, zip_longest
from typing import Any, Literal, TypedDict, TypeVar

from archive.articles.events import articles_with_terms
from archive.articles.language_keys import key_candidates, key_vectors
from archive.articles.leads import lead_term_frequencies
from archive.errors import UsageError
from archive.records import current_timestamp

StoryVersion = TypeVar("StoryVersion", dict[str, Any], sqlite3.Row)
"""An article as a row."""

MAX_STORY_CANDIDATES = 400
"""Articles of the archive that are judged when a listing is made, those that share the most
first."""
FIRST = 120
"""Of them those that are judged first, to learn by which terms the others are found: those that
share the most."""
ALL_STORY_LANGUAGES = 200
"""So few articles are all judged: by what they are found was chosen before anybody knew which words
are rare."""
RELIST_GROWTH, RELIST_AFTER_CRAWL = 2, 1.1
"""A listing is made again when the archive has grown by this factor, amid a crawl and after it:
which words are rare is known better then."""
MIN_FREQUENCY_ARTICLES = 1_000
"""Articles of a language below which an archive does not know what is rare: it counts as one of so
many. Else the names of a story that fills half of a new archive would say nothing."""
MAX_STORY_NAME_CHARS = 40

TermVector = Mapping[str, float]
KnownArticle = Callable[[Collection[str]], tuple[Mapping[str, int], int]]
"""Terms → how many articles of a language hold each, and how many articles of it there are."""
StoryVerdict = Literal["belongs", "not"]
StoryProfileLike = Any
"""Made and read by the judge alone."""


StoryTier = Literal["sure", "likely", "perhaps"]
"""How well an article fits: what is `sure` or `likely` is listed, what is only `perhaps` waits for
a person's word."""
StoryPart = Literal["event", "development", "background"]
"""What an article is to a story: a report of the happening that a person confirmed · an earlier or
later development · a piece that stands alone in time."""


@dataclass(frozen=True, slots=True)
class StoryScore:
    """How well a lead fits a story."""

    value: float
    """From 0 to 1; 0 also for what the story's languages, window or outlets leave out."""
    terms: Sequence[str] = ()
    """What they have in common, the strongest first."""


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """An article that may belong to a story."""

    id: int
    vector: TermVector
    published_at: str | None
    language: str | None
    host: str
    event_id: int | None
    verdict: StoryVerdict | None
    """A person's."""
    keys: TermVector = field(default_factory=dict)
    """What it has in common with reports in other languages (`archive.articles.language_keys`);
    empty where nobody asks."""


@dataclass(frozen=True, slots=True)
class StoryJudgement:
    """Whether an article belongs to a story, and why."""

    probability: float
    """That it belongs; 0 also for what the story's languages, window or outlets leave out."""
    tier: StoryTier | None
    """None: so unlikely that nobody is asked."""
    part: StoryPart | None = None
    terms: Sequence[str] = ()
    """What it has in common with the story, the strongest first."""
    nearest_id: int | None = None
    """The article of the story that it is most like."""


@dataclass(frozen=True, slots=True)
class StoryListing:
    """What became of all candidates."""

    judgements: Sequence[StoryJudgement]
    """In the order of the candidates."""
    terms: Sequence[str]
    """The story's, the strongest first: by them further candidates are found."""
    learnt: str
    """By which what comes later is judged: the judge's own, as JSON."""


@dataclass(frozen=True, slots=True)
class Story:
    """What a person follows."""

    id: int
    name: str
    """As commands call it: `cuba-korea`."""
    title: str
    words: str | None = None
    """That a person gave besides the articles."""
    languages: tuple[str, ...] = ()
    """Only these (ISO 639-1); empty: any."""
    since: str | None = None
    until: str | None = None
    hosts: tuple[str, ...] = ()
    """Only these outlets; empty: all."""
    terms: tuple[str, ...] = field(default=(), compare=False)
    """The profile's best, as the last listing found them."""
    learnt: str | None = field(default=None, compare=False)
    """What the last listing learnt (`StoryListing.learnt`)."""


@dataclass(frozen=True, slots=True)
class ConfirmedArticle:
    """An article of which a person said that it belongs."""

    vector: str
    """JSON, term → weight, of unit length: text, so that a profile is made once and found again."""
    published_at: str | None
    language: str | None
    host: str

    @property
    def weights(self) -> dict[str, float]:
        """The vector, read."""
        return json.loads(self.vector)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class StoryPolicy:
    """What the archive asks about stories and does not know itself
    (`pipelines.topics.stories.STORY_POLICY`)."""

    profile: Callable[[Story, Sequence[ConfirmedArticle]], StoryProfileLike]
    """A story and its confirmed articles → its profile; there may be none of them yet."""
    terms: Callable[[StoryProfileLike], Sequence[str]]
    """The profile's terms, the strongest first: by them articles are found."""
    listing: Callable[[Story, Sequence[StoryCandidate]], StoryListing]
    """All that may belong is judged together: what is near to what belongs, belongs more likely."""
    abroad: Callable[
        [Story, StoryListing, Sequence[StoryCandidate], Sequence[StoryCandidate]], StoryListing
    ]
    """A listing, the articles that it lists, and some in other languages → the listing of these,
    learnt from both."""
    keys: Callable[[Sequence[StoryCandidate]], TermVector]
    """What listed articles have in common with reports in other languages: by it these are
    found."""
    arrival: Callable[[StoryProfileLike, StoryCandidate], StoryJudgement]
    """One article, by what the last listing learnt."""
    opening: Callable[[str | None, str | None, str, str | None], dict[str, float]]
    """Headline, standfirst, text and language → the terms of the opening, counted."""
    vector: Callable[[TermVector, TermVector, Mapping[str, int], int], TermVector]
    """Terms of an article and of its opening, counted; how many articles hold each, of how many →
    the article as a story sees it, of unit length."""


class StoryDefinition(TypedDict, total=False):
    """What a person may say of a story besides its articles; what is left out stays as it is."""

    title: str
    words: str | None
    languages: Sequence[str]
    since: str | None
    until: str | None
    hosts: Sequence[str]


# -- following -------------------------------------------------------------------------------------


def save_story(
    connection: sqlite3.Connection,
    name: str,
    article_ids: Iterable[int],
    judge: StoryPolicy,
    definition: StoryDefinition | None = None,
) -> int:
    """Start a story from articles, or add them to the one of that name, and list what the archive
    has; its id.

    Raises UsageError for a name without a letter or digit.
    """
    story_id = _insert_story(connection, story_slug(name), name)
    _update_definition(connection, story_id, definition or {})
    save_verdict(connection, story_id, article_ids, "belongs")
    relist_story(connection, story_id, judge)
    return story_id


def record_verdict(
    connection: sqlite3.Connection,
    story_id: int,
    article_ids: Iterable[int],
    belongs: bool | None,
    judge: StoryPolicy,
) -> None:
    """A person's word on articles: they belong, they do not, or (None) nothing is said any more."""
    word: StoryVerdict | None = None if belongs is None else "belongs" if belongs else "not"
    save_verdict(connection, story_id, article_ids, word)
    relist_story(connection, story_id, judge)


def delete_story(connection: sqlite3.Connection, story_id: int) -> None:
    """Forget a story and what was said of it; the articles stay."""
    for table in ("story_articles", "story_urls", "story_outlets"):
        # our own names
        connection.execute(f"DELETE FROM {table} WHERE story_id = ?", (story_id,))  # noqa: S608
    connection.execute("DELETE FROM stories WHERE id = ?", (story_id,))


def await_article_verdict(
    connection: sqlite3.Connection, story_id: int, url: str, url_key: str, word: StoryVerdict
) -> None:
    """Keep a person's word on a page that the archive does not have; it counts once a crawl brings
    the page."""
    connection.execute(
        """INSERT INTO story_urls (story_id, url_key, url, verdict) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id, url_key) DO UPDATE SET verdict = excluded.verdict""",
        (story_id, url_key, url, word),
    )


def story_slug(text: str) -> str:
    """A text as a name: small letters and digits of any script, hyphens between the words.

    Raises UsageError if nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "").replace("'", "")).casefold()
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else "-"
        for letter in plain
    )
    # é is e; other scripts' signs stay
    bare = "".join(letter for letter in kept if not "\u0300" <= letter <= "\u036f")
    name = "-".join(filter(None, unicodedata.normalize("NFC", bare).split("-")))
    if not name:
        raise UsageError(
            f"{text!r} is no name for a story; give one with a letter in it, such as harbour-strike"
        )
    return name


def free_story_name(connection: sqlite3.Connection, headline: str) -> str:
    """A name for a new story, from the first words of a headline. Raises UsageError as
    `story_slug`."""
    name = story_slug(headline)
    if len(name) > MAX_STORY_NAME_CHARS:
        name = name[: MAX_STORY_NAME_CHARS + 1].rpartition("-")[0] or name[:MAX_STORY_NAME_CHARS]
    tries = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(each for each in tries if not _story_row(connection, each))


def _insert_story(connection: sqlite3.Connection, name: str, title: str) -> int:
    connection.execute(
        "INSERT INTO stories (name, title, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (name, title, current_timestamp()),
    )
    return int(connection.execute("SELECT id FROM stories WHERE name = ?", (name,)).fetchone()[0])


def _update_definition(
    connection: sqlite3.Connection, story_id: int, definition: StoryDefinition
) -> None:
    for column, value in definition.items():
        kept = json.dumps(value, ensure_ascii=False) if column in ("languages", "hosts") else value
        # a key of Definition
        connection.execute(f"UPDATE stories SET {column} = ? WHERE id = ?", (kept, story_id))  # noqa: S608


def save_verdict(
    connection: sqlite3.Connection,
    story_id: int,
    article_ids: Iterable[int],
    word: StoryVerdict | None,
) -> None:
    """Write down a person's word on articles; `relist_story` is what makes it count for the
    others."""
    moment = current_timestamp()
    connection.executemany(
        """INSERT INTO story_articles (story_id, article_id, verdict, judged_at, found_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (story_id, article_id) DO UPDATE SET verdict = excluded.verdict, judged_at = excluded.judged_at""",
        [(story_id, id, word, word and moment, moment) for id in article_ids],
    )


# -- reading ---------------------------------------------------------------------------------------


def find_story(connection: sqlite3.Connection, name: str) -> Story:
    """The story of a name, as a person writes it. Raises UsageError, with the nearest names, if
    there is none."""
    row = _story_row(connection, name) or _story_row(connection, story_slug(name))
    if row:
        return _story_from_row(row)
    names = [each.name for each in all_stories(connection)]
    near = (
        get_close_matches(story_slug(name), names, n=3, cutoff=0.5)
        or [each for each in names if story_slug(name) in each][:3]
    )
    if near:
        raise UsageError(f"{name}: no such story; did you mean {' or '.join(near)}?")
    told = (
        "`dateline stories` lists them"
        if names
        else "none is followed yet; `dateline follow URL` starts one"
    )
    raise UsageError(f"{name}: no such story; {told}")


def all_stories(connection: sqlite3.Connection) -> list[Story]:
    """All stories, by name."""
    return [
        _story_from_row(row) for row in connection.execute("SELECT * FROM stories ORDER BY name")
    ]


def story_names_of(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[str]:
    """The names of the stories in which all of these articles were confirmed."""
    rows = connection.execute(
        """SELECT s.name FROM stories s JOIN story_articles m ON m.story_id = s.id AND m.verdict = 'belongs'
        WHERE m.article_id IN (SELECT value FROM json_each(?)) GROUP BY s.id HAVING count(*) = ? ORDER BY s.name""",
        (json.dumps(article_ids), len(set(article_ids))),
    )
    return [row["name"] for row in rows]


def story_summaries(
    connection: sqlite3.Connection, chosen: Iterable[Story]
) -> list[dict[str, Any]]:
    """Of each story: name, title, words, how many `articles` and `outlets` it has, and the `newest`
    day."""
    counted = """
        SELECT count(*) AS articles, count(DISTINCT outlet) AS outlets, max(substr(published_at, 1, 10)) AS newest
        FROM story_coverage WHERE story_id = ?"""
    return [
        {"name": each.name, "title": each.title, "words": each.words}
        | dict(connection.execute(counted, (each.id,)).fetchone())
        for each in chosen
    ]


def story_profile_inputs(
    connection: sqlite3.Connection, story_id: int
) -> tuple[Story, list[ConfirmedArticle]]:
    """What a judge makes a profile of: `judge.profile(*profile_of(connection, story_id))`."""
    row = connection.execute("SELECT * FROM stories WHERE id = ?", (story_id,)).fetchone()
    rows = connection.execute(
        """SELECT m.vector, a.published_at, a.language, o.host FROM story_articles m
        JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
        WHERE m.story_id = ? AND m.verdict = 'belongs' AND m.vector IS NOT NULL ORDER BY a.id""",
        (story_id,),
    )
    return _story_from_row(row), [ConfirmedArticle(*each) for each in rows]


def story_listing(connection: sqlite3.Connection, story_id: int) -> list[dict[str, Any]]:
    """The coverage of a story in time order, undated articles last; each text once, the others in
    its `copies`.

    A row has the columns of the view `story_coverage`. Where the original is not in the story, the
    earliest version stands for the text.
    """
    rows = connection.execute(
        "SELECT * FROM story_coverage WHERE story_id = ? ORDER BY published_at IS NULL, published_at, id",
        (story_id,),
    )
    told = [dict(row) | {"terms": json.loads(row["terms"])} for row in rows]
    return [head | {"copies": copies} for head, copies in fold_copies(told)]


def fold_copies(rows: Sequence[StoryVersion]) -> list[tuple[StoryVersion, list[StoryVersion]]]:
    """Each text once, as the article that stands for it and the others: the original, else the
    first.

    A row has an `id` and an `original_id`. The texts are in the order of who stands for them.
    """
    versions: dict[int, list[StoryVersion]] = {}
    for row in rows:
        versions.setdefault(row["original_id"], []).append(row)
    heads = {original: _listing_head(original, of) for original, of in versions.items()}
    return [
        (row, [each for each in versions[row["original_id"]] if each is not row])
        for row in rows
        if heads[row["original_id"]] is row
    ]


def _listing_head(original: int, versions: Sequence[StoryVersion]) -> StoryVersion:
    return next((row for row in versions if row["id"] == original), versions[0])


def _story_row(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    return connection.execute("SELECT * FROM stories WHERE name = ?", (name,)).fetchone()  # type: ignore[no-any-return]


def _story_from_row(row: sqlite3.Row) -> Story:
    lists = {name: tuple(json.loads(row[name])) for name in ("languages", "hosts", "terms")}
    names = ("id", "name", "title", "words", "since", "until", "learnt")
    return Story(**{name: row[name] for name in names} | lists)


# -- listing ---------------------------------------------------------------------------------------


def file_article(
    connection: sqlite3.Connection, article_id: int, judge: StoryPolicy, changed: bool = True
) -> list[int]:
    """Put an article under the stories that it belongs to; their ids.

    One that is not new and whose text has not `changed` may only have got an address for which a
    word waited.
    """
    stale = _arrived_articles(connection, article_id)
    if changed:
        stale |= _story_part(connection, article_id) | _has_outgrown(connection, article_id)
    for story_id in stale:
        relist_story(connection, story_id, judge)
    if changed:
        _file_under_each_story(connection, article_id, judge)
    rows = connection.execute(
        "SELECT story_id FROM story_coverage WHERE id = ? ORDER BY 1", (article_id,)
    )
    return [int(row[0]) for row in rows]


def _file_under_each_story(
    connection: sqlite3.Connection, article_id: int, judge: StoryPolicy
) -> None:
    """Judge one article for each story by what the last listing learnt; where it enters, the
    listing is stale.

    An archive of few articles has little to learn from: there the listing is made again at once,
    which costs little.
    """
    ids = [int(row[0]) for row in connection.execute("SELECT id FROM stories")]
    if not ids:
        return
    few = (
        int(connection.execute("SELECT max(id) FROM articles").fetchone()[0]) <= ALL_STORY_LANGUAGES
    )
    said = dict(
        connection.execute(
            "SELECT story_id, verdict FROM story_articles WHERE article_id = ?", (article_id,)
        ).fetchall()
    )
    [article] = _story_candidates(connection, None, [article_id], judge, keyed=True)
    for story_id in ids:
        candidate = replace(article, verdict=said.get(story_id))
        about, confirmed = story_profile_inputs(connection, story_id)
        judgement = judge.arrival(
            _saved_profile(judge.profile, about, about.learnt, tuple(confirmed)), candidate
        )
        if _save_judgements(connection, about.id, candidate, judgement):
            connection.execute("UPDATE stories SET stale = 1 WHERE id = ?", (about.id,))
            if few:
                relist_story(connection, about.id, judge)


def relist_story(connection: sqlite3.Connection, story_id: int, judge: StoryPolicy) -> None:
    """Make a story's listing from all that the archive has; people's verdicts stay.

    Candidates are looked for twice: by the terms of what a person confirmed, then by those of what
    that found too, as far as the first of them show.
    """
    seen = _Seen(connection, story_id, judge)
    _renew_story_vectors(connection, story_id, seen)
    about, confirmed = story_profile_inputs(connection, story_id)
    terms = list(judge.terms(judge.profile(replace(about, learnt=None), confirmed)))
    found = _found_candidates(connection, about, terms)
    if len(found) > FIRST and _archive_is_large(connection):
        first = found[: max(FIRST, len(_judged(connection, story_id)))]
        found = _merged_candidates(
            found,
            _found_candidates(
                connection, about, judge.listing(about, seen.candidates(first)).terms
            ),
        )
    candidates = seen.candidates(found)
    listing = judge.listing(about, candidates)
    candidates, listing = _with_foreign_candidates(seen, about, candidates, listing)
    dropped = "DELETE FROM story_articles WHERE story_id = ? AND verdict IS NULL"
    found_at = dict(
        connection.execute(
            "SELECT article_id, found_at FROM story_articles WHERE story_id = ?", (story_id,)
        )
    )
    connection.execute(dropped, (story_id,))
    for candidate, judgement in zip(candidates, listing.judgements, strict=True):
        _save_judgements(connection, story_id, candidate, judgement, found_at.get(candidate.id))
    connection.execute(
        """UPDATE stories SET terms = ?, learnt = ?, stale = 0,
        newest_id = (SELECT coalesce(max(id), 0) FROM articles) WHERE id = ?""",
        (_as_compact_json(terms), listing.learnt, story_id),
    )


def refresh_stories(
    connection: sqlite3.Connection, judge: StoryPolicy, everything: bool = False
) -> None:
    """Make the listings again into which something came, or since which the archive has grown by a
    tenth; or all."""
    grown = (
        "SELECT id FROM stories WHERE ? OR stale OR newest_id * ? < (SELECT max(id) FROM articles)"
    )
    for (story_id,) in connection.execute(grown, (everything, RELIST_AFTER_CRAWL)).fetchall():
        relist_story(connection, story_id, judge)


def _arrived_articles(connection: sqlite3.Connection, article_id: int) -> set[int]:
    """The stories in which a person's word on an address of this article waited; it is said now."""
    rows = connection.execute(
        """DELETE FROM story_urls WHERE url_key IN (SELECT url_key FROM urls WHERE article_id = ?)
        RETURNING story_id, verdict""",
        (article_id,),
    ).fetchall()
    for story_id, word in rows:
        save_verdict(connection, story_id, [article_id], word)
    return {int(row[0]) for row in rows}


def _story_part(connection: sqlite3.Connection, article_id: int) -> set[int]:
    """The stories whose profile an article is part of."""
    confirmed = "SELECT story_id FROM story_articles WHERE article_id = ? AND verdict = 'belongs'"
    return {int(row[0]) for row in connection.execute(confirmed, (article_id,))}


def _has_outgrown(connection: sqlite3.Connection, article_id: int) -> set[int]:
    rows = connection.execute(
        "SELECT id FROM stories WHERE newest_id * ? <= ?", (RELIST_GROWTH, article_id)
    )
    return {int(row[0]) for row in rows}


def _renew_story_vectors(connection: sqlite3.Connection, story_id: int, seen: _Seen) -> None:
    rows = connection.execute(
        "SELECT article_id FROM story_articles WHERE story_id = ? AND verdict = 'belongs'",
        (story_id,),
    ).fetchall()
    for each in seen.candidates([row[0] for row in rows]):
        connection.execute(
            "UPDATE story_articles SET vector = ? WHERE story_id = ? AND article_id = ?",
            (
                json.dumps(each.vector, ensure_ascii=False) if each.vector else None,
                story_id,
                each.id,
            ),
        )


@lru_cache(maxsize=256)  # a crawl asks for the same ones at each article
def _saved_profile(
    made: Callable[[Story, Sequence[ConfirmedArticle]], StoryProfileLike],
    about: Story,
    _: str | None,
    confirmed: Sequence[ConfirmedArticle],
) -> Any:
    """Found again by what was learnt, too, which does not make a story another one."""
    return made(about, confirmed)


def _found_candidates(
    connection: sqlite3.Connection, about: Story, terms: Sequence[str]
) -> list[int]:
    """The articles that are judged: those that a person judged, then those that share the most, or
    all of a few."""
    known = _judged(connection, about.id)
    if _archive_is_large(connection):
        likely = (
            articles_with_terms(connection, terms, about.since, about.until, MAX_STORY_CANDIDATES)
            if terms
            else []
        )
    else:
        likely = [int(row[0]) for row in connection.execute("SELECT id FROM articles")]
    return list(dict.fromkeys((*known, *likely)))[: max(MAX_STORY_CANDIDATES, len(known))]


def _judged(connection: sqlite3.Connection, story_id: int) -> list[int]:
    """The articles that a person judged, the latest first."""
    judged = "SELECT article_id FROM story_articles WHERE story_id = ? AND verdict IS NOT NULL ORDER BY judged_at DESC"
    return [int(row[0]) for row in connection.execute(judged, (story_id,))]


def _archive_is_large(connection: sqlite3.Connection) -> bool:
    """Are there so many articles that not all of them are judged?"""
    return (
        len(
            connection.execute(
                "SELECT 1 FROM articles LIMIT ?", (ALL_STORY_LANGUAGES + 1,)
            ).fetchall()
        )
        > ALL_STORY_LANGUAGES
    )


def _merged_candidates(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """In turn from both, what was judged by a person at the head of each."""
    in_turn = (each for pair in zip_longest(first, second) for each in pair if each is not None)
    return list(dict.fromkeys(in_turn))[: max(MAX_STORY_CANDIDATES, len(first))]


class _Seen:
    """The articles that one listing looks at, each read and weighed once."""

    def __init__(self, connection: sqlite3.Connection, story_id: int, judge: StoryPolicy) -> None:
        self.connection, self.story_id, self.judge = connection, story_id, judge
        self._known: dict[int, StoryCandidate] = {}

    def candidates(self, article_ids: Sequence[int]) -> list[StoryCandidate]:
        """Articles as they are judged, in this order; those that the archive does not have are left
        out."""
        new = [id for id in dict.fromkeys(article_ids) if id not in self._known]
        read = _story_candidates(self.connection, self.story_id, new, self.judge) if new else []
        self._known |= {each.id: each for each in read}
        return [self._known[id] for id in article_ids if id in self._known]

    def keyed(self, article_ids: Sequence[int]) -> list[StoryCandidate]:
        """As `articles_with_terms`, with their keys."""
        keys = key_vectors(self.connection, article_ids)
        return [replace(each, keys=keys.get(each.id, {})) for each in self.candidates(article_ids)]


def _story_candidates(
    connection: sqlite3.Connection,
    story_id: int | None,
    article_ids: Sequence[int],
    judge: StoryPolicy,
    *,
    keyed: bool = False,
) -> list[StoryCandidate]:
    """Articles as they are judged for a story, in this order; with their keys, if they are to be
    `keyed`."""
    rows = connection.execute(
        """SELECT a.id, a.published_at, a.language, o.host, w.weights, w.opening, e.event_id, m.verdict
        FROM json_each(?) AS asked CROSS JOIN articles a ON a.id = asked.value JOIN outlets o ON o.id = a.outlet_id
        LEFT JOIN article_words w ON w.article_id = a.id LEFT JOIN event_articles e ON e.article_id = a.id
        LEFT JOIN story_articles m ON m.article_id = a.id AND m.story_id = ?
        ORDER BY asked.key""",
        (json.dumps(list(article_ids)), story_id),
    ).fetchall()
    counts = {
        row["id"]: (
            json.loads(row["weights"] or "{}"),
            json.loads(row["opening"])
            if row["opening"]
            else _save_opening(connection, row["id"], judge),
        )
        for row in rows
    }
    known = _known_articles(connection, [(row["language"], counts[row["id"]]) for row in rows])
    keys = key_vectors(connection, article_ids) if keyed else {}
    return [
        StoryCandidate(
            row["id"], judge.vector(*counts[row["id"]], *known[row["language"]]), row["published_at"],
            row["language"], row["host"], row["event_id"], row["verdict"], keys.get(row["id"], {}),
        )
        for row in rows
    ]  # fmt: skip


def _with_foreign_candidates(
    seen: _Seen, about: Story, candidates: list[StoryCandidate], listing: StoryListing
) -> tuple[list[StoryCandidate], StoryListing]:
    """A listing, and what is reported of it in languages in which nobody confirmed an article."""
    own = {each.language for each in candidates if each.verdict == "belongs"}
    at_home = [
        each.id
        for each, judgement in zip(candidates, listing.judgements, strict=True)
        if each.language in own
        and (each.verdict == "belongs" or judgement.tier in ("sure", "likely"))
    ]
    members = seen.keyed(at_home)
    told = seen.judge.keys(members)
    if not told:
        return candidates, listing
    spoken = next(iter(own)) if len(own) == 1 else None
    found = key_candidates(
        seen.connection, told, about.since, about.until, MAX_STORY_CANDIDATES // 2, spoken
    )
    foreign = [each for each in seen.keyed(found) if each.language and each.language not in own]
    abroad = seen.judge.abroad(about, listing, members, foreign)
    judged = {each.id for each in foreign}
    home = [
        pair
        for pair in zip(candidates, listing.judgements, strict=True)
        if pair[0].id not in judged
    ]
    both = [*home, *zip(foreign, abroad.judgements, strict=True)]
    return [each for each, _ in both], replace(
        abroad, judgements=[judgement for _, judgement in both]
    )


def _save_opening(
    connection: sqlite3.Connection, article_id: int, judge: StoryPolicy
) -> TermVector:
    query = "SELECT headline, standfirst, text, language FROM articles WHERE id = ?"
    opening = judge.opening(*connection.execute(query, (article_id,)).fetchone())
    kept = json.dumps(
        {term: round(weight, 2) for term, weight in opening.items()}, ensure_ascii=False
    )
    connection.execute(
        "UPDATE article_words SET opening = ? WHERE article_id = ?", (kept, article_id)
    )
    return opening


def _known_articles(
    connection: sqlite3.Connection,
    counts: Iterable[tuple[str | None, tuple[TermVector, TermVector]]],
) -> dict[str | None, tuple[Mapping[str, int], int]]:
    """Of each language: how many articles hold each of the terms, and how many articles it counts
    as."""
    terms: dict[str | None, set[str]] = {}
    for language, both in counts:
        terms.setdefault(language, set()).update(*both)
    known: dict[str | None, tuple[Mapping[str, int], int]] = {}
    for language, held in terms.items():
        found, articles = lead_term_frequencies(connection, language, held)
        known[language] = found, max(articles, MIN_FREQUENCY_ARTICLES)
    return known


def _save_judgements(
    connection: sqlite3.Connection,
    story_id: int,
    candidate: StoryCandidate,
    judgement: StoryJudgement,
    found_at: str | None = None,
) -> bool:
    """Keep an article with its story, as long as it may belong or a person judged it; whether it
    may belong."""
    place = (story_id, candidate.id)
    if judgement.tier:
        added = (
            "INSERT OR IGNORE INTO story_articles (story_id, article_id, found_at) VALUES (?, ?, ?)"
        )
        connection.execute(added, (*place, found_at or current_timestamp()))
    elif candidate.verdict is None:
        connection.execute(
            "DELETE FROM story_articles WHERE story_id = ? AND article_id = ?", place
        )
    connection.execute(
        """UPDATE story_articles SET probability = ?, tier = ?, part = ?, terms = ?, nearest_id = ?
        WHERE story_id = ? AND article_id = ?""",
        (round(judgement.probability, 3), judgement.tier, judgement.part,
         _as_compact_json(judgement.terms), judgement.nearest_id, *place),
    )  # fmt: skip
    return judgement.tier is not None


def _as_compact_json(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
