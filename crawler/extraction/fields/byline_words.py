"""The words of bylines beside the names, in about seventy languages, as sets and patterns.

The words are data in `byline_words.toml`. The names of countries and large cities come from CLDR
(Unicode Common Locale Data Repository, by Babel), in English and in the page's language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from itertools import groupby, takewhile
from operator import itemgetter
from pathlib import Path

from babel import Locale
from babel.core import UnknownLocaleError, get_global

from archive.text.unspaced import UNSPACED_SCRIPT_RANGES

WORD_TABLES: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "byline_words.toml").read_text(encoding="utf-8")
)
"""The words and phrases by table and language, separated by commas."""
UNSPACED_LETTER = re.compile(f"[{UNSPACED_SCRIPT_RANGES}]")
"""Letters of scripts without blanks between words: Thai, Lao, Khmer, Burmese, kana and Han."""
COLON_OR_SIGN = r"\s*[:：︰｜丨＝=|／/]\s*"
"""A colon, or a sign in place of one."""
NON_PLACE_BEGINNINGS = ("unknown", "Etc", "GMT")
"""Beginnings of CLDR's cities that are not places."""


def phrases_of_table(table: str, *languages: str) -> tuple[str, ...]:
    """Return the words and phrases of a table, in all languages or in the given ones."""
    rows = WORD_TABLES[table]
    wanted = [rows.get(language, "") for language in languages] if languages else rows.values()
    phrases = (phrase.strip() for phrase in ",".join(wanted).split(","))
    return tuple(dict.fromkeys(filter(None, phrases)))


def pattern_of_phrases(phrases: Iterable[str]) -> str:
    """Return a pattern for any of the phrases, the longest of those with the same beginning first.

    The beginning that phrases share occurs once in the pattern, so that a line is not compared with
    each of hundreds of phrases.
    """
    return f"(?:{_pattern_of_endings(sorted(phrases))})"


def _pattern_of_endings(phrases: list[str]) -> str:
    """A pattern for the rest of phrases after the letters that all of them begin with."""
    patterns = []
    for _, group in groupby(filter(None, phrases), key=itemgetter(0)):
        alike = list(group)
        start = _shared_beginning(
            alike[0], alike[-1]
        )  # as they are sorted, all others share it too
        beginning = re.escape(start).replace(r"\ ", r"\s+")
        patterns.append(beginning + _pattern_of_endings([phrase[len(start) :] for phrase in alike]))
    may_end_here = "" in phrases
    if not patterns or (len(patterns) == 1 and not may_end_here):
        return "".join(patterns)
    return f"(?:{'|'.join(patterns)})" + ("?" if may_end_here else "")


