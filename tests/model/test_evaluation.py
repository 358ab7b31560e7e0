"""Held-out loss is the mean over all targets; answers are what the model generates for a document's first question."""

from __future__ import annotations

import pathlib

import pytest
import torch

from model.checkpoints.hub import load_model
from model.evaluation import Answer, answers, held_out_loss
from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import collate_packs
from tests.model.tiny_runs import write_model, write_packs


@torch.no_grad()
def test_loss_and_answers(tmp_path: pathlib.Path) -> None:
    folder, packs = write_model(tmp_path / "model"), write_packs(tmp_path, tars=1)
    model = load_model(folder)
    batch = collate_packs(list(PackedDataset(packs, epochs=1)))
    del batch["keys"]
    assert held_out_loss(model, packs, chunk_tokens=7) == pytest.approx(float(model(**batch).loss), rel=1e-4)
    found = answers(model, folder, packs, most=3)
    assert len(found) == 3
    assert all(answer.wanted.startswith("picture ") for answer in found), "the captions of the corpus"
    assert found == answers(model, folder, packs, most=3, at_once=1) == answers(model, folder, packs, most=3, at_once=2)


def test_right_to_the_letter() -> None:
    assert Answer("?", "Red", " red\n").is_right and not Answer("?", "red", "reddish").is_right
