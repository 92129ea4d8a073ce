"""The terms of a text: normalized words that two reports of one event share in any inflection.

Words are case-folded, stop words removed, the others reduced to their stems (Snowball,
https://snowballstem.org) and stripped of accents. Languages written without spaces, and Korean,
whose particles are attached to the nouns, yield pairs of characters. Stop words and stems are
skipped where the language is not known.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import local

import Stemmer

from archive.text.unspaced import UNSPACED_RANGES, UNSPACED_RUN

STEMMER_NAMES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "st": "sesotho", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 code → name of the Snowball stemmer."""

WORD_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0963\u0971-\u0dff\u200c"
)
"""Vowel signs and accents that occur within words, and the Persian zero-width joint."""
TERM_WORD = re.compile(rf"[\w{WORD_MARKS}]{{2,}}")
"""A word of at least two characters."""
COMBINING_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u065f\u200c]+")
"""Combining accents that are removed after stemming."""
MAX_TERM_CHARS = 40
"""Maximum length of a term in characters; longer strings are not words."""

HIRAGANA_RUN = re.compile("[\u3041-\u309f\u30fc]+")
"""Pairs in this script are Japanese endings and particles."""
CHINESE_PARTICLES = frozenset("的了是在也就而及与與这這那她它们們")
"""Chinese characters that are mostly grammatical particles."""

_stemmers_of_thread = local()
"""One set of stemmers a thread: a stemmer object is not thread-safe."""


def text_terms(text: str, language: str | None) -> list[str]:
    """Return the terms of a text, in order and with repetitions; `language` is ISO 639-1."""
    language = (language or "").partition("-")[0].lower()
    text = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    if not UNSPACED_RUN.search(text):
        return _stemmed_words(TERM_WORD.findall(text), language)
    found: list[str] = []
    for letters in re.split(f"([{UNSPACED_RANGES}]+)", text):
        if UNSPACED_RUN.match(letters):
            found += _character_pairs(letters, language)
        else:
            found += _stemmed_words(TERM_WORD.findall(letters), language)
    return found


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language; empty for an unknown language."""
    words = _stop_word_lists().get(language, "")
    return frozenset(unicodedata.normalize("NFKC", words).casefold().split())


@cache
def _stop_word_lists() -> dict[str, str]:
    """Return the lists of `stop_words.toml`, by language."""
    with (Path(__file__).parent / "stop_words.toml").open("rb") as file:
        return tomllib.load(file)


def _stemmed_words(words: list[str], language: str) -> list[str]:
    """Stem the words, then strip their accents, which the stemmers need."""
    stop, name = stop_words(language), STEMMER_NAMES.get(language)
    words = [word for word in words if word not in stop and _may_be_a_term(word)]
    if name:
        words = _thread_stemmer(name).stemWords(words)
    if "".join(words).isascii():
        return words
    return [_without_accents(word) for word in words]


def _may_be_a_term(word: str) -> bool:
    """Return whether the word has a usable length; numbers of two digits are excluded."""
    return 2 < len(word) <= MAX_TERM_CHARS or (len(word) == 2 and not word.isdecimal())


def _thread_stemmer(name: str) -> Stemmer.Stemmer:
    """Return this thread's stemmer of that name."""
    known = _stemmers_of_thread.__dict__
    if name not in known:
        known[name] = Stemmer.Stemmer(name)
    return known[name]


def _without_accents(word: str) -> str:
    """Return the word without accents."""
    if word.isascii():
        return word
    return unicodedata.normalize(
        "NFC", COMBINING_ACCENTS.sub("", unicodedata.normalize("NFD", word))
    )


def _character_pairs(run: str, language: str) -> Iterator[str]:
    """Yield the overlapping pairs of characters, without grammatical ones.

    Japanese endings are skipped in every language, and Chinese particles in all but Japanese.
    """
    for at in range(len(run) - 1):
        pair = run[at : at + 2]
        has_particle = language != "ja" and not CHINESE_PARTICLES.isdisjoint(pair)
        if not has_particle and not HIRAGANA_RUN.fullmatch(pair):
            yield pair
