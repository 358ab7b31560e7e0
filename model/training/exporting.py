"""The end of a run: the trained model as a folder in the released layout, and how lmms-eval is asked to judge it."""

from __future__ import annotations

import os
import shutil

import torch
import torch.distributed as dist

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.checkpoints.adapters import export_merged, save_adapter
from model.checkpoints.hub import export_hub
from model.checkpoints.json_files import read_json, write_json
from model.checkpoints.processor_files import copy_processor
from model.errors import CheckpointError
from model.training.lora import peft_config
from model.training.parallel import Processes
from model.training.settings import TrainSettings

_TRAINED = "trained.json"  # after how many steps a model was exported

#: Tasks of the publication's main table, under lmms-eval's names.
TASKS = ("mmstar", "mmbench_en_dev", "ai2d", "chartqa", "docvqa_val", "ocrbench", "mathvista_testmini")


def model_folder(settings: TrainSettings) -> str:
    return os.path.join(settings.output, "model")


def exported_steps(folder: str) -> int | None:
    """After how many steps the model in ``folder`` was exported; None where there is none, or no telling."""
    try:
        return int(read_json(os.path.join(folder, _TRAINED))["steps"])
    except (CheckpointError, KeyError, TypeError, ValueError):
        return None


def export_trained(
    model: LlavaOnevision1_5ForConditionalGeneration, settings: TrainSettings, steps: int, processes: Processes
) -> None:
    """Write ``output/model``, and with LoRA ``output/adapter`` too, in place of what fewer steps left there.

    Every process calls. Raises CheckpointError where they cannot be written.
    """
    folder, adapter = model_folder(settings), os.path.join(settings.output, "adapter")
    unfinished, new_adapter = (f"{path}.unfinished" for path in (folder, adapter))  # named when all files are there
    if processes.is_first:
        for left in (unfinished, new_adapter):  # by a run that was killed at this point
            shutil.rmtree(left, ignore_errors=True)
    if settings.lora is None:
        export_hub(model, unfinished, getattr(torch, settings.parallel.compute_dtype), writes=processes.is_first)
    else:
        save_adapter(model, peft_config(settings.lora), new_adapter, writes=processes.is_first)
        if processes.is_first:
            export_merged(settings.model, new_adapter, unfinished)
    if processes.is_first:
        try:
            copy_processor(settings.model, unfinished)
            write_json(os.path.join(unfinished, _TRAINED), {"steps": steps})
            if settings.lora is not None:
                _put_in_place(new_adapter, adapter)
            _put_in_place(unfinished, folder)
        except OSError as error:
            raise CheckpointError(f"could not write {folder}: {error}") from error
    dist.barrier(processes.checkpoint_group)


def _put_in_place(unfinished: str, folder: str) -> None:
    """Rename; an older folder of that name goes when the new one is there."""
    replaced = f"{folder}.replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    if os.path.isdir(folder):
        os.replace(folder, replaced)
    os.replace(unfinished, folder)
    shutil.rmtree(replaced, ignore_errors=True)


def lmms_eval_command(folder: str) -> str:
    """The command that scores an exported model with lmms-eval (its model ``llava_onevision1_5``).

    The folder's own code is loaded. ``--force_simple``: the other of the model's two forms, which version 0.7 prefers,
    reads a field that it does not set.
    """
    return (
        "accelerate launch --num_processes=8 -m lmms_eval --model llava_onevision1_5 "
        f"--model_args pretrained={os.path.abspath(folder)},attn_implementation=flash_attention_2,max_pixels=3240000 "
        f"--force_simple --tasks {','.join(TASKS)} --batch_size 1 --log_samples "
        f"--output_path {os.path.abspath(folder)}-evaluation"
    )
