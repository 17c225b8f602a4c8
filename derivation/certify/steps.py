"""Steps with their moves, as the certificate lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from derivation import language
from derivation.certify.hypotheses import Hypotheses, held
from derivation.certify.law_moves import HOLE, Abstraction, LawMove
from derivation.certify.law_ring import aligned, in_delicate_place, ring_moves
from derivation.certify.letters import Letters, Scope
from derivation.certify.moves import law_moves
from derivation.certify.text import Writer
from derivation.steps import Placed, Prose, Step
from derivation.terms import (
    TRUE,
    Condition,
    Path,
    Term,
    free_indices,
    is_leaf,
)
from derivation.theory import Theory

_NOTHING: Mapping[str, Any] = {}
_ONE_SIDED = ("definition", "chain-rule")  # the checker computes the right side


class Steps:
    """Writes the steps of the derivations of one certificate."""

    def __init__(
        self, theory: Theory, letters: Letters, writer: Writer, hypotheses: Hypotheses
    ) -> None:
        self._theory, self._letters = theory, letters
        self._writer, self._hypotheses = writer, hypotheses
        self._lemmas: dict[str, Scope] = {}  # the letters of each lemma, by its number
        self._plans: dict[int, list[LawMove]] = {}

    def listed(self, steps: Iterable[Step], scope: Scope) -> list[dict[str, Any]]:
        """The steps of a chain in the scope's letters, and the lemmas among them in their own."""
        return [self._lemma(s) if s.kind == "lemma" else self._step(s, scope) for s in steps]

    def brief(self, steps: Iterable[Step], before: Any, scope: Scope) -> list[dict[str, Any]]:
        """The chain among the steps as one step from ``before``, each lemma as one as well.

        The lines in between are left out: the checker has less to read. Lemmas inside lemmas are
        to stand among the steps.
        """
        out: list[dict[str, Any]] = []
        chain: list[Step] = []
        for step in steps:
            if step.kind == "chain":
                chain.append(step)
            else:
                own, about = self._about(step)
                inner = [s for s in step.substeps if s.kind == "chain"]
                out.append({**self._short(step.number, "lemma", step.before, inner, own), **about})
        return [*out, self._short("line", "chain", before, chain, scope)] if chain else out

    def _short(
        self, number: str, kind: str, before: Any, chain: Sequence[Step], scope: Scope
    ) -> dict[str, Any]:
        text, apart = self._writer.text, self._letters.apart
        return {
            "number": number,
            "kind": kind,
            "before": text(apart(before, scope)),
            "after": text(apart(chain[-1].after, scope)),
            "moves": self._all_moves(chain, scope),
        }

    def _all_moves(self, steps: Iterable[Step], scope: Scope) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for s in steps:
            out += self._all_moves(s.substeps, scope) if s.substeps else self._moves(s, scope)
        return out

    def known(self, step: Step) -> None:
        """Takes in the letters of a lemma that another record lists."""
        self._lemmas[step.number] = self._letters_of(step)

    def _lemma(self, step: Step) -> dict[str, Any]:
        scope, about = self._about(step)
        return self._step(step, scope, about)

    def _about(self, step: Step) -> tuple[Scope, dict[str, Any]]:
        """The letters of a lemma, and what it says of them."""
        scope = self._lemmas[step.number] = self._letters_of(step)
        about: dict[str, Any] = {"letters": self._writer.sizes(scope.called.values())}
        if "variable" in step.args:
            about["variables"] = [step.args["variable"]]
            about["assumes"] = self._said(step, scope)
        else:
            assumed = self._assumed(step, scope)
            if assumed:
                about["assumes"] = assumed
        return scope, about

    def _assumed(self, step: Step, scope: Scope) -> list[str]:
        """What a lemma needs of its letters, where it is used for some of their values only."""
        said: list[str] = []
        for condition in dict.fromkeys((*step.conditions, *step.domain)):
            if free_indices(condition) <= set(scope.called) and self._hypotheses.beyond(condition):
                own = [p for p in held(condition) if free_indices(p) <= set(scope.called)]
                said += [self._writer.text(self._letters.apart(part, scope)) for part in own]
        return said

    def _said(self, step: Step, scope: Scope) -> list[str]:
        """The step's conditions as prose."""
        return [t for c in step.conditions for t in self._hypotheses.say(c, scope)]

    def _letters_of(self, step: Step) -> Scope:
        free = free_indices(step.before) | free_indices(step.after)
        variable = step.args.get("variable")
        return self._letters.scope(
            sorted(free, key=lambda i: (i.name, str(i.size))),
            (variable,) if variable is not None else (),
        )

    def _step(
        self, step: Step, scope: Scope, about: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        text, apart = self._writer.text, self._letters.apart
        return {
            "number": step.number,
            "kind": step.kind,
            "title": prose(step.title),
            "rule": step.rule,
            "law": step.law,
            "why": prose(step.why),
            "before": text(apart(step.before, scope)),
            "after": text(apart(step.after, scope)),
            **about,
            "uses": list(step.uses),
            "conditions": self._said(step, scope),
            "moves": [] if step.substeps else self._moves(step, scope),
            "substeps": self.listed(step.substeps, scope),
        }

    # -- moves ------------------------------------------------------------------------------

    def _moves(self, step: Step, scope: Scope) -> list[dict[str, Any]]:
        placed = step.placed
        if placed is None or placed.move.rule == "rename":
            return []
        return [self._move(m, placed, step, scope) for m in self._plan(placed)]

    def _plan(self, placed: Placed) -> list[LawMove]:
        """The checker's laws for the engine's move, which may stand in several places."""
        move = placed.move
        if move.rule == "ring":
            inside = in_delicate_place(placed.line, placed.path)
            return ring_moves(move.before, move.after, inside)
        found = self._plans.get(id(move))
        if found is None:
            how = (move.args, move.direction, self._theory, move.cited)
            plan = law_moves(move.rule, move.before, move.after, *how)
            found = [m for planned in plan for m in aligned(planned)]
            self._plans[id(move)] = found
        return found

    def _move(self, m: LawMove, placed: Placed, step: Step, scope: Scope) -> dict[str, Any]:
        inner: list[Scope] = []

        def at_place(here: Scope) -> Any:
            """What stands at the engine's place: the law's own context."""
            own = {raw: here.called.get(line, line) for raw, line in placed.shown.items()}
            here = Scope({**here.called, **own}, here.taken)
            return self._letters.opened(m.context, _hole(m.context), here, at_hole)

        def at_hole(here: Scope) -> Any:
            inner.append(here)
            return HOLE

        context = self._letters.opened(placed.line, placed.path, scope, at_place)
        out: dict[str, Any] = {"law": m.law, "at": self._writer.text(context)}
        self._say(m, step, inner[0], out)
        return out

    def _say(self, m: LawMove, step: Step, scope: Scope, out: dict[str, Any]) -> None:
        if m.law == "given":
            out["number"] = self._hypotheses.number(m.given)
            names = dict(self._hypotheses.letters(m.given))
            out["put"] = self._places(m.put, names, scope)
        elif m.law == "lemma":
            out["number"] = step.uses[0]
            called = self._lemmas[step.uses[0]].called
            out["put"] = self._places(m.put, {i: str(c.name) for i, c in called.items()}, scope)
        elif m.put:
            out["put"] = {k: self._value(v, scope) for k, v in m.put.items()}
        if m.direction == "rl":
            out["dir"] = "rl"
        for key, side in (("left", m.left), ("right", m.right)):
            if side is not None and not (key == "right" and m.law in _ONE_SIDED):
                out[key] = self._value(side, scope)
        for key, several in (
            ("nonzero", m.nonzero),
            ("positive", m.positive),
            ("because", m.because),
        ):
            if several:
                out[key] = [self._value(t, scope) for t in several]

    def _places(
        self, put: Mapping[Any, Any], names: Mapping[Any, str], scope: Scope
    ) -> dict[str, str]:
        """A place for each letter; one that nothing is said of may be any, so it is the first."""
        said = {names[i]: self._value(v, scope) for i, v in put.items() if i in names}
        return {name: said.get(name, "1") for name in names.values()}

    def _value(self, v: Any, scope: Scope) -> str:
        if not isinstance(v, Abstraction):
            return self._writer.text(self._letters.apart(v, scope))
        letters, body = self._letters.abstraction(v.letters, v.body, scope)
        text = "true" if body == TRUE else self._writer.text(body)
        return f"{','.join(str(i.name) for i in letters)}: {text}"


def _hole(t: Any) -> Path:
    """The path of the hole in a context."""
    found = _hole_in(t)
    if found is None:
        raise ValueError(f"no hole in {t}")
    return found


def _hole_in(t: Any) -> Path | None:
    if t is HOLE or t == HOLE:
        return ()
    if not is_leaf(t):
        for k, a in enumerate(t.args):
            found = _hole_in(a)
            if found is not None:
                return (k, *found)
    return None


def prose(pieces: Prose) -> str:
    """A title or a reason as text of the input language."""
    return "".join(p if isinstance(p, str) else _written(p) for p in pieces)


def _written(t: Term) -> str:
    return language.write_condition(t) if isinstance(t, Condition) else language.write(t)
