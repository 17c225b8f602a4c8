"""What the Coq file states: inputs, givens, definitions and the theorem, from the problem alone.

The engine has no part in this: a wrong derivation gives a theorem that ``coqc`` refuses, never a
theorem about something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.writer import Env, Writer
from derivation.normal import oriented
from derivation.steps import Outcome
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    Relation,
    every,
    free_indices,
    indices_of,
    is_element,
    name_of,
    neg,
    sigmoid,
)


class Statement:
    """The parts of the theorem as text.

    Attributes:
        inputs: Names of the inputs other than the variable.
        constant: Assumptions that do not depend on the variable: name and proposition.
        varying: Those that do.
    """

    def __init__(self, writer: Writer, outcome: Outcome) -> None:
        self.writer, self.outcome = writer, outcome
        problem = outcome.problem
        definitions = writer.theory.definitions
        if problem.unknown:
            raise NotExported("unknown functions")
        self.inputs = [n for n in problem.shapes if n not in definitions and n != writer.variable]
        self.constant: list[tuple[str, str]] = [
            (f"P_{writer.names[s]}", f"(0 < {writer.names[s]})%nat") for s in problem.sizes
        ]
        self.varying: list[tuple[str, str]] = []
        for name, size in problem.labels.items():
            shape = problem.shapes[name]
            letters = [f"q{k}" for k in range(len(shape))]
            ranges = "".join(
                f"({q} < {writer.size(s)})%nat -> " for q, s in zip(letters, shape, strict=True)
            )
            entry = " ".join([writer.names[name], *letters])
            self.constant.append(
                (
                    f"L_{writer.names[name]}",
                    f"forall {' '.join(letters)} : nat, {ranges}"
                    f"({entry} < {writer.size(size)})%nat",
                )
            )
        self.assumed: list[Any] = []
        seen = set()
        for c in (*problem.givens, *outcome.conditions, *outcome.domain):
            whole = closed(c)
            if oriented(whole) in seen:
                continue
            seen.add(oriented(whole))
            if self.below_one(c):
                continue  # a lemma of the file, see ``Source``
            self.assumed.append(whole)
        for n, c in enumerate(self.assumed, 1):
            text = writer.proposition(c, {})
            varies = writer.theory.depends(c, writer.variable)
            (self.varying if varies else self.constant).append((f"P{n}", text))

    def below_one(self, c: Any) -> bool:
        """Whether a condition says 0 < 1 - p of a p that is defined as a sigmoid."""
        if not isinstance(c, Relation) or (c.op, c.right) != (">", ZERO):
            return False
        if not isinstance(c.left, Add) or len(c.left.args) != 2 or c.left.args[0] != ONE:
            return False
        entry = neg(c.left.args[1])
        definitions = self.writer.theory.definitions
        if not is_element(entry) or name_of(entry) not in definitions:
            return False
        return isinstance(definitions[name_of(entry)].body, sigmoid)

    def opening(self) -> list[str]:
        """Sizes and inputs."""
        w, problem = self.writer, self.outcome.problem
        out = []
        if problem.sizes:
            out.append(f"Variables ({' '.join(w.names[s] for s in problem.sizes)} : nat).")
        out += [f"Variable {w.names[n]} : {w.kind(n)}." for n in self.inputs]
        return out

    def assumptions(self) -> list[str]:
        """What is assumed and does not depend on the variable."""
        return [f"Hypothesis {n} : {p}." for n, p in self.constant]

    def quantified(self, wrt: Iterable[Any], free: Iterable[Any] = ()) -> tuple[str, Env, str]:
        """``forall z (assumptions) (i j) (ranges)``, the letters, and how to apply to them."""
        w = self.writer
        indices = list(
            dict.fromkeys([*free, *(i for v in wrt for i in indices_of(v) if free_indices(i))])
        )
        letters, env = w.binders(indices)
        given = "".join(f" ({n} : {p})" for n, p in self.varying)
        ranges = "".join(f" (H_{x} : ({x} < {w.size(i.size)})%nat)" for i, x in env.items())
        names = [w.base, *(n for n, _ in self.varying)]
        args = " ".join([*names, *env.values(), *(f"H_{x}" for x in env.values())])
        return f"forall{w.base_binder()}{given}{letters}{ranges},", env, args

    def derives(self, env: Env) -> str:
        """That the result is the derivative."""
        w, o = self.writer, self.outcome
        v = o.wrt[0]
        t = self.letter("t", env)
        whole = self.objective_at(w.changed(v, env, t), env)
        point = w.element(v, env)
        return f"is_derive (fun {t} : R => {whole}) {point}"

    def letter(self, wish: str, env: Env) -> str:
        used = w = set(env.values()) | self.writer.taken
        found, n = wish, 0
        while found in used:
            n += 1
            found = f"{wish}{n}"
        return found if w is not None else wish

    def objective_at(self, base: str, env: Env) -> str:
        """The objective with an array in the variable's place."""
        w, o = self.writer, self.outcome
        name = name_of(o.objective)
        if name == w.variable:
            raise NotExported("the objective is the variable itself")
        parts = [w.names[name], *([base] if w.depends(name) else [])]
        parts += [w.index(i, env) for i in indices_of(o.objective)]
        return " ".join(parts)


def closed(c: Any) -> Any:
    """A condition for every value of its free indices."""
    for i in sorted(free_indices(c), key=lambda i: str(i.name)):
        c = every(c, i)
    return c
