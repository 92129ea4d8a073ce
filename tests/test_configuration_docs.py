"""docs/configuration.md, `dateline.toml`, the environment and the command line name the same options.

`python -m tests.test_configuration_docs` writes the table and the example of the document.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from archive.configuration.config_file import parse_config_file
from archive.configuration.option_table import CONFIG_OPTIONS, ConfigOption
from archive.configuration.option_values import value_in_environment
from crawler import settings
from crawler.cli.config_commands import example_configuration
from crawler.cli.main import cli
from crawler.extraction.rules.outlet_rules import RULE_KEYS
from crawler.extraction.rules.rule_tables import check_outlet_rules
from tests.paths import ROOT

PAGE = ROOT / "docs" / "configuration.md"
RULES_PAGE = ROOT / "docs" / "outlet-rules.md"
COMMENTED_SETTING = re.compile(r"^# (?=[a-z_]+ = |\[)", re.MULTILINE)


def command_named(words: str) -> click.Command | None:
    command: click.Command | None = cli
    for word in words.split():
        command = command.commands.get(word) if isinstance(command, click.Group) else None
    return command


def option_rows() -> str:
    """The table of all options, as it stands in the document."""
    head = "| in the file | environment | command line | default | what |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(map(option_row, CONFIG_OPTIONS.values()))


def option_row(option: ConfigOption) -> str:
    default = f"`{option.default}`" if option.default else ""
    commands = ", ".join(f"`{command} {option.flag}`" for command in option.commands)
    return f"| `{option.name}` | `{option.variable}` | {commands} | {default} | {option.about} |\n"


def with_block(page: str, name: str, text: str) -> str:
    """Return the document with another text between two marks."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = page.partition(begin)
    return before + begin + text + end + rest.partition(end)[2]


def written_page() -> str:
    page = PAGE.read_text("utf-8")
    page = with_block(page, "options", option_rows())
    return with_block(page, "example", f"```toml\n{example_configuration()}```\n")


def full_example() -> str:
    """The example with all its commented lines in force."""
    return COMMENTED_SETTING.sub("", example_configuration())


def test_the_document_has_the_table_of_all_options_and_the_example():
    assert PAGE.read_text("utf-8") == written_page()


@pytest.mark.parametrize("option", CONFIG_OPTIONS.values(), ids=lambda option: option.name)
def test_an_option_of_the_file_is_an_option_of_its_commands(option):
    for words in option.commands:
        command = command_named(words)
        if command is None:  # `prune` comes with another part of the program
            assert words == "prune"
            continue
        assert any(option.flag in param.opts for param in command.params), words


@pytest.mark.parametrize("flag", sorted({option.flag for option in CONFIG_OPTIONS.values()}))
def test_every_command_with_a_general_option_takes_it_from_the_file(flag):
    general = {option.flag: option for option in CONFIG_OPTIONS.values() if not option.table}
    if flag not in general:
        return
    having = {words for words, command in all_commands() if takes(command, flag)}
    assert having - {"serve"} == set(general[flag].commands)  # its --contact is another


def all_commands(group: click.Group = cli, path: str = "") -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            found += all_commands(command, words)
        else:
            found.append((words, command))
    return found


def takes(command: click.Command, flag: str) -> bool:
    return any(flag in param.opts for param in command.params)


def test_the_example_has_every_option_and_is_valid_as_it_is_and_with_every_line_in_force():
    assert parse_config_file(Path("dateline.toml"), example_configuration()).problems == ()
    full = parse_config_file(Path("dateline.toml"), full_example())
    rules, problems = check_outlet_rules(full)
    assert (full.problems, problems) == ((), [])
    assert set(full.options) == set(CONFIG_OPTIONS)
    (rule,) = rules.by_host.values()
    content = tomllib.loads(full_example())["outlets"]["harbour.example"]
    assert set(content) == set(RULE_KEYS)
    assert rule.delay == 5


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("delay", "DOWNLOAD_DELAY"),
        ("opt_outs", "DATELINE_OPT_OUTS"),
        ("crawl.outlet_budget", "DATELINE_OUTLET_PAGES"),
    ],
)
def test_a_default_in_the_table_is_that_of_the_settings(name, setting):
    option = CONFIG_OPTIONS[name]
    default = value_in_environment(option, option.default)
    assert default == getattr(settings, setting) or default == [getattr(settings, setting)]


@pytest.mark.parametrize("option", CONFIG_OPTIONS.values(), ids=lambda option: option.name)
def test_a_default_in_the_table_is_that_of_the_command_line(option):
    for words in option.commands:
        (param,) = [each for each in command_named(words).params if option.flag in each.opts]
        if isinstance(param.default, str | int | float) and not param.multiple:
            assert value_of(option, option.default) == value_of(option, str(param.default)), words


@pytest.mark.parametrize("name", ["opt_outs", "crawl.since", "retention.keep", "serve.port"])
def test_the_example_shows_the_default_of_an_option_that_has_one(name):
    option = CONFIG_OPTIONS[name]
    found = parse_config_file(Path("dateline.toml"), full_example()).options[name]
    assert found == value_of(option, option.default)


def value_of(option: ConfigOption, text: str) -> object:
    """The value of an option that is written as people write it; a flag is off without one."""
    return value_in_environment(option, text or "false") if text or option.kind == "flag" else None


def test_the_keys_of_rules_stand_in_their_table():
    told = re.findall(r"^\| `(\w+)` \|", RULES_PAGE.read_text("utf-8"), re.MULTILINE)
    assert tuple(told) == RULE_KEYS


if __name__ == "__main__":
    PAGE.write_text(written_page(), "utf-8")
