"""The names of months by language, from CLDR (Unicode Common Locale Data Repository, by Babel).

The same word may name different months (`listopad` is October in Croatian and November in Polish).
A word is looked up in the page's language first, then in English, then among the words that name
one month in all languages that have them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache

ENGLISH_MONTHS = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
MIN_SHORT_MONTH_CHARS = 3
"""Letters of a shortened name, unless CLDR lists a shorter one."""
LOCALES_OF_LANGUAGE = {
    # Egypt and the Gulf, the Levant and Iraq, Algeria and Tunisia, Morocco
    "ar": ("ar", "ar_LB", "ar_DZ", "ar_MA"),
    "az": ("az", "az_Cyrl"),
    "bs": ("bs", "bs_Cyrl"),
    "de": ("de", "de_AT"),
    "fa": ("fa", "fa_AF"),
    "no": ("nb", "nn"),
    "pt": ("pt", "pt_PT"),
    "sh": ("sr_Latn",),
    "sr": ("sr", "sr_Latn"),
    "uz": ("uz", "uz_Cyrl"),
}
"""CLDR's locales of a language that has several scripts, or other names of months in some
countries."""
FURTHER_MONTH_NAMES = {
    "ar": {5: ["أيار", "نوار"], 6: ["يونية"], 7: ["يوليه", "يولية"], 8: ["اغسطس"]},
    "bn": {1: ["জানুয়ারি", "জানুয়ারী"], 2: ["ফেব্রুয়ারি", "ফেব্রুয়ারী"]},
    "bg": {9: ["септ"], 3: ["мар"], 6: ["юни"], 7: ["юли"]},
    "de": {1: ["jänner"], 2: ["feber"], 3: ["mrz", "mär"]},
    "es": {9: ["set", "setiembre", "sep"]},
    "fr": {2: ["fev"], 7: ["jul"], 8: ["aou"]},
    "el": {
        **{
            1: ["γενάρη"],
            2: ["φλεβάρη"],
            3: ["μάρτη"],
            4: ["απρίλη"],
            5: ["μάη", "μάιος"],
            6: ["ιούνη"],
        },
        **{7: ["ιούλη"], 9: ["σεπτέμβρη"], 10: ["οκτώβρη"], 11: ["νοέμβρη"], 12: ["δεκέμβρη"]},
    },
    "he": {3: ["מרס"]},
    "hi": {
        2: ["फरवरी"],
        11: ["नवम्बर", "नवंबर"],
        12: ["दिसम्बर", "दिसंबर"],
        9: ["सितम्बर"],
        10: ["अक्तूबर"],
    },
    "hr": {11: ["studenog"]},
    "it": {9: ["sett"]},
    "sq": {3: ["mars"], 11: ["nentor"]},
    "sr": {6: ["јуни", "juni"], 7: ["јули", "juli"]},
    "vi": {
        **{1: ["tháng một"], 2: ["tháng hai"], 3: ["tháng ba"], 4: ["tháng tư"]},
        **{5: ["tháng năm"], 6: ["tháng sáu"], 7: ["tháng bảy"], 8: ["tháng tám"]},
        **{9: ["tháng chín"], 10: ["tháng mười"]},
        **{11: ["tháng mười một"], 12: ["tháng mười hai"]},
    },
}
"""Names in use that CLDR does not list."""
LANGUAGES_WITHOUT_MONTH_ENDINGS = frozenset(
    {"en", "fr", "es", "pt", "it", "nl", "de", "ca", "gl", "da", "sv", "no", "nb", "nn", "id", "ms"}
)
"""Languages in which the names of months have no endings that CLDR does not list."""

LANGUAGES_WITH_LONG_MONTH_NAMES = frozenset({"lo", "th", "vi"})
"""Languages in which the names of months consist of several words or contain points."""

UNAMBIGUOUS_MONTHS_TEXT = """
1: ene enero gener gennaio ian ianuarie jaan jaanuar jan janar janeiro janner januar januara januari
january janv janvaris janvier leden ledna oca ocak saus sausio sausis sij sijecanj sijecnja styczen
stycznia tammi tammikuu tammikuuta urt urtarrila xan xaneiro ιαν ιανουαριοσ ιανουαριου сту студзень
студзеня січ січень січня янв январь января яну януари јан јануар јануари
2: feb febbraio feber febr febreiro febrer febrero februar februara februari februarie februaris
february fev fevereiro fevr fevrier helmi helmikuu helmikuuta lutego luty ots otsaila shk shkurt
subat unor unora vasario vasaris veebr veebruar velj veljaca veljace φεβ φεβρουαριοσ φεβρουαριου лют
лютага лютии лютого люты феб фебруар фев февр февраль февраля февруари
3: brezen brezna kov kovas kovo maalis maaliskuu maaliskuuta maart mar marc marca march marcius
marco marec maret mars mart martie marts martxoa marz marzec marzo mrt mrz ozu ozujak ozujka μαρ
μαρτιοσ μαρτιου бер березень березня мар март марта сак сакавік сакавіка
4: abr abril api apirila apr april aprila aprile aprilie aprilis aprill avr avril balandis balandzio
dub duben dubna huhti huhtikuu huhtikuuta kwi kwiecien kwietnia nis nisan prill travanj travnja απρ
απριλιοσ απριλιου апр апрель апреля април квіт квітень квітня кра красавік красавіка
5: geg geguze geguzes kve kveten kvetna maggio mai maiatza maig maijs maio maj majus may mayis mayo
mei svi svibanj svibnja touko toukokuu toukokuuta μαι μαιοσ μαιου маи мая мај трав травень травня
6: birz birzelio birzelis cerven cervna cvn cze czerwca czerwiec ekaina giu giugno haziran iun iunie
juin jun juna june junho juni junij junijs junio junius juny juuni kesa kesakuu kesakuuta lipanj
lipnja qer qershor xuno ιουν ιουνιοσ ιουνιου июн июнь июня черв червень червня чэр чэрвень чэрвеня
юни јун јуни
7: cervence cervenec cvc heina heinakuu heinakuuta iul iulie juil juillet jul jula julho juli julij
julijs julio juliol julius july juuli korr korrik liep liepa liepos lipca lipiec lug luglio srpanj
srpnja temmuz uzt uztaila xullo ιουλ ιουλιοσ ιουλιου июл июль июля лип липень липня ліп ліпень
ліпеня юли јул јули
8: abu abuztua ago agost agosto agu agust agustos agustus aou aout aug august augusta augusti
augusts augustus augusztus avg avgust elokuu elokuuta gush gusht kol kolovoz kolovoza rugp rugpjucio
rugpjutis sierpien sierpnia srpen srpna αυγ αυγουστοσ αυγουστου авг август августа жні жнівень
жніуня серп серпень серпня
9: eyl eylul iraila rugs rugsejis rugsejo ruj rujan rujna sep sept septembar september septembra
septembre septembrie septembris septiembre setembre setembro setiembre sett settembre sht shtator
syys syyskuu syyskuuta szept szeptember wrz wrzesien wrzesnia zar zari σεπ σεπτεμβριοσ σεπτεμβριου
вер верасень верасня вересень вересня сент сентябрь сентября сеп септ септембар септември
10: eki ekim loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktobar oktober
oktobra oktobris oktoober ott ottobre outubro paz pazdziernik pazdziernika rijen rijna spal spalio
spalis tetor urria οκτ οκτωβριοσ οκτωβριου жовт жовтень жовтня кас кастрычнік кастрычніка окт
октобар октомври октябрь октября
11: aza azaroa kasim lapkr lapkricio lapkritis listopadu marras marraskuu marraskuuta nentor
noiembrie nov novembar november novembra novembre novembris novembro noviembre studeni studenog
studenoga νοε νοεμβριοσ νοεμβριου лист листопад листопада ліс лістапад лістапада нов новембар ное
ноември нояб ноябрь ноября
12: abendua aralik dec decembar december decembra decembre decembrie decembris decembro desember
desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre diciembre gru grudnia
grudzien gruod gruodis gruodzio joulu joulukuu joulukuuta prosinac prosinca prosince prosinec δεκ
δεκεμβριοσ δεκεμβριου груд грудень грудня дек декабрь декабря декември дец децембар сне снежань
снежня
"""
"""Long and short names that mean one month in all of thirty-five European languages, from CLDR.

