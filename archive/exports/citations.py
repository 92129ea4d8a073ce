"""Cite articles: as text, BibTeX, RIS and CSL-JSON, and as metadata in an article's page.

A citation names what the outlet published, at the outlet's own URL, and the capture that this
archive holds: when it was fetched, and the SHA-256 of its body.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from archive.text.formatting import MONTH_NAMES, parse_timestamp_as_written
from archive.text.html import HTTP_URL
from archive.timestamps import local_timestamp

CITED_ARTICLES_SQL = """
SELECT a.id, a.url, a.headline, a.page_title, a.authors, a.agency, a.language, a.published_at, a.published_day,
       a.published_offset, a.fetched_at,
       a.digest, a.section, o.host AS outlet, o.name AS outlet_name
FROM json_each(?) AS asked CROSS JOIN articles a ON a.id = asked.value
JOIN outlets o ON o.id = a.outlet_id ORDER BY asked.key"""

FAMILY_FIRST_LANGUAGES = frozenset({"hu", "ja", "ko", "vi", "zh"})
"""Languages that put the family name first; the archive does not know where it ends."""
CITED_NAME_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le",
     "ter", "ten", "van", "von", "zu", "zum", "zur"}
)  # fmt: skip
"""Words in lower case with which a family name may begin."""
NAME_SUFFIX = re.compile(r"(?:[JS]r\.?|I{2,3}|IV)", re.IGNORECASE)
ORGANISATION_WORDS = frozenset(
    {"agency", "agencies", "agence", "agencia", "associated", "board", "bureau", "correspondent",
     "correspondents", "desk", "editor", "editors", "news", "newsroom", "press", "redacción",
     "redaktion", "rédaction", "reporter", "reporters", "service", "staff", "team", "times", "wire"}
)  # fmt: skip
"""Words that people are not called."""
MAX_PERSON_WORDS = 5
"""Words of a person's name; what is longer is taken for an organisation."""
SPLIT_NAME = re.compile(r"[\u0000-\u024f\u1e00-\u1eff\u0370-\u052f’'\s.-]+")
"""Names in Latin, Greek or Cyrillic script, whose last word is the family name."""

ArchivedUrlFunction = Callable[[int, str], str]
"""An article and the SHA-256 of its capture → the permanent link to it."""


@dataclass(frozen=True, slots=True)
class CitedName:
    """An author: a person's name in two parts, or a name that stays whole."""

    family: str
    given: str = ""
    suffix: str = ""
    is_organisation: bool = False

    @property
    def whole(self) -> str:
        """The name in reading order."""
        name = " ".join(filter(None, (self.given, self.family)))
        return ", ".join(filter(None, (name, self.suffix)))

    @property
    def inverted(self) -> str:
        """The name with the family name first: `Lind, Mara`."""
        return ", ".join(filter(None, (self.family, self.given, self.suffix)))


@dataclass(frozen=True, slots=True)
class Citation:
    """The content of a reference to an article."""

    id: int
    headline: str
    authors: tuple[CitedName, ...]
    """The people; if none is named the organisation or the agency; empty if neither is known."""
    agency: str | None
    """The agency, if it is not the author."""
    outlet: str
    published: tuple[int, ...]
    """Year, month, day as printed; empty if the date is unknown."""
    published_at: str | None
    """The date and time on the outlet's own clock, as precise as both are known; ISO 8601."""
    accessed: tuple[int, ...]
    """The day on which the capture was fetched."""
    fetched_at: str
    url: str
    language: str | None
    digest: str | None
    """SHA-256 of the capture, in hexadecimal."""
    archived_url: str | None = None
    """The permanent link to the capture, if the archive is served."""

    @property
    def key(self) -> str:
        """A key of ASCII letters for BibTeX, unique in one archive: `lind2024-12`."""
        from anyascii import anyascii

        name = self.authors[0].family if self.authors else self.outlet
        ascii_letters = re.sub(r"[^a-z0-9]", "", anyascii(name).lower())[:24]
        year = str(self.published[0]) if self.published else "nd"
        return f"{ascii_letters or 'article'}{year}-{self.id}"

    @property
    def capture_note(self) -> str:
        """The capture in words, such as `Captured 1 March 2024, SHA-256 5f1c…`."""
        parts = [f"Captured {day_in_words(self.accessed)}" if self.accessed else ""]
        parts.append(f"SHA-256 {self.digest}" if self.digest else "")
        return ", ".join(filter(None, parts))


