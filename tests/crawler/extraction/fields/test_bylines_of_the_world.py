"""Bylines in many languages and of many kinds: who wrote it, and who did not."""

from __future__ import annotations

import pytest

from crawler.extraction.fields.byline import (
    is_other_work_credit,
    opens_like_byline,
    people_in_byline,
    person_in_data,
)

OPENERS = [
    ("fi", "Kirjoittanut {}"),
    ("fi", "Teksti: {}"),
    ("hr", "Piše: {}"),
    ("hr", "Napisala: {}"),
    ("id", "Oleh: {}"),
    ("id", "Oleh {}"),
    ("id", "Penulis: {}"),
    ("ms", "Oleh {}"),
    ("pt", "Por {}"),
    ("pt", "Texto: {}"),
    ("tr", "Yazan: {}"),
    ("tr", "Haber: {}"),
    ("sv", "Av {}"),
    ("sv", "Text: {}"),
    ("no", "Skrevet av {}"),
    ("da", "Af {}"),
    ("nl", "Door {}"),
    ("nl", "Tekst: {}"),
    ("de", "Von {}"),
    ("de", "Ein Gastbeitrag von {}"),
    ("de", "Text: {}"),
    ("de", "Protokoll: {}"),
    ("pl", "Autor: {}"),
    ("pl", "Tekst {}"),
    ("pl", "Rozmawiała {}"),
    ("cs", "Autor: {}"),
    ("cs", "Napsal {}"),
    ("sk", "Autorka {}"),
    ("sl", "Piše {}"),
    ("hu", "Írta: {}"),
    ("hu", "Szerző: {}"),
    ("ro", "De {}"),
    ("ro", "Scris de {}"),
    ("el", "Γράφει ο {}"),
    ("el", "Του {}"),
    ("el", "Ρεπορτάζ: {}"),
    ("it", "Di {}"),
    ("it", "a cura di {}"),
    ("fr", "Par {}"),
    ("fr", "Propos recueillis par {}"),
    ("es", "Por {}"),
    ("es", "Redacción: {}"),
    ("ca", "Per {}"),
    ("sq", "Nga {}"),
    ("sw", "Na {}"),
    ("fil", "Ni {}"),
    ("af", "Deur {}"),
    ("et", "Autor: {}"),
    ("lv", "Autors: {}"),
    ("lt", "Parengė {}"),
    ("is", "Eftir {}"),
    ("en", "Written by: {}"),
    ("en", "Opinion | By {}"),
    ("en", "Special report by {}"),
]
OTHER_SCRIPTS = [
    ("ru", "Автор: Анна Белова", "Анна Белова"),
    ("ru", "Текст: Анна Белова", "Анна Белова"),
    ("uk", "Авторка Олена Шевчук", "Олена Шевчук"),
    ("bg", "От Иван Петров", "Иван Петров"),
    ("sr", "Пише: Иван Петровић", "Иван Петровић"),
    ("mk", "Пишува: Иван Петровски", "Иван Петровски"),
    ("ar", "بقلم: أحمد منصور", "أحمد منصور"),
    ("ar", "كتبت منى سالم", "منى سالم"),
    ("he", "מאת: דנה לוי", "דנה לוי"),
    ("he", "מאת דנה לוי", "דנה לוי"),
    ("fa", "نویسنده: رضا کریمی", "رضا کریمی"),
    ("ur", "تحریر: احمد خان", "احمد خان"),
    ("hi", "लेखक: राहुल शर्मा", "राहुल शर्मा"),
    ("hi", "राहुल शर्मा द्वारा", "राहुल शर्मा"),
    ("bn", "লিখেছেন রহিম উদ্দিন", "রহিম উদ্দিন"),
    ("ta", "எழுதியவர்: கவிதா ராமன்", "கவிதா ராமன்"),
    ("th", "โดย สมชาย ใจดี", "สมชาย ใจดี"),
    ("th", "โดยสมชาย ใจดี", "สมชาย ใจดี"),
    ("vi", "Tác giả: Nguyễn Văn An", "Nguyễn Văn An"),
    ("ja", "文／田中太郎", "田中太郎"),
    ("ja", "取材・文＝田中太郎", "田中太郎"),
    ("ja", "田中太郎記者", "田中太郎"),
    ("ko", "글 김철수", "김철수"),
    ("ko", "김철수 기자", "김철수"),
    ("ko", "김철수 특파원", "김철수"),
    ("zh", "记者李明", "李明"),
    ("zh", "本报记者 李明", "李明"),
    ("zh", "文/李明", "李明"),
    ("zh", "記者李明／台北報導", "李明"),
    ("ka", "ავტორი: ნინო ბერიძე", "ნინო ბერიძე"),
    ("hy", "Հեղինակ՝ Արամ Պետրոսյան".replace("՝", ":"), "Արամ Պետրոսյան"),
]


