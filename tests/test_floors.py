"""Versions with known holes are neither installed nor allowed: the floors of SECURITY.md,
everywhere they matter."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, requires
from importlib.metadata import version as installed

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.paths import ROOT

FLOORS = {"scrapy": "2.17", "twisted": "26.4", "lxml": "6.1.1", "datasette": "0.65.4"}
"""Older ones have holes that are known and closed in these."""
PINNED = ("requirements.txt", "requirements-image.txt", "requirements-dev.txt")


def bounds() -> dict[str, Requirement]:
    """What pyproject.toml asks for, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        canonicalize_name(found.name): found for found in map(Requirement, project["dependencies"])
    }


def pins(name: str) -> dict[str, str]:
    """The versions of a file of pinned requirements, by name."""
    lines = (ROOT / name).read_text(encoding="utf-8")
    return {
        canonicalize_name(found): version
        for found, version in re.findall(r"^([\w.-]+)==([\w.]+)", lines, re.M)
    }


def allows_older(bound: Requirement, floor: str) -> bool:
    """Does a requirement let in a version just below a floor, or any old one?"""
    lowest = [
        Version(each.version)
        for each in bound.specifier
        if each.operator in (">=", "==", "~=", ">")
    ]
    return not lowest or max(lowest) < Version(floor)


@pytest.mark.parametrize("name", FLOORS)
def test_what_is_installed_has_no_known_hole(name: str) -> None:
    assert Version(installed(name)) >= Version(FLOORS[name])


@pytest.mark.parametrize("name", FLOORS)
def test_what_pyproject_lets_in_has_no_known_hole(name: str) -> None:
    assert not allows_older(bounds()[name], FLOORS[name])


@pytest.mark.parametrize("name", FLOORS)
def test_what_an_installed_dateline_asks_for_is_the_same(name: str) -> None:
    asked = {
        canonicalize_name(found.name): found
        for found in map(Requirement, requires("dateline") or [])
    }
    assert distribution("dateline").metadata["Name"] == "dateline"
    assert not allows_older(asked[name], FLOORS[name])


@pytest.mark.parametrize("file", PINNED)
@pytest.mark.parametrize("name", FLOORS)
def test_what_is_pinned_has_no_known_hole_and_is_what_pyproject_asks_for(
    file: str, name: str
) -> None:
    pinned = pins(file)[name]
    assert Version(pinned) >= Version(FLOORS[name])
    assert bounds()[name].specifier.contains(pinned)


@pytest.mark.parametrize(
    ("bound", "older"),
    [
        ("x", True),
        ("x>=2", True),
        ("x>=2.17", False),
        ("x>=2.19,<3", False),
        ("x<3", True),
        ("x==2.16", True),
    ],
)
def test_a_bound_that_lets_in_an_older_one_would_be_found_out(bound: str, older: bool) -> None:
    assert allows_older(Requirement(bound), "2.17") == older


def test_security_md_tells_the_same_floors() -> None:
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for name, floor in FLOORS.items():
        assert re.search(rf"\b{name} ≥ {re.escape(floor)}\b", told, re.IGNORECASE), name
