"""What a stage is stands in its declaration: nobody else lists stages, and there is one way to the rows they left."""

from __future__ import annotations

import ast
import functools
import itertools

import pytest

from pipelines.build_settings import BuildSettings
from tests.architecture.test_imports import PACKAGES, ROOT, modules
from transforms import stages
from transforms.instruct.schema import FACTS, ROWS
from transforms.stages import ANNOTATE, CHAIN, INSTRUCT_CHAIN, STAGES, Stage, rejecting_before

#: The declaration, and where the name also is that of a section of the settings or of a folder.
_MOST_FILES = 4

#: Annotations are named by the run folder, written by annotate, and read by the one way there is.
_KNOW_ANNOTATIONS = {"transforms/run_folder.py", "transforms/annotating/changed_inputs.py", "transforms/remaining.py"}


@functools.cache
def parsed() -> list[tuple[str, ast.Module]]:
    paths = [path for package in PACKAGES for path in modules(package)]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def test_the_name_of_a_stage_stands_in_few_files() -> None:
    columns = {*ROWS.names, *FACTS.names}  # rows hold answers and a split too
    files: dict[str, set[str]] = {stage.name: set() for stage in STAGES if stage.name not in columns}
    for path, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in files:
                files[node.value].add(path)
    too_many = {name: sorted(found) for name, found in files.items() if len(found) > _MOST_FILES}
    assert not too_many, f"names of stages stand in {too_many}: take them from transforms.stages"


def test_every_declared_stage_has_its_place() -> None:
    declared = {stage.name for stage in vars(stages).values() if isinstance(stage, Stage)}
    assert declared == {stage.name for stage in STAGES} and len(declared) == len(STAGES)


def test_one_way_leads_to_annotations() -> None:
    for path, tree in parsed():
        named = any(isinstance(node, ast.Attribute) and node.attr == "annotations" for node in ast.walk(tree))
        assert not named or path in _KNOW_ANNOTATIONS, (
            f"{path} names a file of annotations: read it by transforms.remaining.read_remaining"
        )


@pytest.mark.parametrize("stage", (*CHAIN, *INSTRUCT_CHAIN), ids=lambda stage: stage.name)
def test_every_stage_has_a_job_of_its_name(stage: Stage) -> None:
    folder = ROOT / "pipelines" / ("instruct" if stage in INSTRUCT_CHAIN else "")
    job = folder / f"{stage.name}.py"
    functions = [node.name for node in ast.parse(job.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert "stage_job" in functions


def test_stages_take_from_earlier_ones() -> None:
    for place, stage in enumerate(CHAIN):
        assert stage.takes is None or stage.takes in {earlier.name for earlier in CHAIN[:place]}


def test_after_annotate_each_takes_from_the_one_before_it() -> None:
    """Else its count of rows would be held against that of another stage, and a sound run be refused."""
    after = CHAIN[CHAIN.index(ANNOTATE) :]
    assert [stage.takes for stage in after[1:]] == [before.name for before, _ in itertools.pairwise(after)]


def test_a_stage_that_may_be_off_says_so_in_its_section() -> None:
    for stage in CHAIN:
        if stage.may_be_off:
            section = BuildSettings.model_fields[stage.name].get_default(call_default_factory=True)
            assert section.is_on is False, stage.name


def test_one_stage_chooses() -> None:
    """Only what it chose goes on, so what stages before it rejected is all that those after it must not see."""
    (chosen,) = [stage for stage in CHAIN if stage.selects]
    between = CHAIN[CHAIN.index(ANNOTATE) + 1 : CHAIN.index(chosen)]
    assert between
    assert rejecting_before(chosen) == rejecting_before(CHAIN[-1]) == between
    assert rejecting_before(between[0]) == ()