@pytest.mark.parametrize(("language", "line"), OPENERS)
def test_what_stands_before_a_name_is_known_in_the_page_s_language(
    language: str, line: str
) -> None:
    assert people_in_byline(line.format("Ada Vintrop"), language) == ("Ada Vintrop",)
    assert opens_like_byline(line.format("Ada Vintrop"), language) or " by " in line.lower()


@pytest.mark.parametrize(("language", "line", "name"), OTHER_SCRIPTS)
def test_openings_of_other_scripts_leave_the_name(language: str, line: str, name: str) -> None:
    assert people_in_byline(line, language) == (name,)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Oleh Kovalchuk", "en"),
        ("Per Andersson", "sv"),
        ("Ni Ni Aung", "en"),
        ("Nina Larsen", "no"),
        ("Dan Evon", "en"),
    ],
)
def test_a_first_name_that_opens_bylines_elsewhere_is_kept(line: str, language: str) -> None:
    assert people_in_byline(line, language) == (line,)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("di", "nl"),
        ("Di", "de"),
        ("Mi", "de"),
        ("Por", "es"),
        ("Tuesday", "en"),
        ("mardi", "fr"),
        ("вторник", "ru"),
        ("周二", "zh"),
        ("火曜日", "ja"),
        ("Tue Mar", "en"),
        ("Text Size", "en"),
        ("Share", "en"),
        ("Reading time: 4 minutes", "en"),
        ("Lesezeit", "de"),
        ("Temps de lecture", "fr"),
        ("Print", "en"),
        ("Politics", "en"),
        ("Wirtschaft", "de"),
        ("Deportes", "es"),
        ("Berlin", "de"),
        ("New York", "en"),
        ("Deutschland", "de"),
        ("España", "es"),
        ("Learn More", "en"),
        ("WATCH LIVE", "en"),
        ("See All Articles", "en"),
        ("AP Technology Writer", "en"),
        ("Photo: Lars Lind/AP", "en"),
        ("Editing by Jonas Falk", "en"),
        ("Redaktion: Jonas Falk", "de"),
        ("Übersetzung: Jonas Falk", "de"),
        ("摄影：张三", "zh"),
        ("责任编辑：王芳", "zh"),
        ("ترجمة: أحمد منصور", "ar"),
    ],
)
def test_weekdays_labels_sections_places_and_others_work_are_nobody(
    line: str, language: str
) -> None:
    assert people_in_byline(line, language) == ()


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("By Greta Holm in Berlin", "en"),
        ("Greta Holm, Berlin correspondent", "en"),
        ("Greta Holm Berlin correspondent", "en"),
        ("Greta Holm, reporting from Berlin", "en"),
        ("Greta Holm reports from Berlin", "en"),
        ("Aus Berlin berichtet Greta Holm", "de"),
        ("Greta Holm berichtet aus Berlin", "de"),
        ("Von Greta Holm aus der Ukraine", "de"),
        ("Notre correspondante à Berlin, Greta Holm", "fr"),
        ("Par Greta Holm à Paris", "fr"),
        ("Por Greta Holm en Buenos Aires", "es"),
        ("Dal nostro inviato Greta Holm", "it"),
        ("Greta Holm w Warszawie", "pl"),
        ("Av Greta Holm i Oslo", "no"),
        ("By Greta Holm for The Gazette", "en"),
        ("By Greta Holm, for the Daily Gazette", "en"),
        ("By Greta Holm For The Gazette", "en"),
        ("Greta Holm of The Daily Gazette", "en"),
        ("Von Greta Holm für die Gazette", "de"),
        ("By Greta Holm, special to The Gazette", "en"),
        ("By Greta Holm Special to The Gazette", "en"),
        ("By Greta Holm, as told to Jonas Falk", "en"),
        ("By Greta Holm. Translated by Jonas Falk", "en"),
        ("By Greta Holm, translated from the German by Jonas Falk", "en"),
        ("By Greta Holm with additional reporting by Jonas Falk", "en"),
        ("By Greta Holm; additional reporting by Jonas Falk", "en"),
        ("By Greta Holm. Jonas Falk contributed to this report", "en"),
        ("Reporting by Greta Holm; Editing by Jonas Falk", "en"),
        ("By Greta Holm and photos by Lars Lind", "en"),
        ("Words by Greta Holm, photographs by Lars Lind", "en"),
        ("Text: Greta Holm, Fotos: Lars Lind", "de"),
        ("Texto: Greta Holm / Fotos: Luis Sol", "es"),
        ("Greta Holm (Text) und Lars Lind (Fotos)", "de"),
        ("Texte Greta Holm, photos Lars Lind", "fr"),
        ("By Greta Holm greta@gazette.example @gretaholm", "en"),
        ("Greta Holm (@gretaholm)", "en"),
        ("By Greta Holm | greta.holm@gazette.example", "en"),
        ("By political reporter Greta Holm", "en"),
        ("By our correspondent Greta Holm", "en"),
        ("Unsere Korrespondentin Greta Holm", "de"),
        ("Von Auslandskorrespondentin Greta Holm", "de"),
        ("Greta Holm, Chief Marketing Officer", "en"),
        ("Greta Holm 45 minutes ago", "en"),
        ("Print Greta Holm", "en"),
        ("Greta Holm Follow", "en"),
        ("ByGreta Holm", "en"),
        ("By Greta Holm, MDR THÜRINGEN", "de"),
        ("By Greta Holm and Reuters", "en"),
        ("Greta Holm/dpa", "de"),
        ("Greta Holm und dpa", "de"),
    ],
)
def test_places_outlets_and_others_credits_leave_the_author_alone(line: str, language: str) -> None:
    assert people_in_byline(line, language) == ("Greta Holm",)


