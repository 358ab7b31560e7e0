"""The layouts by name: what each can hold, and what it makes of a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.packing.layouts import llava_onevision, messages, native_writer
from transforms.packing.layouts.ready import ReadyPack
from transforms.packing.plan.group_documents import Fault
from transforms.packing.sources import Layout

#: Ending and bytes of the members of a pack, in their order.
Members = Callable[[ReadyPack], Iterator[tuple[str, bytes]]]


@dataclass(frozen=True)
class LayoutRules:
    """``members`` is None for the layout that is not packed."""

    fault: Fault
    members: Members | None
    ending: str  # of its shards

    @property
    def packed(self) -> bool:
        return self.members is not None


LAYOUTS: dict[Layout, LayoutRules] = {
    "native": LayoutRules(native_writer.fault, native_writer.members, ".tar"),
    "llava-ov-1.5": LayoutRules(llava_onevision.fault, llava_onevision.members, ".tar"),
    "messages": LayoutRules(messages.fault, None, ".parquet"),
}
