"""A job server is asked of Maven in one jar first, and appears whole or not at all. Here ``mvn`` is a script."""

from __future__ import annotations

import os
import pathlib
import xml.etree.ElementTree as ElementTree

import pytest

from pipelines.engine.fetch_job_server import TRIED_VERSION, fetch
from pipelines.engine.job_servers import SPARK, class_path
from transforms.errors import ConfigError

#: Keeps each project that it is asked for; finds what has the word FOUND in it, and leaves a jar where it is told.
_MAVEN = """#!/bin/sh
number=$(ls "$ASKED" | wc -l)
cp pom.xml "$ASKED/$number.xml"
for word; do case "$word" in -DoutputDirectory=*) folder="${word#*=}";; esac; done
mkdir -p "$folder" && touch "$folder/a.jar"
echo "$SAYS"
grep -q "$FOUND" pom.xml
"""


@pytest.fixture
def asked(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "asked").mkdir()
    (tmp_path / "bin" / "mvn").write_text(_MAVEN)
    os.chmod(tmp_path / "bin" / "mvn", 0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("SAYS", "")
    monkeypatch.setenv("EVENWEAVE_JOB_SERVERS", str(tmp_path / "servers"))
    return tmp_path / "asked"


def artifacts(project: pathlib.Path) -> list[tuple[str | None, str | None]]:
    space = "{http://maven.apache.org/POM/4.0.0}"
    root = ElementTree.parse(project).getroot()
    return [
        (one.findtext(f"{space}artifactId"), one.findtext(f"{space}version")) for one in root.iter(f"{space}dependency")
    ]


def test_the_one_jar_of_beams_version(asked: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUND", "spark-3-job-server")
    folder = fetch(SPARK, "2.77.0")
    assert folder.endswith("spark-3-2.77.0") and os.listdir(folder) == ["a.jar"]
    assert [artifacts(one) for one in asked.iterdir()] == [[("beam-runners-spark-3-job-server", "2.77.0")]]
    assert class_path(SPARK, None, "2.77.0") == os.path.join(folder, "*")
    assert fetch(SPARK, "2.77.0") == folder and len(list(asked.iterdir())) == 1  # it is there


def test_else_the_libraries_of_a_version_that_was_tried(asked: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUND", f"<version>{TRIED_VERSION}<")
    folder = fetch(SPARK, "2.77.0")
    assert folder.endswith(f"spark-3-{TRIED_VERSION}")
    assert artifacts(asked / "2.xml")[0] == ("beam-runners-spark-3", TRIED_VERSION)
    assert ("spark-core_2.12", "3.5.5") in artifacts(asked / "2.xml")


def test_nothing_is_left_where_nothing_was_found(
    asked: pathlib.Path,  # noqa: ARG001
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOUND", "no such word")
    with pytest.raises(ConfigError, match=r"Maven finds neither beam-runners-spark-3-job-server 2\.77\.0 nor"):
        fetch(SPARK, "2.77.0")
    assert os.listdir(tmp_path / "servers") == []


def test_where_no_server_answers_it_is_asked_once(asked: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUND", "no such word")
    monkeypatch.setenv("SAYS", "Could not transfer artifact: Connect to 127.0.0.1:9 failed: Connection refused")
    with pytest.raises(ConfigError, match=r"Maven reaches no server \(Connection refused\): look at the network"):
        fetch(SPARK, "2.77.0")
    assert len(list(asked.iterdir())) == 1


def test_no_maven(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("EVENWEAVE_JOB_SERVERS", str(tmp_path / "servers"))
    with pytest.raises(ConfigError, match=r"Maven \(mvn\) is not on the path: install it"):
        fetch(SPARK, "2.77.0")
