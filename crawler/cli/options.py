"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.cli.base import is_typed
from archive.errors import UsageError

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
cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Read pages on this Dask cluster, or local:N.",
)
fetch_on_workers_option = click.option(
    "--fetch-on-workers",
    is_flag=True,
    help="With --cluster, also fetch there, each site from one worker.",
)
catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    envvar="DATELINE_CATALOGUE",
    help="Use this list instead of the built-in catalogue.  [env: DATELINE_CATALOGUE]",
)


NETWORK_OPTION_SETTINGS = {
    "contact": "contact",
    "delay": "DOWNLOAD_DELAY",
    "opt_outs": "DATELINE_OPT_OUTS",
    "allow_addresses": "DATELINE_ALLOW_ADDRESSES",
    "browser": "DATELINE_BROWSER",
    "browser_path": "DATELINE_BROWSER_PATH",
    "workers": "DATELINE_WORKERS",
    "cluster": "DATELINE_CLUSTER",
}
"""The arguments that `network_options` adds to a command, and the argument of
`crawler.jobs.run_spider.crawl_settings` that each becomes."""


def chosen_cluster(cluster: str | None) -> str | None:
    """Return the cluster that reads; None if `--workers` was typed, which is more than a setting.

    Raises UsageError if both were typed.
    """
    if not is_typed("workers"):
        return cluster
    if cluster and is_typed("cluster"):
        raise UsageError("--workers goes without --cluster; the workers of a cluster are its own")
    return None


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
        cluster_option,
    )
    for option in reversed(shared):
        command = option(command)
    return command


def given_settings(network: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `network_options` as arguments of `crawler.jobs.run_spider.crawl_settings`.

    What is typed also overrules the rules of single outlets.
    """
    settings = {NETWORK_OPTION_SETTINGS[name]: value for name, value in network.items()}
    path = network["browser_path"]
    return settings | {
        "DATELINE_BROWSER_PATH": str(path) if path else None,
        "overruled": [name for name in ("delay", "since") if is_typed(name)],
    }
