"""The marks around search terms in a passage."""

from __future__ import annotations

MARK_OPEN, MARK_CLOSE = "⟦", "⟧"
"""Around the words found in a passage."""
