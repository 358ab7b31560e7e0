"""A real server of chat completions, in a thread of the test: stdlib's asyncio, HTTP/1.1 with connections kept open.

What it answers is said by a function of the request's body and of how often that body was asked before.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """``body`` None: the connection is cut. ``only``: bytes of the response that are sent before it is cut."""

    status: int = 200
    body: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_secs: float = 0.0
    only: int | None = None


Answer = Callable[[dict[str, Any], int], Said]


def completion(text: str | None, body: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    """As OpenAI's, a token a character."""
    asked = sum(len(json.dumps(one["content"])) for one in body["messages"])
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": len(text or "")},
    }


def text_of(body: dict[str, Any]) -> str:
    """The text of the last turn."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


@dataclass
class ChatServer:
    """``asked``: how often each body came; ``most_at_once``: of requests under way."""

    answer: Answer
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    most_at_once: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    _at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def forget(self) -> None:
        """All that was asked until now."""
        self.asked.clear()
        self.bodies.clear()
        self.prompt_tokens = self.reply_tokens = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        with contextlib.suppress(ConnectionError):
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        raw = (await reader.readexactly(length)).decode()
        body = json.loads(raw)
        before = self.asked[raw]
        self.asked[raw] += 1
        self.bodies.append(body)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            said = self.answer(body, before)
            await asyncio.sleep(said.wait_secs)
        finally:
            self._at_once -= 1
        if said.body is None:
            return False
        if said.status == 200 and "usage" in said.body:
            self.prompt_tokens += said.body["usage"]["prompt_tokens"]
            self.reply_tokens += said.body["usage"]["completion_tokens"]
        data = json.dumps(said.body).encode()
        lines = [f"HTTP/1.1 {said.status} X", "content-type: application/json", f"content-length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in said.headers.items()]
        whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + data
        writer.write(whole if said.only is None else whole[: -len(data) + said.only])
        await writer.drain()
        return said.only is None


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[ChatServer]:
    server = ChatServer(answer)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    listening: list[asyncio.Server] = []

    async def listen() -> None:
        listening.append(await asyncio.start_server(server._serve, "127.0.0.1", 0, limit=1 << 26))
        server.port = listening[0].sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(listen())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        listening[0].close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
