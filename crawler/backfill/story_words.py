"""The words of a followed story, by which a page is excluded before it is read.

They are looked for in the page's bytes: in its title, and anywhere in it. That costs a hundredth of
reading the page, and lets too much through rather than too little: what is let through is read, and
the story's listing judges it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.entities import codepoint2name
from os.path import commonprefix

from archive.articles.stored_vectors import OPENING_TERM_PREFIX
from archive.text.unspaced import UNSPACED_RUN
from pipelines.text.terms import text_terms
from pipelines.topics.stories import SEARCH_WORD, StoryProfile, profile_terms

MIN_WORD_STEM_CHARS = 3
"""Letters that all forms of a word have to begin with, to be looked for by these letters."""
WHOLE_WORD_CHARS = 5
"""Letters below which a word has to begin where it is found: `oil` is not in `foil`."""
MAX_PLACES_OF_WORD = 50
"""Places at which such a word is looked for before it counts as missing."""
TITLE_BYTES = re.compile(rb"<title[^>]*>(.{1,600}?)</title", re.DOTALL | re.IGNORECASE)
SHARED_TITLE_BYTES = re.compile(
    rb"og:title[\"'][^>]{0,200}?content\s*=\s*[\"'](.{1,600}?)[\"']\s*/?>",
    re.DOTALL | re.IGNORECASE,
)
TITLE_FORMS = ((b"<title", TITLE_BYTES), (b"og:title", SHARED_TITLE_BYTES))
"""The beginning of a title, and the whole of it."""
HEAD_BYTES = 32 * 1024
"""Bytes of a page in which its titles are looked for."""
PARAGRAPH_BYTES = re.compile(rb">([^<{]{40}[^<]{0,2960}+)(?:<|\Z)")
"""A text between tags: shorter ones are links and labels, longer ones scripts and styles. Most of
those are passed over at their first brace."""
CODE_MARK = b"{"
"""A sign of shorter ones, at any place."""
ARTICLE_DATA_MARK = b"articleBody"
"""A sign of scripts that have the text of the article as data."""
SCRIPT_START, SCRIPT_END = b"<script", b"</script"
MAX_DATA_MARKS = 20
"""Signs of them that are looked at; a page with more is searched as a whole."""
REFERENCE_MARKS = (b"&#", b"acute;", b"uml;", b"grave;", b"cedil;", b"circ;", b"tilde;")
"""Signs of a text with letters as references."""
CHARSET_MARK = b"charset"
DECLARED_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-z0-9_-]{2,20})", re.IGNORECASE)
CHARSET_SEARCH_BYTES = 4096
UTF8_NAMES = (b"utf-8", b"utf8", b"us-ascii", b"ascii")

MIN_TITLE_SHARE, MIN_PAGE_SHARE_WITH_TITLE, MIN_PAGE_SHARE = 0.02, 0.25, 0.4
"""Shares of the weight of a story's words: in the title together with the whole page, or in the
whole page alone."""


@dataclass(frozen=True, slots=True)
class StoryWord:
    """The beginning of all forms of a word, in lower case, and its share of all words' weight."""

    spellings: tuple[bytes, ...]
    """In UTF-8: in lower case, and with a capital where that is not ASCII."""
    referred: tuple[bytes, ...]
    """With character references for the letters beyond ASCII; empty without such letters."""
    weight: float


@dataclass(frozen=True, slots=True)
class StoryWords:
    """The words of a story, those with the largest weights first."""

    words: tuple[StoryWord, ...]

    def may_be_in(self, body: bytes, content_type: str) -> bool:
        """Return whether a page may belong to the story."""
        page = utf8_page(body, content_type)
        title = page_titles(page)
        has_title = not title or self._has_share(title, MIN_TITLE_SHARE)
        least = MIN_PAGE_SHARE_WITH_TITLE if has_title else MIN_PAGE_SHARE
        return self._has_share(title + b"\n" + page_text(page), least)

    def _has_share(self, text: bytes, least: float) -> bool:
        """Return whether a text holds words of at least this share; look for no more than needed."""
        marks = REFERENCE_MARKS if any(word.referred for word in self.words) else ()
        has_references = any(mark in text for mark in marks)
        found, left = 0.0, 1.0
        for word in self.words:
            left -= word.weight
            if has_spelling(text, word.spellings) or (
                has_references and has_spelling(text, word.referred)
            ):
                found += word.weight
            if found >= least:
                return True
            if found + left < least:
                return False
        return False


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
    weights: dict[str, float] = defaultdict(float)
    term_weights = _term_weights(profile.vector)
    for term in profile_terms(profile):
        weights[_shared_beginning(term, forms.get(term, set()))] += term_weights[term]
    return weighted_words(weights)


