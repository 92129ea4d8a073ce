"""Which article stands at an address: one is never put in the place of another, and a gone one is
told as gone."""

from __future__ import annotations

import pytest

from archive.records import Lead
from tests.reading_room import BUDGET, PIER, ReadingRoom, front, html

SITE = "http://www.courier.example"
OLD = f"{SITE}/news/grain-pier-to-shut-for-eleven-weeks"
OTHER = f"{SITE}/news/council-of-ravnsborg-approves-the-budget"
HEADLINE = "Council of Ravnsborg approves the budget"
DIVERS = (
    "When the first divers went down in January they carried lamps and chalk, and came up with a list of woes.",
    "Pile after pile bore a white cross: nineteen to seaward, twenty-two below the waiting room with its carved names.",
    "The oldest of them, Ragna Moe, has worked under water for thirty years and calls it a louse with an appetite.",
    "She thinks that the new piles of larch, felled one at a time, will outlast all who voted for them in that hall.",
)


def pier(**more: object) -> str:
    return html(PIER, **more)  # type: ignore[arg-type]


def budget(**more: object) -> str:
    return html(BUDGET, **({"headline": HEADLINE} | more))  # type: ignore[arg-type]


def kept_apart(room: ReadingRoom, url: str = OLD) -> None:
    """The old article is as it was, and found by its words and its address."""
    assert room.shown(url)["text"].startswith(PIER[0])
    assert room.column("SELECT count(*) FROM revisions") == [0]
    assert (
        room.column("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'gribble'")[0] >= 1
    )


# -- another article at an address -----------------------------------------------------------------


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("page", "to", "hops"),
    [
        (budget(), OTHER, ()),
        (budget(canonical=OTHER), OTHER, (f"{SITE}/?p=77",)),
        (budget(canonical=OTHER), None, ()),
        (budget(head=f'<meta property="og:url" content="{OTHER}">'), None, ()),
        (budget(), None, ()),
        (
            budget(date='<p><time datetime="2026-03-09">9 March 2026</time></p>', canonical=OLD),
            None,
            (),
        ),
    ],
    ids=["redirect", "chain", "canonical", "og:url", "no word", "reused"],
)
def test_an_article_whose_address_leads_to_another_one_keeps_text_and_address(
    room: ReadingRoom, page: str, to: str | None, hops: tuple[str, ...], known: bool
):
    if known:
        room.look(OTHER, budget(canonical=OTHER))
    room.look(OLD, pier(canonical=OLD))
    for _ in range(3):
        room.look(OLD, page, to, hops)
    kept_apart(room)
    assert sum(text.startswith("The council of Ravnsborg") for text in room.articles()) == 1
    [leads] = room.shown(OLD)["leads_to"]
    assert leads["headline"] == HEADLINE
    if OTHER in page or to:
        assert room.shown(OTHER)["text"].startswith(BUDGET[0])


def test_an_old_address_that_shows_its_article_again_leads_nowhere_else(room: ReadingRoom):
    room.look(OLD, pier())
    room.look(OLD, budget(), OTHER)
    assert room.shown(OLD)["leads_to"]
    room.look(OLD, pier(after=" "))
    assert not room.shown(OLD)["leads_to"]
    kept_apart(room)


def test_both_articles_of_an_address_are_looked_after(room: ReadingRoom):
    """The one that stands there now gets its revisions, the one before keeps its text."""
    room.look(OLD, pier())
    room.look(OLD, budget(), OTHER)
    room.look(OLD, html((*BUDGET, "Knut Vik has 400 names by now."), headline=HEADLINE), OTHER)
    assert room.kinds(OTHER) == [["body"]]
    assert room.kinds(OLD) == []


def test_a_secure_twin_of_an_old_address_shows_the_old_article(room: ReadingRoom):
    room.look(OLD, pier())
    secure = OLD.replace("http:", "https:")
    for _ in range(2):
        room.look(secure, budget(), OTHER.replace("http:", "https:"))
    kept_apart(room, secure)
    kept_apart(room)
    assert len(room.articles()) == 2


def test_what_a_feed_lists_at_an_old_address_is_no_proof_either(room: ReadingRoom):
    room.look(OLD, pier())
    lead = Lead(OLD, via="feed", headline="Grain pier to shut for eleven weeks")
    for _ in range(2):
        room.look(OLD, budget(), OTHER, lead=lead)
    kept_apart(room)


