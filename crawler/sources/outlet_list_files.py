"""Write lists of outlets that `crawler.sources.outlet_lists` and feed readers read: OPML and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lxml import etree

from archive.records import CatalogueOutlet
from crawler.sources.outlet_lists import OutletEntry

OWN_OPML_NAMESPACE = "urn:dateline:outlets"
"""The namespace of attributes that OPML does not have; feed readers ignore them."""
OUTLET_LIST_COLUMNS = ("host", "name", "language", "country", "kind", "feeds", "sitemaps")


def outlets_as_opml(entries: Sequence[OutletEntry]) -> bytes:
    """Return outlets as OPML 2.0, an outline for each feed, and one for an outlet without a feed."""
    root = etree.Element("opml", version="2.0", nsmap={"dateline": OWN_OPML_NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Outlets"
    body = etree.SubElement(root, "body")
    for entry in entries:
        for attributes in _outlines_of_outlet(entry):
            etree.SubElement(body, "outline", attributes)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def outlets_as_csv(entries: Sequence[OutletEntry | CatalogueOutlet]) -> bytes:
    """Return outlets as CSV; a cell holds several URLs with blanks between.

    A cell that a spreadsheet would evaluate has an apostrophe in front, which
    `crawler.sources.outlet_lists` leaves out again.
    """
    import csv
    from io import StringIO

    from archive.exports.article_files import safe_cell

    file = StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(OUTLET_LIST_COLUMNS)
    for entry in entries:
        plain = (entry.host, entry.name, entry.language, entry.country, entry.kind)
        writer.writerow(map(safe_cell, (*plain, " ".join(entry.feeds), " ".join(entry.sitemaps))))
    return file.getvalue().encode()


OUTLET_LIST_WRITERS: Mapping[str, Callable[[Sequence[OutletEntry]], bytes]] = {
    "opml": outlets_as_opml,
    "csv": outlets_as_csv,
}
OUTLET_LIST_ENDINGS = {".opml": "opml", ".xml": "opml", ".csv": "csv"}
"""Formats by the ending of a file's name."""


def _outlines_of_outlet(entry: OutletEntry) -> Iterator[dict[str, str]]:
    """Yield the attributes of an outlet's outlines; the first has its sitemaps too.

    An outline needs a text; without a title it is that of an outlet without a name.
    """
    home = f"https://{entry.host}/"
    shared = {"text": entry.name or entry.host, "htmlUrl": home}
    if entry.name:
        shared["title"] = entry.name
    if entry.language:
        shared["language"] = entry.language
    if entry.country:
        shared[f"{{{OWN_OPML_NAMESPACE}}}country"] = entry.country
    sitemaps = {f"{{{OWN_OPML_NAMESPACE}}}sitemaps": " ".join(entry.sitemaps)}
    more = sitemaps if entry.sitemaps else {}
    if not entry.feeds:
        yield {"type": "link", **shared, "url": home, **more}
    for number, feed in enumerate(entry.feeds):
        yield {"type": "rss", **shared, "xmlUrl": feed, **({} if number else more)}
