"""Who copied whom: invented reports, and what other outlets make of them."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from archive.articles.copies import VERSION_KINDS
from pipelines.dedup.copies import (
    COPY_POLICY,
    compare_texts,
    name_style,
    sketch_text,
    text_facts,
    text_units,
)
from tests.paths import ROOT

WIRE = """\
PORT AVEN (AP) — Crews of the island ferries walked off their boats on Tuesday, leaving 4,200 commuters on the \
quays of Port Aven and Little Marrow, after talks about night shifts broke down for the third time since \
October.
The Mariners' Union said that 312 of its 340 members had voted for the strike, which is to last until Friday. \
Its head, Dana Okafor, told reporters outside the customs house that the company had “stopped listening in the \
spring”.
Coastline Ferries, which carries about 61,000 passengers a week between the mainland and the Marrow Islands, \
offered a rise of 3.5 percent over two years. The union asks for 6 percent and for crews of at least nine on \
every night crossing.
“We cannot run boats on promises,” said Henrik Solberg, who manages the company's northern routes. He said that \
two freight sailings a day would go ahead, so that shops and the hospital in Little Marrow are supplied.
Fishermen took some of the stranded across for 20 crowns a head. Schools on the islands stayed closed, and the \
mail plane from Aven airfield made four extra flights before dark.
The last strike on the line, in 2009, lasted eleven days and ended when the government lent the company two \
naval tenders. The transport minister, Ilse Maartens, said on Tuesday evening that she would not step in before \
the weekend."""

GARDEN = """\
The botanical garden in Halden opens its restored palm house on Saturday, six years after a storm broke most of \
the panes. Visitors will walk through three climates under one roof, from a dry valley with agaves to a basin \
where water lilies grow as wide as a table. The gardeners moved the oldest palm, a gift of 1887, with a crane \
and a week of patience. Its crown had touched the glass, so the new dome is two metres higher than the old one. \
School classes come free of charge on weekdays, and a café in the former boiler room serves tea from the plants \
that grow upstairs. The city paid half of the eleven million, the rest came from a foundation and from people \
who adopted single panes."""

LOCAL = """\
At the Harbour Café the breakfast rolls ran out before eight, as waiting passengers filled every table. “I have \
never seen it so full on a weekday,” said its owner, who sent her son to the baker on the hill for more. The \
town hall opened its gymnasium for anyone who needs a bed tonight, and asks for blankets."""

CHINESE = """\
港口城市的轮渡工会星期二宣布罢工，四千二百名乘客滞留码头。工会表示，在340名会员中有312人投票支持罢工，\
罢工将持续到星期五。公司方面提出两年内加薪3.5%，而工会要求加薪6%，并要求每班夜航至少配备九名船员。公司\
北方航线负责人说，每天仍有两班货船照常开行，以保证岛上商店和医院的供应。渔民以每人20元的价格运送部分乘客过\
海。岛上学校停课，邮政飞机在天黑前增加了四个航班。上一次罢工发生在2009年，持续了十一天，当时政府借给公司\
两艘海军补给船。运输部长星期二晚上说，周末之前不会介入。"""


def paragraphs(text: str) -> list[str]:
    return text.split("\n")


def edited(text: str, share: float, seed: int = 5) -> str:
    """A share of the words is replaced."""
    chance = random.Random(seed)
    return " ".join(
        chance.choice(GARDEN.split()) if chance.random() < share else word for word in text.split()
    )


@pytest.mark.parametrize(
    ("what", "text", "kind"),
    [
        ("the same text", WIRE, "copy"),
        (
            "another headline and byline on top",
            "Islands cut off\nBy Tove Brandt, Staff\n" + WIRE,
            "copy",
        ),
        ("a word in ten another", edited(WIRE, 0.1), "copy"),
        ("paragraphs in another order", "\n".join(reversed(paragraphs(WIRE))), "copy"),
        (
            "straight quotes, capitals and soft hyphens",
            WIRE.replace("“", '"').replace("strike", "stri\u00adke"),
            "copy",
        ),
        (
            "a correction below",
            WIRE + "\nCorrection: Coastline's offer is for two years, not for one.",
            "copy",
        ),
        ("its first two paragraphs", "\n".join(paragraphs(WIRE)[:2]), "excerpt"),
        ("its last two paragraphs", "\n".join(paragraphs(WIRE)[-2:]), "excerpt"),
        ("all but its last two paragraphs", "\n".join(paragraphs(WIRE)[:-2]), "excerpt"),
        ("with a passage about the town", WIRE + "\n" + LOCAL, "extends"),
        ("in the middle of a piece twice as long", f"{LOCAL}\n{WIRE}\n{GARDEN}", "extends"),
        ("one paragraph of it quoted", f"{GARDEN}\n{paragraphs(WIRE)[0]}", "overlap"),
    ],
)
def test_what_other_outlets_make_of_a_wire_story(what: str, text: str, kind: str) -> None:
    """A wire story is known again in every form, and each form by its name."""
    found = compare_texts(text, WIRE)
    assert found is not None, what
    assert found.kind == kind, (what, found)


def test_unrelated_texts_are_nothing_to_each_other() -> None:
    """Two reports with nothing in common have no relation."""
    assert compare_texts(GARDEN, WIRE) is None
    assert compare_texts("", WIRE) is None
    assert compare_texts(CHINESE, WIRE) is None


def test_the_shares_are_of_each_text() -> None:
    """A third of a story lies wholly in it, and it covers a third of the story."""
    found = compare_texts("\n".join(paragraphs(WIRE)[:2]), WIRE)
    assert found
    assert found.coverage == 1.0
    assert found.other_coverage == pytest.approx(0.37, abs=0.05)
    assert found.facts == 1.0


@pytest.mark.parametrize(
    "form", [edited(WIRE, 0.1), "\n".join(paragraphs(WIRE)[:2]), f"{LOCAL}\n{WIRE}\n{GARDEN}"]
)
def test_likeness_can_be_said_from_either_side(form: str) -> None:
    """What one is to the other is the mirror of what the other is to it, whoever came first."""
    forward, backward = compare_texts(form, WIRE), compare_texts(WIRE, form)
    assert forward
    assert backward
    assert backward == forward.mirrored()


WEATHER = (
    "{place} will see {sky} on {day} with a high of {a} degrees and a low of {b}. Winds from the {wind} will blow"
    " at {c} to {d} kilometres an hour. The chance of rain is {e} percent before noon and {f} percent after dark."
    " Drivers are asked to allow more time on the roads, and those who work outdoors to drink enough water. The "
    "sun rises at {g}:{h} and sets at {i}:{j}. The next forecast for {place} is issued at noon, and warnings are "
    "published as soon as they are decided."
)
WETTER = (
    "In {place} wird es am {day} {sky} bei Höchstwerten um {a} Grad und Tiefstwerten um {b} Grad. Der Wind weht "
    "mit {c} bis {d} Kilometern in der Stunde aus Richtung {wind}. Die Wahrscheinlichkeit für Regen liegt am "
    "Vormittag bei {e} Prozent und am Abend bei {f} Prozent. Autofahrer sollten mehr Zeit einplanen, und wer im "
    "Freien arbeitet, sollte genug trinken. Die Sonne geht um {g}.{h} Uhr auf und um {i}.{j} Uhr unter. Die "
    "nächste Vorhersage für {place} erscheint am Mittag."
)
MARKET = (
    "{place}股市{day}收盘，主要指数报{c}{d}点，涨跌幅为{a}.{b}%。领涨股涨幅达{"
    "e}.{f}%，跌幅最大的个股下跌{g}.{h}%，收于{i}.{j}元。分析人士表示，市场正在等待"
    "本周晚些时候公布的经济数据，投资者普遍保持谨慎态度，预计短期内仍将维持震荡格局。全天成交量与过去三十"
    "个交易日的平均水平相当。"
)


def report(template: str, seed: int) -> str:
    chance = random.Random(seed)
    words = {
        "place": ["Arnwick", "Belmora", "Castrey", "Dunholt"],
        "sky": ["sun", "cloud", "fog"],
        "day": ["Monday", "Tuesday", "Sunday"],
        "wind": ["north", "south", "west"],
    }
    chosen = {name: chance.choice(pool) for name, pool in words.items()}
    return template.format(
        **chosen, **{letter: chance.randrange(10, 60) for letter in "abcdefghij"}
    )


@pytest.mark.parametrize("template", [WEATHER, WETTER, MARKET])
def test_the_next_report_of_a_series_is_no_copy_of_the_last(template: str) -> None:
    """The same words around other facts are a template, in English, in German with its capitals, in
    Chinese without."""
    kinds = Counter(
        found.kind
        if (found := compare_texts(report(template, seed), report(template, seed + 1)))
        else "nothing"
        for seed in range(0, 60, 2)
    )
    assert kinds["template"] >= 27, kinds
    assert not any(kinds[kind] for kind in VERSION_KINDS), kinds


def test_yesterdays_names_with_other_numbers_are_a_template() -> None:
    """A market report names the same companies every day: its numbers have to agree by
    themselves."""
    day = (
        "The Aven index closed at {} points, up {} percent. Coastline Ferries rose {} percent to {} crowns, Marrow "
        "Fisheries fell {} percent to {}, and Halden Glass ended at {} after {} trades, as dealers waited for the bank."
    )
    one = day.format("1,412.5", "1.7", "2.9", "88.40", "1.1", "23.15", "104.2", "3,118")
    two = day.format("1,398.2", "0.4", "3.3", "91.75", "2.6", "22.80", "99.6", "2,764")
    assert {found.kind for found in [compare_texts(one, two)] if found} <= {"template", "overlap"}


def test_chinese_is_read_by_its_characters() -> None:
    """Where no blanks part words a cut or an addition is found all the same, and number and Latin
    word stay whole."""
    assert compare_texts(CHINESE[:90], CHINESE).kind == "excerpt"  # type: ignore[union-attr]
    assert compare_texts(CHINESE.replace("星期二", "周二"), CHINESE).kind == "copy"  # type: ignore[union-attr]
    assert text_units("第340名AP记者")[0] == [
        "第".encode(),
        b"340",
        "名".encode(),
        b"ap",
        "记".encode(),
        "者".encode(),
    ]
    assert set(sketch_text(CHINESE)) & set(sketch_text(f"{GARDEN}\n{CHINESE}"))


def test_words_are_folded() -> None:
    """Case, punctuation, full-width forms and soft hyphens make no difference; accents do."""
    assert text_units("“Ferry‑crews’ STRIKE…” ｆｅｒｒｙ stri\u00adke")[0] == [
        b"ferry",
        b"crews",
        b"strike",
        b"ferry",
        b"strike",
    ]
    assert text_units("peché") != text_units("pêche")
    assert text_units("किताब की दुकान")[0] == ["किताब".encode(), "की".encode(), "दुकान".encode()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained when the Reds beat a tired team by 3-1. Then Okafor's side went home with all of its 12,000 fans.",
         {"3-1", "12,000", "Reds", "Okafor"}),
        ("The goal that won the match for the team was Dana Okafor's first in a year, and its loudest.",
         {"Dana", "Okafor"}),
        ("Am Montag traf Kanzlerin Ilse Maartens die Spitze der SPD im Rathaus der Stadt über 12 Brücken.",
         {"12", "SPD", "Kanzlerin Ilse", "Ilse Maartens"}),
        ("部长在“海风号”上对AP说，共有312人。", {"海风号", "AP", "312"}),
        ("قال الوزير إن 312 شخصا على متن «النورس» وصلوا.", {"312", "النورس"}),
    ],
)  # fmt: skip
def test_facts_are_numbers_and_names(text: str, expected: set[str]) -> None:
    """Names by capitals where only names have them, by two in a row in German, by quotation marks
    where none are."""
    assert text_facts(text, name_style(text)) == expected


def test_a_shared_passage_is_always_found() -> None:
    """Wherever a passage of a window's length stands, both sketches hold a hash of it."""
    passage = " ".join(WIRE.split()[40:85])
    for size in (60, 120, 240):
        chance = random.Random(size)
        around = [f"w{chance.randrange(10**6)}" for _ in range(size)]
        at = chance.randrange(size)
        other = " ".join([*around[:at], passage, *around[at:]])
        assert set(sketch_text(other)) & set(sketch_text(WIRE)), size


