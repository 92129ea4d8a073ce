"""Language keys: features of an article that do not depend on its language.

Reports of one event in two languages share few words, but they name the same places and people and
give the same figures. A key is a place, name, number or word root in a form that does not depend on
the language; its first character is its kind:

- `@KR`, `@Seoul`: a country, its people, or a large city, by their names in CLDR
  (`pipelines.topics.place_names`)
- `~SLNSK`: the consonants of a name: Zelensky, Зеленский, 젤렌스키, ゼレンスキー, 泽连斯基
- `=parli`: a root, the first letters of a word: parliament, parlimen, парлимент
- `#1200`: a number, multiplied by its unit: 1,200, 1200, 12百

The consonants form seven classes, as in Soundex (Russell 1918) and its successors; every script is
first transliterated to ASCII letters (anyascii).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from heapq import nlargest
from math import exp
from typing import NamedTuple

from anyascii import anyascii

from archive.articles.language_keys import KeyPolicy
from archive.records import text_below_standfirst
from archive.text.unspaced import HAN_RANGE, HANGUL_RANGE, SOUTHEAST_ASIAN_RANGES, UNSPACED_RANGES
from pipelines.text.terms import MAX_TERM_CHARS, stop_words
from pipelines.topics.place_names import (
    MIN_PLACE_NAME_LETTERS,
    PlaceNames,
    fold_place_name,
    name_beginning,
    place_names_in,
)

KEYS_VERSION = 1
"""Version of the key extraction; a new version rebuilds the keys of all articles."""
MAX_KEYED_CHARS = 1_500
"""Number of characters, from the beginning of the text, from which keys are extracted."""
KEYS_OPENING_CHARS = 260
"""Characters of the opening, whose keys count 1; later keys count `LATER_KEY_WEIGHT`."""
HEADLINE_KEY_WEIGHT, LATER_KEY_WEIGHT = 2.0, 0.35
PLACE_KEY_WEIGHT = 1.3
"""Weight of a place relative to other keys; places come from a list and are rarely wrong."""
MAX_CACHED_WORDS = 50_000
"""Cache size, in words."""

KEYED_LETTER = rf"[^\W\d_{UNSPACED_RANGES}]"
COMBINING_MARKS = (
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0955-\u0963"
    "\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd"
    "\u0d00-\u0d4d\u0d81-\u0ddf\u200c]"
)
"""Vowel signs and points within words."""
KEY_TOKEN = re.compile(
    r"((?<!\d)\d{1,3}(?: \d{3})+(?!\d)|\d[\d.,\u066b\u066c]*\d|\d)([百千천万萬만億亿억兆조年年月日日号號년월일])?"
    rf"|({KEYED_LETTER}(?:{KEYED_LETTER}|{COMBINING_MARKS})*)"
    rf"|([{UNSPACED_RANGES}\u30fb\u00b7]+)"
)
"""A number with its unit, a word, or a run of a script without spaces."""

KeyCounts = Iterator[tuple[str, float]]
"""(key, weight) pairs in the order of the text, one for each occurrence."""


def count_keys(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> dict[str, float]:
    """Return key → weighted number of occurrences; empty if the article has no keys.

    Occurrences in the headline count `HEADLINE_KEY_WEIGHT`, in the opening 1, later
    `LATER_KEY_WEIGHT`; places count `PLACE_KEY_WEIGHT` times as much.
    """
    language = (language or "").partition("-")[0].lower()
    body = text_below_standfirst(text[: 2 * MAX_KEYED_CHARS], standfirst)
    read = f"{standfirst or ''}\n{body}".strip()[:MAX_KEYED_CHARS]
    counts: dict[str, float] = {}
    for part, weight in (
        (headline or "", HEADLINE_KEY_WEIGHT),
        (read[:KEYS_OPENING_CHARS], 1.0),
        (read[KEYS_OPENING_CHARS:], LATER_KEY_WEIGHT),
    ):
        for key, counted in article_key_counts(part, language):
            counts[key] = counts.get(key, 0.0) + weight * counted
    return {key: round(count, 2) for key, count in counts.items()}


def article_key_counts(text: str, language: str) -> KeyCounts:
    """Yield the keys of a text with their weights."""
    words: list[str] = []
    for found in KEY_TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        number, unit, word, run = found.groups()
        if word:
            words.append(word)
            continue
        yield from _word_keys(words, language)
        words = []
        yield from _unspaced_keys(run, language) if run else _number_keys(number, unit)
    yield from _word_keys(words, language)


# -- numbers ---------------------------------------------------------------------------------------

NUMBER_UNITS = {
    **{"百": 100, "千": 1000, "천": 1000, "万": 10**4, "萬": 10**4, "만": 10**4},
    **{"億": 10**8, "亿": 10**8, "억": 10**8, "兆": 10**12, "조": 10**12},
}
GROUPED_DIGITS = re.compile(r"\d{1,3}(?:[.,\u066b\u066c ]\d{2,3})*[.,\u066b\u066c ]\d{3}")
"""Thousands with group separators (in India also groups of two digits); otherwise a separator is
the decimal sign."""
MAX_KEY_DIGITS = 18


def _number_keys(number: str, unit: str | None) -> KeyCounts:
    """Yield the key of a number of two digits or more that is neither a year nor part of a date."""
    if unit and unit not in NUMBER_UNITS:
        return
    fraction = "0"
    if not GROUPED_DIGITS.fullmatch(number):
        number, _, fraction = re.sub("[,\u066b]", ".", number).partition(".")
    whole, fraction = re.sub(r"\D", "", number), fraction or "0"
    if len(whole + fraction) > MAX_KEY_DIGITS or not fraction.isdecimal():
        return
    is_year = len(whole) == 4 and number.isdecimal() and 1900 <= int(whole) < 2100
    if unit:
        factor = NUMBER_UNITS[unit]
        product = int(whole) * factor + int(fraction) * factor // 10 ** len(fraction)
        yield f"#{product}", 1.0
    elif int(fraction):
        yield f"#{int(whole)}.{int(fraction):0{len(fraction)}}", 1.0
    elif int(whole) > 9 and not is_year:
        yield f"#{int(whole)}", 1.0


# -- words -----------------------------------------------------------------------------------------

MAX_PLACE_WORDS = 4
"""Maximum number of words in the name of a place."""
CASELESS_LETTER = re.compile("[\u0590-\u10ff\u1200-\u139f\u1c90-\u1cbf\u2d00-\u2d2f]")
"""Scripts without capital letters: Hebrew, Arabic, the scripts of India, Georgian, Ethiopic."""
WORD_ENDING, CITY_NAME_ENDING = 10, 4
"""Maximum length, in letters, of a grammatical ending after the stem of a country's or a city's
name."""


class KeyWord(NamedTuple):
    """The keys of a word, and the part it plays in the names of places."""

    keys: tuple[tuple[str, float], ...]
    place: str | None
    """The place that the word names by itself."""
    bare: str
    """The folded word without article or particle."""
    begins: bool
    """True if the word may be the first word of a place's name."""


