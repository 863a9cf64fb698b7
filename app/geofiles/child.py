"""A child process with CPU and memory limits, for what GEOS and GDAL do with data from outside.

The parent sends frames (4 bytes of length, then bytes) and gets one line of JSON for each. The child has no
environment of ours (no database address, no secrets), writes no file and leaves no core. It loads modules of this
package without `app/__init__.py`, so that it starts in a fraction of a second.
"""

import contextlib
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

APP = Path(__file__).resolve().parents[1]
MAX_ANSWER_BYTES = 256 * 1024 * 1024
LIMITS = """
import json, resource, sys, types
options = json.loads(sys.argv[3])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
resource.setrlimit(resource.RLIMIT_AS, (options["memory_mb"] << 20,) * 2)
app = types.ModuleType("app")
app.__path__ = [sys.argv[1]]
sys.modules["app"] = app
"""
LOAD = """
__import__("app.geofiles." + sys.argv[2])
sys.modules["app.geofiles." + sys.argv[2]].main(options)
"""
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENPYXL_LXML": "False",  # then its XML is read by defusedxml
}


class ChildLost(Exception):
    """The child crashed, ran into a limit or answered nonsense. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Child:
    """One running child of `app.geofiles.<module>`; not shared between threads."""

    def __init__(self, module: str, options: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", LIMITS + LOAD, str(APP), module, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT, cwd="/",
        )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._left = b""

    def ask(self, frame: bytes, wall_s: float) -> dict[str, Any]:
        """Send one frame, wait at most `wall_s` seconds for its answer. Raises ChildLost; the child is gone then."""
        try:
            self._stdin.write(struct.pack(">I", len(frame)) + frame)
            self._stdin.flush()
            answer = json.loads(self._line(time.monotonic() + wall_s))
        except (BrokenPipeError, ValueError) as error:
            raise ChildLost(self._why()) from error
        if not isinstance(answer, dict):
            raise ChildLost(self._why())
        return answer

    def _line(self, deadline: float) -> bytes:
        chunks = [self._left]
        size = len(self._left)
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            while b"\n" not in chunks[-1]:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    raise ChildLost("check_took_too_long")
                chunks.append(os.read(self._stdout.fileno(), 1 << 20))
                size += len(chunks[-1])
                if not chunks[-1] or size > MAX_ANSWER_BYTES:
                    raise ChildLost(self._why())
        line, _, self._left = b"".join(chunks).partition(b"\n")
        return line

    def _why(self) -> str:
        """The code for how the child ended; ends it when it still runs."""
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.close()
            return "check_crashed"
        self.close()
        return "check_took_too_long" if self._process.returncode == -signal.SIGXCPU else "check_crashed"

    def close(self) -> None:
        """End the child, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(answer: Callable[[bytes], dict[str, Any]], cpu_s: int | None = None) -> None:
    """In the child: answer frames until the parent closes. Each frame may use `cpu_s` seconds of CPU."""
    import resource

    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while header := stdin.read(4):
        frame = _exactly(stdin, struct.unpack(">I", header)[0])
        if cpu_s is not None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, -1))
        stdout.write(json.dumps(answer(frame)).encode() + b"\n")
        stdout.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data
