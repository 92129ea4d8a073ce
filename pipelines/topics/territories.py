"""Countries and languages by the names that people and texts give them: CLDR's, by way of Babel.

A name is known in English, in the languages of the country itself, and in any language that is
asked for. Codes are ISO 3166-1 (two letters; `XK` is Kosovo) and ISO 639-1.
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
"""What English calls countries besides CLDR's name."""
FURTHER_LANGUAGE_NAMES = {
    "fa": "farsi",
    "fil": "tagalog",
    "no": "bokmål, nynorsk",
    "zh": "mandarin, cantonese",
}
SINGLE_LANGUAGE_COUNTRIES = {
    "tl": "fil",
    "nb": "no",
    "nn": "no",
    "cmn": "zh",
    "yue": "zh",
    "iw": "he",
    "in": "id",
}
"""Codes of what is filed under another code here."""
PATTERN_NO_COUNTRY_NAME = """
and of the new north south east west central northern southern eastern western republic democratic united islands island
isle saint st states san santa sar british french american dutch us uk minor outlying territories federated
"""
NO_COUNTRY_NAMES = frozenset(PATTERN_NO_COUNTRY_NAME.split())
"""Words that no country is called by alone."""
SMALL_TERRITORIES = frozenset(("the", "of", "and"))
NOT_COUNTRIES = frozenset(("EU", "EZ", "UN", "ZZ"))
AMBIGUOUS_COUNTRY_NAMES = frozenset(
    ("georgia", "jordan", "chad", "guinea", "jersey", "turkey", "mali", "monaco", "niger")
)
"""English names that are also those of something else; they count for half when a text is searched
for places."""
UNSPACED_NAME_SCRIPT = re.compile("[ก-๛ກ-ໟက-႟ក-៿\u3041-\u30ff㐀-鿿가-힣]")
"""Letters of scripts that set no blanks between words, or let particles stick to them, as Korean
does."""
NOT_PLACES = ("unknown", "Etc", "GMT")
WIDELY_READ_LANGUAGES = ("es", "fr", "de", "pt", "it", "ru", "ar", "zh", "ja", "ko")
"""Whose names of countries are known besides the English ones and each country's own."""

# -- names -----------------------------------------------------------------------------------------


def country_name(code: str | None) -> str:
    """A country's name in English; its code where it has none; empty for none."""
    return str(Locale("en").territories.get(code or "", code or ""))


def language_name(code: str | None) -> str:
    """A language's name in English; its code where it has none; empty for none."""
    return str(Locale("en").languages.get(code or "", code or ""))


def single_language(code: str | None) -> str | None:
    """The code under which a language is filed: `tl` and `fil`, `nb` and `no` are one."""
    return SINGLE_LANGUAGE_COUNTRIES.get(code, code) if code else None


@cache
def languages_of_country(country: str) -> tuple[str, ...]:
    """The official languages of a country, the most spoken first, as far as they have two
    letters."""
    spoken = (
        single_language(code.partition("_")[0]) or ""
        for code in get_official_languages(country, de_facto=True)
    )
    return tuple(dict.fromkeys(code for code in spoken if len(code) == 2 or code == "fil"))


@cache
def _cldr_locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language) if localedata.exists(language) else None
    except (UnknownLocaleError, ValueError):
        return None


# -- what somebody means ---------------------------------------------------------------------------


@cache
def countries_called(name: str) -> frozenset[str]:
    """The countries that a person means: by code, by the English name or a word of it, or as they
    call themselves."""
    code = re.sub(r"(?<=\b[A-Z])\.", "", name.strip().upper())
    if re.fullmatch("[A-Z]{2,3}", code):
        meant = (
            [code]
            if code in _countries_by_name()
            else get_global("territory_aliases").get(code, [])
        )
        if len(meant) == 1 and meant[0] in _countries_by_name():
            return frozenset(meant)
        if len(code) == 2:
            return frozenset()
    words = _name_words(name)
    found = (
        _countries_in_english().get(words)
        or _inverted_names(name)
        or _multi_word_names(_countries_in_english(), words)
    )
    if found or words in _english_languages():
        return found
    return _countries_in_own_languages().get(words) or _countries_in_other_languages().get(
        words, frozenset()
    )


@cache
def languages_called(name: str) -> frozenset[str]:
    """The languages that a person means: by code, by the English name, or as their speakers call
    them."""
    code = name.strip().lower()
    if re.fullmatch("[a-z]{2,3}", code) and (single_language(code) or "") in Locale("en").languages:
        return frozenset((single_language(code) or "",))
    words = _name_words(name)
    found = _english_languages().get(words, frozenset())
    return (
        found
        if found or words in _countries_in_english()
        else _own_languages().get(words, frozenset())
    )


def known_country_names(what: str) -> list[str]:
    """The English names of all countries, or of all languages: what `country` or `language` may
    have meant."""
    named = _countries_in_english() if what == "country" else _english_languages()
    alone = (word for words in named for word in words if word not in NO_COUNTRY_NAMES)
    return list(dict.fromkeys([*(" ".join(words) for words in named), *alone]))


