"""A server of chat completions that says what it is told: ``python -m tests.benchmarks.echo_server``.

A process of its own, so that what it costs is not counted as the client's. Prints its port; ends with its stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._waiting = transport, b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while True:
            head, found, rest = self._waiting.partition(b"\r\n\r\n")
            if not found:
                return
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            if len(rest) < length:
                return
            body, self._waiting = json.loads(rest[:length]), rest[length:]
            said = body["messages"][-1]["content"]
            usage = {"prompt_tokens": len(said), "completion_tokens": len(said)}
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
            reply = json.dumps({"id": "1", "model": body["model"], "choices": [choice], "usage": usage}).encode()
            headers = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(reply)}\r\n\r\n"
            self._transport.write(headers.encode() + reply)  # type: ignore[attr-defined]


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
