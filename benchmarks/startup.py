"""What starting costs: the whole command against a bare import of SymPy, as ratios.

    python benchmarks/startup.py [rounds]

The commands run in turn, so that a busy moment of the machine meets all of them; a ratio is that
of the medians. All have their bytecode in a folder of their own, as an installed package has.
Aims: the main job at most 1.3 times `import sympy`, `--help` and `--version` under a fifth of it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMANDS: dict[str, tuple[list[str], float]] = {
    "import sympy": (["-c", "import sympy"], 1.0),
    "derivation": (["-m", "derivation"], 1.3),
    "derivation --format json": (["-m", "derivation", "--format", "json"], 1.3),
    "derivation list": (["-m", "derivation", "list"], 0.2),
    "derivation --help": (["-m", "derivation", "--help"], 0.2),
    "derivation --version": (["-m", "derivation", "--version"], 0.2),
}


def seconds(arguments: list[str], bytecode: str) -> float:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - start


def main(rounds: int = 15) -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as bytecode:
        for arguments, _ in COMMANDS.values():
            seconds(arguments, bytecode)  # once unmeasured: it compiles
        for _ in range(rounds):
            for name, (arguments, _) in COMMANDS.items():
                taken[name].append(seconds(arguments, bytecode))
    base = statistics.median(taken["import sympy"])
    print(f"{'':28}{'median':>9}{'ratio':>8}{'aim':>8}   ({rounds} rounds, interleaved)")
    for name, (_, aim) in COMMANDS.items():
        median = statistics.median(taken[name])
        ratio = median / base
        verdict = "" if name == "import sympy" else "  ok" if ratio <= aim else "  above the aim"
        print(f"{name:28}{median:8.3f}s{ratio:8.2f}{aim:8.2f}{verdict}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
