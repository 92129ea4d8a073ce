"""Citations, read by the libraries of others."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors
from click.testing import CliRunner

from archive.cli.base import cli
from archive.exports.citations import (
    Citation,
    CitedName,
    citation_as_coins,
    citation_as_csl_item,
    citation_as_json_ld,
    citation_as_text,
    citation_meta_tags,
    citations_as_bibtex,
    citations_as_csl,
    citations_as_ris,
    cited_articles,
    cited_name,
)
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.cli import main as _all_commands  # noqa: F401  registers `cite`
from tests.archive.conftest import HOSTILE

DIGEST = "5f" * 32
CITED = Citation(
    id=12,
    headline="Ferry crews strike",
    authors=(CitedName("Lind", "Mara"), CitedName("Reed", "Jo")),
    agency="AP",
    outlet="The Harbour Post",
    published=(2024, 2, 15),
    published_at="2024-02-15T10:30:00Z",
    accessed=(2024, 3, 1),
    fetched_at="2024-03-01T06:00:00Z",
    url="https://harbour.example/news/1",
    language="en",
    digest=DIGEST,
)
NASTY_HEADLINES = [
    "Braces {open} and } alone { too",
    'Quotes “curly” and "straight" and ‘single’',
    "100% of $5 & more #1 under_score ~tilde^ back\\slash",
    "@article{fake, title={no}}",
    "TY  - JOUR",
    "首相は会見で述べた",
    "المجلس يعلن خطة جديدة",
    "Zürich: Brot wird teurer – für alle",
    HOSTILE,
]


def bibtex_entry(citation: Citation) -> dict[str, str]:
    """The fields of an entry, as a parser reads them and decodes LaTeX."""
    library = bibtexparser.parse_string(
        citations_as_bibtex([citation]),
        append_middleware=[SeparateCoAuthors(), LatexDecodingMiddleware()],
    )
    assert library.failed_blocks == []
    [entry] = library.entries
    return {field.key: field.value for field in entry.fields}


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "language", "parts"),
    [
        ("Mara Lind", "en", ("Lind", "Mara", "")),
        ("Anna Maria Sol", "es", ("Sol", "Anna Maria", "")),
        ("Ludwig van der Berg", "nl", ("van der Berg", "Ludwig", "")),
        ("Joe Hill Jr.", "en", ("Hill", "Joe", "Jr.")),
        ("Joe Hill, Jr.", "en", ("Hill", "Joe", "Jr.")),
        ("Иван Петров", "ru", ("Петров", "Иван", "")),
        ("최유나", "ko", ("최유나", "", "")),
        ("Kim Tong-hyung", "ko", ("Kim Tong-hyung", "", "")),
        ("Nagy Imre", "hu", ("Nagy Imre", "", "")),
        ("山田 太郎", "en", ("山田 太郎", "", "")),
        ("محمد علي", "ar", ("محمد علي", "", "")),
        ("Associated Press", "en", ("Associated Press", "", "")),
        ("The Harbour Post", "en", ("The Harbour Post", "", "")),
        ("Ridge Staff", "en", ("Ridge Staff", "", "")),
        ("Reuters", "en", ("Reuters", "", "")),
    ],
)
def test_a_persons_name_is_divided_and_one_of_unknown_order_or_an_organisations_is_not(
    name: str, language: str, parts: tuple[str, str, str]
) -> None:
    found = cited_name(name, language)
    assert (found.family, found.given, found.suffix) == parts


# -- from the archive ------------------------------------------------------------------------------


@pytest.fixture
def db(folder: Path) -> sqlite3.Connection:
    return open_database(folder / "archive.db", ARCHIVE_SCHEMA)


def test_an_article_is_cited_with_its_people_its_agency_and_its_day(db: sqlite3.Connection) -> None:
    [found] = cited_articles(db, [1])
    assert [name.inverted for name in found.authors] == ["Lind, Mara", "Reed, Jo"]
    assert (found.agency, found.outlet, found.published) == (
        "AP",
        "The Harbour Post",
        (2024, 2, 15),
    )
    assert citation_as_text(found).startswith(
        "Mara Lind and Jo Reed (AP), “Ferry crews strike”, The Harbour Post, 15 February 2024, "
        "https://harbour.example/news/1. Captured 1 March 2024, SHA-256 "
    )


def test_without_an_author_the_agency_is_one_and_without_a_date_the_article_is_undated(
    db: sqlite3.Connection,
) -> None:
    by_agency, undated = cited_articles(db, [2, 4])
    assert [name.whole for name in by_agency.authors] == ["AP"]
    assert by_agency.agency is None
    assert citation_as_text(undated).startswith(
        "“Bread dearer in Zürich”, The Harbour Post, undated, "
    )
    assert undated.authors == ()


def test_articles_are_cited_in_the_order_asked_for_and_unknown_ones_are_left_out(
    db: sqlite3.Connection,
) -> None:
    assert [found.id for found in cited_articles(db, [4, 99, 1])] == [4, 1]


# -- BibTeX ----------------------------------------------------------------------------------------


def test_bibtex_is_read_back_as_it_was_meant() -> None:
    entry = bibtex_entry(CITED)
    assert entry["author"] == ["Lind, Mara", "Reed, Jo"]
    assert entry["title"].strip("{}") == "Ferry crews strike"
    assert (entry["journal"], entry["year"], entry["month"], entry["day"]) == (
        "The Harbour Post",
        "2024",
        "feb",
        "15",
    )
    assert entry["urldate"] == "2024-03-01"
    assert DIGEST in entry["note"]


@pytest.mark.parametrize("headline", NASTY_HEADLINES)
def test_no_headline_breaks_bibtex(headline: str) -> None:
    text = citations_as_bibtex([replace(CITED, headline=headline)])
    assert text.count("{") == text.count("}")
    # the decoder knows no commands for braces, and has another circumflex for ours
    without_braces = headline.replace("{", "").replace("}", "")
    title = bibtex_entry(replace(CITED, headline=headline))["title"]
    assert title.removeprefix("{").removesuffix("}").replace("ˆ", "^") == without_braces
    assert text.count(r"\textbraceleft{}") == headline.count("{")
    assert text.count(r"\textbraceright{}") == headline.count("}")


@pytest.mark.parametrize(
    "url",
    ["https://a.example/{x}?q=50%25&r=a_b#c~d", "https://a.example/ä b\\c", "https://a.example/}"],
)
def test_no_url_breaks_bibtex(url: str) -> None:
    text = citations_as_bibtex([replace(CITED, url=url)])
    assert bibtexparser.parse_string(text).failed_blocks == []
    [line] = [line for line in text.splitlines() if line.startswith("  url = ")]
    assert line.isascii()
    assert not set("{}\\ ") & set(line.removeprefix("  url = {").removesuffix("},"))


def test_a_name_that_stays_whole_is_in_braces_so_that_bibtex_divides_it_neither() -> None:
    authors = (CitedName("Desk and Field, Ltd."), CitedName("최유나"), CitedName("Lind", "Mara"))
    text = citations_as_bibtex([replace(CITED, authors=authors)])
    assert "author = {{Desk and Field, Ltd.} and {최유나} and Lind, Mara}" in text


@pytest.mark.parametrize(
    ("authors", "outlet", "published", "key"),
    [
        ((CitedName("최유나"),), "한빛일보", (2024,), "choeyuna2024-12"),
        ((CitedName("van der Berg", "L."),), "X", (2024,), "vanderberg2024-12"),
        ((), "港新聞", (), "gangxinwennd-12"),
        ((), "…", (), "articlend-12"),
    ],
)
def test_the_key_of_an_entry_is_ascii_and_names_the_article(
    authors: tuple[CitedName, ...], outlet: str, published: tuple[int, ...], key: str
) -> None:
    assert replace(CITED, authors=authors, outlet=outlet, published=published).key == key


def test_an_undated_entry_has_no_year_month_or_day() -> None:
    entry = bibtex_entry(replace(CITED, published=()))
    assert not {"year", "month", "day"} & set(entry)


# -- RIS -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headline", NASTY_HEADLINES)
def test_ris_is_read_back_as_it_was_meant(headline: str) -> None:
    [entry, other] = rispy.loads(citations_as_ris([replace(CITED, headline=headline), CITED]))
    assert entry["type_of_reference"] == "NEWS"
    assert entry["authors"] == ["Lind, Mara", "Reed, Jo"]
    assert entry["title"] == headline
    assert entry["secondary_title"] == "The Harbour Post"
    assert (entry["year"], entry["date"], entry["language"]) == ("2024", "2024/02/15", "en")
    assert entry["urls"] == ["https://harbour.example/news/1"]
    assert any(DIGEST in note for note in entry["notes"])
    assert other["title"] == "Ferry crews strike"


def test_an_organisations_comma_does_not_make_it_a_person_in_ris() -> None:
    text = citations_as_ris([replace(CITED, authors=(CitedName("Desk, Field & Co"),))])
    assert "AU  - Desk Field & Co\r\n" in text


# -- CSL-JSON --------------------------------------------------------------------------------------


def test_csl_json_has_names_in_parts_and_dates_in_numbers() -> None:
    whole = CitedName("AP", is_organisation=True)
    [item] = json.loads(citations_as_csl([replace(CITED, authors=(*CITED.authors, whole))]))
    assert item == {
        "id": "lind2024-12",
        "type": "article-newspaper",
        "title": "Ferry crews strike",
        "author": [
            {"family": "Lind", "given": "Mara"},
            {"family": "Reed", "given": "Jo"},
            {"literal": "AP"},
        ],
        "container-title": "The Harbour Post",
        "issued": {"date-parts": [[2024, 2, 15]]},
        "accessed": {"date-parts": [[2024, 3, 1]]},
        "URL": "https://harbour.example/news/1",
        "language": "en",
        "note": f"AP; Captured 1 March 2024, SHA-256 {DIGEST}",
    }


def test_what_is_unknown_is_left_out_of_csl_json() -> None:
    bare = replace(
        CITED, authors=(), agency=None, published=(), language=None, digest=None, accessed=()
    )
    assert set(citation_as_csl_item(bare)) == {"id", "type", "title", "container-title", "URL"}


# -- in a page -------------------------------------------------------------------------------------


def test_coins_name_what_zotero_reads() -> None:
    found = parse_qs(citation_as_coins(CITED))
    assert found["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:dc"]
    assert found["rft.type"] == ["newspaperArticle"]
    assert found["rft.title"] == ["Ferry crews strike"]
    assert found["rft.source"] == ["The Harbour Post"]
    assert found["rft.identifier"] == ["https://harbour.example/news/1"]
    assert found["rft.date"] == ["2024-02-15"]
    assert (found["rft.aulast"], found["rft.aufirst"]) == (["Lind"], ["Mara"])
    assert found["rft.au"] == ["Mara Lind", "Jo Reed"]


def test_meta_tags_name_each_author_and_no_url_that_is_not_of_the_web() -> None:
    tags = citation_meta_tags(replace(CITED, url="javascript:alert(1)"))
    assert [content for name, content in tags if name == "citation_author"] == [
        "Lind, Mara",
        "Reed, Jo",
    ]
    assert ("citation_publication_date", "2024/02/15") in tags
    assert "citation_public_url" not in dict(tags)


@pytest.mark.parametrize("headline", NASTY_HEADLINES)
def test_no_headline_ends_the_script_that_holds_it(headline: str) -> None:
    text = str(citation_as_json_ld(replace(CITED, headline=f"{headline}</script>")))
    assert not set("<>&") & set(text)
    item = json.loads(text)
    assert item["headline"] == f"{headline}</script>"
    assert item["@type"] == "NewsArticle"
    assert item["author"][0] == {"@type": "Person", "name": "Mara Lind"}


# -- the command -----------------------------------------------------------------------------------


def test_cite_writes_the_format_of_the_files_ending(folder: Path, tmp_path: Path) -> None:
    for name, beginning in (("c.bib", "@article{"), ("c.ris", "TY  - NEWS"), ("c.csl.json", "[")):
        path = tmp_path / name
        done = CliRunner().invoke(
            cli, ["cite", "1", "3", "1", "-o", str(path), "--archive", str(folder)]
        )
        assert done.exit_code == 0, done.output
        assert path.read_text("utf-8").startswith(beginning)
        assert path.read_text("utf-8").count("harbour.example/news/1") == 1


def test_cite_refuses_an_unknown_article_and_an_unknown_ending(
    folder: Path, tmp_path: Path
) -> None:
    runner, path = CliRunner(), tmp_path / "c.docx"
    unknown = runner.invoke(cli, ["cite", "1", "99", "--archive", str(folder)])
    assert unknown.exit_code == 1
    assert "99: no such article" in unknown.output
    wrong = runner.invoke(cli, ["cite", "1", "-o", str(path), "--archive", str(folder)])
    assert wrong.exit_code == 2
    assert not path.exists()
