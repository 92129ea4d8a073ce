"""How well, how fast and in how little room copies are found: `python -m bench.copies` (`--scale 100000` for the load).

Edits and hard negatives are made here, of the real texts beside the checkout (../shared). Half of them, by a hash, were
there to choose thresholds on (`--half tune`); what is reported is the other half.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from archive.database import connect
from archive.postings import COPIES, relate
from archive.schema import ARCHIVE
from pipelines.fingerprint import fingerprint
from pipelines.texts import JUDGE

SHARED = Path(__file__).parents[1] / ".." / "shared"
SCHEMA = replace(ARCHIVE, steps=(*(step for step in ARCHIVE.steps if step[1] != COPIES), ("m002_copies", COPIES)))
MOMENT = "2024-03-01T06:00:00Z"
Edit = Callable[[str, str, random.Random], str]
"""A text, an unrelated one to take words and passages from, chance → the text as another outlet prints it."""


# -- an archive to fill ----------------------------------------------------------------------------------------------


class Bench:
    """An archive on disk, filled text by text."""

    def __init__(self, folder: Path) -> None:
        self.db = connect(folder / "archive.db", SCHEMA)
        self.outlets = 0

    def add(self, text: str, published_at: str = MOMENT, headline: str = "") -> tuple[int, list]:
        """Keep a text as an article of an outlet of its own and relate it."""
        article_id = self.keep(text, published_at, headline)
        return article_id, relate(self.db, article_id, JUDGE, MOMENT)

    def keep(self, text: str, published_at: str = MOMENT, headline: str = "") -> int:
        self.outlets += 1
        host = f"{self.outlets}.example"
        self.db.execute("INSERT INTO outlets (id, host, added_at) VALUES (?, ?, ?)", (self.outlets, host, MOMENT))
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
                fingerprint(text),
            ),
        )
        return done.lastrowid


# -- real texts ------------------------------------------------------------------------------------------------------


def real_texts(half: str) -> list[str]:
    """The corpus's texts of 60 words or more (200 characters without blanks), each once; split by outlet or story."""
    texts: dict[str, str] = {}
    for line in (SHARED / "corpus/dev/manifest.jsonl").open():
        page = json.loads(line)
        texts.setdefault(page.get("truth_text") or "", page.get("host") or page["id"])
    for name in ("wikinews", "g5w1h", "basil", "fnc"):
        for line in (SHARED / f"corpus/text-stories/{name}.jsonl").open():
            text = json.loads(line)
            texts.setdefault(text["text"], text["story"])
    wanted = {"tune": 0, "report": 1}[half]
    return [text for text, key in texts.items() if zlib.crc32(key.encode()) % 2 == wanted and long_enough(text)]


def long_enough(text: str) -> bool:
    return len(text.split()) >= 60 or (unspaced(text) and len(text) >= 200)


def unspaced(text: str) -> bool:
    return len(text) > 12 * len(text.split())


