"""Charsets that nobody declared, declarations that are wrong, and bytes that do not belong."""

from __future__ import annotations

import pytest

from crawler.text.charsets import decode_page

ENGLISH = "<p>“Nobody told the pilots,” said the harbour master of Fennmouth, who hasn’t slept since Monday."
FRENCH = "<p>Le conseil a décidé mardi d'élargir la jetée; l'été prochain, les navires pourront s'y amarrer."
GERMAN = "<p>Der Rat beschloss, die Mole für die größeren Fähren auszubauen, und gewährte zwölf Jahre Zeit."
RUSSIAN = "<p>Совет порта решил во вторник перенести маяк на северный мыс, где туман бывает реже. "
POLISH = "<p>Rada portu zdecydowała, że latarnię przeniesie się na północny przylądek; źródła środków są znane."
GREEK = "<p>Το λιμενικό συμβούλιο αποφάσισε την Τρίτη να μεταφέρει τον φάρο. Άλλη λύση δεν υπάρχει."
JAPANESE = "<p>港の理事会は火曜日、灯台を北の岬へ移すことを決めた。工事は来年の春に始まり、冬までに終わる。"
CHINESE = "<p>港务局周二决定把灯塔迁到北面的海角，那里的雾比较少。工程将于明年春天开始。"
KOREAN = "<p>항만 이사회는 화요일 등대를 북쪽 곶으로 옮기기로 했다. 공사는 내년 봄에 시작된다."
UTF8_HEADER = "text/html; charset=utf-8"
META = '<meta charset="utf-8">'

STRAY = {
    "a copyright sign in a footer": (ENGLISH, b"<footer>\xa9 2031 Fennmouth Log</footer>"),
    "no-break spaces, more than there are letters": (
        ENGLISH,
        b"<p>a\xa0b c\xa0d e\xa0f g\xa0h i\xa0j k\xa0l m\xa0n",
    ),
    "a word in a script": (
        ENGLISH,
        b"<script>var place = 'caf\xe9 d\xe9j\xe0 vu na\xefve'</script>",
    ),
    "words in a comment": (
        FRENCH,
        "<!-- à été créé par l'éditeur hérité, modifié -->".encode("latin-1"),
    ),
    "words of another charset in the text": (
        FRENCH,
        "<p>Publicité: l'été à la plage</p>".encode("latin-1"),
    ),
    "quotation marks of Windows": (ENGLISH, b"<p>\x93Never,\x94 he said.</p>"),
    "a letter that was cut": (ENGLISH, "<p>…</p>".encode()[:5]),
    "letters cut in every teaser": (
        JAPANESE,
        b"<li>" + "灯台".encode()[:-1] + b"...<li>" + "工事".encode()[:-2] + b"...",
    ),
    "a word of Russian in Windows-1251": (RUSSIAN * 3, "<p>Реклама</p>".encode("cp1251")),
}


@pytest.mark.parametrize("declared", [META, ""], ids=["declared", "undeclared"])
@pytest.mark.parametrize(("said", "stray"), STRAY.values(), ids=STRAY)
def test_bytes_that_do_not_belong_change_none_of_a_page_in_utf8(
    said: str, stray: bytes, declared: str
):
    assert decode_page((declared + said).encode() + stray).startswith(declared + said)


@pytest.mark.parametrize("header", [UTF8_HEADER, None])
def test_one_letter_in_utf8_is_enough_where_utf8_is_declared(header: str | None):
    said = META + "<p>The pilots’ boat came home."
    assert decode_page(said.encode() + b"<p>\xa9 Log, caf\xe9", header).startswith(said)


WRONG = {
    "German in Latin-1": (GERMAN, "latin-1"),
    "French in Windows-1252": (FRENCH + "’", "cp1252"),
    "Russian in Windows-1251": (RUSSIAN, "cp1251"),
    "Russian in KOI8": ('<html lang="ru">' + RUSSIAN, "koi8-r"),
    "Polish in ISO 8859-2": ('<html lang="pl">' + POLISH, "iso8859-2"),
    "Japanese in EUC": ('<html lang="ja">' + JAPANESE * 3, "euc_jp"),
    "Japanese in Shift JIS": ('<html lang="ja">' + JAPANESE, "cp932"),
    "Chinese in GBK": ('<html lang="zh">' + CHINESE, "gbk"),
    "Korean in EUC": ('<html lang="ko">' + KOREAN, "cp949"),
}


@pytest.mark.parametrize(("said", "charset"), WRONG.values(), ids=WRONG)
def test_a_page_that_is_not_in_utf8_at_all_is_read_whatever_it_declares(said: str, charset: str):
    assert decode_page((META + said).encode(charset), UTF8_HEADER) == META + said


@pytest.mark.parametrize("language", ['<html lang="ru">', "<html>"])
@pytest.mark.parametrize("charset", ["cp1251", "koi8-r", "iso8859-5", "cp866"])
def test_russian_is_read_from_any_of_its_charsets_where_none_is_declared(
    charset: str, language: str
):
    assert decode_page((language + RUSSIAN).encode(charset)) == language + RUSSIAN


@pytest.mark.parametrize(
    ("language", "said", "charsets"),
    [
        ("pl", POLISH, ("cp1250", "iso8859-2")),
        (
            "cs",
            "<p>Přístav rozhodl, že maják přesune na severní mys, kde bývá méně mlh.",
            ("cp1250", "iso8859-2"),
        ),
        ("el", GREEK, ("cp1253", "iso8859-7")),
        (
            "uk",
            "<p>Рада порту вирішила перенести маяк на північний мис, де їй видніше.",
            ("cp1251", "koi8-u"),
        ),
        (
            "tr",
            "<p>Liman kurulu, deniz fenerinin kuzey burnuna taşınmasına karar verdi; çalışma başlıyor.",
            ("cp1254",),
        ),
    ],
)
def test_a_page_that_only_tells_its_language_is_read_in_the_charset_that_gives_its_letters(
    language: str, said: str, charsets: tuple[str, ...]
):
    page = f'<html lang="{language}">{said}'
    assert [decode_page(page.encode(charset)) for charset in charsets] == [page for _ in charsets]


@pytest.mark.parametrize(
    ("head", "header"),
    [
        ("", "text/html; charset=ISO-2022-JP"),
        ("<meta charset=iso-2022-jp>", None),
        ("", None),
        (META, UTF8_HEADER),
    ],
)
def test_japanese_in_seven_bits_is_read_declared_or_not(head: str, header: str | None):
    assert decode_page((head + JAPANESE).encode("iso2022_jp"), header) == head + JAPANESE


def test_a_declared_charset_of_seven_bits_is_used_though_the_page_is_cut():
    page = (META.replace("utf-8", "iso-2022-jp") + JAPANESE).encode("iso2022_jp")[:-4]
    assert "灯台を北の岬" in decode_page(page)


def test_a_page_of_ascii_is_no_other_charset_for_a_tilde():
    assert decode_page(b"<p>~{old}~ mail") == "<p>~{old}~ mail"
