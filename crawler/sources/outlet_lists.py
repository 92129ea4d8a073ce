"""Lists of outlets that a person already has, in OPML, TOML, CSV, or with one host on each line.

OPML (http://opml.org/spec2.opml) is the export format of feed readers; its folders may be nested. A
TOML file contains `[[outlet]]` tables and a CSV file a header row, both with the names of
OutletEntry (`feed` and `sitemap` may replace the plurals; OTHER_NAMES lists further synonyms). A
cell may contain several URLs, separated by spaces, commas, semicolons or line breaks.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from io import StringIO
from pathlib import PurePath
from urllib.parse import urlsplit

from lxml import etree

from archive.errors import UsageError
from archive.exports.article_files import FORMULA_STARTS
from crawler.sources.source_discovery import parse_host
from crawler.sources.xml import decode_xml, escape_xml_text
from crawler.text.html_text import one_line_error, text_of_html
from crawler.text.language import language_code
from crawler.text.urls import resolve_web_url
from pipelines.topics.territories import countries_called, country_name, languages_called

MAX_OUTLET_LIST_BYTES = 16 * 1024 * 1024
"""Maximum size in bytes."""


@dataclass(frozen=True, slots=True)
class OutletEntry:
    """An outlet in a list."""

    host: str
    name: str | None = None
    language: str | None = None
    country: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    kind: str | None = None
    """agency, national, regional …; a list may use other kinds."""


@dataclass(frozen=True, slots=True)
class OutletList:
    """A parsed list of outlets, with each host once, in the order of the list."""

    entries: tuple[OutletEntry, ...]
    unread: tuple[str, ...]
    """Entries that could not be used: place and reason."""
    repeated: tuple[str, ...] = ()
    """Entries of repeated hosts: the place, and the facts that were ignored there."""
    unknown: tuple[str, ...] = ()
    """The columns or keys that were ignored, in one line."""


OutletFields = Mapping[str, str | list[str]]
"""The fields of one outlet in a list, by the names of OutletEntry."""


def parse_outlet_list(name: str, body: bytes) -> OutletList:
    """Parse a list of outlets; the suffix of its name, or its beginning, shows the format.

    Raises UsageError, with file and line, if the file as a whole is broken.
    """
    if len(body) > MAX_OUTLET_LIST_BYTES:
        raise UsageError(
            f"{name}: larger than {MAX_OUTLET_LIST_BYTES // 1024**2} MiB; give a list of outlets"
        )
    text = decode_xml(body).lstrip("\ufeff")
    readers = {
        "opml": _parse_opml,
        "xml": _parse_opml,
        "toml": _parse_toml_list,
        "csv": _parse_csv,
        "tsv": _parse_csv,
        "txt": _parse_host_lines,
    }
    reader = readers.get(PurePath(name).suffix.lower().lstrip(".")) or readers[_list_format(text)]
    if reader is _parse_host_lines and _list_format(text) == "csv":
        reader = _parse_csv  # "Unicode text" exported by a spreadsheet
    read = _collect_outlets(reader(name, text))
    if not read.entries and not read.unread:
        raise UsageError(f"{name}: contains neither outlets nor feeds; give a list that does")
    return read


def _list_format(text: str) -> str:
    """Return the format of a list by its first line: opml, toml, csv or txt."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(lines, "").strip()
    if first.startswith("<"):
        return "opml"
    if first.startswith("["):
        return "toml"
    if CSV_SEPARATOR_LINE.fullmatch(first):
        return "csv"
    columns = [_outlet_field_name(column) for column in re.split(rf"[{CSV_SEPARATORS}]", first)]
    is_header = "host" in columns and len(columns) > 1
    return "csv" if is_header else "txt"


# --- the four formats: each yields the place and the fields of every outlet -----------------------


def _parse_opml(name: str, text: str) -> Iterator[tuple[str, OutletFields]]:
    """Yield the outlines of an OPML file. Raises UsageError if it is not one."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True
    )
    try:
        root = etree.fromstring(escape_xml_text(text).strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        where = f"{name}, line {error.lineno}"
        raise UsageError(f"{where}: not readable as OPML: {error.msg}") from error
    root_name = etree.QName(root).localname
    if root_name.lower() != "opml":
        raise UsageError(f"{name}, line 1: not OPML, its first element is <{root_name}>")
    for outline in root.iter("{*}*"):
        if etree.QName(outline).localname.lower() == "outline":
            fields = _fields_of_outline(outline)
            if fields:
                yield f"line {outline.sourceline}", fields


def _fields_of_outline(outline: etree._Element) -> OutletFields:
    """Return the fields of an outline; empty if it is a folder."""
    attributes = {
        etree.QName(key).localname.lower(): str(value).strip()
        for key, value in outline.attrib.items()
    }
    feed = _feed_of_outline(attributes)
    home = _home_of_outline(attributes)
    if not feed and not home and len(outline):
        return {}
    is_feed = feed and attributes.get("type", "").lower() not in ("link", "include")
    return {
        "host": home or feed,
        "name": _name_of_outline(attributes, home),
        "language": attributes.get("language", ""),
        "country": attributes.get("country", ""),
        "feeds": [feed] if is_feed else [],
        "sitemaps": attributes.get("sitemaps", "").split(),
    }


def _feed_of_outline(attributes: Mapping[str, str]) -> str:
    """Return the URL of an outline's feed, or an empty string."""
    feed = attributes.get("xmlurl") or attributes.get("feedurl")
    if feed:
        return feed
    is_feed = attributes.get("type", "").lower() in ("rss", "atom", "feed")
    return attributes.get("url", "") if is_feed else ""


