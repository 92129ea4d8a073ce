"""Scrapy's settings as the configuration of an archive changes them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import click
from scrapy.settings import BaseSettings

from archive.configuration.configuration import Configuration, load_configuration
from archive.errors import UsageError
from crawler.extraction.rules.rule_tables import configured_rules
from crawler.network.browser.browser_program import BROWSER_PATH_SETTING, BROWSER_SETTING

SETTING_OF_OPTION = {
    "delay": "DOWNLOAD_DELAY",
    "workers": "DATELINE_WORKERS",
    "opt_outs": "DATELINE_OPT_OUTS",
    "allow_addresses": "DATELINE_ALLOW_ADDRESSES",
    "browser": BROWSER_SETTING,
    "browser_path": BROWSER_PATH_SETTING,
    "crawl.outlet_budget": "DATELINE_OUTLET_PAGES",
    "crawl.browser_budget": "DATELINE_BROWSER_PAGES",
    "crawl.browser_outlet_budget": "DATELINE_BROWSER_OUTLET_PAGES",
}
"""Options whose value is that of a setting."""
RULES_SETTING = "DATELINE_OUTLET_RULES"
CONFIGURED_PRIORITY = 25
"""Above the settings of the project, below those of a spider and of Scrapy's command line."""


def apply_configuration(
    settings: BaseSettings,
    configuration: Configuration,
    overruled: Collection[str] = (),
    priority: str | int = "project",
) -> None:
    """Put a configuration into the settings of a project; Scrapy's command line still overrides it.

    `overruled` are the options of the command line that also overrule the rules of outlets: `delay`
    and `since`. Raises UsageError for invalid rules.
    """
    values: dict[str, Any] = {}
    for name, setting in SETTING_OF_OPTION.items():
        value = configuration.value(name)
        if value is not None:
            values[setting] = ",".join(value) if isinstance(value, list) else value
    if contact := configuration.value("contact"):
        from crawler.settings import user_agent  # the module reads the environment

        values["USER_AGENT"] = user_agent(contact)
    values[RULES_SETTING] = configured_rules(configuration).without(*overruled)
    settings.update(values, priority=priority)


class ConfigurationAddon:
    """A Scrapy add-on: `scrapy crawl` and its like follow the configuration, for any spider."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Apply the configuration, unless a command of Dateline has done so.

        Raises SystemExit with the error's exit code, after its one line; Scrapy would print a
        traceback.
        """
        if settings[RULES_SETTING] is not None:
            return
        try:
            configuration = load_configuration(Path(settings["DATELINE_ARCHIVE"]))
            apply_configuration(settings, configuration, priority=CONFIGURED_PRIORITY)
        except UsageError as error:
            click.echo(f"dateline: {error}", err=True)
            raise SystemExit(error.exit_code) from None
