"""Lists of outlets that a person already has: OPML, TOML, CSV, or a host a line.

OPML (http://opml.org/spec2.opml) is what feed readers export; its folders may be nested. A TOML file holds `[[outlet]]`
tables and a CSV file a header row, both with the names of OutletEntry (`feed` and `sitemap` may stand for the plurals).
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import PurePath

from lxml import etree

from archive.errors import UsageError
from crawler.discovery import host_of
from crawler.feeds import decoded, one_line, plain, web_address, well_escaped
from crawler.language import language_code

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


@dataclass(frozen=True, slots=True)
class OutletFile:
    """A list of outlets as it was read, each host once and in the list's order."""

    entries: tuple[OutletEntry, ...]
    unread: tuple[str, ...]
    """Where something stands that could not be used, and why."""
    repeated: tuple[str, ...] = ()
    """Where a host stands again, and what of that was not taken."""


Said = Mapping[str, str | list[str]]
"""What a list says of one outlet, by the names of OutletEntry."""


def read_outlet_file(name: str, body: bytes) -> OutletFile:
    """Read a list of outlets; its kind is told by the ending of its name, else by how it begins.

    Raises UsageError, with file and line, for a file that is broken as a whole.
    """
    if len(body) > LARGEST_FILE:
        raise UsageError(f"{name}: larger than {LARGEST_FILE // 1024**2} MiB; give a list of outlets")
    text = decoded(body)
    readers = {"opml": _opml, "xml": _opml, "toml": _toml, "csv": _csv, "tsv": _csv, "txt": _plain}
    reader = readers.get(PurePath(name).suffix.lower().lstrip(".")) or readers[_looks_like(text)]
    read = _collected(reader(name, text))
    if not read.entries and not read.unread:
        raise UsageError(f"{name}: names no outlet and no feed; give a list that does")
    return read


