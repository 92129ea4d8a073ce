"""The signs for and against a line (`crawler.extraction.main_text.line_classifier`) in plain words,
for those who ask why it was left out."""

from __future__ import annotations

import re
from functools import lru_cache

WORDS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"any|no headline|found (?:line|within|partly|no|\d+|more)|found of the prose .*", ""),
        (r"size (?:15|30|60|120)", "short"),
        (r"size .*", "long"),
        (r"linked none", "no link in it"),
        (r"linked (?:bit|some)", "part of it is a link"),
        (r"linked (?:most|all)", "it is a link"),
        (r"(?:within|in a|in that a) (?:ul|ol|li|dt)", "in a list"),
        (r"(?:within|in a|in that a) (?:table|td)", "in a table"),
        (r"(?:within|in a) (?:figure|figcaption)", "at a picture"),
        (r"(?:in a|in that a) (?:box|div|center|main|section|article|body|br)", "in no paragraph"),
        (r"in a (h\d)", r"a heading, <\1>"),
        (r"(?:in a|in that a|within) (\w+)", r"in <\1>"),
        (r"in the (?:text|prose)", "in the box of the text"),
        (r"\d boxes from the (?:text|prose)", "outside the box of the text"),
        (r"no (?:text|prose|text found)", "the page shows no text"),
        (r"(?:called|in what is called) (.+)", r"its box is called “\1”"),
        (r"kind (?:2|15|of its own)", "not marked up like the paragraphs"),
        (r"kind .*", "marked up like the paragraphs"),
        (r"box found (?:none|20)", "what stands beside it was not found"),
        (r"box found .*", "what stands beside it was found"),
        (r"kin found (?:none|20)", "others that are marked up alike were not found"),
        (r"kin found .*", "others that are marked up alike were found"),
        (r"box (?:2|15)", "little text around it"),
        (r"box .*", "much text around it"),
        (r"wide box (?:2|15)", "little text further around"),
        (r"wide box .*", "much text further around"),
        (r"above by .*", "above the text"),
        (r"below by .*", "below the text"),
        (r"amid", "amid the text"),
        (r"begins small", "begins with a small letter"),
        (r"begins oddly|ends oddly", "begins or ends with a mark"),
        (r"ends in a letter", "ends without a full stop"),
        (r"commas|sentences", "reads like sentences"),
        (r"digits", "mostly digits"),
        (r"capitals", "in capitals"),
        (r"bars", "parted by bars"),
        (r"an address", "holds an address"),
        (r"rights", "claims rights"),
        (r"read more", "points to another page"),
        (r"twice, .*", "stands twice on the page"),
        (r"the data lack it", "the text in the page's data lacks it"),
        (r"the data have it", "the text in the page's data has it"),
        (r"linked (?:most|all) (before|after) it", r"a link \1 it"),
        (r"linked .* (before|after) it", r"no mere link \1 it"),
        (r"found (before|after) it", r"the line \1 it was found"),
        (r"alike (before|after) it", r"the line \1 it is marked up alike"),
        (r"(?:15|30|60) (before|after) it", r"a short line \1 it"),
        (r"(?:120|250|more) (before|after) it", r"a long line \1 it"),
    )
)
"""What a sign's name says to a person; nothing where it is about the whole page. Other names say it
themselves."""
COMMA = re.compile(r", (?!short|long)")
"""Between two signs; `twice, short` is one."""


def in_words(signs: str, most: int = 3) -> str:
    """Signs parted by commas, as `witnesses.because` gives them, in plain words, each once."""
    said = dict.fromkeys(filter(None, map(_words, COMMA.split(signs))))
    return ", ".join(list(said)[:most])


@lru_cache(maxsize=1024)
def _words(sign: str) -> str:
    for pattern, words in WORDS:
        if fits := pattern.fullmatch(sign):
            return fits.expand(words)
    return sign
