"""The layouts by name: what each can hold, and what it makes of a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from transforms.exporting.manifest import ShardStats
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.layouts import llava_onevision, messages, native_writer
from transforms.packing.layouts.ready import ReadyPack
from transforms.packing.sources import Layout
from transforms.storage import StoragePath

#: Says of a document why a layout cannot hold it, or None.
Fault = Callable[[LocatedDocument], str | None]

#: Ending and bytes of the members of a pack, in their order.
Members = Callable[[ReadyPack], Iterator[tuple[str, bytes]]]


@dataclass(frozen=True)
class LayoutRules:
    """``members`` is None for the layout that is not packed."""

    fault: Fault
    members: Members | None
    ending: str  # of its shards
    write_beside: Callable[[StoragePath, Sequence[ShardStats]], None] = lambda *_: None  # what its readers want too

    @property
    def packed(self) -> bool:
        return self.members is not None


LAYOUTS: dict[Layout, LayoutRules] = {
    "native": LayoutRules(native_writer.fault, native_writer.members, ".tar"),
    "llava-ov-1.5": LayoutRules(llava_onevision.fault, llava_onevision.members, ".tar", llava_onevision.write_metadata),
    "messages": LayoutRules(messages.fault, None, ".parquet", messages.write_readme),
}
