"""The stories that a person follows, and the articles that belong to each.

A `StoryPolicy` (`pipelines.topics.stories`) builds profiles and scores articles; this module
handles the rows. A person's verdict is final: confirmed articles make the profile, rejected ones
are never listed, and a new listing changes neither.

All functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import count, zip_longest
from typing import Any, Literal, TypedDict, TypeVar

from archive.articles.events import articles_with_terms
from archive.articles.language_keys import (
    MAX_VECTOR_KEYS,
    key_candidates,
    key_vectors,
    key_vectors_among,
)
from archive.articles.leads import lead_term_frequencies
from archive.articles.stored_vectors import StoredVector, packed_vector
from archive.articles.vocabulary import (
    MIN_FREQUENCY_ARTICLES,
    MIN_LASTING_ARTICLES,
    CountedTerms,
    may_keep_frequencies,
)
from archive.errors import UsageError
from archive.records import current_timestamp

ArticleRowType = TypeVar("ArticleRowType", dict[str, Any], sqlite3.Row)
"""An article as a row."""

MAX_STORY_CANDIDATES = 400
"""Maximum number of candidates of a listing, by the terms that they share with the story."""
FIRST_PASS_CANDIDATES = 120
"""Number of candidates in the first pass, whose listing gives the terms to find the others."""
MAX_ARTICLES_ALL_CANDIDATES = 200
"""Maximum number of articles in an archive for all of them to be candidates: the postings of so
small an archive were chosen before it was known which words are rare."""
RELIST_GROWTH, RELIST_AFTER_CRAWL = 2, 1.1
"""Growth of the archive after which a listing is renewed, during a crawl and after it, because the
document frequencies are then better known."""
LISTED_MEMBER_SQL = (
    "(m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely')))"
)
"""The SQL condition that a row `m` of `story_articles` is listed: its article belongs by a person's
verdict, or without a verdict at least likely."""
MAX_STORY_NAME_CHARS = 40

TermVector = Mapping[str, float]
FrequencyLookup = Callable[[Collection[str]], tuple[Mapping[str, int], int]]
"""Terms → the document frequency of each in a language, and the number of its articles."""
StoryVerdict = Literal["belongs", "not"]
StoryProfileLike = Any
"""A profile, opaque outside the policy."""
StoryBoardLike = Any
"""The profiles of several stories, prepared for scoring; opaque outside the policy."""


StoryTier = Literal["sure", "likely", "perhaps"]
"""Tier of an article: `sure` and `likely` are listed, `perhaps` awaits a person's verdict."""
StoryPart = Literal["event", "development", "background"]
"""Part of an article in its story: a report of the confirmed event · an earlier or later
development · a piece far from the others in time."""


@dataclass(frozen=True, slots=True)
class StoryScore:
    """The score of a lead for a story."""

    value: float
    """From 0 to 1; 0 also outside the languages, dates and outlets of the story."""
    terms: Sequence[str] = ()
    """The terms that the lead shares with the story, the strongest first."""


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
    """The verdict of a person."""
    keys: TermVector = field(default_factory=dict)
    """Vector of language keys (`archive.articles.language_keys`); empty if it is not needed."""


@dataclass(frozen=True, slots=True)
class StoryJudgement:
    """The result for a candidate, with reasons."""

    probability: float
    """Probability that it belongs; 0 also outside the languages, dates and outlets of the story."""
    tier: StoryTier | None
    """None below the lowest tier: the article is not shown to a person."""
    part: StoryPart | None = None
    terms: Sequence[str] = ()
    """The terms that the article shares with the story, the strongest first."""
    nearest_id: int | None = None
    """The most similar other article of the story."""


@dataclass(frozen=True, slots=True)
class StoryListing:
    """The results for all candidates."""

    judgements: Sequence[StoryJudgement]
    """In the order of the candidates."""
    terms: Sequence[str]
    """The story's terms, the strongest first, with which further candidates are found."""
    classifier: str
    """The policy's state, as JSON, by which later articles are scored."""


