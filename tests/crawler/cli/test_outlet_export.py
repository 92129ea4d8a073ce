"""Outlets leave as a list that feed readers read, and come back unchanged."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

import crawler.cli.outlet_commands
import crawler.cli.outlet_state_commands  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.queries.lookup import outlet_list_entries
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.sources.outlet_lists import parse_outlet_list

OUTLETS = (
    ("harbour.example", "The Harbour Post & Mail", "en", "GB"),
    ("minato.example", "港新聞", "ja", None),
    ("plus.example", "+972 Ledger", "he", "IL"),
    ("ridge.example", None, None, None),
    ("tor.example", "tor.example", None, None),
)
SOURCES = (
    (1, "feed", "https://harbour.example/news.xml"),
    (1, "feed", "https://harbour.example/sport.xml?a=1&b=2"),
    (1, "sitemap", "https://harbour.example/sitemap.xml"),
    (2, "sitemap", "https://minato.example/news-sitemap.xml"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive with three outlets."""
    path = tmp_path_factory.mktemp("outlets")
    with closing(open_database(path / "archive.db", ARCHIVE_SCHEMA)) as db:
        for outlet in OUTLETS:
            db.execute(
                "INSERT INTO outlets (host, name, language, country, added_at) VALUES (?, ?, ?, ?, '2024-03-01')",
                outlet,
            )
        for outlet_id, kind, url in SOURCES:
            db.execute(
                """INSERT INTO urls (url, url_key, kind, outlet_id, role, found_at)
                VALUES (?1, ?1, ?2, ?3, 'source', '2024-03-01')""",
                (url, kind, outlet_id),
            )
    return path


@pytest.mark.parametrize("ending", ["opml", "csv"])
def test_an_exported_list_of_outlets_is_read_as_the_same_outlets(
    folder: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"outlets.{ending}"
    result = CliRunner().invoke(
        cli, ["outlet", "export", "-o", str(path), "--archive", str(folder)]
    )
    assert (result.exit_code, result.stderr) == (0, f"5 outlets → {path}\n")
    read = parse_outlet_list(path.name, path.read_bytes())
    assert (read.unread, read.unknown, read.repeated) == ((), (), ())
    found = [
        {name: getattr(entry, name) for name in ("host", "name", "language", "country")}
        | {"feeds": list(entry.feeds), "sitemaps": list(entry.sitemaps)}
        for entry in read.entries
    ]
    assert found == outlet_list_entries(folder)


def test_the_csv_of_a_search_and_of_an_export_have_the_same_columns_and_no_formula(
    folder: Path, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(
        '[[outlet]]\nhost = "plus.example"\nname = "+972 Ledger"\nkind = "digital"\n', "utf-8"
    )
    commands = (
        ["search", "plus", "--csv", "--catalogue", str(catalogue)],
        ["export", "--format", "csv"],
    )
    results = [
        CliRunner().invoke(cli, ["outlet", *words, "--archive", str(folder)]) for words in commands
    ]
    searched, exported = [result.stdout_bytes.decode() for result in results]
    assert searched.splitlines()[0] == exported.splitlines()[0]
    assert "\nplus.example,'+972 Ledger,,,digital,,\r\n" in searched
    assert "\nplus.example,'+972 Ledger,he,IL,,,\r\n" in exported
    (entry,) = parse_outlet_list("found.csv", searched.encode()).entries
    assert (entry.name, entry.kind) == ("+972 Ledger", "digital")


def test_the_opml_has_an_outline_for_each_feed(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["outlet", "export", "--archive", str(folder)])
    outlines = etree.fromstring(result.stdout_bytes).findall("body/outline")
    assert [each.get("xmlUrl") for each in outlines] == [
        "https://harbour.example/news.xml",
        "https://harbour.example/sport.xml?a=1&b=2",
        *[None] * 4,
    ]
    assert [each.get("type") for each in outlines] == ["rss", "rss", *["link"] * 4]


def test_an_unknown_ending_is_refused_with_those_that_are_known(folder: Path) -> None:
    result = CliRunner().invoke(
        cli, ["outlet", "export", "-o", "outlets.doc", "--archive", str(folder)]
    )
    assert result.exit_code == 2
    assert ".opml, .xml, .csv" in result.stderr