def sentences(text: str) -> list[str]:
    """Sentences or, where they are not found, lines."""
    return [part for part in re.split(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+", text) if part and part.strip()]


def joined(parts: list[str]) -> str:
    """Paragraphs of three sentences."""
    blank = "" if unspaced(" ".join(parts)) else " "
    return "\n".join(blank.join(parts[at : at + 3]) for at in range(0, len(parts), 3))


def words_of(text: str) -> list[str]:
    return list(text) if unspaced(text) else re.findall(r"\S+|\n", text)


def of_words(words: list[str], like: str) -> str:
    return ("" if unspaced(like) else " ").join(words)


# -- edits -----------------------------------------------------------------------------------------------------------


def cut(share: float) -> Edit:
    def edit(text: str, _: str, __: random.Random) -> str:
        words = words_of(text)
        return of_words(words[: max(30, int(len(words) * share))], text)

    return edit


def edited(share: float) -> Edit:
    """A share of the words replaced, left out or put in, wherever they stand."""

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


def new_heading(text: str, other: str, chance: random.Random) -> str:
    """Another headline, byline and credit in the text, its first words written anew."""
    theirs, mine = words_of(other), words_of(text)
    heading, byline = of_words(theirs[:9], other), of_words(["By", *theirs[9:12]], other)
    return "\n".join([heading, byline, of_words(theirs[12:16] + mine[6:], text), of_words(theirs[16:24], other)])


def local_paragraphs(text: str, other: str, chance: random.Random) -> str:
    """Two passages of another text, each a tenth of this one's length, somewhere in it."""
    lines, theirs = joined(sentences(text)).split("\n"), words_of(other)
    size = max(20, len(words_of(text)) // 10)
    for number in range(2):
        lines.insert(chance.randrange(len(lines) + 1), of_words(theirs[number * size : (number + 1) * size], other))
    return "\n".join(lines)


def inside(text: str, other: str, _: random.Random) -> str:
    """Within a text of another, as long as this one, half of it before and half after."""
    size, theirs = len(words_of(text)), words_of(other)
    theirs = (theirs * (size // max(1, len(theirs)) + 1))[:size]
    return "\n".join([of_words(theirs[: size // 2], other), text, of_words(theirs[size // 2 :], other)])


def reordered(text: str, _: str, chance: random.Random) -> str:
    paragraphs = joined(sentences(text)).split("\n")
    chance.shuffle(paragraphs)
    return "\n".join(paragraphs)


def correction(text: str, other: str, chance: random.Random) -> str:
    """A number changed, and a sentence that says so."""
    numbers = list(re.finditer(r"\d+", text))
    if numbers:
        one = chance.choice(numbers)
        text = text[: one.start()] + str(int(one.group()) + 3) + text[one.end() :]
    return f"{text}\nCorrection: an earlier version of this article misstated {of_words(words_of(other)[:12], other)}."


def every_third_left_out(text: str, _: str, __: random.Random) -> str:
    return joined([part for at, part in enumerate(sentences(text)) if at % 3 != 2])


def house_style(text: str, _: str, __: random.Random) -> str:
    """Other quotation marks and dashes, per cent in words, titles short, the paragraphs joined."""
    for old, new in (("“", '"'), ("”", '"'), ("’", "'"), (" — ", " - "), ("%", " percent"), ("percent", "per cent"),
                     ("President ", "Pres. "), (" and ", " & "), (" said", " says"), ("\n", " ")):  # fmt: skip
        text = text.replace(old, new)
    return text


def tail_only(text: str, _: str, __: random.Random) -> str:
    """The lede written away: the last six tenths."""
    words = words_of(text)
    return of_words(words[len(words) * 4 // 10 :], text)


def cut_and_edited(text: str, other: str, chance: random.Random) -> str:
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
NEVER_TUNED_ON = ("every third sentence out", "house style", "last 60 % only", "cut to 60 %, edited 6 %")


# -- what looks like a copy and is none ------------------------------------------------------------------------------


def other_facts(text: str, other: str, chance: random.Random) -> str:
    """The next report by the same template: every number and every name another."""
    names = re.findall(r"(?<=[\w,] )[A-ZÄÖÜА-ЯΑ-Ω][\w-]+", other) or ["Zorin", "Talva", "Merrow", "Quill"]
    renamed: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return renamed.setdefault(match.group(), chance.choice(names))

    text = re.sub(r"(?<=[\w,] )[A-ZÄÖÜА-ЯΑ-Ω][\w-]+", name, text)
    return re.sub(r"\d+", lambda match: str(chance.randrange(10 ** len(match.group()[:6]))), text)


TEMPLATES = {
    "weather": (
        "{place} will see {sky} on {day} with a high of {a} degrees and a low of {b}. Winds from the {wind} will blow at "
        "{c} to {d} kilometres an hour. The chance of rain is {e} per cent in the morning and {f} per cent after dark. "
        "Drivers are asked to allow more time on the roads, and those who work outdoors to drink enough water. The sun "
        "rises at {g}:{h} and sets at {i}:{j}. The outlook for the days after that is for {sky2} with highs near {k}. "
        "The next forecast for {place} is issued at noon, and warnings are published as soon as they are decided."
    ),
    "market": (
        "Shares in {place} closed {move} on {day}, with the main index {move2} {a}.{b} per cent to {c}{d} points. "
        "{name} led the way with {e}.{f} per cent, followed by {name2} with {g}.{h} per cent. {name3} lost {i} cents to "
        "{j}.{k}. Traders said that the market was waiting for the figures that are expected later in the week. Volume "
        "was {d} million shares, against an average of {c} million over the past thirty days. The currency was little "
        "changed against the dollar, and the yield on the ten-year bond stood at {b}.{a} per cent at the close."
    ),
    "match": (
        "{name} beat {name2} {a}-{b} at {place} on {day} in front of {c}{d} spectators. {name3} opened the scoring in "
        "minute {e} and made it two shortly before the break. The visitors came back strongly after half-time and pulled "
        "one back through {name4} in minute {f}, but could not find another. The home side could have added to their "
        "lead in the closing stages, when a shot struck the post. With this result {name} move up to place {g} in the "
        "table with {h} points, while {name2} stay in place {i} with {j}. The teams meet again in week {k}."
    ),
    "quake": (
        "An earthquake with a magnitude of {a}.{b} struck {c} kilometres {wind} of {place} on {day} at {g}:{h} local "
        "time, at a depth of {d} kilometres, the geological service said. There were no immediate reports of damage or "
        "casualties. No tsunami warning was issued. The region lies where two plates meet and is often shaken. People "
        "who felt it are asked to report what they noticed on the web pages of the service. This text was written by "
        "a program from the data of the service and was looked at by an editor before it was published."
    ),
    "Wetter": (
        "In {place} wird es am {day} {sky} bei Höchstwerten um {a} Grad und Tiefstwerten um {b} Grad. Der Wind weht mit "
        "{c} bis {d} Kilometern pro Stunde aus Richtung {wind}. Die Wahrscheinlichkeit für Regen liegt am Vormittag bei "
        "{e} Prozent und am Abend bei {f} Prozent. Autofahrer sollten mehr Zeit einplanen, und wer im Freien arbeitet, "
        "sollte genug trinken. Die Sonne geht um {g}.{h} Uhr auf und um {i}.{j} Uhr unter. Die Aussichten für die "
        "folgenden Tage: {sky2} bei Werten um {k} Grad. Die nächste Vorhersage erscheint am Mittag."
    ),
    "股市": (
        "{day}，{place}股市{move}，主要指数报{c}{d}点，涨跌幅为{a}.{b}%。{name}领涨，涨幅达{e}.{f}%，{name2}上涨{g}.{h}%，"
        "{name3}下跌{i}分，收于{j}.{k}元。分析人士表示，市场正在等待本周晚些时候公布的经济数据，投资者普遍保持谨慎态度。"
        "全天成交量为{d}亿股，过去三十个交易日的平均成交量为{c}亿股。人民币对美元汇率变化不大，十年期国债收益率为{b}.{a}%。"
        "以上内容由程序根据交易所公布的数据自动生成，仅供参考，不构成投资建议，投资者据此操作风险自担。"
    ),
}
WORDS = {
    "place": ["Arnwick", "Belmora", "Castrey", "Dunholt", "Eskvale", "Farrow", "Glenmere", "Hartsea", "Inverlay", "Kilmor", "Lorne", "Marden"],
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "sky": ["bright sunshine", "heavy cloud", "scattered showers", "thick fog", "snow"],
    "wind": ["north", "south", "east", "west", "north-east", "south-west"],
    "move": ["higher", "lower", "mixed", "almost unchanged"],
    "name": [a + b for a in ["Ald", "Bren", "Cor", "Dar", "Fen", "Hol", "Kes", "Mor", "Tav", "Vel"] for b in ("ric", "low", "ster", "dale")],
}


def from_template(kind: str, chance: random.Random) -> str:
    def fill(match: re.Match[str]) -> str:
        pool = WORDS.get(match.group(1).rstrip("0123456789"))
        return chance.choice(pool) if pool else str(chance.randrange(1, 60))

    return re.sub(r"{(\w+)}", fill, TEMPLATES[kind])


def negatives(texts: list[str], chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """(kind, a text, another that is no version of it), the first to arrive before the second."""
    for kind in TEMPLATES:
        for _ in range(25):
            yield "recurring template", from_template(kind, chance), from_template(kind, chance)
    for text in chance.sample(texts, min(300, len(texts))):
        other, third = like(text, texts, chance), like(text, texts, chance)
        if len(re.findall(r"\d+", text)) + len(re.findall(r"(?<=[\w,] )[A-Z]\w+", text)) >= 8:
            yield "template of a real text", text, other_facts(text, other, chance)
        words = words_of(third)
        size = min(len(words_of(text)), len(words_of(other)), len(words) - 20) // 3
        notice, quote = of_words(words[-min(120, size) :], third), of_words(words[20 : 20 + min(50, size)], third)
        yield "shared boilerplate", f"{_most(text)}\n{notice}", f"{_most(other)}\n{notice}"
        yield "shared quote", f"{_most(text)}\n“{quote}”\n{text[-200:]}", f"“{quote}”\n{_most(other)}"


def like(text: str, texts: list[str], chance: random.Random) -> str:
    """Another in the same script."""
    others = [other for other in chance.sample(texts, 40) if other != text and script(other) == script(text)]
    return others[0] if others else chance.choice(texts)


@cache
def script(text: str) -> str:
    """The script of most of its letters: LATIN, CYRILLIC, CJK …"""
    return Counter(unicodedata.name(c, "?").split()[0] for c in text[:400] if c.isalpha()).most_common(1)[0][0]


def _most(text: str) -> str:
    words = words_of(text)
    return of_words(words[: int(len(words) * 0.95)], text)


# -- a large archive -------------------------------------------------------------------------------------------------


def babble(texts: list[str], chance: random.Random) -> Iterator[str]:
    """Texts without end in the words of real ones: each word follows two that it followed there.

    By chance they share more five-word runs than unrelated news does, so they are the harder load.
    """
    follows = defaultdict(list)
    for text in texts:
        words = text.split()
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            follows[first, second].append(third)
    starts, sizes = list(follows), [len(text.split()) for text in texts]
    while True:
        words = list(chance.choice(starts))
        for _ in range(chance.choice(sizes)):
            words.append(chance.choice(follows.get((words[-2], words[-1])) or ("and",)))
        yield " ".join(words)


def load(size: int, share_of_copies: float = 0.2) -> None:
    """CPU and memory that `relate` takes, and bytes of its index, as the archive grows to `size` articles."""
    chance = random.Random(17)
    english = [text for text in real_texts("report") if script(text) == "LATIN" and " the " in text]
    english = [text for text in english if 100 <= len(text.split()) <= 1000]
    print(f"articles of {sum(len(t.split()) for t in english) / len(english):.0f} words, {share_of_copies:.0%} of them copies")
    source, recent = babble(english, chance), []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        bench, spent = Bench(Path(folder)), 0.0
        bench.db.execute("DROP TRIGGER articles_fts_insert")  # the search's cost, not this one's
        for number in range(1, size + 1):
            if number % 200 == 1:
                bench.db.execute("BEGIN IMMEDIATE")
            copied = recent and chance.random() < share_of_copies
            text = chance.choice(list(EDITS.values()))(*chance.sample(recent, 2), chance) if copied else next(source)
            recent = [*recent[-200:], text] if not copied else recent
            article_id = bench.keep(text)
            start = time.process_time()
            relate(bench.db, article_id, JUDGE, MOMENT)
            if number % 200 == 0:
                bench.db.execute("COMMIT")
            spent += time.process_time() - start
            if number in (1000, 10_000) or number % 50_000 == 0:
                _print_load(bench, number, spent, before)
            if number % 2000 == 0 and number not in (10_000, 100_000):
                spent_of[number] = spent