# -- from the archive ------------------------------------------------------------------------------


def cited_articles(
    connection: sqlite3.Connection,
    ids: Sequence[int],
    archived_url: ArchivedUrlFunction | None = None,
) -> list[Citation]:
    """Return the citations of articles in the given order; unknown ids are left out."""
    rows = connection.execute(CITED_ARTICLES_SQL, (json.dumps(list(ids)),))
    return [_citation_of_row(row, archived_url) for row in rows]


def _citation_of_row(row: sqlite3.Row, archived_url: ArchivedUrlFunction | None) -> Citation:
    outlet = _on_one_line(row["outlet_name"] or row["outlet"])
    agency = _on_one_line(row["agency"]) or None
    names = [_on_one_line(name) for name in json.loads(row["authors"] or "[]")]
    authors = [cited_name(name, row["language"], (outlet, agency or "")) for name in names if name]
    if not authors and agency:
        authors, agency = [CitedName(agency, is_organisation=True)], None
    if agency and agency.casefold() in {author.whole.casefold() for author in authors}:
        agency = None
    permanent = archived_url(row["id"], row["digest"]) if archived_url and row["digest"] else None
    return Citation(
        id=row["id"],
        headline=_on_one_line(row["headline"] or row["page_title"] or row["url"]),
        authors=tuple(authors),
        agency=agency,
        outlet=outlet,
        published=date_parts(row["published_day"]),
        published_at=_date_on_outlets_clock(row),
        accessed=date_parts(row["fetched_at"]),
        fetched_at=row["fetched_at"],
        url=row["url"],
        language=row["language"],
        digest=row["digest"],
        archived_url=permanent,
    )


def _date_on_outlets_clock(row: sqlite3.Row) -> str | None:
    """Return the date of publication on the outlet's clock; the day alone if only that is known."""
    if not row["published_at"]:
        return None
    there = local_timestamp(row["published_at"], row["published_offset"])
    return there if there.startswith(row["published_day"]) else str(row["published_day"])


def _on_one_line(text: str | None) -> str:
    """Return a text on one line, without control characters."""
    printable = "".join(each if each.isprintable() else " " for each in text or "")
    return " ".join(printable.split())


def date_parts(written: str | None) -> tuple[int, ...]:
    """Return year, month and day of a timestamp, as far as it gives them."""
    found = parse_timestamp_as_written(written)
    if found:
        return (found.year, found.month, found.day)
    partial = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", written or "")
    return tuple(int(part) for part in partial.groups() if part) if partial else ()


def day_in_words(parts: Sequence[int]) -> str:
    """Return date parts as `15 February 2024`, or less if only year and month are known."""
    words = [str(parts[0]), *(MONTH_NAMES[month - 1] for month in parts[1:2]), *map(str, parts[2:])]
    return " ".join(reversed(words))


def cited_name(name: str, language: str | None, organisations: Iterable[str] = ()) -> CitedName:
    """Return an author's name in its parts.

    A name stays whole if it is an organisation's, or if its order is unknown: in scripts other than
    Latin, Greek and Cyrillic, and in languages that put the family name first.
    """
    words = name.split()
    if _is_organisation(name, words, organisations):
        return CitedName(name, is_organisation=True)
    if len(words) < 2 or _has_unknown_order(name, language):
        return CitedName(name)
    suffix = words.pop() if len(words) > 2 and NAME_SUFFIX.fullmatch(words[-1]) else ""
    words[-1] = words[-1].rstrip(",")
    at = len(words) - 1
    while at > 1 and words[at - 1] in CITED_NAME_PARTICLES:
        at -= 1
    return CitedName(" ".join(words[at:]), " ".join(words[:at]).rstrip(","), suffix)


def _is_organisation(name: str, words: Sequence[str], organisations: Iterable[str]) -> bool:
    return (
        len(words) > MAX_PERSON_WORDS
        or name.casefold() in {each.casefold() for each in organisations}
        or words[0].casefold() == "the"
        or any(word.casefold().strip(".,") in ORGANISATION_WORDS for word in words)
    )


def _has_unknown_order(name: str, language: str | None) -> bool:
    """Return True if the family name may stand anywhere."""
    if (language or "").partition("-")[0] in FAMILY_FIRST_LANGUAGES:
        return True
    return not SPLIT_NAME.fullmatch(name.replace(",", ""))


