"""Articles arrive, and each goes to the event that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.articles.events import (
    MAX_TIDIED_EVENTS,
    are_events_current,
    article_vector,
    articles_with_terms,
    days_since_epoch,
    is_tidy_due,
    join_event,
    rebuild_all_events,
    tidy_events,
    update_article_words,
)
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from pipelines.topics.events import EVENT_POLICY
from tests.archive.conftest import add_report

MOMENT = "2024-03-20T06:00:00Z"

FERRY = (
    "Ferry crews strike over night shifts",
    "The crews of the island ferry went on strike on Tuesday. The union asks for shorter night shifts, and the harbour "
    "board of Eastmere says that it cannot pay for more crews before summer.",
)
FERRY_TOO = (
    "Islanders stranded as ferry strike begins",
    "Hundreds of islanders waited in Eastmere on Tuesday as the strike of the ferry crews began. The harbour board "
    "offered talks about the night shifts; the union said that crews would stay ashore.",
)
FERRY_LATER = (
    "Union and harbour board meet over ferry strike",
    "The union of the ferry crews met the harbour board of Eastmere for the first time since the strike began, and "
    "both spoke of progress on night shifts.",
)
BREAD = (
    "Bakers raise the price of bread",
    "A loaf costs a tenth more from Monday, the guild of bakers in Norvik announced. Flour has grown dear since the "
    "wet harvest, and so has the wood for the ovens.",
)
BRIDGE = (
    "Old bridge of Tolland closed to lorries",
    "Engineers found cracks in the arches of the old bridge in Tolland. Lorries must take the road through the valley "
    "until the stones are replaced.",
)


class Desk:
    """An archive to which articles come."""

    def __init__(self, folder: Path) -> None:
        self.db = open_database(folder / "archive.db", ARCHIVE_SCHEMA)

    def keep(
        self, article: tuple[str, str], day: str | None = "2024-03-12", language: str | None = "en"
    ) -> int:
        """An article of an outlet of its own, related to the others and not yet in an event."""
        return add_report(self.db, *article, language, day, MOMENT)

    def add(
        self, article: tuple[str, str], day: str | None = "2024-03-12", language: str | None = "en"
    ) -> int:
        """The event of an article that arrives."""
        return join_event(self.db, self.keep(article, day, language), EVENT_POLICY)

    def events(self) -> dict[int, set[int]]:
        """The articles of each event."""
        found: dict[int, set[int]] = {}
        for row in self.db.execute("SELECT article_id, event_id FROM event_articles"):
            found.setdefault(row["event_id"], set()).add(row["article_id"])
        return found

    def event(self, event_id: int) -> dict[str, Any]:
        return dict(self.db.execute("SELECT * FROM events WHERE id = ?", (event_id,)).fetchone())

    def why(self, article_id: int) -> tuple[str, float | None, list[str]]:
        row = self.db.execute(
            "SELECT * FROM event_articles WHERE article_id = ?", (article_id,)
        ).fetchone()
        return row["joined"], row["score"], json.loads(row["terms"])

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """All rows that events are made of."""
        tables = (
            "events",
            "event_articles",
            "article_terms",
            "strong_terms",
            "term_counts",
            "language_counts",
        )
        return [sorted(map(tuple, self.db.execute(f"SELECT * FROM {table}"))) for table in tables]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.db.close()


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """With a few articles about other things, so that it knows common words from rare ones."""
    desk.add(BREAD)
    desk.add(BRIDGE)
    return desk


# -- joining ---------------------------------------------------------------------------------------


def test_the_first_article_starts_an_event_of_its_own_number(desk: Desk) -> None:
    assert desk.add(FERRY) == 1
    assert desk.why(1) == ("first", None, [])


def test_two_reports_of_one_strike_are_one_event_and_one_sees_why(busy: Desk) -> None:
    first = busy.add(FERRY)
    assert busy.add(FERRY_TOO) == first
    joined, score, terms = busy.why(4)
    assert joined == "words"
    assert score is not None
    assert EVENT_POLICY.joins <= score <= 1
    assert {"strike", "ferri"} <= set(terms)


def test_reports_of_other_things_are_events_of_their_own(busy: Desk) -> None:
    busy.add(FERRY)
    assert busy.events() == {1: {1}, 2: {2}, 3: {3}}


def test_the_same_place_and_people_a_month_later_are_another_event(busy: Desk) -> None:
    first = busy.add(FERRY)
    assert busy.add(FERRY_LATER, "2024-04-12") != first


def test_an_event_knows_its_days_and_how_many_reported(busy: Desk) -> None:
    event_id = busy.add(FERRY, "2024-03-12")
    busy.add(FERRY_TOO, "2024-03-13T09:00:00Z")
    event = busy.event(event_id)
    assert (event["articles"], event["texts"], event["dated"]) == (2, 2, 2)
    assert (event["first_at"], event["last_at"]) == ("2024-03-12", "2024-03-13T09:00:00Z")
    assert days_since_epoch("2024-03-12") < event["day"] < days_since_epoch("2024-03-13T09:00:00Z")  # type: ignore[operator]


def test_an_article_without_a_date_joins_by_words_alone(busy: Desk) -> None:
    """When it was fetched says nothing: the page may be years old."""
    first = busy.add(FERRY)
    assert busy.add(FERRY_TOO, None) == first
    assert busy.event(first)["dated"] == 1
    assert busy.event(first)["day"] == days_since_epoch("2024-03-12")


def test_a_dated_article_finds_an_event_without_a_date(busy: Desk) -> None:
    first = busy.add(FERRY, None)
    assert busy.event(first)["day"] is None
    assert busy.add(FERRY_TOO) == first
    assert busy.event(first)["day"] == days_since_epoch("2024-03-12")


def test_articles_without_words_share_no_event(desk: Desk) -> None:
    assert desk.add(("", "")) == 1
    assert desk.add(("…", "—")) == 2


def test_an_article_stays_where_it_is(busy: Desk) -> None:
    event_id = busy.add(FERRY)
    before = busy.everything()
    assert join_event(busy.db, 3, EVENT_POLICY) == event_id
    assert busy.everything() == before


def test_there_is_no_event_for_an_article_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no article 7"):
        join_event(desk.db, 7, EVENT_POLICY)


LANGUAGES = {
    "zh": (("渡轮船员罢工，抗议夜班", "东港渡轮船员周二开始罢工，工会要求缩短夜班时间，港务局表示无力增加船员。"),
           ("渡轮罢工开始，岛民受困", "周二渡轮船员罢工开始，数百名岛民滞留东港。港务局提议就夜班问题谈判，工会拒绝。"),
           ("面包价格上涨", "面包师公会宣布，由于小麦歉收，面包价格从下周一起上涨一成。")),
    "ja": (("フェリー乗組員が夜勤めぐりスト",
            "東港のフェリー乗組員が火曜日、夜勤の短縮を求めてス"
            "トライキに入った。港湾局は増員できないとしている。"),
           ("フェリーのスト始まる、島民足止め",
            "フェリー乗組員のストライキが火曜日に始まり、東港で島民数"
            "百人が足止めされた。港湾局は夜勤について協議を提案した。"),
           ("パンの値上げ", "製パン組合は小麦の不作を理由に、来週月曜日からパンを一割値上げすると発表した。")),
    "ko": (("여객선 선원들 야간 근무에 파업",
            "동항 여객선 선원들이 화요일 야간 근무 단축을 요구하며 "
            "파업에 들어갔다. 항만청은 선원을 늘릴 수 없다고 밝혔다."),
           ("여객선 파업 시작, 섬 주민 발 묶여",
            "여객선 선원 파업이 화요일 시작되어 섬 주민 수백 명이 "
            "동항에 발이 묶였다. 항만청은 야간 근무 협상을 제안했다."),
           ("빵값 인상", "제빵 조합은 밀 흉작으로 다음 주 월요일부터 빵값을 올린다고 발표했다.")),
    "th": (("ลูกเรือเฟอร์รี่นัดหยุดงานประท้วงกะกลางคืน",
            "ลูกเรือเฟอร์รี่ท่าเรือตะวันออกนัดหยุดงานเมื่อวันอังคาร"
            " สหภาพขอลดกะกลางคืน การท่าเรือบอกว่าเพิ่มลูกเรือไม่ได้"),
           ("เฟอร์รี่นัดหยุดงาน ชาวเกาะติดค้าง",
            "ชาวเกาะหลายร้อยคนติดค้างที่ท่าเรือตะวันออกเมื่อวันอังคาร หลั"
            "งลูกเรือเฟอร์รี่นัดหยุดงาน การท่าเรือเสนอเจรจาเรื่องกะกลางคืน"),
           ("ขนมปังขึ้นราคา", "สมาคมคนทำขนมปังประกาศขึ้นราคาสินค้าตั้งแต่วันจันทร์หน้า เพราะข้าวสาลีแพง")),
    "ru": (("Экипажи паромов бастуют",
            "Экипажи паромов в Восточной гавани начали заб"
            "астовку. Профсоюз требует короче ночные смены."),
           ("Забастовка паромов началась",
            "Островитяне ждали в гавани: забастовка экипажей п"
            "арома началась, профсоюз говорит о ночных сменах."),
           ("Хлеб подорожал", "Пекари объявили, что буханка будет стоить дороже из-за плохого урожая.")),
    None: (("Trajekt stoji", "Posade trajekta štrajkaju zbog noćnih smjena u luci, kaže sindikat."),
           ("Štrajk trajekta u luci", "Sindikat posade trajekta traži kraće noćne smjene."),
           ("Kruh poskupljuje", "Pekari najavljuju više cijene zbog loše žetve.")),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_reports_in_one_language_find_each_other_and_leave_others_alone(
    desk: Desk, language: str | None
) -> None:
    strike, too, bread = LANGUAGES[language]
    assert desk.add(bread, language=language) == 1
    assert desk.add(strike, language=language) == 2
    assert desk.add(too, language=language) == 2


# -- copies ----------------------------------------------------------------------------------------


def test_copies_go_where_the_first_is_and_count_once(busy: Desk) -> None:
    """Twenty prints of a wire report make neither its words common nor its event another one."""
    long = (FERRY[0], f"{FERRY[1]} {FERRY_TOO[1]} {FERRY_LATER[1]}")
    event_id = busy.add(long)
    before, words = (
        busy.event(event_id),
        busy.db.execute("SELECT * FROM term_counts ORDER BY 1, 2").fetchall(),
    )
    for _ in range(20):
        assert busy.add(long, "2024-03-19") == event_id
    after = busy.event(event_id)
    assert after == before | {"articles": 21, "last_at": "2024-03-19"}
    assert busy.why(23) == ("copy", None, [])
    assert busy.db.execute("SELECT * FROM term_counts ORDER BY 1, 2").fetchall() == words


# -- found again -----------------------------------------------------------------------------------


def test_what_an_article_is_about_is_told_by_how_common_its_words_are_today(desk: Desk) -> None:
    desk.add(FERRY)
    alone = article_vector(desk.db, 1)
    assert alone
    desk.add(BREAD)
    desk.add(("The union of bakers", "The union met on Monday, and the union of millers too."))
    later = article_vector(desk.db, 1)
    assert later
    assert later["union"] / later["ferri"] < alone["union"] / alone["ferri"]


def test_an_article_that_is_not_there_is_about_nothing(desk: Desk) -> None:
    assert article_vector(desk.db, 1) is None


def test_articles_that_share_strong_terms_are_found_best_first(busy: Desk) -> None:
    busy.add(FERRY)
    busy.add(FERRY_TOO, "2024-05-01")
    assert articles_with_terms(busy.db, ["ferri", "strike", "strand"], None, None, 9) == [4, 3]
    assert articles_with_terms(busy.db, ["ferri", "strike"], "2024-03-01", "2024-04-01", 9) == [3]
    assert articles_with_terms(busy.db, ["ferri"], None, None, 1) == [4]
    assert articles_with_terms(busy.db, ["nothing"], None, None, 9) == []


def test_a_window_leaves_out_no_article_without_a_date(busy: Desk) -> None:
    busy.add(FERRY, None)
    assert articles_with_terms(busy.db, ["ferri"], "2020-01-01", "2020-02-01", 9) == [3]


def test_copies_are_found_through_the_one_that_was_first(busy: Desk) -> None:
    busy.add(FERRY)
    busy.add(FERRY)
    assert articles_with_terms(busy.db, ["ferri"], None, None, 9) == [3, 4]


def test_a_changed_article_keeps_its_event_and_takes_its_new_words(busy: Desk) -> None:
    event_id = busy.add(FERRY)
    busy.db.execute("UPDATE articles SET headline = ?, text = ? WHERE id = 3", BREAD)
    update_article_words(busy.db, 3, EVENT_POLICY)
    assert "bread" in (article_vector(busy.db, 3) or {})
    assert busy.events()[event_id] == {3}


# -- all or nothing --------------------------------------------------------------------------------


def test_an_arrival_that_is_broken_off_leaves_nothing(busy: Desk) -> None:
    busy.add(FERRY)
    before = busy.everything()

    def killed() -> None:
        with transaction(busy.db):
            busy.add(FERRY_TOO)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert busy.everything() == before


# -- anew ------------------------------------------------------------------------------------------

ARRIVALS = [(BREAD, "2024-03-10"), (FERRY, "2024-03-12"), (BRIDGE, "2024-03-12"), (FERRY_TOO, "2024-03-12T20:00:00Z"),
            (FERRY, "2024-03-13"), (FERRY_LATER, "2024-04-20"), (BREAD, None)]  # fmt: skip


def told(desk: Desk) -> set[frozenset[tuple[str, str | None]]]:
    """Each event as its headlines and dates."""
    rows = desk.db.execute("SELECT id, headline, published_at FROM articles").fetchall()
    names = {row["id"]: (row["headline"], row["published_at"]) for row in rows}
    return {frozenset(names[id] for id in ids) for ids in desk.events().values()}


@pytest.mark.slow
@pytest.mark.parametrize("shuffled", [False, True])
def test_made_anew_events_are_those_of_an_arrival_by_date(tmp_path: Path, shuffled: bool) -> None:
    arrived, rebuilt = Desk(tmp_path / "a"), Desk(tmp_path / "b")
    for article, day in ARRIVALS:
        arrived.add(article, day)
    for article, day in ARRIVALS[::-1] if shuffled else ARRIVALS:
        rebuilt.add(article, day)
    rebuild_all_events(rebuilt.db, EVENT_POLICY)
    assert told(rebuilt) == told(arrived)
    if not shuffled:
        assert rebuilt.everything() == arrived.everything()
    for desk in (arrived, rebuilt):
        desk.db.close()


def test_events_are_made_anew_once_terms_are_made_in_another_way(busy: Desk) -> None:
    assert not are_events_current(busy.db, EVENT_POLICY)
    assert rebuild_all_events(busy.db, EVENT_POLICY) == 2
    assert are_events_current(busy.db, EVENT_POLICY)
    assert not are_events_current(busy.db, replace(EVENT_POLICY, version=EVENT_POLICY.version + 1))


def test_an_archive_of_the_step_before_is_migrated_and_its_articles_go_to_events(
    tmp_path: Path,
) -> None:
    older = DatabaseSchema(
        ARCHIVE_SCHEMA.name,
        ARCHIVE_SCHEMA.steps[: [name for name, _ in ARCHIVE_SCHEMA.steps].index("m004_events")],
    )
    before = open_database(tmp_path / "archive.db", older)
    before.execute(
        "INSERT INTO outlets (id, host, added_at) VALUES (1, 'harbour.example', ?)", (MOMENT,)
    )
    before.executemany(
        """INSERT INTO articles (outlet_id, url, headline, text, language, published_at, fetched_at)
        VALUES (1, ?, ?, ?, 'en', '2024-03-12', '2024-03-20T06:00:00Z')""",
        [
            (f"https://harbour.example/{n}", *article)
            for n, article in enumerate((BREAD, FERRY, BRIDGE, FERRY_TOO))
        ],
    )
    before.close()
    desk = Desk(tmp_path)
    assert desk.events() == {}
    assert not are_events_current(desk.db, EVENT_POLICY)
    rebuild_all_events(desk.db, EVENT_POLICY)
    assert desk.events() == {1: {1}, 2: {2, 4}, 3: {3}}
    desk.db.close()


# -- tidying ---------------------------------------------------------------------------------------


def apart(desk: Desk) -> None:
    """An article that arrives and finds nothing, as if it had been the first to come."""
    id = desk.keep(FERRY_TOO, "2024-03-12T20:00:00Z")
    join_event(desk.db, id, replace(EVENT_POLICY, joins=9.0))


def test_a_small_event_goes_to_the_one_that_it_is_part_of(busy: Desk) -> None:
    event_id = busy.add(FERRY)
    apart(busy)
    assert busy.events() == {1: {1}, 2: {2}, 3: {3}, 4: {4}}
    assert tidy_events(busy.db, EVENT_POLICY) == 1
    assert sorted(map(sorted, busy.events().values())) == [[1], [2], [3, 4]]
    (merged,) = [event for event, articles in busy.events().items() if len(articles) == 2]
    assert (busy.event(merged)["articles"], busy.event(merged)["texts"]) == (2, 2)
    moved = next(id for id in (3, 4) if id != merged)
    joined, score, terms = busy.why(moved)
    assert (joined, "strike" in terms) == ("tidy", True)
    assert score is not None
    assert score >= EVENT_POLICY.tidies
    assert event_id in (3, 4)


def test_a_second_tidy_finds_nothing_to_do(busy: Desk) -> None:
    busy.add(FERRY)
    apart(busy)
    tidy_events(busy.db, EVENT_POLICY)
    before = busy.events()
    assert tidy_events(busy.db, EVENT_POLICY) == 0
    assert busy.events() == before
    looked_at = busy.db.execute("SELECT events FROM tidy_runs ORDER BY rowid").fetchall()
    assert [row[0] for row in looked_at] == [4, 0]


def test_a_tidy_is_due_once_a_day(busy: Desk) -> None:
    assert is_tidy_due(busy.db)
    tidy_events(busy.db, EVENT_POLICY)
    assert not is_tidy_due(busy.db)
    busy.db.execute("UPDATE tidy_runs SET tidied_at = '2024-03-01T00:00:00Z'")
    assert is_tidy_due(busy.db)


def test_a_tidy_looks_at_no_more_than_it_can(busy: Desk) -> None:
    assert MAX_TIDIED_EVENTS >= 1_000
    tidy_events(busy.db, EVENT_POLICY)
    assert busy.db.execute("SELECT events FROM tidy_runs").fetchone()[0] == 2


# -- days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("1970-01-02T00:00:00Z", 1.0),
        ("1970-01-02", 1.5),
        ("1970-01-02T06:00:00", 1.25),
        (None, None),
        ("", None),
        ("soon", None),
    ],
)
def test_days_of_a_moment(moment: str | None, wanted: float | None) -> None:
    assert days_since_epoch(moment) == wanted


def test_the_first_reports_of_a_new_archive_are_found_by_the_words_they_share(desk: Desk) -> None:
    """When only they were there, these words looked common."""
    for number in range(8):
        details = " ".join(f"detail{letter}{number}" for letter in "abcdefghijklmnop")
        desk.add(("Ferry crews strike in Eastmere", details))
    assert len(articles_with_terms(desk.db, ["ferri", "strike", "crew"], None, None, 20)) == 8
