"""What Spark and Flink are told by their job servers, without starting one."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rich.console import Console

from pipelines.engine.flink import FlinkEngine
from pipelines.engine.settings import RunnerSettings
from pipelines.engine.spark import SparkEngine
from pipelines.engine.worker_pool import WorkerPool, own_pool
from transforms.errors import WorkerLostError


def spark(**settings: Any) -> SparkEngine:
    return SparkEngine(RunnerSettings.model_validate({"name": "spark", "workers": 3, "spark": settings}))


def test_sparks_settings_are_properties_of_its_process() -> None:
    conf = {"spark.speculation": "true", "spark.log.level": "ERROR"}
    engine = spark(heap="3g", executor_heap="1g", parallelism=64, conf=conf, master="local[2,4]")
    jars, heap, properties, arguments = engine._job_server()
    assert (jars, heap, arguments) == (None, "3g", ["--spark-master-url", "local[2,4]"])
    assert properties["spark.executor.memory"] == "1g" and properties["spark.default.parallelism"] == "64"
    assert conf.items() <= properties.items()  # what is asked for outright has the last word
    assert "spark.default.parallelism" not in spark()._job_server()[2]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("threads", ["--environment_type=LOOPBACK"]),
        ("far:50000", ["--environment_type=EXTERNAL", "--environment_config=far:50000"]),
    ],
)
def test_workers_are_threads_or_called_at_an_address(where: str, said: list[str]) -> None:
    flags = spark(workers_at=where)._worker_flags(3, "pipelines.annotate")
    assert set(said) <= set(flags) and "--sdk_worker_parallelism=3" in flags
    assert any(flag.startswith("--environment_cache_millis=") for flag in flags)  # or models are loaded for each part


def test_a_clusters_page_is_the_link() -> None:
    assert spark(master="spark://far:7077").link("1") == "http://far:8080"
    assert spark().link("1") is None
    flink = FlinkEngine(RunnerSettings.model_validate({"name": "flink", "flink": {"master": "http://far:8081"}}))
    assert flink.link("ab") == "http://far:8081/#/job/ab"


def test_flinks_parallelism_is_that_of_the_workers_unless_said() -> None:
    settings = {"name": "flink", "workers": 3}
    assert FlinkEngine(RunnerSettings.model_validate(settings))._more_flags() == ["--parallelism=3"]
    settings |= {"flink": {"parallelism": 7}}  # type: ignore[dict-item]
    assert FlinkEngine(RunnerSettings.model_validate(settings))._more_flags() == ["--parallelism=7"]


class Dying(SparkEngine):
    """Submits nothing: of its jobs the first ``deaths`` fail, since a worker died."""

    deaths = 0
    begun = 0

    def _submit(self, build: Callable[[Any], None], flags: Sequence[str]) -> None:  # noqa: ARG002
        self.begun += 1
        if self.begun <= self.deaths:
            own_pool()._watch(lambda: False)
            raise RuntimeError("Lost task 1.3 in stage 4.0")

    @property
    def _endpoint(self) -> str:
        return "localhost:1"


@pytest.mark.parametrize(("deaths", "begun", "raised"), [(0, 1, None), (2, 3, None), (3, 3, WorkerLostError)])
def test_a_job_whose_workers_die_is_begun_again(deaths: int, begun: int, raised: type[Exception] | None) -> None:
    engine = Dying(RunnerSettings(name="spark"))
    engine.deaths, engine.console = deaths, Console(file=io.StringIO())
    with pytest.raises(raised) if raised else contextlib.nullcontext():
        engine.run(test_a_job_whose_workers_die_is_begun_again)
    assert engine.begun == begun


def test_a_job_that_fails_by_itself_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Dying(RunnerSettings(name="spark"))
    engine.deaths = 1
    monkeypatch.setattr(WorkerPool, "_watch", lambda *_: None)
    with pytest.raises(RuntimeError, match="Lost task"):
        engine.run(test_a_job_whose_workers_die_is_begun_again)
    assert engine.begun == 1
