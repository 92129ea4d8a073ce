"""Learnt weights as they are kept: a table of signs in a TOML file beside the module that weighs them."""

from __future__ import annotations

from collections.abc import Iterable

LEAST = 0.01
"""Weights that are nearer to 0 are left out."""


def rounded(names: Iterable[str], weights: Iterable[float]) -> dict[str, float]:
    """By sign, its weight."""
    told = zip(names, map(float, weights), strict=True)
    return {sign: round(weight, 3) for sign, weight in told if abs(weight) >= LEAST}


def as_toml(table: dict[str, float], about: str) -> str:
    """The file; `about` are comment lines that say what the weights are and where they come from."""
    return about + "\n[weights]\n" + "".join(f'"{sign}" = {weight}\n' for sign, weight in sorted(table.items()))