# -- text ------------------------------------------------------------------------------------------


def citations_as_text(citations: Iterable[Citation]) -> str:
    """Return a reference per line, for people to paste."""
    return "".join(f"{citation_as_text(citation)}\n" for citation in citations)


def citation_as_text(citation: Citation) -> str:
    """Return a reference: authors, “headline”, outlet, date, URL, and the capture."""
    authors = _names_in_words([name.whole for name in citation.authors])
    if citation.agency:
        authors = f"{authors} ({citation.agency})"
    published = day_in_words(citation.published) if citation.published else "undated"
    capture = citation.capture_note
    if citation.archived_url:  # which ends in the SHA-256
        capture = f"Captured {day_in_words(citation.accessed)}: {citation.archived_url}"
    parts = [authors, f"“{citation.headline}”", citation.outlet, published, citation.url]
    reference = ", ".join(filter(None, parts))
    return f"{reference}. {capture}." if capture else f"{reference}."


def _names_in_words(names: Sequence[str]) -> str:
    """Return names as `Mara Lind, Jo Reed and Ana Sol`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


# -- BibTeX ----------------------------------------------------------------------------------------

BIBTEX_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""BibTeX's own names, which each style writes in its language."""
BIBTEX_CHARS = str.maketrans(
    {"\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
     "^": r"\textasciicircum{}"} | {char: f"\\{char}" for char in "&%$#_"}
)  # fmt: skip
"""Braces are written as commands, because BibTeX counts even escaped ones."""


def citations_as_bibtex(citations: Iterable[Citation]) -> str:
    """Return BibTeX in UTF-8, which BibLaTeX reads as well."""
    return "\n".join(_bibtex_entry(citation) for citation in citations)


def _bibtex_entry(citation: Citation) -> str:
    year, month, day = (*citation.published, None, None, None)[:3]
    note = "; ".join(filter(None, (citation.agency, citation.capture_note)))
    fields = {
        "author": " and ".join(map(_bibtex_name, citation.authors)),
        "title": f"{{{_bibtex_text(citation.headline)}}}",  # the inner braces keep capitals
        "journal": _bibtex_text(citation.outlet),
        "year": str(year or ""),
        "day": str(day or ""),
        "url": _bibtex_url(citation.url),
        "urldate": "-".join(f"{part:02}" for part in citation.accessed),
        "language": citation.language or "",
        "note": _bibtex_text(note),
    }
    if citation.archived_url:
        fields["addendum"] = f"\\url{{{_bibtex_url(citation.archived_url)}}}"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    if month:
        lines.append(f"  month = {BIBTEX_MONTHS[month - 1]}")
    return f"@article{{{citation.key},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_name(name: CitedName) -> str:
    """Return a name as `Lind, Mara`, or in braces if it stays whole."""
    family = _bibtex_text(name.family)
    if not name.given:
        return f"{{{family}}}"
    return ", ".join(filter(None, (family, _bibtex_text(name.suffix), _bibtex_text(name.given))))


def _bibtex_text(text: str) -> str:
    return text.translate(BIBTEX_CHARS)


