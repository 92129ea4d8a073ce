"""Imported by the fork server before it makes readers: what each of them needs is loaded once, and
they share it.

Pages are read, with a byline and a date, as much of it is loaded only then. What the garbage
collector would touch in every reader is frozen, so that it stays shared.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from archive.records import Capture
from crawler.sources.navigation_parser import article_and_ways

WORDS = "The harbour board voted on Tuesday to move the ferry landing to the north quay before the winter storms."
LONG = f"""<html lang=en><h1>Ferry landing to move</h1><p>By Ada Winthrop in Oslo</p><p>10 March 2026, 2:30 pm CET</p>
{f"<p>{WORDS}</p>" * 8}"""
SHORT = f"<h1>Ferry</h1><p>{WORDS}</p>"
"""Of a short text trafilatura asks justext, too, whose lists of words take longest to load."""

with suppress(Exception):  # the pages that follow tell what is wrong
    for markup in (LONG, SHORT):
        page = f"{markup}<a href=/news/storm>{WORDS}</a>"
        article_and_ways(Capture("http://harbour.example/", page.encode()))
gc.collect()
gc.freeze()
