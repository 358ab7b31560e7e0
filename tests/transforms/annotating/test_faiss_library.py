"""Two wheels of faiss in one environment: whole, mixed, and with the files of both gone."""

from __future__ import annotations

import pathlib
import sys

import pytest

from transforms.annotating.faiss_library import BrokenFaissError, clobbered, import_faiss

INIT = "class IndexFlatIP: ...\n"


def install(folder: pathlib.Path, name: str, files: dict[str, str]) -> None:
    """As pip does: the files, and what they were in a RECORD; files of an earlier wheel are replaced."""
    record = []
    for file, text in files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
        record.append(f"{file},sha256=,{len(text)}\n")
    info = folder / f"{name.replace('-', '_')}-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
    (info / "RECORD").write_text("".join(record) + "faiss/__pycache__/x.pyc,,\n")


@pytest.fixture()
def environment(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder before all others on the path, and nothing else with a faiss in it."""
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    others = [entry for entry in sys.path if not (pathlib.Path(entry) / "faiss").exists()]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *others])
    return tmp_path


def test_one_wheel_is_taken_without_a_word(environment: pathlib.Path) -> None:
    install(environment, "faiss-gpu", {"faiss/__init__.py": INIT})
    assert import_faiss().__file__ == str(environment / "faiss" / "__init__.py")
    assert clobbered() is None


def test_two_wheels_are_named_even_where_the_later_one_works(environment: pathlib.Path) -> None:
    install(environment, "faiss-cpu", {"faiss/__init__.py": INIT + "# cpu\n"})
    install(environment, "faiss-gpu", {"faiss/__init__.py": INIT})
    assert import_faiss().IndexFlatIP
    warning = clobbered()
    assert warning is not None
    assert "faiss-cpu and faiss-gpu" in warning
    assert "pip uninstall -y faiss-cpu faiss-gpu && pip install faiss-cpu" in warning


def test_a_mixture_is_an_error_although_it_can_be_imported(environment: pathlib.Path) -> None:
    install(environment, "faiss-cpu", {"faiss/__init__.py": INIT, "faiss/loader.py": "cpu = 1\n"})
    install(environment, "faiss-gpu-cu12", {"faiss/__init__.py": INIT + "# gpu\n", "faiss/_swigfaiss.so": "gpu"})
    (environment / "faiss" / "_swigfaiss.so").unlink()
    with pytest.raises(BrokenFaissError, match=r"files of several builds.*faiss-cpu and faiss-gpu-cu12"):
        import_faiss()


def test_what_is_left_when_one_was_removed_is_an_error(environment: pathlib.Path) -> None:
    """pip deletes the files that both had written: a folder without a module stays."""
    install(environment, "faiss-cpu", {"faiss/__init__.py": INIT, "faiss/only_cpu.py": ""})
    (environment / "faiss" / "__init__.py").unlink()
    with pytest.raises(BrokenFaissError, match=r"IndexFlatIP.*Installed is faiss-cpu, in part"):
        import_faiss()


def test_no_faiss_at_all_says_what_to_install(environment: pathlib.Path) -> None:
    assert not list(environment.iterdir())
    with pytest.raises(BrokenFaissError, match=r"No module named 'faiss'.*pip install faiss-cpu"):
        import_faiss()
