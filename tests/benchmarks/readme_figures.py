"""The figures of README, written from what was kept of the measurements: ``python -m tests.benchmarks.readme_figures``.

README holds each part between two comments, which a page does not show: ``<!-- how fast -->`` and
``<!-- end: how fast -->``. What stands between them comes from here alone; a test fails where it does not.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping

from tests.benchmarks.kept_results import kept, paragraph, percent, table
from tests.benchmarks.readme_table import how_fast
from transforms.balancing.measures import COVERED_IMAGES

ROOT = pathlib.Path(__file__).parents[2]
README = ROOT / "README.md"
METRICS = ROOT / "configs" / "encoder" / "tiny" / "metrics.json"  # kept by the training of the tiny encoder

METHODS = ("uniform", "metaclip", "inverse_frequency", "raked", "even")
_DEFAULT_METHOD = METHODS[-1]


def the_run() -> str:
    return "\n".join(["```text", *kept("mini")["terminal"], "```"])


def true_concepts() -> str:
    mini = kept("mini")
    labels = {"raw": "the raw corpus", "uniform": "`uniform` (plain random)"}
    rows = []
    for name in ("raw", *METHODS):
        entropies = (f"{mini[f'{name}_retrieved_entropy']:.3f}", f"{mini[f'{name}_true_entropy']:.3f}")
        of_true = (percent(mini[f"{name}_true_top_percent_share"], 1), str(mini[f"{name}_true_covered"]))
        cells = (labels.get(name, f"`{name}`"), *entropies, *of_true)
        rows.append([f"**{cell}**" if name == _DEFAULT_METHOD else cell for cell in cells])
    of = f"selection of {mini['size']:,} from {mini['images']:,}"
    cost = (
        f"That run took {mini['secs']:.0f} s ({mini['hardware']}), drawing the pictures included, and "
        f"{mini['peak_memory_gb']:.1f} GB of memory; run again, it is recognised as done in {mini['again_secs']:.1f} s."
    )
    least = f"true concepts with {COVERED_IMAGES} images or more"
    head = (of, "retrieved concepts", "true concepts", "share of the top 1 %, true", least)
    return f"{table(head, rows)}\n\n{paragraph(cost)}"


def tiny_encoder() -> str:
    metrics = json.loads(METRICS.read_text(encoding="utf-8"))
    found, chance = metrics["measured"], metrics["chance"]
    return paragraph(
        f"The embedded encoder ({metrics['parameters'] / 1e6:.1f} million parameters, trained by `make tiny-encoder` "
        f"on pictures of other seeds) finds {percent(found['recall_at_8'])} of the true concepts among its first eight "
        f"({percent(found['recall_at_8_rarest_tenth'])} for the rarest tenth of the concepts; chance is "
        f"{percent(chance['recall_at_8'], 1)})."
    )


def balanced_training() -> str:
    result = kept("balanced_training")
    thirds = ("all", "common", "middling", "rare")

    def cell(method: str, third: str) -> str:
        seeds = [100 * share for share in result[f"{method}_{third}_seeds"]]
        return f"{percent(result[f'{method}_{third}_mean'], 1)} ({min(seeds):.1f}–{max(seeds):.1f})"

    setting = (
        f"The same in miniature: {result['raw']:,} pictures of one thing each, {result['concepts']} things as uneven "
        f"as in crawled corpora; {result['size']:,} of them selected, balanced or at random; a tiny model learns their "
        "captions from random weights, then names what it sees on held-out pictures, equally many of each thing. Right "
        f"to the letter, mean of {len(result['raked_all_seeds'])} seeds and their range; a guess is right once in "
        f"{1 / result['chance']:.0f}:"
    )
    labels = {"uniform": "at random (`uniform`)", "raked": "balanced (`raked`)"}
    rows = [[label, *(cell(method, third) for third in thirds)] for method, label in labels.items()]
    head = (f"trained on {result['size']:,} pictures", "all", "common third", "middling third", "rare third")
    return f"{paragraph(setting)}\n\n{table(head, rows)}"


def balanced_scenes() -> str:
    result = kept("balanced_scenes")
    arms = {
        "uniform": "at random (`uniform`)",
        "metaclip": "`metaclip`",
        "inverse_frequency": "`inverse_frequency`, the published rule",
        "raked": "`raked`",
        "even": "**`even`**",
        "even_wrong": "`even`, with a tenth of the retrieved concepts wrong",
        "optimum": "the exact optimum of entropy, no guarantee",
        "full": f"all {result['raw']:,}, as many steps",
    }
    tests = ("flat", "natural", "apart")

    def cell(found: Mapping[str, float]) -> str:
        return f"{percent(found['mean'], 1)} ({100 * found['low']:.1f}–{100 * found['high']:.1f})"

    setting = (
        f"And where rare things ride with common ones: two to four of {result['things']} things a picture, captions "
        f"that list them, {result['seeds']} raw corpora of {result['raw']:,} pictures. Each method selects "
        f"{result['size']:,} by what the tiny encoder retrieves, and a tiny model learns their captions in "
        f"{result['steps']} steps; its vision tower was trained before to tell things apart, its language model knows "
        "no names yet. Which things does it name on held-out pictures? Macro recall, with 95 % intervals over seeds "
        "and things:"
    )
    head = (
        "selected by",
        "each thing weighs the same",
        "the rarest third alone",
        "as in the corpus",
        "rare things with and without companion",
    )
    rows = []
    for arm, label in arms.items():
        flat, natural, apart = (cell(result[f"{test}_{arm}"]) for test in tests)
        rows.append([label, flat, percent(result[f"thirds_{arm}"]["rare"], 1), natural, apart])
    low, high = 100 * result["primary_low"], 100 * result["primary_high"]
    outcome = (
        "The primary outcome, fixed before the first run and the only one tested: `even` less `inverse_frequency`, "
        f"each thing weighing the same, {100 * result['primary_mean']:+.1f} points (95 % interval {low:+.1f} to "
        f"{high:+.1f}, p = {result['primary_p']:.2g}). All else is exploratory."
    )
    return f"{paragraph(setting)}\n\n{table(head, rows)}\n\n{paragraph(outcome)}"


def training_step() -> str:
    result = kept("training")
    return paragraph(
        f"Counted, a step of the 4B model over a pack of 8,192 tokens is {result['foretold_4b_tflop']:.0f} TFLOP and "
        f"{result['foretold_4b_state_gb']:.0f} GB of state. *Assumed* that products of such sizes reach 0.7 of an "
        f"H200's peak, the step would reach {percent(result['foretold_4b_mfu'])} of it "
        f"({percent(result['foretold_4b_mfu_with_recomputation'])} where activations are computed twice)."
    )


def instruct_run() -> str:
    found = kept("instruct")
    lines = ["```text", *found["terminal"], "```"]
    copies = ("exact", "near_image", "near_text", "convention", "conflict", "cropped")
    named = ", ".join(
        f"{found[f'{one}_copies_found']} of {found[f'{one}_copies']} {one.replace('_', ' ')}" for one in copies
    )
    translated = found["translated_text_canaries_not_looked_for"]
    told = (
        f"By the truth, which no stage sees: {found['faults_found']} of {found['faults']} faulty rows were found and "
        f"{found['sound_rows_dropped']} sound ones dropped; of copies {named}; of questions of the benchmark "
        f"{found['canaries_found']} of {found['canaries']} ({translated} translated ones are not looked for), with "
        f"{found['look_alikes_dropped']} look-alike. The thresholds were chosen on rows of the same kind. That run "
        f"took {found['secs']:.0f} s ({found['hardware']}), drawing included, and {found['peak_memory_gb']:.1f} GB of "
        f"memory. Text alone is standardised at {found['standardised_a_second']:,.0f} rows a second on a core, "
        f"{found['standardising_over_parsing']:.0f} times as long as orjson takes to parse it."
    )
    if "worded_answers" in found:
        told += (
            f" Of answers written in another way than the plainest {found['worded_answers_rendered']} of "
            f"{found['worded_answers']} were rendered alike, and {found['answers_changed_that_stay']} others changed. "
            f"With `mix.concepts` the entropy of what pictures show is {found['concepts_entropy_even']:.3f}, with the "
            f"same shares alone {found['concepts_entropy_plain']:.3f}, of all rows "
            f"{found['concepts_entropy_before']:.3f}."
        )
    return "\n".join([*lines, "", paragraph(told), "", paragraph(_a_million())])


def _a_million() -> str:
    found = kept("instruct_1000000")
    slowest = max(found["steps"], key=lambda step: float(step["cpu_secs"]))
    return (
        f"{found['rows']:,} synthetic conversations went through the same stages in {found['cpu_secs']:,.0f} seconds "
        f"of processors ({found['secs']:,.0f} s on two cores that other work shared), of which {slowest['step']} took "
        f"{slowest['cpu_secs']:.0f}, with {found['peak_memory_gb']:.1f} GB of memory at most, all processes together, "
        f"and left {found['run_folder_gb']:.1f} GB (`python -m tests.benchmarks.bench_instruct_million`)."
    )


def asked() -> str:
    return f"{paragraph(_taken_of_replies())}\n\n{paragraph(_cost_of_asking())}"


def _taken_of_replies() -> str:
    found = kept("acceptance")
    stages = ("rewrite", "translate")

    def of(what: str, *names: str) -> int:
        return sum(int(found[f"{name}_{what}"]) for name in names)

    breaks = [
        counts for stage in stages for name, counts in found["tables"][stage].items() if name.startswith("line breaks")
    ]
    lost, lost_taken = (sum(one[key] for one in breaks) for key in ("replies", "taken"))
    known = found["blind_blind"] - found["blind_missed"]
    spoilt, spoilt_taken = of("spoilt", *stages, "rate"), of("spoilt_taken", *stages, "rate")
    right, refused = of("right", *stages), of("right_refused", *stages)
    return (
        f"On {found['rows']:,} rows of the embedded sets, with an oracle in the model's place: of {spoilt:,} replies "
        "with a named fault (another language, a mark lost or doubled, a number more, a refusal, broken JSON and so "
        f"on) {spoilt_taken:,} were taken, of {right:,} right ones {refused:,} refused. Lost line breaks are not "
        f"looked for: {lost_taken:,} of {lost:,} were taken. Asked blind, {known} of {found['blind_blind']} questions "
        f"that need no picture were recognised, and {found['blind_taken_for_blind']:,} of {found['blind_seeing']:,} "
        "others were taken for such: a guess at yes or no, or at a letter, is often right."
    )


def _cost_of_asking() -> str:
    found = kept("asking")
    memory = [f"{found[f'resident_mib_{when}']:.0f}" for when in ("after_a_tenth", "halfway", "at_the_end")]
    return (
        f"{found['requests']:,} requests to a server on the same machine that answers at once take "
        f"{found['cpu_millis_a_request']:.2f} ms of processor each, {found['ratio_of_cpu']:.2f} times what the "
        "bare client took for each of a tenth as many just before, while other work on the machine grew; memory is "
        f"{memory[0]} MiB after a tenth of them, {memory[1]} after half and {memory[2]} after all, and the cache has "
        f"{found['cache_bytes_a_request']:,.0f} bytes a request ({found['hardware']})."
    )


PARTS: dict[str, Callable[[], str]] = {
    "the run": the_run,
    "true concepts": true_concepts,
    "tiny encoder": tiny_encoder,
    "balanced training": balanced_training,
    "balanced scenes": balanced_scenes,
    "training step": training_step,
    "how fast": how_fast,
    "instruct run": instruct_run,
    "asked": asked,
}


def filled(page: str) -> str:
    """``page`` with each part as it was kept.

    Raises ValueError where the page has no place for a part, or more than one.
    """
    for name, write in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end: {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"README has no single place for {name}: {begin.strip()} … {end.strip()}")
        before, _, rest = page.partition(begin)
        page = "".join((before, begin, write(), end, rest.partition(end)[2]))
    return page


def main() -> None:
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
