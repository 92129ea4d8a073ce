"""Lines that change by themselves are told from what an article says."""

from __future__ import annotations

import pytest

from pipelines.dedup.volatile_lines import is_volatile_line

RELATIVE = """
Updated 5 minutes ago
Published 2 days ago
3 hours ago
an hour ago
5 min ago · 3 min read
Last changed 2 h ago
, , 09:00 — last changed 2 hours ago
Port Ansel, 12 March, 09:00 — last changed 2 hours ago
By Ada Winthrop · 5 minutes ago
Posted 3 hours ago by Greta Holm in Local
Updated just now
Published 3 years ago
Aktualisiert vor 5 Minuten
vor einer Stunde
Stand: 12. März 2024, 10:40 Uhr
Zuletzt aktualisiert: Heute, 10:40 Uhr
Mis à jour il y a 5 minutes
Publié il y a une heure
Actualizado hace 5 minutos
Aggiornato 5 minuti fa
Atualizado há 5 minutos
2 horas atrás
5 minuten geleden bijgewerkt
Uppdaterad för 5 minuter sedan
Opdateret for 5 minutter siden
5 minuuttia sitten
5 minut temu
Aktualizováno před 5 minutami
Frissítve: 5 perccel ezelőtt
Actualizat acum 5 minute
πριν από 5 λεπτά
Обновлено 5 минут назад
Оновлено 5 хвилин тому
преди 5 минути
prije 5 minuta
Güncellendi: 5 dakika önce
منذ 5 دقائق
قبل ٥ دقائق
۵ دقیقه پیش
לפני 5 דקות
5 मिनट पहले
5 menit yang lalu
Cập nhật 5 phút trước
5分前
2小时前
更新于 5 分钟前
5분 전
5 นาทีที่แล้ว
Last updated: 12 March 2024, 10:40
Zuletzt aktualisiert am 12. März 2024 um 10:40 Uhr.
14:32 · vor 5 Min.
Yesterday 10:40
""".strip().split("\n")

COUNTERS = """
12 comments
340 views
· 12 comments · 340 views
updated 5 minutes ago · 12 comments · 12,340 views
Shared 41 times
1.2K shares
This story has been read 1,204 times.
213 readers are reading this now
57 people are reading this article right now
Reading time: 2 min
4 min read
14 people online
Trending: 312 shares in the last hour
Share 12 Tweet 4 Email
Listen to this article · 5 min
Dieser Artikel wurde 1.204 Mal gelesen.
213 Leser lesen gerade diesen Artikel
Lesezeit: 4 Minuten
12 Kommentare
Cet article a été lu 1 204 fois
Temps de lecture : 3 min
1 204 vues
Tiempo de lectura: 3 min
1.204 visitas
213 personas están leyendo esta noticia ahora
Tempo di lettura: 3 minuti
Questo articolo è stato letto 1.204 volte
Tempo de leitura: 3 min
Leestijd 3 minuten
1.204 keer bekeken
Lästid: 3 min
Læsetid 3 min
1 204 katselukertaa
Czas czytania: 3 minuty
1204 wyświetleń
Doba čtení: 3 minuty
1 204 просмотра
Время чтения: 3 минуты
1204 перегляди
Χρόνος ανάγνωσης: 3 λεπτά
1.204 kez okundu
Okuma süresi: 3 dakika
1204 مشاهدة
مدة القراءة: 3 دقائق
1.204 צפיות
Dibaca 1.204 kali
1.204 lượt xem
この記事は約3分で読めます
コメント 12件
阅读 1204
1204次浏览
조회수 1,204
댓글 12
""".strip().split("\n")

OTHERS = """
BRKW 12.40 +1.2 %
Brackwater Marine 12,40 € (−0,8 %)
DAX 18.234,50 +0,45 %
EUR/USD 1.0875 -0.12%
Weather in Port Ansel now: 7 degrees, light rain, wind 8 metres a second from the west.
Wetter in Hamburg: 7 Grad, leichter Regen
Météo : 7 °C, pluie faible
Port Ansel 7 °C, light rain
Погода сейчас: +7 градусов
Advertisement: Get two months of the Gazette for the price of one, only until Sunday.
Anzeige: Zwei Monate lesen, einen bezahlen.
Publicité : deux mois pour le prix d'un
Реклама: Два месяца по цене одного
""".strip().split("\n")

PROSE = """
The video was viewed 1.2 million times before it was taken down.
The post has been shared 3,000 times.
Two hours ago the last barge left the harbour with 40 piles on board.
Five minutes later the bell rang.
Oskar Lund left the island 5 years ago and never came back.
50 years ago
25 Years Ago
12 March 2024
09:00
Tuesday, 12 March 2024
In 2023 the board counted 12,340 views of the harbour camera.
Around 2,000 readers wrote to the Gazette within 3 days.
The shares of Brackwater Marine rose 1.2 % to 12.40 crowns.
Brackwater gained 1.2 %.
The weather will turn: 7 degrees are expected on Sunday, and the wind will come from the west with some force.
It was 7 °C when the barge left.
Advertising is down by a third.
Advertisements for the closed pier will be refunded, the company said.
Ferry to Lisle: 12 crowns
Lisle 2 - 1 Ansel
Score: 3-1
Das Video wurde 3000 Mal geteilt.
Vor 5 Jahren begann der Bau der neuen Brücke.
Vor drei Stunden legte die Fähre ab.
Il y a 5 ans, le quai fermait.
Hace 3 días cerró el muelle, y nadie lo esperaba.
Nur 12 von 40 Pfählen waren gesund.
Polizei nimmt 12 Personen fest
3 Tote und 12 Verletzte
5分钟前，最后一艘驳船离开了港口。
この港では3分で船に乗れます。
У 2023 році міст закрили на 5 днів.
Read the story of the pier in 12 pictures
Comments on the plan are open until 3 May
Why 1,204 islanders read the same book
Likes: music, dogs and 3 kinds of cheese
10. Port Ansel
Kommentar
Updated figures show 12 rotten piles.
“I saw it 5 minutes ago,” said Holm.
What happened 3 hours ago in Port Ansel
Last 5 days
The report was published on 12 March 2024.
The story has been shared 3,000 times.
Source: Harbour Board (Stand: 5. Februar 2020)
HTTP/1.1 304 Not Modified
Trinktemperatur: 8 °C
10 minutes
Kick-off: 20:45
Updated figures for 2023
""".strip().split("\n")


@pytest.mark.parametrize("line", RELATIVE)
def test_a_line_with_only_relative_times_or_the_time_of_a_change_is_volatile(line: str):
    assert is_volatile_line(line)


@pytest.mark.parametrize("line", COUNTERS)
def test_a_line_with_only_counters_or_a_reading_time_is_volatile(line: str):
    assert is_volatile_line(line)


@pytest.mark.parametrize("line", OTHERS)
def test_weather_quotations_and_labelled_advertising_are_volatile(line: str):
    assert is_volatile_line(line)


@pytest.mark.parametrize("line", PROSE)
def test_prose_with_numbers_is_not_volatile(line: str):
    assert not is_volatile_line(line)


@pytest.mark.parametrize(
    "line", ["", " ", "·", "1", "x" * 10_000, "1 " * 10_000, "views 1 " * 2_000]
)
def test_what_is_no_line_of_words_is_not_volatile(line: str):
    assert not is_volatile_line(line)
