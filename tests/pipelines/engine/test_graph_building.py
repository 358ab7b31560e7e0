"""Beam's options and functions, looked at once, tell what they told before."""

from __future__ import annotations

import copy
import pickle

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import SetupOptions, StandardOptions
from apache_beam.transforms import userstate

from pipelines.engine.graph_building import PipelineOptions, functions_looked_through_once


class Counts(beam.DoFn):  # type: ignore[misc]
    SEEN = userstate.ReadModifyWriteStateSpec("seen", VarIntCoder())

    def process(self, element: tuple[str, int], seen: object = beam.DoFn.StateParam(SEEN)) -> None: ...


def test_a_view_is_made_once_and_shares_its_values() -> None:
    options = PipelineOptions(["--job_name=one", "--runner=none"])
    view = options.view_as(StandardOptions)
    assert view.runner == "none" and options.view_as(StandardOptions) is view
    view.runner = "another"
    assert options.get_all_options()["runner"] == "another"


def test_a_copy_has_values_of_its_own() -> None:
    options = PipelineOptions(["--runner=none"])
    options.view_as(StandardOptions)
    for other in (copy.deepcopy(options), pickle.loads(pickle.dumps(options))):
        other.view_as(StandardOptions).runner = "another"
        other.view_as(SetupOptions).save_main_session = True
        assert options.view_as(StandardOptions).runner == "none"
        assert not options.view_as(SetupOptions).save_main_session


def test_what_a_function_keeps_is_found() -> None:
    before = userstate.get_dofn_specs
    with functions_looked_through_once():
        for _ in range(2):
            counts, none = Counts(), beam.transforms.core.CallableWrapperDoFn(len)
            assert userstate.is_stateful_dofn(counts) and userstate.get_dofn_specs(counts)[0] == {Counts.SEEN}
            assert not userstate.is_stateful_dofn(none)
    assert userstate.get_dofn_specs is before
