"""The replay: what a certificate states, and whether its moves prove it.

A move replaces one side of an equation by the other in the hole of a context. Lines are compared by
value (``values``), so the order of terms, brackets and the letters of bound indices count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .calculus import Calculus, has_derivative
from .grounds import Grounds, Hypothesis, Knowledge, conjuncts
from .instances import Instances, laws
from .terms import (
    TRUE,
    ZERO,
    Malformed,
    T,
    Term,
    graft,
    negate,
    opened,
    refuse,
    rel,
    show,
    subst,
)
from .text import CALLS, Reading, Scope, World, owed
from .values import Points
from .witness import Witness

MAX_STEPS, MAX_DEPTH = 200_000, 10
DETACHED = "detach()"  # among what an equality rests on: it may not stand under a derivative

Equation = tuple[Term, Term]


class Claim(NamedTuple):
    """What was proved.

    ``equation`` holds for all sizes, all values of ``letters``, and all inputs that meet ``given``,
    ``conditions`` and ``domain`` (free letters: for every value).
    """

    equation: str
    letters: Mapping[str, str]
    derived: bool
    title: str
    given: tuple[str, ...]
    conditions: tuple[str, ...]
    domain: tuple[str, ...]
    definitions: tuple[str, ...]
    inputs: tuple[str, ...]
    moves: int
    lemmas: int


class Lemma(NamedTuple):
    """An equation proved for every value of its letters at which ``assumes`` holds; what it rests on."""

    letters: tuple[Term, ...]
    assumes: tuple[Term, ...]
    left: Term
    right: Term
    used: frozenset[object]


# -- the form --------------------------------------------------------------------------------


def part(data: Any, key: str, kind: type, default: Any = None) -> Any:
    """A part of a JSON object, of the type that it must have."""
    if type(data) is not dict:
        raise Malformed(f"an object with `{key}` is wanted")
    value = data.get(key, default)
    if type(value) is not kind:
        raise Malformed(f"`{key}` is missing or of another type")
    return value


def texts(data: Any, key: str, default: Any = None) -> list[str]:
    found: list[str] = part(data, key, list, default)
    if any(type(x) is not str for x in found):
        raise Malformed(f"`{key}` is no list of texts")
    return found


def words(data: Any, key: str, default: Any = None) -> dict[str, str]:
    found: dict[str, str] = part(data, key, dict, default)
    if any(type(x) is not str for x in found.values()):
        raise Malformed(f"`{key}` has a value that is no text")
    return found


def only(data: Mapping[str, Any], keys: Iterable[str], what: str) -> None:
    """Refuses keys that mean nothing: what is said must be read."""
    strange = sorted(set(data) - set(keys))
    if strange:
        raise Malformed(f"{what} has no `{strange[0][:40]}`")


STEP = (
    "number kind title rule law why before after letters variables assumes uses conditions moves "
    "substeps"
).split()
MOVE = "law at put dir left right nonzero positive because number".split()
CORE = "sizes functions arrays labels definitions hypotheses witness".split()


# -- the whole -------------------------------------------------------------------------------


class Core:
    """The program and the hypotheses of a certificate, as terms."""

    def __init__(self, data: Any) -> None:
        self.data, self.world = data, World()
        only(data, CORE, "the core")
        w = self.world
        for name in texts(data, "sizes"):
            w.sizes.add(w.new_name(name))
        for name, count in part(data, "functions", dict, {}).items():
            if type(count) is not int or not 0 < count < 100 or name in CALLS:
                raise Malformed(f"no unknown function: {name[:40]}")
            w.functions[w.new_name(name)] = count
        for name in part(data, "arrays", dict):
            self.name(name, [w.size(s) for s in texts(data["arrays"], name)])
        for name, size in words(data, "labels", {}).items():
            if name not in w.arrays:
                refuse(f"the label {name} is no array")
            w.labels[name] = w.size(size)
        self.owed: list[tuple[tuple[Term, ...], Term, Reading]] = []
        for d in part(data, "definitions", list):
            self.define(d)
        self.hypotheses = [self.hypothesis(h) for h in part(data, "hypotheses", list)]

    def name(self, name: str, shape: Sequence[Term]) -> None:
        if name == "pi" and not shape:
            refuse("pi is a number")
        self.world.arrays[self.world.new_name(name)] = tuple(shape)

    def letters(self, data: Any, key: str = "letters") -> dict[str, Term]:
        """Letters with the sizes that they run over; none has another meaning."""
        out = {}
        for letter, size in words(data, key, {}).items():
            if letter == "pi":
                refuse("pi is a number")
            out[self.world.new_name(letter)] = T("ix", letter, self.world.size(size))
        return out

    def define(self, data: Any) -> None:
        """A definition, which may use earlier ones only; so there are no circles."""
        only(data, ("name", "letters", "body"), "a definition")
        letters = self.letters(data)
        reading = self.world.read(part(data, "body", str), letters)
        if has_derivative(reading.term):
            refuse("a definition holds a derivative")
        self.owed.append((tuple(letters.values()), TRUE, reading))
        name = part(data, "name", str)
        self.name(name, [letter.args[1] for letter in letters.values()])
        self.world.definitions[name] = (tuple(letters.values()), reading.term)

    def hypothesis(self, data: Any) -> Hypothesis:
        only(data, ("letters", "where", "says"), "a hypothesis")
        letters = self.letters(data)
        where, says = part(data, "where", str, "true"), part(data, "says", str)
        terms: list[Term] = []
        for text in (where, says):
            reading = self.world.read(text, letters)
            condition(reading.term)
            self.owed.append((tuple(letters.values()), terms[0] if terms else TRUE, reading))
            terms.append(reading.term)
        text = says if terms[0] is TRUE else f"{says} if {where}"
        return Hypothesis(tuple(letters.values()), terms[0], terms[1], text)


def condition(t: Term) -> Term:
    if t.op not in ("rel", "and", "or", "not", "true", "false") and t.args[:1] != ("all",):
        refuse(f"{show(t)} is no condition")
    return t


class Replay:
    """The records of one certificate, one after the other; ``here`` is the step being checked."""

    def __init__(self, core: Core) -> None:
        self.core, self.points = core, Points()
        self.here, self.moves, self.steps = "the core", 0, 0
        self.lemmas: dict[str, Lemma] = {}
        self.stated: tuple[int, ...] = ()
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
        moves, lemmas = self.moves, len(self.lemmas)
        self.here = "the statement"
        given, conditions, domain = (texts(data, k) for k in ("given", "conditions", "domain"))
        self.state([*given, *conditions, *domain])
        for letters, where, reading in self.core.owed:
            if reading.owes:
                self.pay(reading.owes, Grounds(self.knowledge, letters, (where,), self.stated))
        scope = self.core.letters(data)
        objective, wrt = part(data, "objective", str), texts(data, "wrt")
        goal = f"diff({', '.join([objective, *wrt])})"
        left = self.read(goal, self.grounds(scope), scope)
        now = self.chain(part(data, "steps", list), left, scope, (), 0)
        self.here = "the result"
        result, status = data.get("result"), part(data, "status", str)
        if status not in ("derived", "not-derived") or (result is None) != (status != "derived"):
            raise Malformed("the status does not go with the result")
        if result is None:
            chain = [s for s in data["steps"] if s["kind"] == "chain"]
            result = chain[-1]["after"] if chain else goal
        elif not self.equal(now, self.read(part(data, "result", str), self.grounds(scope), scope)):
            refuse(f"the steps end with {show(now)}, the result is {result}")
        title = part(part(data, "problem", dict), "title", str)
        return Claim(
            equation=f"{goal} == {result}",
            letters=words(data, "letters", {}),
            derived=status == "derived",
            title=title,
            given=tuple(given),
            conditions=tuple(conditions),
            domain=tuple(domain),
            definitions=tuple(map(definition_text, self.core.data["definitions"])),
            inputs=tuple(inputs_text(self.core.data)),
            moves=self.moves - moves,
            lemmas=len(self.lemmas) - lemmas,
        )

    def state(self, stated: list[str]) -> None:
        """The hypotheses that the statement names are all that it may rest on."""
        known = {h.text for h in self.core.hypotheses}
        for text in stated:
            if text not in known:
                refuse(f"the core has no hypothesis {text[:200]}")
        self.stated = tuple([n for n, h in enumerate(self.core.hypotheses) if h.text in stated])

    # -- reading ---------------------------------------------------------------------------------

    def grounds(self, scope: Scope, guards: Iterable[Term] = ()) -> Grounds:
        return Grounds(self.knowledge, scope.values(), guards, self.stated)

    def read(self, text: str, g: Grounds, scope: Scope) -> Term:
        reading = self.w.read(text, scope)
        self.pay(reading.owes, g)
        return reading.term

    def pay(self, owes: Iterable[tuple[Term, Term]], g: Grounds) -> None:
        """That literal places are in range."""
        for place, size in owes:
            g.need(rel(">=", size, place))

    def equal(self, a: Term, b: Term) -> bool:
        return self.points.equal(a, b)

    # -- steps -----------------------------------------------------------------------------------

    def chain(
        self, steps: Sequence[Any], now: Term, scope: Scope, guards: Sequence[Term], depth: int
    ) -> Term:
        """The line that the chain steps of a list reach from ``now``; its lemmas are proved first."""
        if depth > MAX_DEPTH:
            raise Malformed("steps are nested too deep")
        for step in steps:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Malformed("too many steps")
            number, kind = part(step, "number", str), part(step, "kind", str)
            only(step, STEP, "a step")
            self.here = f"step {number[:40]}"
            if kind == "lemma":
                self.lemma(step, depth)
            elif kind == "chain":
                now = self.step(step, now, scope, guards, depth)
            else:
                raise Malformed(f"no kind of step: {kind[:40]}")
        return now

    def step(self, step: Any, now: Term, scope: Scope, guards: Sequence[Term], depth: int) -> Term:
        """One step: from its ``before``, which is the line reached, to its ``after``."""
        g = self.grounds(scope, guards)
        before = self.read(part(step, "before", str), g, scope)
        if not self.equal(now, before):
            refuse(f"the line reached is {show(now)}, it begins with {step['before']}")
        now = before
        moves, substeps = part(step, "moves", list, []), part(step, "substeps", list, [])
        if moves and substeps:
            raise Malformed("a step has moves or substeps, not both")
        if substeps:
            now = self.chain(substeps, now, scope, guards, depth + 1)
        for move in moves:
            now = self.move(move, now, scope, guards)
        self.here = f"step {step['number'][:40]}"
        after = self.read(part(step, "after", str), g, scope)
        if not self.equal(now, after):
            refuse(f"its moves reach {show(now)}, it states {step['after']}")
        return after

    def lemma(self, step: Any, depth: int) -> None:
        """An equation for every value of its letters. One with variables of its own is not cited."""
        number, own = step["number"], texts(step, "variables", [])
        if number in self.lemmas:
            refuse(f"lemma {number} is proved twice")
        world = self.w
        if own:
            self.enter(world.with_scalars(own))
        scope = self.core.letters(step)
        if set(scope) & set(own):
            refuse("a letter and a variable have one name")
        guards = [condition(self.w.read(t, scope).term) for t in texts(step, "assumes", [])]
        outer, self.used = self.used, set()
        left = self.read(part(step, "before", str), self.grounds(scope), scope)
        right = self.step(step, left, scope, guards, depth)
        used = frozenset(self.used)
        self.used = outer
        if own:
            self.enter(world)
        else:
            self.lemmas[number] = Lemma(tuple(scope.values()), tuple(guards), left, right, used)

    # -- moves -----------------------------------------------------------------------------------

    def move(self, data: Any, now: Term, scope: Scope, guards: Sequence[Term]) -> Term:
        """The line after one move."""
        only(data, MOVE, "a move")
        self.moves += 1
        law = part(data, "law", str)
        self.here = f"{self.here.split(',')[0]}, {law[:40]}"
        context = self.w.read(part(data, "at", str, "HOLE"), scope, hole=True)
        if context.term.holes != 1:
            refuse("a context has one hole")
        outer = self.grounds(scope, guards)
        self.pay(context.owes, outer)
        g, above = self.descend(context.term, list(context.letters), outer)
        for text in texts(data, "because", []):
            g.learn(self.read(text, g, context.scope))
        left, right = self.equation(law, data, g, context.scope)
        if part(data, "dir", str, "lr") == "rl":
            left, right = right, left
        elif data.get("dir", "lr") != "lr":
            raise Malformed("a direction is lr or rl")
        for kind, v, known in above:
            self.kept(kind, v, known, g)
        whole = graft(context.term, left, context.letters)
        if not self.equal(now, whole):
            refuse(f"the line is {show(now)}, the move is about {show(whole)}")
        self.used |= g.used
        return graft(context.term, right, context.letters)

    def descend(
        self, t: Term, letters: list[Term], g: Grounds
    ) -> tuple[Grounds, list[tuple[str, Term, Grounds]]]:
        """What is known at the hole; and the derivatives above it, with what is known there.

        A case that varies with the variable of a derivative is left behind outside of it.
        """
        above: list[tuple[str, Term, Grounds]] = []
        while t.op != "hole":
            at = next(n for n, a in enumerate(t.args) if type(a) is Term and a.holes)
            inner = t.args[at]
            if t.op == "red":
                letter = letters.pop(0)
                known = opened(t.args[2], letter) if at == 3 else TRUE
                g, inner = g.inside((letter,), known), opened(inner, letter)
            elif t.op == "if" and at > 0:
                g = g.inside((), t.args[0] if at == 1 else negate(t.args[0]))
            elif t.op == "d":
                kind, v = t.args[0], t.args[2]
                above.append((kind, v, g))
                fixed = [c for c in g.guards if not self.w.depends(c, v.args[0], kind == "fix")]
                same = [rel("==", a, b) for a, b in g.same.items()]
                g = Grounds(self.knowledge, g.letters, [*fixed, *same], self.stated)
            t = inner
        return g, above

    def kept(self, kind: str, v: Term, outside: Grounds, g: Grounds) -> None:
        """That an equality holds wherever a derivative above it moves the variable."""
        name, fixed = v.args[0], kind == "fix"
        for x in sorted(g.used, key=str):
            if x == DETACHED:
                refuse("detach may not be dropped under a derivative")
            if type(x) is str and (fixed or x == name):
                refuse(f"under a derivative by {show(v)} the definition of {x} is not unfolded")
            if type(x) is int and not self.stays(self.core.hypotheses[x], kind, v, g):
                says = self.core.hypotheses[x].text
                refuse(f"under a derivative by {show(v)} it rests on {says}")

    def stays(self, h: Hypothesis, kind: str, v: Term, g: Grounds) -> bool:
        """Whether a hypothesis holds nearby too: it does not vary, or is strict and continuous."""
        fixed = kind == "fix"
        if self.w.depends(h.where, v.args[0], fixed):
            return False
        own = Grounds(self.knowledge, h.letters, (h.where,), self.stated)
        for c in conjuncts(h.says):
            if not self.w.depends(c, v.args[0], fixed):
                continue
            if c.op != "rel" or c.args[0] not in ("<", ">", "!="):
                return False
            for side in c.args[1:]:
                if has_derivative(side):
                    return False
                for need in self.calculus.of(side, kind, v)[1]:
                    own.need(need)
        g.used |= {x for x in own.used if type(x) is int}
        return True

    def equation(self, law: str, data: Any, g: Grounds, scope: Scope) -> Equation:
        """The equation of a move, its conditions shown to hold."""
        if law in laws():
            owes: list[tuple[Term, Term]] = []
            put = words(data, "put", {})
            left, right, needed = self.instances.instance(law, put, scope, owes)
            self.pay(owes, g)
            g.need(needed)
            if law == "detach-value":
                g.used.add(DETACHED)
            return left, right
        if law == "given":
            return self.given(data, g, scope)
        if law == "lemma":
            return self.cited(data, g, scope)
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
            self.algebra(data, left, right, g, scope)
        elif law == "differentiate":
            self.differentiate(left, right, g)
        else:
            refuse(f"there is no law {law[:40]}")
        return left, right

    def algebra(self, data: Any, left: Term, right: Term, g: Grounds, scope: Scope) -> None:
        units = [self.read(t, g, scope) for t in texts(data, "nonzero", [])]
        positive = [self.read(t, g, scope) for t in texts(data, "positive", [])]
        for u in units:
            g.need(rel("!=", u, ZERO))
        for u in positive:
            g.need(rel(">", u, ZERO))
        positive = [u for u in positive if u.op != "n"]
        if not self.points.equal(left, right, units, positive):
            refuse(f"{show(left)} and {show(right)} are not equal by algebra")

    def differentiate(self, left: Term, right: Term, g: Grounds) -> None:
        """Both sides are equal once all derivatives are taken, where these exist."""
        g.used |= self.calculus.reached(left) | self.calculus.reached(right)
        (a, one), (b, two) = self.calculus.expand(left), self.calculus.expand(right)
        needs = dict.fromkeys((*one, *two))
        for c in needs:
            g.need(c)
        compared = [c.args for c in needs if c.op == "rel" and c.args[2] is ZERO]
        units = [x for op, x, _ in compared if op == "!="]
        positive = [x for op, x, _ in compared if op == ">" and x.op != "n"]
        if not self.points.equal(a, b, units, positive):
            refuse(f"the derivatives are {show(a)} and {show(b)}")

    def given(self, data: Any, g: Grounds, scope: Scope) -> Equation:
        n = part(data, "number", int)
        if n not in self.stated:
            refuse(f"hypothesis {n} is not stated")
        h = self.core.hypotheses[n]
        if h.says.op != "rel" or h.says.args[0] != "==":
            refuse(f"{h.text} is no equation")
        at = self.values(h.letters, data, g, scope)
        g.need(subst(h.where, at))
        g.used.add(n)
        return subst(h.says.args[1], at), subst(h.says.args[2], at)

    def cited(self, data: Any, g: Grounds, scope: Scope) -> Equation:
        number = part(data, "number", str)
        lemma = self.lemmas.get(number)
        if lemma is None:
            refuse(f"lemma {number[:40]} has not been proved before")
        for x in lemma.used:
            if type(x) is int and x not in self.stated:
                refuse(f"lemma {number} rests on {self.core.hypotheses[x].text}")
        at = self.values(lemma.letters, data, g, scope)
        for c in lemma.assumes:
            g.need(subst(c, at))
        g.used |= lemma.used
        return subst(lemma.left, at), subst(lemma.right, at)

    def values(
        self, letters: Sequence[Term], data: Any, g: Grounds, scope: Scope
    ) -> dict[Term, Term]:
        """Places for the letters of a hypothesis or lemma."""
        put = words(data, "put", {})
        if set(put) != {letter.args[0] for letter in letters}:
            refuse("a place is wanted for each letter")
        out = {}
        for letter in letters:
            name, size = letter.args
            out[letter] = self.read(put[name], g, scope)
            self.pay(owed(self.w, out[letter], size), g)
        return out


# -- what was proved, as text ----------------------------------------------------------------


def definition_text(d: Mapping[str, Any]) -> str:
    letters = ",".join(d["letters"])
    runs = ", ".join([f"{k} in {s}" for k, s in d["letters"].items()])
    head = f"{d['name']}[{letters}]" if letters else d["name"]
    return f"{head} = {d['body']}" + (f"   for {runs}" if runs else "")


def inputs_text(core: Mapping[str, Any]) -> list[str]:
    """Sizes, inputs with their shapes, labels and unknown functions."""
    labels = core.get("labels", {})
    out = [f"sizes {', '.join(core['sizes'])}"] if core["sizes"] else []
    for name, shape in core["arrays"].items():
        of = f" of places over {labels[name]}" if name in labels else ""
        out.append(f"{name}: {' by '.join(shape) or 'a number'}{of}")
    out += [f"function {name} of {n}" for name, n in core.get("functions", {}).items()]
    return out
