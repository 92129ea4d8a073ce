"""The `dateline` command, whole: the commands that find, and those that read back."""

from __future__ import annotations

import crawler.commands  # noqa: F401  both register their commands on `cli`
from archive.cli import cli


def main() -> None:
    """The console script."""
    from pipelines.urls import url_key

    cli(prog_name="dateline", obj=url_key)  # by it `show URL` finds an article under another spelling of its address
