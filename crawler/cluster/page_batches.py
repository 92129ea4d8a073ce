"""Pages and what was read of them, as plain tuples in one compressed block for each batch.

Dask passes a block of bytes on as it is, where it would walk through every list and record. Bodies
compress to a fifth, and those of one site, side by side, to less.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from archive.errors import DatelineError
from archive.records import Article, Capture, TextFeatures
from crawler.workers.pool import (
    PAGE_TIMEOUT_SECONDS,
    DocumentKind,
    ParsedDocument,
    ParserArguments,
)

BLOCK_ZSTD_LEVEL = 1
"""Higher levels take the driver longer than they save on the way."""
FEATURES_PLACE = [each.name for each in fields(Article)].index("features")


@dataclass(frozen=True, slots=True)
class PageToRead:
    """A page, and how it is read."""

    capture: Capture
    kind: DocumentKind = "page to store"
    more: ParserArguments = ()
    """Further arguments of the parser, such as the rule of the outlet."""
    seconds: float = PAGE_TIMEOUT_SECONDS
    """The time limit."""


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The result of reading a page, which may be an error."""

    result: ParsedDocument | DatelineError
    cpu_seconds: float = 0.0
    worker: str = ""
    """The worker of the cluster that read it; empty for a process of this machine's own."""

    @property
    def document(self) -> ParsedDocument:
        """The result; an error is raised, with the name of the worker."""
        if isinstance(self.result, DatelineError):
            place = f" (worker {self.worker})" if self.worker else ""
            raise type(self.result)(f"{self.result}{place}")
        return self.result


def pack_pages(pages: Sequence[PageToRead]) -> bytes:
    """Return pages as a block."""
    return _as_block([_tuple_of_page(page) for page in pages])


def unpack_pages(block: bytes) -> list[PageToRead]:
    """Return the pages of a block."""
    return [_page_of_tuple(*values) for values in _from_block(block)]


def pack_answers(answers: Sequence[PageAnswer]) -> bytes:
    """Return what was read of the pages of a batch, in their order, as a block."""
    return _as_block([_tuple_of_answer(answer) for answer in answers])


def unpack_answers(block: bytes) -> list[PageAnswer]:
    """Return the answers of a block."""
    return [_answer_of_tuple(*values) for values in _from_block(block)]


def _as_block(rows: list[Any]) -> bytes:
    return zstd.compress(pickle.dumps(rows, protocol=5), BLOCK_ZSTD_LEVEL)


def _from_block(block: bytes) -> list[Any]:
    """Return the rows of a block, which comes from a worker: those are trusted, as Dask has to."""
    rows: list[Any] = pickle.loads(zstd.decompress(block))  # noqa: S301
    return rows


def _tuple_of_page(page: PageToRead) -> tuple[Any, ...]:
    capture = page.capture
    known = tuple(getattr(capture, each.name) for each in fields(Capture))
    return known, page.kind, page.more, page.seconds


def _page_of_tuple(
    known: tuple[Any, ...], kind: DocumentKind, more: ParserArguments, seconds: float
) -> PageToRead:
    return PageToRead(Capture(*known), kind, more, seconds)


def _tuple_of_answer(answer: PageAnswer) -> tuple[Any, ...]:
    return _plain_result(answer.result), answer.cpu_seconds, answer.worker


def _answer_of_tuple(result: Any, cpu_seconds: float, worker: str) -> PageAnswer:
    return PageAnswer(_result_of_plain(result), cpu_seconds, worker)


def _plain_result(result: Any) -> tuple[Any, ...]:
    """Return a result with its kind; the links of an article stay records, as few pages need
    them."""
    if isinstance(result, Article):
        return "article", _tuple_of_article(result)
    if isinstance(result, tuple) and isinstance(result[0], Article):
        return "article and links", _tuple_of_article(result[0]), result[1]
    if isinstance(result, DatelineError):
        return "error", type(result), str(result)
    return "record", result


def _result_of_plain(plain: tuple[Any, ...]) -> Any:
    """Return the result that `_plain_result` took apart."""
    kind, *parts = plain
    if kind == "article":
        return _article_of_tuple(parts[0])
    if kind == "article and links":
        return _article_of_tuple(parts[0]), parts[1]
    return parts[0](parts[1]) if kind == "error" else parts[0]


def _tuple_of_article(article: Article) -> tuple[Any, ...]:
    """Return the fields of an article in their order, and its features' likewise."""
    values = [getattr(article, each.name) for each in fields(Article)]
    if article.features:
        features = article.features
        values[FEATURES_PLACE] = tuple(
            getattr(features, each.name) for each in fields(TextFeatures)
        )
    return tuple(values)


def _article_of_tuple(values: tuple[Any, ...]) -> Article:
    """Return the article of a tuple of its fields."""
    features = values[FEATURES_PLACE]
    if features is None:
        return Article(*values)
    known = list(values)
    known[FEATURES_PLACE] = TextFeatures(*features)
    return Article(*known)
