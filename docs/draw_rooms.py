"""Draws docs/rooms.svg: which room of the code imports which, read from the source.

A room is a folder of modules: a package, or a shelf in it, at most two levels below the package. Run it from anywhere,
``python docs/draw_rooms.py``, whenever rooms or imports change; the same source gives the same bytes.
"""

from __future__ import annotations

import ast
import functools
import pathlib
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "rooms.svg"

#: The room that wires all others, and the one that all others stand on: drawn as slabs, their imports told in words.
JOBS, BASE = "pipelines", "transforms"

#: Where each room stands: columns from left to right in the order of the flow, and in a column (row, rooms of a frame).
COLUMNS: list[list[tuple[float, list[str]]]] = [
    [
        (
            0.0,
            [
                "concept_vocab",
                "concept_vocab/sources",
                "concept_vocab/languages",
                "concept_vocab/wikipedia",
                "concept_vocab/wordnet",
                "concept_vocab/matching",
            ],
        ),
        (6.5, ["transforms/images"]),
        (7.4, ["transforms/tar"]),
        (
            8.4,
            [
                "transforms/miniature",
                "transforms/miniature/pictures",
                "transforms/miniature/encoder",
                "transforms/miniature/instruct",
            ],
        ),
    ],
    [
        (0.0, ["transforms/vocabularies"]),
        (1.8, ["transforms/reading", "transforms/reading/formats"]),
        (4.3, ["transforms/captions"]),
        (5.3, ["transforms/agreement"]),
        (6.3, ["transforms/conversations"]),
    ],
    [
        (0.0, ["transforms/annotating", "transforms/annotating/indexes", "transforms/annotating/concepts"]),
        (2.7, ["transforms/filtering"]),
        (3.4, ["transforms/deduplicating"]),
        (4.1, ["transforms/balancing", "transforms/balancing/methods", "transforms/balancing/even"]),
        (6.4, ["transforms/exporting"]),
        (7.2, ["transforms/captioning"]),
        (8.0, ["transforms/reporting"]),
        (8.8, ["transforms/browsing"]),
        (9.6, ["transforms/verifying"]),
        (10.4, ["transforms/planning"]),
    ],
    [
        (
            1.6,
            [
                "transforms/packing",
                "transforms/packing/documents",
                "transforms/packing/plan",
                "transforms/packing/layouts",
                "transforms/packing/job",
            ],
        ),
    ],
    [
        (
            0.0,
            [
                "transforms/instruct",
                "transforms/instruct/reading",
                "transforms/instruct/adapters",
                "transforms/instruct/grounding",
                "transforms/instruct/chain",
                "transforms/instruct/safety",
                "transforms/instruct/validating",
                "transforms/instruct/answers",
                "transforms/instruct/duplicates",
                "transforms/instruct/splitting",
                "transforms/instruct/decontaminating",
                "transforms/instruct/categorising",
                "transforms/instruct/preselecting",
                "transforms/instruct/asking",
                "transforms/instruct/rewording",
                "transforms/instruct/rating",
                "transforms/instruct/guarding",
                "transforms/instruct/composing",
                "transforms/instruct/templating",
                "transforms/instruct/mixing",
                "transforms/instruct/publishing",
                "transforms/instruct/reporting",
                "transforms/instruct/auditing",
            ],
        ),
    ],
    [(0.0, ["evenweave"]), (2.1, ["model", "model/architecture", "model/checkpoints", "model/training"])],
]

_WIDTH, _HEIGHT, _PITCH_X, _PITCH_Y = 132, 34, 208, 58  # of a room, and from one to the next
_LEFT, _TOP, _SLAB = 24, 124, 88  # pixels
_LEGEND = (
    "An arrow goes from a room to one that it imports; red: each imports the other. "
    "Between a shelf and the room around it none is drawn."
)


class Box(NamedTuple):
    """A room as drawn, in pixels."""

    x: float
    y: float
    label: str


