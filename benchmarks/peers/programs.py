"""What the programs of all peers share: one job a process, timed apart from its imports.

A peer's program is a file of this folder that the peer's own Python runs:

    python in_PEER.py JOB [DATA.json]            the job, timed
    python in_PEER.py JOB DATA.json --values     the job's answer, evaluated at the data's arrays

It prints one line of JSON: the seconds that the job took, the answer as the peer shows it, its
length, and the values where they are asked for. Only the standard library is imported here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWN = 4000  # characters of an answer


@dataclass(frozen=True)
class Program:
    """How a peer does a job.

    Attributes:
        run: The work, given the job's data: what is timed. Returns the answer.
        show: The answer as the peer prints it.
        values: The answer's entries at the data's arrays, in order, as one flat list.
        length: How long the answer is, in nodes of the peer's own trees.
    """

    run: Callable[[Mapping[str, Any]], Any]
    show: Callable[[Any], str] = str
    values: Callable[[Any, Mapping[str, Any]], list[float]] | None = None
    length: Callable[[Any], int] | None = None


def serve(programs: Mapping[str, Program], version: str) -> None:
    """Does the job named on the command line and prints what came of it."""
    job, *rest = sys.argv[1:]
    program = programs[job]
    data = json.loads(Path(rest[0]).read_text(encoding="utf-8")) if rest else {}
    start = time.perf_counter()
    answer = program.run(data)
    own = time.perf_counter() - start
    said: dict[str, Any] = {"own": own, "version": version}
    if "--values" in rest:
        said["answer"] = program.show(answer)[:SHOWN]
        said["length"] = program.length(answer) if program.length else None
        said["values"] = program.values(answer, data) if program.values else None
    elif isinstance(answer, dict):
        said["answer"] = answer
    print(json.dumps(said))
