"""Searching the archive: from words as a person types them to articles, best first.

Languages that write no spaces between words are searched by pairs of characters. SQLite's tokenizer
sees such a sentence as one word, so the column `articles.bigrams` holds its pairs, and a query for
首相 becomes a phrase of pairs.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from archive.errors import UsageError
from archive.text.folding import fold as fold_all
from archive.text.folding import fold_with_places, spelled
from archive.text.passages import MARK_CLOSE, MARK_OPEN
from archive.text.unspaced import MIXED, SPACED_LETTER, UNSPACED, UNSPACED_RUN, pairs, private_use

NEVER = "(?!)"
TYPED = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


MOST_TERMS = 64
MOST_PLACES = 200
"""That are weighed for the passage to show."""
LOOKED_THROUGH = 50_000
"""Letters of a text, for that passage: ten thousand words, more than an article has."""
COPIES = 10
"""Articles that are looked through for one text to show: enough for a report that went round."""
NOTHING = '""'
"""A MATCH expression that no article meets."""

WEIGHTS = "10.0, 4.0, 2.0, 1.0, 1.0"
"""For bm25: headline, standfirst, byline, text, bigrams."""

READ = "iif(instr(a.text, a.standfirst) = 1, '', coalesce(a.standfirst || char(10), '')) || a.text"
"""In SQL, what stands below the headline of an article `a`; a standfirst that the text begins with
is said once."""


Span = tuple[int, int]
NEAR = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found; `passage` shows the place, the words in ⟦brackets⟧; the least
    `score` is the best."""

    id: int
    outlet: str
    headline: str | None
    published_at: str | None
    language: str | None
    url: str
    score: float
    passage: str
    other_outlets: int = 0
    """In which the same text stands, if copies are folded."""


def match_query(words: str) -> str:
    """An FTS5 MATCH expression for what a person typed; whatever it was, SQLite can read it.

    All words must occur; `"a phrase"`, `this OR that`, `-without` and `begin*` work, and everything
    else is quoted. Raises UsageError if nothing is left to look for, or too much.
    """
    wanted: list[list[str]] = []
    unwanted: list[str] = []
    alternative = False
    for minus, text, is_phrase in _typed(words):
        if not minus and not is_phrase and text in ("OR", "AND"):
            alternative = text == "OR" and bool(wanted)
        elif term := _term(text, is_phrase):
            if minus:
                unwanted.append(term)
            elif alternative:
                wanted[-1].append(term)
            else:
                wanted.append([term])
            alternative = False
    if not wanted:
        raise UsageError(
            f"nothing to search for in {words!r}; give at least one word that must occur"
        )
    if sum(map(len, wanted)) + len(unwanted) > MOST_TERMS:
        raise UsageError(f"more than {MOST_TERMS} words to search for; give fewer")
    must = " AND ".join(_any_of(terms) for terms in wanted)
    return f"({must}) NOT {_any_of(unwanted)}" if unwanted else must


def match_or_nothing(words: object) -> str:
    """`match_query` for SQL, where an empty search box finds nothing instead of raising."""
    try:
        return match_query(str(words or ""))
    except UsageError:
        return NOTHING


