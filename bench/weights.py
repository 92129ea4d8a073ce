"""Learnt weights: TOML tables of features beside the module that uses them.

The stored weights are learnt from all outlets. Their quality is measured by cross-validation: the
outlets are split in tenths, and each tenth is evaluated with weights learnt from the nine others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

LEAST = 0.01
"""Weights closer to 0 are omitted."""
PARTS = 10
Known = TypeVar("Known")
Learnt = TypeVar("Learnt")
Table = dict[str, float]


def part_of(outlet: str) -> int:
    """Return the tenth of an outlet, a number below `PARTS`."""
    return hashlib.md5(outlet.encode()).digest()[0] % PARTS


def apart(
    known: Sequence[Known], outlet: Callable[[Known], str], learn: Callable[[list[Known]], Learnt]
) -> list[Learnt]:
    """Return for each tenth of the outlets the weights learnt from the nine others."""
    parts = [part_of(outlet(one)) for one in known]
    return [
        learn([one for one, own in zip(known, parts, strict=True) if own != part])
        for part in range(PARTS)
    ]


def rounded(names: Iterable[str], weights: Iterable[float]) -> Table:
    """Return feature → rounded weight, without weights close to 0."""
    told = zip(names, map(float, weights), strict=True)
    return {sign: round(weight, 3) for sign, weight in told if abs(weight) >= LEAST}


def as_toml(table: Table, about: str) -> str:
    """Return the TOML file; `about` holds comment lines on the meaning and origin of the
    weights."""
    return f"{about}\n{toml_table('weights', table)}"


def toml_table(name: str, table: Table) -> str:
    """Return a table of TOML."""
    lines = "".join(f'"{sign}" = {weight}\n' for sign, weight in sorted(table.items()))
    return f"[{name}]\n{lines}"