def _inverted_names(name: str) -> frozenset[str]:
    """The country of a name as lists sort it: `Korea, North`, `Iran, Islamic Republic of`, `Holy
    See (Vatican …)`."""
    first, comma, rest = name.partition(" (" if name.endswith(")") else ",")
    if not comma:
        return frozenset()
    named = {word for word in _name_words(name) if word not in SMALL_TERRITORIES}
    found = [
        codes
        for words, codes in _countries_in_english().items()
        if named == set(words).difference(SMALL_TERRITORIES)
    ]
    if found:
        return found[0]
    alone = countries_called(first)
    return alone if len(alone) == 1 and rest.strip() else frozenset()


def _name_words(text: str) -> tuple[str, ...]:
    """A name for comparison: folded, its words without what joins them."""
    return tuple(
        re.findall(
            r"[\w\u0300-\u036f\u0900-\u0dff]+", re.sub("[’'.]", "", fold_text_for_search(text))
        )
    )


@cache
def _countries_by_name() -> frozenset[str]:
    codes = {str(code) for code in Locale("en").territories}
    return frozenset({code for code in codes if re.fullmatch("[A-Z]{2}", code)} - NOT_COUNTRIES)


@cache
def _countries_in_english() -> dict[tuple[str, ...], frozenset[str]]:
    named = [
        (name, code) for code in _countries_by_name() for name in _name_forms(country_name(code))
    ]
    return _names_by_first_word(
        [
            *named,
            *(
                (name, code)
                for code, more in FURTHER_COUNTRY_NAMES.items()
                for name in more.split(", ")
            ),
        ]
    )


@cache
def _countries_in_own_languages() -> dict[tuple[str, ...], frozenset[str]]:
    return _names_by_first_word(
        (name, code)
        for code in _countries_by_name()
        for language in languages_of_country(code)
        if (locale := _cldr_locale(language)) and (whole := locale.territories.get(code))
        for name in _name_forms(whole)
    )


@cache
def _countries_in_other_languages() -> dict[tuple[str, ...], frozenset[str]]:
    """As they are called in the languages that most people read."""
    read = [locale for language in WIDELY_READ_LANGUAGES if (locale := _cldr_locale(language))]
    return _names_by_first_word(
        (name, code)
        for locale in read
        for code in _countries_by_name()
        if (name := locale.territories.get(code))
    )


@cache
def _english_languages() -> dict[tuple[str, ...], frozenset[str]]:
    named = [
        (name, single_language(code) or "")
        for code, name in Locale("en").languages.items()
        if len(code) in (2, 3)
    ]
    return _names_by_first_word(
        [
            *named,
            *(
                (name, code)
                for code, more in FURTHER_LANGUAGE_NAMES.items()
                for name in more.split(", ")
            ),
        ]
    )


@cache
def _own_languages() -> dict[tuple[str, ...], frozenset[str]]:
    spoken = {language for code in _countries_by_name() for language in languages_of_country(code)}
    return _names_by_first_word(
        (name, language)
        for language in spoken
        if (locale := _cldr_locale(language)) and (name := locale.languages.get(language))
    )


def _names_by_first_word(named: Iterable[tuple[str, str]]) -> dict[tuple[str, ...], frozenset[str]]:
    found: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, code in named:
        found[_name_words(name)].add(code)
    return {words: frozenset(codes) for words, codes in found.items() if words}


def _name_forms(name: str) -> Iterator[str]:
    """A CLDR name, and what stands before and in its brackets: `Myanmar (Burma)`, `Congo -
    Kinshasa`."""
    yield name
    if parts := re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name):
        yield from parts.groups()
    if name.endswith((" SAR China", "特别行政区", "特別行政區")):
        yield name.removesuffix(" SAR China")


def _multi_word_names(
    named: Mapping[tuple[str, ...], frozenset[str]], words: tuple[str, ...]
) -> frozenset[str]:
    """Those whose name holds the words one behind the other; none for words that say nothing by
    themselves."""
    if not words or NO_COUNTRY_NAMES.issuperset(words):
        return frozenset()
    many = len(words)
    holding = (
        codes
        for name, codes in named.items()
        if any(name[at : at + many] == words for at in range(len(name) - many + 1))
    )
    return frozenset().union(*holding)


# -- what a text names -----------------------------------------------------------------------------


def countries_in(text: str, language: str | None) -> Counter[str]:
    """How often a text names each country, or a large city of it: in its own language and in
    English."""
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
            break  # names in English beside the text's own are of firms and titles
    return Counter({code: (many + 1) // 2 for code, many in found.items() if many})


TerritoryMention = tuple[tuple[str, ...], str, int]
"""The terms of a name, the country's code, and what one mention counts, in halves."""


@cache
def _territory_mentions(
    language: str,
) -> tuple[re.Pattern[str] | None, dict[str, str], dict[str, list[TerritoryMention]]]:
    """Names that are looked for as they are, where words are not parted by blanks, and whose they
    are; and the others by their first term. The longest of names that begin alike comes first."""
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
        if city and code in _countries_by_name() and not zone.startswith(NOT_PLACES):
            yield str(city), code
