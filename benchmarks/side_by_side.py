"""Every peer beside this package, job by job, in one table of ratios.

    benchmarks/run [--quick] [--rounds N] [--only PART …] [--venvs DIR] [--out FILE]

Each process starts cold. The peers of a job run in turn, so that a busy moment of the machine meets
all of them; a number is the median of its runs, a ratio that of two medians. ``--quick`` runs each
once, on small parts and without the peers that take gigabytes, and writes nothing but its output.

To add a job, add it to ``jobs.py`` and to the programs of the peers that can do it; to add a peer,
add it to ``peers/__init__.py`` and give it a program beside the others.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.jobs import FLAGSHIP_AT, JOBS, MAXIMA, TEN_LINES, Job
from benchmarks.measure import Run, run
from benchmarks.peers import MAXIMA as MAXIMA_TOOL
from benchmarks.peers import (
    OURS,
    PEERS,
    ROOT,
    SYMPY,
    TENSORGRAD,
    TORCH,
    NotInstalled,
    Peer,
    interpreter,
    tool,
)

RESULTS = Path(__file__).parent / "RESULTS.md"
ITEMS = ROOT / "tests" / "data" / "public.json"
PARTS = ("startup", "gradients", "networks", "sizes", "check", "verify", "corpus")
ITEM_LIMIT = 10  # seconds for an item of the corpus
LAYERS = (1, 2, 4, 8, 16, 32, 64)
CERTIFIED = ("softmax-cross-entropy", "softmax-cross-entropy-hessian", "layernorm",
             "attention-queries", "tsne", "lstm-cell", "mlp-two-layer")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line of the table: a measure of a job, ours and another's; ``limit`` bounds the ratio."""

    job: str
    measure: str
    ours: str
    against: str
    theirs: str
    ratio: float | None = None
    limit: float | None = None
    remark: str = ""