def test_a_redirect_to_another_outlet_gives_it_nothing_of_the_old_article(room: ReadingRoom):
    room.look(OLD, pier())
    room.look(OLD, budget(), "https://news.elsewhere.example/2026/council-of-ravnsborg-approves")
    kept_apart(room)


# -- further pages of an article -------------------------------------------------------------------


@pytest.mark.parametrize(
    "further", ["?page=2", "/2", "/page/2", "?seite=2", "/seite-2", "-2", "?start=1"]
)
def test_page_two_with_the_address_and_the_headline_of_page_one_is_no_edit_of_it(
    room: ReadingRoom, further: str
):
    room.look(OLD, pier(canonical=OLD))
    for _ in range(3):
        room.look(f"{OLD}{further}", html(DIVERS, canonical=OLD))
    kept_apart(room)
    assert room.shown(f"{OLD}{further}")["text"].startswith(DIVERS[0])


@pytest.mark.parametrize("repeated", [PIER[:1], (PIER[0], PIER[-1])])
def test_page_two_may_repeat_the_standfirst_and_a_closing_line(
    room: ReadingRoom, repeated: tuple[str, ...]
):
    room.look(OLD, pier(canonical=OLD))
    for _ in range(2):
        room.look(f"{OLD}?page=2", html((repeated[0], *DIVERS, *repeated[1:]), canonical=OLD))
    kept_apart(room)


def test_page_two_that_is_met_first_does_not_swallow_page_one(room: ReadingRoom):
    for _ in range(2):
        room.look(f"{OLD}?page=2", html(DIVERS, canonical=OLD))
        room.look(OLD, pier(canonical=OLD))
    assert room.shown(OLD)["text"].startswith(PIER[0])
    assert room.shown(f"{OLD}?page=2")["text"].startswith(DIVERS[0])
    assert room.column("SELECT count(*) FROM revisions") == [0]


def test_a_half_of_an_article_on_a_page_of_its_own_does_not_cut_it(room: ReadingRoom):
    whole = (*PIER, *DIVERS)
    room.look(OLD, html(whole, canonical=OLD))
    for _ in range(3):
        room.look(f"{OLD}?page=2", html(DIVERS, canonical=OLD))
    assert room.shown(OLD)["text"].count("\n") >= 9
    assert room.kinds(OLD) == []


def test_pages_that_all_name_one_canonical_stay_articles_of_their_own(room: ReadingRoom):
    for number, text in enumerate((PIER, BUDGET, DIVERS)):
        room.look(
            f"{SITE}/news/{number}-report",
            html(text, headline=f"Report {number}", canonical=f"{SITE}/"),
        )
        room.look(
            f"{SITE}/news/{number}-story",
            html(text, headline=f"Report {number}", canonical=f"{SITE}/news/"),
        )
    assert len(set(room.articles())) == 3


# -- edits -----------------------------------------------------------------------------------------

HEAVY = (
    "The grain pier of Tollhaven stays open after all: the harbour board took back its vote on Friday.",
    "Berit Aasen said that Skerry Marine had found a way to drive new piles at night, between the ferries.",
    "That costs twice as much, about 550,000 crowns, and the state pays half, as the minister told the board.",
    "Tore Lie, who bakes for the skerries, said that he had not believed in the bus for a moment.",
)


@pytest.mark.parametrize(
    ("page", "to", "kinds"),
    [
        (html((*PIER[:-1], "Season tickets are refunded."), canonical=OLD), None, ["body"]),
        (
            html((*PIER, *DIVERS), headline="Live: the pier of Tollhaven", canonical=OLD),
            None,
            ["headline", "body"],
        ),
        (
            html(HEAVY, headline="Grain pier stays open after all", canonical=OLD),
            None,
            ["headline", "body"],
        ),
        (html(HEAVY, headline="Grain pier stays open after all"), None, ["headline", "body"]),
        (pier(headline="Divers shut the old pier"), None, ["headline"]),
        (
            pier(headline="Old pier shut until June"),
            f"{SITE}/news/old-pier-shut-until-june",
            ["headline"],
        ),
        (
            html(
                (PIER[0].replace("eleven", "twelve"), *PIER[1:]),
                headline="Pier shut for twelve weeks",
            ),
            f"{SITE}/news/pier-shut-for-twelve-weeks",
            ["headline", "body"],
        ),
        (pier(canonical=f"{SITE}/news/pier-shut"), None, []),
    ],
    ids=[
        "edit",
        "grown",
        "rewritten",
        "rewritten without a word",
        "headline",
        "slug",
        "slug and edit",
        "canonical",
    ],
)
def test_an_edit_stays_a_revision_of_its_article(
    room: ReadingRoom, page: str, to: str | None, kinds: list[str]
):
    room.look(OLD, pier(canonical=OLD))
    for _ in range(2):
        room.look(OLD, page, to)
    assert room.kinds(OLD) == ([kinds] if kinds else [])
    assert len(room.articles()) == 1
    assert not room.shown(OLD)["leads_to"]


