"""The native layout, as :mod:`.native_reader` reads it: a document keeps everything that it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from transforms.packing.documents.chat import Tokenised
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.layouts.native_reader import LAYOUT_VERSION
from transforms.packing.layouts.pack_sum import Member, seal
from transforms.packing.layouts.ready import ReadyPack


def fault(located: LocatedDocument) -> str | None:  # noqa: ARG001 - the other layouts have reasons
    return None


def members(pack: ReadyPack) -> Iterator[tuple[str, bytes]]:
    """Ending and bytes of each member: arrays first, then media, then the documents with the sum of it all."""
    written: list[Member] = [("safetensors", save(arrays(pack.tokenised)))]
    names: dict[str, list[str]] = {"img": [], "vid": []}
    for kind, media, data in _media(pack):
        ending = f"{kind}{len(names[kind])}.{media}"
        names[kind].append(ending)
        written.append((ending, data))
    about = {
        "layout_version": LAYOUT_VERSION,
        "documents": [
            {**one.document.to_dict(), "tokens": tokenised.num_tokens, "patches": tokenised.num_patches}
            for one, tokenised in zip(pack.located, pack.tokenised, strict=True)
        ],
        "images": names["img"],
        "videos": names["vid"],
        "video_total_frames": [video.total_frames for one in pack.located for video in one.videos],
    }
    text = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    yield from written
    yield "json", seal(written, text)


def arrays(tokenised: Sequence[Tokenised]) -> dict[str, NDArray[Any]]:
    """The documents one after another."""
    return {
        "input_ids": np.concatenate([one.token_ids for one in tokenised]),
        "labels": np.concatenate([one.labels for one in tokenised]),
        "document_lengths": np.array([one.num_tokens for one in tokenised], np.int32),
        "image_grids": np.concatenate([one.image_grids for one in tokenised]),
        "video_grids": np.concatenate([one.video_grids for one in tokenised]),
    }


def _media(pack: ReadyPack) -> Iterator[tuple[str, str, bytes]]:
    for one, images in zip(pack.located, pack.images, strict=True):
        for media, data in zip(one.images, images, strict=True):
            yield "img", media.ending, data
    for one, videos in zip(pack.located, pack.videos, strict=True):
        for media, data in zip(one.videos, videos, strict=True):
            yield "vid", media.ending, data
