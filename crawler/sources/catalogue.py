"""The catalogue of outlets, the package's own or another: reading, searching and look-up by host.

The package's catalogue was compiled from public lists and is not verified against the live web
(docs/catalogue.md). All functions except those that read the file are pure.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from archive.errors import UsageError
from archive.frontier.hosts import bare_host
from archive.records import CatalogueOutlet
from archive.text.folding import fold_text_for_search
from crawler.extraction.fields.agencies import printed_agency_names
from pipelines.topics.territories import (
    countries_called,
    known_english_names,
    languages_called,
    single_language,
)

__all__ = [
    "OUTLET_KINDS",
    "CatalogueOutlet",
    "most_useful_first",
    "outlet_by_host",
    "read_catalogue",
    "search_catalogue",
]

CATALOGUE_FILE = Path(__file__).parent / "catalogue.csv"
OUTLET_KINDS = ("agency", "national", "broadcaster", "digital", "business", "regional", "local")
"""Kinds of outlets, the most useful first for a story that is covered in many countries.

The first three rank equally, and so do the next two.
"""
OUTLET_KIND_RANK = dict(zip(OUTLET_KINDS, (0, 0, 0, 1, 1, 2, 3), strict=True))

WantedValues = str | Collection[str] | None
"""A name or a code, or several of which one must match; None matches all."""

# -- reading ---------------------------------------------------------------------------------------


def read_catalogue(file: Path | None = None) -> tuple[CatalogueOutlet, ...]:
    """Return the outlets of a catalogue: `file`, or DATELINE_CATALOGUE, or the package's own.

    The file may be any list that `dateline outlet import` accepts. It is read once. Raises
    UsageError if it cannot be read.
    """
    named = os.environ.get("DATELINE_CATALOGUE")
    return _read_catalogue_file(file or (Path(named) if named else CATALOGUE_FILE))


@cache
def _read_catalogue_file(file: Path) -> tuple[CatalogueOutlet, ...]:
    """Read a catalogue; the result is cached."""
    return tuple(_packaged_outlets(file) if file == CATALOGUE_FILE else _listed_outlets(file))


def _packaged_outlets(file: Path) -> Iterable[CatalogueOutlet]:
    """Yield the outlets in the package's own file, whose format is checked by a test."""
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield CatalogueOutlet(
                row["host"],
                row["name"],
                row["country"],
                row["language"],
                row["kind"],
                tuple(row["feeds"].split()),
                tuple(row["sitemaps"].split()),
            )


