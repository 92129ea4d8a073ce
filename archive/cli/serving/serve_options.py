"""The options of `dateline serve` by which users add questions, pages and files to the site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

ServeCommandFunction = TypeVar("ServeCommandFunction", bound=Callable[..., Any])

DATASETTE_FILE_OPTIONS = ("metadata", "config", "plugins_dir", "template_dir", "static")
"""The options that Datasette has as well."""

READ_FILE = click.Path(path_type=Path, dir_okay=False)
READ_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def extending_options(command: ServeCommandFunction) -> ServeCommandFunction:
    """Add the options by which a user extends the site."""
    for option in (
        click.option("--static", multiple=True, metavar="MOUNT:DIR",
                     help="Serve the files of a folder at /MOUNT/; may be repeated."),
        click.option("--template-dir", type=READ_FOLDER, metavar="DIR",
                     help="A folder with templates that replace those of the pages."),
        click.option("--plugins-dir", type=READ_FOLDER, metavar="DIR",
                     help="A folder with plugins for Datasette, such as pages of your own."),
        click.option("--datasette-config", "config", type=READ_FILE, metavar="FILE",
                     help="Datasette's configuration, as JSON or YAML."),
        click.option("--metadata", type=READ_FILE, metavar="FILE",
                     help="Datasette's metadata, as JSON or YAML; its descriptions win."),
        click.option("--open-page", "open_pages", multiple=True, metavar="PATH",
                     help="With --public, a page of a plugin to show; may be repeated."),
        click.option("--allow-source", "allowed_sources", multiple=True, metavar="TEXT",
                     help="Let pages load what `img-src https://tiles.example` names; may be repeated."),
        click.option("--questions", type=READ_FILE, multiple=True, metavar="FILE",
                     help="A TOML file with further questions; may be repeated."),
    ):  # fmt: skip
        command = option(command)
    return command
