"""Countries and languages by the names that people and texts use, from CLDR by way of Babel.

A name is recognised in English, in the languages of the country, and in any other given language.
Codes are ISO 3166-1 (two letters; `XK` is Kosovo) and ISO 639-1.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.languages import get_official_languages

from archive.text.folding import fold_text_for_search
from archive.text.unspaced import UNSPACED_SCRIPT_RANGES
from pipelines.text.terms import text_terms

FURTHER_COUNTRY_NAMES = {
    "AE": "uae", "BA": "bosnia", "BN": "brunei darussalam",
    "CD": "dr congo, drc, zaire, democratic republic of the congo", "CG": "congo republic, republic of the congo",
    "CI": "ivory coast", "CV": "cabo verde", "CZ": "czech republic", "FK": "malvinas",
    "GB": "uk, britain, great britain, england, scotland, wales", "HK": "hong kong",
    "KP": "dprk, democratic people's republic of korea", "KR": "rok, republic of korea, 한국, 남한",
    "LA": "lao people's democratic republic", "MK": "macedonia", "MM": "burma, myanmar", "MO": "macau, macao",
    "NL": "holland, the netherlands", "PS": "palestine, west bank, gaza", "RU": "russian federation",
    "SY": "syrian arab republic", "SZ": "swaziland", "TL": "east timor", "TR": "turkey",
    "US": "usa, america, united states of america", "VA": "vatican, holy see", "VN": "viet nam",
}  # fmt: skip
"""English names of countries besides those of CLDR, separated by commas."""
FURTHER_LANGUAGE_NAMES = {
    "fa": "farsi",
    "fil": "tagalog",
    "no": "bokmål, nynorsk",
    "zh": "mandarin, cantonese",
}
"""English names of languages besides those of CLDR, separated by commas."""
STORED_LANGUAGE_CODES = {
    "tl": "fil",
    "nb": "no",
    "nn": "no",
    "cmn": "zh",
    "yue": "zh",
    "iw": "he",
    "in": "id",
}
"""Language code → the code under which the language is stored here."""
NO_COUNTRY_NAMES_TEXT = """
and of the new north south east west central northern southern eastern western republic democratic united islands island
isle saint st states san santa sar british french american dutch us uk minor outlying territories federated
"""
NO_COUNTRY_NAMES = frozenset(NO_COUNTRY_NAMES_TEXT.split())
"""Words that do not name a country by themselves."""
IGNORED_NAME_WORDS = frozenset(("the", "of", "and"))
"""Words that are ignored when an inverted name is compared."""
NOT_COUNTRIES = frozenset(("EU", "EZ", "UN", "ZZ"))
"""CLDR territories that are not countries."""
AMBIGUOUS_COUNTRY_NAMES = frozenset(
    ("georgia", "jordan", "chad", "guinea", "jersey", "turkey", "mali", "monaco", "niger")
)
"""English names of countries with another meaning; a mention in a text counts half."""
UNSPACED_NAME_SCRIPT = re.compile(f"[{UNSPACED_SCRIPT_RANGES}]")
"""Letters of scripts without spaces between words, or with attached particles, as in Korean."""
NO_PLACE_ZONE_PREFIXES = ("unknown", "Etc", "GMT")
"""Prefixes of time zones that are not named after places."""
WIDELY_READ_LANGUAGES = ("es", "fr", "de", "pt", "it", "ru", "ar", "zh", "ja", "ko")
"""Languages in which the names of all countries are recognised."""

# -- names -----------------------------------------------------------------------------------------


def country_name(code: str | None) -> str:
    """Return a country's English name; its code without one; empty for None."""
    return str(Locale("en").territories.get(code or "", code or ""))


def single_language(code: str | None) -> str | None:
    """Return the code under which a language is stored: `tl` and `fil`, `nb` and `no` are one."""
    return STORED_LANGUAGE_CODES.get(code, code) if code else None


@cache
def languages_of_country(country: str) -> tuple[str, ...]:
    """Return the official languages of a country with two-letter codes, the most spoken first.

    Filipino (`fil`) is included, although its code has three letters.
    """
    spoken = (
        single_language(code.partition("_")[0]) or ""
        for code in get_official_languages(country, de_facto=True)
    )
    return tuple(dict.fromkeys(code for code in spoken if len(code) == 2 or code == "fil"))


@cache
def _cldr_locale(language: str) -> Locale | None:
    """Return the CLDR locale of a language; None for an unknown one."""
    try:
        return Locale.parse(language) if localedata.exists(language) else None
    except (UnknownLocaleError, ValueError):
        return None


# -- names as people write them --------------------------------------------------------------------


