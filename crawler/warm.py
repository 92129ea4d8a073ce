"""Imported by the fork server before it makes readers: what each of them needs is loaded once, and they share it.

Pages are read, with a byline and a date, as much of it is loaded only then. What the garbage collector would touch in
every reader is frozen, so that it stays shared.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from archive.records import Capture
from crawler.links import article_and_links

WORDS = "The harbour board voted on Tuesday to move the ferry landing to the north quay before the winter storms."
HEAD = "<h1>Ferry landing to move</h1><p>By Ada Winthrop in Oslo</p><p>Tuesday 10 March 2026, 2:30 pm CET</p>"
LONG_AND_SHORT = (8, 1)
"""Paragraphs: of a short text trafilatura asks justext, too, whose lists of words take longest to load."""

with suppress(Exception):  # the pages that follow tell what is wrong
    for many in LONG_AND_SHORT:
        markup = f"<html lang=en>{HEAD}{f'<p>{WORDS}</p>' * many}<a href=/news/storm>{WORDS}</a>"
        article_and_links(Capture("http://harbour.example/", markup.encode()))
gc.collect()
gc.freeze()
