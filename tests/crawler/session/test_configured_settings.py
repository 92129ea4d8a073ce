"""Scrapy follows the configuration of the archive, whichever spider it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy import Spider
from scrapy.crawler import CrawlerRunner
from scrapy.settings import Settings

CONFIGURATION = """
contact = "desk@harbour.example"
delay = 3
allow_addresses = ["10.0.0.0/8"]
[outlets."harbour.example"]
text = ".body"
"""


class PlainSpider(Spider):  # type: ignore[misc]
    name = "plain"


class HurriedSpider(Spider):  # type: ignore[misc]
    name = "hurried"
    custom_settings = {"DOWNLOAD_DELAY": 1}  # noqa: RUF012  as Scrapy declares it


def settings_of(folder: Path, written: str, **typed: str) -> Settings:
    (folder / "dateline.toml").write_text(written, "utf-8")
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("DATELINE_ARCHIVE", str(folder), priority="cmdline")
    settings.update(typed, priority="cmdline")
    return settings


def test_the_configuration_applies_to_plain_spiders(tmp_path: Path) -> None:
    runner = CrawlerRunner(settings_of(tmp_path, CONFIGURATION))
    for settings in (runner.settings, runner.create_crawler(PlainSpider).settings):
        assert "desk@harbour.example" in settings["USER_AGENT"]
        assert settings.getfloat("DOWNLOAD_DELAY") == 3
        assert settings["DATELINE_ALLOW_ADDRESSES"] == "10.0.0.0/8"
        assert settings["DATELINE_OUTLET_RULES"].rule_for("https://harbour.example/a")


def test_settings_of_a_spider_and_typed_ones_override_the_configuration(tmp_path: Path) -> None:
    runner = CrawlerRunner(settings_of(tmp_path, CONFIGURATION, USER_AGENT="Mine"))
    settings = runner.create_crawler(HurriedSpider).settings
    assert settings.getfloat("DOWNLOAD_DELAY") == 1
    assert settings["USER_AGENT"] == "Mine"


def test_an_invalid_configuration_ends_scrapy_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path, "dealy = 3")
    with pytest.raises(SystemExit) as ended:
        CrawlerRunner(settings)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dateline: ")
    assert "did you mean delay?" in line
