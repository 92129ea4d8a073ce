"""Boilerplate of an outlet: lines that it repeats around its articles.

A line is identified by its words, regardless of numbers, case and punctuation. It is boilerplate
once it has occurred in three different pieces of news; `archive.articles.boilerplate` counts them,
and this module defines a piece of news: a sentence that three reports of one event share is
content. The thresholds were chosen on outlets that `bench.extraction` does not report, where 98 of
100 removed words are not part of the article.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from unicodedata import normalize

from archive.articles.boilerplate import Judge
from pipelines.dedup.copies import UNSPACED
from pipelines.text.fingerprint import fingerprint
from pipelines.text.terms import terms
from pipelines.text.word_count import word_count

VERSION = 1
"""Version of the marks, part of every mark; increases whenever the same line would get another
mark."""
SHORTEST = 4
"""Minimum number of letters of a line in unspaced scripts. In other scripts a line of one word is
never boilerplate: a place above a report, a name in an interview, the heading of a list."""
LONGEST = 1_500
"""Characters; a longer line is never boilerplate."""
TOLD_BY = 40_000
"""Characters of a text whose terms represent its subject."""
MOST_LINES = 300
"""Lines of a text that may be boilerplate, half of them at its beginning and half at its end."""
MOST = 0.5
"""Share of a text in characters. If more of it is boilerplate, nothing is removed: the extraction
failed, or the text is a list. If two texts share more, they are one piece of news."""
ONE_NEWS = 0.3
"""Share of the terms of the shorter of two texts from which on they are one piece of news: two
reports of one story reach it in two of three cases, two of different stories in one of sixty."""
TELLING = 5
"""Minimum number of terms to tell a text from another."""
OWN, OWN_TERMS = 0.5, 4
"""Share of a line's terms that occur in the rest of its text from which on the line is content;
with fewer than `OWN_TERMS` terms the share is not significant."""

HEADING = 40
"""Maximum characters of a line that may be the heading of the lines after it; a line with a number
(`Read by 12 people`) is not a heading."""
SENTENCE_ENDS = frozenset(".!。！…:：»›→")

_BETWEEN_WORDS = re.compile(r"[^\w\n]+")
_NUMBER = re.compile(r"\d[\d.,:’']*")


@lru_cache(maxsize=16)  # the newest text, and those that it is compared with
def marks(text: str) -> tuple[int | None, ...]:
    """Return a signed 32-bit mark for each line, or None if it can never be boilerplate."""
    lines = text.split("\n")
    inner = range(MOST_LINES // 2, len(lines) - MOST_LINES // 2)
    for place, line in enumerate(lines):
        if place in inner or len(line) > 2 * LONGEST:
            lines[place] = ""
    # all lines at once, as each call costs more than a line
    folded = _NUMBER.sub("0", normalize("NFKC", "\n".join(lines)).casefold())
    return tuple(_mark(line.split()) for line in _BETWEEN_WORDS.sub(" ", folded).split("\n"))


def _mark(words: list[str]) -> int | None:
    """Return the mark of a line from its words, or None if it is too long or too short."""
    told = " ".join(words)
    least = 1 if _is_unspaced(told) else 2
    if len(told) > LONGEST or len(words) - words.count("0") < least:
        return None
    digest = blake2b(f"{VERSION}:{told}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


def _is_unspaced(told: str) -> bool:
    """Return whether the line is long enough and in a script without spaces."""
    return len(told) >= SHORTEST and not told.isascii() and bool(UNSPACED.search(told))


def gone(text: str, habits: Collection[int], language: str | None) -> frozenset[int]:
    """Return the marks of the lines to remove; empty if they are more than half of the text."""
    lines = _lines(text)
    if not any(mark in habits for mark, _ in lines):
        return frozenset()
    matter = _terms_of((line for mark, line in lines if mark not in habits), language)
    going = {mark for mark, line in lines if mark in habits and not _is_own(line, matter, language)}
    going -= _headings(lines, going)
    removed = sum(len(line) for mark, line in lines if mark in going)
    if removed > MOST * len(text):
        return frozenset()
    return frozenset(mark for mark in going if mark is not None)


def _is_own(line: str, matter: Collection[str], language: str | None) -> bool:
    """Return whether a line is about the subject of its text: `matter`, the terms of the rest."""
    said = _terms(line[: 2 * LONGEST], language)
    return len(said) >= OWN_TERMS and len(said.intersection(matter)) >= OWN * len(said)


def _headings(
    lines: list[tuple[int | None, str]], going: Collection[int | None]
) -> set[int | None]:
    """Return the marks of removable lines that are headings of content: `What we know`, each week.

    A line that follows other short boilerplate is the last of a list and not a heading.
    """
    kept = [place for place, (mark, _) in enumerate(lines) if mark not in going]
    after = [place - 1 for before, place in pairwise(kept) if place - before > 1]
    return {
        lines[place][0]
        for place in after
        if _is_short(lines[place]) and not _goes_short(lines[place - 1], going)
    }


def _is_short(line: tuple[int | None, str]) -> bool:
    """Return whether the line may be a heading."""
    words = line[1]
    return (
        len(words) <= HEADING
        and words[-1:] not in SENTENCE_ENDS
        and not any(map(str.isdigit, words))
    )


def _goes_short(line: tuple[int | None, str], going: Collection[int | None]) -> bool:
    """Return whether the line is short boilerplate."""
    return line[0] in going and len(line[1]) <= HEADING


def apart(text: str, other: str, language: str | None) -> bool:
    """Return whether two texts of a language are different news, ignoring common lines."""
    shared = set(marks(text)).intersection(marks(other)) - {None}
    one = [line for mark, line in _lines(text) if mark not in shared]
    two = [line for mark, line in _lines(other) if mark not in shared]
    if _is_mostly_gone(one, text) or _is_mostly_gone(two, other):
        return False
    mine, theirs = _terms_of(one, language), _terms_of(two, language)
    fewer = min(len(mine), len(theirs))
    return fewer >= TELLING and len(mine & theirs) < ONE_NEWS * fewer


def _is_mostly_gone(left: list[str], text: str) -> bool:
    """Return whether the lines that are left make less than half of the text."""
    return sum(map(len, left)) < (1 - MOST) * len(text)


def _lines(text: str) -> list[tuple[int | None, str]]:
    """Return the lines of a text with their marks."""
    return list(zip(marks(text), text.split("\n"), strict=True))


def _terms_of(lines: Iterable[str], language: str | None) -> frozenset[str]:
    """Return the terms of the first `TOLD_BY` characters of some lines."""
    found: set[str] = set()
    left = TOLD_BY
    for line in lines:
        if left <= 0:
            break
        found |= _terms(line[:left], language)
        left -= len(line)
    return frozenset(found)


@lru_cache(maxsize=2048)  # a text is compared with several others
def _terms(line: str, language: str | None) -> frozenset[str]:
    """Return the different terms of a line."""
    return frozenset(terms(line, language))


JUDGE = Judge(marks=marks, gone=gone, apart=apart, fingerprint=fingerprint, word_count=word_count)
"""Policy for `archive.articles.boilerplate`."""
