"""What was typed is more than what is configured: `--workers` reads here."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from archive.errors import UsageError
from crawler.cli.options import chosen_cluster, cluster_option, workers_option


@click.command()
@workers_option
@cluster_option
def reading(workers: int | None, cluster: str | None) -> None:
    """Print who reads."""
    click.echo(chosen_cluster(cluster) or f"here, {workers}")


def told(words: str, configured: str | None = None) -> str:
    defaults = {"cluster": configured} if configured else {}
    ran = CliRunner().invoke(reading, words.split(), default_map=defaults, catch_exceptions=False)
    return ran.output.strip()


def test_a_cluster_that_is_typed_or_configured_reads():
    assert told("--cluster local:2") == "local:2"
    assert told("", configured="tcp://desk:8786") == "tcp://desk:8786"
    assert told("--cluster local", configured="tcp://desk:8786") == "local"


def test_workers_that_are_typed_read_in_place_of_a_configured_cluster():
    assert told("--workers 3", configured="tcp://desk:8786") == "here, 3"


def test_both_typed_are_a_mistake():
    with pytest.raises(UsageError, match="--workers goes without --cluster"):
        told("--workers 3 --cluster local")
