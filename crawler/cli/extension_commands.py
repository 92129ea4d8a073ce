"""The command that lists extensions: `extensions_command`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import archive_option, cli, json_option, print_json

if TYPE_CHECKING:
    from archive.extensions import LoadedExtension


@cli.command()
@json_option
@archive_option
def extensions_command(as_json: bool, folder: Path) -> None:
    """List what other packages add to Dateline.

    These are the spiders, search services, stages, questions and notifiers of installed packages.
    Each is loaded, and the exit code is 1 if one cannot be used.

    \b
    Example: dateline extensions
    """
    found = list(_all_extensions(folder))
    if as_json:
        print_json([_extension_row(each) for each in found])
    elif found:
        click.echo("\n".join(_extension_line(each) for each in found))
    else:
        click.echo("No package adds anything; docs/extending.md says how one does.")
    if any(each.problem is not None for each in found):
        raise SystemExit(1)


def _all_extensions(folder: Path) -> Iterator[LoadedExtension[Any]]:
    """Yield the extensions of all groups, loaded."""
    from archive.extensions import EXTENSION_GROUPS, examine_extensions
    from archive.plugin.extending.own_questions import QUESTION_GROUP, questions_on_archive
    from crawler.alerts.apprise_sender import NOTIFIER_GROUP, accept_notifier
    from crawler.services import SERVICE_GROUP, accept_search_service
    from crawler.spiders.spider_loader import SPIDER_GROUP, accept_spiders
    from pipelines.extend import STAGE_GROUP, accept_stage

    ways_of_use: dict[str, Any] = {
        SPIDER_GROUP: accept_spiders,
        SERVICE_GROUP: accept_search_service,
        STAGE_GROUP: accept_stage,
        QUESTION_GROUP: questions_on_archive(folder / "archive.db"),
        NOTIFIER_GROUP: accept_notifier,
    }
    for group in EXTENSION_GROUPS:
        yield from examine_extensions(group, ways_of_use[group])


def _extension_row(found: LoadedExtension[Any]) -> dict[str, str | None]:
    """Return an extension as `--json` prints it."""
    return {
        "group": found.group,
        "name": found.name,
        "package": found.package,
        "target": found.target,
        "problem": found.problem,
    }


def _extension_line(found: LoadedExtension[Any]) -> str:
    """Return an extension as a line, with what is wrong with it."""
    from archive.text.printable import printable_text

    state = f"left out: {found.problem}" if found.problem else "in use"
    return printable_text(f"{found.title} ({found.target}): {state}")
