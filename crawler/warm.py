"""Imported by the fork server before it makes readers: what each of them needs is loaded once, and they share it.

Texts are read, as much of it is loaded only then. What the garbage collector would touch in every reader is frozen,
so that it stays shared.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from archive.records import Capture
from crawler.way_reading import article_and_ways

WORDS = "The harbour board voted on Tuesday to move the ferry landing to the north quay before the winter storms."
LONG_AND_SHORT = (8, 1)
"""Paragraphs: of a short text trafilatura asks justext, too, whose lists of words take longest to load."""

with suppress(Exception):  # the pages that follow tell what is wrong
    for many in LONG_AND_SHORT:
        markup = f"<h1>Ferry</h1>{f'<p>{WORDS}</p>' * many}<a href=/news/storm>{WORDS}</a>"
        article_and_ways(Capture("http://harbour.example/", markup.encode()))
gc.collect()
gc.freeze()