def _home_of_outline(attributes: Mapping[str, str]) -> str:
    """Return the URL of an outline's home page, or an empty string."""
    home = attributes.get("htmlurl")
    if home:
        return home
    is_link = attributes.get("type", "").lower() == "link"
    return attributes.get("url", "") if is_link else ""


def _name_of_outline(attributes: Mapping[str, str], home: str) -> str:
    """Return the title of an outline, else its text, unless that repeats the host.

    An export writes the host as the text of an outlet without a name.
    """
    title = attributes.get("title")
    if title:
        return title
    text = attributes.get("text", "")
    return "" if text == urlsplit(home).hostname else text


def _parse_toml_list(name: str, text: str) -> Iterator[tuple[str, OutletFields]]:
    """Yield the `[[outlet]]` tables of a TOML file. Raises UsageError without such a table."""
    try:
        tables = tomllib.loads(text).get("outlet")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not readable as TOML: {one_line_error(error)}") from error
    if not isinstance(tables, list):
        raise UsageError(f"{name}, line 1: no [[outlet]] table in it")
    for number, table in enumerate(tables, 1):
        yield f"outlet {number}", table if isinstance(table, dict) else {}


CSV_SEPARATORS = ",;\t|"
CSV_SEPARATOR_LINE = re.compile(rf"sep=([{CSV_SEPARATORS}])", re.IGNORECASE)
"""A line before the header that some spreadsheets write."""


def _parse_csv(name: str, text: str) -> Iterator[tuple[str, OutletFields]]:
    """Yield the rows of a CSV file. Raises UsageError if it is broken or has no column `host`."""
    delimiter = _csv_delimiter(text)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    try:
        for row in rows:
            where = f"line {rows.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            if columns:
                yield where, _fields_of_csv_row(columns, row)
            elif not _precedes_csv_header(delimiter.join(row)):
                columns = _csv_columns(row, f"{name}, {where}")
    except csv.Error as error:
        raise UsageError(f"{name}, line {rows.line_num}: not readable as CSV: {error}") from error
    if not columns:
        raise UsageError(f"{name}, line 1: no column `host` in the header row")


def _csv_delimiter(text: str) -> str:
    """Return the separator that a line before the header declares, else the header's most used."""
    header, before = _csv_header(text)
    declared = CSV_SEPARATOR_LINE.fullmatch(before)
    return declared[1] if declared else max(CSV_SEPARATORS, key=header.count)


def _csv_columns(row: list[str], where: str) -> list[str]:
    """Return the names in a header row. Raises UsageError without a column `host`."""
    columns = [column.strip() for column in row]
    if "host" not in map(_outlet_field_name, columns):
        raise UsageError(f"{where}: no column `host` in the header row")
    return columns


def _fields_of_csv_row(columns: list[str], row: list[str]) -> OutletFields:
    """Return the cells of a row by column; cells beyond these are named by their number."""
    more = [f"cell {number}" for number in range(len(columns) + 1, len(row) + 1)]
    return dict(zip(columns + more, map(_unguarded_cell, row), strict=False))


