"""Beam's job servers, by which Spark and Flink take jobs: what they are called, and where they lie on this machine.

``make spark-jar`` and ``make flink-jar`` bring them (:mod:`pipelines.engine.fetch_job_server`). A server is a folder of
jars, ``<cache>/<name>-<Beam's version>/``, as one jar with all in it is not published for every version everywhere.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess

from transforms.errors import ConfigError

#: Java versions that Spark 3.5 and Flink 1.19 and 1.20 run on.
_JAVA = "17"
#: What JVMs from 9 on close to Spark and Flink, as Spark's own start script opens it (its JavaModuleOptions). One that
#: is missing is found out late: without sun.security.action an executor's thread dies when it is to say why a task
#: failed, as where a Python worker was killed, and the job waits for it for ever.
_OPENED = (
    *("java.io", "java.lang", "java.lang.invoke", "java.lang.reflect", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs"),
    *("sun.security.action", "sun.util.calendar"),
)
#: Libraries that Beam and the clusters bring in versions that do not agree: these serve both.
_ALIKE = ("com.fasterxml.jackson.core:jackson-core:2.15.4", "org.slf4j:slf4j-api:2.0.16")


@dataclasses.dataclass(frozen=True)
class JobServer:
    """``artifact``: of Maven, with all that is needed in one jar. ``runner``: the library that it is made from, and
    ``beside`` what a cluster has besides, for where that one jar is not to be had."""

    name: str
    target: str  # of make
    artifact: str
    runner: str
    beside: tuple[str, ...]
    main_class: str


SPARK = JobServer(
    "spark-3",
    "spark-jar",
    "beam-runners-spark-3-job-server",
    "beam-runners-spark-3",
    (
        *(f"org.apache.spark:spark-{part}_2.12:3.5.5" for part in ("core", "streaming", "sql")),
        *_ALIKE,
    ),
    "org.apache.beam.runners.spark.SparkJobServerDriver",
)
FLINK = JobServer(
    "flink-1.19",
    "flink-jar",
    "beam-runners-flink-1.19-job-server",
    "beam-runners-flink-1.19",
    _ALIKE,
    "org.apache.beam.runners.flink.FlinkJobServerDriver",
)
JOB_SERVERS = {"spark": SPARK, "flink": FLINK}


def cache_folder() -> str:
    """Where servers lie: ``EVENWEAVE_JOB_SERVERS``, else in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("EVENWEAVE_JOB_SERVERS") or os.path.join(cache, "evenweave", "job-servers")


def class_path(server: JobServer, configured: str | None, version: str) -> str:
    """For Java's ``-cp``: of the jar or folder that is configured, else of what was fetched.

    ``version``: Beam's here. A server of that version comes first; else the newest there is, since the protocol between
    them is the same. Raises ConfigError where there is none.
    """
    found = configured or _fetched(server, version)
    setting = f"runner.{server.name.split('-')[0]}.job_server"
    if found is None:
        raise ConfigError(
            f"there is no job server of {server.name} in {cache_folder()}: run `make {server.target}`, which fetches "
            f"it from Maven Central, or set {setting} to the jar {server.artifact} of Beam {version}"
        )
    if not os.path.exists(found):
        raise ConfigError(f"{setting}: there is nothing at {found}")
    return os.path.join(found, "*") if os.path.isdir(found) else found


def _fetched(server: JobServer, version: str) -> str | None:
    folder = cache_folder()
    names = [name for name in _listed(folder) if name.startswith(f"{server.name}-")]
    of_version = f"{server.name}-{version}"
    best = of_version if of_version in names else max(names, key=_in_order, default=None)
    return None if best is None else os.path.join(folder, best)


def _listed(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _in_order(name: str) -> list[int]:
    return [int(part) for part in name.rpartition("-")[2].split(".") if part.isdigit()]


def find_java() -> str:
    """The ``java`` of ``JAVA_HOME`` or the path; raises ConfigError where there is none that runs."""
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else shutil.which("java")
    wanted = f"Spark and Flink need Java {_JAVA}: install it (openjdk-{_JAVA}-jre-headless), or set JAVA_HOME"
    if java is None:
        raise ConfigError(f"no java on the path. {wanted}")
    try:
        subprocess.run([java, "-version"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(f"{java} does not run: {error}. {wanted}") from error
    return java


def java_command(java: str, classes: str, heap: str, properties: dict[str, str]) -> list[str]:
    """Up to the class that is to be run."""
    opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]
    told = [f"-D{key}={value}" for key, value in properties.items()]
    return [java, f"-Xmx{heap}", *opened, *told, "-cp", classes]
