"""The terms of a text: what two reports of one thing have in common, whatever their grammar.

Words are put in one case, stop words left out, the others cut to their stems (Snowball,
https://snowballstem.org) and stripped of accents. Languages that write no spaces, and Korean, whose
particles stick to the nouns, give pairs of characters. What is a language's own (stop words, stems)
is left out where the language is not known.
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

from archive.text.unspaced import UNSPACED, UNSPACED_RUN

STEMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "st": "sesotho", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 → the stemmer of that language."""

MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0963\u0971-\u0dff\u200c"
)
"""Vowel signs and accents that stand within words, and the Persian joint between them."""
WORD = re.compile(rf"[\w{MARKS}]{{2,}}")
ACCENTS = re.compile("[\u0300-\u036f\u064b-\u065f\u200c]+")
LONGEST = 40
"""Characters; what is longer is no word."""

HIRAGANA = re.compile("[\u3041-\u309f\u30fc]+")
LINKS = frozenset("的了是在也就而及与與这這那她它们們")
"""Chinese characters that stand for grammar where they are in no word of their own."""

_stemmers = local()
"""A stemmer serves one thread."""


def terms(text: str, language: str | None) -> list[str]:
    """The terms of a text, in order and as often as they occur; `language` is ISO 639-1."""
    language = (language or "").partition("-")[0].lower()
    text = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    if not UNSPACED_RUN.search(text):
        return _words(WORD.findall(text), language)
    found: list[str] = []
    for letters in re.split(f"([{UNSPACED}]+)", text):
        found += (
            _pairs(letters, language)
            if UNSPACED_RUN.match(letters)
            else _words(WORD.findall(letters), language)
        )
    return found


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words that say nothing of what a text is about; none for a language that is not known."""
    return frozenset(
        unicodedata.normalize("NFKC", _stop_lists().get(language, "")).casefold().split()
    )


@cache
def _stop_lists() -> dict[str, str]:
    with (Path(__file__).parent / "stop_words.toml").open("rb") as file:
        return tomllib.load(file)


def _words(words: list[str], language: str) -> list[str]:
    """Stemmed, then stripped of accents: the stemmers go by them."""
    stop, name = stop_words(language), STEMS.get(language)
    words = [word for word in words if word not in stop and _may_be_a_term(word)]
    words = _stemmer(name).stemWords(words) if name else words
    return words if "".join(words).isascii() else list(map(_plain, words))


def _may_be_a_term(word: str) -> bool:
    return 2 < len(word) <= LONGEST or (len(word) == 2 and not word.isdecimal())


def _stemmer(name: str) -> Stemmer.Stemmer:
    known = _stemmers.__dict__
    if name not in known:
        known[name] = Stemmer.Stemmer(name)
    return known[name]


def _plain(word: str) -> str:
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", word)))


def _pairs(run: str, language: str) -> Iterator[str]:
    """Its overlapping pairs of characters, those left out that are grammar: Japanese endings,
    Chinese links."""
    for at in range(len(run) - 1):
        pair = run[at : at + 2]
        if not (HIRAGANA.fullmatch(pair) or (language != "ja" and not LINKS.isdisjoint(pair))):
            yield pair