@pytest.mark.parametrize(
    ("line", "language", "names"),
    [
        ("Jon Henlow in Paris and Kate Conroy in Berlin", "en", ("Jon Henlow", "Kate Conroy")),
        ("By Jon Henlow in Paris, Kate Conroy in Berlin and Mia Berg", "en", ("Jon Henlow", "Kate Conroy", "Mia Berg")),
        ("Por María Ortiz y Juan Sanz", "es", ("María Ortiz", "Juan Sanz")),
        ("Por José Ortiz y Carmona", "es", ("José Ortiz y Carmona",)),
        ("Por Ana Ruiz, José Ortiz y Carmona y Luis Sol", "es", ("Ana Ruiz", "José Ortiz y Carmona", "Luis Sol")),
        ("Mario Rossi e Luca Bianchi", "it", ("Mario Rossi", "Luca Bianchi")),
        ("Por Pedro Souto e Vilar", "pt", ("Pedro Souto e Vilar",)),
        ("Von Ada von und zu Mondberg", "de", ("Ada von und zu Mondberg",)),
        ("Von Greta Holm und Jonas Falk", "de", ("Greta Holm", "Jonas Falk")),
        ("Door Jan Jansen en Piet de Vries", "nl", ("Jan Jansen", "Piet de Vries")),
        ("Av Kari Nord og Ola Dahl", "no", ("Kari Nord", "Ola Dahl")),
        ("Jan Novák a Eva Malá", "cs", ("Jan Novák", "Eva Malá")),
        ("Анна Белова и Иван Петров", "ru", ("Анна Белова", "Иван Петров")),
        ("김철수·이영희 기자", "ko", ("김철수", "이영희")),
        ("记者 李明 王芳", "zh", ("李明", "王芳")),
        ("记者李明 通讯员王芳 摄影张三", "zh", ("李明", "王芳")),
        ("كتب أحمد علي ومحمد سعيد", "ar", ("أحمد علي", "محمد سعيد")),
        ("נכתב על ידי דנה לוי ויוסי כהן", "he", ("דנה לוי", "יוסי כהן")),
        ("Reporting by Greta Holm and Mia Berg; writing by Tom Aird; editing by Jonas Falk", "en",
         ("Greta Holm", "Mia Berg", "Tom Aird")),
        ("By Joe Schmidt, Jr. and Tara Doyle", "en", ("Joe Schmidt, Jr.", "Tara Doyle")),
        ("Jan in 't Veld", "nl", ("Jan in 't Veld",)),
        ("Par E.P.", "fr", ("E.P.",)),
    ],
)  # fmt: skip
def test_people_are_parted_where_a_conjunction_parts_people(
    line: str, language: str, names: tuple[str, ...]
) -> None:
    assert people_in_byline(line, language) == names


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("José Ortiz y Carmona", "es"),
        ("Leopoldo Alas y García Ureña", "es"),
        ("Anna-Maria de la Cruz y Vega", "es"),
        ("María de los Ángeles Fernández de la Vega y Sanz", "es"),
        ("Pedro Souto e Vilar", "pt"),
        ("Ada von und zu Mondberg", "de"),
        ("Gloria von Thurn und Mondberg", "de"),
        ("Josep Vila i Montcorb", "ca"),
        ("Marcel·la Roure", "ca"),
        ("Ngũgĩ wa Thiong'o", "en"),
        ("danah lindgren", "en"),
        ("Willa Post", "en"),
        ("Joe Schmidt, Jr.", "en"),
        ("Von Trapp", "de"),
        ("约翰·史密斯", "zh"),
    ],
)
def test_a_name_that_page_data_give_as_one_person_s_stays_whole(name: str, language: str) -> None:
    assert person_in_data(name, language) == (name,)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("<a href='/by/greta'>Greta Holm</a>", ("Greta Holm",)),
        ("By Greta Holm", ("Greta Holm",)),
        ("Greta Holm, Senior Reporter", ("Greta Holm",)),
        ("Greta Holm/dpa", ("Greta Holm",)),
        ("Greta Holm and Jonas Falk", ("Greta Holm", "Jonas Falk")),
        ("Holm, Greta", ("Greta Holm",)),
        ("Jong, Michiel de", ("Michiel de Jong",)),
        ("Greta Holm, Berlin", ("Greta Holm",)),
        ("Farrar & Holm Partners", ()),
        ("Gazette Staff", ()),
        ("Par gazette.example", ()),
    ],
)
def test_what_is_printed_around_one_person_s_name_goes(given: str, names: tuple[str, ...]) -> None:
    assert person_in_data(given) == names


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Lars Lind/AP",
        "Foto: Lars Lind",
        "Picture by Lars Lind",
        "写真＝佐藤花子",
        "Illustration: Mia Berg",
    ],
)
def test_a_line_about_pictures_credits_nobody_who_wrote(line: str) -> None:
    assert is_other_work_credit(line)


@pytest.mark.parametrize(
    "line",
    ["By Greta Holm", "Text: Greta Holm, Fotos: Lars Lind", "Photography is dead, says Greta"],
)
def test_a_line_that_names_a_writer_or_tells_something_is_no_picture_credit(line: str) -> None:
    assert not is_other_work_credit(line)
