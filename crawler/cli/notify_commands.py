"""The commands `notify add`, `list`, `remove`, `test` and `send`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import (
    archive_option,
    cli,
    json_option,
    opened_archive,
    print_all,
    print_json,
    typed_text,
)
from archive.errors import UsageError

if TYPE_CHECKING:
    from crawler.alerts.deliver_alerts import Delivery


@cli.group("notify")
def notify_group() -> None:
    """Send news of stories, searches and changes elsewhere."""


@notify_group.command("add")
@click.argument("subject", metavar="SUBJECT")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET…")
@click.option("--outlet", metavar="HOST", help="Limit to what this outlet published.")
@click.option("--language", metavar="CODE", help="Limit to articles in this language, such as en.")
@click.option("--story", metavar="NAME", help="Limit to articles of this story.")
@click.option(
    "--digest", type=click.Choice(["daily"]), help="Send one message a day, not one a crawl."
)
@click.option("--at", metavar="TIME", help="With --digest, send it at this time.  [default: 08:00]")
@click.option("--quiet", metavar="TIME-TIME", help="Send nothing in these hours: 22:00-07:00.")
@click.option(
    "--timezone",
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="Take these times in this zone, such as Europe/Berlin.",
)
@archive_option
def notify_add_command(
    subject: str, targets: tuple[str, ...], folder: Path, **options: Any
) -> None:
    """Send news to one or more targets.

    SUBJECT is story:NAME or search:WORDS for new articles; changes:all, changes:silent,
    changes:correction, changes:headline or changes:gone for what outlets change after publication;
    or outlets, for those that fall silent. A TARGET is a URL of Apprise: mail, webhook, chat, ntfy
    …; `-` reads targets from standard input, one a line, which keeps passwords out of the list of
    processes. It may also be the name of a target in the configuration ([notify.targets]).

    News is sent after the crawl that found it, each item once. What the archive holds by now is
    not sent. `dateline notify test ID` sends a test message.

    \b
    Examples: dateline notify add story:harbour-strike mailto://ann:secret@desk.example
              dateline notify add "search:ferry strike" ntfys://ntfy.sh/desk --language en
              dateline notify add changes:silent json://desk.example/hook --quiet 22:00-07:00
              dateline notify add outlets - --digest daily --at 07:30 --timezone Europe/Berlin
    """
    from archive.queries.lookup import known_outlet_host
    from crawler.alerts.manage_alerts import add_alert
    from pipelines.alerts.alert_requests import (
        DEFAULT_DIGEST_TIME,
        alert_schedule_text,
        alert_title,
        checked_alert_request,
    )

    if options["at"] and not options["digest"]:
        raise UsageError("--at goes with --digest daily")
    filters = {name: options[name] for name in ("outlet", "language", "story") if options[name]}
    if "outlet" in filters:
        with opened_archive(folder) as connection:
            filters["outlet"] = known_outlet_host(connection, folder, filters["outlet"])
    request = checked_alert_request(
        typed_text(subject),
        filters,
        digest_at=(options["at"] or DEFAULT_DIGEST_TIME) if options["digest"] else None,
        quiet=options["quiet"],
        timezone=options["timezone"],
    )
    added = add_alert(folder, request, _given_targets(targets))
    about, when = alert_title(added.request), alert_schedule_text(added.request)
    click.echo(f"alert {added.id}: {about}, {when}")


def _given_targets(targets: Sequence[str]) -> list[str]:
    """Return the targets, with those of standard input in place of `-`."""
    found: list[str] = []
    for target in targets:
        found += map(str.strip, sys.stdin) if target == "-" else [typed_text(target)]
    found = [target for target in found if target]
    if not found:
        raise UsageError("no target on standard input; give one a line")
    return found


@notify_group.command("list")
@json_option
@archive_option
def notify_list_command(as_json: bool, folder: Path) -> None:
    """List the alerts with their targets and what waits.

    Example: dateline notify list
    """
    from archive.alerts.alert_store import alert_as_record
    from archive.cli.text_tables import text_table
    from crawler.alerts.manage_alerts import listed_alerts
    from pipelines.alerts.alert_requests import alert_schedule_text, alert_title

    alerts, targets = listed_alerts(folder)
    if as_json:
        print_json([alert_as_record(alert, targets) for alert in alerts])
        return
    if not alerts:
        click.echo("No alerts yet; `dateline notify add SUBJECT TARGET` adds one.")
        return
    heads = ("id", "about", "when", "target", "waiting", "last sent", "problem")
    rows = [
        (alert.id, alert_title(alert.request), alert_schedule_text(alert.request), target.label,
         target.waiting, target.sent_at, target.error)
        for alert in alerts
        for target in targets
        if target.alert_id == alert.id
    ]  # fmt: skip
    print_all([text_table(heads, rows, whole=("target", "last sent"), numbers=("waiting",))])


@notify_group.command("remove")
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID…")
@archive_option
def notify_remove_command(ids: tuple[int, ...], folder: Path) -> None:
    """Remove alerts, and what still waits for them.

    Example: dateline notify remove 3
    """
    from archive.text.formatting import many
    from crawler.alerts.manage_alerts import remove_alerts

    dropped = remove_alerts(folder, ids)
    removed = f"{many(len(ids), 'alert')} removed"
    click.echo(f"{removed}, with {many(dropped, 'unsent item')}" if dropped else removed)


@notify_group.command("test")
@click.argument("id", type=int, metavar="ID")
@archive_option
def notify_test_command(id: int, folder: Path) -> None:
    """Send a test message to the targets of an alert.

    Ends with exit code 1 if a target does not take it.

    Example: dateline notify test 3
    """
    from crawler.alerts.manage_alerts import try_alert

    _print_deliveries(try_alert(folder, id))


@notify_group.command("send")
@click.option("--due", is_flag=True, help="Send only what is due, as a crawl does at its end.")
@archive_option
def notify_send_command(due: bool, folder: Path) -> None:
    """Send what waits, now.

    Neither the time of a digest nor quiet hours nor the pause after a failure is waited for, unless
    with --due. Ends with exit code 1 if a target does not take its message.

    \b
    Examples: dateline notify send
              dateline notify send --due
    """
    from crawler.alerts.deliver_alerts import deliver_alerts

    deliveries = deliver_alerts(folder, everything=not due)
    if not deliveries:
        click.echo("Nothing to send.")
    _print_deliveries(deliveries)


def _print_deliveries(deliveries: Sequence[Delivery]) -> None:
    """Print a line for each target; exit with 1 if one failed."""
    for delivery in deliveries:
        click.echo(delivery.outcome_line(), err=delivery.error is not None)
    if any(delivery.error for delivery in deliveries):
        raise SystemExit(1)