def _word_keys(words: list[str], language: str) -> KeyCounts:
    """Yield the keys of successive words, and the places that they name.

    The longest name of a place wins; words inside a name name no other place.
    """
    analysed = [_single_word_keys(word, language) for word in words]
    bare_words = [word.bare for word in analysed]
    names = place_names_in(language)
    past = 0
    for at, word in enumerate(analysed):
        yield from word.keys
        if at < past:
            continue
        place, past = word.place, at + 1
        if word.begins:
            for end in range(min(at + MAX_PLACE_WORDS, len(words)), at + 1, -1):
                longer = _place_key(bare_words[at:end], names)
                if longer:
                    place, past = longer, end
                    break
        if place:
            yield "@" + place, PLACE_KEY_WEIGHT


def _place_key(words: list[str], names: PlaceNames) -> str | None:
    """Return the place that has this name or an inflected form of it."""
    name = " ".join(words)
    return names.whole.get(name) or names.beginnings.get(name_beginning(name))


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _single_word_keys(word: str, language: str) -> KeyWord:
    """Return the keys of a word; stop words and overlong words have none."""
    folded = fold_place_name(word)
    if not folded or len(folded) > MAX_TERM_CHARS or folded in stop_words(language):
        return KeyWord((), None, folded, place_names_in(language).starts(folded))
    caseless = CASELESS_LETTER.match(word) is not None
    name, names = caseless or word[0].isupper(), place_names_in(language)
    ways = (folded, *_strip_prefixed_particles(folded))
    found: dict[str, float] = {}
    if name:
        for way in ways:
            found |= _word_sounds(way)
    if not caseless and (root := _word_root(folded)):
        found["=" + root] = 1.0
    place = next((place for way in ways if (place := _one_word_place(way, name, names))), None)
    return KeyWord(tuple(found.items()), place, ways[-1], any(map(names.starts, ways)))