def _unguarded_cell(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from evaluating it."""
    is_guarded = cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS)
    return cell[1:] if is_guarded else cell


def _csv_header(text: str) -> tuple[str, str]:
    """Return the header row, and the last line before it that is not empty."""
    before = ""
    for line in text.splitlines():
        if not _precedes_csv_header(line):
            return line, before
        before = line.strip() or before
    return "", before


def _precedes_csv_header(line: str) -> bool:
    """Return whether a line is empty, a comment, or declares the separator."""
    return (
        not line.strip() or line.startswith("#") or bool(CSV_SEPARATOR_LINE.fullmatch(line.strip()))
    )


def _parse_host_lines(_name: str, text: str) -> Iterator[tuple[str, OutletFields]]:
    """Yield the lines of a list of hosts; `#` begins a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        host = line.partition("#")[0].strip()
        if host:
            yield f"line {number}", {"host": host}


# --- from fields to entries -----------------------------------------------------------------------

FEED_READER_SCHEME = re.compile(
    r"(?:feed|rss|pcast|itpc):(?://)?(https?:/*)?(?=[^/\s])", re.IGNORECASE
)

_OUTLET_FIELD_NAMES = ("host", "name", "language", "country", "kind", "feeds", "sitemaps")
OUTLET_FIELD_SYNONYMS = {
    **dict.fromkeys(("feed", "feed_url", "feed_urls", "rss", "rss_url", "rss_feed"), "feeds"),
    **dict.fromkeys(("sitemap", "sitemap_url", "sitemap_urls"), "sitemaps"),
    **dict.fromkeys(("domain", "hostname", "website", "homepage", "url", "site"), "host"),
    **dict.fromkeys(("title", "outlet"), "name"),
    "lang": "language",
    "country_code": "country",
    "type": "kind",
}
"""Synonyms of the names of OutletEntry in other lists."""


@lru_cache(maxsize=1_000)
def _outlet_field_name(column: str) -> str:
    """Return the name of a column or key here, in any case and with any word separators."""
    name = re.sub(r"[\s_-]+", "_", column.strip().strip("\"'").lower())
    return OUTLET_FIELD_SYNONYMS.get(name, name)


def _collect_outlets(outlets: Iterable[tuple[str, OutletFields]]) -> OutletList:
    """Collect the places and fields of outlets into a list."""
    entries: dict[str, OutletEntry] = {}
    unread: list[str] = []
    repeated: list[str] = []
    unknown: dict[str, str] = {}
    for where, outlet in outlets:
        known, others = _values_by_field(outlet)
        unknown |= {key: where for key in others if key not in unknown}
        try:
            entry, problems = _entry_of_fields(known)
        except UsageError as error:
            unread.append(f"{where}: {error}")
            continue
        unread += [f"{where}: {problem}" for problem in problems]
        first = entries.get(entry.host)
        if first:
            dropped = _ignored_of_repetition(first, entry)
            repeated += [f"{where}: {entry.host} again{ignored}" for ignored in dropped]
            entry = _merge_entries(first, entry)
        entries[entry.host] = entry
    return OutletList(
        tuple(entries.values()),
        tuple(unread),
        tuple(repeated),
        tuple(_unknown_fields_line(unknown)),
    )


def _unknown_fields_line(keys: Mapping[str, str]) -> Iterator[str]:
    """Yield one line that names the unknown columns or keys, and the place of the first."""
    if keys:
        names = ", ".join(f"`{text_of_html(key, 40) or ''}`" for key in keys)
        are_unknown = "is unknown and was" if len(keys) == 1 else "are unknown and were"
        where = next(iter(keys.values()))
        yield f"{where}: {names} {are_unknown} ignored; known are {', '.join(_OUTLET_FIELD_NAMES)}"


def _ignored_of_repetition(first: OutletEntry, second: OutletEntry) -> list[str]:
    """Return what is ignored of the second entry for a host, as the end of a message.

    The list is empty if the entry adds a feed: in lists of feeds each has a separate title.
    """
    if second.feeds and not set(second.feeds) <= set(first.feeds):
        return []
    ignored = []
    for name in ("name", "language", "country"):
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours and theirs and ours != theirs:
            ignored.append(f"{name} {theirs!r} (kept: {ours!r})")
    details = f"; ignored: {', '.join(ignored)}" if ignored else ""
    return [f", the first entry was kept{details}"]


def _values_by_field(outlet: OutletFields) -> tuple[dict[str, list[str]], list[str]]:
    """Return the lists of values by field, and the unknown keys."""
    known: dict[str, list[str]] = {}
    unknown: list[str] = []
    # the standard name comes before its synonyms
    by_name = sorted(outlet.items(), key=lambda item: _outlet_field_name(item[0]) != item[0])
    for key, value in by_name:
        name = _outlet_field_name(key)
        values = value if isinstance(value, list) else [value]
        are_texts = all(isinstance(each, str) for each in values)
        if name in _OUTLET_FIELD_NAMES and are_texts:
            known.setdefault(name, []).extend(_texts_of_field(name, values))
        else:
            unknown.append(key)
    return known, sorted(unknown, key=list(outlet).index)


def _texts_of_field(name: str, values: list[str]) -> Iterator[str]:
    """Yield the texts of a field's values: of feeds and sitemaps each URL, without empty ones."""
    for value in values:
        if name in ("feeds", "sitemaps"):
            yield from map(_with_http_scheme, _urls_of_cell(value))
        elif value.strip():
            yield _with_http_scheme(value.strip()) if name == "host" else value.strip()


_START_OF_NEXT_URL = r"(?=(?:https?|feed|rss|pcast|itpc):|//|www\.)"
URL_SEPARATOR = re.compile(
    rf"\s*[,;|]+\s*{_START_OF_NEXT_URL}|\s+(?:{_START_OF_NEXT_URL}|(?=/))", re.IGNORECASE
)
PATH_SEPARATOR = re.compile(r"[\s,;|]+(?=/)")


def _urls_of_cell(text: str) -> list[str]:
    """Return the URLs in a cell, separated by spaces, commas, semicolons or line breaks.

    A JSON list is also accepted.
    """
    unquoted = re.sub(r"[<>\"']", " ", text).strip(" ,;|[]")
    separator = PATH_SEPARATOR if unquoted.startswith("/") else URL_SEPARATOR
    parts = (part.strip(" \t\r\n,;|") for part in separator.split(unquoted))
    return [part for part in parts if part]


def _with_http_scheme(text: str) -> str:
    """Return a URL with http or https in place of a feed reader's scheme.

    Examples are `feed://host/path` and `feed:https://…`.
    """
    found = FEED_READER_SCHEME.match(text)
    if found is None:
        return text
    return (found[1] or "http://") + text[found.end() :]


def _entry_of_fields(fields: dict[str, list[str]]) -> tuple[OutletEntry, list[str]]:
    """Return the entry, and the reasons why some values cannot be used.

    Raises UsageError without a host.
    """
    first = {name: values[0] for name, values in fields.items() if values}
    if "host" not in first:
        label = text_of_html(first.get("name"), 60)
        raise UsageError(f"no host ({label})" if label else "no host")
    host = parse_host(first["host"])
    feeds, wrong_feeds = _valid_urls("feed", fields.get("feeds", []), host)
    sitemaps, wrong_sitemaps = _valid_urls("sitemap", fields.get("sitemaps", []), host)
    language, wrong_language = _language_of_entry(first.get("language", ""))
    country, wrong_country = _country_of_entry(first.get("country", ""))
    kind = text_of_html(first.get("kind"), 40)
    entry = OutletEntry(
        host,
        name=text_of_html(first.get("name")),
        language=language,
        country=country,
        feeds=feeds,
        sitemaps=sitemaps,
        kind=kind.casefold() if kind else None,
    )
    return entry, [*wrong_feeds, *wrong_sitemaps, *wrong_language, *wrong_country]


def _language_of_entry(text: str) -> tuple[str | None, list[str]]:
    """Return ISO 639-1 for a tag or a name, and the reason if there is no code.

    Tagalog stays `tl`, which is not replaced by Filipino.
    """
    if not text:
        return None, []
    if re.fullmatch(r"(?:tl|tgl)(?:[-_].*)?", text, re.IGNORECASE):
        return "tl", []
    first = re.split(r"[,;/|]", text)[0].strip()
    code = language_code(first) or _only_language_called(first)
    if code:
        return code, []
    shown = text_of_html(text, 40)
    problem = f"language {shown}: neither a code such as `en` nor the name of a language"
    return None, [problem]


def _only_language_called(name: str) -> str | None:
    """Return the code of the only language with a name, or None."""
    called = languages_called(name)
    return next(iter(called)) if len(called) == 1 else None


def _country_of_entry(text: str) -> tuple[str | None, list[str]]:
    """Return ISO 3166-1 for a code or a name, and the reason if there is no single code."""
    if not text:
        return None, []
    called = sorted(countries_called(text))
    if len(called) == 1:
        return called[0], []
    shown = text_of_html(text, 40)
    if called:
        either = " or ".join(f"{country_name(code)} ({code})" for code in called[:4])
        return None, [f"country {shown}: may be {either}; give one of them"]
    problem = f"country {shown}: neither a code such as `KR` (ISO 3166) nor the name of a country"
    return None, [problem]


def _valid_urls(what: str, links: list[str], host: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the valid URLs, and the reasons why the others are not."""
    read = [resolve_web_url(link, f"https://{host}/") for link in links]
    problems = [f"{what}: {problem}" for url, problem in read if not url]
    return tuple(dict.fromkeys(url for url, _ in read if url)), problems


def _merge_entries(first: OutletEntry, second: OutletEntry) -> OutletEntry:
    """Merge two entries for one host; the facts of the first take precedence."""
    return replace(
        first,
        name=first.name or second.name,
        language=first.language or second.language,
        country=first.country or second.country,
        kind=first.kind or second.kind,
        feeds=tuple(dict.fromkeys(first.feeds + second.feeds)),
        sitemaps=tuple(dict.fromkeys(first.sitemaps + second.sitemaps)),
    )
