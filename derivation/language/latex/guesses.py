"""What a document seems to mean and does not say: offered to be confirmed, never used."""

from __future__ import annotations

import re
from typing import Any

from derivation.language.latex.document import Document
from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Ranges
from derivation.language.latex.reading import Guess
from derivation.language.latex.survey import Key, Survey

_SOFTMAX = re.compile(r"soft-?max", re.I)
_SIGMOID = re.compile(r"\b(sigmoid|logistic)\b", re.I)
_SIMPLEX = re.compile(
    r"one-?hot|sums? (up )?to (one|1)|probability (distribution|vector)|\bdistribution over\b", re.I
)


def guesses(
    document: Document,
    survey: Survey,
    names: Names,
    definitions: dict[Key, Any],
    program: str,
    ranges: Ranges,
) -> tuple[Guess, ...]:
    """A softmax or sigmoid that only the words name; targets that sum to one."""
    out: list[Guess] = []
    by_key = dict(names.by_key)

    def array(base: str, marks: tuple[str, ...] = ()) -> str | None:
        name = by_key.get((base, marks, ""))
        if name is None or survey.ranks.get((base, marks, ""), 0) != 1:
            return None
        return name

    def size(name: str) -> str | None:
        r = ranges.slots.get((name, 0))
        return None if r is None else ranges.size.get(ranges.find(r))

    inputs = {k for k in by_key if k not in definitions}
    said = document.prose
    outputs = [k for k in inputs if k[0] in "ypaqso" and len(k[0]) == 1 and k != ("y", (), "")]
    logits = [k for k in inputs if k[0] in ("z", "s", "o", "a", "x", "u", "v") and k not in outputs]
    for key in outputs:
        name = array(key[0], key[1])
        source = next((array(k[0], k[1]) for k in logits if array(k[0], k[1])), None)
        if name and source and size(name) and _SOFTMAX.search(said):
            out.append(
                Guess(
                    f"{name}[i] = softmax({source}[k] for k in {size(name)})[i]",
                    f"the text speaks of a softmax, and {name} is not defined",
                )
            )
        elif name is None and source is None and _SIGMOID.search(said):
            scalar = by_key[key]
            inner = next((by_key[k] for k in logits if not survey.ranks.get(k, 0)), None)
            if inner and not survey.ranks.get(key, 0) and scalar != inner:
                out.append(
                    Guess(
                        f"{scalar} = sigmoid({inner})",
                        f"the text speaks of a sigmoid, and {scalar} is not defined",
                    )
                )
    for base in ("y", "t", "p", "q"):
        name = array(base)
        if name and (base, (), "") in inputs and size(name) and _SIMPLEX.search(said):
            given = f"given sum({name}[i] for i in {size(name)}) == 1"
            if f"sum({name}[" not in "".join(
                x for x in program.split("\n") if x.startswith("given")
            ):
                out.append(Guess(given, "the text speaks of a distribution or a one-hot vector"))
    return tuple(out[:6])
