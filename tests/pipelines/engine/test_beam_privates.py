"""What we use of Beam that is not its public interface stands where it stood, in the versions that we allow.

A test that fails here names what has moved and which file of ours uses it. What it means must then be read anew there.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_provision_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner, worker_handlers
from apache_beam.runners.worker import bundle_processor, sdk_worker_main
from apache_beam.transforms import environments, userstate

#: Names by the module that holds them, and the file of ours that uses them.
_NAMES = [
    ("worker_processes", worker_handlers, "BeamFnControlServicer._DONE_MARKER"),
    ("worker_processes", worker_handlers, "BeamFnControlServicer.UNSTARTED_STATE"),
    ("worker_processes", worker_handlers, "WorkerHandler.register_environment"),
    ("worker_processes", worker_handlers, "GrpcWorkerHandler.close"),
    ("worker_processes", worker_handlers, "GrpcWorkerHandler.start_worker"),
    ("worker_processes", worker_handlers, "GrpcWorkerHandler.stop_worker"),
    ("worker_processes", environments, "Environment.register_urn"),
    ("worker_processes", environments, "Environment.to_runner_api_parameter"),
    ("worker_processes", environments, "EmbeddedPythonEnvironment.from_runner_api_parameter"),
    ("worker_processes", environments, "python_sdk_capabilities"),
    ("in_process", environments, "EmbeddedPythonEnvironment.default"),
    ("worker", sdk_worker_main, "main"),
    ("measured", FnApiRunner, "create_stages"),
    ("measured", bundle_processor, "DATA_OUTPUT_URN"),
    ("graph_building", userstate, "get_dofn_specs"),
]


@pytest.mark.parametrize(("used_in", "module", "name"), _NAMES, ids=[name for *_, name in _NAMES])
def test_names(used_in: str, module: Any, name: str) -> None:
    try:
        operator.attrgetter(name)(module)
    except AttributeError:
        pytest.fail(f"{module.__name__}.{name} has moved; pipelines/engine/{used_in}.py uses it")


_PARAMETERS: list[tuple[str, Callable[..., Any], list[str]]] = [
    ("worker_processes", worker_handlers.GrpcWorkerHandler.__init__, ["state", "provision_info", "grpc_server"]),
    ("worker_processes", worker_handlers.WorkerHandler.register_environment, ["urn", "payload_type"]),
    ("worker_processes", environments.Environment.register_urn, ["urn", "parameter_type"]),
    ("worker_processes", environments.Environment.__init__, ["capabilities", "artifacts", "resource_hints"]),
    ("in_process", FnApiRunner.__init__, ["default_environment"]),
]


@pytest.mark.parametrize(
    ("used_in", "function", "wanted"), _PARAMETERS, ids=[function.__qualname__ for _, function, _ in _PARAMETERS]
)
def test_parameters(used_in: str, function: Callable[..., Any], wanted: list[str]) -> None:
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    assert names[: len(wanted)] == wanted, (
        f"{function.__qualname__} takes {names} now; pipelines/engine/{used_in}.py gives it {wanted}"
    )


def test_a_control_connection() -> None:
    """Its state before a worker has connected, and the requests that wait for an answer."""
    servicer = worker_handlers.BeamFnControlServicer
    connection = worker_handlers.ControlConnection()
    used_in = "which pipelines/engine/worker_processes.py uses"
    assert getattr(connection, "_state", None) == servicer.UNSTARTED_STATE, f"ControlConnection._state, {used_in}"
    assert getattr(connection, "_futures_by_id", None) == {}, f"ControlConnection._futures_by_id, {used_in}"
    future = connection.push(beam_fn_api_pb2.InstructionRequest(instruction_id="one"))
    assert connection._futures_by_id == {"one": future}
    future.set(beam_fn_api_pb2.InstructionResponse(instruction_id="one", error="lost"))
    assert future.get(timeout=1).error == "lost"
    assert connection.push(servicer._DONE_MARKER) is None, f"the mark that ends a worker, {used_in}"


def test_a_worker_is_told_by_its_surroundings() -> None:
    read = inspect.getsource(sdk_worker_main)
    for name in ("CONTROL_API_SERVICE_DESCRIPTOR", "PIPELINE_OPTIONS", "WORKER_ID"):
        assert f"'{name}'" in read or f'"{name}"' in read, (
            f"sdk_worker_main does not look for {name}; pipelines/engine/worker_processes.py sets it"
        )


def test_messages() -> None:
    assert "pipeline_options" in beam_provision_api_pb2.ProvisionInfo.DESCRIPTOR.fields_by_name
    assert "url" in endpoints_pb2.ApiServiceDescriptor.DESCRIPTOR.fields_by_name
