"""One hundred thousand requests against a local echo server: ``python -m tests.benchmarks.bench_asking [REQUESTS]``.

The server is a process of its own and answers at once, so that what is measured is the client: requests a second, and
the processor's time a request. The bound is the bare openai client in the same loop, with as many requests under way,
without cache, ceilings or checks. Then all are asked for again, from the cache alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from tests.benchmarks.harness import keep
from transforms.instruct.asking.asker import Asked, Asker
from transforms.instruct.asking.budget import Budget
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.client import open_client
from transforms.instruct.asking.request import Request, Turn
from transforms.instruct.asking.settings import AskingSettings, ServerSettings

REQUESTS = 100_000
BARE_REQUESTS = 10_000
CONCURRENCY = 64
TEXT = "Is the small red car in front of the house, or does it stand on the other side of the street? " * 3


@contextlib.contextmanager
def echo() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.echo_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.stdin.close()


def requests_to(server: ServerSettings, count: int) -> Iterator[Request]:
    return (Request.to(server, (Turn("user", f"{number} {TEXT}"),)) for number in range(count))


def resident_mib() -> float:
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


class Watch:
    """Resident memory after each tenth of the replies."""

    def __init__(self, requests: int) -> None:
        self._every, self.mib = max(requests // 10, 1), list[float]()

    def __call__(self, asked: Asked) -> None:
        if asked.answered % self._every == 0:
            self.mib.append(resident_mib())


async def bare(server: ServerSettings, count: int) -> None:
    import httpx2

    numbers = iter(requests_to(server, count))
    async with open_client(server) as client:

        async def work() -> None:
            for request in numbers:
                answer = await client.post("/chat/completions", body=request.body(), cast_to=httpx2.Response)
                assert answer.json()["choices"]

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


def timed(function: object, *arguments: object) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    function(*arguments)  # type: ignore[operator]
    return time.perf_counter() - wall, time.process_time() - cpu


def main(requests: int = REQUESTS) -> None:
    bare_requests = min(BARE_REQUESTS, requests)
    watch = Watch(requests)
    with echo() as url, tempfile.TemporaryDirectory() as folder, ReplyCache.open(folder) as cache:
        server = ServerSettings(base_url=url, model="echo", concurrency=CONCURRENCY)
        asyncio.run(bare(server, 200))  # warm
        bare_wall, bare_cpu = timed(lambda: asyncio.run(bare(server, bare_requests)))
        asker = Asker(server, cache, Budget(AskingSettings(max_tokens=10**12), {}, {}))
        wall, cpu = timed(lambda: asker.fill(requests_to(server, requests), watch))
        again, _ = timed(lambda: asker.fill(requests_to(server, requests)))
        size = sum(path.stat().st_size for path in pathlib.Path(folder).iterdir() if path.is_file())
        assert len(cache) == requests == next(iter(cache.spent().values())).answered
    first, middle, last = (watch.mib[at] for at in (0, len(watch.mib) // 2 - 1, -1))
    keep(
        "asking",
        requests=requests,
        concurrency=CONCURRENCY,
        load_average_at_the_end=os.getloadavg()[0],  # a machine that others share measures less
        requests_a_second=requests / wall,
        bare_client_requests_a_second=bare_requests / bare_wall,
        cpu_millis_a_request=1000 * cpu / requests,
        bare_client_cpu_millis_a_request=1000 * bare_cpu / bare_requests,
        overhead_cpu_millis_a_request=1000 * (cpu / requests - bare_cpu / bare_requests),
        ratio_of_cpu=(cpu / requests) / (bare_cpu / bare_requests),
        known_requests_a_second=requests / again,
        cache_bytes_a_request=size / requests,
        resident_mib_after_a_tenth=first,
        resident_mib_halfway=middle,
        resident_mib_at_the_end=last,
    )


if __name__ == "__main__":
    main(*map(int, itertools.islice(sys.argv, 1, 2)))
