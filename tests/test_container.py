"""The Dockerfile and compose.yaml, as far as they can be tried without an engine."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import PurePosixPath

import pytest
import yaml

from crawler.cluster.connection import parse_cluster_address
from demo.web import serve
from tests.paths import ROOT
from tests.stories import outlet, world
from tests.test_docs import parsed

IMAGE = r"python:3\.\d+\.\d+-slim(-[a-z]+)?"


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]  # type: ignore[misc]


def given(name: str) -> list[str]:
    return [arguments for instruction, arguments in instructions() if instruction == name]


def copied() -> list[str]:
    """What the image takes from the project."""
    return [source for arguments in given("COPY") for source in arguments.split()[:-1]]


def compose() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def test_the_image_is_a_slim_python_of_one_version_that_the_program_runs_on():
    (image,) = given("FROM")
    assert re.fullmatch(IMAGE, image), "a version, and no registry's host"
    minor = int(re.findall(r"3\.(\d+)", image)[0])
    assert minor >= int(
        re.findall(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text())[0]
    )


def test_all_that_is_copied_is_there_and_all_rooms_are_copied():
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    packages = re.findall(
        r"^include = \[(.*)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )[0]
    assert {name.strip('"* ') for name in packages.split(",")} <= {
        source.rstrip("/") for source in copied()
    }


def test_the_engine_gets_what_is_copied_and_nothing_else():
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and line[0] != "#"
    ]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line[0] == "!"} == {
        source.rstrip("/") for source in copied()
    }


def test_nothing_comes_in_without_a_hash():
    installs = [command for command in given("RUN") if "pip install" in command]
    assert len(installs) == 2
    for command in installs:
        assert "--require-hashes" in command or {"--no-deps", "--no-build-isolation"} <= set(
            shlex.split(command)
        )
    pinned = (ROOT / "requirements-image.txt").read_text()
    (version,) = re.findall(r"^setuptools==(\d+)", pinned, re.MULTILINE)
    (needed,) = re.findall(r'"setuptools>=(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert int(version) >= int(needed), "what builds the program is among what is pinned"


def test_the_image_can_send_alerts_and_sign_people_in():
    pinned = (ROOT / "requirements-image.txt").read_text()
    assert {"apprise", "datasette-auth-passwords"} <= set(re.findall("^([a-z-]+)==", pinned, re.M))
    assert all(
        "requirements-image.txt" in each for each in given("RUN") if "require-hashes" in each
    )


def test_the_image_can_run_a_scheduler_and_workers():
    pinned = (ROOT / "requirements-image.txt").read_text()
    assert "distributed" in re.findall("^([a-z-]+)==", pinned, re.M)


def test_the_cluster_reads_without_the_archive_and_without_a_way_out():
    added = yaml.safe_load((ROOT / "compose.cluster.yaml").read_text("utf-8"))
    services = added["services"]
    assert set(services) == {"crawler", "scheduler", "worker"}
    address = services["crawler"]["environment"]["DATELINE_CLUSTER"]
    assert parse_cluster_address(address) is None
    assert address in services["worker"]["entrypoint"]
    for name in ("scheduler", "worker"):
        service = services[name]
        assert service["entrypoint"][:2] == ["dask", name]
        assert "volumes" not in service, "the archive is the crawler's alone"
        assert "ports" not in service, "who reaches a scheduler can run programs"
        assert service["networks"] == ["reading"]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    assert added["networks"]["reading"]["internal"]


def test_no_address_of_a_registry_or_an_index_is_named():
    for name in ("Dockerfile", "compose.yaml", "compose.cluster.yaml", ".dockerignore"):
        hosts = re.findall(r"https?://([^/\s'\":]+)", (ROOT / name).read_text("utf-8"))
        assert set(hosts) <= {"127.0.0.1"}, name


def test_it_runs_as_nobody_in_particular_who_owns_the_volume():
    user = given("USER")[-1]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), (
        "a number, so that an orchestrator sees it is not root"
    )
    (made,) = [command for command in given("RUN") if "useradd" in command]
    assert f"--uid {user.split(':')[0]}" in made
    (volume,) = given("VOLUME")
    assert f"mkdir {volume} && chown dateline:dateline {volume}" in made
    assert f"DATELINE_ARCHIVE={volume}" in given("ENV")
    order = [name for name, _ in instructions()]
    assert order.index("USER") < order.index("VOLUME") < order.index("ENTRYPOINT"), (
        "what is later is the user's"
    )


def test_what_the_image_runs_are_commands_that_there_are():
    entry, usual = json.loads(given("ENTRYPOINT")[0]), json.loads(given("CMD")[0])
    assert parsed([*entry, *usual]).name == "watch"
    check = re.findall(r"CMD (\[.*\])", given("HEALTHCHECK")[0])[0]
    assert parsed(json.loads(check)).name == "status"
    for name, service in compose()["services"].items():
        assert parsed([*entry, *service["command"]]).name in ("watch", "serve"), name


@pytest.mark.slow
def test_the_health_check_says_sound_after_a_crawl_and_not_before(dateline):
    words = json.loads(re.findall(r"CMD (\[.*\])", given("HEALTHCHECK")[0])[0])
    with serve(world(outlet(many=1))) as web:
        run = dateline(web)
        run(*words[1:], code=1)
        run.knows()
        assert "no crawl has finished yet" in run(*words[1:], code=1).stdout
        run.crawl()
        run(*words[1:], code=0)


def test_crawler_and_reader_share_the_volume_and_only_this_machine_reads():
    services = compose()["services"]
    (volume,) = given("VOLUME")
    assert {
        mount.split(":")[1] for service in services.values() for mount in service["volumes"]
    } == {volume}
    assert (
        len({mount.split(":")[0] for service in services.values() for mount in service["volumes"]})
        == 1
    )
    assert all(port.startswith("127.0.0.1:") for port in services["reader"]["ports"])
    assert float(services["crawler"]["stop_grace_period"].rstrip("s")) >= 10


@pytest.mark.parametrize("path", [".venv", "data", "tests", ".git"])
def test_nothing_that_lies_about_here_is_copied(path):
    assert not any(PurePosixPath(source).parts[0] == path for source in copied())