def search(  # noqa: PLR0913  one a filter
    connection: sqlite3.Connection,
    words: str,
    *,
    outlet: str | None = None,
    since: str | None = None,
    until: str | None = None,
    language: str | None = None,
    limit: int = 20,
    copies: bool = False,
) -> list[Hit]:
    """The articles that hold the words, best first; `since` and `until` are moments, both included.

    Versions of one text are one hit, the original if it is among them; with `copies` each is its
    own.
    """
    condition, values = conditions(outlet, since, until, language)
    rows = connection.execute(
        f"""WITH found AS (
          SELECT a.id, bm25(articles_fts, {WEIGHTS}) AS score
          FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid JOIN outlets o ON o.id = a.outlet_id
          WHERE articles_fts MATCH :match AND {condition} ORDER BY score, a.id DESC LIMIT :most
        ), best AS (
          SELECT found.id, min(score) OVER version AS score, row_number() OVER version AS place
          FROM found LEFT JOIN versions v ON v.article_id = found.id LEFT JOIN texts t ON t.id = v.text_id
          WINDOW version AS (PARTITION BY CASE WHEN :copies OR t.id IS NULL THEN -found.id ELSE t.id END
            ORDER BY found.id = t.original_id DESC, score ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        )
        SELECT a.id, o.host AS outlet, a.headline, a.published_at, a.language, a.url, best.score,
               {READ} AS passage,
               CASE WHEN :copies THEN 0 ELSE (SELECT other_outlets FROM folded WHERE id = a.id) END AS other_outlets
        FROM best JOIN articles a ON a.id = best.id JOIN outlets o ON o.id = a.outlet_id
        WHERE best.place = 1 ORDER BY best.score, a.id DESC LIMIT :limit""",  # noqa: S608  the text is all ours
        {
            "match": match_query(words),
            "limit": limit,
            "most": limit if copies else limit * COPIES,
            "copies": copies,
            **values,
        },
    )
    return [Hit(**dict(row) | {"passage": passage(row["passage"], words)}) for row in rows]


def count(
    connection: sqlite3.Connection, words: str, *, copies: bool = False, **filters: str | None
) -> int:
    """How many hits `search` would list without a limit."""
    condition, values = conditions(**filters)
    row = connection.execute(
        f"""SELECT count(DISTINCT CASE WHEN :copies OR v.text_id IS NULL THEN -a.id ELSE v.text_id END)
        FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid JOIN outlets o ON o.id = a.outlet_id
        LEFT JOIN versions v ON v.article_id = a.id WHERE articles_fts MATCH :match AND {condition}""",  # noqa: S608  the text is all ours
        {"match": match_query(words), "copies": copies, **values},
    ).fetchone()
    return int(row[0])


def conditions(
    outlet: str | None = None,
    since: str | None = None,
    until: str | None = None,
    language: str | None = None,
) -> tuple[str, dict[str, str]]:
    """The SQL condition (on articles `a`, outlets `o`) and its values for the filters that are
    given.

    Moments are compared as precisely as both are known: a day that is asked for holds all its
    hours.
    """
    moment = "coalesce(a.published_at, a.fetched_at)"
    known = {
        "outlet": (outlet, "o.host = :outlet"),
        "since": (since, f"{moment} >= substr(:since, 1, length({moment}))"),
        "until": (until, f"substr({moment}, 1, length(:until)) <= :until"),
        "language": (language, "a.language = :language"),
    }
    given = {name: (value, sql) for name, (value, sql) in known.items() if value is not None}
    return " AND ".join(sql for _, sql in given.values()) or "1", {
        name: value for name, (value, _) in given.items()
    }


