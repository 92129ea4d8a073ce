"""Names of countries and large cities in ninety languages, from the Unicode CLDR.

Babel ships the Common Locale Data Repository, but collecting all these names from it takes seconds.
They are therefore stored in `place_names.json.gz` beside this module, under the Unicode License.
`python -m pipelines.topics.place_names` rewrites that file, and a test compares it with Babel.
"""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from archive.text.unspaced import UNSPACED_RUN

if TYPE_CHECKING:
    from babel import Locale

PLACE_NAMES_FILE = Path(__file__).parent / "place_names.json.gz"

COUNTRY_OF_LANGUAGE = {
    "be": "BY", "bg": "BG", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR", "et": "EE", "fa": "IR", "fi": "FI",
    "fr": "FR", "he": "IL", "hr": "HR", "hu": "HU", "hy": "AM", "id": "ID", "is": "IS", "it": "IT", "ja": "JP",
    "ka": "GE", "kk": "KZ", "km": "KH", "ko": "KR", "ky": "KG", "lo": "LA", "lt": "LT", "lv": "LV", "mk": "MK",
    "mn": "MN", "my": "MM", "ne": "NP", "nl": "NL", "nb": "NO", "pl": "PL", "ro": "RO", "ru": "RU", "sk": "SK",
    "sl": "SI", "sq": "AL", "sr": "RS", "sv": "SE", "th": "TH", "tr": "TR", "uk": "UA", "uz": "UZ", "vi": "VN",
    "zh": "CN", "so": "SO", "es": "ES",
}  # fmt: skip
"""Language → country whose people it shares a word with: `французский` is both."""
_NAME_LANGUAGES = """
af am ar as az be bg bn bs ca ckb cs cy da de el en eo es et eu fa fi fo fr ga gl gu he hi hr ht hu hy id is it ja jv ka
kk km kn ko ku ky lb lo lt lv mg mk ml mn mr ms mt my nb ne nl nn no oc or pa pl ps pt qu ro ru sh si sk sl sq sr sv sw
ta te tg th tl tr ug uk ur uz vi wo xh yi yo zh zu
"""
NAME_LANGUAGES = tuple(_NAME_LANGUAGES.split())
"""ISO 639-1 codes, and that of Sorani, which has none in it."""
FURTHER_PLACE_NAMES = {"zh": ("zh_Hant", "zh_Hant_HK", "yue"), "no": ("nb", "nn"), "pt": ("pt_PT",), "sr": ("sr_Latn",),
           "uz": ("uz_Cyrl",), "az": ("az_Cyrl",), "sh": ("hr", "sr_Latn", "bs"), "es": ("es_MX",),
           "tl": ("fil",)}  # fmt: skip
"""Language → further CLDR locales from which its names are taken."""
MIN_LANGUAGES_OF_COMMON_NAME = 4
"""Minimum number of languages with the same name for a place, for the name to count in all
languages."""
STORED_LETTERS_PER_WORD = 5
"""Number of letters stored of each word of a name of several words."""
MIN_PLACE_NAME_LETTERS = 4
"""Minimum number of letters in the stem of a name."""

PLACE_NAME_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f]+"
)
ALIKE_LETTERS = str.maketrans("أإآٱةىیک", "ااااهييك")
"""Letters of the Arabic script that writers interchange."""
ARABIC_ARTICLE = re.compile(r"\bال(?=\w{3})")
"""The article is removed from names, and from the words that are compared with them."""
PLACE_NAME_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u0dff\u200c]+[^\W\d_]*)*")


