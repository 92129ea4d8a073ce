"""The type of a page that has an article's text: a live blog, a gallery, or a plain article."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from archive.records import PageType
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.metadata import OpenedPage
from crawler.extraction.main_text.line_features import is_prose_block

LIVE_WORDS = re.compile(
    r"\blive[\s_-]?(?:blog|ticker|updates?|coverage|reports?|text|news)|\blive\s*[:|–—-]|^\W*live\b|"
    r"\b(?:news|konflikt|sport)[\s_-]?(?:blog|ticker)\b|\b(?:en|le|au)[\s_-](?:direct|vivo|directo)\b|"
    r"\bminuto[\s_-]a[\s_-]minuto\b|\b(?:in|la)[\s_-]diretta\b|\bao[\s_-]vivo\b|\bem[\s_-]direto\b|"
    r"\bas[\s_-]it[\s_-]happened\b|\bna[\s_-](?:żywo|zywo)\b|\bliverapport|\bdirekterapport|"
    r"\bdirektrapport|\bcanlı\b|онлайн-трансляция|текстовая трансляция|直播|文字直播|ライブ速報",
    re.I,
)
"""Words of the titles of live blogs."""
LIVE_PATH = re.compile(
    r"/(?:live|live-?(?:blogs?|ticker|updates?|coverage|reporting)|liveblogs?|newsblog|ticker|direct|"
    r"en-direct|directo|en-vivo|diretta)(?:/|$)|[-_/]live-?(?:blog|ticker|updates?)(?=[-_/.\d]|$)|"
    r"[-_](?:live|newsblog|newsticker|minuto-a-minuto|en-direct)(?:[-_.\d]*|\.html?)$",
    re.I,
)
"""Paths of live blogs."""
TIME_OF_ENTRY = re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-3])\s?[:.h]\s?[0-5]\d(?![\d:])")
"""A time of day above an entry of a live blog."""
MAX_ENTRY_LABEL_CHARS = 60
"""Characters of a line with the time of an entry."""
MIN_LIVE_ENTRIES = 3
"""Entries of a page whose title calls it live, from which it is a live blog."""

GALLERY_PATH = re.compile(
    r"/(?:photo|picture|image|foto|bilder?|media)?[-_]?(?:galler(?:y|ies)|galeri[ae]?s?|galleria)(?:/|$)|"
    r"/(?:photos?|pictures?|slide-?shows?|in-pictures|photo-?essays?|bilder|bilder-?strecken?|"
    r"foto-?strecken?|fotos?|fotogaler\w*|diaporamas?|portfolios?|fotogallery|fotoserie)(?:/|$)|"
    r"[-_/](?:in-pictures|bilderstrecke|fotostrecke|bildergalerie|fotogaleria|diaporama)(?=[-_/.\d]|$)",
    re.I,
)
"""Paths of galleries of pictures."""
GALLERY_DATA_TYPES = frozenset(("ImageGallery", "MediaGallery"))
GALLERY_OG_TYPES = ("gallery", "image_gallery", "photo_gallery", "slideshow")
MIN_GALLERY_PICTURES = 4
MAX_GALLERY_CHARS_PER_PICTURE = 400
"""Characters of text for each picture; where there are more, the pictures illustrate an article."""


def find_report_type(
    page: OpenedPage, headline: str | None, text_chars: int
) -> tuple[PageType, str] | None:
    """Return `liveblog` or `gallery` with the reason for a page that is one; else None."""
    if reason := _live_reason(page, headline):
        return "liveblog", reason
    if reason := gallery_reason(page, text_chars):
        return "gallery", reason
    return None


def is_declared_live(page: OpenedPage) -> bool:
    """Return whether a page's data call it a live blog."""
    return any("LiveBlogPosting" in jsonld.types_of_thing(thing) for thing in page.things)


def _live_reason(page: OpenedPage, headline: str | None) -> str | None:
    """The reason why a page is a live blog, if it is one."""
    marked = any("LiveBlogPosting" in (each.get("itemtype") or "") for each in page.elements)
    if marked or is_declared_live(page):
        return "it calls itself a live blog"
    titles = filter(None, (headline, page.title))
    is_named = LIVE_PATH.search(urlsplit(page.url).path) or any(map(LIVE_WORDS.search, titles))
    if not is_named:
        return None
    entries = _count_live_entries(page.blocks)
    return f"{entries} entries with a time" if entries >= MIN_LIVE_ENTRIES else None


def _count_live_entries(blocks: list[Block]) -> int:
    """The number of lines with a time of day that are followed by prose."""
    entries = 0
    is_open = False
    for block in blocks:
        if len(block.text) <= MAX_ENTRY_LABEL_CHARS and TIME_OF_ENTRY.search(block.text):
            is_open = True
        elif is_open and is_prose_block(block):
            entries += 1
            is_open = False
    return entries


def gallery_reason(page: OpenedPage, text_chars: int) -> str | None:
    """Return the reason why a page is a gallery of pictures, if it is one."""
    is_named = GALLERY_PATH.search(urlsplit(page.url).path) is not None
    is_declared = not GALLERY_DATA_TYPES.isdisjoint(jsonld.types_of_things(page.things))
    if not (is_named or is_declared or page.meta.get("og:type", "").lower() in GALLERY_OG_TYPES):
        return None
    pictures = _count_pictures(page)
    is_gallery = pictures >= MIN_GALLERY_PICTURES
    if is_gallery and text_chars <= pictures * MAX_GALLERY_CHARS_PER_PICTURE:
        return f"{pictures} pictures with captions"
    return None


def _count_pictures(page: OpenedPage) -> int:
    """The number of a page's figures; of its images where it has none."""
    tags = [element.tag for element in page.elements]
    return tags.count("figure") or tags.count("img") + tags.count("amp-img")
