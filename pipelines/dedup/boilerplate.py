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

from archive.articles.boilerplate import BoilerplatePolicy
from pipelines.dedup.copies import UNSPACED_SCRIPT_LETTER
from pipelines.text.fingerprint import text_fingerprint
from pipelines.text.terms import text_terms
from pipelines.text.word_count import count_words

LINE_MARK_VERSION = 1
"""Version of the marks, part of every mark; increases whenever the same line would get another
mark."""
MIN_UNSPACED_LINE_CHARS = 4
"""Minimum number of letters of a line in unspaced scripts. In other scripts a line of one word is
never boilerplate: a place above a report, a name in an interview, the heading of a list."""
MAX_BOILERPLATE_LINE_CHARS = 1_500
"""Characters; a longer line is never boilerplate."""
MAX_SUBJECT_CHARS = 40_000
"""Characters of a text whose terms represent its subject."""
MAX_BOILERPLATE_LINES = 300
"""Lines of a text that may be boilerplate, half of them at its beginning and half at its end."""
MAX_BOILERPLATE_SHARE = 0.5
"""Share of a text in characters. If more of it is boilerplate, nothing is removed: the extraction
failed, or the text is a list. If two texts share more, they are one piece of news."""
MIN_SAME_NEWS_SHARE = 0.3
"""Share of the terms of the shorter of two texts from which on they are one piece of news: two
reports of one story reach it in two of three cases, two of different stories in one of sixty."""
MIN_TELLING_TERMS = 5
"""Minimum number of terms to tell a text from another."""
MIN_SUBJECT_SHARE, MIN_SUBJECT_TERMS = 0.5, 4
"""Share of a line's terms that occur in the rest of its text from which on the line is content;
with fewer than `MIN_SUBJECT_TERMS` terms the share is not significant."""

MAX_HEADING_CHARS = 40
"""Maximum characters of a line that may be the heading of the lines after it; a line with a number
(`Read by 12 people`) is not a heading."""
HEADING_EXCLUDED_ENDS = frozenset(".!。！…:：»›→")

_NON_WORD_CHARS = re.compile(r"[^\w\n]+")
_NUMBER_IN_LINE = re.compile(r"\d[\d.,:’']*")


@lru_cache(maxsize=16)  # the newest text, and those that it is compared with
def line_marks(text: str) -> tuple[int | None, ...]:
    """Return a signed 32-bit mark for each line, or None if it can never be boilerplate."""
    lines = text.split("\n")
    inner = range(MAX_BOILERPLATE_LINES // 2, len(lines) - MAX_BOILERPLATE_LINES // 2)
    for place, line in enumerate(lines):
        if place in inner or len(line) > 2 * MAX_BOILERPLATE_LINE_CHARS:
            lines[place] = ""
    # all lines at once, as each call costs more than a line
    folded = _NUMBER_IN_LINE.sub("0", normalize("NFKC", "\n".join(lines)).casefold())
    return tuple(_line_mark(line.split()) for line in _NON_WORD_CHARS.sub(" ", folded).split("\n"))


def _line_mark(words: list[str]) -> int | None:
    """Return the mark of a line from its words, or None if it is too long or too short."""
    told = " ".join(words)
    least = 1 if _is_unspaced_line(told) else 2
    if len(told) > MAX_BOILERPLATE_LINE_CHARS or len(words) - words.count("0") < least:
        return None
    digest = blake2b(f"{LINE_MARK_VERSION}:{told}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


def _is_unspaced_line(told: str) -> bool:
    """Return whether the line is long enough and in a script without spaces."""
    return (
        len(told) >= MIN_UNSPACED_LINE_CHARS
        and not told.isascii()
        and bool(UNSPACED_SCRIPT_LETTER.search(told))
    )


def marks_to_remove(
    text: str, boilerplate: Collection[int], language: str | None
) -> frozenset[int]:
    """Return the marks of the lines to remove; empty if they are more than half of the text."""
    lines = _marked_lines(text)
    if not any(mark in boilerplate for mark, _ in lines):
        return frozenset()
    matter = _subject_terms((line for mark, line in lines if mark not in boilerplate), language)
    going = {
        mark
        for mark, line in lines
        if mark in boilerplate and not _is_about_subject(line, matter, language)
    }
    going -= _heading_marks(lines, going)
    removed = sum(len(line) for mark, line in lines if mark in going)
    if removed > MAX_BOILERPLATE_SHARE * len(text):
        return frozenset()
    return frozenset(mark for mark in going if mark is not None)


def _is_about_subject(line: str, matter: Collection[str], language: str | None) -> bool:
    """Return whether a line is about the subject of its text: `matter`, the terms of the rest."""
    said = _line_terms(line[: 2 * MAX_BOILERPLATE_LINE_CHARS], language)
    return len(said) >= MIN_SUBJECT_TERMS and len(
        said.intersection(matter)
    ) >= MIN_SUBJECT_SHARE * len(said)


def _heading_marks(
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
        if _may_be_heading(lines[place]) and not _is_short_removed_line(lines[place - 1], going)
    }


def _may_be_heading(line: tuple[int | None, str]) -> bool:
    """Return whether the line may be a heading."""
    words = line[1]
    return (
        len(words) <= MAX_HEADING_CHARS
        and words[-1:] not in HEADING_EXCLUDED_ENDS
        and not any(map(str.isdigit, words))
    )


def _is_short_removed_line(line: tuple[int | None, str], going: Collection[int | None]) -> bool:
    """Return whether the line is short boilerplate."""
    return line[0] in going and len(line[1]) <= MAX_HEADING_CHARS


def are_different_news(text: str, other: str, language: str | None) -> bool:
    """Return whether two texts of a language are different news, ignoring common lines."""
    shared = set(line_marks(text)).intersection(line_marks(other)) - {None}
    one = [line for mark, line in _marked_lines(text) if mark not in shared]
    two = [line for mark, line in _marked_lines(other) if mark not in shared]
    if _is_mostly_shared(one, text) or _is_mostly_shared(two, other):
        return False
    mine, theirs = _subject_terms(one, language), _subject_terms(two, language)
    fewer = min(len(mine), len(theirs))
    return fewer >= MIN_TELLING_TERMS and len(mine & theirs) < MIN_SAME_NEWS_SHARE * fewer


def _is_mostly_shared(left: list[str], text: str) -> bool:
    """Return whether the lines that are left make less than half of the text."""
    return sum(map(len, left)) < (1 - MAX_BOILERPLATE_SHARE) * len(text)


def _marked_lines(text: str) -> list[tuple[int | None, str]]:
    """Return the lines of a text with their marks."""
    return list(zip(line_marks(text), text.split("\n"), strict=True))


def _subject_terms(lines: Iterable[str], language: str | None) -> frozenset[str]:
    """Return the terms of the first `MAX_SUBJECT_CHARS` characters of some lines."""
    found: set[str] = set()
    left = MAX_SUBJECT_CHARS
    for line in lines:
        if left <= 0:
            break
        found |= _line_terms(line[:left], language)
        left -= len(line)
    return frozenset(found)


@lru_cache(maxsize=2048)  # a text is compared with several others
def _line_terms(line: str, language: str | None) -> frozenset[str]:
    """Return the different terms of a line."""
    return frozenset(text_terms(line, language))


BOILERPLATE_POLICY = BoilerplatePolicy(
    marks=line_marks,
    gone=marks_to_remove,
    apart=are_different_news,
    fingerprint=text_fingerprint,
    word_count=count_words,
)
"""Policy for `archive.articles.boilerplate`."""
