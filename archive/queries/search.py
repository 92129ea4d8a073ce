"""Search the archive: from words as a person types them to articles, best first.

Languages without spaces between words (Chinese, Japanese, Thai …) are searched by pairs of
characters. SQLite's tokenizer sees such a sentence as a single word, so the column
`articles.bigrams` holds its pairs, and a query for 首相 becomes a phrase of pairs.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from archive.errors import UsageError
from archive.text.folding import fold_text_for_search as fold_all
from archive.text.folding import fold_with_positions, normalize_spelling
from archive.text.passages import MARK_CLOSE, MARK_OPEN
from archive.text.unspaced import (
    MIXED_SCRIPT_WORD,
    SPACED_LETTER,
    UNSPACED_RANGES,
    UNSPACED_RUN,
    character_pairs,
    signs_to_private_use,
)
from archive.timestamps import DAY_CHARS

NEVER_MATCHES_PATTERN = "(?!)"
"""A pattern that matches nothing."""
TYPED_TERM_PATTERN = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')

MAX_SEARCH_TERMS = 64
MAX_PASSAGE_MATCHES = 200
"""Matches that are weighed when the passage to show is chosen."""
MAX_PASSAGE_SEARCH_CHARS = 50_000
"""Characters of a text that are searched for the passage: about ten thousand words, more than an
article has."""
CANDIDATES_PER_HIT = 10
"""Articles examined for each text shown: enough for a report that many outlets ran."""
MATCH_NOTHING = '""'
"""A MATCH expression that no article satisfies."""

BM25_WEIGHTS = "10.0, 4.0, 2.0, 1.0, 1.0"
"""Weights for bm25: headline, standfirst, byline, text, bigrams."""

READING_TEXT_SQL = (
    "iif(instr(a.text, a.standfirst) = 1, '', coalesce(a.standfirst || char(10), '')) || a.text"
)
"""An SQL expression for what stands below the headline of an article `a`, with a standfirst that
also opens the text given once."""

TextSpan = tuple[int, int]
TypedTerm = tuple[str, bool]
"""A word or phrase that must or must not occur, and whether it is a phrase."""
PASSAGE_EDGE_CHARS = 20
"""Characters within which the end of a passage is moved to a space."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An article that was found; the smallest `score` is the best."""

    id: int
    outlet: str
    headline: str | None
    published_at: str | None
    language: str | None
    url: str
    score: float
    passage: str
    """The passage that matches, with the words in ⟦brackets⟧."""
    other_outlets: int = 0
    """Other outlets with the same text, if copies are folded; otherwise 0."""
    published_day: str | None = None
    """The day of publication as the outlet prints it."""


def match_query(words: str) -> str:
    """Return a valid FTS5 MATCH expression for whatever a person typed.

    All words must occur; `"a phrase"`, `this OR that`, `-without` and `begin*` work, and everything
    else is quoted. Raises UsageError if no word is left to look for, or if there are too many.
    """
    groups, excluded = _grouped_terms(words)
    wanted = [_term_expressions(group) for group in groups]
    unwanted = _term_expressions(excluded)
    if not wanted:
        raise UsageError(
            f"nothing to search for in {words!r}; give at least one word that must occur"
        )
    if sum(map(len, wanted)) + len(unwanted) > MAX_SEARCH_TERMS:
        raise UsageError(f"more than {MAX_SEARCH_TERMS} words to search for; give fewer")
    required = " AND ".join(_joined_with_or(terms) for terms in wanted)
    return f"({required}) NOT {_joined_with_or(unwanted)}" if unwanted else required


def headline_condition(words: str) -> tuple[str, dict[str, str]]:
    """Return an SQL condition for the words in the headline of an article `a`, and its values.

    Words of scripts without spaces are looked for as they are written; where they are alternatives
    to other words (`this OR that`), the condition holds for no article.
    """
    expressions: list[str] = []
    runs: list[str] = []
    for group in _grouped_terms(words)[0]:
        group_runs = [run for text, _ in group for run in UNSPACED_RUN.findall(text)]
        if group_runs and len(group) > 1:
            return "0", {}
        runs += group_runs
        spaced = [(UNSPACED_RUN.sub(" ", text), is_phrase) for text, is_phrase in group]
        alternatives = _term_expressions(spaced)
        expressions += [_joined_with_or(alternatives)] if alternatives else []
    conditions = [f"instr(a.headline, :run{at}) > 0" for at in range(len(runs))]
    values = {f"run{at}": run for at, run in enumerate(runs)}
    if expressions:
        conditions.append(
            "a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :in_headline)"
        )
        values["in_headline"] = f"headline : ({' AND '.join(expressions)})"
    return f"({' AND '.join(conditions)})" if conditions else "0", values