def _one_word_place(word: str, name: bool, names: PlaceNames) -> str | None:
    """Return the place that a word names.

    A word without a capital letter may still name the people of a country (`français`).
    """
    if name and (place := names.whole.get(word)):
        return place
    shortest = MIN_PLACE_NAME_LETTERS if name else MIN_PLACE_NAME_LETTERS + 1
    country = _place_by_beginning(word, names.beginnings, shortest, WORD_ENDING)
    if country or not name:
        return country
    return _place_by_beginning(word, names.cities, MIN_PLACE_NAME_LETTERS, CITY_NAME_ENDING)


def _place_by_beginning(
    word: str, beginnings: Mapping[str, str], shortest: int, ending: int
) -> str | None:
    """Return the place whose stem is the longest prefix of the word, within the limits of length.

    The prefix has at least `shortest` letters, and the rest of the word at most `ending` letters.
    """
    for end in range(len(word), max(shortest, len(word) - ending) - 1, -1):
        if place := beginnings.get(word[:end]):
            return place
    return None


ARABIC_PARTICLES = re.compile("(?:[وفبك]?ال|لل|و)(?=.{3})")
HEBREW_PARTICLES = re.compile("(?:[ושמ]ה|וב|ול|שב)(?=.{4})|[הבלמוש](?=.{3})")


def _strip_prefixed_particles(word: str) -> tuple[str, ...]:
    """Return an Arabic or Hebrew word without its attached article and prepositions, if it has any.

    The tuple has one word, or is empty.
    """
    if "\u0590" <= word[0] <= "\u06ff":
        particles = ARABIC_PARTICLES if word[0] > "\u05ff" else HEBREW_PARTICLES
        if found := particles.match(word):
            return (word[found.end() :],)
    return ()


ROOT_LETTERS = 5
_SIBILANTS = "tsch shch dsch tch sch tsh dzh sh ch cz sz zh dj ts tz dz"
SOUND_SPELLINGS = (
    *((letters, "s") for letters in f"{_SIBILANTS} z x".split()),
    *(("ce", "se"), ("ci", "si"), ("cy", "si")),
    *(("ph", "f"), ("th", "t"), ("kh", "h"), ("gh", "g"), ("ck", "k"), ("c", "k"), ("q", "k")),
    *(("y", "i"), ("j", "i"), ("w", "v")),
)
"""Spellings that differ between languages → one common spelling."""
DOUBLED_LETTER = re.compile(r"(.)\1+")


def _word_root(word: str) -> str | None:
    """Return the first letters of a word in a common spelling; None if it is too short."""
    letters = _normalised_spelling(anyascii(word).lower(), SOUND_SPELLINGS)
    return letters[:ROOT_LETTERS] if len(letters) >= ROOT_LETTERS else None


def _normalised_spelling(letters: str, spellings: Iterable[tuple[str, str]]) -> str:
    """Return ASCII letters with the given spellings replaced and doubled letters made single."""
    if not letters.isalpha():
        letters = "".join(filter(str.isalpha, letters))
    for several, plain in spellings:
        if several in letters:
            letters = letters.replace(several, plain)
    return DOUBLED_LETTER.sub(r"\1", letters)


# -- scripts without spaces ------------------------------------------------------------------------

HANGUL = re.compile(f"[{HANGUL_RANGE}]+")
KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{2,}")
HAN_LETTER = re.compile(f"[{HAN_RANGE}]+")
UNSPACED_SCRIPT = re.compile(f"[{SOUTHEAST_ASIAN_RANGES}]+")
"""Thai, Lao, Burmese, Khmer."""
KOREAN_PARTICLES = re.compile(
    "(?:에서는|에서의|으로부터|에게서|이라고|에서|에게|으로|까지|부터|처럼|보다|이라|라고|에는|에도|와의|과의"
    "|은|는|이|가|을|를|의|에|로|와|과|도|만|인|씨|측|당|군)$"
)
"""Particles that Korean attaches to nouns."""
TRANSCRIBING = frozenset(
    "阿埃艾安奥巴白班邦保鲍贝本比彼宾波伯博布查茨达大丹当道德登邓迪蒂丁东杜多顿恩尔厄法凡范菲费芬冯佛弗福夫盖甘冈高戈哥格根贡古瓜圭"
    "哈海汉豪赫黑亨洪胡华怀霍基吉季加贾简杰金卡凯坎康考柯科克肯孔库夸拉莱赖兰郎朗劳雷勒里理利莉力立连廉列林琳伶隆卢鲁路伦罗洛吕马玛迈"
    "麦曼芒毛梅门蒙米密敏明摩莫默姆穆纳娜奈南内尼涅宁纽农努诺欧帕派潘庞佩彭皮平珀普奇齐契恰强乔切钦琼丘让热日荣茹儒若萨塞赛桑瑟森沙莎"
    "山尚绍舍申什圣施史舒斯松苏索塔泰坦汤唐特藤提铁廷亭通图托瓦万旺威韦维魏温文翁沃乌西希锡夏香肖谢辛欣兴雄休许雅亚延扬耶叶伊依因英尤于"
    "约扎宰赞泽曾詹湛张章哲者真珍朱兹祖佐娅妮妲娃姬黛芙蕾露洁绮丝丽琪卓薇"
    "奧貝賓鮑達當東頓爾凡馮蓋岡貢漢華懷賈簡傑凱庫萊賴蘭勞雷裡連廉倫羅呂馬瑪邁麥門內寧紐農諾歐龐強喬欽瓊讓熱榮薩賽紹聖蘇鐵圖萬韋維溫烏"
    "錫謝興亞揚葉紮宰贊澤"
)
"""Chinese characters with which foreign names are transcribed."""
CHINESE_READINGS = {
    **{
        "基": "ki",
        "加": "ka",
        "金": "kin",
        "吉": "gi",
        "杰": "je",
        "傑": "je",
        "什": "sh",
        "希": "hi",
        "尔": "l",
    },
    **{
        "爾": "l",
        "茨": "ts",
        "姆": "m",
        "夏": "sha",
        "乔": "jo",
        "喬": "jo",
        "华": "wa",
        "華": "wa",
    },
}
"""Readings of some of these characters that differ from today's Mandarin."""
MAX_NAME_SYLLABLES = 6


