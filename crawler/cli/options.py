"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

contact_option = click.option(
    "--contact",
    envvar="DATELINE_CONTACT",
    metavar="ADDRESS",
    help="Name this e-mail or web address in the user agent.  [env: DATELINE_CONTACT]",
)
delay_option = click.option(
    "--delay",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait between two requests to one host.  [default: 0.5]",
)
catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    envvar="DATELINE_CATALOGUE",
    help="Use this list instead of the built-in catalogue.  [env: DATELINE_CATALOGUE]",
)