def test_a_daily_report_that_moves_on_is_another_article_each_day(room: ReadingRoom):
    def report(day: int) -> str:
        text = (
            f"Herring closed at {day}.40 crowns in Tollhaven on the {day}th of March, as {day * 300} crates were sold.",
            f"Cod from Skarvik went for {day + 7}.10, and the trawler Nordlys {day} landed {day * 7} tons of it.",
            "The auction hall opens at six in the morning, and buyers have to be there in person to lift a hand.",
            "Prices are those of the first auction of the day, before tax and without the fee for the crates.",
        )
        date = f'<p><time datetime="2026-03-{day:02}">{day} March 2026</time></p>'
        return html(text, headline=f"Fish prices of {day} March", date=date)

    today = f"{SITE}/fish/today"
    for day in (3, 4, 5):
        room.look(today, report(day), f"{SITE}/fish/prices-2026-03-{day:02}")
    assert len(room.articles()) == 3
    assert room.column("SELECT count(*) FROM revisions") == [0]


# -- gone ------------------------------------------------------------------------------------------

NOT_FOUND = {
    "en": (
        "Page not found",
        "We are sorry, the page that you were looking for does not exist any more.",
    ),
    "en-removed": (
        "This article has been removed",
        "The article that you asked for is no longer available here.",
    ),
    "en-oops": (
        "Oops! We can't find that page",
        "Perhaps it was moved. Please try our search or the front page.",
    ),
    "de": (
        "Seite nicht gefunden",
        "Die gewünschte Seite gibt es leider nicht mehr. Nutzen Sie bitte unsere Suche.",
    ),
    "de-2": (
        "Artikel nicht mehr verfügbar",
        "Dieser Artikel steht leider nicht mehr zur Verfügung.",
    ),
    "fr": (
        "Page introuvable",
        "Désolé, la page que vous cherchez n'existe plus. Revenez à la page d'accueil.",
    ),
    "es": (
        "Página no encontrada",
        "Lo sentimos, la página que busca ya no existe. Pruebe con el buscador.",
    ),
    "it": (
        "Pagina non trovata",
        "Siamo spiacenti, la pagina richiesta non esiste più. Prova con la ricerca.",
    ),
    "pt": (
        "Página não encontrada",
        "Lamentamos, a página que procura já não existe. Use a nossa pesquisa.",
    ),
    "nl": (
        "Pagina niet gevonden",
        "Helaas, de pagina die u zoekt bestaat niet meer. Probeer het zoekveld.",
    ),
    "sv": (
        "Sidan kunde inte hittas",
        "Tyvärr finns inte sidan som du söker. Prova att söka eller gå till startsidan.",
    ),
    "da": (
        "Siden blev ikke fundet",
        "Vi kan desværre ikke finde den side, du leder efter. Prøv forsiden.",
    ),
    "no": (
        "Siden finnes ikke",
        "Beklager, siden du leter etter finnes ikke lenger. Gå til forsiden.",
    ),
    "fi": (
        "Sivua ei löytynyt",
        "Valitettavasti etsimääsi sivua ei ole enää olemassa. Kokeile hakua.",
    ),
    "pl": ("Nie znaleziono strony", "Przepraszamy, strona, której szukasz, już nie istnieje."),
    "cs": ("Stránka nenalezena", "Omlouváme se, hledaná stránka již neexistuje."),
    "hu": ("Az oldal nem található", "Sajnáljuk, a keresett oldal már nem létezik."),
    "ro": ("Pagina nu a fost găsită", "Ne pare rău, pagina căutată nu mai există."),
    "el": ("Η σελίδα δεν βρέθηκε", "Λυπούμαστε, η σελίδα που αναζητάτε δεν υπάρχει πια."),
    "ru": ("Страница не найдена", "К сожалению, страница, которую вы ищете, больше не существует."),
    "uk": ("Сторінку не знайдено", "На жаль, сторінка, яку ви шукаєте, більше не існує."),
    "tr": ("Sayfa bulunamadı", "Üzgünüz, aradığınız sayfa artık mevcut değil."),
    "ja": ("ページが見つかりません", "お探しのページは削除されたか、移動した可能性があります。"),
    "zh": ("页面不存在", "抱歉，您访问的页面不存在或已被删除。"),
    "ko": ("페이지를 찾을 수 없습니다", "요청하신 페이지가 삭제되었거나 존재하지 않습니다."),
    "ar": ("الصفحة غير موجودة", "عذرا، الصفحة التي تبحث عنها لم تعد موجودة."),
    "id": ("Halaman tidak ditemukan", "Maaf, halaman yang Anda cari sudah tidak ada."),
}


