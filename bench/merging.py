"""The cost of merging an archive into an empty one: `python -m bench.merging`.

`--articles 100000` sets another size. The archive is that of `bench.pruning`, with a stored page
for each article. Measured are the time, the CPU time of an article, and the sizes of both files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from archive.archive import Archive
from archive.merging.merge_archives import merge_archives
from bench.figures import SHARED, Figure, show
from bench.pruning import archive_with_pages, file_figures
from pipelines.policies import archive_policies
from pipelines.urls import url_key

ARTICLES = 1_000


def figures(_: Path, articles: int = ARTICLES) -> Iterator[Figure]:
    """Yield the figures of merging an archive, and of merging it again."""
    with tempfile.TemporaryDirectory(prefix="dateline-bench-") as temporary:
        theirs, ours = Path(temporary) / "theirs", Path(temporary) / "ours"
        archive_with_pages(articles, theirs)
        yield from file_figures(theirs, "of the other archive")
        decisions = archive_policies()
        for what in ("merging", "merging again"):
            began, cpu_began = time.monotonic(), time.process_time()
            with Archive(ours) as archive:
                [report] = merge_archives(archive, [theirs], decisions, url_key)
            yield Figure(f"{what}: articles added", report.added["articles"])
            yield Figure(what, time.monotonic() - began, "s")
            cpu_seconds = time.process_time() - cpu_began
            yield Figure(f"{what}: CPU of an article", 1_000 * cpu_seconds / articles, "ms")
        yield from file_figures(ours, "after")


def main() -> None:
    """Measure, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=ARTICLES)
    show(("merging", figure) for figure in figures(SHARED, options.parse_args().articles))


if __name__ == "__main__":
    main()
