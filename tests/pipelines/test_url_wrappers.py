"""An article's address is found in the links of alerts, networks, mail filters and caches, and
fetched itself."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest

from archive.records import Lead
from pipelines.clean import clean_lead
from pipelines.identity import identify_lead
from pipelines.urls import request_url, unwrap_url, url_key

INNER = "https://courier.example/news/ferry-pier-closes?id=5"
Q = quote(INNER, safe="")
BING = "a1" + urlsafe_b64encode(INNER.encode()).decode().rstrip("=")

WRAPPED = [
    f"https://www.google.com/url?rct=j&sa=t&url={INNER}&ct=ga&cd=CAIyGT&usg=AOvVaw",
    f"https://www.google.com/url?rct=j&sa=t&url={Q}&ct=ga",
    f"http://www.google.com/url?sa=t&q={Q}&source=gmail",
    f"https://www.google.co.uk/url?esrc=s&q=&url={Q}",
    f"https://google.de/url?q={quote(Q)}",
    f"https://www.google.com/amp/s/{INNER[8:]}",
    f"https://courier-example.cdn.ampproject.org/c/s/{INNER[8:]}",
    f"https://courier-example.cdn.ampproject.org/v/s/{INNER[8:]}&amp_js_v=0.1&usqp=mq331",
    f"https://www.bing-amp.com/c/s/{INNER[8:]}",
    f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url={Q}&c=1&mkt=en-us",
    f"https://www.bing.com/ck/a?!&&p=1f2&ptn=3&fclid=2&u={BING}&ntb=1",
    f"https://l.facebook.com/l.php?u={Q}&h=AT0",
    f"https://lm.facebook.com/l.php?h=AT0&u={Q}",
    f"https://www.facebook.com/l.php?u={Q}",
    f"https://l.instagram.com/?u={Q}&e=AT",
    f"https://eur01.safelinks.protection.outlook.com/?url={Q}&data=05%7C01&reserved=0",
    f"https://r.search.yahoo.com/_ylt=Awr;_ylu=Y28-/RV=2/RE=1710/RO=10/RU={Q}/RK=2/RS=abc-",
    f"http://us.rd.yahoo.com/dailynews/rss/*{Q}",
    f"https://out.reddit.com/t3_abc?url={Q}&token=AQ",
    f"https://urldefense.com/v3/__{INNER}__;!!Ab!cd$",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__courier.example_news_ferry-2Dpier-2Dcloses-3Fid-3D5&d=DwM&c=x",
    f"https://duckduckgo.com/l/?uddg={Q}&rut=1",
    f"https://vk.com/away.php?to={Q}&cc_key=",
    f"https://www.youtube.com/redirect?event=video&q={Q}",
    f"https://www.linkedin.com/redir/redirect?url={Q}&urlhash=1",
    f"https://t.umblr.com/redirect?z={Q}&t=1",
    f"https://www.google.com/url?q={quote(f'https://l.facebook.com/l.php?u={Q}&h=1', safe='')}",
]


@pytest.mark.parametrize("url", WRAPPED)
def test_what_is_fetched_is_the_address_inside(url):
    assert request_url(url) == INNER
    assert request_url(request_url(url)) == INNER
    assert url_key(url) == url_key(INNER)


@pytest.mark.parametrize(
    "url",
    [
        f"https://courier.example/url?url={Q}",
        f"https://google.evil.example/url?q={Q}",
        f"https://lfacebook.com/l.php?u={Q}",
        f"https://google.xyz/url?q={Q}",
        f"https://www.google.com/search?q={Q}",
        "https://www.google.com/url?q=ferry+pier",
        "https://www.google.com/url?q=javascript%3Aalert(1)",
        "https://www.google.com/url?q=file%3A%2F%2F%2Fetc%2Fpasswd",
        "https://www.google.com/url?q=https%3A%2F%2Fa%3Ab%40courier.example%2F",
        "https://www.bing.com/ck/a?u=a1aHR0c!!!",
        "https://feedproxy.google.com/~r/courier/~3/abc123/ferry.html",
        "https://t.co/abc123",
        "https://web.archive.org/web/20240312190000/https://courier.example/news/ferry",
    ],
)
def test_what_wraps_nothing_stays_what_it_is(url):
    assert request_url(url).split("/")[2] == url.split("/")[2]


def test_a_hoax_of_wrappers_in_wrappers_stays_what_it_is():
    url = INNER
    for _ in range(7):
        url = f"https://vk.com/away.php?to={quote(url, safe='')}"
    assert request_url(url[:2000]).startswith("https://vk.com/away.php")


@pytest.mark.parametrize("url", WRAPPED)
def test_a_lead_remembers_no_wrapper(url):
    for lead in (identify_lead(Lead(url, via="feed")), clean_lead(Lead(url, via="feed"))):
        assert lead
        assert (lead.url, lead.listed_as) in [(INNER, None), (INNER, unwrap_url(url))]
        assert not lead.listed_as or lead.listed_as.startswith("https://courier.example/")


def test_a_lead_remembers_what_only_tracks():
    lead = identify_lead(
        Lead(
            f"https://www.google.com/url?url={quote(INNER + '&utm_source=alert', safe='')}",
            via="feed",
        )
    )
    assert lead.url == INNER
    assert lead.listed_as == INNER + "&utm_source=alert"