A test compares them with CLDR; they are written out because loading their locales takes half a
second. Names that are also common words are left out, such as `pro` (December in Croatian) and
`set` (September in Italian); they count only where the page declares its language."""
_ACCENTS_AND_INVISIBLE = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0670\u0640\u200b-\u200f\u202a-\u202e"
    "\u2066-\u2069\u00ad\ufeff]"
)
"""Accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic, and invisible
characters."""
_SPELLING_VARIANTS = str.maketrans(
    {"ı": "i", "−": "-", "‐": "-", "‑": "-", "ي": "ی", "ى": "ی", "ك": "ک", "ё": "е", "º": "°"}
)
"""Letters and signs that are written in several ways, and the one that they are compared in."""


def fold_date_text(text: str) -> str:
    """Return the text in lower case on one line, without accents and with ASCII digits.

    Names are compared in this form.
    """
    text = " ".join(text.split())
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text.translate(_SPELLING_VARIANTS))
    unmarked = _ACCENTS_AND_INVISIBLE.sub("", unicodedata.normalize("NFD", composed))
    lower = unicodedata.normalize("NFC", unmarked).casefold().translate(_SPELLING_VARIANTS)
    digits = "".join(map(_ascii_digit, lower))
    return " ".join(_ACCENTS_AND_INVISIBLE.sub("", digits).split())


def _ascii_digit(sign: str) -> str:
    """The ASCII digit for a digit of another script, else the character itself."""
    if sign > "\x7f" and sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return sign


@lru_cache(maxsize=4096)
def month_of_word(word: str, language: str | None = None) -> int | None:
    """Return the month that a word names in full or shortened.

    None if the word names no month, or several.
    """
    word = fold_date_text(word).strip(".'’׳ ")
    own = _month_in_language(word, language) if language and language != "en" else None
    return own or _month_among_names(_unambiguous_months(), word, MIN_SHORT_MONTH_CHARS + 1)


def _month_in_language(word: str, language: str) -> int | None:
    """The month that a word names in a language, also with an ending that CLDR does not list."""
    names = month_names_of(language)
    found = _month_among_names(names, word)
    if found or language in LANGUAGES_WITHOUT_MONTH_ENDINGS:
        return found
    shared = {name: _shared_letters(word, name) for name in names}
    most = max(shared.values(), default=0)
    if not most:
        return None
    near = {names[name] for name, letters in shared.items() if letters == most}
    return near.pop() if len(near) == 1 else None


def _shared_letters(word: str, name: str) -> int:
    """The letters that a word shares with a name whose inflected form it may be, else 0."""
    if len(word) > len(name) + 2 or word[:1] != name[:1]:
        return 0
    pairs = enumerate(zip(word, name, strict=False))
    differing = (at for at, (one, other) in pairs if one != other)
    same = next(differing, min(len(word), len(name)))
    return same if same >= max(MIN_SHORT_MONTH_CHARS, len(name) - 2) else 0


def _month_among_names(
    names: dict[str, int], word: str, shortest: int = MIN_SHORT_MONTH_CHARS
) -> int | None:
    """The month that a word names in full or shortened among these names."""
    if word in names:
        return names[word]
    if len(word) < shortest:
        return None
    begun = {number for name, number in names.items() if name.startswith(word)}
    return begun.pop() if len(begun) == 1 else None


def with_english_months(text: str, language: str | None) -> str:
    """Return a folded text in which names of several words or with points are short English ones.

    Thai, Lao and Vietnamese have such names.
    """
    pattern = _long_names_pattern(language) if language in LANGUAGES_WITH_LONG_MONTH_NAMES else None
    if pattern is None:
        return text
    names = month_names_of(language or "")
    return pattern.sub(lambda fits: f" {ENGLISH_MONTHS[names[fits[0]] - 1]} ", text)


@cache
def _long_names_pattern(language: str) -> re.Pattern[str] | None:
    """A pattern for a language's names of months, None if it has no names."""
    names = month_names_of(language)
    if not names:
        return None
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?:{either})(?!\d)")


