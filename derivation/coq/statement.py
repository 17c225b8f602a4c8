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
    AllOf,
    AnyOf,
    Every,
    Not,
    Relation,
    every,
    free_indices,
    indices_of,
    is_element,
    name_of,
    neg,
    rebuild,
    replace_terms,
    sigmoid,
    subterms,
)

LONGEST = 20_000  # characters of a theorem without definitions


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
        self.full = False  # whether definitions are put in
        self.letters: dict[str, str] = {}  # those of what varies, in that case
        self._weights: dict[str, int] = {}
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
        given = "".join(f" ({n} : {p})" for n, p in self._propositions(self.varying))
        ranges = "".join(f" (H_{x} : ({x} < {w.size(i.size)})%nat)" for i, x in env.items())
        names = [w.base, *(n for n, _ in self.varying)]
        args = " ".join([*names, *env.values(), *(f"H_{x}" for x in env.values())])
        return f"forall{w.base_binder()}{given}{letters}{ranges},", env, args

    def derives(self, env: Env) -> str:
        """That the result is the derivative of the objective (or of its derivative)."""
        w, o = self.writer, self.outcome
        v, last = o.wrt[0], o.wrt[-1]
        t = self.letter("t", env)
        changed = w.changed(last, env, t)
        if len(o.wrt) == 1:
            whole = self.objective_at(changed, env)
        else:
            s = self.letter("s", env)
            twice = self.objective_at(w.changed(v, env, s, base=changed), env)
            at = " ".join(w.index(i, env) for i in indices_of(v))
            whole = f"Derive (fun {s} : R => {twice}) {f'({changed} {at})' if at else changed}"
        result = self.term(o.result, env)
        return f"is_derive (fun {t} : R => {whole}) {w.element(last, env)}\n    {result}"

    def theorem(self) -> str:
        """What is proved, by the names of the problem and inside the section."""
        quantified, env, _ = self.quantified(self.outcome.wrt, indices_of(self.outcome.objective))
        return f"{quantified}\n  {self.derives(env)}"

    def in_full(self) -> str | None:
        """The same without any name that is defined, outside the section; None if it is long."""
        w = self.writer
        reserved = set(w.taken)
        if sum(map(self._weight, (self.outcome.objective, self.outcome.result))) > LONGEST // 10:
            return None
        self.letters = {x: self.letter(x, {}) for x in ("t", "s")}
        w.taken |= set(self.letters.values())  # what varies: no index may be called so
        self.full = True
        try:
            quantified, env, _ = self.quantified(
                self.outcome.wrt, indices_of(self.outcome.objective)
            )
            body = self.derives(env)
            inputs = "".join(f" ({w.names[n]} : {w.kind(n)})" for n in self.inputs)
            sizes = " ".join(w.names[s] for s in self.outcome.problem.sizes)
            given = "".join(f"\n    ({n} : {p})" for n, p in self._propositions(self.constant))
        finally:
            self.full = False
            w.taken = reserved
        opening = f"forall{f' ({sizes} : nat)' if sizes else ''}{inputs}{given}\n    "
        whole = f"{opening}{quantified.removeprefix('forall ')}\n  {body}"
        return whole if len(whole) <= LONGEST else None

    def _propositions(self, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Assumptions as they are printed: by name, or in full."""
        if not self.full:
            return found
        terms = {f"P{n}": c for n, c in enumerate(self.assumed, 1)}
        theory = self.writer.theory
        return [
            (n, self.writer.proposition(inlined(terms[n], theory), {}) if n in terms else p)
            for n, p in found
        ]

    def _weight(self, t: Any) -> int:
        """How many nodes a term has with every definition put in."""
        theory, total = self.writer.theory, 1
        for s in subterms(t):
            if theory.defined(s):
                name = name_of(s)
                if name not in self._weights:
                    self._weights[name] = self._weight(theory.definitions[name].body)
                total += self._weights[name]
            else:
                total += 1
        return total

    def term(self, t: Any, env: Env) -> str:
        """A value as it is printed: by name, or in full."""
        return self.writer.term(inlined(t, self.writer.theory) if self.full else t, env)

    def letter(self, wish: str, env: Env) -> str:
        if self.full:
            return self.letters[wish]
        used = set(env.values()) | self.writer.taken
        found, n = wish, 0
        while found in used:
            n += 1
            found = f"{wish}{n}"
        return found

    def objective_at(self, base: str, env: Env) -> str:
        """The objective with an array in the variable's place."""
        w, o = self.writer, self.outcome
        name = name_of(o.objective)
        if name == w.variable:
            raise NotExported("the objective is the variable itself")
        if self.full:
            own, taken = w.base, set(w.taken)
            w.base = base.removeprefix("(").removesuffix(")")
            w.taken |= set(env.values())  # the array now has letters in it: none may be bound again
            try:
                return self.term(o.objective, env)
            finally:
                w.base, w.taken = own, taken
        parts = [w.names[name], *([base] if w.depends(name) else [])]
        parts += [w.index(i, env) for i in indices_of(o.objective)]
        return " ".join(parts)


def inlined(t: Any, theory: Any) -> Any:
    """The term with every definition put in."""

    def swap(s: Any) -> Any:
        if is_element(s) and theory.defined(s):
            return inlined(theory.unfold(s), theory)
        if isinstance(s, (Relation, AllOf, AnyOf, Not, Every)):
            return rebuild(s, tuple(a if _operator(a) else inlined(a, theory) for a in s.args))
        return None

    if isinstance(t, (Relation, AllOf, AnyOf, Not, Every)):
        return swap(t)
    return replace_terms(t, swap)


def _operator(a: Any) -> bool:
    return not a.args and type(a).__name__ == "_Operator"


def closed(c: Any) -> Any:
    """A condition for every value of its free indices."""
    for i in sorted(free_indices(c), key=lambda i: str(i.name)):
        c = every(c, i)
    return c