def _listed_outlets(file: Path) -> Iterable[CatalogueOutlet]:
    """Yield the outlets in a list of another format. Raises UsageError if it cannot be read."""
    from crawler.files.saved_pages import read_page_file
    from crawler.sources.outlet_lists import parse_outlet_list

    try:
        body = read_page_file(file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    for entry in parse_outlet_list(str(file), body).entries:
        yield CatalogueOutlet(
            entry.host,
            entry.name,
            entry.country,
            entry.language,
            entry.kind,
            entry.feeds,
            entry.sitemaps,
        )


def outlet_by_host(outlets: Sequence[CatalogueOutlet], host: str) -> CatalogueOutlet | None:
    """Return the outlet at a host, with or without `www.`, or None."""
    return _outlets_by_host(outlets).get(bare_host(host.lower()))


_indexed_catalogue: tuple[Sequence[CatalogueOutlet], dict[str, CatalogueOutlet]] = ((), {})
"""The catalogue used last, and its index by host.

It is compared by identity, since comparing catalogues takes longer than building the index.
"""


def _outlets_by_host(outlets: Sequence[CatalogueOutlet]) -> dict[str, CatalogueOutlet]:
    """Return the index of a catalogue by host."""
    global _indexed_catalogue  # noqa: PLW0603
    if _indexed_catalogue[0] is not outlets:
        _indexed_catalogue = (
            outlets,
            {bare_host(outlet.host): outlet for outlet in reversed(outlets)},
        )
    return _indexed_catalogue[1]


# -- searching -------------------------------------------------------------------------------------


def search_catalogue(
    outlets: Iterable[CatalogueOutlet],
    words: Sequence[str] = (),
    country: WantedValues = None,
    language: WantedValues = None,
    kind: WantedValues = None,
) -> list[CatalogueOutlet]:
    """Return the outlets that match all words, the most useful first.

    A word may match host, name, country, language or kind. Countries and languages are codes or
    names. Raises UsageError for an unknown country, language or kind.
    """
    outlets = tuple(outlets)
    countries = country_codes(_wanted_tuple(country))
    languages = language_codes(_wanted_tuple(language))
    kinds = outlet_kinds(_wanted_tuple(kind), outlets)
    parts = _search_parts(" ".join(words).split())
    phrase = fold_text_for_search(" ".join(words))

    def is_match(outlet: CatalogueOutlet) -> bool:
        """Return whether an outlet passes all filters and matches all parts."""
        if countries is not None and outlet.country not in countries:
            return False
        if languages is not None and single_language(outlet.language) not in languages:
            return False
        if kinds is not None and outlet.kind not in kinds:
            return False
        return all(part.matches_outlet(outlet) for part in parts)

    def match_quality(outlet: CatalogueOutlet) -> tuple[bool, int]:
        """Return a sort key that puts the best match first."""
        return not _is_whole_outlet_name(outlet, phrase), -sum(
            part.describes_outlet(outlet) for part in parts
        )

    return sorted(most_useful_first(filter(is_match, outlets)), key=match_quality)


def most_useful_first(outlets: Iterable[CatalogueOutlet]) -> list[CatalogueOutlet]:
    """Sort outlets: national papers, agencies and broadcasters first, then those with feeds."""

    def usefulness_rank(outlet: CatalogueOutlet) -> tuple[int, int, str]:
        sources = 2 * bool(outlet.feeds) + bool(outlet.sitemaps)
        return (
            OUTLET_KIND_RANK.get(outlet.kind or "", 2),
            -sources,
            fold_text_for_search(outlet.name or outlet.host),
        )

    return sorted(outlets, key=usefulness_rank)


def country_codes(names: Collection[str]) -> frozenset[str] | None:
    """Return the codes of countries, or None for no names.

    Raises UsageError for an unknown country.
    """
    return _codes_of_names(names, countries_called, "country", "KR or korea")


def language_codes(names: Collection[str]) -> frozenset[str] | None:
    """Return the codes of languages, or None for no names.

    Raises UsageError for an unknown language.
    """
    return _codes_of_names(names, languages_called, "language", "ko or korean")


def outlet_kinds(
    names: Collection[str], outlets: Iterable[CatalogueOutlet] = ()
) -> frozenset[str] | None:
    """Return kinds of outlets, ours or those of a list, or None for no names.

    Raises UsageError for an unknown kind.
    """
    if not names:
        return None
    kinds_of_list = (outlet.kind for outlet in outlets if outlet.kind)
    kinds = tuple(dict.fromkeys((*OUTLET_KINDS, *kinds_of_list)))
    return frozenset(_known_outlet_kind(name, kinds) for name in names)


def _known_outlet_kind(name: str, kinds: Sequence[str]) -> str:
    """Return the kind with a name. Raises UsageError, with a hint, for an unknown kind."""
    kind = _outlet_kind(name, kinds)
    if kind is not None:
        return kind
    near = get_close_matches(name.lower(), kinds, 1)
    hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(kinds[:12])}"
    raise UsageError(f"{name}: unknown kind of outlet; {hint}")


