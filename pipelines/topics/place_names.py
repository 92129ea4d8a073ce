"""The names of countries and large cities in ninety languages, from the Unicode Common Locale Data
Repository (CLDR).

Babel ships CLDR; to ask it for all these names takes seconds, so they are kept in
`place_names.json.gz` beside this module, under the Unicode License as they are there. `python -m
pipelines.topics.place_names` writes that file anew, and a test holds it against Babel.
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

NAME_LANGUAGES_URL = {
    "be": "BY", "bg": "BG", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR", "et": "EE", "fa": "IR", "fi": "FI",
    "fr": "FR", "he": "IL", "hr": "HR", "hu": "HU", "hy": "AM", "id": "ID", "is": "IS", "it": "IT", "ja": "JP",
    "ka": "GE", "kk": "KZ", "km": "KH", "ko": "KR", "ky": "KG", "lo": "LA", "lt": "LT", "lv": "LV", "mk": "MK",
    "mn": "MN", "my": "MM", "ne": "NP", "nl": "NL", "nb": "NO", "pl": "PL", "ro": "RO", "ru": "RU", "sk": "SK",
    "sl": "SI", "sq": "AL", "sr": "RS", "sv": "SE", "th": "TH", "tr": "TR", "uk": "UA", "uz": "UZ", "vi": "VN",
    "zh": "CN", "so": "SO", "es": "ES",
}  # fmt: skip
"""Languages that are called as a country's people are: `французский` is both."""
_NAME_LANGUAGES = """
af am ar as az be bg bn bs ca ckb cs cy da de el en eo es et eu fa fi fo fr ga gl gu he hi hr ht hu hy id is it ja jv ka
kk km kn ko ku ky lb lo lt lv mg mk ml mn mr ms mt my nb ne nl nn no oc or pa pl ps pt qu ro ru sh si sk sl sq sr sv sw
ta te tg th tl tr ug uk ur uz vi wo xh yi yo zh zu
"""
NAME_LANGUAGES = tuple(_NAME_LANGUAGES.split())
"""ISO 639-1, and Sorani, which has no code in it."""
FURTHER_PLACE_NAMES = {"zh": ("zh_Hant", "zh_Hant_HK", "yue"), "no": ("nb", "nn"), "pt": ("pt_PT",), "sr": ("sr_Latn",),
           "uz": ("uz_Cyrl",), "az": ("az_Cyrl",), "sh": ("hr", "sr_Latn", "bs"), "es": ("es_MX",),
           "tl": ("fil",)}  # fmt: skip
"""CLDR's locales of a language besides the one of its name."""
COMMON_WORD_NAMES = 4
"""Languages that call a place by one name, from which on it is known in any other."""
MAX_PLACE_NAME_WORDS = 5
"""Letters of each word of a name that has several."""
MIN_PLACE_NAME_LETTERS = 4
"""Letters of a beginning by which a word is known."""

PLACE_NAME_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f]+"
)
ALIKE_LETTERS = str.maketrans("أإآٱةىیک", "ااااهييك")
"""Letters of the Arabic script that writers use one for another."""
ARABIC_ARTICLE = re.compile(r"\bال(?=\w{3})")
"""Left out of names, and of the words that are held against them."""
PLACE_NAME_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u0dff\u200c]+[^\W\d_]*)*")


def fold_place_name(text: str) -> str:
    """In one case, without accents, points and other signs that some write and others leave out."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    return unicodedata.normalize(
        "NFC", PLACE_NAME_MARKS.sub("", unicodedata.normalize("NFD", text))
    ).translate(ALIKE_LETTERS)


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """The names of places that a text of some language may use, folded; several words are parted by
    blanks.

    A place is a country's code (ISO 3166-1) or a city's English name.
    """

    whole: Mapping[str, str]
    beginnings: Mapping[str, str]
    """What the name of a country or of its people begins with."""
    cities: Mapping[str, str]
    """What the inflected name of a city begins with."""
    firsts: frozenset[str]
    """First words of names of several words, or their first letters."""
    pairs: Mapping[str, int]
    """The first two characters of names that are written without blanks → the characters of the
    longest of them."""

    def starts(self, word: str) -> bool:
        """Whether a word may be the first of a name of several."""
        return word in self.firsts or word[:MAX_PLACE_NAME_WORDS] in self.firsts


@cache
def place_names_in(language: str) -> PlaceNames:
    """The names that a language uses, and those that many use; the latter alone if the language is
    not known."""
    own, all_know = _name_table(language), _name_table("")
    whole = {**all_know["whole"], **own.get("whole", {})}
    beginnings = own.get("beginnings") or all_know["beginnings"]
    firsts = frozenset(name.partition(" ")[0] for name in (*whole, *beginnings) if " " in name)
    pairs: dict[str, int] = {}
    for name in filter(UNSPACED_RUN.match, whole):
        pairs[name[:2]] = max(len(name), pairs.get(name[:2], 0))
    return PlaceNames(
        whole, beginnings, {**all_know["cities"], **own.get("cities", {})}, firsts, pairs
    )


@cache
def _file_lines() -> dict[str, str]:
    """Language → its tables as JSON: a text needs those of one language."""
    lines = gzip.decompress(PLACE_NAMES_FILE.read_bytes()).decode().splitlines()
    return dict(line.split("\t", 1) for line in lines)


@cache
def _name_table(language: str) -> dict[str, dict[str, str]]:
    return json.loads(_file_lines().get(language, "{}"))  # type: ignore[no-any-return]


# -- making the file -------------------------------------------------------------------------------

NameTable = dict[str, dict[str, str]]


def place_names_from_cldr() -> dict[str, NameTable]:
    """Language → its tables; under the empty name those that serve all."""
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
    return (
        len(places) >= COMMON_WORD_NAMES
        and len(set(places)) == 1
        and len(name) >= MIN_PLACE_NAME_LETTERS
    )


def _named_places(language: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(name, code) of countries and of their languages, and (name, city) of cities."""
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
            for code, place in NAME_LANGUAGES_URL.items()
            if code in known.languages
        ]
        cities += list(_cldr_cities(known))
    return countries, cities


