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

TABLES: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "byline_words.toml").read_text(encoding="utf-8")
)
"""The words and phrases by table and language, separated by commas."""
UNSPACED_LETTER = re.compile("[ก-๛ກ-ໟក-៿က-႟぀-ヿ㐀-鿿豈-﫿]")
"""Letters of scripts without blanks between words: Thai, Lao, Khmer, Burmese, kana and Han."""
COLON = r"\s*[:：︰｜丨＝=|／/]\s*"
"""A colon, or a sign in place of one."""
NO_PLACE = ("unknown", "Etc", "GMT")
"""Beginnings of CLDR's cities that are not places."""


def entries(table: str, *languages: str) -> tuple[str, ...]:
    """Return the words and phrases of a table, in all languages or in the given ones."""
    rows = TABLES[table]
    wanted = [rows.get(language, "") for language in languages] if languages else rows.values()
    phrases = (phrase.strip() for phrase in ",".join(wanted).split(","))
    return tuple(dict.fromkeys(filter(None, phrases)))


def either(phrases: Iterable[str]) -> str:
    """Return a pattern for any of the phrases, the longest of those with the same beginning first.

    The beginning that phrases share occurs once in the pattern, so that a line is not compared with
    each of hundreds of phrases.
    """
    return f"(?:{_endings(sorted(phrases))})"


def _endings(phrases: list[str]) -> str:
    """A pattern for the rest of phrases after the letters that all of them begin with."""
    patterns = []
    for _, group in groupby(filter(None, phrases), key=itemgetter(0)):
        alike = list(group)
        start = _shared(alike[0], alike[-1])  # as they are sorted, all others share it too
        beginning = re.escape(start).replace(r"\ ", r"\s+")
        patterns.append(beginning + _endings([phrase[len(start) :] for phrase in alike]))
    may_end_here = "" in phrases
    if not patterns or (len(patterns) == 1 and not may_end_here):
        return "".join(patterns)
    return f"(?:{'|'.join(patterns)})" + ("?" if may_end_here else "")


