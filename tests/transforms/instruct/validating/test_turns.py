from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.instruct.said import row
from transforms.conversations.document import Message, Text
from transforms.instruct.validating.turns import empty_turns, out_of_order
from transforms.rejects import Reason

ROLES = st.sampled_from(["system", "user", "assistant", "tool"])


@given(st.lists(ROLES, max_size=8))
def test_what_stands_before_the_first_turn_out_of_order_is_in_order(roles: list) -> None:
    messages = [Message(role, (Text("x"),)) for role in roles]
    at = out_of_order(messages)
    kept = roles[:at]
    assert out_of_order(messages[:at]) is None
    assert "system" not in kept[1:] and kept[:1] in ([], ["system"], ["user"])
    for before, after in itertools.pairwise(kept):
        assert before != after or before == "tool"
        assert (after == "tool") <= (before in ("assistant", "tool"))
        assert (after == "assistant") <= (before in ("user", "tool"))


def test_empty_turns_that_count() -> None:
    said = row("s: ", "u: ", "a:", "u:More", "a:Yes", "t:")
    assert [(one.message, one.reason) for one in empty_turns(said)] == [(1, Reason.EMPTY_TURN), (2, Reason.EMPTY_TURN)]
    unlearnt = row("u:One?", Message("assistant", (), train=False))
    assert not list(empty_turns(unlearnt))