def _cldr_cities(locale: Locale) -> Iterator[tuple[str, str]]:
    """Where CLDR has no name of its own, a language writes the city as English does."""
    for zone, place in _city_zones():
        if name := locale.time_zones.get(zone, {}).get("city"):
            yield name, place


def _english_cities() -> Iterator[tuple[str, str]]:
    return ((zone.rpartition("/")[2].replace("_", " "), place) for zone, place in _city_zones())


def _city_zones() -> Iterator[tuple[str, str]]:
    """Time zones that are called after a city, and the city."""
    from babel.core import get_global

    for zone in sorted(get_global("zone_territories")):
        area, _, city = str(zone).rpartition("/")
        if area and not area.startswith(NO_CITIES_WITHIN):
            city = city.replace("_", " ")
            if city not in NO_CITIES:
                yield str(zone), SAME_PLACES.get(city, city)


NO_CITIES_WITHIN = (
    "Etc",
    "Antarctica",
    "America/Indiana",
    "America/Kentucky",
    "America/North_Dakota",
)
NO_CITIES = {
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
"""Words before they are places."""
SAME_PLACES = {"Kiev": "Kyiv", "Calcutta": "Kolkata", "Rangoon": "Yangon", "Saigon": "Ho Chi Minh", "Katmandu": "Kathmandu",
        "Macau": "Macao", "Singapore": "SG", "Hong Kong": "HK", "Luxembourg": "LU", "Monaco": "MC", "Vatican": "VA",
        "Djibouti": "DJ", "Panama": "PA", "Guatemala": "GT", "Macao": "MO"}  # fmt: skip


def _unambiguous_names(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    places: dict[str, set[str]] = defaultdict(set)
    for name, place in named:
        places[_split_name(name)].add(SAME_PLACES.get(place, place))
    return {
        name: min(those)
        for name, those in sorted(places.items())
        if len(those) == 1 and len(name) > 1
    }


def _split_name(name: str) -> str:
    """A name as it is looked up: folded words with blanks between."""
    name = ARABIC_ARTICLE.sub("", fold_place_name(name.partition("(")[0]))
    return (
        " ".join(PLACE_NAME_WORD.findall(name))
        if not UNSPACED_RUN.search(name)
        else re.sub(r"\s+", "", name)
    )


def _name_beginnings(
    named: Iterable[tuple[str, str]], of: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """What the names of one place alone begin with."""
    places: dict[str, set[str]] = defaultdict(set)
    for name, place in named:
        words = _split_name(name)
        for begins in of(words) if not UNSPACED_RUN.search(words) else ():
            places[begins].add(SAME_PLACES.get(place, place))
    return {name: min(those) for name, those in sorted(places.items()) if len(those) == 1}


def _country_begins(name: str) -> Iterator[str]:
    """A country's name without what grammar changes: its last two letters, or the last if the name
    is short."""
    yield name_beginning(name)
    if " " not in name and len(name) > MIN_PLACE_NAME_LETTERS:
        yield name[: max(MIN_PLACE_NAME_LETTERS, len(name) - 1)]


def name_beginning(name: str) -> str:
    """A name without its last letters, of several words the first letters of each."""
    words = name.split()
    if len(words) > 1:
        return " ".join(word[:MAX_PLACE_NAME_WORDS] for word in words)
    return name[: max(MIN_PLACE_NAME_LETTERS, len(name) - 2)]


def _city_begins(name: str) -> Iterator[str]:
    """A city's name without a last vowel; none if it is short (`Roma` is no Roman, `Сеула` is
    Seoul)."""
    if " " not in name and len(name) > (
        MIN_PLACE_NAME_LETTERS if name.isascii() else MIN_PLACE_NAME_LETTERS - 1
    ):
        yield (
            name[:-1]
            if len(name) > MIN_PLACE_NAME_LETTERS + 1 and name[-1] in LAST_VOWELS
            else name
        )


LAST_VOWELS = frozenset("aeiouyаеиіоуыьяαηοא")


def packed_place_names(tables: Mapping[str, NameTable]) -> bytes:
    lines = [
        f"{language}\t{json.dumps(table, ensure_ascii=False, separators=(',', ':'))}\n"
        for language, table in tables.items()
    ]
    return gzip.compress("".join(lines).encode(), 9, mtime=0)


if __name__ == "__main__":
    PLACE_NAMES_FILE.write_bytes(packed_place_names(place_names_from_cldr()))
