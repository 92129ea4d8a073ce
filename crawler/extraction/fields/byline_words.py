"""The words of `byline_words.toml`, as sets and patterns: what bylines say beside the names, in
some seventy languages.

Countries and large cities are named by CLDR (Babel), in English and in the language of the page.
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
UNSPACED_LETTER = re.compile("[ก-๛ກ-ໟក-៿က-႟぀-ヿ㐀-鿿豈-﫿]")
"""Letters of scripts that set no blanks between words: Thai, Lao, Khmer, Burmese, kana and Han."""
COLON = r"\s*[:：︰｜丨＝=|／/]\s*"
NO_PLACE = ("unknown", "Etc", "GMT")


def entries(table: str, *languages: str) -> tuple[str, ...]:
    """The words and phrases of a table, of all languages or of those given."""
    lines = (
        [TABLES[table].get(language, "") for language in languages]
        if languages
        else TABLES[table].values()
    )
    return tuple(
        dict.fromkeys(word for line in lines for part in line.split(",") if (word := part.strip()))
    )


def either(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, of those that begin alike the longest.

    What they begin with alike stands in it once, so that a line is not held against each of
    hundreds of phrases.
    """
    return f"(?:{_endings(sorted(phrases))})"


def _endings(phrases: list[str]) -> str:
    """A pattern for what is left of phrases behind the letters that all of them begin with."""
    ways = []
    for _, group in groupby(filter(None, phrases), key=itemgetter(0)):
        alike = list(group)
        start = _shared(alike[0], alike[-1])  # in their order: what these two begin with, all do
        ways.append(
            re.escape(start).replace(r"\ ", r"\s+")
            + _endings([phrase[len(start) :] for phrase in alike])
        )
    if "" not in phrases and len(ways) < 2:
        return "".join(ways)
    return f"(?:{'|'.join(ways)}){'?' * ('' in phrases)}" if ways else ""


def _shared(one: str, other: str) -> str:
    """What two phrases begin with alike."""
    return "".join(
        sign
        for sign, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def word_set(table: str, *languages: str) -> frozenset[str]:
    """The words of a table in the form in which a byline's words are looked up."""
    return frozenset(word.casefold() for word in entries(table, *languages))


def _is_unspaced(phrase: str) -> bool:
    return len(phrase) > 1 and UNSPACED_LETTER.match(phrase[-1]) is not None


_OPENERS = entries("openers")
_GLUED = [phrase for phrase in _OPENERS if _is_unspaced(phrase)]
_SPACED = [phrase for phrase in _OPENERS if not _is_unspaced(phrase)]
_OTHER_LABELS = (*entries("labels"), *entries("local_openers"))
_LABELS = (*_OPENERS, *_OTHER_LABELS)
_NAME_FOLLOWS = (
    r"(?-i:\s*(?!了解|获悉|獲悉|从|從|在|昨|今|注意|发现|發現|看到|采访|採訪|日前|近日|随后|来到|就|也|还|將|将|对|對|向)"
    r"(?=(?:[㐀-鿿々]{2,4}|[㐀-鿿々ぁ-ヿー・]{2,12}|[ก-๛]{2,20}|[ກ-ໟ]{2,20}|[က-ៜ]{2,20})(?:[\s,、，／/｜|()（）]|$)))"
)
"""Behind an opening that no blank parts from the name: not `记者了解到…`, a sentence."""
OPENING = re.compile(
    rf"^\W*(?:{either(_SPACED)}(?:{COLON}|\s+(?:[:：]\s*)?)|{either(_OTHER_LABELS)}{COLON}"
    rf"|{either(_GLUED)}(?:{COLON}|{_NAME_FOLLOWS})"
    r"|[文글]\s+|by(?=(?-i:[A-Z][a-z])\w+\s+(?-i:[A-Z])))(?=\S)",
    re.I,
)
"""What opens a byline in any language. `ByAda Winthrop` is what is left of two elements."""
_NAMES_ELSEWHERE = set(entries("local_openers"))
BARE_LABEL = re.compile(
    rf"^\W*{either(p for p in entries('labels') if p not in _NAMES_ELSEWHERE)}\s+(?=\S)", re.I
)
"""A label without a colon: an opening only where nothing but a name follows."""
WITHIN = re.compile(
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{either(p for p in _SPACED if p.endswith('by'))}(?:{COLON}|\s+)"
    rf"|{either(_GLUED)}(?:{COLON}|{_NAME_FOLLOWS})|{either(_LABELS)}[:：]\s*)(?=\S)",
    re.I,
)
"""An opening amid a line: `Opinion | By …`, `Text: … Fotos: …`."""
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
    rf"(?:^|(?<=[\s(\[|;,.•·–—/-]))(?:{either(_OTHER)}(?:\s+(?:and|&|und|y|e|et|og|och|en|i|и)\s+\w+|\s+from\s+(?:the\s+)?\w+)?"
    rf"(?:{COLON}|\s+{_BY}\s+(?:[:：]\s*)?)|{either(p for p in _OTHER if _is_unspaced(p))}\s*)(?=\S)"
    rf"|(?:^|(?<=[(\[|;,.•·–—/-]\s)|(?<=[(\[|;,•·–—/]))(?:and\s+|und\s+|y\s+|et\s+)?"
    rf"{either(p for p in _OTHER if p not in _NEEDS_BY)}\s+(?=\S)",
    re.I,
)
"""What opens the names of those who took the pictures, edited, translated or helped."""
CLOSING = re.compile(rf"\s+{either(entries('closings'))}\s*$", re.I)
"""What follows the name where other languages have an opening before it."""
_SOURCES = either(entries("picture_sources"))
PICTURE_CREDIT = re.compile(
    rf"^\W*[^\W\d][\w.'’-]{{0,30}}(?:\s[\w.'’-]{{1,30}}){{1,4}}\s*/\s*{_SOURCES}(?:\s*/\s*[\w ]{{2,30}})?\W*$"
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
VERBS = word_set("verbs")
RANKS = word_set("ranks")
SMALL_WORDS = word_set("small_words")
DESK_WORDS = word_set("desk_words", "all")
DESK_PHRASES = re.compile(
    rf"\b{either(p for p in entries('desk_words', 'all') if ' ' in p)}\b|{either(entries('desk_words', 'uncased'))}",
    re.I,
)
SURNAMES = word_set("surnames")
LABELS = word_set("labels_alone")
DAYS_AND_MONTHS = word_set("days") | word_set("months")
TAILS = word_set("tails")
WRITING = word_set("writing")
PARTICLES = word_set("particles")
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
    """What a table has for one language alone."""
    return word_set(table, language) if language else frozenset()


@lru_cache(maxsize=128)
def local_opening(language: str) -> re.Pattern[str] | None:
    """What opens bylines in one language, and is a word or a name in others."""
    words = entries("local_openers", language)
    return re.compile(rf"^\W*{either(words)}\s+(?=\S)", re.I) if words else None


@lru_cache(maxsize=64)
def place_names(language: str | None) -> frozenset[str]:
    """Countries and large cities, folded, in a language and in English."""
    names = {
        zone.rpartition("/")[2].replace("_", " ") for zone in get_global("zone_territories")
    } | set(CITIES)
    for tag in {"en", language or "en"}:
        with suppress(UnknownLocaleError, ValueError):
            locale = Locale.parse(tag)
            names.update(locale.territories.values())
            names.update(str(zone["city"]) for zone in locale.time_zones.values() if "city" in zone)
    return frozenset(
        name.casefold() for name in names if len(name) > 1 and not name.startswith(NO_PLACE)
    )
