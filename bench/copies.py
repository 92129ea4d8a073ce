"""Recall, precision, speed and index size of copy detection: `python -m bench.copies`.

`--scale 100000` measures the load. Edits and hard negatives are generated from the real texts
beside the checkout (../shared). Thresholds were chosen on one half of the texts, by a hash (`--half
tune`); the other half is reported.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import re
import resource
import sqlite3
import tempfile
import time
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from archive.articles.copies import VERSION_KINDS, TextRelation, relate_article
from archive.records import Capture
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from bench.figures import SHARED, Figure
from crawler.extraction.extract import extract_article
from pipelines.dedup.copies import COPY_POLICY
from pipelines.text.fingerprint import text_fingerprint

MOMENT = "2024-03-01T06:00:00Z"
Edit = Callable[[str, str, random.Random], str]
"""A text, an unrelated text to take words and passages from, and a random generator → the text as
another outlet prints it."""


# -- an archive to fill ----------------------------------------------------------------------------


class Bench:
    """An archive on disk that is filled text by text."""

    def __init__(self, folder: Path) -> None:
        self.db = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        # the index is met at random: 32 MB of it at hand
        self.db.execute("PRAGMA cache_size = -32000")
        self.outlets = 0

    def add(
        self, text: str, published_at: str = MOMENT, headline: str = ""
    ) -> tuple[int, list[TextRelation]]:
        """Store a text as an article of a new outlet, and relate it to the others."""
        article_id = self.keep(text, published_at, headline)
        return article_id, relate_article(self.db, article_id, COPY_POLICY, MOMENT)

    def keep(self, text: str, published_at: str = MOMENT, headline: str = "") -> int:
        """Store a text as an article of a new outlet."""
        self.outlets += 1
        host = f"{self.outlets}.example"
        self.db.execute(
            "INSERT INTO outlets (id, host, added_at) VALUES (?, ?, ?)",
            (self.outlets, host, MOMENT),
        )
        done = self.db.execute(
            """INSERT INTO articles (outlet_id, url, headline, published_at, fetched_at, text, word_count, fingerprint)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                self.outlets,
                f"https://{host}/1",
                headline,
                published_at,
                MOMENT,
                text,
                len(text.split()),
                text_fingerprint(text),
            ),
        )
        return int(done.lastrowid or 0)


# -- real texts ------------------------------------------------------------------------------------


def real_texts(half: str) -> list[str]:
    """Return the corpus's different texts of 60 words or more, split by outlet or story.

    Texts in unspaced scripts have 200 characters or more.
    """
    texts: dict[str, str] = {}
    for line in (SHARED / "corpus/dev/manifest.jsonl").open():
        page = json.loads(line)
        texts.setdefault(page.get("truth_text") or "", page.get("host") or page["id"])
    for name in ("wikinews", "g5w1h", "basil", "fnc"):
        for line in (SHARED / f"corpus/text-stories/{name}.jsonl").open():
            text = json.loads(line)
            texts.setdefault(text["text"], text["story"])
    wanted = {"tune": 0, "report": 1}[half]
    return [
        text
        for text, key in texts.items()
        if zlib.crc32(key.encode()) % 2 == wanted and long_enough(text)
    ]


def long_enough(text: str) -> bool:
    """Return whether a text has enough words or characters."""
    return len(text.split()) >= 60 or (unspaced(text) and len(text) >= 200)


def unspaced(text: str) -> bool:
    """Return whether a text is in a script without spaces."""
    return len(text) > 12 * len(text.split())