@cache
def countries_called(name: str) -> frozenset[str]:
    """Return the countries that a person's text may mean.

    It is a code, the English name or a word of it, or the country's name in one of its languages.
    """
    code = re.sub(r"(?<=\b[A-Z])\.", "", name.strip().upper())
    if re.fullmatch("[A-Z]{2,3}", code):
        meant = [code]
        if code not in _countries_by_name():
            meant = get_global("territory_aliases").get(code, [])
        if len(meant) == 1 and meant[0] in _countries_by_name():
            return frozenset(meant)
        if len(code) == 2:
            return frozenset()
    words = _name_words(name)
    found = (
        _countries_in_english().get(words)
        or _country_of_inverted_name(name)
        or _multi_word_names(_countries_in_english(), words)
    )
    if found or words in _english_languages():
        return found
    return _countries_in_own_languages().get(words) or _countries_in_other_languages().get(
        words, frozenset()
    )


@cache
def languages_called(name: str) -> frozenset[str]:
    """Return the languages that a person's text may mean.

    It is a code, the English name, or the language's own name.
    """
    code = name.strip().lower()
    if re.fullmatch("[a-z]{2,3}", code) and (single_language(code) or "") in Locale("en").languages:
        return frozenset((single_language(code) or "",))
    words = _name_words(name)
    found = _english_languages().get(words, frozenset())
    if found or words in _countries_in_english():
        return found
    return _own_languages().get(words, frozenset())


def known_english_names(what: str) -> list[str]:
    """Return the English names of all countries, or of all languages, for suggestions.

    `what` is `country` or `language`. Words that are telling by themselves are included.
    """
    named = _countries_in_english() if what == "country" else _english_languages()
    alone = (word for words in named for word in words if word not in NO_COUNTRY_NAMES)
    return list(dict.fromkeys([*(" ".join(words) for words in named), *alone]))


def _country_of_inverted_name(name: str) -> frozenset[str]:
    """Return the country of a name in the form of sorted lists.

    Examples are `Korea, North`, `Iran, Islamic Republic of` and `Holy See (Vatican …)`.
    """
    first, comma, rest = name.partition(" (" if name.endswith(")") else ",")
    if not comma:
        return frozenset()
    named = {word for word in _name_words(name) if word not in IGNORED_NAME_WORDS}
    found = [
        codes
        for words, codes in _countries_in_english().items()
        if named == set(words).difference(IGNORED_NAME_WORDS)
    ]
    if found:
        return found[0]
    alone = countries_called(first)
    return alone if len(alone) == 1 and rest.strip() else frozenset()


def _name_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a name, without apostrophes and full stops, for comparison."""
    folded = re.sub("[’'.]", "", fold_text_for_search(text))
    return tuple(re.findall(r"[\w\u0300-\u036f\u0900-\u0dff]+", folded))


@cache
def _countries_by_name() -> frozenset[str]:
    """Return the codes of all countries."""
    codes = {str(code) for code in Locale("en").territories}
    return frozenset({code for code in codes if re.fullmatch("[A-Z]{2}", code)} - NOT_COUNTRIES)


@cache
def _countries_in_english() -> dict[tuple[str, ...], frozenset[str]]:
    """Return English names, as words → countries."""
    named = [
        (name, code) for code in _countries_by_name() for name in _name_forms(country_name(code))
    ]
    for code, more in FURTHER_COUNTRY_NAMES.items():
        named.extend((name, code) for name in more.split(", "))
    return _names_by_first_word(named)


@cache
def _countries_in_own_languages() -> dict[tuple[str, ...], frozenset[str]]:
    """Return names in the countries' own languages, as words → countries."""
    named: list[tuple[str, str]] = []
    for code in _countries_by_name():
        for language in languages_of_country(code):
            locale = _cldr_locale(language)
            whole = locale.territories.get(code) if locale else None
            if whole:
                named.extend((name, code) for name in _name_forms(whole))
    return _names_by_first_word(named)


@cache
def _countries_in_other_languages() -> dict[tuple[str, ...], frozenset[str]]:
    """Return names in `WIDELY_READ_LANGUAGES`, as words → countries."""
    read = [locale for language in WIDELY_READ_LANGUAGES if (locale := _cldr_locale(language))]
    return _names_by_first_word(
        (name, code)
        for locale in read
        for code in _countries_by_name()
        if (name := locale.territories.get(code))
    )


@cache
def _english_languages() -> dict[tuple[str, ...], frozenset[str]]:
    """Return English names, as words → languages."""
    named = [
        (name, single_language(code) or "")
        for code, name in Locale("en").languages.items()
        if len(code) in (2, 3)
    ]
    for code, more in FURTHER_LANGUAGE_NAMES.items():
        named.extend((name, code) for name in more.split(", "))
    return _names_by_first_word(named)