@dataclass
class Bench:
    """What a run has at hand and what it found."""

    rounds: int
    quick: bool
    venvs: Path
    folder: Path
    pythons: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    file: Path | None = None
    load: float = 0.0

    # -- peers ------------------------------------------------------------------------------

    def install(self) -> None:
        for peer in PEERS:
            try:
                if self.quick and peer.heavy:
                    raise NotInstalled("left out of a quick run")
                self.pythons[peer.name] = tool(peer) if peer.tool else interpreter(peer, self.venvs)
            except NotInstalled as reason:
                self.absent[peer.name] = str(reason)
                print(f"{peer.name}: {reason}", file=sys.stderr)

    def command(self, peer: Peer, job: str, data: Mapping[str, Any] | None = None) -> list[str]:
        command = [
            self.pythons[peer.name],
            str(Path(__file__).parent / "peers" / peer.program),
            job,
        ]
        if data is not None:
            path = self.folder / f"{peer.venv}-{job}-{len(list(self.folder.iterdir()))}.json"
            path.write_text(json.dumps(data), encoding="utf-8")
            command.append(str(path))
        return command

    def here(self, peer: Peer) -> bool:
        return peer.name in self.pythons

    def once(self, command: Sequence[str], limit: float = 300) -> Run:
        ran = run(command, limit=limit, cwd=str(self.folder))
        return ran

    def alternated(
        self, commands: Mapping[str, Sequence[str]], limit: float = 300
    ) -> dict[str, list[Run]]:
        """Each command ``rounds`` times in turn, after one run each that does not count."""
        taken: dict[str, list[Run]] = {name: [] for name in commands}
        for number in range(self.rounds if self.quick else self.rounds + 1):
            for name, command in commands.items():
                ran = self.once(command, limit)
                if number or self.quick:
                    taken[name].append(ran)
        return taken

    def save(self) -> None:
        """Writes what there is so far: it outlives a run that is cut short."""
        if self.file is not None:
            self.file.write_text(report(self), encoding="utf-8")

    # -- what is measured -------------------------------------------------------------------

    def startup(self) -> None:
        """The flagship as a whole process, and its peak memory."""
        python = self.pythons["SymPy"]
        ours = str(Path(python).parent / "derivation")
        commands: dict[str, list[str]] = {
            "ours": [ours],
            "import sympy": [python, "-c", "import sympy"],
            "SymPy's recipe": self.command(SYMPY, "flagship"),
        }
        if self.here(TENSORGRAD):
            commands["tensorgrad"] = self.command(TENSORGRAD, "flagship-fused")
        if self.here(TORCH):
            commands["PyTorch (numbers at K = 1000)"] = self.command(TORCH, "flagship", {"K": 1000})
        if self.here(MAXIMA_TOOL):
            commands["Maxima"] = [
                self.pythons["Maxima"],
                "--very-quiet",
                f"--batch-string={MAXIMA}",
            ]
        taken = self.alternated(commands)
        limits = {"import sympy": 1.3, "SymPy's recipe": 0.6, "tensorgrad": 0.25}
        remarks = self._flagship_remarks(taken)
        job = "flagship, whole process"
        for name in commands:
            if name != "ours":
                self.compare(job, "time", name, _seconds(taken["ours"]), _seconds(taken[name]),
                             limits.get(name), remarks.get(name, ""))  # fmt: skip
        for name in commands:
            if name != "ours":
                self.compare(job, "peak memory", name, _memory(taken["ours"]), _memory(taken[name]),
                             1.5 if name == "import sympy" else None, show=_megabytes)  # fmt: skip
        for peer in (TENSORGRAD, TORCH, MAXIMA_TOOL):
            self.missing(job, peer)
        if self.here(TORCH):
            told = [r.said["answer"] for r in taken["PyTorch (numbers at K = 1000)"] if r.said]
            micro = statistics.median(a["seconds"] for a in told) * 1e6
            self.said.append(
                f"- **PyTorch**, autograd at K = 1000: {micro:.0f} µs a gradient once it is warm; "
                "numbers, no formula."
            )

    def _flagship_remarks(self, taken: Mapping[str, list[Run]]) -> dict[str, str]:
        remarks = {}
        if "Maxima" in taken:
            answer = taken["Maxima"][0].output.strip().splitlines()[-1].strip()
            right = "exp" in answer
            remarks["Maxima"] = "" if right else f"wrong: it answers `{answer}`"
            self.said.append(f"- **Maxima**, flagship, symbolic K: `{answer}`.")
        return remarks

    def gradients(self) -> None:
        """Own time of each gradient, every answer judged by numbers."""
        for job in JOBS[:2] if self.quick else JOBS:
            self._gradient(job)
            self.save()

    def _gradient(self, job: Job) -> None:
        data = {"arrays": job.arrays, "sizes": job.sizes}
        entrants = {"ours": (OURS, job.name), "confirmed": (OURS, f"{job.name}-confirmed")}
        if self.here(TENSORGRAD):
            entrants["tensorgrad"] = (TENSORGRAD, job.name)
            if job.order == 2 or job.name == "flagship":
                entrants["tensorgrad, its cross_entropy"] = (TENSORGRAD, f"{job.name}-fused")
        entrants["SymPy"] = (SYMPY, job.name)
        commands: dict[str, list[str]] = {}
        verdicts: dict[str, str] = {}
        for name, (peer, program) in entrants.items():
            command = self.command(peer, program)
            if name != "confirmed":
                values = [*self.command(peer, program, data), "--values"]
                verdicts[name] = self._judged(job, name, self.once(values, 120))
                if verdicts[name].startswith("no answer"):
                    continue
            commands[name] = command
        taken = self.alternated(commands)
        if verdicts["ours"] != "right":
            self.rows.append(Row(job.title, "own time", verdicts["ours"], "", ""))
            return
        mine, confirmed = _own(taken["ours"]), _own(taken["confirmed"])
        for name in entrants:
            if name in ("ours", "confirmed"):
                continue
            if name not in commands:
                self.rows.append(Row(job.title, "own time", _time(mine), name, verdicts[name]))
                continue
            theirs = _own(taken[name])
            limit = 0.5 if name.startswith("tensorgrad") else None
            remark = "" if verdicts[name] == "right" else verdicts[name]
            self.compare(job.title, "own time", name, mine, theirs, limit, remark)
            if name.startswith("tensorgrad"):
                self.compare(job.title, "own time, every step also confirmed", name, confirmed,
                             theirs, None, remark)  # fmt: skip
        self.missing(job.title, TENSORGRAD)

    def _judged(self, job: Job, name: str, ran: Run) -> str:
        """Whether an answer is right, and what it is, kept for the notes."""
        who = "derivation" if name == "ours" else name
        if ran.said is None or ran.status:
            last = ran.output.strip().splitlines()[-1:] or [f"status {ran.status}"]
            said = "out of time (120 s)" if ran.status == -9 else last[0]
            self.said.append(f"- **{who}**, {job.title}: no answer, `{said[:300]}`.")
            return f"no answer: `{said[:80]}`"
        self.versions[who.split(",")[0]] = ran.said["version"]
        right = ran.said["values"] is not None and job.right(ran.said["values"])
        verdict = "right" if right else "wrong"
        self.said.append(
            f"- **{who}**, {job.title}, {verdict} at the numbers tried, "
            f"{ran.said['length']} nodes: "
            f"`{ran.said['answer'][:400]}`."
        )
        if name == "ours" and right:
            self._no_longer(job, ran.said["length"])
        return verdict

    def _no_longer(self, job: Job, length: int) -> None:
        """The length of our result against the published formula's, both as the language counts."""
        data = {"formula": job.published, "name": job.name}
        ran = self.once(self.command(OURS, "published", data))
        if ran.said is None:
            raise SystemExit(ran.output)
        published = ran.said["answer"]["nodes"]
        self.rows.append(Row(job.title, "length", f"{length} nodes", "as published",
                             f"{published} nodes", length / published, 1.0))  # fmt: skip

    def networks(self) -> None:
        """Dense networks of many layers: time and steps as powers of the number of layers."""
        lines = ["| layers | derived in | steps | nodes, names and all | tensorgrad |",
                 "|---:|---:|---:|---:|---:|"]  # fmt: skip
        found: list[tuple[int, float, int]] = []
        rounds = 1 if self.quick else 3
        others = True
        for layers in LAYERS[:2] if self.quick else LAYERS:
            command = self.command(OURS, "network", {"layers": layers})
            told = []
            for _ in range(rounds):
                ran = self.once(command, 600)
                if ran.said is None:
                    raise SystemExit(f"{layers} layers: {ran.output[-500:]}")
                told.append(ran.said["answer"])
            seconds = statistics.median(a["seconds"] for a in told)
            theirs = "not installed"
            if self.here(TENSORGRAD):
                theirs = "not tried"
                if others:
                    ran = self.once(self.command(TENSORGRAD, "network", {"layers": layers}), 120)
                    others = ran.said is not None
                    theirs = _time(ran.said["answer"]["seconds"]) if ran.said else "over 120 s"
            found.append((layers, seconds, told[0]["steps"]))
            lines.append(f"| {layers} | {_time(seconds)} | {told[0]['steps']} | {told[0]['nodes']} "
                         f"| {theirs} |")  # fmt: skip
        for what, at in (("time", 1), ("steps", 2)):
            exponent = _exponent([(f[0], f[at]) for f in found])
            self.rows.append(Row(f"n dense layers, n = 1…{found[-1][0]}", f"growth of {what}",
                                 f"n^{exponent:.2f}", "linear", "n^1", exponent, 1.1))  # fmt: skip
        self.details.append("\n".join(["## Networks", "", *lines]))

    def sizes(self) -> None:
        """The flagship at K written out as a number, and as a symbol; SymPy at K scalars."""
        sizes: tuple[Any, ...] = ("K", 2, 100) if self.quick else ("K", 2, 100, 10_000)
        commands = {}
        for k in sizes:
            program = {"program": FLAGSHIP_AT.format(K=k)}
            commands[str(k)] = self.command(OURS, "prove-program", program)
            commands[f"{k} confirmed"] = self.command(OURS, "program", program)
        taken = self.alternated(commands)
        itself = "itself, K a symbol: any K, 10^6 too"
        for k in sizes[1:]:
            job = f"flagship, K = {k:,} in the program"
            self.compare(job, "own time", itself, _own(taken[str(k)]), _own(taken["K"]), 1.1)
        job = f"flagship, K = {sizes[-1]:,} in the program"
        self.compare(job, "own time, every step also confirmed", itself,
                     _own(taken[f"{sizes[-1]} confirmed"]), _own(taken["K confirmed"]))  # fmt: skip
        ours = _own(taken["K"])
        for k in (4, 16) if self.quick else (4, 16, 64):
            for raw in (True, False):
                ran = self.once(self.command(SYMPY, "explicit", {"K": k, "raw": raw}), 120)
                what = "diff of one entry" if raw else "diff of one entry and simplify"
                if ran.said is None:
                    self.rows.append(Row("flagship, every K", "own time", _time(ours),
                                         f"SymPy at K = {k}, {what}", "over 120 s"))  # fmt: skip
                    continue
                self.compare("flagship, every K", "own time",
                             f"SymPy at K = {k}, {what}", ours, ran.said["own"])  # fmt: skip

    def check(self) -> None:
        """A derivation of ten lines, judged."""
        ran = self.alternated({"check": self.command(OURS, "check", {"document": TEN_LINES})})
        own = _own(ran["check"])
        self.rows.append(Row("check, ten lines", "own time", _time(own), "the bound", "200 ms",
                             own / 0.2, 1.0))  # fmt: skip

    def verify(self) -> None:
        """A certificate verified, against what it took to derive."""
        totals = {"derive": 0.0, "confirmed": 0.0, "verify": 0.0}
        for name in CERTIFIED[:1] if self.quick else CERTIFIED:
            made = self.once(self.command(OURS, "certificate", {"name": name}))
            if made.said is None:
                raise SystemExit(made.output)
            text = made.said["answer"]["text"]
            commands = {
                "derive": self.command(OURS, "prove", {"name": name}),
                "confirmed": self.command(OURS, "derive", {"name": name}),
                "verify": self.command(OURS, "verify", {"certificate": text}),
            }
            for what, runs in self.alternated(commands).items():
                totals[what] += _own(runs)
        job = f"verify, {len(CERTIFIED)} certificates"
        self.compare(job, "own time", "deriving them", totals["verify"], totals["confirmed"], 0.25)
        self.compare(job, "own time", "the search and proof alone", totals["verify"],
                     totals["derive"])  # fmt: skip

    def corpus(self) -> None:
        """The public corpus: ours, SymPy at size 3, tensorgrad where it can say the item."""
        data = {"items": str(ITEMS), "rounds": 1 if self.quick else 5, "size": 3,
                "first": 3 if self.quick else 10_000}  # fmt: skip
        ran = self.once(self.command(OURS, "corpus", data), 3000)
        if ran.said is None:
            raise SystemExit(ran.output[-2000:])
        rows = ran.said["answer"]["rows"]
        lines = ["| item | ours | steps | nodes | published | SymPy, size 3 | nodes | tensorgrad "
                 "| nodes |", "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
        ratios: dict[str, list[float]] = {"SymPy": [], "tensorgrad": []}
        trees = {name: row["tree"] for name, row in rows.items()}
        theirs = {peer.name: self._items(peer, trees) for peer in (SYMPY, TENSORGRAD)}
        for name, row in rows.items():
            cells = [name, _time(row["seconds"]), row["steps"], row.get("nodes", "not derived"),
                     row.get("published", "")]  # fmt: skip
            for peer, answers in theirs.items():
                found = answers[name]
                if isinstance(found, str):
                    cells += [found, ""]
                else:
                    ratios[peer].append(row["seconds"] / found["seconds"])
                    cells += [_time(found["seconds"]), found["nodes"]]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
        done = [r for r in rows.values() if "nodes" in r]
        short = sum(r["nodes"] <= r["published"] for r in done)
        times = [r["seconds"] for r in done]
        job = f"corpus, {len(rows)} gradients"
        self.rows.append(Row(job, "derived, no longer than published", f"{len(done)}, {short}",
                             "all", f"{len(rows)}"))  # fmt: skip
        self.rows.append(
            Row(
                job,
                "own time, warm: median, longest",
                f"{_time(statistics.median(times))}, {_time(max(times))}",
                "",
                "",
            )
        )
        for peer, at in (("SymPy", " at size 3, one entry"), ("tensorgrad", "")):
            if ratios[peer]:
                what = peer + at
                measure = f"own time, median ratio of the {len(ratios[peer])} it does"
                ratio = statistics.median(ratios[peer])
                self.rows.append(Row(job, measure, "", what, "", ratio))
        self.details.append("\n".join(["## The corpus, item by item", "",
            "Ours is every entry at every size, each step proved, in one warm process; SymPy's is "
            "one entry with every size 3 (`diff`, `simplify`), tensorgrad's the whole gradient.",
            "",
            *lines]))  # fmt: skip

    def _items(self, peer: Peer, trees: Mapping[str, Any]) -> dict[str, Any]:
        """What a peer makes of each item: seconds and nodes, or why there is no answer."""
        if not self.here(peer):
            return dict.fromkeys(trees, "not here")
        ran = self.once(self.command(peer, "items", {"items": trees, "limit": ITEM_LIMIT}), 3000)
        if ran.said is None:
            raise SystemExit(ran.output[-2000:])
        found: dict[str, Any] = ran.said["answer"]
        return found

    # -- rows -------------------------------------------------------------------------------

    def compare(
        self, job: str, measure: str, against: str, ours: float, theirs: float,
        limit: float | None = None, remark: str = "", show: Callable[[float], str] | None = None,
    ) -> None:  # fmt: skip
        show = show or _time
        self.rows.append(
            Row(job, measure, show(ours), against, show(theirs), ours / theirs, limit, remark)
        )

    def missing(self, job: str, peer: Peer) -> None:
        if peer.name in self.absent:
            self.rows.append(Row(job, "", "", peer.name, f"not here: {self.absent[peer.name]}"))


def _seconds(runs: Sequence[Run]) -> float:
    return statistics.median(r.seconds for r in runs)


def _memory(runs: Sequence[Run]) -> float:
    return statistics.median(r.memory for r in runs)


def _own(runs: Sequence[Run]) -> float:
    for r in runs:
        if r.said is None:
            raise SystemExit(f"a run gave nothing:\n{r.output[-2000:]}")
    return statistics.median(r.said["own"] for r in runs if r.said)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _megabytes(memory: float) -> str:
    return f"{memory:.0f} MB"


def _exponent(points: Sequence[tuple[int, float]]) -> float:
    """The slope of the straight line through the points' logarithms."""
    xs, ys = ([math.log(p[k]) for p in points] for k in (0, 1))
    x0, y0 = statistics.mean(xs), statistics.mean(ys)
    over = sum((x - x0) * (y - y0) for x, y in zip(xs, ys, strict=True))
    return over / sum((x - x0) ** 2 for x in xs)


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = ("job", "measure", "derivation", "against", "theirs", "ratio", "goal", "")
    lines = ["| " + " | ".join(head) + " |", "|---|---|---:|---|---:|---:|---:|---|"]
    for r in rows:
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        goal = "" if r.limit is None else f"≤ {r.limit:g}"
        met = ""
        if r.limit is not None and r.ratio is not None:
            met = "met" if r.ratio <= r.limit else "**missed**"
        cells = (r.job, r.measure, r.ours, r.against, r.theirs, ratio, goal,
                 "; ".join(filter(None, (met, r.remark))))  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """What kind of machine it is, without its name."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return (f"{os.cpu_count()} cores, {model}, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}")  # fmt: skip


def report(bench: Bench) -> str:
    versions = ", ".join(f"{name} {v}" for name, v in sorted(bench.versions.items()))
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    return "\n".join([
        "# Side by side", "",
        f"Written by `benchmarks/run` on {today}: {machine()}; {versions}. "
        f"Load when it began: {bench.load:.1f}. Medians of {bench.rounds} runs of each process, "
        "the peers of a job in turn; a number below is only worth as much as its ratio. Own time "
        "is the processor's for the job in a process that has only imported; ours is the whole "
        "derivation with every step proved by the kernel.", "",
        table(bench.rows), "",
        "## What was answered", "",
        "Each answer was evaluated at fixed numbers and compared with central differences of the "
        "loss in plain Python.", "",
        *bench.said, "",
        *(f"{d}\n" for d in bench.details),
    ]).rstrip() + "\n"  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="each part once and small; no file")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each process (default 5)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=f"of {', '.join(PARTS)}; no file unless --out")  # fmt: skip
    parser.add_argument(
        "--venvs",
        type=Path,
        default=ROOT / "build" / "benchmarks",
        help="where the peers' environments are kept (default build/benchmarks)",
    )
    parser.add_argument("--out", type=Path, help=f"default {RESULTS.name}, for a whole run")
    asked = parser.parse_args(argv)
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        rounds = 1 if asked.quick else asked.rounds
        bench = Bench(rounds, asked.quick, asked.venvs.resolve(), Path(folder))
        bench.install()
        whole = tuple(asked.only) == PARTS and not asked.quick
        out = asked.out or (RESULTS if whole else None)
        if out is not None:
            bench.file, bench.load = out, load[0]
        for part in asked.only:
            print(f"… {part}", file=sys.stderr, flush=True)
            getattr(bench, part)()
            bench.save()
    print(table(bench.rows))
    return 0