def weighted_words(weights: Mapping[str, float]) -> StoryWords:
    """Return words in lower case with their weights."""
    total = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    return StoryWords(tuple(_story_word(word, each / total) for word, each in ordered))


def _story_word(word: str, weight: float) -> StoryWord:
    """Return a word with its spellings in text whose ASCII letters are in lower case."""
    if word.isascii():
        return StoryWord((word.encode(),), (), weight)
    named = "".join(_named_reference(letter) for letter in word)
    numbered = "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in word)
    capital = word[:1].upper() + word[1:]
    spellings = dict.fromkeys((word.encode(), capital.encode()))
    referred = dict.fromkeys((named.lower().encode(), numbered.encode()))
    return StoryWord(tuple(spellings), tuple(referred), weight)


def _named_reference(letter: str) -> str:
    """Return the named reference of a letter beyond ASCII, if HTML 4 has one."""
    name = codepoint2name.get(ord(letter))
    return f"&{name};" if name and not letter.isascii() else letter


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


def utf8_page(body: bytes, content_type: str) -> bytes:
    """Return a page in UTF-8, whatever charset it declares."""
    stated = declared_charset(content_type.encode("ascii", "ignore"))
    stated = stated or declared_charset(body[:CHARSET_SEARCH_BYTES])
    if stated is None or stated in UTF8_NAMES:
        return body
    try:
        return body.decode(stated.decode("ascii"), "replace").encode("utf-8", "replace")
    except LookupError:
        return body


def declared_charset(text: bytes) -> bytes | None:
    """Return the first charset that a header or the beginning of a page declares, in lower case."""
    text = text.lower()
    place = text.find(CHARSET_MARK)  # several times as fast as to search for the pattern
    found = DECLARED_CHARSET.search(text, place) if place >= 0 else None
    return found[1] if found else None


def page_titles(page: bytes) -> bytes:
    """Return the titles that a page states, with ASCII letters in lower case."""
    titles = []
    for mark, form in TITLE_FORMS:
        place = page.find(mark, 0, HEAD_BYTES)
        found = form.match(page, place) if place >= 0 else None
        if found:
            titles.append(found[1])
    return b"\n".join(titles).lower()


def page_text(page: bytes) -> bytes:
    """Return the texts of a page, with ASCII letters in lower case."""
    texts = [text for text in PARAGRAPH_BYTES.findall(page) if CODE_MARK not in text]
    if ARTICLE_DATA_MARK in page:
        texts += article_data(page)
    return b"\n".join(texts).lower()


def article_data(page: bytes) -> Iterator[bytes]:
    """Yield the scripts of a page that have the text of the article as data."""
    place, script_end = page.find(ARTICLE_DATA_MARK), 0
    for _ in range(MAX_DATA_MARKS):
        if place < 0:
            return
        script = page.rfind(SCRIPT_START, script_end, place)
        if script >= 0 and page.find(SCRIPT_END, script, place) < 0:
            script_end = page.find(SCRIPT_END, place)
            script_end = script_end if script_end >= 0 else len(page)
            yield page[script:script_end]
        place = page.find(ARTICLE_DATA_MARK, max(place + 1, script_end))
    yield page


def has_spelling(text: bytes, spellings: tuple[bytes, ...]) -> bool:
    """Return whether a word occurs in one of its spellings; a short one only where a word begins."""
    for spelling in spellings:
        place = text.find(spelling)
        if place >= 0 and (len(spelling) >= WHOLE_WORD_CHARS or begins_word(text, spelling, place)):
            return True
    return False


def begins_word(text: bytes, spelling: bytes, place: int) -> bool:
    """Return whether a word begins with a spelling at one of the places where that occurs."""
    for _ in range(MAX_PLACES_OF_WORD):
        if place == 0 or not text[place - 1 : place].isalnum():
            return True
        place = text.find(spelling, place + 1)
        if place < 0:
            return False
    return False
