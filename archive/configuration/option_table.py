"""The options that may stand in `dateline.toml`, each with one name everywhere.

The name gives the key in the file (`delay`, or `budget` in the table `[crawl]`), the environment
variable (`DATELINE_DELAY`, `DATELINE_CRAWL_BUDGET`) and the option on the command line (`--delay`,
`dateline crawl --budget`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OptionKind = Literal[
    "text", "texts", "count", "number", "flag", "duration", "period", "age", "port", "file", "pairs"
]  # fmt: skip
"""The type of a value. `texts`: a list of texts · `count`: a whole number from 1 on · `number`: a
number from 0 on · `duration`: `30s`, `10m` · `period`: also `5min` · `age`: `7d`, or a day ·
`file`: a path, relative to the configuration file · `pairs`: a table of names and values."""

ConfigValue = str | int | float | bool | list[str] | list[tuple[str, str]] | None

NETWORK_COMMANDS = ("crawl", "investigate")
"""The commands that have the general options for requests and reading."""


@dataclass(frozen=True, slots=True)
class ConfigOption:
    """An option of the configuration."""

    name: str
    """The key in the file; with its table, `crawl.budget`."""
    kind: OptionKind
    about: str
    default: str = ""
    """The default as people write it; empty if nothing is set."""
    commands: tuple[str, ...] = ()
    """The commands that have it on their command line."""
    none_word: str = ""
    """The word for an empty list, if the option has one."""

    @property
    def table(self) -> str:
        """The table of the file; empty for the keys at its head."""
        return self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        """The key in its table."""
        return self.name.rpartition(".")[2]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "DATELINE_" + self.name.replace(".", "_").upper()

    @property
    def is_set_by_empty_variable(self) -> bool:
        """True for a list that an empty environment variable empties; else that sets nothing."""
        return self.kind == "texts" and not self.none_word

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.key.replace("_", "-")


def _table_options(
    table: str, command: str, rows: tuple[tuple[str, OptionKind, str, str], ...]
) -> tuple[ConfigOption, ...]:
    """Return the options of a command; a row is key, kind, default and explanation."""
    return tuple(
        ConfigOption(f"{table}.{key}", kind, about, default, (command,))
        for key, kind, default, about in rows
    )


GENERAL_OPTIONS = (
    ConfigOption("contact", "text", "An e-mail or web address for the user agent.", commands=(*NETWORK_COMMANDS, "follow")),
    ConfigOption("delay", "number", "Seconds between two requests to one host.", "0.5", NETWORK_COMMANDS),
    ConfigOption("workers", "count", "Processes that extract pages.", "one per core",
                 (*NETWORK_COMMANDS, "import", "extract")),
    ConfigOption("cluster", "text", "A Dask cluster that reads pages: its address, `local` or `local:N`.", "",
                 (*NETWORK_COMMANDS, "import", "extract")),
    ConfigOption("fetch_on_workers", "flag", "Fetch on the workers of the cluster as well.", "false", NETWORK_COMMANDS),
    ConfigOption("opt_outs", "texts", "The opt-outs of publishers to honour.", "noarchive", NETWORK_COMMANDS),
    ConfigOption("allow_addresses", "texts", "What a crawl may reach besides the public web.", "", NETWORK_COMMANDS),
    ConfigOption("browser", "text", "Pages that a browser fetches again: auto, rules or off.", "auto", NETWORK_COMMANDS),
    ConfigOption("browser_path", "file", "The Chromium to use; without it, it is found by its name.", "", NETWORK_COMMANDS),
    ConfigOption("catalogue", "file", "A list of outlets in place of the built-in catalogue.", "",
                 ("outlet add", "outlet search", "outlet suggest", "outlet look", "investigate")),
)  # fmt: skip
CRAWL_OPTIONS = _table_options("crawl", "crawl", (
    ("budget", "count", "", "Most pages that one crawl fetches."),
    ("outlet_budget", "count", "10000", "Most pages of each outlet."),
    ("browser_budget", "count", "200", "Most pages that a browser renders."),
    ("browser_outlet_budget", "count", "50", "Most pages of each outlet that a browser renders."),
    ("max_time", "duration", "", "Time after which a crawl stops."),
    ("since", "age", "7d", "How far back sitemaps are read, except for a story."),
    ("ask", "texts", "", "Search services that a crawl for a story asks."),
    ("deposit", "texts", "", "Archives that are asked to keep new articles of followed stories."),
    ("deposit_budget", "count", "200", "Most articles deposited on a day."),
))  # fmt: skip
INVESTIGATE_OPTIONS = _table_options("investigate", "investigate", (
    ("outlets", "count", "30", "Most outlets in all runs of a story."),
    ("requests", "count", "", "Most requests of one run."),
    ("max_time", "duration", "30m", "Time after which a run stops."),
))  # fmt: skip
SCHEDULE_OPTIONS = (
    *_table_options("schedule", "schedule", (("every", "period", "5min", "Time between two scheduled crawls."),)),
    *_table_options("watch", "watch", (("every", "period", "5m", "Time between two crawls of `dateline watch`."),)),
)  # fmt: skip
RETENTION_OPTIONS = (
    ConfigOption("retention.older", "age", "Age from which articles are pruned; without it nothing is.", "", ("prune",)),
    ConfigOption("retention.keep", "texts", "Articles that stay all the same: stories, copied, revised, noted; or none.",
                 "stories,noted", ("prune",), none_word="none"),
    ConfigOption("retention.captures_only", "flag", "Prune only the stored pages; the articles stay.", "false", ("prune",)),
)  # fmt: skip
SERVE_OPTIONS = _table_options("serve", "serve", (
    ("host", "text", "127.0.0.1", "Address to listen on."),
    ("port", "port", "8001", "Port to listen on."),
    ("public", "flag", "false", "Serve a read-only copy for the public."),
    ("name", "texts", "", "Host names of the server."),
    ("title", "text", "", "Name of the site."),
    ("publisher", "text", "", "Who publishes it."),
    ("about", "text", "", "A sentence about it."),
    ("contact", "text", "", "Where to ask for corrections and removal."),
    ("password_file", "file", "", "Names and passwords of those who may sign in."),
    ("proxy_user_header", "text", "", "The header by which a proxy says who is signed in."),
    ("editor", "texts", "", "Who may change the archive; without any, all who sign in."),
    ("setting", "pairs", "", "Settings of Datasette."),
))  # fmt: skip

CONFIG_OPTIONS: dict[str, ConfigOption] = {
    option.name: option
    for option in (
        *GENERAL_OPTIONS, *CRAWL_OPTIONS, *INVESTIGATE_OPTIONS, *SCHEDULE_OPTIONS, *RETENTION_OPTIONS, *SERVE_OPTIONS,
    )
}  # fmt: skip
"""All options by their names, in the order of the documentation."""

TARGETS_TABLE = "notify.targets"
"""The table with the targets of alerts by their names."""
OUTLETS_TABLE = "outlets"
"""The table with the rules of outlets by their hosts."""


def options_of_command(command: str) -> tuple[ConfigOption, ...]:
    """Return the options that a command has on its command line, such as `outlet add`."""
    return tuple(option for option in CONFIG_OPTIONS.values() if command in option.commands)
