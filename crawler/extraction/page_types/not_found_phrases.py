"""Phrases of "page not found" pages, in most languages of the world's news.

Servers send such pages with status 200 as well. The phrases are looked for in the title and the
headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NOT_FOUND_CHARS = 90
"""Characters; a longer headline is not such a phrase."""

_ENGLISH_PAGE = r"(?:page|file|site|article|story|post|content|document|item|url|link)"
_GERMAN_PAGE = r"(?:seite|artikel|beitrag|inhalt|meldung)"
_FRENCH_PAGE = r"(?:page|article|contenu|document)"
_ROMANCE_PAGE = (
    r"(?:p[áa]gina|art[íi]culo|artigo|articolo|noticia|not[íi]cia|notizia|"
    r"contenido|conte[úu]do|contenuto)"
)
_NORDIC_PAGE = r"(?:sidan|siden|sida|artikeln|artiklen|artikkelen)"

NOT_FOUND_PHRASE = re.compile(
    rf"""^\W*(?:error\W*|fehler\W*|erreur\W*)?(?:404|410)\b|\bnot\ found\b
    |\b{_ENGLISH_PAGE}\ (?:(?:was|is|could|cannot|can['’]t|can\ not|has)\ )?(?:not|be|been)\ (?:be\ )?
      (?:found|exist|removed|deleted|available|taken\ down)
    |\b{_ENGLISH_PAGE}\ (?:doesn['’]?t|does\ not|no\ longer)\ (?:exists?|available)|
      \b{_ENGLISH_PAGE}\ (?:is\ )?unavailable\b
    |\b{_ENGLISH_PAGE}\ is\ (?:no\ longer|not)\ available|\b{_ENGLISH_PAGE}\ (?:was|is)\ (?:removed|deleted|
      withdrawn)\W*$
    |\b(?:can['’]t|cannot|couldn['’]t|could\ not|unable\ to)\ find\ (?:the|that|this|your)\ {_ENGLISH_PAGE}
    |\b{_GERMAN_PAGE}\ (?:(?:wurde|konnte|ist|existiert|steht)\ )?(?:leider\ )?nicht\ (?:mehr\ )?
      (?:gefunden|vorhanden|verfügbar|existiert|zur\ verfügung)|\b{_GERMAN_PAGE}\ existiert\ nicht
    |\b{_FRENCH_PAGE}\ (?:introuvable|inexistante?|non\ trouvée?|n['’]existe\ (?:pas|plus)|
      n['’]est\ plus\ disponible)
    |\b{_FRENCH_PAGE}\ supprimée?\W*$
    |\b{_ROMANCE_PAGE}\ (?:no|não|nao|non)\ (?:(?:se\ ha|se|foi|è\ stat[oa]|è|fue|está|é|pudo\ ser|ya|
      più)\ )*
      (?:encontrad[oa]|trovat[oa]|disponible|disponível|disponibile|existe|esiste|existente|
      localizad[oa])
    |\b(?:pagina|artikel|bericht)\ (?:(?:is|kan|werd)\ )?niet\ (?:meer\ )?(?:gevonden|beschikbaar|
      worden\ gevonden)
    |\b{_NORDIC_PAGE}\ (?:(?:kunde|kunne|ble|blev|er|är)\ )?(?:inte|ikke)\ (?:\w+\ )?
      (?:hittas|hittades|funnen|funnet|fundet|finnes|findes|tillgänglig|tilgængelig|tilgjengelig)
    |\b{_NORDIC_PAGE}\ (?:finns|finnes|findes|eksisterer|existerar)\ (?:inte|ikke)
    |\bsivua\ ei\ (?:löytyn?yt|löydy|ole)|\bartikkelia\ ei\ löyt|\bsivu\ ei\ löytynyt
    |\bnie\ znaleziono\ (?:strony|artykułu)|\b(?:strona|artykuł)\ nie\ (?:istnieje|
      została?\ znalezion)
    |\b(?:stránka|článek|článok)\ (?:nenalezena?|neexistuje|nebyla?\ nalezena?|sa\ nenašla|
      nebola\ nájdená)
    |\b(?:oldal|cikk)\ nem\ (?:található|létezik|elérhető)|\bnincs\ ilyen\ oldal
    |\b(?:pagina|articolul)\ nu\ (?:a\ fost\ găsit|există|mai\ există|este\ disponibil)
    |\b(?:stranica|strana|članak)\ nije\ (?:pronađen|nađen|dostupan)|\bstranica\ ne\ postoji|
      \bstran\ ne\ obstaja
    |(?:σελίδα|άρθρο)\ (?:που\ ζητήσατε\ )?δεν\ (?:βρέθηκε|υπάρχει)
    |(?:страница|материал|статья)\ (?:не\ (?:найден|существует|доступ)|удал[её]н)
    |(?:страницата|статията)\ не\ (?:е\ намерена|съществува)|страница\ није\ пронађена
    |(?:сторінку|сторінка|статтю|матеріал)\ не\ (?:знайден|існує)
    |\bsayfa\ (?:bulunam|mevcut\ değil)|\bhaber\ bulunamadı|\bsəhifə\ tapılmadı
    |\b(?:halaman|artikel)\ tidak\ (?:ditemukan|ada|tersedia|dijumpai)
    |\bkhông\ tìm\ thấy\ trang|\b(?:trang|bài\ viết)\ không\ tồn\ tại
    |الصفحة\ (?:المطلوبة\ )?غير\ (?:موجودة|متوفرة)|لم\ يتم\ العثور\ على\ الصفحة|
      صفحه\ (?:مورد\ نظر\ )?(?:پیدا|یافت)\ ن
    |(?:העמוד|הדף)\ (?:המבוקש\ )?(?:לא\ נמצא|אינו\ קיים)|(?:पृष्ठ|पेज)\ नहीं\ मिला|ไม่พบ(?:หน้า|เพจ)
    |找不到(?:页面|頁面|網頁|网页|文章)|(?:页面|頁面|网页|網頁|文章)(?:不存在|未找到|已删除|已刪除)
    |(?:ページ|記事)[がは](?:見つかり|存在し|ありま|削除)|お探しのページ
    |(?:페이지|기사)[를가을이]?\ ?(?:찾을\ 수\ 없|존재하지\ 않|삭제)|존재하지\ 않는\ (?:페이지|기사)""",
    re.IGNORECASE | re.VERBOSE,
)


def is_not_found_phrase(words: Iterable[str | None]) -> bool:
    """Return whether a page's title or headline says that the page was not found."""
    return any(
        text and len(text) < MAX_NOT_FOUND_CHARS and NOT_FOUND_PHRASE.search(text) for text in words
    )
