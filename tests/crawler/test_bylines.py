"""Bylines as printed, and the people in them."""

from __future__ import annotations

import pytest

from crawler.bylines import opens_like_byline, people


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
        ("Haben Sie einen Fehler gefunden?", ()),
        ("", ()),
    ],
)
def test_people_are_told_from_agencies_desks_and_roles(byline: str, names: tuple[str, ...]) -> None:
    assert people(byline) == names


@pytest.mark.parametrize("line", ["By Ines Calder", "Von Jörn Petersen", "Автор: Анна Белова", "记者：李明"])
def test_a_byline_is_known_by_its_opening(line: str) -> None:
    assert opens_like_byline(line)
