"""Runs coqc on a source that was written here, and says whether its theorem stands.

A file with ``Admitted`` in it leaves coqc with status 0, and an old ``.vo`` can answer for a new
source: so the check runs in a fresh folder, refuses every word that leaves something unproved, and
compares the axioms that Coq prints, theorem by theorem, with the four of Coquelicot's own
``is_derive_ln``. No axioms at all is refused too: the real numbers of Coq's library rest on some.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

AXIOMS = frozenset(("sig_not_dec", "sig_forall_dec", "functional_extensionality_dep", "classic"))
UNPROVED = re.compile(
    r"\b(Admitted|admit|give_up|Abort|Axioms?|Parameters?|Conjectures?|Load|Declare\s+ML|Unset|Set"
    r"\s+\w+|bypass_check|Redirect|Cd|Drop|Extraction)\b"
)
PATIENCE = 600.0  # seconds


@dataclass(frozen=True)
class Verdict:
    """What coqc says: whether all theorems stand, the axioms they rest on, seconds, and why not."""

    accepted: bool
    axioms: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str = ""


def available() -> bool:
    """Whether coqc can be run."""
    return shutil.which("coqc") is not None


def check(text: str, *, patience: float = PATIENCE) -> Verdict:
    """Compiles the source in a fresh folder and looks at what its theorems rest on."""
    bare = without_comments(text)
    found = UNPROVED.search(bare)
    if found:
        return Verdict(False, reason=f"the source says `{found.group()}`")
    theorems = re.findall(r"^Print Assumptions ([\w.']+)\.$", bare, re.M)
    if any(name.rpartition(".")[2] != "derivative" for name in theorems):
        theorems = []  # the answer would be about something else
    if not theorems or len(theorems) != len(re.findall(r"^\s*Theorem ", bare, re.M)):
        return Verdict(False, reason="the source does not ask for what each theorem rests on")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "derivative.v")
        path.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        try:
            done = subprocess.run(
                ["coqc", "-q", "-w", "none", path.name],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=patience,
            )
        except subprocess.TimeoutExpired:
            return Verdict(False, seconds=patience, reason=f"no answer in {patience:.0f} s")
        except OSError as error:
            return Verdict(False, reason=f"coqc cannot be run: {error.strerror}")
        seconds = time.perf_counter() - start
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        return Verdict(False, seconds=seconds, reason=said or f"coqc ended with {done.returncode}")
    return _judged(done.stdout, len(theorems), seconds)


def _judged(said: str, theorems: int, seconds: float) -> Verdict:
    """The axioms that coqc printed, against those that are allowed."""
    parts = re.split(r"^Axioms:$", said, flags=re.M)[1:]
    if len(parts) != theorems:
        return Verdict(False, seconds=seconds, reason="coqc names no axioms: an empty answer")
    axioms: set[str] = set()
    for part in parts:
        names = re.findall(r"^([A-Za-z_][\w.']*)\s*(?=:|$)", part, re.M)
        own = {n.rpartition(".")[2] for n in _names(part)}
        if not own or not names:
            return Verdict(False, seconds=seconds, reason="coqc names no axioms: an empty answer")
        axioms |= own
    strange = axioms - AXIOMS
    if strange:
        names_ = ", ".join(sorted(strange))
        return Verdict(
            False, tuple(sorted(axioms)), seconds, f"it rests on further axioms: {names_}"
        )
    return Verdict(True, tuple(sorted(axioms)), seconds)


def _names(part: str) -> list[str]:
    """The names at the start of a line, up to where the next answer begins."""
    out = []
    for line in part.splitlines()[1:]:
        found = re.match(r"([A-Za-z_][\w.']*)(?: :.*)?$", line)
        if found:
            out.append(found.group(1))
        elif line and not line[0].isspace():
            break
    # what `Check` prints of the next theorem begins with its name
    return [n for n in out if not n.endswith("derivative")]


def without_comments(text: str) -> str:
    """The source without its comments, which nest."""
    out, depth, k = [], 0, 0
    while k < len(text):
        two = text[k : k + 2]
        if two == "(*":
            depth, k = depth + 1, k + 2
        elif two == "*)" and depth:
            depth, k = depth - 1, k + 2
        else:
            if not depth:
                out.append(text[k])
            k += 1
    return "".join(out)