def match_or_nothing(words: object) -> str:
    """Return `match_query` for SQL, where an empty search box finds nothing instead of raising."""
    try:
        return match_query(str(words or ""))
    except UsageError:
        return MATCH_NOTHING


_SEARCH_SQL = f"""WITH found AS (
  SELECT a.id, bm25(articles_fts, {BM25_WEIGHTS}) AS score, {{rank}} AS rank
  FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid
  JOIN outlets o ON o.id = a.outlet_id
  WHERE articles_fts MATCH :match AND {{condition}} ORDER BY rank, a.id DESC LIMIT :most
), best AS (
  SELECT found.id, min(score) OVER version AS score, min(rank) OVER version AS rank,
    row_number() OVER version AS place
  FROM found LEFT JOIN shared_text_articles v ON v.article_id = found.id
  LEFT JOIN shared_texts t ON t.id = v.text_id
  WINDOW version AS (
    PARTITION BY CASE WHEN :copies OR t.id IS NULL THEN -found.id ELSE t.id END
    ORDER BY found.id = t.original_id DESC, rank
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  )
)
SELECT a.id, o.host AS outlet, a.headline, a.published_at, a.published_day, a.language, a.url, best.score, best.rank,
       {READING_TEXT_SQL} AS passage,
       CASE WHEN :copies THEN 0
         ELSE (SELECT other_outlets FROM originals WHERE id = a.id) END AS other_outlets
FROM best JOIN articles a ON a.id = best.id JOIN outlets o ON o.id = a.outlet_id
WHERE best.place = 1 ORDER BY best.rank, a.id DESC LIMIT :limit"""  # noqa: S608
"""The best hits; `condition` and `rank` are filled in by `search_articles`."""

SearchOrder = Literal["best", "newest"]
SEARCH_ORDERS: tuple[SearchOrder, ...] = ("best", "newest")
"""By how well the words match, those with all words in the headline first; or by date."""
FULL_DATE_SQL = """iif(length(a.published_at) < 10,
    substr(a.published_at || '-01-01', 1, 10), a.published_at)"""
"""The date of an article `a`; of `2024` or `2024-02` the first day."""
HEADLINE_SCORE_BONUS = 1_000
"""Subtracted from the bm25 score of an article with all words in its headline: more than any score."""


def search_articles(  # noqa: PLR0913  one a filter
    connection: sqlite3.Connection,
    words: str,
    *,
    outlet: str | None = None,
    since: str | None = None,
    until: str | None = None,
    language: str | None = None,
    limit: int = 20,
    copies: bool = False,
    order: SearchOrder = "best",
) -> list[SearchHit]:
    """Return the articles that contain the words, best or newest first.

    An article with all the words in its headline is better than one with them in its text. `since`
    and `until` are ISO dates or times, both inclusive. Versions of one text count as one hit,
    represented by the original if it was found; with `copies` each version is a hit.
    """
    filters = {"outlet": outlet, "since": since, "until": until, "language": language}
    ranked = ranked_hits(connection, words, limit=limit, copies=copies, order=order, **filters)
    return [hit for _, hit in ranked]


def ranked_hits(
    connection: sqlite3.Connection,
    words: str,
    *,
    limit: int,
    copies: bool,
    order: SearchOrder,
    **filters: str | None,
) -> list[tuple[float, SearchHit]]:
    """Return what `search_articles` does, each hit with the number by which hits are sorted."""
    condition, values = filter_conditions(**filters)
    rank, rank_values = rank_expression(words, order)
    rows = connection.execute(
        _SEARCH_SQL.format(condition=condition, rank=rank),
        {
            **rank_values,
            "match": match_query(words),
            "limit": limit,
            "most": limit if copies else limit * CANDIDATES_PER_HIT,
            "copies": copies,
            **values,
        },
    )
    return [_ranked_hit(dict(row), words) for row in rows]


def _ranked_hit(row: dict[str, Any], words: str) -> tuple[float, SearchHit]:
    """Return the rank of a row, and the row as a hit with its passage in place of the text."""
    rank: float = row.pop("rank")
    return rank, SearchHit(**row | {"passage": matching_passage(row["passage"], words)})


def rank_expression(words: str, order: SearchOrder) -> tuple[str, dict[str, str]]:
    """Return the SQL expression by which hits are sorted, the smallest first, and its values.

    It applies to `articles_fts` joined with articles `a`. The date counts as a negative number of
    days, so that undated articles are last.
    """
    if order == "newest":
        return f"-coalesce(julianday({FULL_DATE_SQL}), 0)", {}
    condition, values = headline_condition(words)
    score = f"bm25(articles_fts, {BM25_WEIGHTS})"
    return f"{score} - {HEADLINE_SCORE_BONUS} * {condition}", values