def fold_place_name(text: str) -> str:
    """Return a text in lower case without accents, points and other optional marks."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    unmarked = PLACE_NAME_MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", unmarked).translate(ALIKE_LETTERS)


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """The folded names of places in texts of one language, with spaces between words.

    A place is the code of a country (ISO 3166-1) or the English name of a city.
    """

    whole: Mapping[str, str]
    """Name → place."""
    beginnings: Mapping[str, str]
    """Stem of the name of a country or of its people → place."""
    cities: Mapping[str, str]
    """Stem of the inflected name of a city → place."""
    firsts: frozenset[str]
    """First words of names of several words, or their first letters."""
    pairs: Mapping[str, int]
    """First two characters of names in scripts without spaces → length of the longest such name, in
    characters."""

    def starts(self, word: str) -> bool:
        """Return True if a word may be the first word of a name."""
        return word in self.firsts or word[:STORED_LETTERS_PER_WORD] in self.firsts


@cache
def place_names_in(language: str) -> PlaceNames:
    """Return the names used in a language, and those common to many.

    An unknown language has only the common ones.
    """
    own, all_know = _name_table(language), _name_table("")
    whole = {**all_know["whole"], **own.get("whole", {})}
    beginnings = own.get("beginnings") or all_know["beginnings"]
    firsts = frozenset(name.partition(" ")[0] for name in (*whole, *beginnings) if " " in name)
    pairs: dict[str, int] = {}
    for name in filter(UNSPACED_RUN.match, whole):
        pairs[name[:2]] = max(len(name), pairs.get(name[:2], 0))
    cities = {**all_know["cities"], **own.get("cities", {})}
    return PlaceNames(whole, beginnings, cities, firsts, pairs)


@cache
def _file_lines() -> dict[str, str]:
    """Return language → tables as JSON, parsed only when a text in that language needs them."""
    lines = gzip.decompress(PLACE_NAMES_FILE.read_bytes()).decode().splitlines()
    return dict(line.split("\t", 1) for line in lines)


@cache
def _name_table(language: str) -> dict[str, dict[str, str]]:
    """Return the tables of a language; empty if the file has none."""
    return json.loads(_file_lines().get(language, "{}"))  # type: ignore[no-any-return]


# -- extraction from CLDR --------------------------------------------------------------------------

NameTable = dict[str, dict[str, str]]


def place_names_from_cldr() -> dict[str, NameTable]:
    """Return language → tables; the empty language has the names that count in all languages."""
    tables: dict[str, NameTable] = {}
    users: dict[str, list[str]] = defaultdict(list)
    begun: dict[str, list[str]] = defaultdict(list)
    for language in NAME_LANGUAGES:
        countries, cities = _named_places(language)
        whole = {**_unambiguous_names(cities), **_unambiguous_names(countries)}
        tables[language] = {
            "beginnings": _name_beginnings(countries, _country_begins),
            "cities": _name_beginnings(cities, _city_begins),
            "whole": whole,
        }
        for name, place in whole.items():
            users[name].append(place)
        for name, place in tables[language]["beginnings"].items():
            begun[name].append(place)
    everywhere = {
        name: min(places) for name, places in sorted(users.items()) if _is_known_place(name, places)
    }
    english = {
        _split_name(city): place
        for city, place in _english_cities()
        if len(city) >= MIN_PLACE_NAME_LETTERS
    }
    everywhere |= english
    for table in tables.values():
        table["whole"] = {
            name: place for name, place in table["whole"].items() if everywhere.get(name) != place
        }
    beginnings = {
        name: min(places) for name, places in sorted(begun.items()) if _is_known_place(name, places)
    }
    inflected = {begins: place for name, place in english.items() for begins in _city_begins(name)}
    return {
        "": {
            "beginnings": beginnings,
            "cities": inflected,
            "whole": dict(sorted(everywhere.items())),
        },
        **tables,
    }


def _is_known_place(name: str, places: Sequence[str]) -> bool:
    """Return True if enough languages use a name, all for the same place."""
    return (
        len(places) >= MIN_LANGUAGES_OF_COMMON_NAME
        and len(set(places)) == 1
        and len(name) >= MIN_PLACE_NAME_LETTERS
    )


def _named_places(language: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (name, code) pairs of countries and of their peoples, and (name, city) pairs."""
    from babel import Locale
    from babel.core import UnknownLocaleError

    countries: list[tuple[str, str]] = []
    cities: list[tuple[str, str]] = []
    for locale in (language, *FURTHER_PLACE_NAMES.get(language, ())):
        try:
            known = Locale.parse(locale)
        except (UnknownLocaleError, ValueError):
            continue
        countries += [
            (name, code)
            for code, name in known.territories.items()
            if code.isalpha() and code != "ZZ"
        ]
        countries += [
            (known.languages[code], place)
            for code, place in COUNTRY_OF_LANGUAGE.items()
            if code in known.languages
        ]
        cities += list(_cldr_cities(known))
    return countries, cities


