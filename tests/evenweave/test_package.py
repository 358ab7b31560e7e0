"""``import evenweave``: what it offers, that it is light, and that it is not mixed with other packages."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import os
import pathlib
import subprocess
import sys

import pytest

import evenweave
from transforms.configuration import load_settings
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath

ROOT = pathlib.Path(__file__).parents[2]


def python(code: str, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in ``folder``, with the project behind it on the path, as a user's script is run."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    code = "import sys; sys.path.insert(0, '')\n" + code  # -c alone obeys PYTHONSAFEPATH
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_every_name_is_there_with_its_version() -> None:
    for name in evenweave.__all__:
        assert getattr(evenweave, name) is not None, name
    assert set(evenweave.__all__) <= set(dir(evenweave))
    assert evenweave.__version__ == importlib.metadata.version("evenweave")
    with pytest.raises(AttributeError, match="has no attribute 'open_runs'"):
        _ = evenweave.open_runs  # type: ignore[attr-defined]


def test_importing_it_loads_nothing_heavy(tmp_path: pathlib.Path) -> None:
    code = "import evenweave; print(sorted({'torch', 'pyarrow', 'transformers', 'model'} & set(sys.modules)))"
    done = python(code, tmp_path)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("decoy", "name"),
    [("model.py", "model"), ("transforms/__init__.py", "transforms"), ("pipelines.py", "pipelines")],
)
@pytest.mark.parametrize("first", ["", "import {name}; "])
def test_a_file_of_the_same_name_is_named(tmp_path: pathlib.Path, decoy: str, name: str, first: str) -> None:
    path = tmp_path / decoy
    path.parent.mkdir(exist_ok=True)
    path.write_text("weights = 1\n")
    done = python(first.format(name=name) + "import evenweave", tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    been = "was" if first else "would be"
    assert last.startswith(f"evenweave.siblings.ShadowedPackageError: {path} {been} imported as {name!r}"), done.stderr
    assert "Rename that file" in last


def test_the_command_line_says_so_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model.py").write_text("weights = 1\n")
    last = python("import pipelines.main", tmp_path).stderr.splitlines()[-1]
    assert last.startswith(f"evenweave.siblings.ShadowedPackageError: {tmp_path / 'model.py'} would be imported"), last


def test_a_folder_without_init_is_found_out_too(tmp_path: pathlib.Path) -> None:
    """A namespace package comes after ours on the path, unless it was imported before."""
    (tmp_path / "model").mkdir()
    assert python("import evenweave", tmp_path).returncode == 0
    code = "saved = sys.path[:]; sys.path[:] = ['']; import model; sys.path[:] = saved; import evenweave"
    assert f"{tmp_path / 'model'} was imported as 'model'" in python(code, tmp_path).stderr


def test_a_run_is_opened(tmp_path: pathlib.Path) -> None:
    record = RunState.open(RunFolder(StoragePath.of(tmp_path), "0123456789abcdef"), {"balance": {"size": 5}}, {})
    counts = Counts(10, 8, {"empty_image": 2})
    record.finish("annotate", counts)
    record.begin("balance")
    run = evenweave.open_run(tmp_path)
    assert (run.root, run.fingerprint, run.config["balance"]) == (str(tmp_path), "0123456789abcdef", {"size": 5})
    assert run.stages == {
        "annotate": evenweave.Stage("annotate", True, counts),
        "balance": evenweave.Stage("balance", False, None),
    }
    with pytest.raises(RunFolderError, match="is not a run folder"):
        evenweave.open_run(tmp_path / "none")


def test_configurations_are_package_data() -> None:
    from pipelines.build_settings import BuildSettings

    assert (importlib.resources.files("evenweave.configs") / "build" / "mini.yaml").is_file()
    configs = importlib.resources.files("evenweave") / "configs"
    settings = load_settings(str(configs / "build" / "mini.yaml"), BuildSettings)
    assert os.path.isfile(os.path.join(settings.encoder.model, "open_clip_model.safetensors"))
    assert os.path.isfile(settings.vocabulary.path)