def count_search_hits(
    connection: sqlite3.Connection, words: str, *, copies: bool = False, **filters: str | None
) -> int:
    """Return the number of hits that `search_articles` would list without a limit."""
    condition, values = filter_conditions(**filters)
    row = connection.execute(
        f"""SELECT count(DISTINCT CASE WHEN :copies OR v.text_id IS NULL THEN -a.id ELSE v.text_id END)
        FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid JOIN outlets o ON o.id = a.outlet_id
        LEFT JOIN shared_text_articles v ON v.article_id = a.id WHERE articles_fts MATCH :match AND {condition}""",  # noqa: S608  the text is all ours
        {"match": match_query(words), "copies": copies, **values},
    ).fetchone()
    return int(row[0])


def compared_date_sql(bound: str) -> str:
    """Return SQL for the date of an article `a` that is compared with a bound, given as SQL.

    With a day (or a month) it is the day as printed, with a moment the time in UTC.
    """
    return (
        f"iif(length({bound}) <= {DAY_CHARS}, coalesce(a.published_day, a.fetched_at), "
        "coalesce(a.published_at, a.fetched_at))"
    )


def filter_conditions(
    outlet: str | None = None,
    since: str | None = None,
    until: str | None = None,
    language: str | None = None,
) -> tuple[str, dict[str, str]]:
    """Return the SQL condition for the given filters, and its values.

    It applies to articles `a` and outlets `o`. Dates are compared at the precision that both have:
    a day includes all its hours, and is the day as printed.
    """
    after, before = compared_date_sql(":since"), compared_date_sql(":until")
    clauses = {
        "outlet": "o.host = :outlet",
        "since": f"{after} >= substr(:since, 1, length({after}))",
        "until": f"substr({before}, 1, length(:until)) <= :until",
        "language": "a.language = :language",
    }
    filters = {"outlet": outlet, "since": since, "until": until, "language": language}
    values = {name: value for name, value in filters.items() if value is not None}
    condition = " AND ".join(clauses[name] for name in values) or "1"
    return condition, values


