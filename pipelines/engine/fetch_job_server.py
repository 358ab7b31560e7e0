"""Brings a job server from Maven Central into the cache, by Maven.

    python -m pipelines.engine.fetch_job_server spark

The one jar of Beam's version here first. Where that is not to be had, the libraries that it is made of, of a version
tried with this SDK; jars are then put together by Maven, as Beam's own build does it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

from pipelines.engine.job_servers import JOB_SERVERS, JobServer, cache_folder, find_java
from transforms.errors import EXIT_STATUS, ConfigError, EvenweaveError, show_error

#: Of the libraries, where Beam's version here has none: the newest of which all that is needed is found everywhere.
TRIED_VERSION = "2.62.0"
_GROUP = "org.apache.beam"
_MOST_SECS = 1200
#: Milliseconds until a server that does not answer is given up. Maven's own half an hour is for each file of each way.
_PATIENCE = ("-Daether.connector.connectTimeout=10000", "-Daether.connector.requestTimeout=60000")
#: What Maven says where it reaches no server at all, so that it need not be asked for anything else.
_UNREACHED = re.compile(
    "No plugin found for prefix|Unknown host|Connection refused|[Cc]onnect timed out|No route to host|"
    "Network is unreachable|Name or service not known|Temporary failure in name resolution"
)
_REMEDY = "look at the network, or at ~/.m2/settings.xml for the mirror that this machine is to use"


def fetch(server: JobServer, version: str) -> str:
    """The folder with its jars, fetched where none is there. Raises ConfigError where that cannot be."""
    ways = [(os.path.join(cache_folder(), f"{server.name}-{beam}"), parts) for beam, parts in _ways(server, version)]
    there = [folder for folder, _ in ways if os.path.isdir(folder)]  # else Maven would look for the best each time
    if there:
        return there[0]
    for folder, parts in ways:
        if _resolve(parts, folder):
            return folder
    raise ConfigError(f"Maven finds neither {server.artifact} {version} nor {server.runner} {TRIED_VERSION}: {_REMEDY}")


def _ways(server: JobServer, version: str) -> list[tuple[str, list[str]]]:
    """(Beam's version, what to ask for), the best first."""
    whole = [f"{_GROUP}:{server.artifact}:{version}"]
    of_libraries = [
        (beam, [f"{_GROUP}:{server.runner}:{beam}", *server.beside]) for beam in dict.fromkeys((version, TRIED_VERSION))
    ]
    return [(version, whole), *of_libraries]


def _resolve(parts: list[str], folder: str) -> bool:
    """Whether Maven found them all; ``folder`` appears whole or not at all. Raises ConfigError where none answers."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ConfigError("Maven (mvn) is not on the path: install it (apt-get install maven), or set job_server")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder), prefix=".partial-") as partial:
        with open(os.path.join(partial, "pom.xml"), "w", encoding="utf-8") as pom:
            pom.write(_project(parts))
        jars = os.path.join(partial, "jars")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
        try:
            done = subprocess.run(
                [maven, "-q", "-B", *_PATIENCE, *goal], cwd=partial, capture_output=True, text=True, timeout=_MOST_SECS
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigError(f"Maven took more than {_MOST_SECS} s for {', '.join(parts)}: {_REMEDY}") from error
        if done.returncode != 0:
            if unreached := _UNREACHED.search(done.stdout + done.stderr):
                raise ConfigError(f"Maven reaches no server ({unreached[0]}): {_REMEDY}")
            print(f"not found: {', '.join(parts)}", flush=True)
            return False
        os.rename(jars, folder)
    return True


def _project(parts: list[str]) -> str:
    dependencies = []
    for part in parts:
        group, artifact, version = map(escape, part.split(":"))
        dependencies.append(
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></dependency>"
        )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>evenweave</groupId><artifactId>job-server</artifactId><version>1</version>"
        f"<dependencies>{''.join(dependencies)}</dependencies></project>"
    )


if __name__ == "__main__":
    from apache_beam.version import __version__ as beam_version

    try:
        find_java()  # which says what is missing; Maven would not
        print(fetch(JOB_SERVERS[sys.argv[1]], beam_version))
    except EvenweaveError as error:
        show_error(error)
        sys.exit(EXIT_STATUS)
