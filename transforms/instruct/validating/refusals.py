"""Answers that are none: a model that says why it cannot, and what a server said in its place.

The openings were gathered from two published sets (Alpaca rewritten by GPT-4, 1,000 rows each of English and Chinese)
and read row by row; the measured figures stand in the tests.
"""

from __future__ import annotations

import re

_LOOKED_AT = 240  # characters: who refuses says so first
_MOST_ERROR = 400  # characters of an error message

_GREETING = r"(?:(?:hello|hi|oh no|dear user|unfortunately|regrettably)[,.!]?\s+)?"
_AI = r"an? (?:\w+[- ])?(?:\w+[- ])?(?:ai|a\.i\.|artificial intelligence|language model|chatbot|text-based)\b"
_NOT_ABLE = (
    r"(?:can(?:no|['’])t|can not|(?:am|['’]m|are|is|was|so)? ?(?:un|not )able to|not capable|incapable|"
    r"(?:do|does|did|have) not|(?:do|does|did|have)n['’]t|isn['’]t|won['’]t|will not|lack)"
)
_TASK = (
    r"(?:assist|help|answer|provid|fulfil|compl|access|view|see\b|determin|generat|creat|process|retriev|estimat|continu|"
    r"discuss|engag|giv|display|offer|read|summari|predict|perform|tell|identif|recogni|comment|do (?:that|this)|find|"
    r"brows|open|draw|play|possess|have|know|understand|predict|translat|writ|describ|manipulat|edit|perceiv|"
    r"participat|support|recommend|shar|mak|produc|show|search|specif|verif|look)"
)
_REFUSALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # I'm sorry, but I can't …; I am afraid that I am not able to …
        rf"{_GREETING}(?:i['’]?\s?a?m (?:\w+ )?(?:sorry|afraid)|sorry|my apologies|i apologi[sz]e)\b[^.!?\n]{{0,160}}?"
        rf"\b(?:i|we|you|it|that)\b[^.!?\n]{{0,40}}?(?:\b|['’]){_NOT_ABLE}\b[^.!?\n]{{0,40}}?\b{_TASK}",
        rf"{_GREETING}(?:i['’]?\s?a?m (?:\w+ )?sorry|sorry|my apologies|i apologi[sz]e)\b[^.!?\n]{{0,40}}?"
        r"(?:you (?:need to|did(?:n['’]t| not)|have(?:n['’]t| not))|data you['’]ve given|"
        r"no (?:text|image|article) (?:was|is))",
        # As an AI, I don't …; I'm an AI language model, so unable …
        rf"{_GREETING}(?:i['’]?\s?a?m (?:\w+ )?sorry,? ?(?:but )?)?(?:as|i['’]?\s?a?m|being)(?: just| only)? {_AI}"
        rf"[^.!?\n]{{0,120}}?(?:\b|['’]){_NOT_ABLE}\b",
        rf"{_GREETING}as {_AI}[^.!?\n]{{0,200}}?\bhowever,? i['’]?\s?a?m unable to\b",
        rf"as {_AI}[^!?\n]{{0,160}}?\bbut i['’]?m {_AI}[^.!?\n]{{0,60}}?{_NOT_ABLE}",
        # I cannot answer that question.
        rf"{_GREETING}i\s?(?:['’]m|am)?\s?(?:really |simply )?{_NOT_ABLE}\s(?:to\s)?(?:be able to\s)?"
        r"(?:assist|help|answer|provide|fulfil|comply|access|view|determine|generate|create|process|retrieve|display|"
        r"discuss|engage|complete|continue)\b",
    )
)
_ZH_SORRY = r"(?:我?(?:感到|表示)?(?:很|非常|十分|真的)?(?:抱歉|对不起|遗憾)|不好意思)"
_ZH_CANNOT = r"(?:无法|不能|没有|没法|不具备|未能|并未|未提供|未给|不会|不可以|需要提供|不知道|没能|不了)"
_ZH_AI = r"(?:人工智能|AI|语言模型|机器人|聊天助手|虚拟助手|语言AI|模型)"
_ZH_LEAD = r"(?:(?:您好|你好|喔不|哦|Oh no)[，,！! 。]{0,2})?"
_REFUSALS_ZH = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_ZH_LEAD}{_ZH_SORRY}[^。！？\n]{{0,70}}?{_ZH_CANNOT}",
        rf"{_ZH_LEAD}{_ZH_SORRY}[^。！？\n]{{0,20}}(?:{_ZH_AI})[^。\n]{{0,80}}?{_ZH_CANNOT}",
        rf"{_ZH_LEAD}(?:作为|由于|因为)?我?(?:只?是|作为)?一?[个名款]?[^，。！？\n]{{0,12}}?{_ZH_AI}[^。！？\n]{{0,40}}?"
        r"(?:无法|不能|没有(?!任何问题)|没法|不具备|并没有|不会|不可能)",
        rf"{_ZH_LEAD}(?:由于|因为)?[您你](?:并)?(?:没有|未)(?:给|提供|告诉|指定|说明)[^\n]{{0,60}}?(?:无法|不能|请|提供)",
        rf"{_ZH_LEAD}(?:根据您提供的信息，)?我(?:无法|不能)(?:访问|回答|提供|看到|查看|协助|帮助|完成|满足|确定|判断|给出|生成|处理|识别)",
    )
)

