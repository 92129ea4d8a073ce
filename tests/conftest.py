"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of measured material beside the checkout; a test that asks for it is skipped where it is missing."""
    if not (SHARED / "corpus").is_dir():
        pytest.skip("the material beside the checkout (../shared) is not here")
    return SHARED
