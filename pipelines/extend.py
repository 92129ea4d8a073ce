"""Stage 250, extend: apply the stages of extensions.

Such a stage is a function from a check to a check, named by an entry point of the group
`dateline.stages`. It sees clean and complete articles, and what it returns is cleaned again, so
that identity may trust it. A stage that fails leaves the check unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from archive.errors import UsageError
from archive.extensions import error_in_one_line, report_extension_problem, usable_extensions
from archive.records import Check
from pipelines.clean import clean_check

STAGE_GROUP = "dateline.stages"

StageFunction = Callable[[Check], Check]


@dataclass
class ExtensionStage:
    """A stage of an extension, and whether it has failed in this process."""

    name: str
    function: StageFunction
    has_failed: bool = False

    def apply(self, check: Check) -> Check:
        """Return the check as the stage leaves it, cleaned; unchanged if the stage fails.

        Only the first failure in a process is reported.
        """
        try:
            changed = self.function(check)
            if changed is check:
                return check
            if not isinstance(changed, Check):
                raise TypeError(f"it returned {type(changed).__name__} in place of a check")
            if changed.url != check.url:
                raise ValueError("it changed the URL of the check")
            return clean_check(changed)
        except Exception as error:  # a stranger's function may raise anything
            self._report_failure(error, check.url)
            return check

    def _report_failure(self, error: Exception, url: str) -> None:
        if not self.has_failed:
            why = error_in_one_line(error)
            report_extension_problem(
                f"stage {self.name} failed and changed nothing, for example of {url}: {why}"
            )
        self.has_failed = True


def accept_stage(name: str, found: Any) -> ExtensionStage:
    """Return the stage of an extension; raises UsageError if it is not a function."""
    if not callable(found) or isinstance(found, type):
        raise UsageError("it is not a function from a check to a check")
    return ExtensionStage(name, found)


@cache
def extension_stages() -> tuple[ExtensionStage, ...]:
    """Return the stages of the installed extensions, in the order of their names."""
    return tuple(usable_extensions(STAGE_GROUP, accept_stage).values())


def extend_check(check: Check) -> Check:
    """Return the check as the stages of extensions leave it."""
    for stage in extension_stages():
        check = stage.apply(check)
    return check


class ExtendPipeline:
    """Scrapy's item pipeline for this stage."""

    def process_item(self, item: Any) -> Any:
        """Extend checks; pass other items through."""
        return extend_check(item) if isinstance(item, Check) else item
