"""A body whose framing is wrong is whole where its stream or its document comes to its end, and
nowhere else."""

from __future__ import annotations

import gzip
import zlib
from random import Random

import brotli
import pytest

from crawler.files.complete_body import decompress_partially, ends_like_document, is_complete_body
from crawler.files.http_messages import zstd
from tests.growth import assert_growth

NOISE = b"<p>" + bytes(Random(7).choices(b"abcdefghijklmnop ", k=200_000))
"""What hardly shrinks, so that a stream that is cut in its middle lacks much."""


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli.compress),
    ("zstd", zstd.compress),
]


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_a_compressed_body_is_whole_once_its_stream_ends(coding, pack):
    packed = pack(NOISE)

    assert is_complete_body(packed, [coding])
    assert coding == "br" or is_complete_body(packed + b"\r\n", [coding])
    assert not is_complete_body(packed[: len(packed) // 2], [coding])
    assert not is_complete_body(packed[:-40], [coding])
    assert decompress_partially(coding, packed) == (NOISE, True)


def test_a_gzip_stream_of_several_members_is_whole_with_its_last():
    packed = gzip.compress(NOISE) + gzip.compress(NOISE)

    assert is_complete_body(packed, ["gzip"])
    assert not is_complete_body(packed[:-100], ["gzip"])


def test_a_gzip_stream_with_a_wrong_length_is_whole_and_one_with_a_wrong_checksum_is_not():
    length, checksum = bytearray(gzip.compress(NOISE)), bytearray(gzip.compress(NOISE))
    length[-1] ^= 1
    checksum[-6] ^= 1

    assert is_complete_body(bytes(length), ["gzip"])
    assert not is_complete_body(bytes(checksum), ["gzip"])


def test_a_gzip_stream_without_its_trailer_is_whole_and_its_head_may_be_long():
    named = gzip.compress(NOISE)
    named = (
        named[:3] + b"\x1c" + named[4:10] + b"\3\0abc" + b"page.html\0" + b"saved\0" + named[10:]
    )

    assert is_complete_body(gzip.compress(NOISE)[:-8], ["gzip"])
    assert not is_complete_body(gzip.compress(NOISE)[:-9], ["gzip"])
    assert decompress_partially("gzip", named) == (NOISE, True)
    assert not is_complete_body(named[:20], ["gzip"])


def test_a_stream_without_its_end_is_whole_where_its_page_is():
    page = NOISE + b"</body></html>\n"

    for coding, pack in PACKED[:3]:
        assert is_complete_body(pack(page)[:-1], [coding])
    assert not is_complete_body(gzip.compress(page)[:-2000], ["gzip"])


@pytest.mark.parametrize(
    "page",
    [
        b"<html><p>Whole.</p></html>",
        b"<HTML><p>Whole.</P></HTML >\r\n\r\n",
        b"<html><p>Whole.</p></html>\n<!-- cached in 0.02 s --><!-- -- -->",
        b"<html><script>let a = '<p>'</script><p>Whole.</p></html><script>count()</script>\n",
        b"<html><body><p>Whole.</p></body>",
        b"<html><p>Whole.</p></body></html></html>",
        "\ufeff<html><p>Über alles.</p></html>\n".encode("utf-16"),
        b"<rss><channel></channel></rss>\n",
        b"<feed></feed>",
        b"<rdf:RDF></rdf:RDF>",
        b"<urlset></urlset>",
        b"<sitemapindex></sitemapindex>",
    ],
)
def test_a_document_that_comes_to_its_end_is_whole(page):
    assert ends_like_document(page)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html><p>It breaks off",
        b"<html><p>It breaks off</p>",
        b"<html><script>let frame = '<html></html>",
        b"<html><!-- <html></html>",
        b"<html><textarea>Embed: <html></html>",
        b"<html><p>One.</p></html><p>And more of it, which breaks",
        b"<html><p>One.</p></html><!-- which breaks",
        b"<html><p>One.</p></html><script>if (a) {",
        b"<rss><item><description><![CDATA[ <p>The end is </rss>",
        b"<html><p>One.</p></html",
        b"<html><p>One.</p></htmlx>",
    ],
)
def test_a_document_that_only_quotes_an_end_is_not_whole(page):
    assert not ends_like_document(page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "filler", [b"<!--", b"<script>", b"<", b"<img ", b"<!--" + b"-" * 9, b"</html>", b"</html> <"]
)
def test_looking_for_the_end_costs_no_more_than_reading(filler):
    def look(length: int) -> None:
        ends_like_document(b"<html></html>" + filler * (length // len(filler)))

    assert_growth(look, 250_000)
