"""README's table of speeds, from the results that were kept.

A ratio is ours over theirs in speed, so that above 1 is faster, whichever way it falls out. Where the measurement was
made in turns, the least and the greatest ratio of a turn stand behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.kept_results import kept, paragraph, percent, table

Row = tuple[str, str, str, str]

_RESULTS = (
    *(
        "annotate_vit-b-32_cpu",
        "annotate_tiny_cpu",
        "retrieval",
        "retrieval_ivf",
        "retrieval_hnsw",
        "decode",
        "balance",
        "balance_100m",
    ),
    *("export", "members", "worker_start", "workers", "packing", "packed_reader", "training", "raking", "even_zipf"),
)
_COPIES = {"copyfile": "`copyfile`", "copy_sha256": "read, write and SHA-256"}


def how_fast() -> str:
    rows = [*_annotating(), *_balancing(), *_exporting(), *_members(), *_workers(), *_planning(), *_training()]
    return f"Measured on {_where()}:\n\n{table(('step', 'measured', 'beside', 'ratio'), rows)}\n\n{_remarks()}"


def _where() -> str:
    """Each machine, with the days on which it was measured."""
    days: dict[str, set[str]] = {}
    for result in map(kept, _RESULTS):
        days.setdefault(result["hardware"], set()).add(result["date"])
    return "; ".join(f"{machine}, on {' and '.join(sorted(dates))}" for machine, dates in sorted(days.items()))


def _annotating() -> list[Row]:
    rows: list[Row] = []
    for name, label in (("vit-b-32", "ViT-B/32 in bf16"), ("tiny", "the tiny encoder in fp32")):
        result = kept(f"annotate_{name}_cpu")
        peer = f"a bare loop of the encoder on decoded pixels: {result['bare_encoder_images_per_sec']:,.0f} images/s"
        ours = f"{result['annotate_images_per_sec']:,.0f} images/s"
        rows.append((f"annotate, {label}", ours, peer, f"{result['ratio']:.2f}"))
    retrieval, decode = kept("retrieval"), kept("decode")
    label = f"retrieval, {retrieval['concepts']:,} concepts, {retrieval['width']:,} wide"
    peer = f"a bare FAISS search: {retrieval['bare_faiss_images_per_sec']:,.0f} images/s"
    rows.append((label, f"{retrieval['images_per_sec']:,.0f} images/s", peer, f"{retrieval['ratio']:.2f}"))
    for kind, label in (("ivf", "lists"), ("hnsw", "a graph")):
        result = kept(f"retrieval_{kind}")
        ours = f"{result['images_per_sec']:,.0f} images/s, recall {result['recall_at_10']:.3f}"
        peer = f"exact search: {result['exact_images_per_sec']:,.0f} images/s"
        rows.append(
            (f"the same by {label} built in {result['build_secs']:.0f} s", ours, peer, f"{result['speed_up']:.1f}")
        )
    for size, label in (("at_224", "decode and resize to 224, one thread"), ("small_at_64", "small pictures to 64")):
        ours = f"{decode[f'{size}_images_per_sec']:,.0f} images/s"
        peer = f"Pillow with open_clip's preprocessing: {decode[f'{size}_images_per_sec_open_clip']:,.0f} images/s"
        rows.append((label, ours, peer, f"{decode[f'{size}_ratio']:.2f}"))
        rows.append(("", "with the thumbnail for its hash", "the same", f"{decode[f'{size}_whole_ratio']:.2f}"))
    return rows


def _balancing() -> list[Row]:
    rows: list[Row] = []
    for result in (kept("balance"), kept("balance_100m")):
        slower = [value for name, value in result.items() if name.endswith("_over_read")]
        of = f"{result['rows'] / 1e6:.0f}M rows, {result['concepts']:,} concepts"
        label = f"balance by `{result['method']}`, {of}, one core, without Beam"
        ours = f"{result['whole_secs']:.0f} s of processor time, {result['peak_memory_gib']:.1f} GiB"
        ratio = f"{1 / max(slower):.2f} to {1 / min(slower):.2f} a pass"
        rows.append((label, ours, "pyarrow merely reading the same columns", ratio))
    return rows


def _exporting() -> list[Row]:
    """Workers beside the one thread of a copy: one beside it is like beside like, a worker a core is how it is run."""
    result = kept("export")
    sizes = {
        "usual_disk": "120 KB images, from disk to disk",
        "usual": "120 KB images, in memory",
        "small": "8 KB images, in memory",
    }
    rows: list[Row] = []
    for size, images in sizes.items():
        for way, workers in (("export", f"{result['workers']} workers"), ("export_one_worker", "1 worker")):
            label = f"export, {images}, {workers}"
            for other, name in _COPIES.items():
                if (ratio := f"{size}_{way}_to_{other}") in result:
                    ours = f"{result[f'{size}_{way}_megabytes_per_sec']:,.0f} MB/s"
                    peer = f"{name}, one thread: {result[f'{size}_{other}_megabytes_per_sec']:,.0f} MB/s"
                    rows.append((label, ours, peer, _with_turns(result, ratio)))
    return rows


def _with_turns(result: Mapping[str, Any], ratio: str) -> str:
    turns = result[f"{ratio}_each_turn"]
    return f"{result[ratio]:.2f} ({min(turns):.2f} to {max(turns):.2f})"


def _members() -> list[Row]:
    result = kept("members")
    peer = f"Python's `json` and `tarfile`, one by one: {result['plain_python_micros_a_sample']:.0f} µs"
    ours = f"{result['micros_a_sample']:.0f} µs an image"
    return [("of that, names, records and tar headers", ours, peer, f"{result['plain_python_to_by_column']:.0f}")]


def _workers() -> list[Row]:
    result = kept("worker_start")
    beam = f"Beam's own workers: {result['beam_secs']:.1f} s"
    label = f"{result['workers']} workers start and end, the first time"
    return [
        (label, f"{result['first_secs']:.1f} s", beam, f"{result['beam_to_first']:.1f}"),
        ("the same, from then on", f"{result['secs']:.2f} s", beam, f"{result['beam_to_ours']:.0f}"),
        *_through_beam(),
    ]


def _through_beam() -> list[Row]:
    result = kept("workers")
    each = {name: f"{result[f'{name}_images_per_sec']:,.0f} images/s" for name in ("plain", "direct_1", "direct_2")}
    loop, one = f"the same step in a plain loop: {each['plain']}", f"1 worker: {each['direct_1']}"
    label = "annotate through Beam, the tiny encoder, photographs"
    rows = [
        (f"{label}, 1 worker on one core", each["direct_1"], loop, f"{result['direct_1_to_plain']:.2f}"),
        ("the same, 2 workers", each["direct_2"], one, f"{result['second_worker_gains']:.2f}"),
    ]
    if "spark_2_to_direct_2" in result:  # measured where there are Java and a job server
        spark, two = f"{result['spark_2_images_per_sec']:,.0f} images/s", f"2 workers of `direct`: {each['direct_2']}"
        label = "the same on Spark, 2 workers, its start included"
        rows.append((label, spark, two, f"{result['spark_2_to_direct_2']:.2f}"))
    return rows


def _planning() -> list[Row]:
    result = kept("packing")
    samples = result["samples"]
    theirs = result[f"next_fit_{samples}_secs"]
    peer = f"next-fit: {theirs:.0f} s, fill {percent(result[f'next_fit_{samples}_fill'], 1)}"
    rows: list[Row] = []
    for mode, label in (("balanced", "patches dealt evenly"), ("capped", "patches of a pack bounded too")):
        secs, rejects = result[f"{mode}_{samples}_secs"], result[f"{mode}_{samples}_rejects"]
        fill, peak_gb = percent(result[f"{mode}_{samples}_fill"], 2), result[f"{mode}_{samples}_peak_gb"]
        ours = f"{secs:.0f} s, {peak_gb:.1f} GB, fill {fill}, {rejects:,} too long"
        rows.append((f"pack planning, {samples / 1e6:.0f}M documents, {label}", ours, peer, f"{theirs / secs:.2f}"))
    return rows


def _training() -> list[Row]:
    reader, training = kept("packed_reader"), kept("training")
    packs = f"{reader['stored_megabytes_a_sec']:,.0f} MB/s"
    tokens = f"{training['tokens_per_sec']:,.0f} tokens/s"
    peer = "transformers' own loss over the same documents,"
    return [
        ("packs read, nothing decoded", packs, "webdataset, in order", f"{reader['stored_over_webdataset']:.2f}"),
        ("", "", "a bare read of the tars, from memory", f"{reader['stored_over_bare']:.2f}"),
        (f"a training step, {training['model']} model", tokens, f"{peer} padded", f"{training['times_padded']:.2f}"),
        ("", "", f"{peer} one by one", f"{training['times_one_by_one']:.2f}"),
    ]


def _remarks() -> str:
    decode, raking = kept("decode"), kept("raking")
    methods = ("uniform", "metaclip", "inverse_frequency")
    entropies = ", ".join(f"{raking[f'{method}_entropy']:.3f} by `{method}`" for method in methods)
    return paragraph(
        f"Pixels differ from open_clip's by {decode['at_224_pixel_difference_mean']:.3f} of 255 in the mean at 224, in "
        f"small pictures by {decode['small_at_64_pixel_difference_mean']:.3f}. On {raking['rows'] / 1e6:.0f} million "
        f"synthetic images whose concepts follow Zipf's law, of which {percent(raking['keep_share'])} is kept, the "
        f"normalised entropy is {raking['raw_entropy']:.3f} raw, {entropies} and "
        f"{raking['raked_on_5_percent_entropy']:.3f} by `raked`, whose fit on a sample of 5 % takes "
        f"{raking['raked_on_5_percent_fit_secs']:.1f} s. {_even()}"
    )


def _even() -> str:
    even = kept("even_zipf")

    def told(case: str) -> str:
        return f"{even[f'{case}_entropy_min']:.3f} with {even[f'{case}_covered_min']:,}"

    return (
        f"On {even['rows']:,} images of {even['possible']:,} concepts, of which a tenth is kept, `even` comes to "
        f"{told('even')} of them on 20 images or more ({told('even_no_floor')} where no floor is asked for; `raked` "
        f"{told('raked')}), and fitted on a sample of 1 % to {told('even_1_percent')}."
    )
