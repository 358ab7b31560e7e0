"""A tiny vision tower that sees and cannot name: pre-trained as Rice is, by telling apart clusters of regions.

Of a picture's things it learns which of so many clusters each belongs to, from the mean of the patches that lie in its
box; no text is read. All things come equally often, so that what arms of an experiment know of a rare thing afterwards
is what their captions taught them, not what the tower was shown. The method is that of Xie et al. 2025,
https://arxiv.org/abs/2507.20025 (region-aware cluster discrimination), with true things in place of clusters.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor

from model.architecture.rice import RicePretrainedModel
from tests.benchmarks.listed_scenes import SIDE_PIXELS, THINGS, ListedScene, listed_scene

_SEED = 20_000  # apart from all pictures of the experiment
_PATCH_PIXELS, _MERGE = 14, 2  # of the model; patches come in the order in which they are merged
_SIDE_PATCHES = SIDE_PIXELS // _PATCH_PIXELS
_PATCHES = _SIDE_PATCHES**2
_MOST_THINGS = 4
_BATCH, _HELD_OUT = 64, 512
_LEARNING_RATE, _BETAS, _WEIGHT_DECAY, _WARMUP = 3e-3, (0.9, 0.95), 0.01, 0.1
_INDEX = {thing.name: number for number, thing in enumerate(THINGS)}


class Regions(NamedTuple):
    """Pictures as patches (B, P, 588) in float16, their regions as weights of patches (B, R, P), clusters (B, R)."""

    patches: torch.Tensor
    weights: torch.Tensor
    clusters: torch.Tensor  # -100: no region

    def rows(self, rows: torch.Tensor) -> Regions:
        return Regions(*(part[rows] for part in self))


def train_tower(tower: RicePretrainedModel, pictures: int, steps: int, processes: int) -> float:
    """Trains in place, its merger excepted; returns the share of held-out regions whose cluster is found."""
    seen = regions_of(_scenes(pictures + _HELD_OUT, processes))
    head = nn.Sequential(nn.LayerNorm(tower.config.hidden_size), nn.Linear(tower.config.hidden_size, len(THINGS)))
    learnt = [*(one for name, one in tower.named_parameters() if not name.startswith("merger.")), *head.parameters()]
    optimizer = torch.optim.AdamW(learnt, betas=_BETAS, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps, pct_start=_WARMUP)
    generator = torch.Generator().manual_seed(_SEED)
    for step in range(steps):
        batch = seen.rows(torch.randint(0, pictures, (_BATCH,), generator=generator))
        loss = nn.functional.cross_entropy(_logits(tower, head, batch).flatten(0, 1), batch.clusters.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"tower: step {step} of {steps}, loss {float(loss.detach()):.3f}", flush=True)
    with torch.no_grad():
        held_out = seen.rows(torch.arange(pictures, pictures + _HELD_OUT))
        right = _logits(tower, head, held_out).argmax(dim=-1) == held_out.clusters
    return float(right[held_out.clusters >= 0].float().mean())


def _scenes(number: int, processes: int) -> list[ListedScene]:
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(_scene, range(number), chunksize=200))


def _scene(index: int) -> ListedScene:
    return listed_scene(_SEED, index, THINGS[index % len(THINGS)], exponent=0.0, with_companion=False)


def regions_of(scenes: Sequence[ListedScene]) -> Regions:
    """A region without the middle of a patch is left out."""
    pixels = _SIDE_PATCHES * _SIDE_PATCHES * _PATCH_PIXELS**2
    processor = Qwen2VLImageProcessor(temporal_patch_size=1, size={"shortest_edge": pixels, "longest_edge": pixels})
    patches = torch.empty(len(scenes), _PATCHES, 3 * _PATCH_PIXELS**2, dtype=torch.float16)
    weights = torch.zeros(len(scenes), _MOST_THINGS, _PATCHES)
    clusters = torch.full((len(scenes), _MOST_THINGS), -100)
    middles = patch_middles()
    for row, scene in enumerate(scenes):
        picture = torch.from_numpy(np.asarray(Image.open(io.BytesIO(scene.jpeg)).convert("RGB")).copy())
        patches[row] = processor(images=[picture.movedim(-1, 0)], return_tensors="pt")["pixel_values"]
        for place, (name, (left, top, right, bottom)) in enumerate(zip(scene.names, scene.boxes, strict=True)):
            x, y = middles[:, 0], middles[:, 1]
            inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
            if inside.any():
                weights[row, place] = inside / inside.sum()
                clusters[row, place] = _INDEX[name]
    return Regions(patches, weights, clusters)


def patch_middles() -> torch.Tensor:
    """(P, 2) x and y of the middles of patches, in pixels, in the order in which the processor gives them."""
    places = torch.arange(_SIDE_PATCHES).view(-1, _MERGE)
    rows, columns = torch.meshgrid(places.flatten(), places.flatten(), indexing="ij")
    both = torch.stack((columns, rows), dim=-1).view(len(places), _MERGE, len(places), _MERGE, 2)
    return (both.transpose(1, 2).reshape(_PATCHES, 2) + 0.5) * _PATCH_PIXELS


def _logits(tower: RicePretrainedModel, head: nn.Module, batch: Regions) -> torch.Tensor:
    """(B, R, clusters)."""
    grid = torch.tensor([[1, _SIDE_PATCHES, _SIDE_PATCHES]]).expand(len(batch.patches), -1)
    features = tower(batch.patches.float().flatten(0, 1), grid).last_hidden_state
    logits: torch.Tensor = head(batch.weights @ features.unflatten(0, (-1, _PATCHES)))
    return logits
