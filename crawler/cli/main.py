"""The `dateline` command, whole: the commands that find, and those that read back."""

import sys

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
from archive.cli.base import cli


def main() -> None:
    """The console script."""
    termination.release()
    if termination.asked() and not {"crawl", "investigate"} & set(sys.argv):
        sys.exit(130)  # as shells tell of a program that Ctrl-C ended
    # by it `show URL` finds an article under another spelling of its address
    cli(prog_name="dateline", obj=_url_key)


def _url_key(url: str) -> str:
    from pipelines.urls import url_key  # 0.1 s of every command, as tldextract loads an HTTP client

    return url_key(url)
