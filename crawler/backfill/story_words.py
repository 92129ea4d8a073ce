"""The words of a followed story, by which a page is told apart before it is read.

They are looked for in the page's bytes: in its title, and anywhere in it. That costs a hundredth of
reading the page, and lets too much through rather than too little: what is let through is read, and
the story's listing judges it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from os.path import commonprefix

from archive.articles.stored_vectors import OPENING_TERM_PREFIX
from archive.text.unspaced import UNSPACED_RUN
from crawler.text.charsets import decode_page
from pipelines.text.terms import text_terms
from pipelines.topics.stories import SEARCH_WORD, StoryProfile, profile_terms

MIN_WORD_STEM_CHARS = 3
"""Letters that all forms of a word have to begin with, to be looked for by these letters."""
WHOLE_WORD_CHARS = 5
"""Letters below which a word has to begin where it is found: `oil` is not in `foil`."""
MAX_PLACES_OF_WORD = 50
"""Places at which such a word is looked for before it counts as missing."""
TITLE_BYTES = re.compile(rb"<title[^>]*>(.{1,600}?)</title", re.DOTALL)
SHARED_TITLE_BYTES = re.compile(
    rb"og:title[\"'][^>]{0,200}?content\s*=\s*[\"'](.{1,600}?)[\"']\s*/?>"
)
"""Title and `og:title` in a page in lower case."""
DECLARED_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-z0-9_-]{2,20})")
CHARSET_SEARCH_BYTES = 4096
ACCENT_REFERENCES = (b"acute;", b"uml;", b"grave;", b"cedil;", b"tilde;", b"&#1", b"&#x")
"""Signs of letters that are written as character references."""

MIN_TITLE_SHARE, MIN_PAGE_SHARE_WITH_TITLE, MIN_PAGE_SHARE = 0.02, 0.25, 0.4
"""Shares of the weight of a story's words: in the title together with the whole page, or in the
whole page alone."""


@dataclass(frozen=True, slots=True)
class StoryWords:
    """What a story's words begin with, in lower case and UTF-8, each with its share of the weight."""

    weights: tuple[tuple[bytes, float], ...]

    def may_be_in(self, body: bytes, content_type: str) -> bool:
        """Return whether a page may belong to the story."""
        page = searchable_bytes(body, content_type)
        titles = [
            found[1] for form in (TITLE_BYTES, SHARED_TITLE_BYTES) if (found := form.search(page))
        ]
        in_page = [(word, weight) for word, weight in self.weights if has_word(page, word)]
        page_share = sum(weight for _, weight in in_page)
        if page_share >= MIN_PAGE_SHARE or not titles:
            return page_share >= MIN_PAGE_SHARE_WITH_TITLE
        title = b"\n".join(titles)
        title_share = sum(weight for word, weight in in_page if has_word(title, word))
        return title_share >= MIN_TITLE_SHARE and page_share >= MIN_PAGE_SHARE_WITH_TITLE


def words_of_story(profile: StoryProfile, texts: Iterable[tuple[str, str | None]]) -> StoryWords:
    """Return the words of a story's profile, in the forms of the texts of its confirmed articles.

    `texts` are (text, language) pairs.
    """
    forms: dict[str, set[str]] = defaultdict(set)
    for text, language in texts:
        for word in set(SEARCH_WORD.findall(text.casefold())):
            terms = text_terms(word, language)
            if len(terms) == 1:
                forms[terms[0]].add(word)
    weights: dict[bytes, float] = {}
    term_weights = _term_weights(profile.vector)
    for term in profile_terms(profile):
        word = _shared_beginning(term, forms.get(term, set())).encode()
        weights[word] = weights.get(word, 0.0) + term_weights[term]
    total = sum(weights.values()) or 1.0
    return StoryWords(tuple((word, weight / total) for word, weight in weights.items()))


def _term_weights(vector: Mapping[str, float]) -> dict[str, float]:
    """Return the terms of a profile with their weights in both views together."""
    both: dict[str, float] = defaultdict(float)
    for term, weight in vector.items():
        both[term.removeprefix(OPENING_TERM_PREFIX)] += weight
    return both


def _shared_beginning(term: str, forms: set[str]) -> str:
    """Return what all forms of a word begin with, or the shortest form if that is too little."""
    if not forms or UNSPACED_RUN.fullmatch(term):
        return term
    shared = commonprefix(sorted(forms))  # noqa: RUF071  letter by letter
    return shared if len(shared) >= MIN_WORD_STEM_CHARS else min(forms, key=len)


def searchable_bytes(body: bytes, content_type: str) -> bytes:
    """Return a page in lower case and UTF-8, with the letters that references stand for."""
    found = DECLARED_CHARSET.search(content_type.lower().encode()) or DECLARED_CHARSET.search(
        body[:CHARSET_SEARCH_BYTES].lower()
    )
    is_utf8 = found is None or found[1] in (b"utf-8", b"utf8", b"us-ascii", b"ascii")
    lowered = body.lower()
    if is_utf8 and not any(mark in lowered for mark in ACCENT_REFERENCES):
        return lowered
    return unescape(decode_page(body, content_type)).lower().encode("utf-8", "replace")


def has_word(page: bytes, word: bytes) -> bool:
    """Return whether a word occurs in a page; a short one only at the beginning of a word."""
    place = page.find(word)
    if place < 0 or len(word) >= WHOLE_WORD_CHARS:
        return place >= 0
    for _ in range(MAX_PLACES_OF_WORD):
        if place == 0 or not page[place - 1 : place].isalnum():
            return True
        place = page.find(word, place + 1)
        if place < 0:
            return False
    return False
