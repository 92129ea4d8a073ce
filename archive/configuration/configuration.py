"""The configuration in force: command line, then environment, then file, then default.

Click knows what the command line says; `command_defaults` gives it the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from archive.configuration.config_file import ConfigFile, problems_as_error, read_config_file
from archive.configuration.option_table import (
    CONFIG_OPTIONS,
    ConfigOption,
    ConfigValue,
    options_of_command,
)
from archive.configuration.option_values import InvalidValueError, value_in_environment
from archive.errors import UsageError

CONFIG_FILE_NAME = "dateline.toml"
CONFIG_VARIABLE = "DATELINE_CONFIG"
"""The environment variable that names a configuration file elsewhere."""
VARIABLE_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

ValueOrigin = Literal["environment", "file", "default"]


@dataclass(frozen=True, slots=True)
class OptionInForce:
    """The value of an option, and its origin."""

    option: ConfigOption
    value: ConfigValue
    """None: nothing is set."""
    origin: ValueOrigin
    place: str = ""
    """The name of the variable, or the place in the file."""


@dataclass(frozen=True)
class Configuration:
    """The configuration of an archive without the command line."""

    folder: Path
    file: ConfigFile | None = None
    """None: there is no file."""
    environment: Mapping[str, ConfigValue] = field(default_factory=dict)
    """Options by their names, as far as environment variables set them."""
    problems: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """Return the value of an option; None if neither environment nor file sets it."""
        if name in self.environment:
            return self.environment[name]
        return self.file.options.get(name) if self.file else None

    def in_force(self, option: ConfigOption) -> OptionInForce:
        """Return the value of an option with its origin."""
        if option.name in self.environment:
            return OptionInForce(
                option, self.environment[option.name], "environment", option.variable
            )
        if self.file and option.name in self.file.options:
            place = self.file.place(*option.name.split("."))
            return OptionInForce(option, self.file.options[option.name], "file", place)
        return OptionInForce(option, _typed_default(option), "default")

    @property
    def targets(self) -> Mapping[str, str]:
        """The targets of alerts by their names."""
        return self.file.targets if self.file else {}

    @property
    def outlets(self) -> Mapping[str, Any]:
        """The rules of outlets, unchecked."""
        return self.file.outlets if self.file else {}

    def command_defaults(self, command: str) -> dict[str, ConfigValue]:
        """Return the values of a command's options by their flags, as far as any are set."""
        found = {option.flag: self.value(option.name) for option in options_of_command(command)}
        return {flag: value for flag, value in found.items() if value is not None}


def _typed_default(option: ConfigOption) -> ConfigValue:
    """Return the default of an option with its type; a default in words stays a text."""
    if not option.default:
        return None
    try:
        return value_in_environment(option, option.default)
    except InvalidValueError:
        return option.default


def load_configuration(folder: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Return the configuration of the archive in a folder.

    Raises UsageError with its first problem.
    """
    found = examine_configuration(folder, environ)
    if found.problems:
        raise UsageError(" ".join(problems_as_error(found.problems)))
    return found


def examine_configuration(folder: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Return the configuration of the archive in a folder, with its problems.

    Raises UsageError if a file cannot be read.
    """
    environ = os.environ if environ is None else environ
    path = config_file_path(folder, environ)
    file = read_config_file(path) if path else None
    values, problems = _environment_values(environ)
    return Configuration(folder, file, values, (*(file.problems if file else ()), *problems))


def config_file_path(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file: the one that is named, else the one beside the archive."""
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    beside = folder / CONFIG_FILE_NAME
    return beside if os.path.lexists(beside) else None


def _environment_values(
    environ: Mapping[str, str],
) -> tuple[dict[str, ConfigValue], list[str]]:
    """Return the options that environment variables set, and the problems of these.

    An empty variable counts as missing, except for a list without a word for “none”.
    """
    values: dict[str, ConfigValue] = {}
    problems: list[str] = []
    for option in CONFIG_OPTIONS.values():
        text = environ.get(option.variable)
        if text is None or (not text.strip() and not option.is_set_by_empty_variable):
            continue
        try:
            values[option.name] = value_in_environment(option, text)
        except InvalidValueError as error:
            problems.append(f"{option.variable}: must be {error}, not {text[:40]!r}")
    return values, problems


# -- targets of alerts -----------------------------------------------------------------------------


def resolved_target_url(url: str, environ: Mapping[str, str] | None = None) -> str:
    """Return a target's URL with the values of the environment variables that it names.

    Raises UsageError for a variable that is not set.
    """
    environ = os.environ if environ is None else environ
    for name in missing_variables(url, environ):
        raise UsageError(f"the environment variable {name}, which it names, is not set")
    return VARIABLE_REFERENCE.sub(lambda found: environ[found[1]], url)


def missing_variables(url: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the environment variables that a target's URL names and that are not set."""
    for found in VARIABLE_REFERENCE.finditer(url):
        if not environ.get(found[1]):
            yield found[1]


def masked_target_url(url: str) -> str:
    """Return a target's URL for display: the service, and the names of its variables alone."""
    scheme, _, rest = url.partition("://")
    names = [found[0] for found in VARIABLE_REFERENCE.finditer(rest)]
    return f"{scheme.lower()}://…" + (f" with {', '.join(names)}" if names else "")
