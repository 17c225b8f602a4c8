"""The prelude: lemmas and tactics in Coq, of which a file gets those that it uses.

``prelude.v`` is a series of units, each a definition, a lemma with its proof or a tactic. A unit
is used by a text that says its name, or by a unit that is used. A line of a tactic that ends in a
comment of one word is left out where the text does not say the word: ``(* sqrt *)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PRELUDE = (Path(__file__).parent / "prelude.v").read_text(encoding="utf-8")
_START = re.compile(r"(?:Lemma|Definition|Fixpoint|Ltac|Create HintDb|Tactic Notation|\(\*) ?")
_NAME = re.compile(
    r'^(?:Lemma|Definition|Fixpoint|Ltac|Create HintDb|with|Tactic Notation) "?([\w\']+)', re.M
)
_WORD = re.compile(r"[A-Za-z_0-9][\w']*")
_MARKED = re.compile(r" \(\* ([\w']+) \*\)$")
# what a text has in it, as a word that lines can be marked with
_FEATURES = {
    "guarded": re.compile(r"sum \S+ \(fun \w+ => if "),
    "products": re.compile(r"P\d+ : .*(?:\*.*<> 0|0 <.*\*)"),
    "summed": re.compile(r"P\d+ : .*sum .*(?:<> 0|0 <)|P\d+ : .*0 < .*sum "),
    "compared": re.compile(r"Rltb|Rleb|Reqb"),
    "fourth": re.compile(r"\^ 4\b"),
    "log1p": re.compile(r"\(ln \(1 \+ "),
}

# every name that the prelude defines
NAMES = frozenset(_NAME.findall(PRELUDE))
TACTICS = frozenset(re.findall(r"^Ltac (\w+)", PRELUDE, re.M))


@dataclass(frozen=True)
class Unit:
    """A part of the prelude: its text, the names it defines, and whether it is a heading."""

    text: str
    names: tuple[str, ...]

    @property
    def heading(self) -> bool:
        return self.text.startswith("(* ----")


def _units() -> tuple[str, list[Unit]]:
    """What every file begins with, and the units; a comment belongs to the unit below it."""
    blocks: list[list[str]] = [[]]
    comment = False  # whether the block so far is a comment only
    for line in PRELUDE.splitlines():
        if _START.match(line) and not comment:
            blocks.append([])
        blocks[-1].append(line)
        if line.startswith("(* ----"):
            blocks.append([])
        elif line.startswith("(*"):
            comment = True
        elif not line or _START.match(line):
            comment = False
    texts = ["\n".join(b).strip("\n") for b in blocks]
    opening = next(k for k, t in enumerate(texts) if t.startswith("(* ----"))
    units = [Unit(t, tuple(_NAME.findall(t))) for t in texts[opening:] if t]
    return "\n".join(texts[:opening]).strip(), units


OPENING, UNITS = _units()


def _without(text: str, words: frozenset[str]) -> str:
    """The unit without the lines that are marked with a word that is not used."""
    kept = []
    for line in text.splitlines():
        marked = _MARKED.search(line)
        if marked is None:
            kept.append(line)
        elif marked.group(1) in words:
            kept.append(line[: marked.start()])
    return "\n".join(kept)


def words(text: str) -> frozenset[str]:
    """The words of a Coq text, and those that stand for what it has in it."""
    return frozenset(_WORD.findall(text)).union(w for w, p in _FEATURES.items() if p.search(text))


def used_by(text: str) -> str:
    """The part of the prelude that a Coq text uses.

    >>> small = used_by("Check sum_plus.")
    >>> "Fixpoint sum" in small, "sum_swap" in small
    (True, False)
    """
    said = words(text)
    by_name = {n: u for u in UNITS for n in u.names}
    queue, kept = list(said), {}
    while queue:
        unit = by_name.get(queue.pop())
        if unit is not None and unit.text not in kept:
            kept[unit.text] = _without(unit.text, said)
            queue.extend(words(kept[unit.text]))
    out, heading = [OPENING], ""
    for unit in UNITS:
        if unit.heading:
            heading = unit.text
        elif unit.text in kept:
            if heading:
                out.append(f"\n{heading}\n")
                heading = ""
            out.append(kept[unit.text])
    return "\n".join(out) + "\n"