def _shared(one: str, other: str) -> str:
    """The beginning that two phrases share."""
    pairs = zip(one, other, strict=False)
    return "".join(letter for letter, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def word_set(table: str, *languages: str) -> frozenset[str]:
    """Return the words of a table in lower case, as words of bylines are looked up."""
    return frozenset(word.casefold() for word in entries(table, *languages))


def _is_unspaced(phrase: str) -> bool:
    """Whether a phrase ends in a script without blanks between words."""
    return len(phrase) > 1 and UNSPACED_LETTER.match(phrase[-1]) is not None


_OPENERS = entries("openers")
_GLUED = [phrase for phrase in _OPENERS if _is_unspaced(phrase)]
_SPACED = [phrase for phrase in _OPENERS if not _is_unspaced(phrase)]
_OTHER_LABELS = (*entries("labels"), *entries("local_openers"))
_LABELS = (*_OPENERS, *_OTHER_LABELS)
_NAME_FOLLOWS = (
    r"(?-i:\s*(?!了解|获悉|獲悉|从|從|在|昨|今|注意|发现|發現|看到|采访|採訪|日前|近日|随后|来到|就|也|还|將|将|对|對|向)"
    r"(?=(?:[㐀-鿿々]{2,4}|[㐀-鿿々ぁ-ヿー・]{2,12}|[ก-๛]{2,20}|[ກ-ໟ]{2,20}|[က-ៜ]{2,20})(?:[\s,、，／/｜|()（）]|"
    r"$)))"
)
"""A name directly after an opening, without a blank; `记者了解到…` begins a sentence instead."""
OPENING = re.compile(
    rf"^\W*(?:{either(_SPACED)}(?:{COLON}|\s+(?:[:：]\s*)?)|{either(_OTHER_LABELS)}{COLON}"
    rf"|{either(_GLUED)}(?:{COLON}|{_NAME_FOLLOWS})"
    r"|[文글]\s+|by(?=(?-i:[A-Z][a-z])\w+\s+(?-i:[A-Z])))(?=\S)",
    re.I,
)
"""The opening of a byline in any language. `ByAda Winthrop` comes from two adjacent elements."""
_NAMES_ELSEWHERE = set(entries("local_openers"))
BARE_LABEL = re.compile(
    rf"^\W*{either(p for p in entries('labels') if p not in _NAMES_ELSEWHERE)}\s+(?=\S)", re.I
)
"""A label without a colon: an opening only where nothing but a name follows."""
WITHIN = re.compile(
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{either(p for p in _SPACED if p.endswith('by'))}(?:{COLON}|"
    rf"\s+)"
    rf"|{either(_GLUED)}(?:{COLON}|{_NAME_FOLLOWS})|{either(_LABELS)}[:：]\s*)(?=\S)",
    re.I,
)
"""An opening inside a line: `Opinion | By …`, `Text: … Fotos: …`."""
_BY = either(entries("by"))
_NEEDS_BY = (
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
_OTHER = entries("other_work")
OTHER_WORK = re.compile(
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{either(_OTHER)}(?:\s+(?:and|&|und|y|e|et|og|och|en|i|"
    rf"и)\s+\w+|\s+from\s+(?:the\s+)?\w+)?"
    rf"(?:{COLON}|\s+{_BY}\s+(?:[:：]\s*)?)|{either(p for p in _OTHER if _is_unspaced(p))}\s*)(?=\S)"
    rf"|(?:^|(?<=[(\[|;,.•·–—/-]\s)|(?<=[(\[|;,•·–—/]))(?:and\s+|und\s+|y\s+|et\s+)?"
    rf"{either(p for p in _OTHER if p not in _NEEDS_BY)}\s+(?=\S)",
    re.I,
)
"""The opening before the names of photographers, editors, translators and helpers."""
CLOSING = re.compile(rf"\s+{either(entries('closings'))}\s*$", re.I)
"""Words after the name, in place of an opening before it."""
_SOURCES = either(entries("picture_sources"))
PICTURE_CREDIT = re.compile(
    rf"^\W*[^\W\d][\w.'’-]{{0,30}}(?:\s[\w.'’-]{{1,30}}){{1,4}}\s*/\s*{_SOURCES}"
    rf"(?:\s*/\s*[\w ]{{2,30}})?\W*$"
    rf"|^\W*(?:{_SOURCES})(?:\s+(?:Photo|Images?|Foto))?\s*(?:/|\bvia\b)\s*[\w.'’ -]{{3,50}}\W*$"
)
"""`Lee Jin-man/AP`, `AP Photo/Lee Jin-man`, `AFP via Getty Images`."""
OTHER_WORDS = word_set("other_work")
ROLES = word_set("roles")
ROLE_ENDS = tuple(
    role for role in entries("roles", "de", "nl", "sv", "no", "da", "fi") if len(role) > 6
)
"""Ends of compounds: `Auslandskorrespondentin`, `TIDE-Gastautor`."""
UNCASED_ROLE = re.compile(
    rf"\s*{either((*entries('roles', 'ko', 'ja', 'zh'), '記者', '记者'))}(?:\s*외\s*\d+\s*명)?\s*$"
)
"""Roles after a name in scripts without capitals."""
VERBS = word_set("verbs")
RANKS = word_set("ranks")
SMALL_WORDS = word_set("small_words")
DESK_WORDS = word_set("desk_words", "all")
DESK_PHRASES = re.compile(
    rf"\b{either(p for p in entries('desk_words', 'all') if ' ' in p)}\b|"
    rf"{either(entries('desk_words', 'uncased'))}",
    re.I,
)
SURNAMES = word_set("surnames")
LABELS = word_set("labels_alone")
DAYS_AND_MONTHS = word_set("days") | word_set("months")
AROUND_DATES = DAYS_AND_MONTHS | LABELS | {""}
"""Words that may stand between a name and a date, or nothing but punctuation."""
TAILS = word_set("tails")
WRITING = word_set("writing")
PARTICLES = word_set("particles")
NO_NAME_ALONE = LABELS | DAYS_AND_MONTHS | PARTICLES
"""Words that are not a name without others."""
SUFFIXES = word_set("suffixes")
DEGREES = word_set("degrees")
ARTICLES = word_set("articles")
CUT_AT = word_set("cut_at")
LEAD_INS = word_set("lead_ins")
CITIES = word_set("places")
BY = word_set("by")
CONJUNCTIONS = frozenset(entries("conjunctions", "all"))
JOINING = frozenset(entries("joining"))


@lru_cache(maxsize=128)
def local(table: str, language: str | None) -> frozenset[str]:
    """Return the words of a table in one language, empty without a language."""
    return word_set(table, language) if language else frozenset()


@lru_cache(maxsize=128)
def local_opening(language: str) -> re.Pattern[str] | None:
    """Return a pattern for openings in one language that are words or names in others."""
    words = entries("local_openers", language)
    return re.compile(rf"^\W*{either(words)}\s+(?=\S)", re.I) if words else None


@lru_cache(maxsize=64)
def place_names(language: str | None) -> frozenset[str]:
    """Return the countries and large cities in a language and in English, in lower case."""
    zones = get_global("zone_territories")
    names = {zone.rpartition("/")[2].replace("_", " ") for zone in zones} | CITIES
    for tag in {"en", language or "en"}:
        with suppress(UnknownLocaleError, ValueError):
            locale = Locale.parse(tag)
            names.update(locale.territories.values())
            names.update(str(zone["city"]) for zone in locale.time_zones.values() if "city" in zone)
    places = (name for name in names if len(name) > 1 and not name.startswith(NO_PLACE))
    return frozenset(name.casefold() for name in places)
