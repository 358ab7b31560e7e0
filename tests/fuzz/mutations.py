"""Files as damage and malice leave them: true ones with bytes changed, cut, repeated and mixed; and a watch over time
and memory while they are read.

``FUZZ_EXAMPLES`` (1,000 where it is not set) is the number of files that each target reads.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: What formats take for numbers, marks and ends.
_TOKENS = (
    b"",
    b"\0",
    b"\0" * 512,
    b"\xff",
    b"\xff\xd8\xff\xda",
    b"\xff" * 8,
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e999",
    b"NaN",
    b"null",
    b"{}",
    b"[]",
    b"[" * 2000,
    b'{"a":' * 2000,
    b'"',
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\xe2\x80\x8b",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n",
    b"../../x",
    b"/",
    b".",
    b"&a [*a]",
    b"*a",
    b"<<: ",
    b"2020-13-45",
    b".inf",
    b"0 size=0\n",
    b"a" * 5000,
)
_LIMIT_SECS = 20
_SPARE_BYTES = 2 << 30

fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "1000")),
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of ``seeds`` after up to eight changes, each at any place."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 8))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.sampled_from((0, 1, 4, 16, 100, 512, 5000))))
        match draw(st.sampled_from(("flip", "token", "bytes", "cut", "drop", "repeat", "mix"))):
            case "flip" if begin < len(data):
                data[begin] ^= 1 << draw(st.integers(0, 7))
            case "token":
                data[begin:end] = draw(st.sampled_from(_TOKENS))
            case "bytes":
                data[begin:end] = draw(st.binary(max_size=40))
            case "cut":
                del data[begin:]
            case "drop":
                del data[begin:end]
            case "repeat":
                data[begin:begin] = data[begin:end] * draw(st.sampled_from((1, 3, 100)))
            case "mix":
                other = draw(st.sampled_from(seeds))
                start = draw(st.integers(0, len(other)))
                data[begin:end] = other[start : start + 5000]
    return bytes(data)


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Raises TimeoutError after 20 seconds, ends the process where even that is not heard, and lets memory grow by
    2 GiB at most, beyond which Python raises MemoryError."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"not done after {_LIMIT_SECS} seconds")

    with open("/proc/self/statm") as file:
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, late)
    faulthandler.dump_traceback_later(3 * _LIMIT_SECS, exit=True)
    resource.setrlimit(resource.RLIMIT_AS, (in_use + _SPARE_BYTES, limits[1]))
    signal.alarm(_LIMIT_SECS)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