def _bibtex_url(url: str) -> str:
    """Return a URL in ASCII without braces and backslashes, which BibTeX would read as its own."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~-._|")


# -- RIS -------------------------------------------------------------------------------------------


def citations_as_ris(citations: Iterable[Citation]) -> str:
    """Return RIS in UTF-8, with the line ends that the format asks for."""
    return "".join(f"{line}\r\n" for each in citations for line in _ris_lines(each))


def _ris_lines(citation: Citation) -> list[str]:
    tags: list[tuple[str, str]] = [("TY", "NEWS"), ("ID", citation.key)]
    tags += [("AU", _ris_name(name)) for name in citation.authors]
    tags += [("TI", citation.headline), ("T2", citation.outlet)]
    if citation.published:
        tags.append(("PY", str(citation.published[0])))
        tags.append(("DA", "/".join(f"{part:02}" for part in citation.published)))
    if citation.accessed:
        tags.append(("Y2", "/".join(f"{part:02}" for part in citation.accessed)))
    tags += [("UR", citation.url), ("LA", citation.language or "")]
    agency = f"Agency: {citation.agency}" if citation.agency else ""
    tags += [("N1", agency), ("N1", citation.capture_note), ("N1", citation.archived_url or "")]
    return [*(f"{tag}  - {value}" for tag, value in tags if value), "ER  - ", ""]


def _ris_name(name: CitedName) -> str:
    """Return a name as `Lind, Mara`; in a name that stays whole a comma would divide it."""
    if not name.given:
        return " ".join(name.family.replace(",", " ").split())
    return name.inverted


# -- CSL-JSON --------------------------------------------------------------------------------------


def citations_as_csl(citations: Iterable[Citation]) -> str:
    """Return CSL-JSON, the items of Zotero, Pandoc and citeproc."""
    items = [citation_as_csl_item(citation) for citation in citations]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def citation_as_csl_item(citation: Citation) -> dict[str, Any]:
    """Return one item of CSL-JSON."""
    item: dict[str, Any] = {
        "id": citation.key,
        "type": "article-newspaper",
        "title": citation.headline,
        "author": [_csl_name(name) for name in citation.authors],
        "container-title": citation.outlet,
        "issued": _csl_date(citation.published),
        "accessed": _csl_date(citation.accessed),
        "URL": citation.url,
        "language": citation.language,
        "archive_location": citation.archived_url,
        "note": "; ".join(filter(None, (citation.agency, citation.capture_note))),
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: CitedName) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: value for part, value in parts.items() if value}


def _csl_date(parts: tuple[int, ...]) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [list(parts)]} if parts else None


CITATION_WRITERS: dict[str, Callable[[Iterable[Citation]], str]] = {
    "text": citations_as_text,
    "bibtex": citations_as_bibtex,
    "ris": citations_as_ris,
    "csl": citations_as_csl,
}
"""Writers by the format's name."""
CITATION_FILE_ENDINGS = {".bib": "bibtex", ".ris": "ris", ".csl.json": "csl"}
"""Formats by the ending of a file's name; `.json` alone is the dossier's."""


def citation_format_of(path: Path | None) -> str | None:
    """Return the citation format that a file's name stands for, or None."""
    name = path.name.lower() if path else ""
    return next((form for end, form in CITATION_FILE_ENDINGS.items() if name.endswith(end)), None)


# -- in a page -------------------------------------------------------------------------------------


def citation_as_coins(citation: Citation) -> str:
    """Return the citation as COinS, the value of a `title`, from which Zotero's button reads it.

    The format is OpenURL's Dublin Core, in which Zotero expects its own names of types.
    """
    published = "-".join(f"{part:02}" for part in citation.published)
    pairs = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "newspaperArticle"),
        ("rft.title", citation.headline),
        ("rft.source", citation.outlet),
        ("rft.date", published),
        ("rft.identifier", citation.url),
        ("rft.language", citation.language or ""),
    ]
    for number, name in enumerate(citation.authors):
        if number == 0 and name.given:
            pairs += [("rft.aufirst", name.given), ("rft.aulast", name.family)]
        pairs.append(("rft.au", name.whole))
    return urlencode([(name, value) for name, value in pairs if value], quote_via=quote)


def citation_meta_tags(citation: Citation) -> list[tuple[str, str]]:
    """Return the `citation_…` tags that reference managers read, as names and contents."""
    tags = [("citation_title", citation.headline)]
    tags += [("citation_author", name.inverted) for name in citation.authors]
    tags += [
        ("citation_journal_title", citation.outlet),
        ("citation_publication_date", "/".join(f"{part:02}" for part in citation.published)),
        ("citation_online_date", "/".join(f"{part:02}" for part in citation.accessed)),
        ("citation_language", citation.language or ""),
        ("citation_public_url", citation.url if HTTP_URL.fullmatch(citation.url) else ""),
    ]
    return [(name, content) for name, content in tags if content]


def citation_as_json_ld(citation: Citation) -> Markup:
    """Return schema.org's NewsArticle as JSON for a `<script type="application/ld+json">`."""
    kinds = {True: "Organization", False: "Person"}
    authors = [
        {"@type": kinds[name.is_organisation], "name": name.whole} for name in citation.authors
    ]
    item = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": citation.headline,
        "author": authors,
        "publisher": {"@type": "Organization", "name": citation.outlet},
        "datePublished": citation.published_at,
        "inLanguage": citation.language,
        "url": citation.url if HTTP_URL.fullmatch(citation.url) else None,
        "archivedAt": citation.archived_url,
    }
    text = json.dumps({name: value for name, value in item.items() if value}, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704
