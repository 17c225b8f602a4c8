"""What the programs of all peers share: one job a process, timed apart from its imports.

A peer's program is a file of this folder that the peer's own Python runs:

    python in_PEER.py JOB [DATA.json]            the job, timed
    python in_PEER.py JOB DATA.json --values     the job's answer, evaluated at the data's arrays

It prints one line of JSON: the seconds of processor time that the job took (all jobs run in one
thread, and other work on the machine does not count), the answer as the peer shows it, its
length, and the values where they are asked for. Only the standard library is imported here.
"""

from __future__ import annotations

import json
import signal
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


class Unsaid(Exception):
    """A job that the peer has no words for."""


def each_item(item: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A job that does a list of items, each in bounded time; what an item comes to is a string
    where there is no answer."""

    def late(*_: Any) -> None:
        raise TimeoutError

    def run(data: Mapping[str, Any]) -> dict[str, Any]:
        signal.signal(signal.SIGALRM, late)
        found: dict[str, Any] = {}
        for name, tree in data["items"].items():
            if "unsaid" in tree:
                found[name] = "cannot say it"
                continue
            signal.alarm(data["limit"])
            try:
                found[name] = item(tree)
            except TimeoutError:
                found[name] = f"over {data['limit']} s"
            except Unsaid:
                found[name] = "cannot say it"
            except Exception as error:
                found[name] = f"`{type(error).__name__}: {str(error)[:60]}`"
            finally:
                signal.alarm(0)
        return found

    return run


def serve(programs: Mapping[str, Program], version: str) -> None:
    """Does the job named on the command line and prints what came of it."""
    job, *rest = sys.argv[1:]
    program = programs[job]
    data = json.loads(Path(rest[0]).read_text(encoding="utf-8")) if rest else {}
    start = time.process_time()
    answer = program.run(data)
    own = time.process_time() - start
    said: dict[str, Any] = {"own": own, "version": version}
    if "--values" in rest:
        said["answer"] = program.show(answer)[:SHOWN]
        said["length"] = program.length(answer) if program.length else None
        said["values"] = program.values(answer, data) if program.values else None
    elif isinstance(answer, dict):
        said["answer"] = answer
    print(json.dumps(said))
