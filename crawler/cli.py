"""The `dateline` command, whole: the commands that find, and those that read back."""

import sys

from crawler.search_path import leave_out_current_folder

leave_out_current_folder()  # before anything else is imported

from crawler import stopping

stopping.listen()  # what follows takes a second, and is not to end in a traceback
# ruff: noqa: E402
# isort: split

import archive.commands
import archive.story_commands  # noqa: F401
import crawler.commands
import crawler.event_commands
import crawler.investigate_commands
import crawler.operations
import crawler.outlet_commands
import crawler.story_commands  # noqa: F401
from archive.cli import cli


def main() -> None:
    """The console script."""
    stopping.release()
    if stopping.asked() and not {"crawl", "investigate"} & set(sys.argv):
        sys.exit(130)  # as shells tell of a program that Ctrl-C ended
    cli(prog_name="dateline", obj=_url_key)  # by it `show URL` finds an article under another spelling of its address


def _url_key(url: str) -> str:
    from pipelines.urls import url_key  # 0.1 s of every command, as tldextract loads an HTTP client

    return url_key(url)
