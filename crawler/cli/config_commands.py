"""Command about the configuration: `config_command`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import archive_option, cli, json_option, print_all, print_json
from archive.errors import UsageError
from archive.records import NEEDS_BROWSER_REASON
from archive.text.printable import printable_text

if TYPE_CHECKING:
    from archive.configuration.configuration import Configuration, OptionInForce
    from crawler.extraction.rules.outlet_rules import OutletRule, OutletRules


@cli.command("config")
@click.option(
    "--check", is_flag=True, help="Check it alone: print each problem, and exit with 2 if any."
)
@json_option
@click.option("--example", is_flag=True, help="Print a commented dateline.toml to start from.")
@archive_option
def config_command(check: bool, as_json: bool, example: bool, folder: Path) -> None:
    """Show the configuration in force, and check it.

    Prints every option with its value and its origin: an environment variable, a line of
    dateline.toml, or the default; then the targets of alerts, without secrets, and the rules of
    outlets. A command's own options override them.

    \b
    Examples: dateline config
              dateline config --check
              dateline config --example > data/dateline.toml
    """
    if example:
        click.echo(example_configuration(), nl=False)
        return
    from archive.configuration.configuration import examine_configuration

    configuration = examine_configuration(folder)
    rules, problems = checked_configuration(configuration)
    if problems:
        for problem in problems:
            click.echo(f"dateline: {printable_text(problem)}", err=True)
        raise SystemExit(UsageError.exit_code)
    if check:
        click.echo(f"{_file_in_words(configuration)}: no problem")
    elif as_json:
        print_json(configuration_as_record(configuration, rules))
    else:
        _print_configuration(configuration, rules)
    for line in _rendering_problems(configuration, rules):
        click.echo(f"dateline: {line}", err=True)


def example_configuration() -> str:
    """Return a commented configuration with every option at its default."""
    return (files("archive.configuration") / "example.toml").read_text("utf-8")


def checked_configuration(configuration: Configuration) -> tuple[OutletRules, list[str]]:
    """Return the rules of a configuration, and all its problems: those of values that only the
    crawler understands, too."""
    from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES
    from crawler.extraction.rules.rule_tables import check_outlet_rules

    problems = [*configuration.problems, *_problems_of_values(configuration)]
    if configuration.file is None:
        return NO_OUTLET_RULES, problems
    rules, problems_of_rules = check_outlet_rules(configuration.file)
    return rules, [*problems, *problems_of_rules]


def _problems_of_values(configuration: Configuration) -> Iterator[str]:
    """Yield the problems of names that only the parts that use them know."""
    from archive.configuration.option_table import CONFIG_OPTIONS
    from archive.removal.prune_articles import parse_kept_kinds
    from crawler.network.browser.browser_program import check_browser_mode
    from crawler.network.guard import parse_allowed_addresses
    from crawler.network.opt_outs import parse_opt_outs
    from crawler.story_search.service_search import named_services

    parsers: dict[str, Any] = {
        "browser": check_browser_mode,
        "opt_outs": parse_opt_outs,
        "allow_addresses": parse_allowed_addresses,
        "crawl.ask": named_services,
        "retention.keep": parse_kept_kinds,
    }
    for option in CONFIG_OPTIONS.values():
        path = configuration.value(option.name) if option.kind == "file" else None
        if path and not Path(path).is_file():
            yield f"{configuration.in_force(option).place}: {option.key}: no such file: {path}"
    for name, parse in parsers.items():
        value = configuration.value(name)
        if not value:
            continue
        try:
            parse(value if isinstance(value, str) else ",".join(value))
        except UsageError as error:
            place = configuration.in_force(CONFIG_OPTIONS[name]).place
            yield f"{place}: {error}"


# -- output ----------------------------------------------------------------------------------------


def configuration_as_record(configuration: Configuration, rules: OutletRules) -> dict[str, Any]:
    """Return the configuration in force, ready for JSON; secrets are masked."""
    from archive.configuration.configuration import masked_target_url

    file = configuration.file
    return {
        "archive": str(configuration.folder),
        "file": str(file.path) if file else None,
        "options": {
            each.option.name: _option_record(each) for each in _all_in_force(configuration)
        },
        "targets": {name: masked_target_url(url) for name, url in configuration.targets.items()},
        "outlets": {host: rule_as_record(rule) for host, rule in rules.by_host.items()},
    }


def _option_record(each: OptionInForce) -> dict[str, Any]:
    """Return an option in force, ready for JSON."""
    return {
        "value": each.value,
        "origin": each.origin,
        "place": each.place or None,
        "variable": each.option.variable,
        "commands": [f"{command} {each.option.flag}" for command in each.option.commands],
    }


def rule_as_record(rule: OutletRule) -> dict[str, Any]:
    """Return the rules of an outlet as they may stand in the file."""
    record: dict[str, Any] = {key: list(each) for key, each in rule.selectors.items()}
    single = {"delay": rule.delay, "since": rule.since, "render": rule.render or None}
    return record | {key: value for key, value in single.items() if value is not None}


def _all_in_force(configuration: Configuration) -> list[OptionInForce]:
    """Return all options as they are in force."""
    from archive.configuration.option_table import CONFIG_OPTIONS

    return [configuration.in_force(option) for option in CONFIG_OPTIONS.values()]


def _file_in_words(configuration: Configuration) -> str:
    """Return the path of the file, or where one would be read."""
    from archive.configuration.configuration import CONFIG_FILE_NAME

    if configuration.file:
        return str(configuration.file.path)
    return f"{configuration.folder / CONFIG_FILE_NAME} (there is none)"


def _print_configuration(configuration: Configuration, rules: OutletRules) -> None:
    """Print the options, targets and rules as a table."""
    from archive.cli.text_tables import text_table
    from archive.configuration.configuration import masked_target_url
    from archive.configuration.option_values import value_as_text

    click.echo(f"Archive {configuration.folder}, configuration {_file_in_words(configuration)}\n")
    rows: list[tuple[str, str, str]] = [
        (each.option.name, value_as_text(each.value), each.place or each.origin)
        for each in _all_in_force(configuration)
    ]
    rows += [(name, "(secret)", variable) for name, variable in _secrets_in_environment()]
    file = configuration.file
    for name, url in configuration.targets.items():
        place = file.place("notify", "targets", name) if file else ""
        rows.append((f"notify.targets.{name}", masked_target_url(url), place))
    written = _written_hosts(configuration)
    for host, rule in rules.by_host.items():
        place = file.place("outlets", written.get(host, host)) if file else ""
        rows.append((f'outlets."{host}"', _rule_in_words(rule), place))
    short = [(name, value, place.rpartition("/")[2]) for name, value, place in rows]
    print_all([text_table(("option", "value", "from"), short, whole=("from",))])


def _secrets_in_environment() -> list[tuple[str, str]]:
    """Return the secrets that the environment holds, which never stand in the file."""
    from archive.plugin.guards.proxy_users import PROXY_SECRET_VARIABLE

    secrets = (("serve.proxy_secret", PROXY_SECRET_VARIABLE),)
    return [(name, variable) for name, variable in secrets if os.environ.get(variable)]


def _written_hosts(configuration: Configuration) -> Mapping[str, str]:
    """Return the hosts of rules in the spelling of the file, by their spelling in URLs."""
    from crawler.extraction.rules.rule_tables import host_name

    return {host: written for written in configuration.outlets if (host := host_name(written))}


def _rule_in_words(rule: OutletRule) -> str:
    """Return the rules of an outlet on one line."""
    from archive.configuration.option_values import value_as_text

    return "; ".join(f"{key}: {value_as_text(each)}" for key, each in rule_as_record(rule).items())


def _rendering_problems(configuration: Configuration, rules: OutletRules) -> Iterator[str]:
    """Yield a line for each host whose pages need a browser, if they get none."""
    from crawler.network.browser.browser_program import missing_browser_reason
    from crawler.session.rendering import SWITCHED_OFF_REASON

    why = missing_browser_reason(str(configuration.value("browser_path") or "") or None)
    if configuration.value("browser") == "off":
        why = SWITCHED_OFF_REASON
    for host, rule in rules.by_host.items():
        if rule.render and why:
            yield f"{host}: render = true {NEEDS_BROWSER_REASON}: {why}"
