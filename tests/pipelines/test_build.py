"""What the driver of a build imports: what workers alone need, or a later stage, would delay its start by seconds."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]

_DRIVER = """
import importlib, sys
from transforms.stages import ANNOTATE, CHAIN, VOCABULARY

def imported(*names):
    return [name for name in names if name in sys.modules]

import pipelines.main
from pipelines.build import job_module
assert not imported("apache_beam", "torch", "open_clip"), "the command line needs none of them"
for stage in CHAIN:
    if stage not in (VOCABULARY, ANNOTATE):
        importlib.import_module(job_module(stage))
assert not imported("torch", "open_clip"), "stages behind annotate need neither"
for stage in (VOCABULARY, ANNOTATE):
    importlib.import_module(job_module(stage))
from transforms.annotating.encoder import check_encoder
from transforms.annotating.settings import EncoderSettings
check_encoder(EncoderSettings(model="configs/encoder/tiny"))
assert not imported("open_clip"), "only who builds the model needs it"
"""


@pytest.mark.slow
def test_a_driver_imports_no_more_than_it_needs() -> None:
    """Of a build with workers beside it, over the embedded encoder."""
    done = subprocess.run([sys.executable, "-c", _DRIVER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
