"""Scrapy's settings for all spiders, with the reasons where they differ from Scrapy's defaults."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

BOT_NAME = "dateline"
SPIDER_MODULES = ["crawler.spiders"]
SPIDER_LOADER_CLASS = "crawler.spiders.spider_loader.ExtendedSpiderLoader"
NEWSPIDER_MODULE = "crawler.spiders"
TEMPLATES_DIR = str(Path(__file__).parent / "templates")  # for `scrapy genspider`


def user_agent(contact: str | None) -> str:
    """Return the User-Agent, with the e-mail address or URL of whom to contact.

    The user sets this contact (DATELINE_CONTACT).
    """
    return f"Dateline/{version('dateline')} (news archive; contact: {contact or 'not given'})"


# -- who fetches, and what may be fetched
USER_AGENT = user_agent(os.environ.get("DATELINE_CONTACT"))
ROBOTSTXT_USER_AGENT = "Dateline"
ROBOTSTXT_OBEY = True
DOWNLOAD_HANDLERS = {
    # URLs come from untrusted pages and feeds
    **dict.fromkeys(("http", "https"), "crawler.network.downloader.GuardedDownloadHandler"),
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # a feed may name file:///etc/passwd
}
TWISTED_DNS_RESOLVER = "crawler.network.downloader.GuardedResolver"
DOWNLOAD_VERIFY_CERTIFICATES = True
COOKIES_ENABLED = False  # except within a chain of redirects: crawler.network.redirects
REFERRER_POLICY = "no-referrer"

# -- how much, and how fast
# most of them wait for the delay of their host; the spiders start far fewer requests that do not
CONCURRENT_REQUESTS = 512
CONCURRENT_REQUESTS_PER_DOMAIN = 2
# bytes of responses that wait for workers; the default of 5 MB is less than 64 pages
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 32 * 1024 * 1024
CONCURRENT_ITEMS = 1  # Scrapy starts this many tasks per response, and most yield one item
DOWNLOAD_DELAY = 0.5  # seconds between two requests to one host
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 10
REACTOR_THREADPOOL_MAXSIZE = 20  # the host names of many outlets are resolved at once
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # after decompression, too
DOWNLOAD_WARNSIZE = 0
# crawler.network.downloader detects bodies that are complete although their length is wrong
DOWNLOAD_FAIL_ON_DATALOSS = False
DEPTH_LIMIT = 5
REDIRECT_MAX_TIMES = 8
RETRY_TIMES = 1  # the frontier retries in a later crawl
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # not 429 and 503, which request a pause
RETRY_EXCEPTIONS = [  # no timeout: a server that hangs would occupy its slot twice as long
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
# the check parses the source of all callbacks in every crawl; a linter does that
WARN_ON_GENERATOR_RETURN_VALUE = False
METAREFRESH_MAXDELAY = 5

# -- robots.txt, redirects, codings and delays
DOWNLOADER_MIDDLEWARES = {
    "crawler.network.robots.RobotsMiddleware": 100,  # follows RFC 9309
    # by a meta element or a Refresh header
    "crawler.network.redirects.RefreshRedirectMiddleware": 580,
    "crawler.network.decompression.DecompressionMiddleware": 590,  # detects truncated streams
    "crawler.network.redirects.StatusRedirectMiddleware": 600,
    "crawler.network.downloader.CachedProxyMiddleware": 750,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    # it reads the environment at every request
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    # next to the downloader: it sees every response unchanged
    "crawler.network.backoff_middleware.BackoffMiddleware": 950,
    # it fetches everything if robots.txt fails
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
}

# -- no remote control
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# -- the stages of an item; the gaps are for future stages
ITEM_PIPELINES = {
    "pipelines.clean.CleanPipeline": 100,  # first: later stages may trust the text
    "pipelines.complete.CompletePipeline": 200,  # before identity: it may add the headline
    "pipelines.extend.ExtendPipeline": 250,  # the stages of extensions, before identity too
    "pipelines.identity.IdentityPipeline": 300,
    "pipelines.keep.KeepPipeline": 900,  # last: it writes to the archive
}
ADDONS = {"crawler.session.configured_settings.ConfigurationAddon": 100}  # reads dateline.toml
EXTENSIONS = {
    "crawler.session.plain_spiders.PlainSpiderSession": 100,  # before the middlewares, which use it
    "crawler.progress.Progress": 500,
}
SPIDER_MIDDLEWARES = {"crawler.session.plain_spiders.PlainItemMiddleware": 100}
# Scrapy's extensions in use; it imports disabled ones, too, which took a third of the start-up time
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
}

LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 0
DEFAULT_DROPITEM_LOG_LEVEL = "INFO"  # a warning would contain the whole item

# -- Dateline's own settings
DATELINE_ARCHIVE = os.environ.get("DATELINE_ARCHIVE", "data")
# read by crawler.network.guard
DATELINE_ALLOW_ADDRESSES = os.environ.get("DATELINE_ALLOW_ADDRESSES", "")
# crawler.network.opt_outs lists all values
DATELINE_OPT_OUTS = os.environ.get("DATELINE_OPT_OUTS", "noarchive")
# pages fetched per outlet and crawl, unless --outlet-budget is given
DATELINE_OUTLET_PAGES = 10_000
# crawler.extraction.rules.outlet_rules.OutletRules, from dateline.toml; None: not read yet
DATELINE_OUTLET_RULES = None
# which pages a browser renders: crawler.network.browser.browser_program.BROWSER_MODES
DATELINE_BROWSER = os.environ.get("DATELINE_BROWSER", "auto")
DATELINE_BROWSER_PATH = os.environ.get("DATELINE_BROWSER_PATH")  # of Chromium; None: look for it
DATELINE_BROWSER_SANDBOX = os.environ.get("DATELINE_BROWSER_SANDBOX", "1") != "0"
# time limit for a page in the browser
DATELINE_BROWSER_SECONDS = float(os.environ.get("DATELINE_BROWSER_SECONDS", "20"))
DATELINE_BROWSER_PAGES = 200  # pages that browsers render in one crawl …
DATELINE_BROWSER_OUTLET_PAGES = 50  # … and of each outlet
DATELINE_WORKERS = None  # processes that extract pages; None: one per core
DATELINE_PAGE_SECONDS = 20.0  # time limit for the extraction of a page
DATELINE_BATCH = 50  # fetches written in one transaction …
DATELINE_BATCH_SECONDS = 0.5  # … or those of this time
