from __future__ import annotations

import pytest

from transforms.instruct.validating.refusals import error_message, refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "As an AI language model, I am unable to view images.",
        "I cannot answer that question.",
        "I'm an AI Assistant, so unable to perceive the website you are talking about.",
        "Unfortunately, I am an AI language model, and I do not have the capability to edit images.",
        "I'm sorry, but you didn't provide the song lyrics for me to select a section.",
        "抱歉，我无法协助您完成这个请求。",
        "作为一个人工智能语言模型，我无法查看图片。",
        "很抱歉，我不能回答这个问题。",
        "由于您没有给定信息，我无法为您写出新闻标题。",
        "很抱歉，作为一个文本机器人，我不具备制作海报的能力。",
    ],
)
def test_a_refusal(text: str) -> None:
    assert refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "As an AI assistant, I would assist a visually impaired customer in these steps:",
        "I'm sorry, but I'm unable to come into work today due to a migraine.",
        "Customer: Hi, I'm sorry, I can't find my order.",
        "Sorry is a word of regret. It cannot be used twice.",
        "He cannot answer that question.",
        "The sign says that dogs are not allowed.",
        "对不起，我不小心打碎了花瓶。",
        "作为一个AI助手，我建议采用以下三种策略：",
        "亲爱的客户，我们非常抱歉未能按时发货。",
        "这句话的意思是“我无法回答”。",
    ],
)
def test_no_refusal(text: str) -> None:
    assert refusal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Error 429: rate limit exceeded, please try again later.",
        "<html><head><title>502 Bad Gateway</title></head></html>",
        "openai.error.APIConnectionError: Error communicating with server",
        "Traceback (most recent call last): TimeoutError",
        "upstream request timeout",
        '{"error": {"message": "overloaded"}}',
        "服务器错误，请稍后再试。",
        "请求超时",
    ],
)
def test_an_error_message(text: str) -> None:
    assert error_message(text, "What is shown?")
    assert error_message(text, "What does this exception mean, and its HTTP status?") is None


def test_what_only_speaks_of_errors() -> None:
    for text in ("Errors are human.", "500 apples", "404", "The server is kind.", "网络很好"):
        assert error_message(text, "What is shown?") is None
