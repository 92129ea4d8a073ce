"""What strangers write, for properties that have to hold of all of it."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

FEW = settings(max_examples=max(20, settings.default.max_examples // 5))  # type: ignore[union-attr]
"""For what takes milliseconds; of the examples that `make fuzz` tries, a fifth as well."""

ANY = st.text(st.characters(codec=None), max_size=60)
"""Any text, lone surrogates and NUL too."""
DIGITS = st.integers(0, 10**400).map(str) | st.sampled_from(
    ["0" * 5_000, "9" * 5_000, "-1", "+1", "1e9", "٣", "²"]
)
"""Numbers as headers write them, without end too: Python reads no more than 4,300 digits."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)
"""Any value of JSON, and NaN."""


def of_pieces(pieces: str, most: int = 10, glue: str = " ") -> st.SearchStrategy[str]:
    """Texts put together from some pieces, parted by blanks here, with or without blanks between
    them there."""
    words = st.lists(st.sampled_from(pieces.split()) | st.text(max_size=2), max_size=most)
    return st.builds(lambda joint, parts: joint.join(parts), st.sampled_from(["", glue]), words)