@dataclass(frozen=True, slots=True)
class Story:
    """The definition of a story, and the saved result of its last listing."""

    id: int
    name: str
    """As in commands: `cuba-korea`."""
    title: str
    words: str | None = None
    """Words that a person gave besides the articles."""
    languages: tuple[str, ...] = ()
    """The only languages (ISO 639-1); empty: any."""
    since: str | None = None
    until: str | None = None
    hosts: tuple[str, ...] = ()
    """The only outlets; empty: all."""
    terms: tuple[str, ...] = field(default=(), compare=False)
    """The strongest terms of the profile in the last listing."""
    classifier: str | None = field(default=None, compare=False)
    """The state saved by the last listing (`StoryListing.classifier`)."""


@dataclass(frozen=True, slots=True)
class ConfirmedArticle:
    """An article that a person confirmed."""

    vector: str
    """Term → weight, of unit length, as JSON: a string is hashable, so that profiles can be cached.
    """
    published_at: str | None
    language: str | None
    host: str

    @property
    def weights(self) -> dict[str, float]:
        """The parsed vector."""
        return json.loads(self.vector)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class StoryPolicy:
    """The decisions about stories that the archive does not make itself.

    They are made by `pipelines.topics.stories.STORY_POLICY`.
    """

    profile: Callable[[Story, Sequence[ConfirmedArticle]], StoryProfileLike]
    """Story, its confirmed articles (possibly empty) → profile."""
    terms: Callable[[StoryProfileLike], Sequence[str]]
    """Profile → its terms, the strongest first, with which articles are found."""
    listing: Callable[[Story, Sequence[StoryCandidate]], StoryListing]
    """Story, candidates → listing. All candidates are scored together, because articles similar to
    members are more likely members."""
    abroad: Callable[
        [Story, StoryListing, Sequence[StoryCandidate], Sequence[StoryCandidate]], StoryListing
    ]
    """Story, its listing, the listed articles, candidates in other languages → the listing of these
    candidates, with a state learnt from both."""
    keys: Callable[[Sequence[StoryCandidate]], TermVector]
    """Listed articles → vector of language keys, with which reports in other languages are found.
    """
    board: Callable[[Sequence[StoryProfileLike]], StoryBoardLike]
    """Profiles of all stories → what `arrivals` needs of them, prepared once for many articles."""
    board_keys: Callable[[StoryBoardLike], Set[str]]
    """Prepared profiles → the language keys with which `arrivals` compares an article."""
    arrivals: Callable[[StoryBoardLike, StoryCandidate], Sequence[StoryJudgement]]
    """Prepared profiles, a single article → its judgement for each story, by the state of the
    story's last listing."""
    opening: Callable[[str | None, str | None, str, str | None], dict[str, float]]
    """Headline, standfirst, text, language → term counts of the opening."""
    vector: Callable[[TermVector, TermVector, Mapping[str, int], int], TermVector]
    """Term counts of an article, of its opening, document frequencies, number of documents → the
    article's vector, of unit length."""


class StoryDefinition(TypedDict, total=False):
    """Properties of a story that a person may set; missing keys change nothing."""

    title: str
    words: str | None
    languages: Sequence[str]
    since: str | None
    until: str | None
    hosts: Sequence[str]


# -- writing ---------------------------------------------------------------------------------------


def save_story(
    connection: sqlite3.Connection,
    name: str,
    article_ids: Iterable[int],
    judge: StoryPolicy | None,
    definition: StoryDefinition | None = None,
) -> int:
    """Create or extend the story of a name, renew its listing, and return its id.

    Without a policy to judge by, the next crawl renews the listing. Raises UsageError for a name
    without a letter or digit.
    """
    story_id = _insert_story(connection, story_slug(name), name)
    _update_definition(connection, story_id, definition or {})
    save_verdict(connection, story_id, article_ids, "belongs")
    _relist_or_postpone(connection, story_id, judge)
    return story_id


def record_verdict(
    connection: sqlite3.Connection,
    story_id: int,
    article_ids: Iterable[int],
    belongs: bool | None,
    judge: StoryPolicy | None,
) -> None:
    """Save a person's verdict on articles and renew the listing; None withdraws a verdict.

    Without a policy to judge by, the next crawl renews the listing.
    """
    words: dict[bool | None, StoryVerdict | None] = {None: None, True: "belongs", False: "not"}
    save_verdict(connection, story_id, article_ids, words[belongs])
    _relist_or_postpone(connection, story_id, judge)


