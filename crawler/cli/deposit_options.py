"""The options by which a crawl deposits articles at other archives, and what it does at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.progress_bar import progress_bar
from archive.errors import BusyError
from archive.text.printable import printable_text
from crawler.cli.options import CrawlingCommand

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from crawler.deposits.deposit_service import DepositService

DEFAULT_DEPOSIT_BUDGET = 200
"""Articles that are deposited on a day."""

deposit_option = click.option(
    "--deposit",
    metavar="SERVICE,…",
    help="Ask wayback to keep new articles of followed stories.",
)
deposit_budget_option = click.option(
    "--deposit-budget",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"With --deposit, ask for at most N articles a day.  [default: {DEFAULT_DEPOSIT_BUDGET}]",
)


def crawl_deposit_options(command: CrawlingCommand) -> CrawlingCommand:
    """Add the options of a crawl that deposits."""
    return deposit_option(deposit_budget_option(command))


def deposit_after_crawl(
    folder: Path, services: Sequence[DepositService], budget: int | None, settings: Settings
) -> None:
    """Deposit the new articles of followed stories, and print the result.

    The crawl itself has succeeded: what fails is reported, and waits for the next one.
    """
    from crawler.deposits.deposit_articles import DepositTerms, deposit_articles
    from crawler.deposits.deposit_exchange import deposit_sender
    from crawler.deposits.public_urls import unfit_reason_by
    from crawler.processes import termination

    termination.defer_stop_signals()  # Scrapy has handled them until now
    for service in services:
        with (
            progress_bar("depositing", "articles") as report,
            deposit_sender(settings["USER_AGENT"]) as send,
        ):
            terms = DepositTerms(
                send=send,
                daily_budget=budget or DEFAULT_DEPOSIT_BUDGET,
                unfit_reason=unfit_reason_by(settings.get("DATELINE_ALLOW_ADDRESSES") or ""),
                is_stopped=termination.is_stop_requested,
                report=report,
            )
            try:
                done = deposit_articles(folder, service, terms)
            except BusyError as error:
                click.echo(f"dateline: {error}; the rest follows with the next crawl", err=True)
                continue
        click.echo(printable_text(f"{done.summary()}."))
        for line in done.failures:
            click.echo(printable_text(f"dateline: not deposited: {line}"), err=True)
