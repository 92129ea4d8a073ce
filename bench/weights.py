"""Learnt weights as they are kept: a table of signs in a TOML file beside the module that weighs
them.

What is kept is learnt from all outlets. What it is worth is measured on outlets it does not know:
they are parted in tenths, and each is read with weights that were learnt from the nine others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

LEAST = 0.01
"""Weights that are nearer to 0 are left out."""
PARTS = 10
Known = TypeVar("Known")
Table = dict[str, float]


def part_of(outlet: str) -> int:
    """Of the outlets' tenths."""
    return hashlib.md5(outlet.encode()).digest()[0] % PARTS


def apart(
    known: Sequence[Known], outlet: Callable[[Known], str], learn: Callable[[list[Known]], Table]
) -> list[Table]:
    """By tenth, the weights learnt without its outlets."""
    parts = [part_of(outlet(one)) for one in known]
    return [
        learn([one for one, own in zip(known, parts, strict=True) if own != part])
        for part in range(PARTS)
    ]


def rounded(names: Iterable[str], weights: Iterable[float]) -> Table:
    """By sign, its weight."""
    told = zip(names, map(float, weights), strict=True)
    return {sign: round(weight, 3) for sign, weight in told if abs(weight) >= LEAST}


def as_toml(table: Table, about: str) -> str:
    """The file; `about` are comment lines that say what the weights are and where they come
    from."""
    return (
        about
        + "\n[weights]\n"
        + "".join(f'"{sign}" = {weight}\n' for sign, weight in sorted(table.items()))
    )
