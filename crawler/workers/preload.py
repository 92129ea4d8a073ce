"""The imports and data that all workers share, loaded once by the fork server before it forks.

Two pages are extracted, with a byline and a date, as much is only loaded then. The objects are
frozen, as the garbage collector would otherwise touch, and so copy, them in every worker.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from archive.records import Capture
from crawler.sources.navigation_parser import article_and_navigation
from pipelines.text_features import with_text_features

PRELOAD_SENTENCE = "The harbour board voted on Tuesday to move the ferry landing to the north quay before the winter storms."
PRELOAD_LONG_PAGE = f"""<html lang=en><h1>Ferry landing to move</h1>
<p>By Ada Winthrop in Oslo</p><p>10 March 2026, 2:30 pm CET</p>
{f"<p>{PRELOAD_SENTENCE}</p>" * 8}"""
PRELOAD_SHORT_PAGE = f"<h1>Ferry</h1><p>{PRELOAD_SENTENCE}</p>"
"""For a short text trafilatura also calls justext, whose word lists take the longest to load."""

with suppress(Exception):  # a fault would show again, with its reason, at the first real page
    for markup in (PRELOAD_LONG_PAGE, PRELOAD_SHORT_PAGE):
        page = f"{markup}<a href=/news/storm>{PRELOAD_SENTENCE}</a>"
        article, _ = article_and_navigation(Capture("http://harbour.example/", page.encode()))
        with_text_features(article)
gc.collect()
gc.freeze()
