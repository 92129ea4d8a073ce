"""A page made worse: what broken editors, broken proxies and people who mean harm do to markup; by
a given chance."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

LARGEST = 500_000
"""Bytes of a mutated page."""
TAG = re.compile(rb"<[^<>]{1,500}>")
NUMBER = re.compile(rb"\d+")
STRAY = (
    b"<!--",
    b"-->",
    b"<script>",
    b"</script>",
    b"<plaintext>",
    b"<template>",
    b"<svg>",
    b"<math>",
    b"<table><td>",
    b"<select>",
    b"<noscript>",
    b"<textarea>",
    b"<title>",
    b"<base href='http://['>",
    b"<meta charset=utf-7>",
    b"<meta charset=euc-kr>",
    b"<![CDATA[",
    b"]]>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&#0;",
    b"&#xD800;",
    b"&#x1F;",
    b"&#1114112;",
    b"&amp;lt;",
    b"&",
    b"<",
    b">",
    b'"',
    b"'",
    b"\x00",
    b"\x1b[2J",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"e" + b"\xcc\x81\xcc\x96" * 60,
    b"\r",
    b"\x0b",
    b"<time datetime='2026-02-31T25:61:61+99:99'>",
    b"<a rel=author href='javascript:0'>",
    b"<p>By " + b"A. B, " * 300,
    b"<link rel=canonical href='http://[bad'>",
    b"<link rel=canonical href='//" + b"x" * 9_000 + b"'>",
    b"<h1>" + b" " * 9_000,
    b"<meta property=og:url content='data:,'>",
    b"<meta property='article:published_time' content='9999-12-31T23:59:59Z'>",
    b"<meta name=date content='0000-00-00'>",
    b'<script type=application/ld+json>{"@type":"NewsArticle","author":[[{"name":',
    b'<script type=application/ld+json>{"@type":"NewsArticle","author":{"@id":[]}}</script>',
    b"&#" + b"9" * 5_000,
    b"&amp;#" + b"9" * 5_000,
    b"<script type=application/ld+json>" + b"[" * 5_000 + b"</script>",
    b"<html lang='" + b"x" * 5_000 + b"'>",
)

Mutation = Callable[[Random, bytes, bytes], bytes]
"""Chance, a page and another page → the page made worse."""


def _stretch(chance: Random, page: bytes, longest: int = 4_000) -> tuple[int, int]:
    start = chance.randrange(len(page))
    return start, start + chance.randint(1, longest)


def flip(chance: Random, page: bytes, other: bytes) -> bytes:
    worse = bytearray(page)
    for _ in range(chance.choice((1, 4, 40))):
        worse[chance.randrange(len(worse))] = chance.randrange(256)
    return bytes(worse)


def truncate(chance: Random, page: bytes, other: bytes) -> bytes:
    return page[: chance.randrange(1, len(page) + 1)]


def drop(chance: Random, page: bytes, other: bytes) -> bytes:
    start, end = _stretch(chance, page)
    return page[:start] + page[end:]


def drop_tags(chance: Random, page: bytes, other: bytes) -> bytes:
    share = chance.choice((0.02, 0.2, 0.6))
    return TAG.sub(lambda tag: b"" if chance.random() < share else tag[0], page)


def double_tags(chance: Random, page: bytes, other: bytes) -> bytes:
    share = chance.choice((0.02, 0.2, 0.6))
    return TAG.sub(lambda tag: tag[0] * 2 if chance.random() < share else tag[0], page)


def swap_tags(chance: Random, page: bytes, other: bytes) -> bytes:
    tags = TAG.findall(page)
    return TAG.sub(lambda tag: chance.choice(tags) if chance.random() < 0.05 else tag[0], page)


def repeat(chance: Random, page: bytes, other: bytes) -> bytes:
    start, end = _stretch(chance, page, 20_000)
    return page[:end] + page[start:end] * chance.choice((1, 10, 100)) + page[end:]


def nest(chance: Random, page: bytes, other: bytes) -> bytes:
    start, end = _stretch(chance, page, 20_000)
    name = chance.choice(b"div b a p span ul><li table><tr><td blockquote section font".split())
    deep = chance.choice((3, 50, 300, 3_000))
    closing = chance.choice((0, deep))
    last = name.split(b"<")[-1]
    return (
        page[:start]
        + (b"<" + name + b">") * deep
        + page[start:end]
        + (b"</" + last + b">") * closing
        + page[end:]
    )


def splice(chance: Random, page: bytes, other: bytes) -> bytes:
    return page[: chance.randrange(len(page))] + other[chance.randrange(len(other)) :]


def graft(chance: Random, page: bytes, other: bytes) -> bytes:
    at, (start, end) = chance.randrange(len(page)), _stretch(chance, other, 20_000)
    return page[:at] + other[start:end] + page[at:]


def stray(chance: Random, page: bytes, other: bytes) -> bytes:
    for _ in range(chance.choice((1, 5))):
        at = chance.choice(
            [
                0,
                len(page) // 2,
                chance.randrange(len(page)),
                *(tag.end() for tag in TAG.finditer(page, 0, 3_000)),
            ]
        )
        page = page[:at] + chance.choice(STRAY) + page[at:]
    return page


def attributes(chance: Random, page: bytes, other: bytes) -> bytes:
    tags = list(TAG.finditer(page))
    if not tags:
        return page
    at = chance.choice(tags).end() - 1
    many = chance.choice((10, 1_000, 6_000))
    return page[:at] + b"".join(b" a%d=%d" % (number, number) for number in range(many)) + page[at:]


def numbers(chance: Random, page: bytes, other: bytes) -> bytes:
    worse = (b"9" * 5_000, b"-1", b"0", b"1e999", b"2147483648", b"", b"\xd9\xa3")
    return NUMBER.sub(
        lambda found: chance.choice(worse) if chance.random() < 0.02 else found[0], page
    )


MUTATIONS: tuple[Mutation, ...] = (
    flip, truncate, drop, drop_tags, double_tags, swap_tags, repeat, nest, splice, graft, stray, attributes, numbers,
)  # fmt: skip


def mutated(chance: Random, page: bytes, other: bytes) -> bytes:
    """A page after one to four mutations, no larger than `LARGEST`."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        page = chance.choice(MUTATIONS)(chance, page or b" ", other or b" ")[:LARGEST]
    return page
