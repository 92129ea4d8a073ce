"""What an article is known by in any language: the places, names and numbers in it, and words that many languages share.

A report of one happening has few words in common with one in another language, but it names the same places and people
and gives the same figures. A key is one of these in a form that does not depend on the language; its first sign says
what it is:

- `@KR`, `@Seoul`: a country, its people, or a large city, by the names in CLDR (`pipelines.place_names`)
- `~SLNSK`: a name by its sound: Zelensky, Зеленский, 젤렌스키, ゼレンスキー, 泽连斯基
- `=parl`: a root, the first letters of a word: parliament, parlamento, парламент
- `#1200`: a number, its unit multiplied out: 1,200, 1200, 12百

Sounds are consonants in classes, as in Soundex (Russell 1918) and its successors, for all scripts at once: any script is
first written in ASCII letters (anyascii).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from math import exp

from anyascii import anyascii

from archive.keys import Judge
from archive.records import below_standfirst
from archive.search import UNSPACED
from pipelines.place_names import SHORTEST, Names, fold, names_in

VERSION = 1
"""Of the way in which keys are made; a new one makes the keys of all articles anew."""
READ = 1_500
"""Characters of an article, from its beginning."""
OPENING = 260
"""Of these, what says what happened; the rest counts LATER as much."""
OF_HEADLINE, LATER = 2.0, 0.35

LETTERS = rf"[^\W\d_{UNSPACED}]"
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0955-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d\u0d81-\u0ddf\u200c"
TOKEN = re.compile(
    rf"(?P<number>\d[\d.,\u066b\u066c\u00a0\u202f]*\d|\d)(?P<unit>[万萬億亿兆만억조천百千])?"
    rf"|(?P<word>{LETTERS}(?:{LETTERS}|[{MARKS}])*)"
    rf"|(?P<run>[{UNSPACED}\u30fb\u00b7]+)"
)


def keys(headline: str | None, standfirst: str | None, text: str, language: str | None) -> dict[str, float]:
    """Key → how often it occurs, its places weighted. Nothing if there are none."""
    language = (language or "").partition("-")[0].lower()
    opening = f"{standfirst or ''}\n{below_standfirst(text[: 2 * READ], standfirst)}"[:READ]
    counts: dict[str, float] = {}
    for part, weight in ((headline or "", OF_HEADLINE), (opening[:OPENING], 1.0), (opening[OPENING:], LATER)):
        for key in keys_of(part, language):
            counts[key] = counts.get(key, 0.0) + weight
    return counts


def keys_of(text: str, language: str) -> Iterator[str]:
    """The keys of a text, in order and as often as they occur."""
    names = names_in(language)
    words: list[str] = []
    for found in TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        kind = found.lastgroup
        if found["word"]:
            words.append(found["word"])
            yield from _of_word(found["word"], language)
        elif found["run"]:
            yield from _of_run(found["run"], language)
        else:
            yield from _of_number(found["number"], found["unit"])
    yield from _places(words, names, language)


# -- numbers ---------------------------------------------------------------------------------------------------------

UNITS = {"百": 100, "千": 1000, "천": 1000, "万": 10**4, "萬": 10**4, "만": 10**4, "億": 10**8, "亿": 10**8, "억": 10**8,
         "兆": 10**12, "조": 10**12}  # fmt: skip


def _of_number(number: str, unit: str | None) -> Iterator[str]:
    if unit:
        value = float(re.sub(r"[^\d.]", "", number).strip(".") or 0) if number.count(".") <= 1 else 0
        yield f"#{value * UNITS[unit]:.0f}"
        return
    groups = re.split(r"\D+", number)
    plain = "".join(map(str, map(int, groups[0]))) + "".join("".join(str(int(d)) for d in g) for g in groups[1:])
    if len(plain) >= 2 and not (len(plain) == 4 and plain[:2] in ("19", "20")):
        yield f"#{plain}"


# -- places ----------------------------------------------------------------------------------------------------------

LONGEST_RUN = 4


def _places(words: list[str], names: Names, language: str) -> Iterator[str]:
    """Names of up to four words, the longest first; what is part of one is no other."""
    folded = [_known_as(word, language) for word in words]
    at = 0
    while at < len(words):
        for many in range(min(LONGEST_RUN, len(words) - at), 0, -1):
            place = _place(words[at : at + many], folded[at : at + many], names)
            if place:
                yield "@" + place
                at += many
                break
        else:
            at += 1


def _place(words: list[str], folded: list[tuple[str, ...]], names: Names) -> str | None:
    for spelled in {" ".join(each[0] for each in folded), " ".join(each[-1] for each in folded)}:
        place = names.whole.get(spelled)
        if place and not words[0][0].islower():
            return place
    for way in (0, -1):
        if place := _begins(tuple(each[way] for each in folded), names.beginnings):
            return place
    return None


def _begins(words: tuple[str, ...], beginnings: Mapping[str, str]) -> str | None:
    if len(words) > 1:
        return beginnings.get(" ".join(word[: max(SHORTEST, len(word) - 2)] for word in words))
    word = words[0]
    for end in range(min(len(word), 14), SHORTEST - 1, -1):
        if (place := beginnings.get(word[:end])) and len(word) - end <= 5:
            return place
    return None


@lru_cache(maxsize=20_000)
def _known_as(word: str, language: str) -> tuple[str, ...]:
    """A word folded, and what is left of it without article or particle."""
    word = fold(word)
    return (word, *_without_particles(word))


def _without_particles(word: str) -> tuple[str, ...]:
    if not word:
        return ()
    if "\u0600" <= word[0] <= "\u06ff":
        found = re.match("(?:[وفبك]?ال|لل|و)(?=.{3})", word)
        return (word[found.end() :],) if found else ()
    if "\u05d0" <= word[0] <= "\u05ea" and len(word) > 3 and word[0] in "הבלמוש":
        return (word[2:] if len(word) > 5 and word[:2] in ("וה", "שה", "מה", "וב", "ול", "שב") else word[1:],)
    return ()


# -- scripts without blanks ------------------------------------------------------------------------------------------

HANGUL = re.compile("[\uac00-\ud7a3]+")
KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{2,}")
HAN = re.compile("[\u3400-\u9fff]+")
THAI = re.compile("[\u0e01-\u0e4e]+")
PARTICLES = re.compile(
    "(?:에서는|에서의|으로부터|에게서|이라고|에서|에게|으로|까지|부터|처럼|보다|이라|라고|에는|에도|와의|과의|은|는|이|가|을|를|의|에|로|와|과|도|만|인|씨|측|당|군)$"
)
TRANSCRIBING = frozenset(
    "阿埃艾安奥巴白班邦保鲍贝本比彼宾波伯博布查茨达大丹当道德登邓迪蒂丁东杜多顿恩尔厄法凡范菲费芬冯佛弗福夫盖甘冈高戈哥格根贡古瓜圭"
    "哈海汉豪赫黑亨洪胡华怀霍基吉季加贾简杰金卡凯坎康考柯科克肯孔库夸拉莱赖兰郎朗劳雷勒里理利莉力立连廉列林琳伶隆卢鲁路伦罗洛吕马玛迈"
    "麦曼芒毛梅门蒙米密敏明摩莫默姆穆纳娜奈南内尼涅宁纽农努诺欧帕派潘庞佩彭皮平珀普奇齐契恰强乔切钦琼丘让热日荣茹儒若萨塞赛桑瑟森沙莎"
    "山尚绍舍申什圣施史舒斯松苏索塔泰坦汤唐特藤提铁廷亭通图托瓦万旺威韦维魏温文翁沃乌西希锡夏香肖谢辛欣兴雄休许雅亚延扬耶叶伊依因英尤于"
    "约扎宰赞泽曾詹湛张章哲者真珍朱兹祖佐"
    "奧貝賓鮑達當東頓爾凡馮蓋岡貢漢華懷賈簡傑凱庫萊賴蘭勞雷裡連廉倫羅呂馬瑪邁麥門內寧紐農諾歐龐強喬欽瓊讓熱榮薩賽紹聖蘇鐵圖萬韋維溫烏錫謝興亞揚葉紮宰贊澤"
    "尔娅妮妲娃姬黛芙蕾蒂露洁绮丝丽琪卓薇"
)


def _of_run(run: str, language: str) -> Iterator[str]:
    names = names_in(language)
    if HANGUL.match(run):
        for word in HANGUL.findall(run):
            yield from _of_korean(word, names, language)
        return
    yield from ("@" + place for place in _inside(run, names))
    for name in KATAKANA.findall(run):
        yield from _sounds(name, language)
    if language != "ja":
        yield from _of_chinese(run)


def _of_korean(word: str, names: Names, language: str) -> Iterator[str]:
    for end in range(len(word), 1, -1):
        if place := names.whole.get(word[:end]):
            yield "@" + place
            return
    bare = PARTICLES.sub("", word) if len(word) > 2 else word
    if len(bare) > 1:
        yield from _sounds(bare, language)


def _inside(run: str, names: Names) -> Iterator[str]:
    at = 0
    while at < len(run) - 1:
        for end in range(min(len(run), at + 12), at + 1, -1):
            if place := names.whole.get(run[at:end]):
                yield place
                at = end
                break
        else:
            at += 1


def _of_chinese(run: str) -> Iterator[str]:
    for piece in HAN.findall(run):
        start = 0
        for at in range(len(piece) + 1):
            if at == len(piece) or piece[at] not in TRANSCRIBING:
                yield from _parts(piece[start:at])
                start = at + 1


def _parts(name: str) -> Iterator[str]:
    """All parts of two to six characters: nobody can tell where a name begins and ends."""
    sounds = [_syllable(character) for character in name]
    for start in range(len(name)):
        for end in range(start + 2, min(len(name), start + 6) + 1):
            yield from _as_keys("".join(sounds[start:end]), SHORTEST_SOUND + 1)


HARD = {"基": "ki", "加": "ka", "金": "kin", "吉": "gi", "杰": "je", "傑": "je", "什": "sh", "希": "hi", "尔": "l", "爾": "l",
        "茨": "ts", "姆": "m", "夏": "sha", "乔": "jo", "喬": "jo", "华": "wa", "華": "wa"}  # fmt: skip


@lru_cache(maxsize=2_000)
def _syllable(character: str) -> str:
    return HARD.get(character) or re.sub("ng$", "n", anyascii(character).lower())


# -- sounds ----------------------------------------------------------------------------------------------------------

SHORTEST_SOUND = 2
FOLDED = (
    (re.compile("tsch|tch|sch|shch|tsh|dzh|dsch"), "s"),
    (re.compile("sh|ch|ts|tz|cz|sz|dz|dj|zh|ss|cs"), "s"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("g(?=[eiy])"), "g"),
    (re.compile("ph"), "f"),
    (re.compile("th"), "t"),
    (re.compile("kh|gh"), "h"),
    (re.compile("x"), "ks"),
    (re.compile("ng(?![aeiou])"), "n"),
    (re.compile("m(?=[pb])"), "n"),
    (re.compile("ck"), "k"),
)
CLASSES = str.maketrans("bfpvdtgkcqszjrlmn", "PPPPTTKKKKSSSLLMN", "aeiouyhw'")
VOWELS = "aeiou"


def _of_word(word: str, language: str) -> tuple[str, ...]:
    return _keys_of_word(word, language)


@lru_cache(maxsize=50_000)
def _keys_of_word(word: str, language: str) -> tuple[str, ...]:
    found: list[str] = []
    folded = fold(word)
    cased = word[0].isupper() or word[0].islower()
    if not cased or word[0].isupper():
        for bare in {folded, *_without_particles(folded)}:
            found += _sounds(bare, language)
    letters = re.sub("[^a-z]", "", anyascii(folded).lower())
    if len(letters) >= 5 and "a" <= letters[0] <= "z" and cased:
        found.append("=" + letters[:4])
    return tuple(found)


@lru_cache(maxsize=50_000)
def _sounds(word: str, language: str) -> tuple[str, ...]:
    letters = anyascii(word)
    letters = re.sub("ng(?=[A-Z]|$)", "n", letters) if HANGUL.match(word) else letters
    return tuple(_as_keys(letters.lower(), SHORTEST_SOUND))


def _as_keys(letters: str, shortest: int) -> Iterator[str]:
    for pattern, plain in FOLDED:
        letters = pattern.sub(plain, letters)
    letters = re.sub("[^a-z]", "", letters)
    if not letters:
        return
    sound = re.sub(r"(.)\1+", r"\1", letters).translate(CLASSES)
    if len(sound) >= shortest:
        yield "~" + ("A" if letters[0] in VOWELS else "") + sound


# -- how alike two articles are --------------------------------------------------------------------------------------


LIKELY, PERHAPS = 0.15, 0.08
"""The least link between two articles that is listed, and that may be shown with a question mark."""


def likeness(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """The cosine of two vectors of unit length."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return sum(weight * many.get(key, 0.0) for key, weight in few.items())


def link(likeness_of_keys: float, cosine: float, days: float | None) -> float:
    """How well two articles of different languages belong together."""
    near = 1.0 if days is None else 0.1 + 0.9 * exp(-days / 8)
    return 0.5 * (likeness_of_keys + cosine) * near


JUDGE = Judge(VERSION, keys)
"""For `archive.keys`."""
