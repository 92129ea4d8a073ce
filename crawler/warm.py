"""Imported by the fork server before it makes readers: what each of them needs is loaded once, and they share it.

One text is read, as some of it is loaded only then. What the garbage collector would touch in every reader is frozen,
so that it stays shared.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from archive.records import Capture
from crawler.links import article_and_links

SENTENCE = "The harbour board voted on Tuesday to move the ferry landing to the north quay before the winter storms. "

with suppress(Exception):  # the pages that follow tell what is wrong
    article_and_links(Capture("http://harbour.example/", f"<h1>Ferry</h1><p>{SENTENCE * 8}</p>".encode()))
gc.collect()
gc.freeze()
