"""Scrapy's settings for every spider of the project, with the reason where they differ from
Scrapy's own."""

from __future__ import annotations

import os
from importlib.metadata import version

BOT_NAME = "dateline"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"


def user_agent(contact: str | None) -> str:
    """Who we are, and whom to write to: an e-mail or web address that the user sets
    (DATELINE_CONTACT)."""
    return f"Dateline/{version('dateline')} (news archive; contact: {contact or 'not given'})"


# -- who asks, and what it may ask for
USER_AGENT = user_agent(os.environ.get("DATELINE_CONTACT"))
ROBOTSTXT_USER_AGENT = "Dateline"
ROBOTSTXT_OBEY = True
DOWNLOAD_HANDLERS = {
    # strangers write the addresses
    **dict.fromkeys(("http", "https"), "crawler.network.downloader.GuardedHandler"),
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # a feed may name file:///etc/passwd
}
TWISTED_DNS_RESOLVER = "crawler.network.downloader.GuardedResolver"
DOWNLOAD_VERIFY_CERTIFICATES = True
COOKIES_ENABLED = False  # but within one chain of redirects: crawler.network.redirects
REFERRER_POLICY = "no-referrer"

# -- how much, and how fast
# most of them wait for their turn; the spiders hand out far fewer that do not
CONCURRENT_REQUESTS = 512
CONCURRENT_REQUESTS_PER_DOMAIN = 2
# bytes that wait for readers: 5 MB are less than 64 pages
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 32 * 1024 * 1024
CONCURRENT_ITEMS = 1  # Scrapy starts as many tasks for every answer, and most come to one item
DOWNLOAD_DELAY = 0.5  # seconds between two requests to one host
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 10
REACTOR_THREADPOOL_MAXSIZE = 20  # names of many outlets are looked up at once
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # also of what a small body inflates to
DOWNLOAD_WARNSIZE = 0
# crawler.network.downloader tells what is whole though its length is wrong
DOWNLOAD_FAIL_ON_DATALOSS = False
DEPTH_LIMIT = 5
REDIRECT_MAX_TIMES = 8
RETRY_TIMES = 1  # the frontier tries again in a later crawl
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # not 429 and 503, which ask to be left alone
RETRY_EXCEPTIONS = [  # not a timeout: a server that hangs would hold its place twice as long
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
# it parses the source of our callbacks in every crawl; a linter does that
WARN_ON_GENERATOR_RETURN_VALUE = False
METAREFRESH_MAXDELAY = 5
HTTPERROR_ALLOW_ALL = True  # every answer is recorded, an error too

# -- what a site says of being visited
DOWNLOADER_MIDDLEWARES = {
    "crawler.network.robots.RobotsMiddleware": 100,  # as RFC 9309 has it
    "crawler.network.redirects.RefreshRedirects": 580,  # by a meta element or a Refresh header
    "crawler.network.decompression.UnpackingMiddleware": 590,  # tells a stream that breaks off
    "crawler.network.redirects.StatusRedirects": 600,
    "crawler.network.downloader.ProxyMiddleware": 750,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    # reads the environment at every request
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    # next to the downloader: it sees every answer as it came
    "crawler.network.backoff.TurnsMiddleware": 950,
    # fetches all where robots.txt fails
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
}

# -- no open doors
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# -- where what is found goes; the gaps are for stages to come
ITEM_PIPELINES = {
    "pipelines.clean.CleanPipeline": 100,  # first: everything after may trust the text
    "pipelines.complete.CompletePipeline": 200,  # before identity: it may bring the headline
    "pipelines.identity.IdentityPipeline": 300,
    "pipelines.keep.KeepPipeline": 900,  # last: writes
}
EXTENSIONS = {"crawler.progress.Progress": 500}
# of Scrapy's own, those in use: it imports all, and those that are off took a third of our start
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
}

LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 0
DEFAULT_DROPITEM_LOG_LEVEL = "INFO"  # a warning would carry the whole item

# -- ours
DATELINE_ARCHIVE = os.environ.get("DATELINE_ARCHIVE", "data")
# crawler.network.guard reads it
DATELINE_ALLOW_ADDRESSES = os.environ.get("DATELINE_ALLOW_ADDRESSES", "")
# crawler.network.opt_outs names them all
DATELINE_OPT_OUTS = os.environ.get("DATELINE_OPT_OUTS", "noarchive")
# asked for of one outlet in one crawl, unless --outlet-budget says otherwise
DATELINE_OUTLET_PAGES = 10_000
DATELINE_WORKERS = None  # processes that read pages; None: one a core
DATELINE_PAGE_SECONDS = 20.0  # to read one page
DATELINE_BATCH = 50  # looks written in one transaction …
DATELINE_BATCH_SECONDS = 0.5  # … or what has come in this time
