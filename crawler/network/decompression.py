"""Bodies as they are unpacked: one whose compressed stream breaks off is no page, however its
length agrees."""

from __future__ import annotations

from scrapy import Spider
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import Request, Response

from crawler.files.complete_body import codings, ends_document, is_known, is_whole


class UnpackingMiddleware(HttpCompressionMiddleware):
    """Scrapy's own, which takes a broken stream for as much of it as there is, except that this
    must be a whole page.

    Raises ResponseDataLossError where it is not. robots.txt is taken as far as it came: each line
    stands for itself.
    """

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002
    ) -> Request | Response:
        packed = packings(response)  # before they are taken from its headers
        unpacked = super().process_response(request, response)
        if (
            unpacked is response
            or not isinstance(unpacked, Response)
            or request.meta.get("dont_obey_robotstxt")
        ):
            return unpacked
        if (
            not packed
            or not response.body
            or not 200 <= response.status < 300
            or not all(map(is_known, packed))
        ):
            return unpacked
        if not ends_document(unpacked.body) and not is_whole(response.body, packed):
            raise ResponseDataLossError("the compressed body breaks off")
        return unpacked


def packings(response: Response) -> list[str]:
    """How a body is packed, the coding that was applied last first."""
    return codings(b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1"))[::-1]
