"""The replay: what a certificate states, and whether its moves prove it.

A move replaces one side of an equation by the other in the hole of a context. Lines are compared by
value (``values``): the order of terms, brackets and bound letters count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import terms as t
from .calculus import Calculus, has_derivative
from .grounds import DETACHED, Grounds, Hypothesis
from .laws import LAWS, Instances
from .terms import TRUE, ZERO, Letters, Malformed, Term, refuse, rel, require, subst
from .text import CALLS, Owed, World
from .values import Points
from .witness import Witness

MAX_STEPS, MAX_DEPTH = 200_000, 10
RECORD = (
    "schema status reason problem objective wrt style letters result result_latex matrix_form core "
    "introduced given conditions domain steps checked left assumes"
)
STEP = (
    "number kind title rule law why before after letters variables assumes uses conditions moves "
    "substeps"
)
MOVE = "law at put dir left right nonzero positive because number"
CORE = "sizes functions arrays labels definitions hypotheses witness"


class Claim(NamedTuple):
    """What was proved: the equation, for all sizes, all values of its letters (where ``assumes``
    holds), and all inputs that meet ``given``, ``conditions`` and ``domain`` (for every value of
    letters there). If not ``derived``, the derivation stopped at the right side. ``core`` says what
    the names mean."""

    equation: str
    letters: Mapping[str, str]
    assumes: Sequence[str]
    derived: bool
    title: str
    given: Sequence[str]
    conditions: Sequence[str]
    domain: Sequence[str]
    core: Mapping[str, Any]
    moves: int
    lemmas: int


class Lemma(NamedTuple):
    """An equation that may be cited, for all values of its letters where ``assumes`` holds, and
    what it rests on."""

    letters: Letters
    assumes: Sequence[Term]
    left: Term
    right: Term
    used: frozenset[object]


def part(data: Any, key: str, kind: type, default: Any = None, of: type | None = None) -> Any:
    """A part of a JSON object, of the type that it must have (``of``: and its own parts)."""
    value = data.get(key, default) if type(data) is dict else None
    if type(value) is not kind:
        raise Malformed(f"`{key}` is missing or of another type")
    inner: Any = value.values() if type(value) is dict else value
    if of and any(type(x) is not of for x in inner):
        raise Malformed(f"`{key}` has a part of another type")
    return value


def texts(data: Any, key: str) -> list[str]:
    """A list of texts; none where it is left out."""
    return part(data, key, list, [], of=str)  # type: ignore[no-any-return]


def only(data: Any, keys: str, what: str) -> None:
    """Refuses keys that mean nothing: what is said must be read."""
    strange = sorted(set(data) - set(keys.split())) if type(data) is dict else [type(data).__name__]
    if strange:
        raise Malformed(f"{what} has no `{strange[0][:40]}`")


class Replay:
    """A certificate: its core, then its records one after the other. ``here`` is the step being
    checked, ``used`` what the lemma being proved rests on."""

    def __init__(self) -> None:
        self.points, self.here, self.moves, self.steps = Points(), "the program", 0, 0
        self.lemmas: dict[str | int, Lemma] = {}  # by their numbers, hypotheses' are ints
        self.used: set[object] = set()
        self.owes: list[tuple[Letters, Term, Owed]] = []  # literal places of the core
        self.hypotheses: list[Hypothesis] = []
        self.enter(World())

    def enter(self, world: World, stated: Sequence[int] = ()) -> None:
        """Goes on in a world, where the hypotheses with these numbers may be used."""
        self.w = world
        self.calculus, self.instances = Calculus(world, self.points), Instances(world)
        self.base = Grounds(world, self.points, self.hypotheses, stated)

    def start(self, core: Any) -> None:
        """The core: what the names mean, hypotheses, and a point that meets them."""
        self.core, w = core, self.w
        only(core, CORE, "the core")
        for name in texts(core, "sizes"):
            w.sizes.add(w.new_name(name))
        for name, count in part(core, "functions", dict, {}, of=int).items():
            require(0 < count < 100 and name not in CALLS, f"no unknown function: {name[:40]}")
            w.functions[w.new_name(name)] = count
        for name in part(core, "arrays", dict, of=list):
            self.array(name, [w.size(s) for s in texts(core["arrays"], name)])
        for name, size in part(core, "labels", dict, {}, of=str).items():
            require(name in w.arrays, f"the label {name} is no array")
            w.labels[name] = w.size(size)
        for d in part(core, "definitions", list):
            self.define(d)
        self.hypotheses += [self.hypothesis(h) for h in part(core, "hypotheses", list)]
        self.witness = Witness(w, part(core, "witness", dict))
        for n, h in enumerate(self.hypotheses):
            self.witness.meets(h)
            if h.says.args[:1] == ("==",):
                _, left, right = h.says.args
                self.lemmas[n] = Lemma(h.letters, (h.where,), left, right, frozenset((n,)))

    def array(self, name: str, shape: Sequence[Term]) -> None:
        require(name != "pi" or shape, "pi is a number")
        self.w.arrays[self.w.new_name(name)] = tuple(shape)

    def letters(self, data: Any) -> tuple[Term, ...]:
        """Letters with the sizes that they run over; none has another meaning."""
        sizes = part(data, "letters", dict, {}, of=str)
        return tuple([self.w.new_letter(k, self.w.size(s)) for k, s in sizes.items()])

    def plain(self, text: str, letters: Letters, where: Term = TRUE) -> Term:
        """A text of the core: no derivative stands in it."""
        reading = self.w.read(text, letters)
        self.owes += [(letters, where, reading.owes)] if reading.owes else []
        require(not has_derivative(reading.term), f"a derivative stands in {text[:80]}")
        return reading.term

    def define(self, data: Any) -> None:
        """A definition, which may use earlier ones only; so there are no circles."""
        only(data, "name letters body", "a definition")
        letters, name = self.letters(data), part(data, "name", str)
        body = self.plain(part(data, "body", str), letters)
        require(not body.says, f"{name} is defined as a condition")
        self.array(name, [letter.args[1] for letter in letters])
        self.w.definitions[name] = (letters, body)

    def hypothesis(self, data: Any) -> Hypothesis:
        only(data, "letters where says", "a hypothesis")
        letters = self.letters(data)
        text, says = part(data, "where", str, "true"), part(data, "says", str)
        where = condition(self.plain(text, letters))
        whole = says if where is TRUE else f"{says} if {text}"
        return Hypothesis(letters, where, condition(self.plain(says, letters, where)), whole)

    def record(self, data: Any, schema: str) -> Claim:
        """One derivation: of a derivative, or of any equation (``left``, ``assumes``)."""
        moves, lemmas, self.here = self.moves, len(self.lemmas), "the statement"
        only(data, RECORD, "a derivation")
        if part(data, "schema", str) != schema:
            raise Malformed("a derivation of another schema")
        stated = {k: part(data, k, list, of=str) for k in ("given", "conditions", "domain")}
        said, known = [x for k in stated for x in stated[k]], [h.text for h in self.hypotheses]
        for text in said:
            require(text in known, f"the core has no hypothesis {text[:200]}")
        self.base.stated = [n for n, text in enumerate(known) if text in said]  # no other is used
        for letters, where, owes in self.owes:
            self.pay(owes, self.base.at(letters, (where,)))
        g, steps = self.assumed(data), part(data, "steps", list)
        require(self.witness.meets_some(g.letters, g.known()), "the witness meets no `assumes`")
        about = [part(data, "objective", str, ""), *texts(data, "wrt")]
        for text in about if "left" not in data else ():  # each a text of its own
            self.read(text, g)
        goal = part(data, "left", str, f"diff({', '.join(about)})")
        now = self.chain(steps, self.read(goal, g), g, 0)
        self.here = "the result"
        derived, result = part(data, "status", str) == "derived", data.get("result")
        if derived != (result is not None) or (not derived and data["status"] != "not-derived"):
            raise Malformed("the status does not go with the result")
        if not derived:
            result = [goal, *[s["after"] for s in steps if s["kind"] == "chain"]][-1]
        self.same(now, self.read(part({"result": result}, "result", str), g))
        return Claim(
            equation=f"{goal} == {result}",
            letters=data.get("letters", {}),
            assumes=texts(data, "assumes"),
            derived=derived,
            title=part(part(data, "problem", dict), "title", str),
            core=self.core,
            moves=self.moves - moves,
            lemmas=len(self.lemmas) - lemmas,
            **stated,
        )

    def assumed(self, data: Any) -> Grounds:
        """What is known of the letters of a statement."""
        letters = self.letters(data)
        guards = [condition(self.w.read(x, letters).term) for x in texts(data, "assumes")]
        return self.base.at(letters, guards)

    def read(self, text: str, g: Grounds) -> Term:
        reading = self.w.read(text, g.letters)
        require(not reading.term.says, f"{text[:80]} is a condition, a value is wanted")
        self.pay(reading.owes, g)
        return reading.term

    def pay(self, owes: Owed, g: Grounds) -> None:
        """That literal places are in range."""
        for place, size in owes:
            g.need(rel(">=", size, place))

    def same(self, reached: Term, stated: Term) -> None:
        if not self.points.equal(reached, stated):
            refuse(f"the line reached is {reached}; stated is {stated}")

    def chain(self, steps: Sequence[Any], now: Term, g: Grounds, depth: int) -> Term:
        """The line that the chain steps reach from ``now``; lemmas are proved on the way."""
        for step in steps:
            self.steps += 1
            if self.steps > MAX_STEPS or depth > MAX_DEPTH:
                raise Malformed("too many steps, or nested too deep")
            only(step, STEP, "a step")
            self.here = f"step {part(step, 'number', str)[:40]}"
            if part(step, "kind", str) == "lemma":
                self.lemma(step, depth)
            elif step["kind"] == "chain":
                now = self.step(step, now, g, depth)
            else:
                raise Malformed(f"no kind of step: {step['kind'][:40]}")
        return now

    def step(self, step: Any, now: Term, g: Grounds, depth: int) -> Term:
        """One step: from its ``before``, which is the line reached, to its ``after``."""
        here, before = self.here, self.read(part(step, "before", str), g)
        self.same(now, before)
        moves, substeps = part(step, "moves", list, []), part(step, "substeps", list, [])
        if moves and substeps:
            raise Malformed("a step has moves or substeps, not both")
        now = self.chain(substeps, before, g, depth + 1)
        for move in moves:
            self.here = f"{here}, {part(move, 'law', str)[:40]}"
            now = self.move(move, now, g)
        self.here = here
        after = self.read(part(step, "after", str), g)
        self.same(now, after)
        return after

    def lemma(self, step: Any, depth: int) -> None:
        """An equation for all values of its letters. With variables of its own it is not cited."""
        number, own = step["number"], texts(step, "variables")
        require(number not in self.lemmas, f"lemma {number} is proved twice")
        kept, self.used = (self.w, self.calculus, self.instances, self.base, self.used), set()
        if own:
            self.enter(self.w.with_scalars(own), self.base.stated)
        g = self.assumed(step)
        left = self.read(part(step, "before", str), g)
        right = self.step(step, left, g, depth)
        if not own:
            used = frozenset(self.used)
            self.lemmas[number] = Lemma(g.letters, g.known(), left, right, used)
        self.w, self.calculus, self.instances, self.base, self.used = kept

    def move(self, data: Any, now: Term, outer: Grounds) -> Term:
        """The line after one move."""
        only(data, MOVE, "a move")
        self.moves += 1
        context = self.w.read(part(data, "at", str, "HOLE"), outer.letters, hole=True)
        require(context.term.holes == 1, "a context has one hole")
        self.pay(context.owes, outer)
        g, above = self.descend(context.term, [*context.letters], outer)
        for text in texts(data, "because"):
            self.learn(text, g)
        sides, turned = self.equation(data, g), part(data, "dir", str, "lr")
        if turned not in ("lr", "rl"):
            raise Malformed("a direction is lr or rl")
        left, right = sides if turned == "lr" else sides[::-1]
        for kind, v in above:
            self.kept(kind, v, g)
        self.same(now, t.graft(context.term, left, context.letters))
        self.used |= g.used
        return t.graft(context.term, right, context.letters)

    def learn(self, text: str, g: Grounds) -> None:
        """A term whose form shows its sign; ``k in K, m in M: term`` for every value of letters."""
        head, _, body = text.rpartition(":")
        pairs = [x.strip().partition(" in ") for x in head.split(",") if head]
        letters = [self.w.new_letter(k, self.w.size(s)) for k, _, s in pairs]
        g.learn(letters, self.read(body, g.inside(letters)))

    def descend(self, x: Term, letters: list[Term], g: Grounds) -> tuple[Grounds, list[Any]]:
        """What is known at the hole, and the derivatives above it: each a kind and a variable.

        Inside a derivative its variable moves: a case that varies with it is left behind. What is
        detached stays where a case that rests on any input may move away.
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
                g = self.base.at(g.letters, kept)
            elif x.op == "fn" and x.args[0] == "detach":
                g = self.base.at(g.letters, [c for c in g.known() if not self.w.names(c)])
            x = inner
        return g, above

    def kept(self, kind: str, v: Term, g: Grounds) -> None:
        """That an equality holds wherever a derivative above it moves the variable."""
        require(DETACHED not in g.used, "detach may not be dropped under a derivative")
        for used in sorted(g.used, key=str):
            if type(used) is str and (kind == "fix" or used == v.args[0]):
                refuse(f"under a derivative by {v} the definition of {used} is not unfolded")
            if type(used) is int and not self.stays(self.hypotheses[used], kind, v):
                refuse(f"under a derivative by {v} it rests on {self.hypotheses[used].text}")

    def stays(self, h: Hypothesis, kind: str, v: Term) -> bool:
        """Whether a hypothesis holds nearby too: it does not vary, or is strict and continuous."""
        name, fixed = v.args[0], kind == "fix"
        g = self.base.at((*h.letters, *v.free), (h.where,))
        for c in t.conjuncts(h.says):
            if self.w.depends(c, name, fixed):
                if c.op != "rel" or c.args[0] not in ("<", ">", "!="):
                    return False
                for need in [n for x in c.args[1:] for n in self.calculus.of(x, kind, v)[1]]:
                    g.need(need)
        self.used |= {x for x in g.used if type(x) is int}
        return not self.w.depends(h.where, name, fixed)

    def equation(self, data: Any, g: Grounds) -> tuple[Term, Term]:
        law = data["law"]
        if law in LAWS:
            put = part(data, "put", dict, {}, of=str)
            left, right, needed, owes = self.instances.instance(law, put, g.letters)
            self.pay(owes, g)
            g.need(needed)
            g.used |= {DETACHED} if law == "detach-value" else set()
            return left, right
        if law in ("given", "lemma"):
            return self.cited(part(data, "number", int if law == "given" else str), data, g)
        left = self.read(part(data, "left", str), g)
        if law == "definition":
            require(self.w.defined(left), f"{data['left'][:80]} is not defined")
            g.used.add(left.args[0])
            return left, self.w.unfold(left)
        if law == "chain-rule":
            right, needs = self.calculus.chain_rule(left)
            g.used |= self.calculus.reached(left)
            for c in needs:
                g.need(c)
            return left, right
        right = self.read(part(data, "right", str), g)
        if law == "algebra":
            listed = [("!=", x) for x in texts(data, "nonzero")]
            listed += [(">", x) for x in texts(data, "positive")]
            self.agree(left, right, [rel(op, self.read(x, g), ZERO) for op, x in listed], g)
        elif law == "differentiate":
            g.used |= self.calculus.reached(left) | self.calculus.reached(right)
            (a, one), (b, two) = self.calculus.expand(left), self.calculus.expand(right)
            self.agree(a, b, (*one, *two), g)
        else:
            refuse(f"there is no law {law[:40]}")
        return left, right

    def agree(self, a: Term, b: Term, needs: Iterable[Term], g: Grounds) -> None:
        """That a and b are equal by algebra, where conditions hold that are known."""
        for c in dict.fromkeys(needs):
            g.need(c)
        known = [c.args for c in needs if c.op == "rel" and c.args[2] is ZERO]
        units, positive = [
            [x for op, x, _ in known if op == o and x.op != "n"] for o in ("!=", ">")
        ]
        if not self.points.equal(a, b, units, positive):
            refuse(f"{a} and {b} are not equal by algebra")

    def cited(self, number: str | int, data: Any, g: Grounds) -> tuple[Term, Term]:
        """A lemma, or a hypothesis that is an equation, at places put for its letters."""
        require(number in self.lemmas, f"no equation {str(number)[:40]} has been proved or stated")
        letters, assumes, left, right, used = self.lemmas[number]
        missing = {x for x in used if type(x) is int} - {*self.base.stated}
        require(not missing, f"{number} rests on a hypothesis that is not stated")
        put = part(data, "put", dict, {}, of=str)
        for name in sorted(put.keys() - {letter.args[0] for letter in letters}):
            refuse(f"{name[:40]} is none of its letters")
        at = {letter: self.read(put.get(letter.args[0], ""), g) for letter in letters}
        for letter, place in at.items():
            self.pay(self.w.owed(place, letter.args[1]), g)
        for c in assumes:
            g.need(subst(c, at))
        g.used |= used
        return subst(left, at), subst(right, at)


def condition(c: Term) -> Term:
    return c if c.says else refuse(f"{c} is no condition")
