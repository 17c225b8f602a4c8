"""One process, measured from outside: wall time, peak memory, and what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """A finished process: seconds, peak memory in MB, output; ``said`` is its last line of JSON."""

    seconds: float
    memory: float
    status: int
    output: str
    said: dict[str, Any] | None


def run(command: Sequence[str], *, limit: float = 300, cwd: str | None = None) -> Run:
    """Runs a command to its end, or ends it after ``limit`` seconds (status -9).

    Its output goes to a file, so that reading it costs the command nothing. The peak is as the
    system counts it, at least that of the caller when it starts the process: so a caller that
    measures imports nothing large itself.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=env, cwd=cwd)  # fmt: skip
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    said = None
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            said = json.loads(line)
            break
    return Run(seconds, usage.ru_maxrss / 1024, process.returncode, output, said)
