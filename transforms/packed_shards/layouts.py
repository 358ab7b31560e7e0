"""The layouts by name: what each can hold, and what it makes of a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.packed_shards import llava_onevision, messages, native
from transforms.packed_shards.planning import Fault
from transforms.packed_shards.ready import ReadyPack
from transforms.packed_shards.settings import Layout

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
    "native": LayoutRules(native.fault, native.members, ".tar"),
    "llava-ov-1.5": LayoutRules(llava_onevision.fault, llava_onevision.members, ".tar"),
    "messages": LayoutRules(messages.fault, None, ".parquet"),
}