def missing(language: str) -> str:
    headline, said = NOT_FOUND[language]
    shown = (
        f"<header><a href='/'>The Courier</a></header><main><h1>{headline}</h1><p>{said}</p></main>"
    )
    return (
        f'<!doctype html><html lang="{language[:2]}"><head><meta charset="utf-8">'
        f"<title>{headline} - The Courier</title></head><body>{shown}</body></html>"
    )


def is_gone(room: ReadingRoom, how: str) -> None:
    assert room.kinds(OLD) == [["gone"]]
    assert room.shown(OLD)["text"].startswith(PIER[0])
    assert how in room.shown(OLD)["gone"]["reason"]


@pytest.mark.parametrize("language", NOT_FOUND)
def test_a_page_that_says_not_found_with_200_is_gone(room: ReadingRoom, language: str):
    room.look(OLD, pier(canonical=OLD))
    assert [room.look(OLD, missing(language)) for _ in range(2)] == ["gone", "gone"]
    is_gone(room, "it was not found")


@pytest.mark.parametrize(
    ("to", "page"),
    [
        (f"{SITE}/", front()),
        ("https://courier.example/en/", front()),
        (f"{SITE}/news/", front()),
        (f"{SITE}/?utm_source=gone", front()),
        (f"{SITE}/news/politics", front()),
        (f"{SITE}/tag/harbour", front()),
        (
            f"{SITE}/",
            html(
                ["Read all about the town and its harbour here, from early morning until late."] * 5
            ),
        ),
        ("https://conglomerate.example/", front()),
    ],
)
def test_an_address_that_leads_to_a_front_or_section_page_is_gone(
    room: ReadingRoom, to: str, page: str
):
    room.look(OLD, pier(canonical=OLD))
    assert [room.look(OLD, page, to) for _ in range(2)] == ["gone", "gone"]
    is_gone(room, to.partition("?utm")[0])


def test_one_look_at_a_front_page_takes_nothing_away(room: ReadingRoom):
    room.look(OLD, pier())
    room.look(OLD, front(), f"{SITE}/")
    room.look(OLD, pier(after=" "))
    room.look(OLD, front(), f"{SITE}/")
    kept_apart(room)


@pytest.mark.parametrize("page", [pier(), pier(headline="Pier opens again")])
def test_a_gone_article_that_comes_back_is_restored(room: ReadingRoom, page: str):
    room.look(OLD, pier())
    for _ in range(3):
        room.look(OLD, missing("en"))
    room.look(OLD, page)
    assert room.kinds(OLD)[0] == ["gone"]
    assert "restored" in room.kinds(OLD)[1]
    assert room.shown(OLD)["gone"] is None


def test_a_page_that_never_was_an_article_is_not_gone(room: ReadingRoom):
    assert room.look(f"{SITE}/news/nothing-was-ever-here", missing("en")) == "not article"
    assert room.look(f"{SITE}/news/nothing-was-ever-there", front(), f"{SITE}/") == "not article"


def test_a_consent_page_on_another_host_says_nothing_of_the_article(room: ReadingRoom):
    room.look(OLD, pier())
    consent = html(
        ["We and our partners store cookies on your device. Accept all cookies to go on."] * 4,
        headline="Consent",
    )
    for _ in range(2):
        room.look(OLD, consent, "https://consent.courier.example/")
    kept_apart(room)
    assert room.shown(OLD)["gone"] is None
