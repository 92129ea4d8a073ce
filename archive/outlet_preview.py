"""The lookup of outlets in a server process, before they are added.

It uses the network, which this room does not: `dateline serve` hands it in. A plain `datasette` has
none, and its pages then say how to add an outlet by command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archive.records import Outlet, Source


@dataclass(frozen=True, slots=True)
class PreviewedSource:
    """A feed or sitemap that works, with its newest headlines."""

    source: Source
    headlines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutletPreview:
    """The findings at the host of an outlet; nothing of it is stored."""

    outlet: Outlet
    sources: tuple[PreviewedSource, ...] = ()
    problem: str | None = None
    """Why the outlet cannot be added; None if it can."""


OutletPreviewer = Callable[[str], OutletPreview]
"""Looks up a host, blocking for up to a minute; raises DatelineError if that fails."""

_previewers: list[OutletPreviewer] = []


def set_outlet_previewer(previewer: OutletPreviewer | None) -> None:
    """Set how this process looks up outlets; None for no lookups."""
    _previewers[:] = [previewer] if previewer else []


def outlet_previewer() -> OutletPreviewer | None:
    """Return how this process looks up outlets, or None."""
    return _previewers[0] if _previewers else None