def _shared_beginning(one: str, other: str) -> str:
    """The beginning that two phrases share."""
    pairs = zip(one, other, strict=False)
    return "".join(letter for letter, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def word_set(table: str, *languages: str) -> frozenset[str]:
    """Return the words of a table in lower case, as words of bylines are looked up."""
    return frozenset(word.casefold() for word in phrases_of_table(table, *languages))


def _ends_in_unspaced_script(phrase: str) -> bool:
    """Return whether a phrase ends in a script without blanks between words."""
    return len(phrase) > 1 and UNSPACED_LETTER.match(phrase[-1]) is not None


_BYLINE_OPENERS = phrases_of_table("openers")
_UNSPACED_OPENERS = [phrase for phrase in _BYLINE_OPENERS if _ends_in_unspaced_script(phrase)]
_SPACED_OPENERS = [phrase for phrase in _BYLINE_OPENERS if not _ends_in_unspaced_script(phrase)]
_OTHER_LABELS = (*phrases_of_table("labels"), *phrases_of_table("local_openers"))
_ALL_LABELS = (*_BYLINE_OPENERS, *_OTHER_LABELS)
_NAME_FOLLOWS = (
    r"(?-i:\s*(?!了解|获悉|獲悉|从|從|在|昨|今|注意|发现|發現|看到|采访|採訪|日前|近日|随后|来到|就|也|还|將|将|对|對|向)"
    r"(?=(?:[㐀-鿿々]{2,4}|[㐀-鿿々ぁ-ヿー・]{2,12}|[ก-๛]{2,20}|[ກ-ໟ]{2,20}|[က-ៜ]{2,20})(?:[\s,、，／/｜|()（）]|"
    r"$)))"
)
"""A name directly after an opening, without a blank; `记者了解到…` begins a sentence instead."""
BYLINE_OPENING = re.compile(
    rf"^\W*(?:{pattern_of_phrases(_SPACED_OPENERS)}(?:{COLON_OR_SIGN}|\s+(?:[:：]\s*)?)|{pattern_of_phrases(_OTHER_LABELS)}{COLON_OR_SIGN}"
    rf"|{pattern_of_phrases(_UNSPACED_OPENERS)}(?:{COLON_OR_SIGN}|{_NAME_FOLLOWS})"
    r"|[文글]\s+|by(?=(?-i:[A-Z][a-z])\w+\s+(?-i:[A-Z])))(?=\S)",
    re.I,
)
"""The opening of a byline in any language. `ByAda Winthrop` comes from two adjacent elements."""
_NAMES_ELSEWHERE = set(phrases_of_table("local_openers"))
LABEL_WITHOUT_COLON = re.compile(
    rf"^\W*{pattern_of_phrases(p for p in phrases_of_table('labels') if p not in _NAMES_ELSEWHERE)}\s+(?=\S)",
    re.I,
)
"""A label without a colon: an opening only where nothing but a name follows."""
_SPACED_BY_PATTERN = pattern_of_phrases(p for p in _SPACED_OPENERS if p.endswith("by"))
OPENING_WITHIN_LINE = re.compile(
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{_SPACED_BY_PATTERN}(?:{COLON_OR_SIGN}|"
    rf"\s+)"
    rf"|{pattern_of_phrases(_UNSPACED_OPENERS)}(?:{COLON_OR_SIGN}|{_NAME_FOLLOWS})"
    rf"|{pattern_of_phrases(_ALL_LABELS)}[:：]\s*)(?=\S)",
    re.I,
)
"""An opening inside a line: `Opinion | By …`, `Text: … Fotos: …`."""
_BY_PATTERN = pattern_of_phrases(phrases_of_table("by"))
_WORK_THAT_NEEDS_BY = (
    "editor",
    "editors",
    "producer",
    "photographer",
    "source",
    "production",
    "design",
    "research",
    "camera",
)
_OTHER_WORK_PHRASES = phrases_of_table("other_work")
_UNSPACED_WORK_PATTERN = pattern_of_phrases(
    p for p in _OTHER_WORK_PHRASES if _ends_in_unspaced_script(p)
)
OTHER_WORK_OPENING = re.compile(
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{pattern_of_phrases(_OTHER_WORK_PHRASES)}(?:\s+(?:and|&|und|y|e|et|og|och|en|i|"
    rf"и)\s+\w+|\s+from\s+(?:the\s+)?\w+)?"
    rf"(?:{COLON_OR_SIGN}|\s+{_BY_PATTERN}\s+(?:[:：]\s*)?)|{_UNSPACED_WORK_PATTERN}\s*)(?=\S)"
    rf"|(?:^|(?<=[(\[|;,.•·–—/-]\s)|(?<=[(\[|;,•·–—/]))(?:and\s+|und\s+|y\s+|et\s+)?"
    rf"{pattern_of_phrases(p for p in _OTHER_WORK_PHRASES if p not in _WORK_THAT_NEEDS_BY)}\s+(?=\S)",
    re.I,
)
"""The opening before the names of photographers, editors, translators and helpers."""
BYLINE_CLOSING = re.compile(rf"\s+{pattern_of_phrases(phrases_of_table('closings'))}\s*$", re.I)
"""Words after the name, in place of an opening before it."""
OTHER_WORK_WORDS = word_set("other_work")
ROLE_WORDS = word_set("roles")
ROLE_ENDINGS = tuple(
    role for role in phrases_of_table("roles", "de", "nl", "sv", "no", "da", "fi") if len(role) > 6
)
"""Ends of compounds: `Auslandskorrespondentin`, `TIDE-Gastautor`."""
UNCASED_ROLE_SUFFIX = re.compile(
    rf"\s*{pattern_of_phrases((*phrases_of_table('roles', 'ko', 'ja', 'zh'), '記者', '记者'))}(?:\s*외\s*\d+\s*명)?\s*$"
)
"""Roles after a name in scripts without capitals."""
BYLINE_VERBS = word_set("verbs")
RANK_WORDS = word_set("ranks")
SMALL_WORDS_AFTER_NAME = word_set("small_words")
DESK_WORDS = word_set("desk_words", "all")
DESK_PHRASES = re.compile(
    rf"\b{pattern_of_phrases(p for p in phrases_of_table('desk_words', 'all') if ' ' in p)}\b|"
    rf"{pattern_of_phrases(phrases_of_table('desk_words', 'uncased'))}",
    re.I,
)
SURNAMES_LIKE_DESKS = word_set("surnames")
WORDS_OF_LABELS = word_set("labels_alone")
DAYS_AND_MONTHS = word_set("days") | word_set("months")
WORDS_BETWEEN_NAME_AND_DATE = DAYS_AND_MONTHS | WORDS_OF_LABELS | {""}
"""Words that may stand between a name and a date, or nothing but punctuation."""
WORDS_BEFORE_PLACE = word_set("tails")
WRITING_WORDS = word_set("writing")
NAME_PARTICLES = word_set("particles")
WORDS_THAT_NEED_OTHERS = WORDS_OF_LABELS | DAYS_AND_MONTHS | NAME_PARTICLES
"""Words that are not a name without others."""
NAME_SUFFIXES = word_set("suffixes")
ACADEMIC_DEGREES = word_set("degrees")
ARTICLES_BEFORE_PLACE = word_set("articles")
WORDS_AFTER_NAME = word_set("cut_at")
WORDS_BEFORE_NAME = word_set("lead_ins")
FURTHER_CITIES = word_set("places")
WORDS_FOR_BY = word_set("by")
NAME_CONJUNCTIONS = frozenset(phrases_of_table("conjunctions", "all"))


@lru_cache(maxsize=128)
def words_of_language(table: str, language: str | None) -> frozenset[str]:
    """Return the words of a table in one language, empty without a language."""
    return word_set(table, language) if language else frozenset()


@lru_cache(maxsize=128)
def opening_in_language(language: str) -> re.Pattern[str] | None:
    """Return a pattern for openings in one language that are words or names in others."""
    words = phrases_of_table("local_openers", language)
    return re.compile(rf"^\W*{pattern_of_phrases(words)}\s+(?=\S)", re.I) if words else None


@lru_cache(maxsize=64)
def folded_place_names(language: str | None) -> frozenset[str]:
    """Return the countries and large cities in a language and in English, in lower case."""
    zones = get_global("zone_territories")
    names = {zone.rpartition("/")[2].replace("_", " ") for zone in zones} | FURTHER_CITIES
    for tag in {"en", language or "en"}:
        with suppress(UnknownLocaleError, ValueError):
            locale = Locale.parse(tag)
            names.update(locale.territories.values())
            names.update(str(zone["city"]) for zone in locale.time_zones.values() if "city" in zone)
    places = (name for name in names if len(name) > 1 and not name.startswith(NON_PLACE_BEGINNINGS))
    return frozenset(name.casefold() for name in places)