@cache
def _own_languages() -> dict[tuple[str, ...], frozenset[str]]:
    """Return the languages' own names, as words → languages."""
    spoken = {language for code in _countries_by_name() for language in languages_of_country(code)}
    return _names_by_first_word(
        (name, language)
        for language in spoken
        if (locale := _cldr_locale(language)) and (name := locale.languages.get(language))
    )


def _names_by_first_word(named: Iterable[tuple[str, str]]) -> dict[tuple[str, ...], frozenset[str]]:
    """Return the words of each name → the codes that have it."""
    found: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, code in named:
        found[_name_words(name)].add(code)
    return {words: frozenset(codes) for words, codes in found.items() if words}


def _name_forms(name: str) -> Iterator[str]:
    """Yield a CLDR name, and its parts before and in brackets: `Myanmar (Burma)`."""
    yield name
    if parts := re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name):
        yield from parts.groups()
    if name.endswith((" SAR China", "特别行政区", "特別行政區")):
        yield name.removesuffix(" SAR China")


def _multi_word_names(
    named: Mapping[tuple[str, ...], frozenset[str]], words: tuple[str, ...]
) -> frozenset[str]:
    """Return the codes of the names that contain the words as a sequence.

    Words without a meaning by themselves have none.
    """
    if not words or NO_COUNTRY_NAMES.issuperset(words):
        return frozenset()
    many = len(words)
    found: set[str] = set()
    for name, codes in named.items():
        if any(name[at : at + many] == words for at in range(len(name) - many + 1)):
            found.update(codes)
    return frozenset(found)


# -- countries named in a text ---------------------------------------------------------------------


def countries_in(text: str, language: str | None) -> Counter[str]:
    """Return how often a text names each country, or a large city in it.

    Names count in the text's language; without any such name, in English.
    """
    found: Counter[str] = Counter()
    for spoken in dict.fromkeys((single_language(language) or "en", "en")):
        whole, codes, by_first = _territory_mentions(spoken)
        found.update(2 * [codes[name] for name in (whole.findall(text) if whole else ())])
        words = text_terms(text, spoken)
        at = 0
        while at < len(words):
            named = (
                place
                for place in by_first.get(words[at], ())
                if words[at : at + len(place[0])] == list(place[0])
            )
            place, code, weight = next(named, ((), "", 0))
            found[code] += weight
            at += len(place) or 1
        del found[""]
        if found and spoken == single_language(language):
            break  # English names in a text in another language belong to firms and titles
    return Counter({code: (many + 1) // 2 for code, many in found.items() if many})


TerritoryMention = tuple[tuple[str, ...], str, int]
"""The terms of a name, the country's code, and the weight of a mention in halves."""


@cache
def _territory_mentions(
    language: str,
) -> tuple[re.Pattern[str] | None, dict[str, str], dict[str, list[TerritoryMention]]]:
    """Return the mentions of a language: a pattern, its countries, and other names by first term.

    The pattern matches names in scripts without spaces. Among names that begin alike, the longest
    comes first.
    """
    whole: dict[str, str] = {}
    by_first: defaultdict[str, list[TerritoryMention]] = defaultdict(list)
    for name, code in _territory_names(language):
        if UNSPACED_NAME_SCRIPT.search(name):
            if len(name) > 1:
                whole.setdefault(name, code)
        elif words := tuple(text_terms(name, language)):
            half = 1 if fold_text_for_search(name) in AMBIGUOUS_COUNTRY_NAMES else 2
            by_first[words[0]].append((words, code, half))
    for places in by_first.values():
        places.sort(key=lambda place: -len(place[0]))
    names = "|".join(re.escape(name) for name in sorted(whole, key=len, reverse=True))
    return re.compile(names) if names else None, whole, dict(by_first)


def _territory_names(language: str) -> Iterator[tuple[str, str]]:
    """Yield the (name, country) pairs of a language, for countries and for large cities."""
    locale = _cldr_locale(language)
    if locale is None:
        return
    for code in sorted(_countries_by_name()):
        if name := locale.territories.get(code):
            yield from ((form, code) for form in _name_forms(name))
        if language == "en":
            yield from (
                (more, code)
                for more in FURTHER_COUNTRY_NAMES.get(code, "").split(", ")
                if len(more) > 3
            )
    for zone, code in get_global("zone_territories").items():
        city = (locale.time_zones.get(zone) or {}).get("city")
        if language == "en":
            city = city or zone.rpartition("/")[2].replace("_", " ")
        if city and code in _countries_by_name() and not zone.startswith(NO_PLACE_ZONE_PREFIXES):
            yield str(city), code
