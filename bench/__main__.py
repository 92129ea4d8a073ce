"""`make bench`: run the benchmarks, or those that are named, and print one table.

make bench                      # all of them
make bench ARGS="crawl"         # one
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from rich.console import Console

from bench.figures import SHARED, Figure, show

BENCHES = (
    "diff",
    "copies",
    "warc",
    "capture_files",
    "events",
    "extraction",
    "page_types",
    "repeats",
    "following",
    "train_membership",
    "languages",
    "investigating",
    "stories_cost",
    "pruning",
    "merging",
    "crawl",
    "schedule",
    "faults_archive",
    "faults",
    "hostile",
    "serve",
    "visitors",
)
"""Modules of this package, each with `figures(shared) -> Iterator[Figure]`."""


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument(
        "names", nargs="*", choices=[[], *BENCHES], metavar="NAME", help=", ".join(BENCHES)
    )
    asked = options.parse_args()
    if not SHARED.is_dir():
        print("Nothing is measured: the material beside the checkout (../shared) is not here.")
        return
    show(measured(asked.names or BENCHES))


def measured(names: tuple[str, ...]) -> Iterator[tuple[str, Figure]]:
    """Yield the figures of each benchmark with its name; print on a terminal which one is
    running."""
    console = Console(stderr=True)
    for name in names:
        console.print(f"measuring {name} …")
        for figure in importlib.import_module(f"bench.{name}").figures(SHARED):
            yield name, figure


main()