def _looks_like(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if first.startswith("<"):
        return "opml"
    if first.startswith("["):
        return "toml"
    return "csv" if "host" in re.split(r"[,;\t]", first.lower()) and first.lower() != "host" else "txt"


# --- the four kinds: each yields where an outlet stands and what is said of it ----------------------------------------


def _opml(name: str, text: str) -> Iterator[tuple[str, Said]]:
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(well_escaped(text).strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{name}, line {error.lineno}: not readable as OPML: {error.msg}") from error
    if etree.QName(root).localname.lower() != "opml":
        raise UsageError(f"{name}, line 1: not OPML, its first element is <{etree.QName(root).localname}>")
    for outline in root.iter("{*}*"):
        if etree.QName(outline).localname.lower() == "outline" and (said := _outline(outline)):
            yield f"line {outline.sourceline}", said


def _outline(outline: etree._Element) -> Said:
    """What an outline says; nothing if it is a folder."""
    said = {etree.QName(key).localname.lower(): str(value).strip() for key, value in outline.attrib.items()}
    kind, address = said.get("type", "").lower(), said.get("url", "")
    feed = said.get("xmlurl") or said.get("feedurl") or (address if kind in ("rss", "atom", "feed") else "")
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
        raise UsageError(f"{name}: not readable as TOML: {one_line(error)}") from error
    if not isinstance(tables, list):
        raise UsageError(f"{name}, line 1: no [[outlet]] table in it")
    for number, table in enumerate(tables, 1):
        where = f"outlet {number}"
        yield (where, table) if isinstance(table, dict) else (where, {})


def _csv(name: str, text: str) -> Iterator[tuple[str, Said]]:
    header = next(iter(text.splitlines()), "")
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [column.strip().lower() for column in next(rows, [])]
        if "host" not in columns:
            raise UsageError(f"{name}, line 1: no column `host` in the header row")
        for row in rows:
            if any(cell.strip() for cell in row):
                more = [f"cell {number}" for number in range(len(columns) + 1, len(row) + 1)]
                yield f"line {rows.line_num}", dict(zip(columns + more, row, strict=False))
    except csv.Error as error:
        raise UsageError(f"{name}, line {rows.line_num}: not readable as CSV: {error}") from error


def _plain(_name: str, text: str) -> Iterator[tuple[str, Said]]:
    for number, line in enumerate(text.splitlines(), 1):
        if host := line.partition("#")[0].strip():
            yield f"line {number}", {"host": host}


# --- from what is said to entries -------------------------------------------------------------------------------------

FEED_SCHEME = re.compile(r"(?:feed|rss|pcast|itpc):(?://)?(https?:/*)?(?=[^/\s])", re.IGNORECASE)

_SINGULAR = {"feed": "feeds", "sitemap": "sitemaps"}
_KEYS = ("host", "name", "language", "country", "feeds", "sitemaps")


def _collected(said: Iterable[tuple[str, Said]]) -> OutletFile:
    entries: dict[str, OutletEntry] = {}
    unread: list[str] = []
    repeated: list[str] = []
    named: set[str] = set()
    for where, outlet in said:
        known, unknown = _keyed(outlet)
        for key in sorted(unknown - named):
            unread.append(f"{where}: `{plain(key, 40)}` is not known; known are {', '.join(_KEYS)}")
        named |= unknown
        try:
            entry, problems = _entry(known)
        except UsageError as error:
            unread.append(f"{where}: {error}")
            continue
        unread += [f"{where}: {problem}" for problem in problems]
        if first := entries.get(entry.host):
            repeated += [f"{where}: {entry.host} again{dropped}" for dropped in _dropped(first, entry)]
            entry = _merged(first, entry)
        entries[entry.host] = entry
    return OutletFile(tuple(entries.values()), tuple(unread), tuple(repeated))


def _dropped(first: OutletEntry, second: OutletEntry) -> list[str]:
    """What is lost of the second entry for a host; nothing where it adds a feed: each of an outlet's has its title."""
    if second.feeds and not set(second.feeds) <= set(first.feeds):
        return []
    lost = [
        f"{name} {theirs!r} (kept: {ours!r})"
        for name in ("name", "language", "country")
        if (ours := getattr(first, name)) and (theirs := getattr(second, name)) and ours != theirs
    ]
    return [f", kept as it was first given{'; not taken: ' * bool(lost)}{', '.join(lost)}"]


def _keyed(outlet: Said) -> tuple[dict[str, list[str]], set[str]]:
    """Every value as a list of texts under its plural name, and the keys that mean nothing here."""
    known: dict[str, list[str]] = {}
    unknown: set[str] = set()
    for key, value in outlet.items():
        name = _SINGULAR.get(key.strip().lower(), key.strip().lower())
        values = value if isinstance(value, list) else [value]
        if name not in _KEYS or not all(isinstance(each, str) for each in values):
            unknown.add(key)
        else:
            read = _of_the_web if name in ("host", "feeds", "sitemaps") else str
            known.setdefault(name, []).extend(read(each.strip()) for each in values if each.strip())
    return known, unknown


def _of_the_web(text: str) -> str:
    """An address with its scheme of the web, where readers hand it on as `feed://host/path` or `feed:https://…`."""
    found = FEED_SCHEME.match(text)
    return (found[1] or "http://") + text[found.end() :] if found else text


def _entry(said: dict[str, list[str]]) -> tuple[OutletEntry, list[str]]:
    """The entry, and what of it could not be used; UsageError without a host."""
    one = {name: values[0] for name, values in said.items() if values}
    if "host" not in one:
        label = plain(one.get("name"), 60)
        raise UsageError(f"no host ({label})" if label else "no host")
    host = host_of(one["host"])
    feeds, no_feeds = _addresses("feed", said.get("feeds", []), host)
    sitemaps, no_sitemaps = _addresses("sitemap", said.get("sitemaps", []), host)
    language, country = language_code(one.get("language")), _country(one.get("country", ""))
    problems = no_feeds + no_sitemaps
    if "language" in one and not language:
        problems.append(f"language {plain(one['language'], 40)}: not a code such as `en`")
    if "country" in one and not country:
        problems.append(f"country {plain(one['country'], 40)}: not two letters of ISO 3166")
    return OutletEntry(host, plain(one.get("name")), language, country, feeds, sitemaps), problems


def _country(code: str) -> str | None:
    return code.upper() if len(code) == 2 and code.isascii() and code.isalpha() else None


def _addresses(what: str, links: list[str], host: str) -> tuple[tuple[str, ...], list[str]]:
    """The addresses, and for each that is none why."""
    read = [web_address(link, f"https://{host}/") for link in links]
    problems = [f"{what}: {problem}" for address, problem in read if not address]
    return tuple(dict.fromkeys(address for address, _ in read if address)), problems


def _merged(first: OutletEntry, second: OutletEntry) -> OutletEntry:
    """One outlet of two entries for its host: the first one's name, both one's feeds and sitemaps."""
    return replace(
        first,
        name=first.name or second.name,
        language=first.language or second.language,
        country=first.country or second.country,
        feeds=tuple(dict.fromkeys(first.feeds + second.feeds)),
        sitemaps=tuple(dict.fromkeys(first.sitemaps + second.sitemaps)),
    )