def sentences(text: str) -> list[str]:
    """Return the sentences of a text or, where they are not found, its lines."""
    return [
        part
        for part in re.split(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+", text)
        if part and part.strip()
    ]


def joined(parts: list[str]) -> str:
    """Join sentences to paragraphs of three."""
    blank = "" if unspaced(" ".join(parts)) else " "
    return "\n".join(blank.join(parts[at : at + 3]) for at in range(0, len(parts), 3))


def words_of(text: str) -> list[str]:
    """Return the words, or the characters of unspaced scripts."""
    return list(text) if unspaced(text) else re.findall(r"\S+|\n", text)


def of_words(words: list[str], like: str) -> str:
    """Join words again, in the style of the text `like`."""
    return ("" if unspaced(like) else " ").join(words)


# -- edits -----------------------------------------------------------------------------------------


def cut(share: float) -> Edit:
    """Return an edit that keeps the first `share` of the words."""

    def edit(text: str, _: str, __: random.Random) -> str:
        words = words_of(text)
        return of_words(words[: max(30, int(len(words) * share))], text)

    return edit


def edited(share: float) -> Edit:
    """Return an edit that replaces, omits or inserts a share of the words anywhere."""

    def edit(text: str, other: str, chance: random.Random) -> str:
        pool, words = words_of(other), []
        for word in words_of(text):
            dice = chance.random()
            if dice > share:
                words.append(word)
            elif dice > share * 0.4:
                words.append(chance.choice(pool))
            elif dice > share * 0.2:
                words += [word, chance.choice(pool)]
        return of_words(words, text)

    return edit


def new_heading(text: str, other: str, _: random.Random) -> str:
    """Give the text another headline, byline and credit, and rewrite its first words."""
    theirs, mine = words_of(other), words_of(text)
    heading, byline = of_words(theirs[:9], other), of_words(["By", *theirs[9:12]], other)
    return "\n".join(
        [heading, byline, of_words(theirs[12:16] + mine[6:], text), of_words(theirs[16:24], other)]
    )


def local_paragraphs(text: str, other: str, chance: random.Random) -> str:
    """Insert two passages of another text, each a tenth as long as this text."""
    lines, theirs = joined(sentences(text)).split("\n"), words_of(other)
    size = max(20, len(words_of(text)) // 10)
    for number in range(2):
        lines.insert(
            chance.randrange(len(lines) + 1),
            of_words(theirs[number * size : (number + 1) * size], other),
        )
    return "\n".join(lines)


def inside(text: str, other: str, _: random.Random) -> str:
    """Place the text inside another text of the same length, half of it before and half after."""
    size, theirs = len(words_of(text)), words_of(other)
    theirs = (theirs * (size // max(1, len(theirs)) + 1))[:size]
    return "\n".join(
        [of_words(theirs[: size // 2], other), text, of_words(theirs[size // 2 :], other)]
    )


def reordered(text: str, _: str, chance: random.Random) -> str:
    """Change the order of the paragraphs."""
    paragraphs = joined(sentences(text)).split("\n")
    chance.shuffle(paragraphs)
    return "\n".join(paragraphs)


def correction(text: str, other: str, chance: random.Random) -> str:
    """Change a number, and add a sentence that says so."""
    numbers = list(re.finditer(r"\d+", text))
    if numbers:
        one = chance.choice(numbers)
        text = text[: one.start()] + str(int(one.group()) + 3) + text[one.end() :]
    return f"{text}\nCorrection: an earlier version of this article misstated {of_words(words_of(other)[:12], other)}."


def every_third_left_out(text: str, _: str, __: random.Random) -> str:
    """Omit every third sentence."""
    return joined([part for at, part in enumerate(sentences(text)) if at % 3 != 2])


def house_style(text: str, _: str, __: random.Random) -> str:
    """Change quotation marks and dashes, spell out per cent, shorten titles, and join the
    paragraphs."""
    for old, new in (("“", '"'), ("”", '"'), ("’", "'"), (" — ", " - "), ("%", " percent"), ("percent", "per cent"),
                     ("President ", "Pres. "), (" and ", " & "), (" said", " says"), ("\n", " ")):  # fmt: skip
        text = text.replace(old, new)
    return text


def tail_only(text: str, _: str, __: random.Random) -> str:
    """Keep the last six tenths, as if the beginning had been rewritten."""
    words = words_of(text)
    return of_words(words[len(words) * 4 // 10 :], text)


def cut_and_edited(text: str, other: str, chance: random.Random) -> str:
    """Cut the text, then edit it."""
    return edited(0.06)(cut(0.6)(text, other, chance), other, chance)


EDITS: dict[str, Edit] = {
    "as it was": lambda text, _, __: text,
    "new heading": new_heading,
    "local paragraphs": local_paragraphs,
    "cut to 40 %": cut(0.4),
    "cut to 20 %": cut(0.2),
    "inside twice its length": inside,
    "edited 8 %": edited(0.08),
    "edited 15 %": edited(0.15),
    "re-ordered": reordered,
    "correction": correction,
    "every third sentence out": every_third_left_out,
    "house style": house_style,
    "last 60 % only": tail_only,
    "cut to 60 %, edited 6 %": cut_and_edited,
}
NEVER_TUNED_ON = (
    "every third sentence out",
    "house style",
    "last 60 % only",
    "cut to 60 %, edited 6 %",
)


# -- hard negatives --------------------------------------------------------------------------------


def other_facts(text: str, other: str, chance: random.Random) -> str:
    """Return the next report from the same template, with all numbers and names replaced."""
    names = re.findall(r"(?<=[\w,] )[A-ZÄÖÜА-ЯΑ-Ω][\w-]+", other) or [
        "Zorin",
        "Talva",
        "Merrow",
        "Quill",
    ]
    renamed: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return renamed.setdefault(match.group(), chance.choice(names))

    text = re.sub(r"(?<=[\w,] )[A-ZÄÖÜА-ЯΑ-Ω][\w-]+", name, text)
    return re.sub(r"\d+", lambda match: str(chance.randrange(10 ** len(match.group()[:6]))), text)


TEMPLATES = {
    "weather": (
        "{place} will see {sky} on {day} with a high of {a} degrees and a low of {b}. Winds from the {wind} will blow"
        " at {c} to {d} kilometres an hour. The chance of rain is {e} per cent in the morning and {f} per cent after "
        "dark. Drivers are asked to allow more time on the roads, and those who work outdoors to drink enough water. "
        "The sun rises at {g}:{h} and sets at {i}:{j}. The outlook for the days after that is for {sky2} with highs "
        "near {k}. The next forecast for {place} is issued at noon, and warnings are published as soon as they are "
        "decided."
    ),
    "market": (
        "Shares in {place} closed {move} on {day}, with the main index {move2} {a}.{b} per cent to {c}{d} points. "
        "{name} led the way with {e}.{f} per cent, followed by {name2} with {g}.{h} per cent. {name3} lost {i} cents "
        "to {j}.{k}. Traders said that the market was waiting for the figures that are expected later in the week. "
        "Volume was {d} million shares, against an average of {c} million over the past thirty days. The currency was"
        " little changed against the dollar, and the yield on the ten-year bond stood at {b}.{a} per cent at the "
        "close."
    ),
    "match": (
        "{name} beat {name2} {a}-{b} at {place} on {day} in front of {c}{d} spectators. {name3} opened the scoring in"
        " minute {e} and made it two shortly before the break. The visitors came back strongly after half-time and "
        "pulled one back through {name4} in minute {f}, but could not find another. The home side could have added to"
        " their lead in the closing stages, when a shot struck the post. With this result {name} move up to place {g}"
        " in the table with {h} points, while {name2} stay in place {i} with {j}. The teams meet again in week {k}."
    ),
    "quake": (
        "An earthquake with a magnitude of {a}.{b} struck {c} kilometres {wind} of {place} on {day} at {g}:{h} local "
        "time, at a depth of {d} kilometres, the geological service said. There were no immediate reports of damage "
        "or casualties. No tsunami warning was issued. The region lies where two plates meet and is often shaken. "
        "People who felt it are asked to report what they noticed on the web pages of the service. This text was "
        "written by a program from the data of the service and was looked at by an editor before it was published."
    ),
    "Wetter": (
        "In {place} wird es am {day} {sky} bei Höchstwerten um {a} Grad und Tiefstwerten um {b} Grad. Der Wind weht "
        "mit {c} bis {d} Kilometern pro Stunde aus Richtung {wind}. Die Wahrscheinlichkeit für Regen liegt am "
        "Vormittag bei {e} Prozent und am Abend bei {f} Prozent. Autofahrer sollten mehr Zeit einplanen, und wer im "
        "Freien arbeitet, sollte genug trinken. Die Sonne geht um {g}.{h} Uhr auf und um {i}.{j} Uhr unter. Die "
        "Aussichten für die folgenden Tage: {sky2} bei Werten um {k} Grad. Die nächste Vorhersage erscheint am "
        "Mittag."
    ),
    "股市": (
        "{day}，{place}股市{move}，主要指数报{c}{d}点，涨跌幅为{a}.{b}"
        "%。{name}领涨，涨幅达{e}.{f}%，{name2}上涨{g}.{h}%，{name"
        "3}下跌{i}分，收于{j}.{k}元。分析人士表示，市场正在等待本周晚些时候公布的经济数据"
        "，投资者普遍保持谨慎态度。全天成交量为{d}亿股，过去三十个交易日的平均成交量为{c}亿股。"
        "人民币对美元汇率变化不大，十年期国债收益率为{b}.{a}%。以上内容由程序根据交易所公布的"
        "数据自动生成，仅供参考，不构成投资建议，投资者据此操作风险自担。"
    ),
}
WORDS = {
    "place": [
        "Arnwick",
        "Belmora",
        "Castrey",
        "Dunholt",
        "Eskvale",
        "Farrow",
        "Glenmere",
        "Hartsea",
        "Inverlay",
        "Kilmor",
        "Lorne",
        "Marden",
    ],
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "sky": ["bright sunshine", "heavy cloud", "scattered showers", "thick fog", "snow"],
    "wind": ["north", "south", "east", "west", "north-east", "south-west"],
    "move": ["higher", "lower", "mixed", "almost unchanged"],
    "name": [
        a + b
        for a in ["Ald", "Bren", "Cor", "Dar", "Fen", "Hol", "Kes", "Mor", "Tav", "Vel"]
        for b in ("ric", "low", "ster", "dale")
    ],
}


def from_template(kind: str, chance: random.Random) -> str:
    """Return a short report from one of TEMPLATES with random words."""

    def fill(match: re.Match[str]) -> str:
        pool = WORDS.get(match.group(1).rstrip("0123456789"))
        return chance.choice(pool) if pool else str(chance.randrange(1, 60))

    return re.sub(r"{(\w+)}", fill, TEMPLATES[kind])


def negatives(texts: list[str], chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield kind, text, and another text that looks similar and is not a version of it.

    The first text arrives before the second.
    """
    for kind in TEMPLATES:
        for _ in range(25):
            yield "recurring template", from_template(kind, chance), from_template(kind, chance)
    for text in chance.sample(texts, min(300, len(texts))):
        other, third = like(text, texts, chance), like(text, texts, chance)
        if len(re.findall(r"\d+", text)) + len(re.findall(r"(?<=[\w,] )[A-Z]\w+", text)) >= 8:
            yield "template of a real text", text, other_facts(text, other, chance)
        words = words_of(third)
        size = min(len(words_of(text)), len(words_of(other)), len(words) - 20) // 3
        notice, quote = (
            of_words(words[-min(120, size) :], third),
            of_words(words[20 : 20 + min(50, size)], third),
        )
        yield "shared boilerplate", f"{_most(text)}\n{notice}", f"{_most(other)}\n{notice}"
        yield (
            "shared quote",
            f"{_most(text)}\n“{quote}”\n{text[-200:]}",
            f"“{quote}”\n{_most(other)}",
        )


def like(text: str, texts: list[str], chance: random.Random) -> str:
    """Return another text, in the same script if there is one."""
    others = [other for other in texts if other != text and script(other) == script(text)]
    return chance.choice(others) if others else chance.choice(texts)


@cache
def script(text: str) -> str:
    """Return the script of most letters of a text: LATIN, CYRILLIC, CJK …"""
    return Counter(
        unicodedata.name(c, "?").split()[0] for c in text[:400] if c.isalpha()
    ).most_common(1)[0][0]


def _most(text: str) -> str:
    words = words_of(text)
    return of_words(words[: int(len(words) * 0.95)], text)


# -- a large archive -------------------------------------------------------------------------------


def babble(texts: list[str], chance: random.Random, pairs: float = 0.8) -> Iterator[str]:
    """Yield endless random texts in the words of real ones.

    Each word follows a pair of words (with probability `pairs`) or one word that it followed in the
    real texts. With this probability two texts share runs of five words about as often as unrelated
    real texts do.
    """
    after: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for text in texts:
        words = text.split()
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            after[first, second].append(third)
            after[(second,)].append(third)
    starts, sizes = [key for key in after if len(key) > 1], [len(text.split()) for text in texts]
    while True:
        words = list(chance.choice(starts))
        for _ in range(chance.choice(sizes)):
            following = after.get(tuple(words[-2:] if chance.random() < pairs else words[-1:])) or [
                "and"
            ]
            words.append(chance.choice(following))
        yield " ".join(words)


class Grown(NamedTuple):
    """Measurements of one tenth of the load."""

    articles: int
    a_second: float
    """Articles related per second of CPU."""
    megabytes: float
    bytes: float
    """Index bytes per article."""


def load(size: int, copies: float = 0.2) -> list[Grown]:
    """Print and return CPU, memory and index size of `relate_article` as the archive grows to
    `size` articles."""
    told: list[Grown] = []
    chance = random.Random(17)
    english = [text for text in real_texts("report") if script(text) == "LATIN" and " the " in text]
    english = [text for text in english if 100 <= len(text.split()) <= 1000]
    words = sum(len(text.split()) for text in english) / len(english)
    print(f"\nload: texts of {words:.0f} words, {copies:.0%} of them copies of recent ones")
    source, recent, edits = babble(english, chance), [], list(EDITS.values())
    recent = [next(source) for _ in range(200)]
    before, spent, committed = memory(), 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.db.execute("DROP TRIGGER articles_fts_insert")  # the search's cost, not this one's
        for number in range(BATCH, size + 1, BATCH):
            bench.db.execute("BEGIN IMMEDIATE")
            ids = []
            for _ in range(BATCH):
                if chance.random() < copies:
                    one, other = chance.sample(recent, 2)
                    text = chance.choice(edits)(one, other, chance)
                else:
                    text = next(source)
                    recent = [*recent[1:], text]
                ids.append(bench.keep(text))
            start = time.process_time()
            for article_id in ids:
                relate_article(bench.db, article_id, COPY_POLICY, MOMENT)
            spent += time.process_time() - start
            start = time.process_time()
            bench.db.execute("COMMIT")
            committed += time.process_time() - start
            if number % (size // 10) == 0:
                speed, with_commit = size / 10 / spent, size / 10 / (spent + committed)
                spent = committed = 0.0
                pace = f"{speed:6.0f} a CPU second ({with_commit:.0f} with the commit)"
                print(
                    f"{number:8,} articles {pace} {memory() - before:4.0f} MB {index_size(bench.db)}",
                    flush=True,
                )
                told.append(Grown(number, speed, memory() - before, index_bytes(bench.db)))
    return told


BATCH = 100
"""Articles per transaction."""


def memory() -> float:
    """Return the peak of this process's memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def index_bytes(db: sqlite3.Connection) -> float:
    """Return the index bytes per article."""
    size = db.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'shingles'").fetchone()[0]
    return float(size / db.execute("SELECT count(*) FROM articles").fetchone()[0])


def index_size(db: sqlite3.Connection) -> str:
    """Return a line on the size of the index, for printing."""
    pages = dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    articles = db.execute("SELECT count(*) FROM articles").fetchone()[0]
    rows = db.execute("SELECT count(*) FROM shingles").fetchone()[0]
    beside = sum(
        pages[name]
        for name in (
            "relations",
            "relations_by_other",
            "shared_text_articles",
            "shared_text_articles_by_text",
            "shared_texts",
        )
    )
    here = pages["shingles"] / articles
    return f"{here:4.0f} bytes, {rows / articles:.1f} rows an article (relations: {beside / articles:.0f} bytes)"


# -- quality ---------------------------------------------------------------------------------------


class Score:
    """Recall and precision of edits against an archive of the real texts.

    Relations among the real texts themselves are accepted as found.
    """

    def __init__(self, texts: list[str], folder: Path) -> None:
        self.texts, self.bench = texts, Bench(folder)
        self.akin: dict[int, set[int]] = defaultdict(set)
        self.bench.db.execute("BEGIN IMMEDIATE")
        self.ids: dict[int, str] = {}
        for text in texts:
            article_id, relations = self.bench.add(text)
            self.ids[article_id] = text
            for relation in relations:
                self.akin[relation.article_id].add(relation.other_id)
                self.akin[relation.other_id].add(relation.article_id)
        self.found = self.missed = self.wrong = 0

    def family(self, article_id: int) -> set[int]:
        """Return the article and all that share text with it, directly or through others."""
        family, waiting = set(), [article_id]
        while waiting:
            one = waiting.pop()
            if one not in family:
                family.add(one)
                waiting += self.akin[one]
        return family

    def try_edit(self, name: str, many: int, chance: random.Random) -> None:
        """Try `many` edited texts, count those whose original is found, and print the recall."""
        kinds: Counter[str] = Counter()
        for source in chance.sample(list(self.ids), min(many, len(self.ids))):
            other = like(self.ids[source], self.texts, chance)
            edited_text = EDITS[name](self.ids[source], other, chance)
            family = self.family(source)
            lent = self.family(next(id for id, text in self.ids.items() if text == other))
            relations = [r for r in self.arrive(edited_text) if r.likeness.kind in VERSION_KINDS]
            kind = next((r.likeness.kind for r in relations if r.other_id in family), "missed")
            kinds[kind] += 1
            self.found, self.missed = (
                self.found + (kind != "missed"),
                self.missed + (kind == "missed"),
            )
            self.wrong += sum(r.other_id not in family | lent for r in relations)
        total = sum(kinds.values())
        own = " (never tuned on)" if name in NEVER_TUNED_ON else ""
        print(
            f"{name + own:42} recall {1 - kinds['missed'] / total:.3f}  {dict(kinds.most_common())}"
        )

    def arrive(self, text: str, before: str | None = None) -> list[TextRelation]:
        """Return the relations of a new text to the others, or to the text `before` alone.

        The text is removed again afterwards.
        """
        self.bench.db.execute("SAVEPOINT arrival")
        first = self.bench.add(before)[0] if before else None
        relations = self.bench.add(text)[1]
        self.bench.db.execute("ROLLBACK TO arrival")
        return [r for r in relations if first is None or r.other_id == first]

    def try_negatives(self, chance: random.Random) -> None:
        """Count and print the relations that are wrongly found."""
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for name, first, second in negatives(self.texts, chance):
            relations = self.arrive(second, before=first)
            kind = relations[0].likeness.kind if relations else "nothing"
            kinds[name][kind] += 1
            self.wrong += kind in VERSION_KINDS
        for name, found in kinds.items():
            wrong = sum(found[kind] for kind in VERSION_KINDS)
            print(
                f"{name:42} wrong  {wrong / sum(found.values()):.3f}  {dict(found.most_common())}"
            )


def edits_and_negatives(half: str, many: int) -> tuple[float, float]:
    """Print the figures of all edits and negatives, and return recall and precision."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        texts = real_texts(half)
        print(f"edits and hard negatives on {len(texts)} real texts")
        score = Score(texts, Path(folder))
        for name in EDITS:
            if half == "report" or name not in NEVER_TUNED_ON:
                score.try_edit(name, many, chance)
        score.try_negatives(chance)
        found, missed, wrong = score.found, score.missed, score.wrong
        recall, precision = found / (found + missed), found / (found + wrong)
        print(f"{found + missed} in all: recall {recall:.4f}, precision {precision:.4f}")
        return recall, precision


def seeds() -> None:
    """Print the relations of the founding wire story and its three copies, in every order of
    arrival."""
    pages = [json.loads(line) for line in (SHARED / "newsweb/worlds/seeds/truth.jsonl").open()]
    copies = {page["copy_kind"]: page["text"] for page in pages if page.get("copy_of")}
    wire = next(
        page["text"]
        for page in pages
        if any(page["url"] == other.get("copy_of") for other in pages)
    )
    print(
        "\nfounding story:",
        {name: COPY_POLICY.likeness(text, wire) for name, text in copies.items()},
    )


def near_duplicates() -> float:
    """Return the share of the corpus's measured pairs that are recognised as versions of one text.

    Prints the other pairs.
    """
    pages = {
        page["id"]: page for page in map(json.loads, (SHARED / "corpus/dev/manifest.jsonl").open())
    }
    pairs = [json.loads(line) for line in (SHARED / "corpus/dev/near_duplicates.jsonl").open()]
    print(f"\nnear duplicates: {len(pairs)} pairs")
    kinds: Counter[str] = Counter()
    for pair in pairs:
        texts = [text_of(pages[pair[side]]) for side in "ab"]
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder))
            bench.add(texts[0])
            relations = bench.add(texts[1])[1]
        likeness = relations[0].likeness if relations else None
        kinds[likeness.kind if likeness else "nothing"] += 1
        if likeness is None or likeness.kind not in VERSION_KINDS:
            print(
                "  ",
                pair["host_a"],
                pair["host_b"],
                pair["jaccard5"],
                pair["containment5"],
                likeness,
            )
    print("  ", dict(kinds.most_common()))
    return sum(kinds[kind] for kind in VERSION_KINDS) / len(pairs)


def text_of(page: dict[str, Any]) -> str:
    """Return the text of a page of the corpus."""
    body = gzip.decompress((SHARED / "corpus/dev" / page["html_path"]).read_bytes())
    return (
        page.get("truth_text")
        or extract_article(Capture(page.get("url") or f"https://{page.get('host')}/", body)).text
    )


def many_copies(many: int = 300) -> float:
    """Return the index rows per copy of one text that is edited and printed three hundred times."""
    chance = random.Random(23)
    texts = [
        text
        for text in real_texts("report")
        if script(text) == "LATIN" and 300 < len(text.split()) < 900
    ]
    names = [
        "as it was",
        "new heading",
        "local paragraphs",
        "cut to 40 %",
        "edited 8 %",
        "correction",
        "re-ordered",
    ]
    text = texts[0]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        first, _ = bench.add(text)
        rows = "SELECT count(*) FROM shingles"
        before = bench.db.execute(rows).fetchone()[0]
        for number in range(many):
            bench.add(EDITS[names[number % len(names)]](text, like(text, texts, chance), chance))
        added = bench.db.execute(rows).fetchone()[0] - before
        folded = bench.db.execute(
            "SELECT count(*) FROM originals WHERE original_id = ?", (first,)
        ).fetchone()[0]
        print(
            f"\n{many} copies of one text: {added / many:.1f} rows a copy (the first has {before}), {folded - 1} folded"
        )
        return float(added / many)


def figures(_: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`: the reported half, and a load of 100,000 articles."""
    with redirect_stdout(io.StringIO()):
        recall, precision = edits_and_negatives("report", 200)
        pairs, rows = near_duplicates(), many_copies()
        grown = load(100_000)
    first, last = grown[0], grown[-1]
    yield Figure(
        "copies recognised, of 14 kinds of edit (recall)", recall, "", 0.99, "bound", "≥ .99"
    )
    yield Figure("copies that are copies (precision)", precision, "", 0.995, "bound", "≥ .995")
    yield Figure(
        "pairs of near_duplicates.jsonl that are versions", 100 * pairs, "%", 100, "bound", "100 %"
    )
    yield Figure("index rows a copy, 300 copies of one text", rows, "", 15, "bound", "≤ 15")
    yield Figure("articles a CPU second at 100,000", last.a_second, "/s", 800, "bound", "≥ 800")
    yield Figure(
        "the same, beside that at 10,000",
        last.a_second,
        "/s",
        first.a_second,
        "at 10,000",
        "≥ .8 ×",
    )
    yield Figure("memory beyond the start", last.megabytes, "MB", 64, "bound", "≤ 64 MB")
    yield Figure("index an article", last.bytes, "bytes", 600, "bound", "≤ 600")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--many", type=int, default=200, help="texts an edit is tried on")
    parser.add_argument(
        "--scale", type=int, default=20_000, help="articles of the load; 0: no load"
    )
    given = parser.parse_args()
    if not (SHARED / "corpus").is_dir():
        print("copies: nothing to measure on, ../shared is not here")
        return
    edits_and_negatives(given.half, given.many)
    near_duplicates()
    seeds()
    many_copies()
    if given.scale:
        load(given.scale)


if __name__ == "__main__":
    main()
