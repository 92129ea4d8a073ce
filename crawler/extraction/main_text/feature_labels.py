"""Plain words for the features of a line, as an explanation of why the line was left out.

The features are those of `crawler.extraction.main_text.line_features`.
"""

from __future__ import annotations

import re
from functools import lru_cache

FEATURE_LABELS = tuple(
    (re.compile(pattern), label)
    for pattern, label in (
        (r"any|no headline|found (?:line|within|partly|no|\d+|more)|found of the prose .*", ""),
        (r"size (?:15|30|60|120)", "short"),
        (r"size .*", "long"),
        (r"linked none", "contains no link"),
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
        (r"box found (?:none|20)", "its neighbours in the box were not found"),
        (r"box found .*", "its neighbours in the box were found"),
        (r"kin found (?:none|20)", "lines with the same markup were not found"),
        (r"kin found .*", "lines with the same markup were found"),
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
        (r"bars", "separated by bars"),
        (r"an address", "contains an e-mail address"),
        (r"rights", "claims copyright"),
        (r"read more", "points to another page"),
        (r"twice, .*", "occurs twice on the page"),
        (r"the data lack it", "the text in the page's data lacks it"),
        (r"the data have it", "the text in the page's data has it"),
        (r"linked (?:most|all) (before|after) it", r"a link \1 it"),
        (r"linked .* (before|after) it", r"more than a link \1 it"),
        (r"found (before|after) it", r"the line \1 it was found"),
        (r"alike (before|after) it", r"the line \1 it has the same markup"),
        (r"(?:15|30|60) (before|after) it", r"a short line \1 it"),
        (r"(?:120|250|more) (before|after) it", r"a long line \1 it"),
    )
)
"""Pattern of a feature's name → its label, empty for a feature of the whole page.

A name that no pattern matches is its own label.
"""
FEATURE_SEPARATOR = re.compile(r", (?!short|long)")
"""The separator of two features; `twice, short` is one feature."""


def label_features(features: str, limit: int = 3) -> str:
    """Return the labels of comma-separated features, without repeats and at most `limit`.

    `features` is written as `crawler.extraction.main_text.line_classifier.reasons_against_block`
    returns it.
    """
    labels = dict.fromkeys(map(_label_feature, FEATURE_SEPARATOR.split(features)))
    shown = [label for label in labels if label]
    return ", ".join(shown[:limit])


@lru_cache(maxsize=1024)
def _label_feature(feature: str) -> str:
    """Return the label of one feature; empty if the feature concerns the whole page."""
    for pattern, label in FEATURE_LABELS:
        match = pattern.fullmatch(feature)
        if match:
            return match.expand(label)
    return feature
