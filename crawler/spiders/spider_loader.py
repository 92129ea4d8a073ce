"""Loader of spiders: those of the project, and those of extensions when they are asked for."""

from __future__ import annotations

import builtins
from typing import Any

from scrapy import Request, Spider
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.misc import walk_modules_iter
from scrapy.utils.spider import iter_spider_classes

from archive.errors import UsageError
from archive.extensions import usable_extensions

SPIDER_GROUP = "dateline.spiders"


def accept_spiders(_name: str, found: Any) -> list[type[Spider]]:
    """Return the spiders in a module or package of an extension.

    Raises UsageError without any, and whatever the package's modules raise.
    """
    if not hasattr(found, "__path__") and not hasattr(found, "__spec__"):
        raise UsageError("it is not a module; the entry point names the module with the spiders")
    modules = walk_modules_iter(found.__name__)
    spiders = [spider for module in modules for spider in iter_spider_classes(module)]
    if not spiders:
        raise UsageError("its module has no spider with a `name`")
    return spiders


class ExtendedSpiderLoader(SpiderLoader):
    """Loads the spiders of extensions only if a spider is not one of the project, or for a list.

    The names of the project's own spiders are not taken by an extension.
    """

    _extension_spiders: dict[str, type[Spider]] | None = None

    def load(self, spider_name: str) -> type[Spider]:
        """Return the spider of that name; raises KeyError for an unknown name."""
        if spider_name not in self._spiders:
            self._load_extensions()
        return super().load(spider_name)

    def list(self) -> builtins.list[str]:
        """Return the names of all spiders."""
        self._load_extensions()
        return super().list()

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """Return the names of the spiders that are made for the URL of a request."""
        self._load_extensions()
        return super().find_by_request(request)

    def _load_extensions(self) -> None:
        """Add the spiders of extensions, once."""
        if self._extension_spiders is not None:
            return
        found = usable_extensions(SPIDER_GROUP, accept_spiders).values()
        self._extension_spiders = {spider.name: spider for spiders in found for spider in spiders}
        self._spiders = self._extension_spiders | self._spiders
