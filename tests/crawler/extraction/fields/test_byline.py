"""Bylines as printed, and the people in them."""

from __future__ import annotations

import pytest

from crawler.extraction.fields.byline import (
    is_byline,
    opens_like_byline,
    organisation_in_claim,
    people_in_byline,
)


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ines Calder And Tomas Weld, The Associated Press", ("Ines Calder", "Tomas Weld")),
        ("Brookmere Staff", ()),
        ("By Reuters", ()),
        ("Von Jörn Petersen, Redakteur", ("Jörn Petersen",)),
        ("Por María Ortiz y Juan Sanz", ("María Ortiz", "Juan Sanz")),
        ("Elena Berg (obe), Oliver Maas (oma)", ("Elena Berg", "Oliver Maas")),
        ("Michael E Stone", ("Michael E Stone",)),
        ("Vincent van Dam", ("Vincent van Dam",)),
        ("Ada Winthrop, Senior Political Correspondent", ("Ada Winthrop",)),
        ("Daniel Orme desk@tidewater.example", ("Daniel Orme",)),
        ("Ada Winthrop, London", ("Ada Winthrop",)),
        ("Ada Winthrop, CPA, MBA", ("Ada Winthrop",)),
        ("Office of Ports and Ferries", ()),
        ("April Winthrop and Xiao You", ("April Winthrop", "Xiao You")),
        ("Von TIDE-Gastautor Jörn Petersen", ("Jörn Petersen",)),
        ("Staff writer Ada Winthrop", ("Ada Winthrop",)),
        ("Ada Winthrop Senior Politics Editor, The Courier", ("Ada Winthrop",)),
        ("More stories by Ada Winthrop", ("Ada Winthrop",)),
        ("Ellis Winthrop Jr.", ("Ellis Winthrop Jr.",)),
        ("© Ada Winthrop", ("Ada Winthrop",)),
        ("Community Editor", ()),
        ("dpa", ()),
        ("MM-Redaktion", ()),
        ("Haben Sie einen Fehler gefunden?", ()),
        ("", ()),
    ],
)
def test_people_are_told_from_agencies_desks_and_roles(byline: str, names: tuple[str, ...]) -> None:
    assert people_in_byline(byline) == names


@pytest.mark.parametrize(
    "line", ["By Ines Calder", "Von Jörn Petersen", "Автор: Анна Белова", "记者：李明"]
)
def test_a_byline_is_known_by_its_opening(line: str) -> None:
    assert opens_like_byline(line)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("By Ada Winthrop, The Courier", True),
        ("Courier Staff", True),
        ("By noon the ferry had left.", False),
        ("Ada Winthrop", False),
    ],
)
def test_a_line_that_only_says_by_whom_is_a_byline(line: str, is_one: bool) -> None:
    assert is_byline(line) is is_one


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("Par Les Marées", "Les Marées"),
        ("Tide News Desk", "Tide News Desk"),
        ("admin", None),
        ("-", None),
        ("x" * 99, None),
    ],
)
def test_what_a_system_calls_its_user_is_no_body(claim: str, name: str | None) -> None:
    assert organisation_in_claim(claim) == name
