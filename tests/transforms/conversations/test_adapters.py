"""Every shape found in the wild becomes the same turns, or a reject that says why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.packing.documents.processor import IMAGES, VIDEOS
from tests.transforms.packing.small_documents import instruction_set, needs_instruction_sets, turn
from transforms.conversations.adapters import Conversation, of_pair, of_record, size_mismatch, to_document
from transforms.conversations.document import Document, Image, ImageSize, Message, Text, Video, VideoSize
from transforms.conversations.folding import fold
from transforms.datasets import rejects_table
from transforms.packing.documents.chat import IGNORED_LABEL, ChatTokenizer, Tokenised
from transforms.packing.documents.tiny_tokenizer import tiny_tokenizer
from transforms.rejects import Reason, Reject

QUESTION = (turn("user", Image(0), "What?"), turn("assistant", "A cat."))


@pytest.mark.parametrize(
    "record",
    [
        {
            "messages": [
                {"role": "user", "content": "<image>What?"},
                {"role": "assistant", "content": "A cat."},
            ],
            "images": ["cat.jpg"],
        },
        {
            "conversations": [{"from": "human", "value": "<image>What?"}, {"from": "gpt", "value": "A cat."}],
            "image": "cat.jpg",
        },
        {"instruction": "<image>What?", "input": "", "output": "A cat.", "images": ["cat.jpg"]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "cat.jpg"}},
                        {"type": "text", "text": "What?"},
                    ],
                },
                {"role": "assistant", "content": "A cat."},
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "value": "cat.jpg"}, {"type": "text", "value": "What?"}],
                },
                {"role": "assistant", "content": [{"type": "text", "value": "A cat."}]},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
            ],
            "images": ["cat.jpg"],
        },
    ],
    ids=["placeholders", "sharegpt", "alpaca", "openai", "parts", "parts_and_list"],
)
def test_one_form(record: dict[str, Any]) -> None:
    assert of_record("k", record) == Conversation(QUESTION, ("cat.jpg",))


def test_a_pair_shows_the_image_and_learns_the_caption() -> None:
    assert of_pair("k", "A cat.", "cat.jpg") == Conversation(
        (turn("user", Image(0)), turn("assistant", "A cat.")), ("cat.jpg",)
    )
    assert of_pair("k", " \n").reason is Reason.MISSING_CAPTION


def test_media_are_numbered_as_they_are_shown() -> None:
    found = of_record(
        "k",
        {
            "messages": [
                {"role": "user", "content": "<video>and <image>, <image>?"},
                {"role": "assistant", "content": "Yes."},
            ],
            "images": ["a", "b"],
            "videos": ["v"],
        },
    )
    assert found.messages[0] == turn("user", Video(0), "and ", Image(0), ", ", Image(1), "?")
    assert (found.images, found.videos) == (("a", "b"), ("v",))


def test_alpaca_with_history_and_system() -> None:
    found = of_record(
        "k", {"instruction": "Add.", "input": "1 2", "output": "3", "system": "Be brief.", "history": [["Hi", "Hello"]]}
    )
    assert found.messages == (
        turn("system", "Be brief."),
        turn("user", "Hi"),
        turn("assistant", "Hello"),
        turn("user", "Add.\n1 2"),
        turn("assistant", "3"),
    )


CALL = '<tool_call>\n{"name": "look", "arguments": {"at": "图"}}\n</tool_call>'


def test_tools_of_sharegpt_and_of_openai_read_alike() -> None:
    tool = {"name": "look", "description": "see", "parameters": {}}
    sharegpt = {
        "conversations": [
            {"from": "human", "value": "Look twice."},
            {"from": "function_call", "value": json.dumps([{"name": "look", "arguments": {"at": "图"}}] * 2)},
            {"from": "observation", "value": "one"},
            {"from": "observation", "value": "two"},
            {"from": "gpt", "value": "Seen."},
        ],
        "tools": json.dumps([tool]),
    }
    call = {"type": "function", "function": {"name": "look", "arguments": '{"at": "图"}'}}
    openai = {
        "messages": [
            {"role": "user", "content": "Look twice."},
            {"role": "assistant", "content": None, "tool_calls": [call, call]},
            {"role": "tool", "content": "one"},
            {"role": "tool", "content": "two"},
            {"role": "assistant", "content": "Seen."},
        ],
        "tools": [{"type": "function", "function": tool}],
    }
    assert [message.role for message in of_record("k", openai).messages].count("tool") == 2
    found = to_document("k", "s", of_record("k", sharegpt))
    assert found == to_document("k", "s", of_record("k", openai))
    assert [message.role for message in found.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert found.messages[2] == turn("assistant", f"{CALL}\n{CALL}")
    assert found.messages[3] == turn(
        "user", "<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>"
    )
    system = found.messages[0].content[0].text
    assert system.startswith("You are a helpful assistant.\n\n# Tools\n\n") and json.dumps(tool)[1:-1] in system


def test_definitions_of_tools_stay_apart_until_the_document() -> None:
    tools = [{"name": "look", "description": "图"}]
    found = of_record("k", messages(("user", "Hi"), ("assistant", "x"), tools=tools))
    assert [message.role for message in found.messages] == ["user", "assistant"]
    assert json.loads(found.tools) == tools
    assert of_record("k", messages(("user", "Hi"), ("assistant", "x"), tools=[])).tools == ""


def test_a_thought_is_folded_before_its_answer() -> None:
    thinking = Message("assistant", (Image(0), Text("Four.")), train=False, reasoning="\nTwo and two.\n")
    folded = fold([turn("user", "2+2?"), thinking])
    assert folded[1] == Message(
        "assistant", (Text("<think>\nTwo and two.\n</think>\n\n"), Image(0), Text("Four.")), train=False
    )


def test_turns_survive_json_with_and_without_the_newer_fields() -> None:
    plain = turn("assistant", "x")
    assert plain.to_dict() == {"role": "assistant", "content": [{"type": "text", "text": "x"}]}
    for one in (plain, replace(plain, train=False), replace(plain, reasoning="because")):
        assert Message.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_answers_that_are_not_trained_on_are_in_the_context_only() -> None:
    masked = (turn("user", "a"), replace(turn("assistant", "wrong"), train=False))
    document = Document("k", "s", (*masked, turn("user", "b"), turn("assistant", "right")))
    tokenizer = tiny_tokenizer()
    (tokenised,) = ChatTokenizer(tokenizer, IMAGES, VIDEOS).encode([document])
    trained = tokenised.token_ids[tokenised.labels != IGNORED_LABEL].tolist()
    assert tokenizer.decode(trained, skip_special_tokens=False) == "right<|im_end|>"
    assert "wrong" in tokenizer.decode(tokenised.token_ids.tolist(), skip_special_tokens=False)


def messages(*turns: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns], **more}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (messages(("user", "Hi"), ("narrator", "Then"), ("assistant", "x")), Reason.UNKNOWN_ROLE),
        (messages(("user", "<image>?"), ("assistant", "x")), Reason.MISSING_IMAGE),
        (messages(("user", "<video>?"), ("assistant", "x")), Reason.MISSING_VIDEO),
        (messages(("user", "?"), ("assistant", "x"), images=["a"]), Reason.UNPLACED_MEDIA),
        (messages(("user", "Hi")), Reason.NO_ANSWER),
        (messages(("user", "Hi"), ("assistant", " \n")), Reason.NO_ANSWER),
        (messages(), Reason.NO_ANSWER),
        (messages(("user", {"text": "Hi"}), ("assistant", "x")), Reason.MALFORMED_RECORD),
        (messages(("user", [{"type": "audio"}]), ("assistant", "x")), Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("assistant", "x"), tools="no json"), Reason.MALFORMED_RECORD),
        ({"conversations": ["Hi"]}, Reason.MALFORMED_RECORD),
        ({"conversations": [{"from": "function_call", "value": "look()"}]}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "history": [["x"]]}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "history": ["xy"]}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "history": 5}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "history": {"x": "y"}}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "history": [[1, "y"]]}, Reason.MALFORMED_RECORD),
        ({"instruction": ["a"], "output": "b"}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "input": 5, "output": "b"}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "input": {}, "output": 5}, Reason.MALFORMED_RECORD),
        ({"instruction": "a", "output": "b", "system": {"a": 1}}, Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("assistant", "x"), system=["Be brief."]), Reason.MALFORMED_RECORD),
        (messages(("user", None), ("assistant", "x")), Reason.MALFORMED_RECORD),
        (
            {"messages": [{"role": "user", "value": "?"}, {"role": "assistant", "content": "x"}]},
            Reason.MALFORMED_RECORD,
        ),
        (messages(("user", "Hi"), ("assistant", [{"type": "text", "text": None}])), Reason.MALFORMED_RECORD),
        (messages(("user", [{"type": "text", "value": 5}]), ("assistant", "x")), Reason.MALFORMED_RECORD),
        (messages(("user", "Hi \ud800"), ("assistant", "x")), Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("assistant", "x\udfff")), Reason.MALFORMED_RECORD),
        (messages(("user", "<image>?"), ("assistant", "x"), images=["\ud800.jpg"]), Reason.MALFORMED_RECORD),
        ({"\ud800": "a"}, Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("function_call", f"[{'[' * 20_000}")), Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("function_call", f"{'[' * 150}{']' * 150}")), Reason.MALFORMED_RECORD),
        (
            messages(("user", "Hi"), ("function_call", '{"name": "f", "arguments": {"x": NaN}}')),
            Reason.MALFORMED_RECORD,
        ),
        (messages(("user", "Hi"), ("function_call", '{"name": "f", "arguments": [1e999]}')), Reason.MALFORMED_RECORD),
        (messages(("user", "Hi"), ("assistant", "x"), tools=[{"name": float("nan")}]), Reason.MALFORMED_RECORD),
        ({"question": "a", "answer": "b"}, Reason.MALFORMED_RECORD),
        ({"messages": "Hi"}, Reason.MALFORMED_RECORD),
    ],
)
def test_rejects(record: dict[str, Any], reason: Reason) -> None:
    found = of_record("k7", record)
    assert isinstance(found, Reject) and (found.key, found.reason) == ("k7", reason) and found.detail


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = (
    "messages",
    "conversations",
    "instruction",
    "input",
    "output",
    "system",
    "history",
    "tools",
    "images",
    "videos",
)
_TURN_FIELDS = ("role", "from", "content", "value", "tool_calls", "type", "text", "image", "function", "name")
_TURN = st.dictionaries(
    st.sampled_from(_TURN_FIELDS), _JSON | st.sampled_from(["user", "assistant", "tool", "text", "<image>"]), max_size=5
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON | st.lists(_TURN | st.lists(_TURN), max_size=3), max_size=5))
@settings(max_examples=150, deadline=None)
def test_whatever_a_record_holds_it_is_a_conversation_or_a_reject(record: dict[str, Any]) -> None:
    found = of_record("k", record)
    if isinstance(found, Conversation):
        document = to_document(
            "k", "s", found, [ImageSize(40, 30)] * len(found.images), [VideoSize(2, 60, 60)] * len(found.videos)
        )
        assert isinstance(document, Document)
        json.dumps(document.to_dict(), ensure_ascii=False).encode()
    else:
        rejects_table("a", [found]).validate(full=True)


def test_documents_need_every_size() -> None:
    conversation = Conversation(QUESTION, ("cat.jpg",))
    document = to_document("k", "s", conversation, [ImageSize(40, 30)])
    assert document == Document("k", "s", QUESTION, (ImageSize(40, 30),))
    missing = to_document("k", "s", conversation, [None])
    assert missing == Reject("k", Reason.MISSING_IMAGE, "not found: cat.jpg")
    assert size_mismatch(document, 0, ImageSize(40, 30)) is None
    assert size_mismatch(document, 0, ImageSize(30, 40)).reason is Reason.SIZE_MISMATCH
    with pytest.raises(ValueError, match="1 references, but 0 sizes"):
        to_document("k", "s", conversation)


def test_documents_survive_json() -> None:
    turns = (turn("user", Image(0), "a", Video(0)), turn("assistant", "图"))
    document = Document("k", "s", turns, (ImageSize(4, 3),), (VideoSize(2, 5, 6),))
    assert Document.from_dict(json.loads(json.dumps(document.to_dict()))) == document
    with pytest.raises(ValueError, match="no part of a message has type 'audio'"):
        Document.from_dict({**document.to_dict(), "messages": [{"role": "user", "content": [{"type": "audio"}]}]})


@pytest.mark.slow
@needs_instruction_sets
@pytest.mark.parametrize(
    ("name", "records", "images", "videos"),
    [
        ("alpaca_en_demo.json", 999, 0, 0),
        ("alpaca_zh_demo.json", 1000, 0, 0),
        ("glaive_toolcall_en_demo.json", 300, 0, 0),
        ("mllm_demo.json", 6, 8, 0),
        ("mllm_video_demo.json", 3, 0, 3),
        ("v1_multimodal_demo.jsonl", 24, 32, 0),
    ],
)
def test_real_instruction_sets(name: str, records: int, images: int, videos: int) -> None:
    """Nothing is rejected, every answer is trained on, and every text of the record is in the tokens."""
    text = instruction_set(name).read_text()
    rows = [json.loads(line) for line in text.splitlines() if line] if name.endswith("l") else json.loads(text)
    found = [of_record(str(i), row) for i, row in enumerate(rows)]
    assert [one for one in found if isinstance(one, Reject)] == []
    assert len(found) == records
    assert sum(len(one.images) for one in found) == images
    assert sum(len(one.videos) for one in found) == videos
    documents = [
        to_document("k", name, one, [ImageSize(90, 60)] * len(one.images), [VideoSize(2, 60, 60)] * len(one.videos))
        for one in found
    ]
    tokenizer = tiny_tokenizer()
    for document, tokenised in zip(documents, ChatTokenizer(tokenizer, IMAGES, VIDEOS).encode(documents), strict=True):
        assert isinstance(tokenised, Tokenised)
        answers = [m for m in document.messages if m.role == "assistant"]
        trained = tokenised.token_ids[tokenised.labels != IGNORED_LABEL].tolist()
        wanted = "".join(part.text for m in answers for part in (*m.content, Text("<|im_end|>")))
        assert tokenizer.decode(trained, skip_special_tokens=False) == wanted