def passage(text: str, words: str, width: int = 200) -> str:
    """The stretch of `text` that holds the most of the words, these in ⟦brackets⟧; its beginning if
    it holds none.

    Only the first letters of a text are looked through, `LOOKED_THROUGH` of them: two million would
    take seconds.
    """
    text = " ".join(
        text[:LOOKED_THROUGH].translate({ord(MARK_OPEN): "[", ord(MARK_CLOSE): "]"}).split()
    )
    found = _places(text, words)
    start, end = _window(text, max(0, _richest(text, found, width) - width // 4), width)
    pieces, here = [], start
    for a, b in found:
        if start <= a and b <= end:
            pieces += [text[here:a], MARK_OPEN, text[a:b], MARK_CLOSE]
            here = b
    pieces.append(text[here:end])
    return ("…" if start else "") + "".join(pieces).rstrip() + ("…" if end < len(text) else "")


def _window(text: str, start: int, width: int) -> Span:
    """A stretch of `width` letters, its ends moved to spaces where there are some near."""
    end = min(len(text), start + width)
    if start:
        start = text.find(" ", start, start + NEAR) + 1 or start
    if end < len(text):
        end = max(text.rfind(" ", end - NEAR, end), 0) or end
    return start, end


def _typed(words: str) -> Iterator[tuple[bool, str, bool]]:
    """What was typed, piece by piece: whether it is unwanted, its text, whether it stood in
    quotation marks."""
    clean = words.encode("utf-8", "ignore").decode()  # half a surrogate pair is no text for SQLite
    clean = re.sub(r"[\x00-\x1f\x7f]", " ", clean)  # and a NUL would end the expression early
    for typed in TYPED.finditer(re.sub("[“”„«»「」『』]", '"', clean)):
        yield bool(typed["minus"]), typed["word"] or typed["phrase"] or "", typed["word"] is None


def _term(text: str, is_phrase: bool) -> str | None:
    """The expression for one word or phrase; None if it holds no letter and no digit."""
    text = unicodedata.normalize("NFKC", text)
    prefix = "*" if not is_phrase and text.endswith("*") else ""
    runs = [_of_pairs(run) for run in UNSPACED_RUN.findall(text)]
    within = [
        part for letters in MIXED.findall(text) for part in UNSPACED_RUN.split(letters)
    ]  # 1 of 3·1운동 is no word with 3
    others = [part for part in MIXED.split(text) + within if any(c.isalnum() for c in part)]
    return _all_of([_quoted(part.strip(), prefix) for part in others] + runs)


def _quoted(part: str, prefix: str) -> str:
    """A word or phrase as it was typed, or folded as the tokenizer does not fold it."""
    spellings = filter(None, dict.fromkeys([part, spelled(part)]))
    return _any_of(['"' + each.replace('"', '""') + '"' + prefix for each in spellings])


def _of_pairs(run: str) -> str:
    in_pairs = pairs(run)
    return f'bigrams : "{" ".join(in_pairs)}"' if in_pairs else f'bigrams : "{private_use(run)}"*'


def _all_of(terms: list[str]) -> str | None:
    return f"({' AND '.join(terms)})" if len(terms) > 1 else next(iter(terms), None)


def _any_of(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]


def _places(text: str, words: str) -> list[Span]:
    """Where the words stand in the text, in order and without overlap."""
    pattern = _pattern(words)
    if pattern is None:
        return []
    folded, places = fold_with_places(text)
    found = (place.span() for place in islice(pattern.finditer(folded), MOST_PLACES))
    return [
        (places[start], _with_marks(text, places[end - 1] + 1))
        for start, end in found
        if start < end
    ]


def _with_marks(text: str, end: int) -> int:
    """The end of a word, after the vowel signs that the search does not see."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


@lru_cache(maxsize=64)
def _pattern(words: str) -> re.Pattern[str] | None:
    """What the words look like in a folded text; None if they hold no letter and no digit."""
    unspaced, whole, beginnings = set[str](), set[str](), set[str]()
    for minus, text, is_phrase in islice(_typed(words), MOST_TERMS):
        if minus or text in ("OR", "AND"):
            continue
        folded = fold_all(unicodedata.normalize("NFKC", text))
        parts = [re.escape(part) for part in re.findall(rf"[{UNSPACED}]+|{SPACED_LETTER}+", folded)]
        if not UNSPACED_RUN.search(folded):
            (whole if is_phrase or not text.endswith("*") else beginnings).add(r"\W+".join(parts))
        else:
            unspaced |= {part for part in parts if UNSPACED_RUN.match(part)}
            whole |= {part for part in parts if not UNSPACED_RUN.match(part)}
    within = f"(?:{_longest_first(whole)})(?!{SPACED_LETTER})|(?:{_longest_first(beginnings)})"
    found = f"{_longest_first(unspaced)}|(?<!{SPACED_LETTER})(?:{within})"
    return re.compile(found) if (unspaced | whole | beginnings) - {""} else None


def _longest_first(patterns: set[str]) -> str:
    """As alternatives; one that matches nothing where there are none."""
    return "|".join(sorted(patterns - {""}, key=len, reverse=True)) or NEVER


def _richest(text: str, found: list[Span], width: int) -> int:
    """Where the stretch begins that holds the most different words, the first of the best."""

    def variety(start: int) -> int:
        return len({fold_all(text[a:b]) for a, b in found if start <= a < start + width * 3 // 4})

    return max((a for a, _ in found), key=variety, default=0)