def matching_passage(text: str, words: str, width: int = 200) -> str:
    """Return the stretch of `text` with the most of the words, each in ⟦brackets⟧.

    Without a match it is the beginning of the text. Only the first `MAX_PASSAGE_SEARCH_CHARS`
    characters are searched: two million would take seconds.
    """
    without_marks = text[:MAX_PASSAGE_SEARCH_CHARS].translate(
        {ord(MARK_OPEN): "[", ord(MARK_CLOSE): "]"}
    )
    text = " ".join(without_marks.split())
    matches = _match_spans(text, words)
    wanted_start = max(0, _richest_start(text, matches, width) - width // 4)
    start, end = _passage_window(text, wanted_start, width)
    pieces, copied_to = [], start
    for match_start, match_end in matches:
        if start <= match_start and match_end <= end:
            marked = [MARK_OPEN, text[match_start:match_end], MARK_CLOSE]
            pieces += [text[copied_to:match_start], *marked]
            copied_to = match_end
    pieces.append(text[copied_to:end])
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return before + "".join(pieces).rstrip() + after


def _passage_window(text: str, start: int, width: int) -> TextSpan:
    """Return a stretch of `width` characters, its ends moved to nearby spaces."""
    end = min(len(text), start + width)
    if start:
        start = text.find(" ", start, start + PASSAGE_EDGE_CHARS) + 1 or start
    if end < len(text):
        end = max(text.rfind(" ", end - PASSAGE_EDGE_CHARS, end), 0) or end
    return start, end


def _grouped_terms(words: str) -> tuple[list[list[TypedTerm]], list[TypedTerm]]:
    """Return the terms that must occur, alternatives together, and those that must not."""
    wanted: list[list[TypedTerm]] = []
    unwanted: list[TypedTerm] = []
    alternative = False
    for minus, text, is_phrase in _typed_terms(words):
        if not minus and not is_phrase and text in ("OR", "AND"):
            alternative = text == "OR" and bool(wanted)
        elif _term_expression(text, is_phrase):
            if minus:
                unwanted.append((text, is_phrase))
            elif alternative:
                wanted[-1].append((text, is_phrase))
            else:
                wanted.append([(text, is_phrase)])
            alternative = False
    return wanted, unwanted


def search_words(words: str) -> list[str]:
    """Return the words with spaces around them that must occur, without those of unspaced scripts."""
    terms = [text for group in _grouped_terms(words)[0] for text, _ in group]
    spaced = [UNSPACED_RUN.sub(" ", text) for text in terms]
    return [word for text in spaced for word in re.findall(r"\w+", text)]


def _term_expressions(terms: list[TypedTerm]) -> list[str]:
    """Return the expressions of the terms that hold a letter or a digit."""
    expressions = [_term_expression(text, is_phrase) for text, is_phrase in terms]
    return [expression for expression in expressions if expression]


def _typed_terms(words: str) -> Iterator[tuple[bool, str, bool]]:
    """Yield each piece that was typed: whether it is excluded, its text, whether it was quoted."""
    clean = words.encode("utf-8", "ignore").decode()  # SQLite rejects lone surrogates
    clean = re.sub(r"[\x00-\x1f\x7f]", " ", clean)  # a NUL would end the expression early
    straight_quotes = re.sub("[“”„«»「」『』]", '"', clean)
    for typed in TYPED_TERM_PATTERN.finditer(straight_quotes):
        yield bool(typed["minus"]), typed["word"] or typed["phrase"] or "", typed["word"] is None


def _term_expression(text: str, is_phrase: bool) -> str | None:
    """Return the expression for one word or phrase, or None if it has no letter and no digit."""
    text = unicodedata.normalize("NFKC", text)
    prefix = "*" if not is_phrase and text.endswith("*") else ""
    runs = [_bigram_expression(run) for run in UNSPACED_RUN.findall(text)]
    # in 3·1운동 the 1 and the 3 are not one word
    within: list[str] = []
    for letters in MIXED_SCRIPT_WORD.findall(text):
        within += UNSPACED_RUN.split(letters)
    candidates = MIXED_SCRIPT_WORD.split(text) + within
    spaced = [part.strip() for part in candidates if re.search(r"[^\W_]", part)]
    return _joined_with_and([_quoted_term(part, prefix) for part in spaced] + runs)


def _quoted_term(part: str, prefix: str) -> str:
    """Return a word or phrase in quotes, also as folded beyond what the tokenizer folds."""
    spellings = filter(None, dict.fromkeys([part, normalize_spelling(part)]))
    return _joined_with_or(['"' + each.replace('"', '""') + '"' + prefix for each in spellings])


def _bigram_expression(run: str) -> str:
    """Return the expression for a run of unspaced script: a phrase of character pairs."""
    in_pairs = character_pairs(run)
    return (
        f'bigrams : "{" ".join(in_pairs)}"'
        if in_pairs
        else f'bigrams : "{signs_to_private_use(run)}"*'
    )


def _joined_with_and(terms: list[str]) -> str | None:
    return f"({' AND '.join(terms)})" if len(terms) > 1 else next(iter(terms), None)


def _joined_with_or(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]


def _match_spans(text: str, words: str) -> list[TextSpan]:
    """Return the spans of the words in the text, in order and without overlap."""
    pattern = _words_pattern(words)
    if pattern is None:
        return []
    folded, places = fold_with_positions(text)
    matches = islice(pattern.finditer(folded), MAX_PASSAGE_MATCHES)
    spans = [match.span() for match in matches]
    return [
        (places[start], _end_after_marks(text, places[end - 1] + 1))
        for start, end in spans
        if start < end
    ]


def _end_after_marks(text: str, end: int) -> int:
    """Return the end of a word including vowel signs that the search ignores."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


@lru_cache(maxsize=64)
def _words_pattern(words: str) -> re.Pattern[str] | None:
    """Return a pattern for the words in folded text, or None if they hold no letter or digit."""
    unspaced, whole, beginnings = set[str](), set[str](), set[str]()
    for minus, text, is_phrase in islice(_typed_terms(words), MAX_SEARCH_TERMS):
        if minus or text in ("OR", "AND"):
            continue
        folded = fold_all(unicodedata.normalize("NFKC", text))
        parts = [
            re.escape(part)
            for part in re.findall(rf"[{UNSPACED_RANGES}]+|{SPACED_LETTER}+", folded)
        ]
        if not UNSPACED_RUN.search(folded):
            (whole if is_phrase or not text.endswith("*") else beginnings).add(r"\W+".join(parts))
        else:
            unspaced |= {part for part in parts if UNSPACED_RUN.match(part)}
            whole |= {part for part in parts if not UNSPACED_RUN.match(part)}
    within = f"(?:{_alternatives_pattern(whole)})(?!{SPACED_LETTER})|(?:{_alternatives_pattern(beginnings)})"
    found = f"{_alternatives_pattern(unspaced)}|(?<!{SPACED_LETTER})(?:{within})"
    return re.compile(found) if (unspaced | whole | beginnings) - {""} else None


def _alternatives_pattern(patterns: set[str]) -> str:
    """Return the patterns as alternatives, longest first; without any, one that never matches."""
    return "|".join(sorted(patterns - {""}, key=len, reverse=True)) or NEVER_MATCHES_PATTERN


def _richest_start(text: str, found: list[TextSpan], width: int) -> int:
    """Return where the stretch with the most different words begins, the first of equals."""

    def variety(start: int) -> int:
        """Count the different words that begin in the first three quarters of a window."""
        end = start + width * 3 // 4
        return len({fold_all(text[a:b]) for a, b in found if start <= a < end})

    return max((a for a, _ in found), key=variety, default=0)
