"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.cli.base import is_typed

CrawlingCommand = TypeVar("CrawlingCommand", bound=Callable[..., Any])

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
opt_outs_option = click.option(
    "--opt-outs",
    metavar="NAME,…",
    help="Honour these opt-outs of publishers.  [default: noarchive]",
)
allow_addresses_option = click.option(
    "--allow-addresses",
    metavar="HOST,…",
    help="Reach also these hosts and networks.",
)
browser_option = click.option(
    "--browser",
    type=click.Choice(("auto", "rules", "off")),
    help="Render pages that need it in a browser, or only by rules.  [default: auto]",
)
browser_path_option = click.option(
    "--browser-path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Use this Chromium.  [default: found by its name]",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Extract in N processes.  [default: one per core]",
)
catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    envvar="DATELINE_CATALOGUE",
    help="Use this list instead of the built-in catalogue.  [env: DATELINE_CATALOGUE]",
)


NETWORK_OPTION_NAMES = (
    "contact",
    "delay",
    "opt_outs",
    "allow_addresses",
    "browser",
    "browser_path",
    "workers",
)
"""The arguments that `network_options` add to a command."""


def network_options(command: CrawlingCommand) -> CrawlingCommand:
    """Add the options of commands that crawl; they are arguments of `given_settings`."""
    shared = (
        contact_option,
        delay_option,
        opt_outs_option,
        allow_addresses_option,
        browser_option,
        browser_path_option,
        workers_option,
    )
    for option in reversed(shared):
        command = option(command)
    return command


def given_settings(
    *,
    contact: str | None,
    delay: float | None,
    opt_outs: str | None,
    allow_addresses: str | None,
    browser: str | None,
    browser_path: Path | None,
    workers: int | None,
) -> dict[str, Any]:
    """Return the values of `network_options` as arguments of `crawler.jobs.run_spider.crawl_settings`.

    What is typed also overrules the rules of single outlets.
    """
    return {
        "contact": contact,
        "DOWNLOAD_DELAY": delay,
        "DATELINE_OPT_OUTS": opt_outs,
        "DATELINE_ALLOW_ADDRESSES": allow_addresses,
        "DATELINE_BROWSER": browser,
        "DATELINE_BROWSER_PATH": str(browser_path) if browser_path else None,
        "DATELINE_WORKERS": workers,
        "overruled": [name for name in ("delay", "since") if is_typed(name)],
    }