def _codes_of_names(
    names: Collection[str], called: Callable[[str], frozenset[str]], what: str, example: str
) -> frozenset[str] | None:
    """Return the codes that names stand for, by a function of one name; None for no names.

    Raises UsageError for an unknown name; `what` and `example` are for the message.
    """
    for name in names:
        if called(name):
            continue
        near = get_close_matches(name.casefold(), known_english_names(what), 1)
        hint = f"give a code or a name, such as {example}"
        if near:
            hint = f"did you mean {near[0]}?"
        raise UsageError(f"{name}: unknown {what}; {hint}")
    return frozenset().union(*map(called, names)) if names else None


def _outlet_kind(name: str, kinds: Sequence[str] = OUTLET_KINDS) -> str | None:
    """Return the kind with this name, in singular or plural, or None."""
    folded = fold_text_for_search(name).strip()
    singular = re.sub("ies$", "y", folded)
    matching = (kind for kind in kinds if kind in (folded, singular) or singular == f"{kind}s")
    return next(matching, None)


def _wanted_tuple(wanted: WantedValues) -> tuple[str, ...]:
    """Return a filter's values as a tuple."""
    if wanted is None:
        return ()
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


@dataclass(frozen=True, slots=True)
class _SearchPart:
    """One or more words of a search that belong together, with their possible meanings."""

    text: str
    countries: frozenset[str]
    languages: frozenset[str]
    kind: str | None
    names: tuple[str, ...]
    """Folded names, of which one must match."""

    def matches_outlet(self, outlet: CatalogueOutlet) -> bool:
        """Return whether the outlet matches by description or by name."""
        return self.describes_outlet(outlet) or any(
            _is_in_outlet_name(outlet, name) for name in self.names
        )

    def describes_outlet(self, outlet: CatalogueOutlet) -> bool:
        """Return whether this is the outlet's country, language or kind."""
        return (
            outlet.country in self.countries
            or (single_language(outlet.language) or "") in self.languages
            or (outlet.kind is not None and outlet.kind == self.kind)
        )


def _search_parts(words: list[str]) -> list[_SearchPart]:
    """Split a search into parts; up to five words that name a country or language are one part.

    Example: `south korea`.
    """
    parts: list[_SearchPart] = []
    while words:
        length = 1
        for longer in range(min(len(words), 5), 1, -1):
            if _names_country_or_language(" ".join(words[:longer])):
                length = longer
                break
        text, words = " ".join(words[:length]), words[length:]
        names = (
            fold_text_for_search(_host_in_url(text)),
            *map(fold_text_for_search, printed_agency_names(text)),
        )
        parts.append(
            _SearchPart(
                text, countries_called(text), languages_called(text), _outlet_kind(text), names
            )
        )
    return parts


def _names_country_or_language(text: str) -> bool:
    """Return whether a text names a country or language."""
    return bool(countries_called(text) or languages_called(text))


def _host_in_url(text: str) -> str:
    """Return the host of a URL, without `www.`; any other text unchanged."""
    url = re.fullmatch(
        r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:/.*)?", text, re.IGNORECASE
    )
    return url[1].lower() if url else text


def _is_in_outlet_name(outlet: CatalogueOutlet, text: str) -> bool:
    """Return whether a text is in an outlet's host, or in its name at the beginning of a word.

    A text of two letters must be a whole word, one of three the beginning of a word.
    """
    name, host = fold_text_for_search(outlet.name or ""), outlet.host
    if not text.isascii():
        return text in name
    if len(text) <= 2:
        return text in re.findall(r"\w+", f"{name} {host.partition('.')[0]}")
    word_beginning = re.compile(rf"\b{re.escape(text)}")
    if word_beginning.search(name):
        return True
    return text in host if len(text) > 3 else bool(word_beginning.search(host))


def _is_whole_outlet_name(outlet: CatalogueOutlet, phrase: str) -> bool:
    """Return whether the whole phrase is in the outlet's name, or is its host."""
    return phrase in (fold_text_for_search(outlet.name or ""), outlet.host, bare_host(outlet.host))
