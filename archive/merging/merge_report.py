"""The result of a merge: how much was added, and where the two archives contradict each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ConflictKind = Literal["outlet", "url", "story", "verdict", "search", "page", "removal"]
"""The subjects on which two archives contradict each other."""

MAX_LISTED_CONFLICTS = 10_000


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """A contradiction; this archive's side was kept."""

    kind: ConflictKind
    subject: str
    ours: str | None
    theirs: str | None


@dataclass
class MergeReport:
    """The result of merging one archive."""

    other: str
    added: Counter[str] = field(default_factory=Counter)
    """Rows added, by what they are."""
    known: Counter[str] = field(default_factory=Counter)
    """Rows that both archives had."""
    removed: int = 0
    """Articles left out because they were removed, here or in an archive that was merged."""
    conflicts: list[MergeConflict] = field(default_factory=list)

    def note_conflict(
        self, kind: ConflictKind, subject: str, ours: str | None, theirs: str | None
    ) -> None:
        """Add a contradiction to the list."""
        if len(self.conflicts) < MAX_LISTED_CONFLICTS:
            self.conflicts.append(MergeConflict(kind, subject, ours, theirs))

    def as_record(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "other": self.other,
            "added": dict(self.added),
            "known": dict(self.known),
            "removed": self.removed,
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
        }