@cache
def month_names_of(language: str) -> dict[str, int]:
    """Return a language's folded names of months, without those that name two months."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, listed in _listed_month_names(language):
        name = re.sub(r"^(?:de |d['’])", "", fold_date_text(listed)).rstrip(".'’׳ ")
        if len(name) > 1 and not name.isdecimal() and not re.fullmatch(r"\d+\D", name):
            found[name].add(number)
            if language == "he":
                found["ב" + name].add(number)
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}


def _listed_month_names(language: str) -> Iterator[tuple[int, str]]:
    """The names of months that CLDR and `FURTHER_MONTH_NAMES` list for a language, each with its
    number."""
    from babel import Locale, UnknownLocaleError, localedata

    for locale in LOCALES_OF_LANGUAGE.get(language, (language,)):
        try:
            months = Locale.parse(locale).months if localedata.exists(locale) else {}
        except (UnknownLocaleError, ValueError):
            continue
        for context in months.values():
            for width in ("wide", "abbreviated"):
                yield from context.get(width, {}).items()
    for number, names in FURTHER_MONTH_NAMES.get(language, {}).items():
        yield from ((number, name) for name in names)


@cache
def _unambiguous_months() -> dict[str, int]:
    """The month of each name in `UNAMBIGUOUS_MONTHS_TEXT`."""
    rows = re.split(r"\b(\d+):", UNAMBIGUOUS_MONTHS_TEXT)[1:]
    found: dict[str, int] = {}
    for number, row in zip(rows[::2], rows[1::2], strict=True):
        found |= dict.fromkeys(row.split(), int(number))
    return found
