"""Advice where a search finds nothing: the words that no article has, and similar ones that some do."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from archive.queries.search import match_or_nothing, search_words
from archive.text.folding import fold_text_for_search

MAX_SIMILAR_TERMS = 20_000
"""Terms of the index that are compared with a word."""
MIN_WORD_CHARS = 3
"""Characters of the shortest word for which similar ones are offered."""
SHARED_START_CHARS = 2
"""First characters that a similar word shares with a word, in either order."""
MAX_LENGTH_DIFFERENCE_CHARS = 2
MIN_TERM_SIMILARITY = 0.75
"""Minimum ratio of `difflib.SequenceMatcher`: 2 · matching characters / all characters."""
MAX_SUGGESTED_QUERIES = 3

OPEN_INDEX_SQL = """CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed_terms
USING fts5vocab('main', 'articles_fts', 'row')"""
TERMS_BETWEEN_SQL = """SELECT term, doc FROM temp.indexed_terms WHERE term >= ? AND term < ?
AND length(term) BETWEEN ? AND ? LIMIT ?"""
FINDS_SOMETHING_SQL = "SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT 1"
TERM_ARTICLES_SQL = "SELECT doc FROM temp.indexed_terms WHERE term = ?"


@dataclass(frozen=True, slots=True)
class WordCount:
    """A word of a search, and the number of articles that contain it."""

    word: str
    articles: int


@dataclass(frozen=True, slots=True)
class SearchAdvice:
    """Advice for a search without hits."""

    words: tuple[WordCount, ...]
    """The words that must occur, with their articles; empty where there is only one word."""
    queries: tuple[str, ...]
    """Searches that find something, with similar words for the unknown ones, likeliest first."""


def search_advice(connection: sqlite3.Connection, words: str) -> SearchAdvice:
    """Return advice for a search that found nothing; the index's own terms are compared.

    The connection must allow temporary tables. A similar word shares its first two letters, in
    either order, differs by two characters in length at most, and has a ratio of
    `MIN_TERM_SIMILARITY`; of equals, the more frequent one comes first.
    """
    connection.execute(OPEN_INDEX_SQL)
    typed = list(dict.fromkeys(search_words(words)))
    counts = [WordCount(word, _articles_with(connection, word)) for word in typed]
    unknown = [each.word for each in counts if not each.articles]
    queries = [
        query
        for query in _replaced_queries(connection, words, unknown)
        if connection.execute(FINDS_SOMETHING_SQL, (match_or_nothing(query),)).fetchone()
    ]
    return SearchAdvice(tuple(counts) if len(counts) > 1 else (), tuple(queries))


def _articles_with(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute(TERM_ARTICLES_SQL, (fold_text_for_search(word),)).fetchone()
    return int(row[0]) if row else 0


def _replaced_queries(
    connection: sqlite3.Connection, words: str, unknown: list[str]
) -> Iterator[str]:
    """Yield the search with its first unknown words replaced, the likeliest spelling first.

    All unknown words are replaced at once; where one has no similar word, nothing is offered.
    """
    if not unknown:
        return
    similar = [similar_terms(connection, word) for word in unknown]
    for at in range(MAX_SUGGESTED_QUERIES):
        spellings = [terms[min(at, len(terms) - 1)] if terms else "" for terms in similar]
        if not all(spellings) or (at and all(len(terms) <= at for terms in similar)):
            return
        query = words
        for word, spelling in zip(unknown, spellings, strict=True):
            query = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", spelling, query)
        yield query


def similar_terms(connection: sqlite3.Connection, word: str) -> list[str]:
    """Return the indexed terms similar to a word, likeliest first, `MAX_SUGGESTED_QUERIES` at most."""
    folded = fold_text_for_search(word)
    if len(folded) < MIN_WORD_CHARS:
        return []
    start = folded[:SHARED_START_CHARS]
    candidates: dict[str, int] = {}
    for prefix in {start, start[::-1]}:
        candidates |= _terms_with_prefix(connection, prefix, len(folded))
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(folded)
    scored: list[tuple[float, int, str]] = []
    for term, articles in candidates.items():
        matcher.set_seq1(term)
        is_close = matcher.quick_ratio() >= MIN_TERM_SIMILARITY
        ratio = matcher.ratio() if is_close else 0.0
        if ratio >= MIN_TERM_SIMILARITY:
            scored.append((ratio, articles, term))
    return [term for _, _, term in sorted(scored, reverse=True)[:MAX_SUGGESTED_QUERIES]]


def _terms_with_prefix(connection: sqlite3.Connection, prefix: str, length: int) -> dict[str, int]:
    """Return the terms with a prefix and about this length, with the articles of each."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    shortest, longest = length - MAX_LENGTH_DIFFERENCE_CHARS, length + MAX_LENGTH_DIFFERENCE_CHARS
    values = (prefix, after, shortest, longest, MAX_SIMILAR_TERMS)
    return {
        str(term): int(articles) for term, articles in connection.execute(TERMS_BETWEEN_SQL, values)
    }
