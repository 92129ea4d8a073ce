"""What `--help` says of the commands: by task, in short imperative lines that nothing cuts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from archive.cli.base import OVERVIEW
from crawler.cli.main import cli

MAX_HELP_CHARS = 60
TASKS = ("Start", "Find", "Read", "Follow", "Run", "Keep", "Move data")
LINES = {name: line for lines in OVERVIEW.values() for name, line in lines.items()}


def crawler_commands(
    group: click.Group = cli, path: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands and groups that the crawler defines, by the words that call them."""
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        if command.callback is not None and command.callback.__module__.startswith("crawler."):
            yield words, command
        if isinstance(command, click.Group):
            yield from crawler_commands(command, words)


COMMANDS = dict(crawler_commands())
OPTIONS = {
    f"{words} {option.opts[0]}": option
    for words, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option)
}


def first_line(command: click.Command) -> str:
    return (command.help or "").strip().split("\n")[0]


def is_short_order(line: str) -> bool:
    """Return whether a line is at most 60 characters, from a capital to a full stop, and uncut."""
    return (
        len(line) <= MAX_HELP_CHARS
        and re.fullmatch(r"[A-Z][^…]*\.", line) is not None
        and not line.startswith(("The ", "A ", "An ", "Only ", "How ", "What ", "Which "))
    )


def test_the_overview_has_every_command_once_under_its_task():
    assert tuple(OVERVIEW) == TASKS
    listed = [name for lines in OVERVIEW.values() for name in lines]
    assert sorted(listed) == sorted(cli.commands)


@pytest.mark.parametrize("name", LINES)
def test_each_command_has_a_short_imperative_line(name):
    assert is_short_order(LINES[name])


@pytest.mark.parametrize("columns", ["80", "100"])
def test_no_line_of_the_overview_is_cut_or_folded(columns):
    shown = CliRunner(env={"COLUMNS": columns}).invoke(cli, ["--help"]).output
    assert "…" not in shown
    assert "..." not in shown.replace("[ARGS]...", "")
    for name, line in LINES.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", shown, re.MULTILINE), name
    tasks = [
        line.removesuffix(":") for line in shown.splitlines() if line.removesuffix(":") in TASKS
    ]
    assert tuple(tasks) == TASKS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_begins_with_its_short_line(name):
    assert is_short_order(first_line(COMMANDS[name]))
    assert first_line(COMMANDS[name]) == LINES.get(name, first_line(COMMANDS[name]))


@pytest.mark.parametrize("group", ["outlet", "rebuild"])
def test_the_commands_of_a_group_are_listed_without_cuts(group):
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(cli, [group, "--help"]).output
    for words, command in COMMANDS.items():
        if words.startswith(f"{group} "):
            assert f"{words.rpartition(' ')[2]} " in shown
            assert f" {first_line(command)}\n" in shown


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_has_a_short_imperative_line_before_its_default(name):
    option = OPTIONS[name]
    assert is_short_order(re.sub(r"  \[.*\]$", "", option.help or "")), option.help


def test_a_command_without_a_task_is_listed_at_the_end():
    @click.command()
    def rehearse() -> None:
        """Rehearse a command that has no task yet."""

    cli.add_command(rehearse)
    try:
        shown = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["--help"]).output
    finally:
        del cli.commands["rehearse"]
    assert shown.endswith("Other commands:\n  rehearse  Rehearse a command that has no task yet.\n")
