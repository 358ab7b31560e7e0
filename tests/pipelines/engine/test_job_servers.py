"""Where a job server is looked for, and what is said where there is none, or no Java."""

from __future__ import annotations

import os
import pathlib

import pytest

from pipelines.engine.job_servers import SPARK, cache_folder, class_path, find_java, java_command
from transforms.errors import ConfigError


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("EVENWEAVE_JOB_SERVERS", str(tmp_path / "servers"))
    return tmp_path / "servers"


def test_none_was_fetched(cache: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"run `make spark-jar`.*beam-runners-spark-3-job-server of Beam 2\.77\.0"):
        class_path(SPARK, None, "2.77.0")
    assert cache_folder() == str(cache)


def test_that_of_beams_version_comes_first_and_else_the_newest(cache: pathlib.Path) -> None:
    for version in ("2.9.0", "2.62.0", "2.100.0"):
        (cache / f"spark-3-{version}").mkdir(parents=True)
    (cache / "flink-1.19-2.200.0").mkdir()
    assert class_path(SPARK, None, "2.62.0") == str(cache / "spark-3-2.62.0" / "*")
    assert class_path(SPARK, None, "2.77.0") == str(cache / "spark-3-2.100.0" / "*")


def test_one_that_is_configured(cache: pathlib.Path, tmp_path: pathlib.Path) -> None:  # noqa: ARG001
    jar = tmp_path / "server.jar"
    with pytest.raises(ConfigError, match=r"runner\.spark\.job_server: there is nothing at"):
        class_path(SPARK, str(jar), "2.77.0")
    jar.touch()
    assert class_path(SPARK, str(jar), "2.77.0") == str(jar)


def test_no_java(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"no java on the path. Spark and Flink need Java 17: install it"):
        find_java()


def test_a_java_that_does_not_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"bin/java does not run: .*set JAVA_HOME"):
        find_java()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").write_text("#!/bin/sh\nexit 0\n")
    os.chmod(tmp_path / "bin" / "java", 0o755)
    assert find_java() == str(tmp_path / "bin" / "java")


def test_the_heap_and_the_properties_are_told() -> None:
    command = java_command("java", "jars/*", "2g", {"spark.ui.enabled": "false"})
    assert command[:2] == ["java", "-Xmx2g"] and command[-3:] == ["-Dspark.ui.enabled=false", "-cp", "jars/*"]
