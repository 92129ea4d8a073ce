"""Blog and site hosting domains that the private part of the Public Suffix List lacks.

Anyone can have a host under these domains. Two hosts under one of them are two sites of two owners,
and neither may make claims about the other.
"""

from __future__ import annotations

HOSTING_SUFFIXES = """
wordpress.com tumblr.com substack.com medium.com livejournal.com dreamwidth.org over-blog.com overblog.com
typepad.com ghost.io beehiiv.com weebly.com squarespace.com webnode.com webnode.page jimdo.com jimdofree.com
jimdosite.com strikingly.com mystrikingly.com mozello.com site123.me yola.com webs.com tilda.ws surge.sh
wpengine.com wpcomstaging.com posthaven.com svbtle.com bearblog.dev micro.blog prose.sh hashnode.dev
neocities.org tripod.com wikidot.com fandom.com edublogs.org hypotheses.org noblogs.org canalblog.com
skyrock.com unblog.fr eklablog.com centerblog.net blogs.sapo.pt myblog.it blog.cz blog.hu blox.pl blogg.se
blogg.no vuodatus.net narod.ru ucoz.ru blog.ir blogfa.com mihanblog.com persianblog.ir tistory.com pixnet.net
seesaa.net exblog.jp jugem.jp muragon.com livedoor.blog blog.fc2.com cocolog-nifty.com blogs.com
"""
"""Hosting services, collected by hand."""
BLOGSPOT_COUNTRIES = """
ae al am ba be bg bj ca cf ch cl co.at co.id co.il co.ke co.nz co.uk co.za com.ar com.au com.br com.by com.co
com.cy com.ee com.eg com.es com.mt com.ng com.tr com.uy cv cz de dk fi fr gr hk hr hu ie in is it jp kr li lt
lu md mk mr mx my nl no pe pt qa re ro rs ru se sg si sk sn td tw ug vn
"""
"""Country suffixes under which Blogspot shows the same blogs to readers of that country."""
HOSTED_SITE_SUFFIXES = (
    *HOSTING_SUFFIXES.split(),
    *(f"blogspot.{country}" for country in BLOGSPOT_COUNTRIES.split()),
)
"""All suffixes, for `tldextract`'s `extra_suffixes`."""
