"""What an outlet repeats around its articles: which lines can be a habit, and which of them an
article keeps.

A line is known by its words, whatever its numbers, case and punctuation. It is a habit of its
outlet once it stood in three different pieces of news; `archive.articles.boilerplate` counts, and
asks here what a piece of news is: a sentence that three reports of one matter have in common is
theirs. The figures were chosen on the outlets that `bench.extraction` does not report, where 98 of
100 words that go so are none of the article's.
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
"""Of the marks; goes up whenever the same line would get another one. It is part of every mark."""
SHORTEST = 4
"""Letters, where no blanks part words. Elsewhere a line of one word is never a habit: a place above
a report, a name in an interview, the heading of a list."""
LONGEST = 1_500
"""Characters; a longer line is never a habit."""
TOLD_BY = 40_000
"""Characters of a text whose terms say what it is about."""
MOST_LINES = 300
"""Of a text, half of them from its beginning and half from its end, may be habits."""
MOST = 0.5
"""Of a text, in characters. If more of it are habits, it stays whole: it was hardly read, or is a
list. If more of it are lines that another text has too, the two are one piece of news."""
ONE_NEWS = 0.3
"""Share of the terms of the shorter of two texts, from which they are one piece of news: two of one
story reach it in two of three cases, two of different stories in one of sixty."""
TELLING = 5
"""Terms; a text of fewer is not told from another."""
OWN, OWN_TERMS = 0.5, 4
"""Share of a line's terms that stand in the rest of its text, from which it speaks of the same
matter and stays; of fewer terms that says nothing."""

HEADING = 40
"""Characters of a line that may head the lines after it, if it holds no number, as `Read by 12
people` does."""
SENTENCE_ENDS = frozenset(".!。！…:：»›→")

_BETWEEN_WORDS = re.compile(r"[^\w\n]+")
_NUMBER = re.compile(r"\d[\d.,:’']*")


@lru_cache(maxsize=16)  # the text that has just come, and those that it is held against
def marks(text: str) -> tuple[int | None, ...]:
    """For each line of a text 32 bits by which it is known again, as a signed number; None: never a
    habit."""
    lines = text.split("\n")
    inner = range(MOST_LINES // 2, len(lines) - MOST_LINES // 2)
    looked_at = [
        "" if place in inner or len(line) > 2 * LONGEST else line
        for place, line in enumerate(lines)
    ]
    folded = _NUMBER.sub("0", normalize("NFKC", "\n".join(looked_at)).casefold())
    return tuple(_mark(line.split()) for line in _BETWEEN_WORDS.sub(" ", folded).split("\n"))


def _mark(words: list[str]) -> int | None:
    told = " ".join(words)
    if len(told) > LONGEST or len(words) - words.count("0") < (1 if _is_unspaced(told) else 2):
        return None
    return int.from_bytes(
        blake2b(f"{VERSION}:{told}".encode(), digest_size=4).digest(), "big", signed=True
    )


def _is_unspaced(told: str) -> bool:
    return len(told) >= SHORTEST and not told.isascii() and bool(UNSPACED.search(told))


def gone(text: str, habits: Collection[int], language: str | None) -> frozenset[int]:
    """The marks of the lines that are to be left out of a text; none, if that were more than half
    of it."""
    lines = _lines(text)
    if not any(mark in habits for mark, _ in lines):
        return frozenset()
    matter = _terms_of((line for mark, line in lines if mark not in habits), language)
    going = {mark for mark, line in lines if mark in habits and not _is_own(line, matter, language)}
    going -= _headings(lines, going)
    if sum(len(line) for mark, line in lines if mark in going) > MOST * len(text):
        return frozenset()
    return frozenset(mark for mark in going if mark is not None)


def _is_own(line: str, matter: Collection[str], language: str | None) -> bool:
    said = _terms(line[: 2 * LONGEST], language)
    return len(said) >= OWN_TERMS and len(said.intersection(matter)) >= OWN * len(said)


def _headings(
    lines: list[tuple[int | None, str]], going: Collection[int | None]
) -> set[int | None]:
    """Of the lines that would go, those that head what stays, amid the text: `What we know`, each
    week.

    One that follows other short lines is the last of a list, and heads nothing.
    """
    kept = [place for place, (mark, _) in enumerate(lines) if mark not in going]
    after = [place - 1 for before, place in pairwise(kept) if place - before > 1]
    return {
        lines[place][0]
        for place in after
        if _is_short(lines[place]) and not _goes_short(lines[place - 1], going)
    }


def _is_short(line: tuple[int | None, str]) -> bool:
    words = line[1]
    return (
        len(words) <= HEADING
        and words[-1:] not in SENTENCE_ENDS
        and not any(map(str.isdigit, words))
    )


def _goes_short(line: tuple[int | None, str], going: Collection[int | None]) -> bool:
    return line[0] in going and len(line[1]) <= HEADING


def apart(text: str, other: str, language: str | None) -> bool:
    """Whether two texts of a language are different pieces of news, by what they do not have in
    common."""
    shared = set(marks(text)).intersection(marks(other)) - {None}
    one, two = (
        [line for mark, line in _lines(told) if mark not in shared] for told in (text, other)
    )
    if any(
        sum(map(len, left)) < (1 - MOST) * len(told) for left, told in ((one, text), (two, other))
    ):
        return False
    mine, theirs = _terms_of(one, language), _terms_of(two, language)
    fewer = min(len(mine), len(theirs))
    return fewer >= TELLING and len(mine & theirs) < ONE_NEWS * fewer


def _lines(text: str) -> list[tuple[int | None, str]]:
    return list(zip(marks(text), text.split("\n"), strict=True))


def _terms_of(lines: Iterable[str], language: str | None) -> frozenset[str]:
    """The terms of some lines, as far as TOLD_BY."""
    found: set[str] = set()
    left = TOLD_BY
    for line in lines:
        if left <= 0:
            break
        found |= _terms(line[:left], language)
        left -= len(line)
    return frozenset(found)


@lru_cache(maxsize=2048)  # a text is held against several others
def _terms(line: str, language: str | None) -> frozenset[str]:
    return frozenset(terms(line, language))


JUDGE = Judge(marks=marks, gone=gone, apart=apart, fingerprint=fingerprint, word_count=word_count)
"""What the archive asks."""
