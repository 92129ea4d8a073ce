"""The `dateline` command, whole: the commands that find, and those that read back."""

import sys
from typing import TYPE_CHECKING

from crawler.processes.search_path import leave_out_current_folder

leave_out_current_folder()  # before anything else is imported

from crawler.processes import termination

termination.listen()  # what follows takes a second, and is not to end in a traceback
# ruff: noqa: E402
# isort: split

import archive.cli.read_commands
import archive.cli.story_commands  # noqa: F401
import crawler.cli.crawl_commands
import crawler.cli.event_commands
import crawler.cli.investigate_commands
import crawler.cli.operation_commands
import crawler.cli.outlet_commands
import crawler.cli.story_commands  # noqa: F401
from archive.cli.base import Given, cli

if TYPE_CHECKING:
    from archive.articles.stories import Judge


def main() -> None:
    """The console script."""
    termination.release()
    if termination.asked() and not {"crawl", "investigate"} & set(sys.argv):
        sys.exit(130)  # as shells tell of a program that Ctrl-C ended
    cli(prog_name="dateline", obj=Given(_url_key, _judge))


def _url_key(url: str) -> str:
    """By it `show URL` finds an article under another spelling of its address."""
    from pipelines.urls import url_key  # 0.1 s of every command, as tldextract loads an HTTP client

    return url_key(url)


def _judge() -> "Judge":
    """By it `serve` lists a story anew as soon as a person says what belongs."""
    from pipelines.topics.stories import JUDGE

    return JUDGE
