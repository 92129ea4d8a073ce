"""The catalogue of outlets that comes with the package, or another one: read, searched, and looked
up by host.

It was compiled from public lists and is not verified against the live web (docs/catalogue.md). Pure
but for the reading of the file.
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
from archive.text.folding import fold
from crawler.extraction.fields.agencies import agency_names
from pipelines.topics.territories import (
    countries_called,
    known_names,
    languages_called,
    one_language,
)

__all__ = ["KINDS", "CatalogueOutlet", "by_host", "read", "search", "useful_first"]

FILE = Path(__file__).parent / "catalogue.csv"
KINDS = ("agency", "national", "broadcaster", "digital", "business", "regional", "local")
"""The most useful first, for a story that is told in many countries: the first three alike, and the
next two."""
RANK = dict(zip(KINDS, (0, 0, 0, 1, 1, 2, 3), strict=True))

Wanted = str | Collection[str] | None
"""A name or a code, or several, of which one will do."""

# -- reading ---------------------------------------------------------------------------------------


def read(file: Path | None = None) -> tuple[CatalogueOutlet, ...]:
    """The outlets of a catalogue: of `file`, else of the one that DATELINE_CATALOGUE names, else of
    the package's own.

    A file may be any list that `dateline outlet import` takes. It is read once. Raises UsageError
    where it cannot be read.
    """
    named = os.environ.get("DATELINE_CATALOGUE")
    return _read(file or (Path(named) if named else FILE))


@cache
def _read(file: Path) -> tuple[CatalogueOutlet, ...]:
    return tuple(_own_rows(file) if file == FILE else _list(file))


def _own_rows(file: Path) -> Iterable[CatalogueOutlet]:
    """The package's own file, of which a test holds that it is well formed."""
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