def _unspaced_keys(run: str, language: str) -> KeyCounts:
    """Yield the keys of a run of Korean, Japanese, Chinese or South East Asian script."""
    if HANGUL.match(run):
        for word in HANGUL.findall(run):
            yield from _korean_keys(word, language)
        return
    yield from (
        ("@" + place, PLACE_KEY_WEIGHT) for place in _places_in_run(run, place_names_in(language))
    )
    for name in KATAKANA.findall(run):
        yield from _word_sounds(name).items()
    for piece in HAN_LETTER.findall(run) if language != "ja" else ():
        yield from _chinese_name_keys(piece)
    for piece in UNSPACED_SCRIPT.findall(run):
        yield from _name_trigrams(piece)


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _korean_keys(word: str, language: str) -> tuple[tuple[str, float], ...]:
    """Return the place at the beginning of a word, or else the sound of its stem.

    The stem is the word without its particle.
    """
    names = place_names_in(language)
    for end in range(len(word), 1, -1):
        if place := names.whole.get(word[:end]):
            return (("@" + place, PLACE_KEY_WEIGHT),)
    bare = KOREAN_PARTICLES.sub("", word) if len(word) > 2 else word
    return tuple(_word_sounds(bare).items()) if len(bare) > 1 else ()


def _places_in_run(run: str, names: PlaceNames) -> Iterator[str]:
    """Yield the places named anywhere in a run; at each position the longest name wins."""
    at = 0
    while at < len(run) - 1:
        longest = names.pairs.get(run[at : at + 2], 0)
        for end in range(min(len(run), at + longest), at + 1, -1):
            if place := names.whole.get(run[at:end]):
                yield place
                at = end
                break
        else:
            at += 1


def _chinese_name_keys(run: str) -> KeyCounts:
    """Yield the sounds of all parts, of two to six characters, of each transcribed run.

    The beginning and the end of a name cannot be recognised in such a run.
    """
    start = 0
    for at in range(len(run) + 1):
        if at == len(run) or run[at] not in TRANSCRIBING:
            sounds = list(map(_chinese_syllable, run[start:at]))
            for first in range(len(sounds)):
                for end in range(first + 2, min(len(sounds), first + MAX_NAME_SYLLABLES) + 1):
                    yield from _sound_keys("".join(sounds[first:end]), SOUND_PREFIX).items()
            start = at + 1


@lru_cache(maxsize=1_000)
def _chinese_syllable(character: str) -> str:
    """Return the ASCII reading of a character, final `ng` written as `n`."""
    return CHINESE_READINGS.get(character) or re.sub("ng$", "n", anyascii(character).lower())


def _name_trigrams(run: str) -> KeyCounts:
    """Yield the consonant trigrams of a run in a script whose words cannot be separated."""
    sound = _consonant_skeleton(anyascii(run).lower())
    for at in range(len(sound) - SOUND_PREFIX + 1):
        yield f"~{sound[at : at + SOUND_PREFIX]}", SOUND_PREFIX_WEIGHT


# -- sounds ----------------------------------------------------------------------------------------

