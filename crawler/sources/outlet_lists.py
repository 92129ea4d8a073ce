"""Lists of outlets that a person already has: OPML, TOML, CSV, or a host a line.

OPML (http://opml.org/spec2.opml) is what feed readers export; its folders may be nested. A TOML
file holds `[[outlet]]` tables and a CSV file a header row, both with the names of OutletEntry
(`feed` and `sitemap` may stand for the plurals, and a few other words for the names: OTHER_NAMES).
A cell may hold several addresses, parted by blanks, commas, semicolons or line breaks.
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

from lxml import etree

from archive.errors import UsageError
from crawler.sources.source_discovery import host_of
from crawler.sources.xml import decoded, well_escaped
from crawler.text.html_text import one_line_error, text_of_html
from crawler.text.language import language_code
from crawler.text.urls import web_url
from pipelines.topics.territories import countries_called, country_name, languages_called

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True)
class OutletEntry:
    """An outlet as a list gives it."""

    host: str
    name: str | None = None
    language: str | None = None
    country: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    kind: str | None = None
    """agency, national, regional …; a list may have kinds of its own."""


@dataclass(frozen=True, slots=True)
class OutletFile:
    """A list of outlets as it was read, each host once and in the list's order."""

    entries: tuple[OutletEntry, ...]
    unread: tuple[str, ...]
    """Where something stands that could not be used, and why."""
    repeated: tuple[str, ...] = ()
    """Where a host stands again, and what of that was not taken."""
    unknown: tuple[str, ...] = ()
    """What the list says of outlets besides, in a line."""


Said = Mapping[str, str | list[str]]
"""What a list says of one outlet, by the names of OutletEntry."""


def read_outlet_file(name: str, body: bytes) -> OutletFile:
    """Read a list of outlets; its kind is told by the ending of its name, else by how it begins.

    Raises UsageError, with file and line, for a file that is broken as a whole.
    """
    if len(body) > LARGEST_FILE:
        raise UsageError(
            f"{name}: larger than {LARGEST_FILE // 1024**2} MiB; give a list of outlets"
        )
    text = decoded(body).lstrip("\ufeff")
    readers = {"opml": _opml, "xml": _opml, "toml": _toml, "csv": _csv, "tsv": _csv, "txt": _plain}
    reader = readers.get(PurePath(name).suffix.lower().lstrip(".")) or readers[_looks_like(text)]
    if reader is _plain and _looks_like(text) == "csv":
        reader = _csv  # a spreadsheet's "Unicode text"
    read = _collected(reader(name, text))
    if not read.entries and not read.unread:
        raise UsageError(f"{name}: names no outlet and no feed; give a list that does")
    return read