_ERRORS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:http )?error(?: code)?:? ?[45]\d\d\b",
        r"(?:http/\d(?:\.\d)? )?[45]\d\d:? (?:internal server error|bad gateway|service unavailable|gateway time-?out|"
        r"too many requests|forbidden|not found|unauthori[sz]ed|bad request)",
        r"<(?:!doctype )?html\b.{0,200}<(?:title|h1)>\s*(?:error|[45]\d\d)\b",
        r"(?:openai|anthropic|requests|urllib3|httpx|aiohttp|google)\.[\w.]*(?:error|exception|timeout)\b",
        r"traceback \(most recent call last\)",
        r"upstream (?:request timeout|connect error)",
        r"(?:internal server error|bad gateway|service unavailable|gateway time-?out|too many requests|"
        r"rate limit (?:exceeded|reached)|request timed? ?out|connection (?:refused|reset|timed out|error)|"
        r"context length exceeded|network error|api error|server error|the server is (?:overloaded|currently))\b",
        r"\{\s*\"error\"\s*:",
        r"(?:an? )?(?:unknown |unexpected )?error (?:has )?occurred\b",
        r"something went wrong\b",
        r"\[object object\]\s*$",
        r"(?:服务器|网络|系统|请求|接口|连接|服务)(?:内部)?(?:错误|超时|异常|繁忙|失败|出错|不可用|调用失败)",
        r"(?:请求过于频繁|出错了|发生(?:未知)?错误|生成失败)",
    )
)
#: A question about errors is answered with them.
_ASKS_FOR_ERRORS = re.compile(
    r"error|exception|traceback|timeout|http|status|debug|log\b|报错|错误|异常|超时|调试|状态码|日志", re.IGNORECASE
)


def refusal(text: str) -> str | None:
    """The words with which an answer says that it is none."""
    opening = text.lstrip(' \n\t"“')[:_LOOKED_AT]
    for pattern in (*_REFUSALS, *_REFUSALS_ZH):
        if found := pattern.match(opening):
            return found[0]
    return None


def error_message(text: str, question: str) -> str | None:
    """The words that an error message begins with, in answer to a question that is not about errors."""
    body = text.strip().strip("\"'`")
    if len(body) > _MOST_ERROR or _ASKS_FOR_ERRORS.search(question):
        return None
    for pattern in _ERRORS:
        if found := pattern.match(body):
            return found[0]
    return None
