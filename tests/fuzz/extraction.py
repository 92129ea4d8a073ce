"""What has to be true of the reading of any page, however broken; every sentence that is not is a
finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from unicodedata import normalize

from lxml import etree

from archive.records import Article, Capture, Check
from crawler.extraction.extract import extract_article
from crawler.extraction.html_tree import MAX_PARSED_BYTES, decode_page
from crawler.network.exchange import check_of_article
from crawler.text.entities import unescape_html
from pipelines.clean import clean_article
from pipelines.stages import run_stages

CPU_SECONDS = 10.0
"""To read one page; a crawl gives up after twice as long."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNSHOWN = re.compile(r"[\s\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x1f\x7f]+")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>|</[^<>]*>|<[!?][^<>]*>", re.DOTALL)
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"\w+")


def broken_promises(capture: Capture, article: Article) -> Iterator[str]:
    """What is wrong with the article that was read from a capture, a line each."""
    texts = dict(_texts(asdict(article)))
    for name, value in texts.items():
        if name != "url" and (found := _CONTROL.search(value)):
            yield f"control character {found[0]!a} in {name.split('.')[0]}"
    if word := next(invented(capture, article.text), None):
        yield f"a word that is not in the page: {word!r}"
    yield from _when_stored(capture, article)


def invented(capture: Capture, text: str) -> Iterator[str]:
    """The words of a text that stand nowhere in the page, neither as written nor between its
    tags."""
    source = decode_page(capture.body[:MAX_PARSED_BYTES], capture.header("Content-Type"))
    source += _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), source)
    bare = _TAG.sub("", source)
    forms = (
        source,
        bare,
        unescape_html(source),
        unescape_html(bare),
        unescape_html(unescape_html(source)),
        unescape_html(unescape_html(bare)),
    )
    forms = (*forms, _TAG.sub("", forms[2]), _as_parsed(source))
    page, words = (
        "\n".join(map(_squeezed, forms)),
        set(_WORD.findall(normalize("NFKC", " ".join(forms)))),
    )
    for word in _WORD.findall(normalize("NFKC", _UNSHOWN.sub(" ", text))):
        if _squeezed(word) not in page and not _are_two(word, words):
            yield word


def _are_two(word: str, words: set[str]) -> bool:
    """Two words of the page that lost what stood between them."""
    return any(word[:at] in words and word[at:] in words for at in range(1, len(word)))


def _as_parsed(source: str) -> str:
    """All text of the page's tree, scripts and all; where its tags begin and end is a parser's
    word."""
    tree = etree.fromstring(
        source.encode("utf-8", "replace") or b" ",
        etree.HTMLParser(encoding="utf-8", huge_tree=True),
    )
    return "" if tree is None else "".join(map(str, tree.itertext()))


def _squeezed(text: str) -> str:
    return normalize("NFKC", _UNSHOWN.sub("", text))


def _when_stored(capture: Capture, article: Article) -> Iterator[str]:
    cleaned = clean_article(article)
    if clean_article(cleaned) != cleaned:
        yield "cleaning twice is not cleaning once"
    check = Check(capture.url, "new", capture.fetched_at, capture=capture, digest=capture.digest)
    stored = run_stages(check_of_article(check, article))
    if stored.outcome == "new" and not (
        stored.article and stored.article.text and stored.fingerprint
    ):
        yield f"stored as an article without a text: {stored.reason}"


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{name}.{number}")


def promises_kept(capture: Capture) -> bool:
    """Is the page read as promised? For a page that once was not; raises what reading it raises."""
    return not list(broken_promises(capture, extract_article(capture)))
