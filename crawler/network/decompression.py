"""Decompression of bodies; a page whose compressed stream is cut off is refused."""

from __future__ import annotations

from collections.abc import Sequence

from scrapy import Spider
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import Request, Response

from crawler.files.complete_body import (
    ends_like_document,
    is_complete_body,
    is_known_coding,
    parse_codings,
)


class DecompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's decompression, with a check that the compressed stream is complete.

    Scrapy accepts as much of a broken stream as there is. Raises ResponseDataLossError for an
    incomplete page. An incomplete robots.txt is accepted, since each of its lines counts alone.
    """

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002
    ) -> Request | Response:
        """Decompress the body, or raise ResponseDataLossError."""
        codings_applied = content_codings(response)  # before Scrapy removes them from the headers
        unpacked = super().process_response(request, response)
        if unpacked is response or not isinstance(unpacked, Response):
            return unpacked
        is_robots_txt = request.meta.get("dont_obey_robotstxt")
        is_page = bool(response.body) and 200 <= response.status < 300
        if is_page and not is_robots_txt and is_cut_off(response, unpacked, codings_applied):
            raise ResponseDataLossError("the compressed body is cut off")
        return unpacked


def content_codings(response: Response) -> list[str]:
    """Return the content codings of a body, the one applied last first."""
    stated = b",".join(response.headers.getlist("Content-Encoding"))
    return parse_codings(stated.decode("latin-1"))[::-1]


def is_cut_off(packed: Response, unpacked: Response, codings: Sequence[str]) -> bool:
    """Return whether the compressed stream of a body ends early, as does the document in it.

    False for codings that are not known here.
    """
    if not codings or not all(map(is_known_coding, codings)):
        return False
    return not ends_like_document(unpacked.body) and not is_complete_body(packed.body, codings)