def test_a_sketch_is_small_and_grows_slowly() -> None:
    """Four times the text has about twice the hashes; each fits 32 bits; a headline has few, a word
    none."""
    chance = random.Random(1)
    words = [f"w{chance.randrange(10**6)}" for _ in range(1600)]
    small, large = sketch_text(" ".join(words[:400])), sketch_text(" ".join(words))
    assert 15 <= len(small) <= 35
    assert 1.5 < len(large) / len(small) < 2.6
    assert large == sorted(set(large))
    assert all(-(2**31) <= number < 2**31 for number in large)
    assert sketch_text("") == sketch_text("ferry") == []
    assert len(sketch_text("Ferry crews strike over night shifts in Port Aven")) >= 1


def test_a_sketch_is_the_same_in_every_process() -> None:
    """What is stored today is found tomorrow: the hashes do not hang on the process."""
    code = f"from pipelines.dedup.copies import sketch_text; print(sketch_text({WIRE!r}))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert [int(number) for number in re.findall(r"-?\d+", ran.stdout)] == sketch_text(WIRE)


def test_every_edit_keeps_enough_of_the_sketch() -> None:
    """An edited, cut or extended text shares more hashes than chance does."""
    for form in (edited(WIRE, 0.1), "\n".join(paragraphs(WIRE)[:2]), f"{LOCAL}\n{WIRE}\n{GARDEN}"):
        assert len(set(sketch_text(form)) & set(sketch_text(WIRE))) >= 3


@pytest.mark.shared
def test_the_founding_wire_story_is_known_in_its_three_copies(shared: Path) -> None:
    """Whole, truncated and contained, as the founding pages have it."""
    import json

    pages = [json.loads(line) for line in (shared / "newsweb/worlds/seeds/truth.jsonl").open()]
    texts = {page["url"]: page["text"] for page in pages}
    kinds = {
        page["copy_kind"]: COPY_POLICY.likeness(page["text"], texts[page["copy_of"]])
        for page in pages
        if page.get("copy_of")
    }
    assert {name: found.kind for name, found in kinds.items() if found} == {
        "whole": "copy",
        "truncated": "excerpt",
        "contained": "extends",
    }
