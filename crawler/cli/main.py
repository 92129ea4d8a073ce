"""The `dateline` command with all its subcommands, of the crawler and of the archive."""

import sys

from crawler.processes.search_path import leave_out_current_folder

leave_out_current_folder()  # before anything else is imported, as it might come from there

from crawler.processes import termination

# the imports below take a second, and Ctrl-C must not end in a traceback
termination.defer_stop_signals()
# ruff: noqa: E402
# isort: split

import archive.cli.cite_command
import archive.cli.corpus_command
import archive.cli.keeping_commands
import archive.cli.note_commands
import archive.cli.read_commands
import archive.cli.serving.passwords
import archive.cli.sql_command
import archive.cli.story_commands  # noqa: F401
import crawler.cli.config_commands
import crawler.cli.crawl_commands
import crawler.cli.event_commands
import crawler.cli.extension_commands
import crawler.cli.investigate_commands
import crawler.cli.merge_command
import crawler.cli.notify_commands
import crawler.cli.operation_commands
import crawler.cli.outlet_commands
import crawler.cli.outlet_state_commands
import crawler.cli.removal_commands
import crawler.cli.story_commands  # noqa: F401
from archive.cli.base import CommandDependencies, cli

TYPE_CHECKING = False  # typing itself would be imported from the current folder

if TYPE_CHECKING:
    from pathlib import Path

    from archive.articles.store import Decisions
    from archive.articles.stories import StoryPolicy
    from archive.outlet_preview import OutletPreview


def main() -> None:
    """Run the command; the entry point of the console script."""
    termination.restore_signal_handlers()
    if termination.is_stop_requested() and not {"crawl", "investigate"} & set(sys.argv):
        sys.exit(130)  # the exit code of a program that Ctrl-C ended (128 + SIGINT)
    cli(
        prog_name="dateline",
        obj=CommandDependencies(_lazy_url_key, _judge, _outlet_previewer, _decisions),
    )


def _lazy_url_key(url: str) -> str:
    """Return the key of a URL, which is the same for its different spellings."""
    from pipelines.urls import url_key  # takes 0.1 s, because tldextract loads an HTTP client

    return url_key(url)


def _judge() -> "StoryPolicy":
    """Return the policy with which `serve` lists a story again after a verdict."""
    from pipelines.topics.stories import STORY_POLICY

    return STORY_POLICY


def _decisions() -> "Decisions":
    """Return the policies with which `serve` removes an article."""
    from pipelines.policies import archive_policies

    return archive_policies()


def _outlet_previewer(folder: "Path", host: str) -> "OutletPreview":
    """Look an outlet up for the pages of `serve`, in a separate process."""
    from crawler.jobs.preview_outlet import preview_in_subprocess

    return preview_in_subprocess(folder, host)
