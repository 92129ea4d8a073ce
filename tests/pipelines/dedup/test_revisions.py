"""Which change of a known article is a revision, of what kind, and what is only a page that was not
read well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archive.articles.revisions import (
    ArticleHistory,
    ArticleVersion,
    EarlierRevision,
    RevisionVerdict,
)
from pipelines.dedup.revisions import (
    classify_version,
    normalized_spelling,
    text_loss,
    text_size_words,
    visible_text,
)
from pipelines.text.fingerprint import text_fingerprint
from tests.stories import story

LONG = "\n".join(story(number) for number in range(1, 6))
NOON = "2026-03-10T12:00:00Z"


def version(text: str = LONG, **more: Any) -> ArticleVersion:
    """A reading of one page; its capture is another each time unless `digest` says so."""
    usual: dict[str, Any] = {
        "headline": "Ferry landing moves",
        "standfirst": "Residents had asked for it.",
        "byline": "By Ida Berg",
        "published_at": NOON,
        "modified_at": NOON,
        "fetched_at": "2026-03-10T12:10:00Z",
        "extractor": "reader 1",
        "digest": f"{text}{sorted(more.items())}",
        "fingerprint": text_fingerprint(text),
    }
    return ArticleVersion(text, **(usual | more))


OLD = version()
SENTENCE = "The board voted 4 to 3."


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({"headline": "Ferry landing stays"}, ("headline",)),
        ({"standfirst": "Residents had asked for another."}, ("standfirst",)),
        ({"standfirst": None}, ("standfirst",)),
        ({"standfirst": "Nobody asked.", "text": f"Nobody asked.\n{LONG}"}, ("standfirst",)),
        ({"byline": "By Ida Berg and Jo Reed"}, ("byline",)),
        ({"text": f"{LONG}\n{SENTENCE}"}, ("body",)),
        ({"text": f"{LONG}\n{SENTENCE}", "headline": "Ferry landing stays"}, ("headline", "body")),
        ({"text": LONG.replace("Tuesday", "Wednesday")}, ("body",)),
        ({"headline": "Ferry landing moves?"}, ("headline",)),
        ({"headline": "“Ferry” landing moves"}, ("headline",)),
        ({"text": f"{LONG}\nCorrection: the vote was 5 to 4."}, ("body", "correction")),
        ({"text": LONG.replace("“We", '"We').replace("”", '"')}, ("typographic",)),
        ({"headline": "Ferry Landing Moves"}, ("typographic",)),
        ({"text": LONG.replace(", ", " – ")}, ("body",)),
    ],
)
def test_what_a_reader_sees_changed_is_a_revision_of_that_kind(
    changed: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    verdict = classify_version(OLD, version(**changed))
    assert (verdict.decision, verdict.kinds) == ("revision", kinds)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"text": LONG.replace("\n", "\n\n")},
        {"text": LONG.replace(". ", ".\n")},
        {"text": LONG.replace("harbour", "har\u00adbour").replace("ferry", "\u2060ferry")},
        {"text": LONG.replace(" the ", "\u00a0the  ")},
        {"headline": "Ferry\u2009landing\u2002moves "},
        {"headline": None},
        {"published_at": None},
        {"modified_at": None},
    ],
)
def test_what_no_reader_sees_is_no_revision(changed: dict[str, Any]) -> None:
    assert classify_version(OLD, version(**changed)) == RevisionVerdict("unchanged")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"modified_at": "2026-03-10T15:00:00Z"}, "date-only"),
        (
            {"published_at": "2026-03-11T08:00:00Z"},
            f"date-only: published {NOON} → 2026-03-11T08:00:00Z",
        ),
    ],
)
def test_the_pages_own_dates_alone_make_no_revision_but_are_told(
    changed: dict[str, Any], reason: str
) -> None:
    assert classify_version(OLD, version(**changed)) == RevisionVerdict("date-only", reason=reason)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Never,” he said", '"Never," he said'),
        ("„Nie“, sagt er", "»Nie«, sagt er"),
        ("« Jamais », dit-il !", '"Jamais", dit-il!'),
        ("1914–1918 — a war", "1914-1918 - a war"),
        ("isn’t it…", "isn't it..."),
        ("「いいえ」と言った", "『いいえ』と言った"),
    ],
)
def test_quotes_dashes_and_the_spaces_at_them_are_typography(one: str, other: str) -> None:
    assert visible_text(one) != visible_text(other)
    assert normalized_spelling(one) == normalized_spelling(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5 million", "15 million"),
        ("lied?", "lied"),
        ("“lied”", "lied"),
        ("$5", "€5"),
        ("resume", "résumé"),
    ],
)
def test_what_can_turn_the_sense_is_no_typography(one: str, other: str) -> None:
    assert normalized_spelling(one) != normalized_spelling(other)


def test_blanks_between_chinese_or_japanese_characters_are_nothing() -> None:
    assert visible_text("東京都 知事が\n退任 へ") == "東京都知事が退任へ"


@pytest.mark.parametrize(
    "note",
    [
        "Correction (March 10): the vote was 5 to 4.",
        "CORRECTED — the vote was 5 to 4.",
        "Editor’s note: This piece has new figures.",
        "An earlier version of this article gave another figure.",
        "This story has been updated with the mayor's answer.",
        "Update 15:30: the mayor answers.",
        "Korrektur: Die Abstimmung endete 5 zu 4.",
        "In einer früheren Version stand eine andere Zahl.",
        "Rectificatif : le vote était de 5 contre 4.",
        "Fe de errores: la votación fue de 5 a 4.",
        "Rettifica: il voto era 5 a 4.",
        "Erramos: a votação foi de 5 a 4.",
        "Rättelse: Rösterna var 5 mot 4.",
        "Sprostowanie: głosów było 5.",
        "Исправление: голосов было 5.",
        "【訂正】投票は５対４でした。",
        "更正：投票结果为五比四。",
        "정정: 투표는 5대 4였다.",
        "تصحيح: كان التصويت 5 مقابل 4.",
    ],
)
def test_a_note_of_correction_or_update_is_seen_in_many_languages(note: str) -> None:
    verdict = classify_version(OLD, version(f"{LONG}\n{note}"))
    assert verdict.kinds == ("body", "correction")
    assert not verdict.stealth  # the page says it


@pytest.mark.parametrize(
    "sentence",
    [
        "Corrections officers at the prison went on strike.",
        "Updates are given by the harbour office.",
        "Die Korrektur der Zahlen ließ auf sich warten.",
        "The board corrected its minutes.",
    ],
)
def test_a_sentence_about_corrections_is_no_note(sentence: str) -> None:
    assert classify_version(OLD, version(f"{LONG}\n{sentence}")).kinds == ("body",)


def test_a_note_that_stood_there_before_is_no_new_one() -> None:
    noted = version(f"{LONG}\nCorrection: the vote was 5 to 4.")
    again = version(f"{LONG} {SENTENCE}\nCorrection: the vote was 5 to 4.")
    assert classify_version(noted, again).kinds == ("body",)


@pytest.mark.parametrize(
    ("before", "now", "stealth"),
    [
        ({}, {}, True),
        ({}, {"modified_at": "2026-03-10T15:00:00Z"}, False),
        # then the day of publication is what it says
        ({"modified_at": None}, {"modified_at": None}, True),
        ({"modified_at": None}, {}, True),
        (
            {"modified_at": None, "published_at": None},
            {"modified_at": None, "published_at": None},
            False,
        ),
        ({"modified_at": "2026-03-10"}, {"modified_at": "2026-03-10"}, False),
        ({"modified_at": "2026-03-07"}, {"modified_at": "2026-03-07"}, True),
    ],
)
def test_a_change_is_stealth_if_the_pages_date_stays(
    before: dict[str, Any], now: dict[str, Any], stealth: bool
) -> None:
    changed = version(f"{LONG} {SENTENCE}", **now)
    assert classify_version(version(**before), changed).stealth is stealth


def test_typography_is_no_secret() -> None:
    assert not classify_version(OLD, version(headline="FERRY LANDING MOVES")).stealth


# -- not read well ---------------------------------------------------------------------------------

THIRD = f"{story(1)}\n{story(2)[:200]}"
"""Less than four tenths of LONG, and more than eighty words."""


def test_a_great_loss_is_held_until_a_second_look_brings_the_same() -> None:
    assert text_size_words(THIRD) >= 80
    short = version(THIRD)
    first = classify_version(OLD, short)
    assert (first.decision, first.kinds) == ("held", ())
    second = classify_version(OLD, short, ArticleHistory(held=THIRD))
    assert (second.decision, second.kinds) == ("revision", ("cut",))
    other = classify_version(
        OLD, version(THIRD.upper().replace("E", "ee")), ArticleHistory(held=THIRD)
    )
    assert other.decision == "held"


def test_a_text_of_which_nothing_stayed_is_held_too_however_long() -> None:
    other = "\n".join(
        f"Wholly different words number {n} fill this paragraph up to its end" for n in range(60)
    )
    assert classify_version(OLD, version(other)).decision == "held"
    assert classify_version(OLD, version(other), ArticleHistory(held=other)).kinds == ("body",)


def test_a_loss_of_a_third_is_a_change_as_any() -> None:
    verdict = classify_version(
        OLD, version("\n".join(LONG.split("\n")[: len(LONG.split("\n")) * 2 // 3]))
    )
    assert (verdict.decision, verdict.kinds) == ("revision", ("body",))


@pytest.mark.parametrize("held", [None, "Please reload this page."])
def test_a_few_words_that_are_left_of_hundreds_are_a_failed_extraction_each_time(
    held: str | None,
) -> None:
    verdict = classify_version(OLD, version("Please reload this page."), ArticleHistory(held=held))
    assert (verdict.decision, verdict.reason) == ("unreadable", "empty: little of the text is left")


@pytest.mark.parametrize(
    "wall",
    [
        "Please enable JavaScript and cookies to continue. " * 12,
        "We and our 812 partners store cookies on your device. " * 12,
        "Bitte alle Cookies akzeptieren, um weiterzulesen. " * 12,
    ],
)
def test_a_wall_of_consent_or_against_robots_is_never_a_revision(wall: str) -> None:
    for past in (ArticleHistory(), ArticleHistory(held=wall)):
        verdict = classify_version(OLD, version(wall), past)
        assert (verdict.decision, verdict.reason) == (
            "unreadable",
            "error: a consent or anti-robot wall",
        )


def test_an_article_about_cookies_is_read_as_any() -> None:
    assert classify_version(
        OLD, version(f"{LONG}\nMany sites ask readers to accept all cookies.")
    ).kinds == ("body",)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "Editor's note: this article was withdrawn because it named the wrong man."},
        {"text": "The harbour board voted 4 to 3 on Tuesday.", "free": False},
    ],
)
def test_a_withdrawal_or_a_paywall_may_leave_a_few_words_but_is_held_first(
    changed: dict[str, Any],
) -> None:
    assert classify_version(OLD, version(**changed)).decision == "held"
    verdict = classify_version(OLD, version(**changed), ArticleHistory(held=changed["text"]))
    assert verdict.decision == "revision"
    assert "cut" in verdict.kinds


# -- the same page, another reader -----------------------------------------------------------------


@pytest.mark.parametrize("text", [LONG, f"{LONG} {SENTENCE}", THIRD])
def test_the_same_capture_read_anew_is_never_a_revision(text: str) -> None:
    again = version(text, digest=OLD.digest, extractor="reader 2")
    assert classify_version(OLD, again).decision == "reread"


def test_the_same_capture_read_the_same_is_unchanged() -> None:
    assert (
        classify_version(OLD, replace(OLD, fetched_at="2026-03-10T13:00:00Z")).decision
        == "unchanged"
    )


def test_another_page_read_by_another_extractor_is_never_a_revision() -> None:
    assert (
        classify_version(OLD, version(f"{LONG} {SENTENCE}", extractor="reader 2")).decision
        == "reread"
    )


@pytest.mark.parametrize(
    ("before", "after", "decision"),
    [
        ("", ", rules 81665a2d", "reread"),
        (", rules 81665a2d", ", rules 81665a2e", "reread"),
        (", rules 81665a2d", ", rules 81665a2d; no match: text, byline", "reread"),
        (", rules 81665a2d", ", rules 81665a2d; no match: byline", "revision"),
        (", rules 81665a2d; no match: date", ", rules 81665a2d; no match: byline", "revision"),
    ],
)
def test_other_rules_are_another_reader_and_so_is_a_rule_that_lost_the_text(
    before: str, after: str, decision: str
) -> None:
    """That a page lost its byline, for example, is a change of the page."""
    old = version(extractor=f"reader 1{before}")
    new = version(f"{LONG} {SENTENCE}", extractor=f"reader 1{after}")
    assert classify_version(old, new).decision == decision


def test_a_great_loss_is_held_also_when_another_extractor_reads() -> None:
    assert classify_version(OLD, version(THIRD, extractor="reader 2")).decision == "held"


def test_a_reading_of_unknown_origin_is_compared_as_any() -> None:
    assert (
        classify_version(version(extractor=None), version(f"{LONG} {SENTENCE}")).decision
        == "revision"
    )


# -- seen before -----------------------------------------------------------------------------------


def earlier(number: int, of: ArticleVersion) -> EarlierRevision:
    return EarlierRevision(number, of.headline, of.standfirst, of.byline, of.fingerprint)


def test_a_text_seen_before_is_restored_and_says_from_when() -> None:
    second = version(f"{LONG} {SENTENCE}")
    past = ArticleHistory((earlier(1, OLD), earlier(2, second)))
    verdict = classify_version(second, OLD, past)
    assert (verdict.kinds, verdict.restores) == (("body", "restored"), 1)
    assert classify_version(second, version(f"{LONG} And more."), past).restores is None


def test_a_headline_that_comes_back_is_restored() -> None:
    second = version(headline="Ferry landing stays")
    verdict = classify_version(
        second, version(digest="a third"), ArticleHistory((earlier(1, OLD), earlier(2, second)))
    )
    assert (verdict.kinds, verdict.restores) == (("headline", "restored"), 1)


def test_a_comma_alone_restores_nothing() -> None:
    second = version(LONG.replace("rather do it once and", "rather do it once, and"))
    assert second.fingerprint == OLD.fingerprint
    assert classify_version(OLD, second, ArticleHistory((earlier(1, OLD),))).kinds == ("body",)


@pytest.mark.parametrize("now", [OLD, version(), version(extractor="reader 2")])
def test_an_article_that_was_gone_is_restored_even_as_it_was(now: ArticleVersion) -> None:
    verdict = classify_version(OLD, now, ArticleHistory((earlier(1, OLD),), gone=True))
    assert (verdict.decision, verdict.kinds, verdict.restores) == ("revision", ("restored",), 1)


def test_loss_is_the_share_of_the_old_text_that_is_gone() -> None:
    assert text_loss("one two three four five", "one two three four five six") == 0
    assert text_loss("one two three four five", "six") == 1
    assert text_loss("", "one") == 0
    assert text_loss("東京都知事が退任へ", "東京都知事が退任") == pytest.approx(1 / 8)
