"""Extensions: what other installed packages add, each named by an entry point.

An entry point is one line of the `pyproject.toml` of such a package. Looking them up takes some
hundredths of a second, so it is done only where an extension may be used. An extension that cannot
be used is reported in one line and left out; it affects no other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import click

from archive.errors import UsageError
from archive.text.printable import printable_text

EXTENSION_GROUPS = {
    "dateline.spiders": "spiders",
    "dateline.services": "search service",
    "dateline.stages": "stage",
    "dateline.questions": "questions",
    "dateline.notifiers": "notifier",
}
"""The groups of entry points, each with the word for an extension of that group."""
MAX_PROBLEM_CHARS = 300

UsedT = TypeVar("UsedT")
AcceptExtension = Callable[[str, Any], UsedT]
"""Takes the name of an extension and what its entry point leads to; returns what is used of it, or
raises UsageError with the reason not to use it."""


@dataclass(frozen=True, slots=True)
class LoadedExtension(Generic[UsedT]):
    """An extension: what is used of it, or why it is not used."""

    name: str
    group: str
    package: str
    """The package that brings it, with its version."""
    target: str
    """The module, or `module:attribute`, that its entry point names."""
    used: UsedT | None = None
    problem: str | None = None

    @property
    def title(self) -> str:
        """The words by which a message names it: `stage tagging of gazette-tools 1.0`."""
        return f"{EXTENSION_GROUPS[self.group]} {self.name} of {self.package}"


def examine_extensions(
    group: str, accept: AcceptExtension[UsedT]
) -> Iterator[LoadedExtension[UsedT]]:
    """Yield the installed extensions of a group by name, also those that cannot be used."""
    taken: dict[str, str] = {}
    for point in sorted(entry_points(group=group), key=lambda each: (each.name, each.value)):
        found = _load_extension(point, accept)
        if point.name in taken:
            problem = f"{taken[point.name]} has one of the same name"
            found = LoadedExtension(
                found.name, found.group, found.package, found.target, problem=problem
            )
        taken.setdefault(point.name, found.package)
        yield found


def usable_extensions(group: str, accept: AcceptExtension[UsedT]) -> dict[str, UsedT]:
    """Return the extensions of a group by name, and report those that cannot be used."""
    usable = {}
    for found in examine_extensions(group, accept):
        if found.problem is not None:
            report_extension_problem(f"{found.title} is left out: {found.problem}")
        elif found.used is not None:
            usable[found.name] = found.used
    return usable


@cache
def report_extension_problem(problem: str) -> None:
    """Print a problem of an extension in one line; a process prints each once."""
    click.echo(f"dateline: {printable_text(problem)}", err=True)


def error_in_one_line(error: BaseException) -> str:
    """Return the type and the message of an error that an extension raised, on one line."""
    said = " ".join(str(error).split())[:MAX_PROBLEM_CHARS]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _load_extension(point: EntryPoint, accept: AcceptExtension[UsedT]) -> LoadedExtension[UsedT]:
    """Import an extension, and return it with what is used of it."""
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "an unnamed package"
    used, problem = None, None
    try:
        used = accept(point.name, point.load())
    except UsageError as error:
        problem = str(error)
    # a stranger's module may raise anything while it is imported, and may want to end the program
    except (Exception, SystemExit) as error:
        problem = error_in_one_line(error)
    return LoadedExtension(point.name, point.group, package, point.value, used, problem)
