"""Where the checkout's files lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "tests" / "pages"
"""Saved pages, each beside the article that is expected of it."""
WORLD = ROOT / "demo" / "world"
SHARED = ROOT.parent / "shared"
"""Measured material beside the checkout; tests on it are skipped where it is missing."""