def modules() -> dict[str, pathlib.Path]:
    """Dotted name → file of every module of the packages that stand in the root, tests left out."""
    packages = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    files = sorted(file for package in packages for file in package.rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return {name.removesuffix(".__init__"): file for name, file in zip(names, files, strict=True)}


def room_of(file: pathlib.Path) -> str:
    return "/".join(file.relative_to(ROOT).parent.parts[:3])


def imported(file: pathlib.Path) -> Iterator[str]:
    """Dotted names that a file imports; of ``from a import b`` both ``a`` and ``a.b``, as b may be a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def read_imports() -> tuple[list[str], set[tuple[str, str]]]:
    """The rooms, and each (room, room that it imports). Importing a module of a shelf is not importing the shelf."""
    files = modules()
    pairs = set()
    for file in files.values():
        names = {name for name in imported(file) if name in files}
        packages = {name for name in names if any(other.startswith(f"{name}.") for other in names)}
        pairs |= {(room_of(file), room_of(files[name])) for name in names - packages}
    return sorted(set(map(room_of, files.values()))), {(one, other) for one, other in pairs if one != other}


def lay_out(rooms: list[str]) -> dict[str, Box]:
    boxes = {}
    for column, frames in enumerate(COLUMNS):
        for row, frame in frames:
            for index, room in enumerate(frame):
                label = room.removeprefix("transforms/") if index == 0 else room.removeprefix(f"{frame[0]}/")
                boxes[room] = Box(_LEFT + column * _PITCH_X, _TOP + (row + index) * _PITCH_Y, label)
    placed = {*boxes, JOBS, BASE, *(room for room in rooms if room.startswith(f"{JOBS}/"))}
    if placed != set(rooms):
        raise SystemExit(f"put right COLUMNS of docs/draw_rooms.py: {', '.join(sorted(placed ^ set(rooms)))}")
    return boxes


def arrows(pairs: set[tuple[str, str]], boxes: dict[str, Box]) -> list[tuple[str, str, bool]]:
    """(room, room that it imports, whether it is imported by it too): between boxes, and not from a shelf to its room
    or from a room to its shelf."""
    drawn = [
        (one, other, (other, one) in pairs)
        for one, other in sorted(pairs)
        if one in boxes and other in boxes and not (one.startswith(f"{other}/") or other.startswith(f"{one}/"))
    ]
    return [(one, other, mutual) for one, other, mutual in drawn if not mutual or one > other]


def ports(drawn: list[tuple[str, str, bool]], boxes: dict[str, Box]) -> list[tuple[float, float, float, float, int]]:
    """Where each arrow begins and ends, spread over the sides of the boxes, and the way it bows (-1 left, 1 right)."""
    ends: dict[tuple[str, int], list[tuple[float, int, int]]] = {}
    sides = []
    for number, (one, other, _) in enumerate(drawn):
        start, end = boxes[one], boxes[other]
        out, into = (1, 1) if start.x == end.x else (-1, 1) if start.x > end.x else (1, -1)
        sides.append((out, into))
        for room, side, far, which in ((one, out, end, 0), (other, into, start, 1)):
            ends.setdefault((room, side), []).append((far.y - abs(far.x - boxes[room].x) / 1e4, number, which))
    place: dict[tuple[int, int], tuple[float, float]] = {}
    for (room, side), those in ends.items():
        box = boxes[room]
        for index, (_, number, which) in enumerate(sorted(those)):
            y = box.y + _HEIGHT * (index + 1) / (len(those) + 1)
            place[number, which] = (box.x + (_WIDTH if side == 1 else 0), y)
    return [(*place[number, 0], *place[number, 1], sides[number][0]) for number in range(len(drawn))]


def _arrow(x: float, y: float, end_x: float, end_y: float, side: int, mutual: bool) -> str:
    bend = 22 + abs(end_y - y) / 7 if x == end_x else side * max(40.0, abs(end_x - x) * 0.42)
    far = end_x + bend if x == end_x else end_x - bend
    path = f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {far:.1f} {end_y:.1f} {end_x:.1f} {end_y:.1f}"
    return f'<path class="{"both" if mutual else "one"}" d="{path}"/>'


def _rectangle(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5"/>'


def _text(x: float, y: float, text: str, kind: str = "note") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _slab(y: float, width: float, title: str, note: str) -> list[str]:
    """Its texts in lines that fit: a character is at most some 6.4 pixels wide, in bold 7."""
    lines = [(line, "name left") for line in textwrap.wrap(title, int(width / 7))]
    lines += [(line, "note") for line in textwrap.wrap(note, int(width / 6.4))]
    texts = [_text(_LEFT + 12, y + 21 + 18 * row, line, style) for row, (line, style) in enumerate(lines)]
    return [_rectangle("slab", _LEFT, y, width, _slab_height(lines)), *texts]


def _slab_height(lines: Sequence[object]) -> float:
    return 16 + 18 * len(lines)


def _all_but(rooms: set[str], those: set[str]) -> str:
    missing = sorted(room.removeprefix(f"{BASE}/") for room in rooms - those)
    return "every room" + (f" but {', '.join(missing)}" if missing else "")


_STYLE = """<style>
rect{fill:#fff;stroke:#5b6b7a}.slab{fill:#eef2f5}.frame{fill:#f7f9fa;stroke:#c3ccd4}
text{font:12px sans-serif;fill:#3d4a55;text-anchor:middle}.note,.left{text-anchor:start}.name{font-weight:bold;fill:#17212b}
path{fill:none;stroke-width:1.3}.one{stroke:#7f93a5;marker-end:url(#a)}.both{stroke:#c0392b;marker-end:url(#b);marker-start:url(#b)}
</style>
<defs>
<marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#7f93a5"/></marker>
<marker id="b" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" style="fill:#c0392b"/></marker>
</defs>"""  # noqa: E501


def _slabs(rooms: list[str], pairs: set[tuple[str, str]], bottom: float, width: float) -> list[str]:
    others = {room for room in rooms if room != BASE and not room.startswith(JOBS)}
    shelves = [room for room in rooms if room.startswith(f"{JOBS}/")]
    base = sorted(name.split(".")[1] for name, file in modules().items() if room_of(file) == BASE and "." in name)
    by_jobs = {other for one, other in pairs if one.startswith(JOBS)}
    on_base = {one for one, other in pairs if other == BASE}
    by_base = sorted(other for one, other in pairs if one == BASE)
    note = f"imported by {_all_but(others, on_base)}" + (f"; itself imports {', '.join(by_base)}" if by_base else "")
    return [
        *_slab(24, width, ", ".join([JOBS, *shelves]), f"imports {_all_but(others, by_jobs)}"),
        *_slab(bottom + 8, width, f"{BASE}: {', '.join(base)}", note),
        _text(_LEFT, bottom + _SLAB + 32, _LEGEND),
    ]


def _frames(boxes: dict[str, Box]) -> list[str]:
    several = [frame for column in COLUMNS for _, frame in column if len(frame) > 1]
    return [
        _rectangle(
            "frame",
            boxes[frame[0]].x - 10,
            boxes[frame[0]].y - 10,
            _WIDTH + 20,
            (len(frame) - 1) * _PITCH_Y + _HEIGHT + 20,
        )
        for frame in several
    ]


def draw() -> str:
    """The picture as SVG."""
    rooms, pairs = read_imports()
    boxes = lay_out(rooms)
    drawn = arrows(pairs, boxes)
    bottom = max(box.y for box in boxes.values()) + _PITCH_Y
    width = max(box.x for box in boxes.values()) + _WIDTH - _LEFT + 70
    lines = [*_slabs(rooms, pairs, bottom, width), *_frames(boxes)]
    lines += [_arrow(*port, mutual) for port, (_, _, mutual) in zip(ports(drawn, boxes), drawn, strict=True)]
    for box in boxes.values():
        lines.append(_rectangle("room", box.x, box.y, _WIDTH, _HEIGHT))
        lines.append(_text(box.x + _WIDTH / 2, box.y + _HEIGHT / 2 + 4, box.label, "name"))
    size = f"{width + 2 * _LEFT:.0f} {bottom + _SLAB + 48:.0f}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label="Rooms and imports">'
    return "\n".join([head, _STYLE, '<rect width="100%" height="100%" style="stroke:none"/>', *lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
