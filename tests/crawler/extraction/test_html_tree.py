"""Charsets, declared or not."""

from __future__ import annotations

import pytest

from crawler.extraction.html_tree import decode_page

KOREAN = "<p>시의회가 화요일 동쪽 부두를 다시 짓기로 의결했다고 시가 밝혔다. 공사는 내년 삼월에 시작된다."
RUSSIAN = (
    "<p>Городской совет решил во вторник восстановить восточный причал, который разрушил шторм. "
    * 3
)
GERMAN = "<p>Der Rat beschloss, die Mole für die größeren Fähren auszubauen."


@pytest.mark.parametrize(
    ("text", "encoding", "header"),
    [
        (KOREAN, "utf-8", "text/html; charset=euc-kr"),
        ("<html lang=ko><meta charset=utf-8>" + KOREAN, "cp949", None),
        (KOREAN, "cp949", "text/html; charset=euc-kr"),
        (RUSSIAN, "cp1251", "text/html; charset=windows-1251"),
        ('<html lang="ru">' + RUSSIAN, "cp1251", "text/html; charset=utf-8"),
        ("<meta charset=iso-8859-1>" + GERMAN, "latin-1", None),
        (GERMAN, "utf-16", None),
        ("<html><body>" + GERMAN, "utf-16-le", None),
        (GERMAN, "utf-8-sig", "text/html; charset=latin-1"),
    ],
)
def test_bytes_are_read_as_what_they_are(text: str, encoding: str, header: str | None) -> None:
    assert decode_page(text.encode(encoding), header) == text


def test_a_page_that_was_taken_for_latin1_and_saved_as_utf8_is_read_as_it_was() -> None:
    said = GERMAN + "<p>“That’s what the harbour needs”, said Ines Calder…"
    for encoding in ("utf-8", "cp1252"):
        assert decode_page(said.encode(encoding).decode("latin-1").encode()) == said


def test_a_page_of_capitals_with_accents_was_not_encoded_twice() -> None:
    said = "<p>«CAFÉ», LA PALABRA DEL AÑO: Â\u00a0Ã© " + GERMAN
    assert decode_page(said.encode()) == said


def test_a_text_that_was_cut_amid_a_letter_stays_utf8() -> None:
    assert decode_page((GERMAN * 5).encode()[:-1] + "ö".encode()[:1]).startswith(GERMAN)
