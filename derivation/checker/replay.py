"""The replay: what a certificate states, and whether its moves prove it.

A move replaces one side of an equation by the other in the hole of a context. Lines are compared by
value (``values``), so the order of terms, brackets and the letters of bound indices count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import terms as t
from .calculus import Calculus, has_derivative
from .grounds import Grounds, Hypothesis, Knowledge
from .instances import Instances
from .laws import LAWS
from .terms import TRUE, ZERO, Malformed, T, Term, refuse, rel, show, subst
from .text import CALLS, Owed, Reading, Scope, World, owed
from .values import Points
from .witness import Witness

MAX_STEPS, MAX_DEPTH = 200_000, 10
DETACHED = "detach()"  # among what an equality rests on: it may not stand under a derivative
STEP = "number kind title rule law why before after letters variables assumes uses conditions moves substeps"
MOVE = "law at put dir left right nonzero positive because number"
CORE = "sizes functions arrays labels definitions hypotheses witness"


class Claim(NamedTuple):
    """What was proved: the equation, for all sizes, all values of its letters, and all inputs that
    meet ``given``, ``conditions`` and ``domain`` (free letters there: for every value).

    If not ``derived``, the derivation stopped at the right side. ``inputs`` and ``definitions`` say
    what the names mean.
    """

    equation: str
    letters: Mapping[str, str]
    derived: bool
    title: str
    given: Sequence[str]
    conditions: Sequence[str]
    domain: Sequence[str]
    inputs: Sequence[str]
    definitions: Sequence[str]
    moves: int
    lemmas: int


class Lemma(NamedTuple):
    """An equation, for every value of its letters at which ``assumes`` holds, and what it rests on."""

    letters: Sequence[Term]
    assumes: Sequence[Term]
    left: Term
    right: Term
    used: frozenset[object]


def part(data: Any, key: str, kind: type, default: Any = None, of: type | None = None) -> Any:
    """A part of a JSON object, of the type that it must have (``of``: and its own parts)."""
    value = data.get(key, default) if type(data) is dict else None
    if type(value) is not kind:
        raise Malformed(f"`{key}` is missing or of another type")
    if of and any(type(x) is not of for x in (value.values() if kind is dict else value)):
        raise Malformed(f"`{key}` has a part of another type")
    return value


def only(data: Any, keys: str, what: str) -> None:
    """Refuses keys that mean nothing: what is said must be read."""
    strange = sorted(set(data) - set(keys.split())) if type(data) is dict else [type(data).__name__]
    if strange:
        raise Malformed(f"{what} has no `{strange[0][:40]}`")


class Core:
    """The program and the hypotheses of a certificate, as terms; ``owes`` with their letters."""

    def __init__(self, data: Any) -> None:
        self.data, self.world = data, World()
        self.owes: list[tuple[Sequence[Term], Term, Reading]] = []
        only(data, CORE, "the core")
        w = self.world
        for name in part(data, "sizes", list, of=str):
            w.sizes.add(w.new_name(name))
        for name, count in part(data, "functions", dict, {}, of=int).items():
            if not 0 < count < 100 or name in CALLS:
                raise Malformed(f"no unknown function: {name[:40]}")
            w.functions[w.new_name(name)] = count
        for name in part(data, "arrays", dict, of=list):
            self.name(name, [w.size(s) for s in part(data["arrays"], name, list, of=str)])
        for name, size in part(data, "labels", dict, {}, of=str).items():
            if name not in w.arrays:
                refuse(f"the label {name} is no array")
            w.labels[name] = w.size(size)
        for d in part(data, "definitions", list):
            self.define(d)
        self.hypotheses = [self.hypothesis(h) for h in part(data, "hypotheses", list)]

    def name(self, name: str, shape: Sequence[Term]) -> None:
        if name == "pi" and not shape:
            refuse("pi is a number")
        self.world.arrays[self.world.new_name(name)] = tuple(shape)

    def letters(self, data: Any) -> dict[str, Term]:
        """Letters with the sizes that they run over; none has another meaning."""
        sizes: dict[str, str] = part(data, "letters", dict, {}, of=str)
        return {self.world.new_letter(k): T("ix", k, self.world.size(s)) for k, s in sizes.items()}

    def read(self, text: str, letters: Scope, where: Term = TRUE) -> Term:
        reading = self.world.read(text, letters)
        self.owes.append((tuple(letters.values()), where, reading))
        if has_derivative(reading.term):
            refuse(f"a derivative stands in {text[:80]}")
        return reading.term

    def define(self, data: Any) -> None:
        """A definition, which may use earlier ones only; so there are no circles."""
        only(data, "name letters body", "a definition")
        letters, name = self.letters(data), part(data, "name", str)
        body = self.read(part(data, "body", str), letters)
        self.name(name, [letter.args[1] for letter in letters.values()])
        self.world.definitions[name] = (tuple(letters.values()), body)

    def hypothesis(self, data: Any) -> Hypothesis:
        only(data, "letters where says", "a hypothesis")
        letters = self.letters(data)
        text, says = part(data, "where", str, "true"), part(data, "says", str)
        where = condition(self.read(text, letters))
        whole = says if where is TRUE else f"{says} if {text}"
        says = condition(self.read(says, letters, where))
        return Hypothesis(tuple(letters.values()), where, says, whole)


def condition(c: Term) -> Term:
    return c if t.is_condition(c) else refuse(f"{show(c)} is no condition")


class Replay:
    """The records of one certificate, one after the other; ``here`` is the step being checked."""

    def __init__(self, core: Core) -> None:
        self.core, self.points = core, Points()
        self.here, self.moves, self.steps = "the core", 0, 0
        self.lemmas: dict[str, Lemma] = {}
        self.stated: Sequence[int] = ()
        self.used: set[object] = set()  # what the lemma being proved rests on
        self.enter(core.world)
        witness = Witness(core.world, part(core.data, "witness", dict))
        for h in core.hypotheses:
            witness.meets(h)

    def enter(self, world: World) -> None:
        """Goes on in a world."""
        self.w = world
        self.calculus = Calculus(world, self.points)
        self.instances = Instances(world)
        self.knowledge = Knowledge(world, self.points, self.core.hypotheses)

    def record(self, data: Any) -> Claim:
        """One derivation."""
        moves, lemmas, self.here = self.moves, len(self.lemmas), "the statement"
        told = [part(data, k, list, of=str) for k in ("given", "conditions", "domain")]
        self.state([text for texts in told for text in texts])
        for letters, where, reading in self.core.owes:
            if reading.owes:
                self.pay(reading.owes, Grounds(self.knowledge, letters, (where,), self.stated))
        scope, steps = self.core.letters(data), part(data, "steps", list)
        goal = (
            f"diff({', '.join([part(data, 'objective', str), *part(data, 'wrt', list, of=str)])})"
        )
        left = self.read(goal, self.grounds(scope), scope)
        now = self.chain(steps, left, scope, (), 0)
        self.here = "the result"
        derived, result = part(data, "status", str) == "derived", data.get("result")
        if derived != (result is not None) or not derived and data["status"] != "not-derived":
            raise Malformed("the status does not go with the result")
        if not derived:
            result = [goal, *[s["after"] for s in steps if s["kind"] == "chain"]][-1]
        self.same(
            now, self.read(part({"result": result}, "result", str), self.grounds(scope), scope)
        )
        title = part(part(data, "problem", dict), "title", str)
        program = inputs_text(self.core.data), definitions_text(self.core.data)
        counts = self.moves - moves, len(self.lemmas) - lemmas
        return Claim(
            f"{goal} == {result}", data.get("letters", {}), derived, title, *told, *program, *counts
        )

    def state(self, stated: Sequence[str]) -> None:
        """The hypotheses that the statement names are all that it may rest on."""
        known = [h.text for h in self.core.hypotheses]
        if set(stated) - set(known):
            refuse(f"the core has no hypothesis {min(set(stated) - set(known))[:200]}")
        self.stated = [n for n, text in enumerate(known) if text in stated]

    # -- reading ---------------------------------------------------------------------------------

    def grounds(self, scope: Scope, guards: Iterable[Term] = ()) -> Grounds:
        return Grounds(self.knowledge, scope.values(), guards, self.stated)

    def read(self, text: str, g: Grounds, scope: Scope) -> Term:
        reading = self.w.read(text, scope)
        self.pay(reading.owes, g)
        return reading.term

    def pay(self, owes: Owed, g: Grounds) -> None:
        """That literal places are in range."""
        for place, size in owes:
            g.need(rel(">=", size, place))

    def same(self, reached: Term, stated: Term) -> None:
        if not self.points.equal(reached, stated):
            refuse(f"the line reached is {show(reached)}; stated is {show(stated)}")

    # -- steps -----------------------------------------------------------------------------------

    def chain(
        self, steps: Sequence[Any], now: Term, scope: Scope, guards: Sequence[Term], depth: int
    ) -> Term:
        """The line that the chain steps of a list reach from ``now``; lemmas are proved on the way."""
        for step in steps:
            self.steps += 1
            if self.steps > MAX_STEPS or depth > MAX_DEPTH:
                raise Malformed("too many steps, or nested too deep")
            only(step, STEP, "a step")
            self.here = f"step {part(step, 'number', str)[:40]}"
            if part(step, "kind", str) == "lemma":
                self.lemma(step, depth)
            elif step["kind"] == "chain":
                now = self.step(step, now, scope, guards, depth)
            else:
                raise Malformed(f"no kind of step: {step['kind'][:40]}")
        return now

    def step(self, step: Any, now: Term, scope: Scope, guards: Sequence[Term], depth: int) -> Term:
        """One step: from its ``before``, which is the line reached, to its ``after``."""
        here, g = self.here, self.grounds(scope, guards)
        before = self.read(part(step, "before", str), g, scope)
        self.same(now, before)
        moves, substeps = part(step, "moves", list, []), part(step, "substeps", list, [])
        if moves and substeps:
            raise Malformed("a step has moves or substeps, not both")
        now = self.chain(substeps, before, scope, guards, depth + 1)
        for move in moves:
            self.here = f"{here}, {part(move, 'law', str)[:40]}"
            now = self.move(move, now, scope, guards)
        self.here = here
        after = self.read(part(step, "after", str), g, scope)
        self.same(now, after)
        return after

    def lemma(self, step: Any, depth: int) -> None:
        """An equation for every value of its letters. One with variables of its own is not cited."""
        number, own = step["number"], part(step, "variables", list, [], of=str)
        if number in self.lemmas:
            refuse(f"lemma {number} is proved twice")
        world, outer, self.used = self.w, self.used, set()
        if own:
            self.enter(world.with_scalars(own))
        scope = self.core.letters(step)
        if set(scope) & set(own):
            refuse("a letter and a variable have one name")
        assumed = part(step, "assumes", list, [], of=str)
        guards = [condition(self.w.read(text, scope).term) for text in assumed]
        left = self.read(part(step, "before", str), self.grounds(scope, guards), scope)
        right = self.step(step, left, scope, guards, depth)
        if own:
            self.enter(world)
        else:
            letters = tuple(scope.values())
            self.lemmas[number] = Lemma(letters, guards, left, right, frozenset(self.used))
        self.used = outer

    # -- moves -----------------------------------------------------------------------------------

    def move(self, data: Any, now: Term, scope: Scope, guards: Sequence[Term]) -> Term:
        """The line after one move."""
        only(data, MOVE, "a move")
        self.moves += 1
        context = self.w.read(part(data, "at", str, "HOLE"), scope, hole=True)
        if context.term.holes != 1:
            refuse("a context has one hole")
        outer = self.grounds(scope, guards)
        self.pay(context.owes, outer)
        g, above = self.descend(context.term, list(context.letters), outer)
        for text in part(data, "because", list, [], of=str):
            self.learn(text, g, context.scope)
        sides = self.equation(data, g, context.scope)
        if part(data, "dir", str, "lr") not in ("lr", "rl"):
            raise Malformed("a direction is lr or rl")
        left, right = sides if data.get("dir", "lr") == "lr" else sides[::-1]
        for kind, v in above:
            self.kept(kind, v, g)
        self.same(now, t.graft(context.term, left, context.letters))
        self.used |= g.used
        return t.graft(context.term, right, context.letters)

    def learn(self, text: str, g: Grounds, scope: Scope) -> None:
        """A term whose form shows its sign; ``k in K, m in M: term`` for every value of letters."""
        head, _, body = text.rpartition(":")
        letters = dict(scope)
        for name, _, size in [x.strip().partition(" in ") for x in head.split(",") if head]:
            letters[self.w.new_letter(name)] = T("ix", name, self.w.size(size))
        new = [x for x in letters.values() if x not in scope.values()]
        g.learn(new, self.read(body, g, letters))

    def descend(
        self, x: Term, letters: list[Term], g: Grounds
    ) -> tuple[Grounds, list[tuple[str, Term]]]:
        """What is known at the hole, and the derivatives above it.

        A case that varies with the variable of a derivative is left behind outside of it.
        """
        above: list[tuple[str, Term]] = []
        while x.op != "hole":
            at = next(n for n, a in enumerate(x.args) if type(a) is Term and a.holes)
            inner = x.args[at]
            if x.op == "red":
                letter = letters.pop(0)
                guard = t.opened(x.args[2], letter) if at == 3 else TRUE
                g, inner = g.inside((letter,), guard), t.opened(inner, letter)
            elif x.op == "if" and at > 0:
                g = g.inside((), x.args[0] if at == 1 else t.negate(x.args[0]))
            elif x.op == "d":
                kind, v = x.args[0], x.args[2]
                above.append((kind, v))
                kept = [c for c in g.known() if not self.w.depends(c, v.args[0], kind == "fix")]
                g = Grounds(self.knowledge, g.letters, kept, self.stated)
            x = inner
        return g, above

    def kept(self, kind: str, v: Term, g: Grounds) -> None:
        """That an equality holds wherever a derivative above it moves the variable."""
        for used in sorted(g.used, key=str):
            if used == DETACHED:
                refuse("detach may not be dropped under a derivative")
            if type(used) is str and (kind == "fix" or used == v.args[0]):
                refuse(f"under a derivative by {show(v)} the definition of {used} is not unfolded")
            if type(used) is int and not self.stays(self.core.hypotheses[used], kind, v):
                says = self.core.hypotheses[used].text
                refuse(f"under a derivative by {show(v)} it rests on {says}")

    def stays(self, h: Hypothesis, kind: str, v: Term) -> bool:
        """Whether a hypothesis holds nearby too: it does not vary, or is strict and continuous."""
        if self.w.depends(h.where, v.args[0], kind == "fix"):
            return False
        g = Grounds(self.knowledge, (*h.letters, *v.free), (h.where,), self.stated)
        for c in t.conjuncts(h.says):
            if self.w.depends(c, v.args[0], kind == "fix"):
                if c.op != "rel" or c.args[0] not in ("<", ">", "!="):
                    return False
                for side in c.args[1:]:
                    for need in self.calculus.of(side, kind, v)[1]:
                        g.need(need)
        self.used |= {x for x in g.used if type(x) is int}
        return True

    def equation(self, data: Any, g: Grounds, scope: Scope) -> tuple[Term, Term]:
        """The equation of a move, its conditions shown to hold."""
        law = data["law"]
        if law in LAWS:
            put = part(data, "put", dict, {}, of=str)
            left, right, needed, owes = self.instances.instance(law, put, scope)
            self.pay(owes, g)
            g.need(needed)
            g.used |= {DETACHED} if law == "detach-value" else set()
            return left, right
        if law in ("given", "lemma"):
            return (self.given if law == "given" else self.cited)(data, g, scope)
        left = self.read(part(data, "left", str), g, scope)
        if law == "definition":
            if not self.w.defined(left):
                refuse(f"{show(left)} is not defined")
            g.used.add(left.args[0])
            return left, self.w.unfold(left)
        if law == "chain-rule":
            right, needs = self.calculus.chain_rule(left)
            g.used |= self.calculus.reached(left)
            for c in needs:
                g.need(c)
            return left, right
        right = self.read(part(data, "right", str), g, scope)
        if law == "algebra":
            lists = [part(data, key, list, [], of=str) for key in ("nonzero", "positive")]
            units, positive = [[self.read(x, g, scope) for x in texts] for texts in lists]
            for c in [*[rel("!=", x, ZERO) for x in units], *[rel(">", x, ZERO) for x in positive]]:
                g.need(c)
            self.agree(left, right, units, positive)
        elif law == "differentiate":
            self.differentiate(left, right, g)
        else:
            refuse(f"there is no law {law[:40]}")
        return left, right

    def agree(self, a: Term, b: Term, units: Sequence[Term], positive: Iterable[Term]) -> None:
        positive = [x for x in positive if x.op != "n"]
        if not self.points.equal(a, b, units, positive):
            refuse(f"{show(a)} and {show(b)} are not equal by algebra")

    def differentiate(self, left: Term, right: Term, g: Grounds) -> None:
        """Both sides are equal once all derivatives are taken, where these exist."""
        g.used |= self.calculus.reached(left) | self.calculus.reached(right)
        (a, one), (b, two) = self.calculus.expand(left), self.calculus.expand(right)
        needs = dict.fromkeys((*one, *two))
        for c in needs:
            g.need(c)
        known = [c.args for c in needs if c.op == "rel" and c.args[2] is ZERO]
        units, positive = ([x for op, x, _ in known if op == o] for o in ("!=", ">"))
        self.agree(a, b, units, positive)

    def given(self, data: Any, g: Grounds, scope: Scope) -> tuple[Term, Term]:
        n = part(data, "number", int)
        if n not in self.stated:
            refuse(f"hypothesis {n} is not stated")
        h = self.core.hypotheses[n]
        if h.says.op != "rel" or h.says.args[0] != "==":
            refuse(f"{h.text} is no equation")
        at = self.at(h.letters, data, g, scope)
        g.need(subst(h.where, at))
        g.used.add(n)
        return subst(h.says.args[1], at), subst(h.says.args[2], at)

    def cited(self, data: Any, g: Grounds, scope: Scope) -> tuple[Term, Term]:
        number = part(data, "number", str)
        if number not in self.lemmas:
            refuse(f"lemma {number[:40]} has not been proved before")
        lemma = self.lemmas[number]
        if any(type(x) is int and x not in self.stated for x in lemma.used):
            refuse(f"lemma {number} rests on a hypothesis that is not stated")
        at = self.at(lemma.letters, data, g, scope)
        for c in lemma.assumes:
            g.need(subst(c, at))
        g.used |= lemma.used
        return subst(lemma.left, at), subst(lemma.right, at)

    def at(self, letters: Iterable[Term], data: Any, g: Grounds, scope: Scope) -> dict[Term, Term]:
        """Places for the letters of a hypothesis or lemma."""
        put, out = dict(part(data, "put", dict, {}, of=str)), {}
        for letter in letters:
            name, size = letter.args
            out[letter] = self.read(put.pop(name, ""), g, scope)
            self.pay(owed(self.w, out[letter], size), g)
        if put:
            refuse(f"{min(put)[:40]} is none of its letters")
        return out


# -- what was proved, as text ----------------------------------------------------------------


def definitions_text(core: Mapping[str, Any]) -> list[str]:
    out = []
    for d in core["definitions"]:
        letters = d.get("letters", {})
        runs = ", ".join([f"{k} in {s}" for k, s in letters.items()])
        head = f"{d['name']}[{','.join(letters)}]" if letters else d["name"]
        out.append(f"{head} = {d['body']}" + (f"   for {runs}" if runs else ""))
    return out


def inputs_text(core: Mapping[str, Any]) -> list[str]:
    """Sizes, inputs with their shapes, labels and unknown functions."""
    labels = core.get("labels", {})
    out = [f"sizes {', '.join(core['sizes'])}"] if core["sizes"] else []
    for name, shape in core["arrays"].items():
        of = f" of places over {labels[name]}" if name in labels else ""
        out.append(f"{name}: {' by '.join(shape) or 'a number'}{of}")
    return out + [f"function {name} of {n}" for name, n in core.get("functions", {}).items()]