def _looks_like(text: str) -> str:
    first = next(
        (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")),
        "",
    )
    if first.startswith("<"):
        return "opml"
    if first.startswith("["):
        return "toml"
    columns = [_key(column) for column in re.split(rf"[{SEPARATORS}]", first)]
    return (
        "csv" if SEPARATOR.fullmatch(first) or ("host" in columns and len(columns) > 1) else "txt"
    )


# --- the four kinds: each yields where an outlet stands and what is said of it --------------------


def _opml(name: str, text: str) -> Iterator[tuple[str, Said]]:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True
    )
    try:
        root = etree.fromstring(well_escaped(text).strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UsageError(
            f"{name}, line {error.lineno}: not readable as OPML: {error.msg}"
        ) from error
    if etree.QName(root).localname.lower() != "opml":
        raise UsageError(
            f"{name}, line 1: not OPML, its first element is <{etree.QName(root).localname}>"
        )
    for outline in root.iter("{*}*"):
        if etree.QName(outline).localname.lower() == "outline" and (said := _outline(outline)):
            yield f"line {outline.sourceline}", said


def _outline(outline: etree._Element) -> Said:
    """What an outline says; nothing if it is a folder."""
    said = {
        etree.QName(key).localname.lower(): str(value).strip()
        for key, value in outline.attrib.items()
    }
    kind, address = said.get("type", "").lower(), said.get("url", "")
    feed = (
        said.get("xmlurl")
        or said.get("feedurl")
        or (address if kind in ("rss", "atom", "feed") else "")
    )
    home = said.get("htmlurl") or (address if kind == "link" else "")
    if not feed and not home and len(outline):
        return {}
    is_feed = feed and kind not in ("link", "include")
    return {
        "host": home or feed,
        "name": said.get("title") or said.get("text", ""),
        "language": said.get("language", ""),
        "feeds": [feed] if is_feed else [],
    }


def _toml(name: str, text: str) -> Iterator[tuple[str, Said]]:
    try:
        tables = tomllib.loads(text).get("outlet")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not readable as TOML: {one_line_error(error)}") from error
    if not isinstance(tables, list):
        raise UsageError(f"{name}, line 1: no [[outlet]] table in it")
    for number, table in enumerate(tables, 1):
        where = f"outlet {number}"
        yield (where, table) if isinstance(table, dict) else (where, {})


SEPARATORS = ",;\t|"
SEPARATOR = re.compile(rf"sep=([{SEPARATORS}])", re.IGNORECASE)
"""What spreadsheets write before the header."""


def _csv(name: str, text: str) -> Iterator[tuple[str, Said]]:
    header, before = _header(text)
    said = SEPARATOR.fullmatch(before)
    delimiter = said[1] if said else max(SEPARATORS, key=header.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row) or (
                not columns and _is_before_header(delimiter.join(row))
            ):
                continue
            if columns:
                more = [f"cell {number}" for number in range(len(columns) + 1, len(row) + 1)]
                yield f"line {rows.line_num}", dict(zip(columns + more, row, strict=False))
                continue
            columns = [column.strip() for column in row]
            if "host" not in map(_key, columns):
                raise UsageError(
                    f"{name}, line {rows.line_num}: no column `host` in the header row"
                )
    except csv.Error as error:
        raise UsageError(f"{name}, line {rows.line_num}: not readable as CSV: {error}") from error
    if not columns:
        raise UsageError(f"{name}, line 1: no column `host` in the header row")


def _header(text: str) -> tuple[str, str]:
    """The header row, and the line before it, if that says something."""
    before = ""
    for line in text.splitlines():
        if not _is_before_header(line):
            return line, before
        before = line.strip() or before
    return "", before


def _is_before_header(line: str) -> bool:
    return not line.strip() or line.startswith("#") or bool(SEPARATOR.fullmatch(line.strip()))


def _plain(_name: str, text: str) -> Iterator[tuple[str, Said]]:
    for number, line in enumerate(text.splitlines(), 1):
        if host := line.partition("#")[0].strip():
            yield f"line {number}", {"host": host}


# --- from what is said to entries -----------------------------------------------------------------

FEED_SCHEME = re.compile(r"(?:feed|rss|pcast|itpc):(?://)?(https?:/*)?(?=[^/\s])", re.IGNORECASE)

_KEYS = ("host", "name", "language", "country", "kind", "feeds", "sitemaps")
OTHER_NAMES = {
    **{
        "feed": "feeds",
        "feed_url": "feeds",
        "feed_urls": "feeds",
        "rss": "feeds",
        "rss_url": "feeds",
        "rss_feed": "feeds",
    },
    **{"sitemap": "sitemaps", "sitemap_url": "sitemaps", "sitemap_urls": "sitemaps"},
    **{
        "domain": "host",
        "hostname": "host",
        "website": "host",
        "homepage": "host",
        "url": "host",
        "site": "host",
    },
    **{
        "title": "name",
        "outlet": "name",
        "lang": "language",
        "country_code": "country",
        "type": "kind",
    },
}
"""What lists call the same things."""


@lru_cache(maxsize=1_000)
def _key(column: str) -> str:
    """A column or key by the name that it has here, in whatever case and with whatever between its
    words."""
    name = re.sub(r"[\s_-]+", "_", column.strip().strip("\"'").lower())
    return OTHER_NAMES.get(name, name)


def _collected(said: Iterable[tuple[str, Said]]) -> OutletFile:
    entries: dict[str, OutletEntry] = {}
    unread: list[str] = []
    repeated: list[str] = []
    unknown: dict[str, str] = {}
    for where, outlet in said:
        known, others = _keyed(outlet)
        unknown |= {key: where for key in others if key not in unknown}
        try:
            entry, problems = _entry(known)
        except UsageError as error:
            unread.append(f"{where}: {error}")
            continue
        unread += [f"{where}: {problem}" for problem in problems]
        if first := entries.get(entry.host):
            repeated += [
                f"{where}: {entry.host} again{dropped}" for dropped in _dropped(first, entry)
            ]
            entry = _merged(first, entry)
        entries[entry.host] = entry
    return OutletFile(
        tuple(entries.values()), tuple(unread), tuple(repeated), tuple(_unknown(unknown))
    )


def _unknown(keys: Mapping[str, str]) -> Iterator[str]:
    """The columns or keys that mean nothing here, in one line."""
    if keys:
        named = ", ".join(f"`{text_of_html(key, 40) or ''}`" for key in keys)
        what = f"{named} is" if len(keys) == 1 else f"{named} are"
        yield f"{next(iter(keys.values()))}: {what} not known and left out; known are {', '.join(_KEYS)}"


def _dropped(first: OutletEntry, second: OutletEntry) -> list[str]:
    """What is lost of the second entry for a host; nothing where it adds a feed: each of an
    outlet's has its title."""
    if second.feeds and not set(second.feeds) <= set(first.feeds):
        return []
    lost = [
        f"{name} {theirs!r} (kept: {ours!r})"
        for name in ("name", "language", "country")
        if (ours := getattr(first, name)) and (theirs := getattr(second, name)) and ours != theirs
    ]
    return [f", kept as it was first given{'; not taken: ' * bool(lost)}{', '.join(lost)}"]


def _keyed(outlet: Said) -> tuple[dict[str, list[str]], list[str]]:
    """Every value as a list of texts under its plural name, and the keys that mean nothing here."""
    known: dict[str, list[str]] = {}
    unknown: list[str] = []
    # `host` before what stands for it
    by_name = sorted(outlet.items(), key=lambda item: _key(item[0]) != item[0])
    for key, value in by_name:
        name = _key(key)
        values = value if isinstance(value, list) else [value]
        if name not in _KEYS or not all(isinstance(each, str) for each in values):
            unknown.append(key)
        elif name in ("feeds", "sitemaps"):
            known.setdefault(name, []).extend(
                map(_of_the_web, (each for text in values for each in _parted(text)))
            )
        else:
            read = _of_the_web if name == "host" else str
            known.setdefault(name, []).extend(read(each.strip()) for each in values if each.strip())
    return known, sorted(unknown, key=list(outlet).index)


_NEXT = r"(?=(?:https?|feed|rss|pcast|itpc):|//|www\.)"
PARTED = re.compile(rf"\s*[,;|]+\s*{_NEXT}|\s+(?:{_NEXT}|(?=/))", re.IGNORECASE)
PARTED_PATHS = re.compile(r"[\s,;|]+(?=/)")


def _parted(text: str) -> list[str]:
    """The addresses of a cell: parted by blanks, commas, semicolons or line breaks, also as a list
    in JSON."""
    text = re.sub(r"[<>\"']", " ", text).strip(" ,;|[]")
    parts = (PARTED_PATHS if text.startswith("/") else PARTED).split(text)
    return [part for each in parts if (part := each.strip(" \t\r\n,;|"))]


def _of_the_web(text: str) -> str:
    """An address with its scheme of the web, where readers hand it on as `feed://host/path` or
    `feed:https://…`."""
    found = FEED_SCHEME.match(text)
    return (found[1] or "http://") + text[found.end() :] if found else text


def _entry(said: dict[str, list[str]]) -> tuple[OutletEntry, list[str]]:
    """The entry, and what of it could not be used; UsageError without a host."""
    one = {name: values[0] for name, values in said.items() if values}
    if "host" not in one:
        label = text_of_html(one.get("name"), 60)
        raise UsageError(f"no host ({label})" if label else "no host")
    host = host_of(one["host"])
    feeds, no_feeds = _addresses("feed", said.get("feeds", []), host)
    sitemaps, no_sitemaps = _addresses("sitemap", said.get("sitemaps", []), host)
    language, wrong_language = _language(one.get("language", ""))
    country, wrong_country = _country(one.get("country", ""))
    problems = [*no_feeds, *no_sitemaps, *wrong_language, *wrong_country]
    kind = (text_of_html(one.get("kind"), 40) or "").casefold() or None
    return OutletEntry(
        host, text_of_html(one.get("name")), language, country, feeds, sitemaps, kind
    ), problems


def _language(said: str) -> tuple[str | None, list[str]]:
    """ISO 639-1 of a tag or a name, and what is wrong with it. Tagalog stays what it is called."""
    if not said:
        return None, []
    if re.fullmatch(r"(?:tl|tgl)(?:[-_].*)?", said, re.IGNORECASE):
        return "tl", []
    first = re.split(r"[,;/|]", said)[0].strip()
    called = languages_called(first)
    code = language_code(first) or (next(iter(called)) if len(called) == 1 else None)
    return code, [] if code else [
        f"language {text_of_html(said, 40)}: not a code such as `en`, and no name of a language"
    ]


def _country(said: str) -> tuple[str | None, list[str]]:
    """ISO 3166-1 of a code or a name, and what is wrong with it."""
    if not said:
        return None, []
    called = sorted(countries_called(said))
    if len(called) == 1:
        return called[0], []
    shown = text_of_html(said, 40)
    if called:
        either = " or ".join(f"{country_name(code)} ({code})" for code in called[:4])
        return None, [f"country {shown}: may be {either}; give one of them"]
    return None, [f"country {shown}: not two letters of ISO 3166, and no name of a country"]


def _addresses(what: str, links: list[str], host: str) -> tuple[tuple[str, ...], list[str]]:
    """The addresses, and for each that is none why."""
    read = [web_url(link, f"https://{host}/") for link in links]
    problems = [f"{what}: {problem}" for address, problem in read if not address]
    return tuple(dict.fromkeys(address for address, _ in read if address)), problems


def _merged(first: OutletEntry, second: OutletEntry) -> OutletEntry:
    """One outlet of two entries for its host: the first one's name, both one's feeds and
    sitemaps."""
    return replace(
        first,
        name=first.name or second.name,
        language=first.language or second.language,
        country=first.country or second.country,
        kind=first.kind or second.kind,
        feeds=tuple(dict.fromkeys(first.feeds + second.feeds)),
        sitemaps=tuple(dict.fromkeys(first.sitemaps + second.sitemaps)),
    )
