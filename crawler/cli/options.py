"""Options that several commands of the crawler take."""

from __future__ import annotations

from pathlib import Path

import click

contact_option = click.option(
    "--contact",
    envvar="DATELINE_CONTACT",
    metavar="ADDRESS",
    help="E-mail or web address that the user agent names.  [env: DATELINE_CONTACT]",
)
delay_option = click.option(
    "--delay",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Between two requests to one host.  [default: 0.5]",
)
catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    envvar="DATELINE_CATALOGUE",
    help="A list of your own in place of the catalogue that comes with Dateline.  [env: DATELINE_CATALOGUE]",
)
