"""Keys of requests: equal for equal requests, and for no others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.asking.request import Request, Turn

_TURNS = st.lists(st.tuples(st.sampled_from(["system", "user"]), st.text(max_size=8)), min_size=1, max_size=3)
_PARAMETERS = st.dictionaries(st.sampled_from(["temperature", "top_p", "seed"]), st.sampled_from([0, 0.5, 1]))


@given(_TURNS, _TURNS, _PARAMETERS, _PARAMETERS)
def test_keys(
    one: list[tuple[str, str]], other: list[tuple[str, str]], p: dict[str, float], q: dict[str, float]
) -> None:
    first = Request("m", tuple(Turn(*turn) for turn in one), p, 8)  # type: ignore[arg-type]
    second = Request("m", tuple(Turn(*turn) for turn in other), dict(reversed(q.items())), 8)  # type: ignore[arg-type]
    assert (first.key == second.key) == (one == other and p == q)


def test_prompts_have_no_part_in_it_and_all_else_has() -> None:
    turns = (Turn("user", "a"),)
    first = Request("m", turns, {}, 8)
    assert first.key == Request("m", turns, {}, 8, prompt=bytes(16)).key
    others = [Request("n", turns, {}, 8), Request("m", turns, {}, 9), Request("m", turns, {}, 8, "r1")]
    assert len({first.key, *(one.key for one in others)}) == 4


@given(st.text(), st.text())
def test_no_tokenizer_of_bytes_makes_more_tokens(system: str, user: str) -> None:
    request = Request("m", (Turn("system", system), Turn("user", user)), {}, 8)
    assert request.most_prompt_tokens(100) >= len((system + user).encode("utf-8", "replace"))