def _list(file: Path) -> Iterable[CatalogueOutlet]:
    from crawler.files.saved_pages import read_file
    from crawler.sources.outlet_lists import read_outlet_file

    try:
        body = read_file(file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    for entry in read_outlet_file(str(file), body).entries:
        yield CatalogueOutlet(
            entry.host,
            entry.name,
            entry.country,
            entry.language,
            entry.kind,
            entry.feeds,
            entry.sitemaps,
        )


def by_host(outlets: Sequence[CatalogueOutlet], host: str) -> CatalogueOutlet | None:
    """What the catalogue knows of a host, with or without `www.`; None, if nothing."""
    return _index(outlets).get(bare_host(host.lower()))


_indexed: tuple[Sequence[CatalogueOutlet], dict[str, CatalogueOutlet]] = ((), {})
"""The catalogue that was asked last, by host: to compare catalogues would take longer than to make
this anew."""


def _index(outlets: Sequence[CatalogueOutlet]) -> dict[str, CatalogueOutlet]:
    global _indexed  # noqa: PLW0603
    if _indexed[0] is not outlets:
        _indexed = outlets, {bare_host(outlet.host): outlet for outlet in reversed(outlets)}
    return _indexed[1]


# -- searching -------------------------------------------------------------------------------------


def search(
    outlets: Iterable[CatalogueOutlet],
    words: Sequence[str] = (),
    country: Wanted = None,
    language: Wanted = None,
    kind: Wanted = None,
) -> list[CatalogueOutlet]:
    """The outlets that all the words fit, each by host, name, country, language or kind; the most
    useful first.

    Countries and languages are codes or names. Raises UsageError for one that is none, and for a
    kind that is none.
    """
    outlets = tuple(outlets)
    countries, languages, kinds = (
        countries_of(_all(country)),
        languages_of(_all(language)),
        kinds_of(_all(kind), outlets),
    )
    parts = _parts(" ".join(words).split())
    found = [
        outlet
        for outlet in outlets
        if (countries is None or outlet.country in countries)
        and (languages is None or one_language(outlet.language) in languages)
        and (kinds is None or outlet.kind in kinds)
        and all(part.fits(outlet) for part in parts)
    ]
    phrase = fold(" ".join(words))

    def fit(outlet: CatalogueOutlet) -> tuple[bool, int]:
        return not _is_called(outlet, phrase), -sum(part.describes(outlet) for part in parts)

    return sorted(useful_first(found), key=fit)


def useful_first(outlets: Iterable[CatalogueOutlet]) -> list[CatalogueOutlet]:
    """National papers, agencies and broadcasters before local ones; of a kind, those whose feeds
    are known first."""

    def rank(outlet: CatalogueOutlet) -> tuple[int, int, str]:
        sources = 2 * bool(outlet.feeds) + bool(outlet.sitemaps)
        return RANK.get(outlet.kind or "", 2), -sources, fold(outlet.name or outlet.host)

    return sorted(outlets, key=rank)


def countries_of(names: Collection[str]) -> frozenset[str] | None:
    """The codes of countries; None for no names. Raises UsageError for a name that is none."""
    return _codes(names, countries_called, "country", "KR or korea")


def languages_of(names: Collection[str]) -> frozenset[str] | None:
    """The codes of languages; None for no names. Raises UsageError for a name that is none."""
    return _codes(names, languages_called, "language", "ko or korean")


def kinds_of(
    names: Collection[str], outlets: Iterable[CatalogueOutlet] = ()
) -> frozenset[str] | None:
    """Kinds of outlets, ours or a list's own; None for no names. Raises UsageError for a name that
    is none."""
    if not names:
        return None
    kinds = tuple(dict.fromkeys((*KINDS, *(outlet.kind for outlet in outlets if outlet.kind))))
    for name in names:
        if _kind(name, kinds) is None:
            near = get_close_matches(name.lower(), kinds, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(kinds[:12])}"
            raise UsageError(f"{name}: no kind of outlet; {hint}")
    return frozenset(_kind(name, kinds) or "" for name in names)


def _codes(
    names: Collection[str], called: Callable[[str], frozenset[str]], what: str, example: str
) -> frozenset[str] | None:
    for name in names:
        if not called(name):
            near = get_close_matches(name.casefold(), known_names(what), 1)
            hint = (
                f"did you mean {near[0]}?" if near else f"give a code or a name, such as {example}"
            )
            raise UsageError(f"{name}: no {what} that is known; {hint}")
    return frozenset().union(*map(called, names)) if names else None


def _kind(name: str, kinds: Sequence[str] = KINDS) -> str | None:
    folded = fold(name).strip()
    singular = re.sub("ies$", "y", folded)
    return next(
        (kind for kind in kinds if kind in (folded, singular) or singular == f"{kind}s"), None
    )


def _all(wanted: Wanted) -> tuple[str, ...]:
    return () if wanted is None else (wanted,) if isinstance(wanted, str) else tuple(wanted)


@dataclass(frozen=True, slots=True)
class _Part:
    """One or more words of a search that belong together, and what they may mean."""

    text: str
    countries: frozenset[str]
    languages: frozenset[str]
    kind: str | None
    names: tuple[str, ...]
    """Folded, any of them."""

    def fits(self, outlet: CatalogueOutlet) -> bool:
        return self.describes(outlet) or any(_is_named(outlet, name) for name in self.names)

    def describes(self, outlet: CatalogueOutlet) -> bool:
        """Is it the outlet's country, language or kind, and not only a word of its name?"""
        return (
            outlet.country in self.countries
            or (one_language(outlet.language) or "") in self.languages
            or (outlet.kind is not None and outlet.kind == self.kind)
        )


def _parts(words: list[str]) -> list[_Part]:
    """The words of a search; several that name one country or language are one part: `south
    korea`."""
    parts: list[_Part] = []
    while words:
        many = next(
            (
                many
                for many in range(min(len(words), 5), 1, -1)
                if _names_one(" ".join(words[:many]))
            ),
            1,
        )
        text, words = " ".join(words[:many]), words[many:]
        names = (fold(_host_in(text)), *map(fold, agency_names(text)))
        parts.append(
            _Part(text, countries_called(text), languages_called(text), _kind(text), names)
        )
    return parts


def _names_one(text: str) -> bool:
    return bool(countries_called(text) or languages_called(text))


def _host_in(text: str) -> str:
    """The host of an address, without `www.`; other words as they are."""
    address = re.fullmatch(
        r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:/.*)?", text, re.IGNORECASE
    )
    return address[1].lower() if address else text


def _is_named(outlet: CatalogueOutlet, text: str) -> bool:
    """Does a text stand in an outlet's host, or in its name where a word begins? Two letters have
    to be a whole word, three the beginning of one."""
    name, host = fold(outlet.name or ""), outlet.host
    if not text.isascii():
        return text in name
    if len(text) <= 2:
        return text in re.findall(r"\w+", f"{name} {host.partition('.')[0]}")
    begins = rf"\b{re.escape(text)}"
    return bool(
        re.search(begins, name) or (text in host if len(text) > 3 else re.search(begins, host))
    )


def _is_called(outlet: CatalogueOutlet, phrase: str) -> bool:
    return phrase in (fold(outlet.name or ""), outlet.host, bare_host(outlet.host))
