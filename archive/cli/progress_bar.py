"""A progress bar on standard error for commands that take long, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archive.progress import ProgressReport, ignore_progress


class _Described:
    """A text for rich that is made each time it is drawn."""

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe

    def __rich__(self) -> str:
        return self._describe()


@contextmanager
def progress_bar(
    label: str, unit: str = "", describe: Callable[[], str] = str
) -> Iterator[ProgressReport]:
    """Show the share done, the items, their speed and the time left; yield the function to report.

    `label` says what is done, such as `reading`, and `unit` names the items in the plural; `bytes`
    are shown in units that fit their number. With an unknown total the bar only moves. What
    `describe` returns stands at its end. It disappears at the end.
    """
    if not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        RenderableColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn() if unit == "bytes" else MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        RenderableColumn(_Described(describe)),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(label, total=None, speed="")

        def report(done: int, total: int | None) -> None:
            speed = bar.tasks[0].speed
            shown = f"{speed:.0f} {unit}/s" if speed and unit else ""
            if speed and unit == "bytes":
                shown = f"{decimal(int(speed))}/s"
            bar.update(task, completed=done, total=total, speed=shown)

        yield report