def _relist_or_postpone(
    connection: sqlite3.Connection, story_id: int, judge: StoryPolicy | None
) -> None:
    """List a story again now, or without a policy leave it to the next crawl."""
    if judge:
        relist_story(connection, story_id, judge)
    else:
        connection.execute("UPDATE stories SET newest_id = 0, stale = 1 WHERE id = ?", (story_id,))


def delete_story(connection: sqlite3.Connection, story_id: int) -> None:
    """Delete a story with its verdicts and notes; the articles stay."""
    for table in ("story_articles", "story_urls", "story_outlets", "notes"):
        # constant table names
        connection.execute(f"DELETE FROM {table} WHERE story_id = ?", (story_id,))  # noqa: S608
    connection.execute("DELETE FROM stories WHERE id = ?", (story_id,))


def await_article_verdict(
    connection: sqlite3.Connection, story_id: int, url: str, url_key: str, word: StoryVerdict
) -> None:
    """Save a verdict on a page that the archive lacks; it counts once the page is fetched."""
    connection.execute(
        """INSERT INTO story_urls (story_id, url_key, url, verdict) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id, url_key) DO UPDATE SET verdict = excluded.verdict""",
        (story_id, url_key, url, word),
    )


def story_slug(text: str) -> str:
    """Return a text as a name: lower-case letters and digits of any script, joined by hyphens.

    Raises UsageError if nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "").replace("'", "")).casefold()
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else "-"
        for letter in plain
    )
    # accents of Latin letters go, the marks of other scripts stay
    bare = "".join(letter for letter in kept if not "\u0300" <= letter <= "\u036f")
    name = "-".join(filter(None, unicodedata.normalize("NFC", bare).split("-")))
    if not name:
        raise UsageError(
            f"{text!r} is no name for a story; give one with a letter in it, such as harbour-strike"
        )
    return name


def free_story_name(connection: sqlite3.Connection, headline: str) -> str:
    """Return an unused story name, from the first words of a headline.

    Raises UsageError as `story_slug`.
    """
    name = story_slug(headline)
    if len(name) > MAX_STORY_NAME_CHARS:
        name = name[: MAX_STORY_NAME_CHARS + 1].rpartition("-")[0] or name[:MAX_STORY_NAME_CHARS]
    tries = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(each for each in tries if not _story_row(connection, each))


def _insert_story(connection: sqlite3.Connection, name: str, title: str) -> int:
    """Insert a story unless the name exists, and return its id."""
    connection.execute(
        """INSERT INTO stories (name, title, created_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO NOTHING""",
        (name, title, current_timestamp()),
    )
    return int(connection.execute("SELECT id FROM stories WHERE name = ?", (name,)).fetchone()[0])


def _update_definition(
    connection: sqlite3.Connection, story_id: int, definition: StoryDefinition
) -> None:
    """Update the columns named in the definition."""
    for column, value in definition.items():
        kept = json.dumps(value, ensure_ascii=False) if column in ("languages", "hosts") else value
        # a key of StoryDefinition
        connection.execute(f"UPDATE stories SET {column} = ? WHERE id = ?", (kept, story_id))  # noqa: S608


def save_verdict(
    connection: sqlite3.Connection,
    story_id: int,
    article_ids: Iterable[int],
    word: StoryVerdict | None,
) -> None:
    """Save a person's verdict on articles; `relist_story` applies it to the other articles."""
    moment = current_timestamp()
    connection.executemany(
        """INSERT INTO story_articles (story_id, article_id, verdict, judged_at, found_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (story_id, article_id) DO UPDATE SET
          verdict = excluded.verdict, judged_at = excluded.judged_at""",
        [(story_id, id, word, word and moment, moment) for id in article_ids],
    )


# -- reading ---------------------------------------------------------------------------------------


def find_story(connection: sqlite3.Connection, name: str) -> Story:
    """Return the story of a name as a person writes it.

    Raises UsageError for an unknown name, with the most similar names.
    """
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
    advice = "none is followed yet; `dateline follow URL` starts one"
    if names:
        advice = "`dateline stories` lists them"
    raise UsageError(f"{name}: no such story; {advice}")


def all_stories(connection: sqlite3.Connection) -> list[Story]:
    """Return all stories, by name."""
    return [
        _story_from_row(row) for row in connection.execute("SELECT * FROM stories ORDER BY name")
    ]


def story_names_of(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[str]:
    """Return the names of the stories in which all of these articles are confirmed."""
    rows = connection.execute(
        """SELECT s.name FROM stories s
        JOIN story_articles m ON m.story_id = s.id AND m.verdict = 'belongs'
        WHERE m.article_id IN (SELECT value FROM json_each(?))
        GROUP BY s.id HAVING count(*) = ? ORDER BY s.name""",
        (json.dumps(article_ids), len(set(article_ids))),
    )
    return [row["name"] for row in rows]


def story_summaries(
    connection: sqlite3.Connection, chosen: Iterable[Story]
) -> list[dict[str, Any]]:
    """Return a summary of each story.

    Its keys are name, title, words, number of `articles` and `outlets`, and the `newest` day as
    printed.
    """
    counted = """
        SELECT count(*) AS articles, count(DISTINCT outlet) AS outlets,
          max(published_day) AS newest
        FROM story_coverage WHERE story_id = ?"""
    return [
        {"name": each.name, "title": each.title, "words": each.words}
        | dict(connection.execute(counted, (each.id,)).fetchone())
        for each in chosen
    ]


def story_profile_inputs(
    connection: sqlite3.Connection, story_id: int
) -> tuple[Story, list[ConfirmedArticle]]:
    """Return the arguments of `StoryPolicy.profile`: a story and its confirmed articles."""
    row = connection.execute("SELECT * FROM stories WHERE id = ?", (story_id,)).fetchone()
    rows = connection.execute(
        """SELECT m.vector, a.published_at, a.language, o.host FROM story_articles m
        JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
        WHERE m.story_id = ? AND m.verdict = 'belongs' AND m.vector IS NOT NULL ORDER BY a.id""",
        (story_id,),
    )
    return _story_from_row(row), [ConfirmedArticle(*each) for each in rows]


def story_listing(connection: sqlite3.Connection, story_id: int) -> list[dict[str, Any]]:
    """Return the coverage of a story by date, undated articles last, and copies in `copies`.

    A row has the columns of the view `story_coverage`. If the original of a text is not in the
    story, the earliest version represents the text.
    """
    rows = connection.execute(
        """SELECT * FROM story_coverage WHERE story_id = ?
        ORDER BY published_at IS NULL, published_at, id""",
        (story_id,),
    )
    articles = [dict(row) | {"terms": json.loads(row["terms"])} for row in rows]
    return [head | {"copies": copies} for head, copies in fold_copies(articles)]


def fold_copies(
    rows: Sequence[ArticleRowType],
) -> list[tuple[ArticleRowType, list[ArticleRowType]]]:
    """Return each text once, as a representative article and the other versions.

    The representative is the original, else the first version. A row has an `id` and an
    `original_id`. The order is that of the representatives.
    """
    versions: dict[int, list[ArticleRowType]] = {}
    for row in rows:
        versions.setdefault(row["original_id"], []).append(row)
    heads = {original: _listing_head(original, of) for original, of in versions.items()}
    folded: list[tuple[ArticleRowType, list[ArticleRowType]]] = []
    for row in rows:
        if heads[row["original_id"]] is row:
            others = [each for each in versions[row["original_id"]] if each is not row]
            folded.append((row, others))
    return folded


def _listing_head(original: int, versions: Sequence[ArticleRowType]) -> ArticleRowType:
    """Return the version that represents a text."""
    return next((row for row in versions if row["id"] == original), versions[0])


def _story_row(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """Return the row of the story with this exact name."""
    return connection.execute("SELECT * FROM stories WHERE name = ?", (name,)).fetchone()  # type: ignore[no-any-return]


def _story_from_row(row: sqlite3.Row) -> Story:
    """Return the story of a row of `stories`."""
    lists = {name: tuple(json.loads(row[name])) for name in ("languages", "hosts", "terms")}
    names = ("id", "name", "title", "words", "since", "until", "classifier")
    return Story(**{name: row[name] for name in names} | lists)


# -- listing ---------------------------------------------------------------------------------------


def file_article(
    connection: sqlite3.Connection,
    article_id: int,
    judge: StoryPolicy,
    changed: bool = True,
    own_keys: TermVector | None = None,
) -> None:
    """Add an article to the stories to which it belongs.

    If the text of a known article has not `changed`, only verdicts that awaited its URL are
    applied. `own_keys` is its vector of language keys (`language_keys.save_keys`), if that was just
    computed.
    """
    stale = _arrived_articles(connection, article_id)
    if changed:
        stale |= _stories_confirming(connection, article_id) | _has_outgrown(connection, article_id)
    for story_id in stale:
        relist_story(connection, story_id, judge)
    if changed:
        _file_under_each_story(connection, article_id, judge, own_keys)


def _file_under_each_story(
    connection: sqlite3.Connection,
    article_id: int,
    judge: StoryPolicy,
    own_keys: TermVector | None,
) -> None:
    """Score one article for each story by the state of the last listing.

    The listing of a story that it enters becomes stale. A small archive gives little to learn from,
    so its listing is renewed at once, at low cost.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    editions = tuple(cursor.execute("SELECT id, edition FROM stories ORDER BY id"))
    # without stories too: the vector of the article is stored
    [article] = _story_candidates(connection, None, [article_id], judge)
    if not editions:
        return
    board = _current_board(connection, editions, judge)
    if own_keys is None or len(own_keys) >= MAX_VECTOR_KEYS:  # a longer vector was cut
        found = key_vectors_among(connection, [article_id], judge.board_keys(board))
        own_keys = found.get(article_id, {})
    article = replace(article, keys=own_keys)
    newest_id = int(connection.execute("SELECT max(id) FROM articles").fetchone()[0])
    few = newest_id <= MAX_ARTICLES_ALL_CANDIDATES
    said = dict(
        connection.execute(
            "SELECT story_id, verdict FROM story_articles WHERE article_id = ?", (article_id,)
        ).fetchall()
    )
    for (story_id, _), judgement in zip(editions, judge.arrivals(board, article), strict=True):
        if judgement.tier is None and story_id not in said:
            continue
        candidate = replace(article, verdict=said.get(story_id))
        if _save_judgements(connection, story_id, candidate, judgement):
            connection.execute("UPDATE stories SET stale = 1 WHERE id = ?", (story_id,))
            if few:
                relist_story(connection, story_id, judge)


def relist_story(connection: sqlite3.Connection, story_id: int, judge: StoryPolicy) -> None:
    """Renew a story's listing from the whole archive; people's verdicts stay.

    Candidates are searched twice: by the terms of the confirmed articles, then by the terms of the
    first candidates that are listed.
    """
    seen = _Seen(connection, story_id, judge)
    _renew_story_vectors(connection, story_id, seen)
    about, confirmed = story_profile_inputs(connection, story_id)
    terms = list(judge.terms(judge.profile(replace(about, classifier=None), confirmed)))
    found = _found_candidates(connection, about, terms)
    if len(found) > FIRST_PASS_CANDIDATES and _archive_is_large(connection):
        first = found[: max(FIRST_PASS_CANDIDATES, len(_judged(connection, story_id)))]
        first_listing = judge.listing(about, seen.candidates(first))
        further = _found_candidates(connection, about, first_listing.terms)
        found = _merged_candidates(found, further)
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
        if judgement.tier or candidate.verdict:
            _save_judgements(connection, story_id, candidate, judgement, found_at.get(candidate.id))
    connection.execute(
        """UPDATE stories SET terms = ?, classifier = ?, stale = 0,
        newest_id = (SELECT coalesce(max(id), 0) FROM articles) WHERE id = ?""",
        (_as_compact_json(terms), listing.classifier, story_id),
    )


def refresh_stories(
    connection: sqlite3.Connection, judge: StoryPolicy, everything: bool = False
) -> None:
    """Renew the listings that are stale or from before the archive grew by a tenth; or all."""
    grown = (
        "SELECT id FROM stories WHERE ? OR stale OR newest_id * ? < (SELECT max(id) FROM articles)"
    )
    for (story_id,) in connection.execute(grown, (everything, RELIST_AFTER_CRAWL)).fetchall():
        relist_story(connection, story_id, judge)


def _arrived_articles(connection: sqlite3.Connection, article_id: int) -> set[int]:
    """Apply the verdicts that awaited a URL of this article; return their story ids."""
    rows = connection.execute(
        """DELETE FROM story_urls WHERE url_key IN (SELECT url_key FROM urls WHERE article_id = ?)
        RETURNING story_id, verdict""",
        (article_id,),
    ).fetchall()
    for story_id, word in rows:
        save_verdict(connection, story_id, [article_id], word)
    return {int(row[0]) for row in rows}


def _stories_confirming(connection: sqlite3.Connection, article_id: int) -> set[int]:
    """Return the ids of the stories in which an article is confirmed."""
    confirmed = "SELECT story_id FROM story_articles WHERE article_id = ? AND verdict = 'belongs'"
    return {int(row[0]) for row in connection.execute(confirmed, (article_id,))}


def _has_outgrown(connection: sqlite3.Connection, article_id: int) -> set[int]:
    """Return the ids of the stories whose listing is too old for the size of the archive."""
    rows = connection.execute(
        "SELECT id FROM stories WHERE newest_id * ? <= ?", (RELIST_GROWTH, article_id)
    )
    return {int(row[0]) for row in rows}


def _renew_story_vectors(connection: sqlite3.Connection, story_id: int, seen: _Seen) -> None:
    """Recompute the saved vectors of the confirmed articles."""
    rows = connection.execute(
        "SELECT article_id FROM story_articles WHERE story_id = ? AND verdict = 'belongs'",
        (story_id,),
    ).fetchall()
    for each in seen.candidates([row[0] for row in rows]):
        vector = json.dumps(dict(each.vector), ensure_ascii=False) if each.vector else None
        connection.execute(
            "UPDATE story_articles SET vector = ? WHERE story_id = ? AND article_id = ?",
            (vector, story_id, each.id),
        )


StoryEdition = tuple[int, int]
"""The id of a story, and its `edition`, a random number that changes with its profile."""
MAX_SAVED_PROFILES, MAX_SAVED_BOARDS = 1_000, 2
_saved_profiles: dict[tuple[object, StoryEdition], StoryProfileLike] = {}
_saved_boards: dict[tuple[object, tuple[StoryEdition, ...]], StoryBoardLike] = {}
"""Profiles and boards of this process; a crawl needs the same ones for every article."""


def _current_board(
    connection: sqlite3.Connection, editions: tuple[StoryEdition, ...], judge: StoryPolicy
) -> StoryBoardLike:
    """Return the prepared profiles of all stories, from memory unless one of them changed."""
    key = (judge.board, editions)
    if key not in _saved_boards:
        profiles = [_current_profile(connection, edition, judge) for edition in editions]
        _forget_oldest(_saved_boards, MAX_SAVED_BOARDS)
        _saved_boards[key] = judge.board(profiles)
    return _saved_boards[key]


def _current_profile(
    connection: sqlite3.Connection, edition: StoryEdition, judge: StoryPolicy
) -> StoryProfileLike:
    """Return the profile of a story, from memory if it was built in this edition."""
    key = (judge.profile, edition)
    if key not in _saved_profiles:
        _forget_oldest(_saved_profiles, MAX_SAVED_PROFILES)
        _saved_profiles[key] = judge.profile(*story_profile_inputs(connection, edition[0]))
    return _saved_profiles[key]


def _forget_oldest(saved: dict[Any, Any], most: int) -> None:
    """Make room for one more entry."""
    while len(saved) >= most:
        del saved[next(iter(saved))]


def _found_candidates(
    connection: sqlite3.Connection, about: Story, terms: Sequence[str]
) -> list[int]:
    """Return the ids of the candidates: judged articles, then those that share the strongest terms.

    A small archive returns all its articles.
    """
    known = _judged(connection, about.id)
    likely: list[int] = []
    if not _archive_is_large(connection):
        likely = [int(row[0]) for row in connection.execute("SELECT id FROM articles")]
    elif terms:
        likely = articles_with_terms(
            connection, terms, about.since, about.until, MAX_STORY_CANDIDATES
        )
    return list(dict.fromkeys((*known, *likely)))[: max(MAX_STORY_CANDIDATES, len(known))]


def _judged(connection: sqlite3.Connection, story_id: int) -> list[int]:
    """Return the ids of the articles that a person judged, the latest verdict first."""
    judged = """SELECT article_id FROM story_articles
        WHERE story_id = ? AND verdict IS NOT NULL ORDER BY judged_at DESC"""
    return [int(row[0]) for row in connection.execute(judged, (story_id,))]


def _archive_is_large(connection: sqlite3.Connection) -> bool:
    """Return True if there are too many articles for all of them to be candidates."""
    rows = connection.execute("SELECT 1 FROM articles LIMIT ?", (MAX_ARTICLES_ALL_CANDIDATES + 1,))
    return len(rows.fetchall()) > MAX_ARTICLES_ALL_CANDIDATES


def _merged_candidates(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Return two lists of candidates alternately; judged articles are at the head of each."""
    in_turn = (each for pair in zip_longest(first, second) for each in pair if each is not None)
    return list(dict.fromkeys(in_turn))[: max(MAX_STORY_CANDIDATES, len(first))]


class _Seen:
    """The candidates of one listing, each read and weighted once."""

    def __init__(self, connection: sqlite3.Connection, story_id: int, judge: StoryPolicy) -> None:
        self.connection, self.story_id, self.judge = connection, story_id, judge
        self._known: dict[int, StoryCandidate] = {}

    def candidates(self, article_ids: Sequence[int]) -> list[StoryCandidate]:
        """Return the candidates of these ids in the same order; unknown ids are left out."""
        new = [id for id in dict.fromkeys(article_ids) if id not in self._known]
        read = _story_candidates(self.connection, self.story_id, new, self.judge) if new else []
        self._known |= {each.id: each for each in read}
        return [self._known[id] for id in article_ids if id in self._known]

    def keyed(
        self, article_ids: Sequence[int], among: Set[str] | None = None
    ) -> list[StoryCandidate]:
        """Return the candidates of these ids with their language keys, or with some of them."""
        if among is None:
            keys = key_vectors(self.connection, article_ids)
        else:
            keys = key_vectors_among(self.connection, article_ids, among)
        return [replace(each, keys=keys.get(each.id, {})) for each in self.candidates(article_ids)]


def _story_candidates(
    connection: sqlite3.Connection,
    story_id: int | None,
    article_ids: Sequence[int],
    judge: StoryPolicy,
) -> list[StoryCandidate]:
    """Return articles as candidates for a story, in the same order, without language keys."""
    rows = connection.execute(
        """SELECT a.id, a.published_at, a.language, o.host, e.event_id, m.verdict,
          w.weights, w.opening, w.vector, w.counted_among
        FROM json_each(?) AS asked CROSS JOIN articles a ON a.id = asked.value
        JOIN outlets o ON o.id = a.outlet_id
        LEFT JOIN article_terms w ON w.article_id = a.id
        LEFT JOIN event_articles e ON e.article_id = a.id
        LEFT JOIN story_articles m ON m.article_id = a.id AND m.story_id = ?
        ORDER BY asked.key""",
        (json.dumps(list(article_ids)), story_id),
    ).fetchall()
    vectors = _current_vectors(connection, rows, judge)
    return [
        StoryCandidate(
            row["id"], vectors[row["id"]], row["published_at"], row["language"], row["host"],
            row["event_id"], row["verdict"],
        )
        for row in rows
    ]  # fmt: skip


def _current_vectors(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], judge: StoryPolicy
) -> dict[int, TermVector]:
    """Return the vectors of articles, as stored if the document frequencies were similar then."""
    languages = {row["language"] for row in rows}
    sizes = {each: lead_term_frequencies(connection, each, ())[1] for each in languages}
    vectors: dict[int, TermVector] = {}
    outdated = []
    for row in rows:
        if row["vector"] and may_keep_frequencies(row["counted_among"], sizes[row["language"]]):
            vectors[row["id"]] = StoredVector(row["vector"], row["weights"], row["opening"])
        else:
            outdated.append(row)
    return vectors | _renewed_vectors(connection, outdated, sizes, judge)


def _renewed_vectors(
    connection: sqlite3.Connection,
    rows: Sequence[sqlite3.Row],
    sizes: Mapping[str | None, int],
    judge: StoryPolicy,
) -> dict[int, TermVector]:
    """Compute the vectors of articles by today's document frequencies, and store those that last."""
    counts: dict[int, tuple[TermVector, TermVector]] = {}
    openings: dict[int, str] = {}
    for row in rows:
        stored = row["opening"]
        opening = json.loads(stored) if stored else _opening_of(connection, row["id"], judge)
        openings[row["id"]] = stored or opening_as_json(opening)
        counts[row["id"]] = (json.loads(row["weights"] or "{}"), opening)
    known = _known_articles(connection, [(row["language"], counts[row["id"]]) for row in rows])
    vectors = {row["id"]: judge.vector(*counts[row["id"]], *known[row["language"]]) for row in rows}
    connection.executemany(
        """UPDATE article_terms SET opening = ?, vector = coalesce(?, vector),
        counted_among = coalesce(?, counted_among) WHERE article_id = ?""",
        [
            (openings[row["id"]], *_lasting_vector(vectors[row["id"]], sizes[row["language"]]),
             row["id"])
            for row in rows
            if not row["opening"] or sizes[row["language"]] >= MIN_LASTING_ARTICLES
        ],
    )  # fmt: skip
    return vectors


def _with_foreign_candidates(
    seen: _Seen, about: Story, candidates: list[StoryCandidate], listing: StoryListing
) -> tuple[list[StoryCandidate], StoryListing]:
    """Return candidates and listing with reports in further languages.

    These are languages in which no article is confirmed.
    """
    own = {each.language for each in candidates if each.verdict == "belongs"}
    at_home = [
        each.id
        for each, judgement in zip(candidates, listing.judgements, strict=True)
        if each.language in own
        and (each.verdict == "belongs" or judgement.tier in ("sure", "likely"))
    ]
    members = seen.keyed(at_home)
    keys = seen.judge.keys(members)
    if not keys:
        return candidates, listing
    spoken = next(iter(own)) if len(own) == 1 else None
    found = key_candidates(
        seen.connection, keys, about.since, about.until, MAX_STORY_CANDIDATES // 2, spoken
    )
    held = {key for each in members for key in each.keys}
    foreign = [
        each for each in seen.keyed(found, held) if each.language and each.language not in own
    ]
    abroad = seen.judge.abroad(about, listing, members, foreign)
    judged = {each.id for each in foreign}
    home = [
        pair
        for pair in zip(candidates, listing.judgements, strict=True)
        if pair[0].id not in judged
    ]
    both = [*home, *zip(foreign, abroad.judgements, strict=True)]
    judgements = [judgement for _, judgement in both]
    return [each for each, _ in both], replace(abroad, judgements=judgements)


def _lasting_vector(vector: TermVector, size: int) -> tuple[bytes | None, int | None]:
    """Return a vector as it is stored, with the number of articles; None if it will not last."""
    return (packed_vector(vector), size) if size >= MIN_LASTING_ARTICLES else (None, None)


def _opening_of(connection: sqlite3.Connection, article_id: int, judge: StoryPolicy) -> TermVector:
    """Return the term counts of an article's opening."""
    query = "SELECT headline, standfirst, text, language FROM articles WHERE id = ?"
    return judge.opening(*connection.execute(query, (article_id,)).fetchone())


def opening_as_json(counts: TermVector) -> str:
    """Return the term counts of an article's opening as they are stored."""
    if isinstance(counts, CountedTerms):
        return counts.stored
    rounded = {term: round(count, 2) for term, count in counts.items()}
    return json.dumps(rounded, ensure_ascii=False)


def _known_articles(
    connection: sqlite3.Connection,
    counts: Iterable[tuple[str | None, tuple[TermVector, TermVector]]],
) -> dict[str | None, tuple[Mapping[str, int], int]]:
    """Return language → document frequencies of its terms, and the number of its articles.

    The number is at least `MIN_FREQUENCY_ARTICLES`.
    """
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
    """Save the result for an article, or delete it, and return True if the article may belong.

    It is saved if it has a tier or a person's verdict.
    """
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