MIN_SOUND_LETTERS = 2
SOUND_PREFIX, SOUND_PREFIX_WEIGHT = 3, 0.5
"""Number of consonants in the prefix that a longer sound has as a second key, and its weight; the
prefix is the same whatever ending grammar adds to the name."""
VOWEL_LETTERS = frozenset("aeiou")
CONSONANT_CLASSES = str.maketrans("bfpvdtgkcqszjrlmn", "PPPPTTKKKKSSSLLMN", "aeiouyhw")
SOUND_DIGRAPHS = (
    *((letters, "s") for letters in f"{_SIBILANTS} cs".split()),
    *(("ce", "se"), ("ci", "si"), ("cy", "si"), ("ph", "f"), ("th", "t"), ("kh", "h"), ("x", "ks")),
    *(("mp", "np"), ("mb", "nb")),
)
"""Groups of letters that stand for one sound in any language."""
FINAL_NG = re.compile("ng(?![aeiou])")
NASAL_SOUNDS = dict.fromkeys(
    map(ord, "\u0902\u0982\u0a02\u0a70\u0a82\u0c02\u0c82\u0d02\u0d82"), "\u0928"
)
"""The sign for nasal sounds in the scripts of India → the letter N of these scripts."""


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _word_sounds(word: str) -> dict[str, float]:
    """Return the sound keys of a name in any script."""
    letters = anyascii(word.translate(NASAL_SOUNDS))
    if HANGUL.match(word):
        # anyascii begins each syllable with a capital letter
        letters = re.sub("ng(?=[A-Z]|$)", "n", letters)
    return _sound_keys(letters.lower(), MIN_SOUND_LETTERS)


def _sound_keys(letters: str, shortest: int) -> dict[str, float]:
    """Return the key of a sound, and of its prefix if it is longer; empty if it is too short."""
    sound = _consonant_skeleton(letters)
    if len(sound) < shortest:
        return {}
    first = "A" if letters[0] in VOWEL_LETTERS else ""
    keys = {f"~{first}{sound}": 1.0}
    if len(sound) > SOUND_PREFIX:
        keys[f"~{first}{sound[:SOUND_PREFIX]}"] = SOUND_PREFIX_WEIGHT
    return keys


def _consonant_skeleton(letters: str) -> str:
    """Return the consonant classes of a word in ASCII letters, without its vowels."""
    return FINAL_NG.sub("n", _normalised_spelling(letters, SOUND_DIGRAPHS)).translate(
        CONSONANT_CLASSES
    )


# -- similarity of two articles --------------------------------------------------------------------

WORD_LIKENESS_SHARE = 0.5
"""Weight of the cosine of the terms, relative to the similarity of the keys."""
FOREIGN_DECAY_DAYS, UNTIMED_SHARE = 8.0, 0.1
"""Time constant, in days, of the exponential decay of a link, and the share of the link that does
not decay."""
CROWD_NEIGHBOURS, MIN_CROWD = 5, 0.013
"""Number of neighbours in the mean link of an article, and the least mean that prominence assumes.
"""
CLEAR_PROMINENCE = 1.2
"""Minimum prominence of a listed link: of such links, four of five are right."""


def foreign_link(likeness_of_keys: float, cosine: float, days: float | None) -> float:
    """Return how strongly two articles in different languages are linked, 0 to 1.

    `likeness_of_keys` is the cosine of their key vectors, `cosine` that of their terms, and `days`
    the distance in days (None: unknown).
    """
    near = 1.0
    if days is not None:
        near = UNTIMED_SHARE + (1 - UNTIMED_SHARE) * exp(-days / FOREIGN_DECAY_DAYS)
    return (likeness_of_keys + WORD_LIKENESS_SHARE * cosine) / (1 + WORD_LIKENESS_SHARE) * near


def neighbour_likeness(links: Iterable[float]) -> float:
    """Return the mean of an article's five strongest links to articles in other languages.

    An article that names many common things is near to everything, so its best link says little.
    """
    return sum(nlargest(CROWD_NEIGHBOURS, links)) / CROWD_NEIGHBOURS


def link_prominence(link: float, crowd: float, other_crowd: float | None = None) -> float:
    """Return a link relative to the mean links of both articles to their neighbours.

    This is local scaling (Zelnik-Manor and Perona 2004). Without `other_crowd`, only the mean of
    one article is used.
    """
    mean_crowd = crowd if other_crowd is None else (crowd + other_crowd) / 2
    return link / (MIN_CROWD + mean_crowd)


KEY_POLICY = KeyPolicy(KEYS_VERSION, count_keys)
"""The policy of `archive.articles.language_keys`."""
