"""The catalogue that comes with the package: well formed, found by many words, and one's own in its
place."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel import Locale

from archive.errors import UsageError
from archive.frontier.hosts import bare_host
from archive.records import CatalogueOutlet
from crawler.sources import catalogue
from crawler.sources.catalogue import (
    CATALOGUE_FILE,
    OUTLET_KINDS,
    most_useful_first,
    outlet_by_host,
    read_catalogue,
    search_catalogue,
)
from crawler.sources.outlet_lists import parse_outlet_list
from crawler.sources.source_discovery import parse_host
from crawler.text.language import ISO_639_1_CODES
from crawler.text.urls import resolve_web_url
from tests.paths import ROOT

OUTLETS = read_catalogue(CATALOGUE_FILE)

# -- the file --------------------------------------------------------------------------------------


def test_the_catalogue_has_thousands_of_outlets_of_nearly_all_countries():
    assert len(OUTLETS) > 6_000
    assert len({outlet.country for outlet in OUTLETS}) > 200
    assert sum(bool(outlet.feeds) for outlet in OUTLETS) > 1_500


def test_every_host_stands_once_in_the_catalogue_with_or_without_www():
    many = Counter(bare_host(outlet.host) for outlet in OUTLETS)
    assert [host for host, times in many.items() if times > 1] == []
    assert all(outlet.host == parse_host(outlet.host) for outlet in OUTLETS)


def test_every_code_of_the_catalogue_is_one():
    countries, languages = (
        {str(code) for code in Locale("en").territories},
        set(map(str, Locale("en").languages)),
    )
    for outlet in OUTLETS:
        assert re.fullmatch("[A-Z]{2}", outlet.country or ""), outlet
        assert outlet.country in countries, outlet
        assert outlet.language in (ISO_639_1_CODES | {"tl"}) & languages, outlet
        assert outlet.kind in OUTLET_KINDS, outlet
        assert (outlet.name or "").strip(), outlet


def test_every_address_of_the_catalogue_is_one():
    addresses = [url for outlet in OUTLETS for url in (*outlet.feeds, *outlet.sitemaps)]
    assert [
        url
        for url in addresses
        if resolve_web_url(url, "") != (url, "") or not urlsplit(url).hostname
    ] == []
    assert len(addresses) == len(set(addresses))


def test_the_catalogue_is_sorted_by_country():
    assert [outlet.country for outlet in OUTLETS] == sorted(
        outlet.country or "" for outlet in OUTLETS
    )


def test_a_list_is_read_as_the_catalogue_is():
    """The first rows, the last, and all with several addresses or a code that is read in two
    ways."""
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    telling = [row for row in rows[1:] if row[3] == "tl" or " " in row[5] or " " in row[6]]
    text = "\n".join(
        ",".join(f'"{cell}"' for cell in row) for row in [*rows[:300], *telling, *rows[-100:]]
    )
    listed = parse_outlet_list("outlets.csv", text.encode())
    assert listed.unread == listed.unknown == ()
    for entry in listed.entries:
        known = outlet_by_host(OUTLETS, entry.host)
        assert known == CatalogueOutlet(
            entry.host,
            entry.name,
            entry.country,
            entry.language,
            entry.kind,
            entry.feeds,
            entry.sitemaps,
        )


def test_the_catalogue_is_part_of_the_package():
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"*.csv"' in settings.partition("package-data")[2].partition("[")[2].partition("]")[0]
    assert CATALOGUE_FILE.parent == Path(catalogue.__file__).parent


# -- searching -------------------------------------------------------------------------------------


def hosts(*words: str, **narrowed: object) -> set[str]:
    return {outlet.host for outlet in search_catalogue(OUTLETS, words, **narrowed)}  # type: ignore[arg-type]


KOREAN = {outlet.host for outlet in OUTLETS if outlet.country == "KR"}


@pytest.mark.parametrize(
    "words",
    [
        "KR",
        "kr",
        "south korea",
        "South Korea",
        "한국",
        "대한민국",
        "Corée du Sud",
        "Corea del Sur",
        "Südkorea",
    ],
)
def test_a_country_is_found_by_its_codes_and_names(words):
    assert hosts(*words.split()) == KOREAN
    assert hosts(country=words) == KOREAN


@pytest.mark.parametrize(
    ("word", "country"),
    [("Österreich", "AT"), ("oesterreich", None), ("espana", "ES"), ("Ελλάδα", "GR"), ("россия", "RU"), ("مصر", "EG"),
     ("日本", "JP"), ("Ivory Coast", "CI"), ("côte d'ivoire", "CI"), ("UK", "GB"), ("turkey", "TR"), ("Burma", "MM")],
)  # fmt: skip
def test_a_country_is_found_as_it_calls_itself_and_without_accents(word, country):
    found = {outlet.country for outlet in search_catalogue(OUTLETS, [word])[:5]}
    assert found == ({country} if country else set())


def test_a_word_of_a_countrys_name_finds_all_that_have_it_and_outlets_that_are_called_so():
    found = search_catalogue(OUTLETS, ["korea"])
    assert {outlet.host for outlet in found} > KOREAN
    assert {"KR", "KP"} <= {outlet.country for outlet in found}
    assert all(
        "korea" in (outlet.name or "").lower()
        for outlet in found
        if outlet.country not in ("KR", "KP")
    )


@pytest.mark.parametrize(
    ("words", "language"),
    [(["spanish", "agencies"], "es"), (["Español", "agency"], "es"), (["한국어", "agency"], "ko"), (["Tagalog"], "tl"),
     (["Filipino", "national"], "tl"), (["Deutsch", "agency"], "de")],
)  # fmt: skip
def test_a_language_is_found_by_code_and_name_and_a_kind_in_the_plural(words, language):
    assert {outlet.language for outlet in search_catalogue(OUTLETS, words)[:3]} == {language}


@pytest.mark.parametrize(
    ("words", "host"),
    [("yonhap", "www.yna.co.kr"), ("le monde", "lemonde.fr"), ("www.bbc.co.uk", "bbc.co.uk"),
     ("https://www.lemonde.fr/une", "lemonde.fr"), ("new york times", "nytimes.com"), ("AFP", "afp.com"),
     ("ap", "apnews.com"), ("NZ Herald", "nzherald.co.nz"), ("el pais", "elpais.com")],
)  # fmt: skip
def test_an_outlet_is_found_by_name_by_address_and_as_an_agency_signs(words, host):
    assert host in [outlet.host for outlet in search_catalogue(OUTLETS, words.split())[:3]]


@pytest.mark.parametrize("language", ["tl", "fil", "Tagalog", "filipino", "TL"])
def test_tagalog_and_filipino_are_one_language(language):
    assert hosts(language=language) == {
        outlet.host for outlet in OUTLETS if outlet.language == "tl"
    }


def test_all_that_narrows_a_search_must_fit():
    agencies = {
        outlet.host for outlet in OUTLETS if outlet.country == "KR" and outlet.kind == "agency"
    }
    assert hosts(country="KOR", kind="agency") == agencies
    assert hosts(country="KR", language="ko", kind="Agencies") == agencies - {"en.yna.co.kr"}
    assert hosts(country=["KR", "JP"], kind=["agency", "broadcaster"]) == {
        outlet.host
        for outlet in OUTLETS
        if outlet.country in ("KR", "JP") and outlet.kind in ("agency", "broadcaster")
    }
    assert hosts("zzzz") == set()


def test_the_most_useful_come_first():
    found = search_catalogue(OUTLETS, country="US")
    kinds = [outlet.kind for outlet in found]
    assert set(kinds[:40]) <= {"agency", "national", "broadcaster"}
    assert kinds[-1] == "local"
    has_feed = [
        bool(outlet.feeds)
        for outlet in found
        if outlet.kind in ("agency", "national", "broadcaster")
    ]
    assert has_feed == sorted(has_feed, reverse=True)
    assert found == most_useful_first(found)


@pytest.mark.parametrize(
    ("narrowed", "said"),
    [({"country": "Narnia"}, "Narnia: unknown country"), ({"language": "qq"}, "qq: unknown language"),
     ({"kind": "wire"}, "wire: unknown kind"), ({"country": "Germny"}, "did you mean germany?"),
     ({"kind": "nationl"}, "did you mean national?")],
)  # fmt: skip
def test_what_is_no_country_language_or_kind_is_told(narrowed, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        search_catalogue(OUTLETS, **narrowed)


# -- one's own -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [("own.csv", "Host;Kind;Language\nwww.quay.example;wire;english\n"),
     ("own.toml", "[[outlet]]\nhost = 'www.quay.example'\nkind = 'wire'\nlanguage = 'en'\n")],
)  # fmt: skip
def test_a_list_of_ones_own_has_kinds_of_its_own(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    [outlet] = search_catalogue(read_catalogue(tmp_path / name), kind="wires")
    assert outlet == CatalogueOutlet("www.quay.example", language="en", kind="wire")
    assert outlet_by_host(read_catalogue(tmp_path / name), "quay.example") == outlet


def test_the_environment_names_another_catalogue(tmp_path, monkeypatch):
    (tmp_path / "own.txt").write_text("quay.example\n")
    monkeypatch.setenv("DATELINE_CATALOGUE", str(tmp_path / "own.txt"))
    assert [outlet.host for outlet in read_catalogue()] == ["quay.example"]


def test_a_catalogue_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("DATELINE_CATALOGUE", str(tmp_path / "none.csv"))
    with pytest.raises(UsageError, match=r"none\.csv"):
        read_catalogue()
