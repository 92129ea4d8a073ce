"""Measured figures, and the table that prints them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Column, Table

SHARED = Path(__file__).parent.parent.parent / "shared"


class Figure(NamedTuple):
    """One line of the table: our figure, a figure to compare with, and the target."""

    what: str
    ours: float
    unit: str = ""
    other: float | None = None
    """A peer's figure from the same run, or a bound."""
    beside: str = ""
    """The source of `other`."""
    wanted: str = ""
    """The target, as text."""

    @property
    def ratio(self) -> float | None:
        """Our figure divided by the other."""
        return self.ours / self.other if self.other else None


def show(figures: Iterable[tuple[str, Figure]]) -> None:
    """Print all figures in one table, grouped by benchmark."""
    table = Table(
        "",
        "figure",
        Column("ours", justify="right", no_wrap=True),
        Column("beside", justify="right", no_wrap=True),
        Column("ratio", justify="right", no_wrap=True),
        "",
        "wanted",
    )
    last = ""
    for bench, figure in figures:
        if bench != last:
            table.add_section()
        other = "" if figure.other is None else number(figure.other)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        name = bench if bench != last else ""
        table.add_row(
            name,
            figure.what,
            f"{number(figure.ours)} {figure.unit}".strip(),
            other,
            ratio,
            figure.beside,
            figure.wanted,
        )
        last = bench
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table)
    console.print(
        f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


def number(value: float) -> str:
    """Return the number with three or four significant digits: `1,099`, `98.3`, `.9363`."""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