def _cldr_cities(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield (name, city) pairs; a language without a CLDR name uses the English one."""
    for zone, place in _city_zones():
        if name := locale.time_zones.get(zone, {}).get("city"):
            yield name, place


def _english_cities() -> Iterator[tuple[str, str]]:
    """Yield (name, city) pairs in English."""
    return ((zone.rpartition("/")[2].replace("_", " "), place) for zone, place in _city_zones())


def _city_zones() -> Iterator[tuple[str, str]]:
    """Yield the time zones that are named after a city, each with the city."""
    from babel.core import get_global

    for zone in sorted(get_global("zone_territories")):
        area, _, city = str(zone).rpartition("/")
        if area and not area.startswith(NO_CITIES_WITHIN):
            city = city.replace("_", " ")
            if city not in NOT_CITY_NAMES:
                yield str(zone), SAME_PLACES.get(city, city)


NO_CITIES_WITHIN = (
    "Etc",
    "Antarctica",
    "America/Indiana",
    "America/Kentucky",
    "America/North_Dakota",
)
NOT_CITY_NAMES = {
    "Easter",
    "Wake",
    "Midway",
    "Male",
    "Eastern",
    "Pacific",
    "Central",
    "Mountain",
    "Johnston",
    "Currie",
}
"""Words that are more often common words than places."""
SAME_PLACES = {"Kiev": "Kyiv", "Calcutta": "Kolkata", "Rangoon": "Yangon", "Saigon": "Ho Chi Minh", "Katmandu": "Kathmandu",
        "Macau": "Macao", "Singapore": "SG", "Hong Kong": "HK", "Luxembourg": "LU", "Monaco": "MC", "Vatican": "VA",
        "Djibouti": "DJ", "Panama": "PA", "Guatemala": "GT", "Macao": "MO"}  # fmt: skip


def _unambiguous_names(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the names that stand for exactly one place."""
    places: dict[str, set[str]] = defaultdict(set)
    for name, place in named:
        places[_split_name(name)].add(SAME_PLACES.get(place, place))
    return {
        name: min(those)
        for name, those in sorted(places.items())
        if len(those) == 1 and len(name) > 1
    }


def _split_name(name: str) -> str:
    """Return a name as it is stored and looked up: folded words with spaces between them."""
    name = ARABIC_ARTICLE.sub("", fold_place_name(name.partition("(")[0]))
    if UNSPACED_RUN.search(name):
        return re.sub(r"\s+", "", name)
    return " ".join(PLACE_NAME_WORD.findall(name))


def _name_beginnings(
    named: Iterable[tuple[str, str]], of: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """Return the stems that belong to the names of exactly one place."""
    places: dict[str, set[str]] = defaultdict(set)
    for name, place in named:
        words = _split_name(name)
        if UNSPACED_RUN.search(words):
            continue
        for begins in of(words):
            places[begins].add(SAME_PLACES.get(place, place))
    return {name: min(those) for name, those in sorted(places.items()) if len(those) == 1}


def _country_begins(name: str) -> Iterator[str]:
    """Yield the stems of a country's name.

    They lack its last two letters, and the last letter only where the name is longer than a stem.
    """
    yield name_beginning(name)
    if " " not in name and len(name) > MIN_PLACE_NAME_LETTERS:
        yield name[: max(MIN_PLACE_NAME_LETTERS, len(name) - 1)]


def name_beginning(name: str) -> str:
    """Return a name without its last two letters, or the first letters of each of several words."""
    words = name.split()
    if len(words) > 1:
        return " ".join(word[:STORED_LETTERS_PER_WORD] for word in words)
    return name[: max(MIN_PLACE_NAME_LETTERS, len(name) - 2)]


def _city_begins(name: str) -> Iterator[str]:
    """Yield a city's name without its final vowel; nothing if it is short.

    `Roma` must not match Roman, but `Сеула` is Seoul.
    """
    longest_omitted = MIN_PLACE_NAME_LETTERS if name.isascii() else MIN_PLACE_NAME_LETTERS - 1
    if " " in name or len(name) <= longest_omitted:
        return
    has_ending = len(name) > MIN_PLACE_NAME_LETTERS + 1 and name[-1] in LAST_VOWELS
    yield name[:-1] if has_ending else name


LAST_VOWELS = frozenset("aeiouyаеиіоуыьяαηοא")


def packed_place_names(tables: Mapping[str, NameTable]) -> bytes:
    """Return the tables as the bytes of `place_names.json.gz`, identical for identical tables."""
    lines = [
        f"{language}\t{json.dumps(table, ensure_ascii=False, separators=(',', ':'))}\n"
        for language, table in tables.items()
    ]
    return gzip.compress("".join(lines).encode(), 9, mtime=0)


if __name__ == "__main__":
    PLACE_NAMES_FILE.write_bytes(packed_place_names(place_names_from_cldr()))
