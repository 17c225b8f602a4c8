"""Random programs of the language, with what is needed to evaluate them.

``generate(rng)`` makes one from any ``random.Random``; ``programs()`` is the Hypothesis strategy
that drives it, so that failures shrink.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LETTERS = "ijklmndq"
SIZES = ("K", "N", "D")
INPUTS = "xyzwabcuvst"
UNUSUAL = ("pi", "delta", "beta", "E", "x_1", "Theta", "I", "S", "mu")  # in place of the first few
FUNCTIONS = (  # a user's own; the parameter may hide an array
    "phi(u) = u**2 + 1", "phi(u) = exp(-u)*u", "phi(x) = x*sigmoid(2*x)", "phi(u) = log(1 + u**2)",
    "phi(u, v) = u*v + sin(u)", "phi(x, y) = x/(1 + y**2)",
)  # fmt: skip


@dataclass(frozen=True)
class Generated:
    """A program and what its text does not say outright.

    Attributes:
        text: The program.
        shapes: Input arrays with the sizes of their slots.
        positive: Inputs that a given says are positive.
        labels: Label arrays and the size their values belong to.
        defined: Defined names with the sizes of their slots.
        sizes: Names of the sizes.
        normalised: Positive inputs that a given says sum to 1 over their last slot.
        negative: Inputs that a given says are negative.
        symmetric: Inputs that a given says are symmetric.
        least: The least value that a given leaves to a size.
    """

    text: str
    shapes: Mapping[str, tuple[str, ...]]
    positive: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    defined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    normalised: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: tuple[str, ...] = SIZES
    negative: frozenset[str] = frozenset()
    symmetric: frozenset[str] = frozenset()
    least: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<<<\n{self.text}\n>>>"


class _Writer:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.sizes = rng.sample(SIZES, rng.choice((1, 1, 2, 2, 3)))
        if rng.random() < 0.12:
            self.sizes[-1] = rng.choice("23")
        self.pool = list(INPUTS)
        if rng.random() < 0.1:
            self.pool[:3] = rng.sample(UNUSUAL, 3)
        self.function = rng.choice(FUNCTIONS) if rng.random() < 0.2 else ""
        self.inputs: dict[str, tuple[str, ...]] = {}
        self.positive: set[str] = set()
        self.labels: dict[str, str] = {}
        self.defined: dict[str, tuple[str, ...]] = {}
        self.unknown: dict[str, int] = {}
        self.kinks = rng.random() < 0.35
        self.exotic = rng.random() < 0.3

    # -- names ----------------------------------------------------------------------------

    def pick(self, *weighted: tuple[float, Any]) -> Any:
        total = sum(w for w, _ in weighted)
        at = self.rng.random() * total
        for w, what in weighted:
            at -= w
            if at < 0:
                return what
        return weighted[-1][1]

    def array(self, shape: tuple[str, ...], positive: bool = False) -> str:
        fitting = [
            n for n, s in self.inputs.items() if s == shape and (n in self.positive) == positive
        ]
        if fitting and (self.rng.random() < 0.7 or len(self.inputs) > 5):
            return self.rng.choice(fitting)
        free = [c for c in self.pool if c not in self.inputs and c not in self.labels]
        if not shape:
            free = [c for c in free if c != "pi"]
        if not free:
            return self.rng.choice(fitting) if fitting else ""
        name = free[0] if not positive else free[-1]
        self.inputs[name] = shape
        if positive:
            self.positive.add(name)
        return name

    def element(self, scope: dict[str, str], positive: bool = False) -> str:
        letters = list(scope)
        rank = min(self.pick((1, 0), (6, 1), (4, 2)), len(letters))
        if not letters and self.rng.random() < 0.1:
            rank = 1
            name = self.array((self.rng.choice(self.sizes),), positive)
            return f"{name}[1]" if name else "2"
        chosen = [self.rng.choice(letters) for _ in range(rank)]
        shape = tuple(scope[c] for c in chosen)
        name = self.array(shape, positive)
        if not name:
            return "3"
        if self.exotic and self.labels and chosen and self.rng.random() < 0.3:
            for label, over in self.labels.items():
                own = self.inputs[label]
                for k, c in enumerate(chosen):
                    index = next((d for d in letters if scope[d] == own[0]), None)
                    if scope[c] == over and index:
                        chosen[k] = f"{label}[{index}]"
                        break
        if rank and self.rng.random() < 0.02:
            chosen[0] = "1"
        return name + (f"[{','.join(chosen)}]" if chosen else "")

    def use(self, scope: dict[str, str]) -> str | None:
        """An entry of a defined name whose slots the scope can fill."""
        fitting = []
        for name, shape in self.defined.items():
            if all(s in scope.values() for s in shape):
                fitting.append(name)
        if not fitting:
            return None
        name = self.rng.choice(fitting[-2:] if self.rng.random() < 0.7 else fitting)
        chosen = [
            self.rng.choice([c for c, s in scope.items() if s == over])
            for over in self.defined[name]
        ]
        return name + (f"[{','.join(chosen)}]" if chosen else "")

    def bind(
        self, scope: dict[str, str], over: str | None = None
    ) -> tuple[str, str, dict[str, str]]:
        over = over or self.rng.choice(self.sizes)
        free = [c for c in LETTERS if c not in scope]
        letter = self.rng.choice(free[:3]) if free else LETTERS[0]
        if scope and self.rng.random() < 0.03:
            letter = self.rng.choice(list(scope))
        inner = {k: v for k, v in scope.items() if k != letter}
        return letter, over, {**inner, letter: over}

    # -- conditions -------------------------------------------------------------------------

    def guard(self, letter: str, scope: dict[str, str]) -> str | None:
        others = [c for c, s in scope.items() if s == scope[letter] and c != letter]
        if self.exotic and self.labels and self.rng.random() < 0.4:
            for label, over in self.labels.items():
                index = next((d for d, s in scope.items() if (s,) == self.inputs[label]), None)
                if over == scope[letter] and index:
                    return f"{label}[{index}] {self.rng.choice(('==', '!='))} {letter}"
        if not others:
            return f"{letter} != 1" if self.rng.random() < 0.05 else None
        other = self.rng.choice(others)
        a, b = (letter, other) if self.rng.random() < 0.7 else (other, letter)
        op = self.pick((5, "!="), (2, "<"), (2, "<="), (1, ">"), (1, ">="), (0.3, "=="))
        out = f"{a} {op} {b}"
        if len(others) > 1 and self.rng.random() < 0.25:
            third = self.rng.choice([c for c in others if c != other])
            out += f" {self.pick((3, 'and'), (1, 'or'))} {letter} != {third}"
        return out

    def test(self, scope: dict[str, str], depth: int) -> str:
        if depth > 0 and self.rng.random() < 0.15:
            a, b = self.test(scope, 0), self.test(scope, 0)
            return self.rng.choice((f"({a}) and {b}", f"{a} or {b}", f"not ({a})"))
        pairs = [(a, b) for a in scope for b in scope if a != b and scope[a] == scope[b]]
        if pairs and self.rng.random() < 0.6:
            a, b = self.rng.choice(pairs)
            return f"{a} {self.pick((4, '=='), (3, '!='), (2, '<'), (2, '<='))} {b}"
        a = self.value(scope, min(depth, 1))
        b = self.pick((3, "0"), (1, self.value(scope, 0)))
        return f"{a} {self.rng.choice(('>', '<', '>=', '<='))} {b}"

    # -- values -----------------------------------------------------------------------------

    def atom(self, scope: dict[str, str]) -> str:
        used = self.use(scope)
        if used and self.rng.random() < 0.6:
            return used
        kind = self.pick(
            (12, "element"), (1, "number"), (0.4, "size"), (0.4, "index"), (0.5, "pos")
        )  # fmt: skip
        if kind == "number":
            return self.rng.choice(("1", "2", "3", "1/2", "0.5", "-1"))
        if kind == "size":
            return self.rng.choice(self.sizes)
        if kind == "index" and scope:
            return self.rng.choice(list(scope))
        return self.element(scope, positive=kind == "pos")

    def value(self, scope: dict[str, str], depth: int) -> str:
        if depth <= 0:
            return self.atom(scope)
        kind = self.pick(
            (3, "atom"), (5, "add"), (3, "sub"), (7, "mul"), (3, "div"), (3, "square"),
            (1, "neg"), (1, "inverse"), (6, "function"), (4, "positive"), (6, "sum"),
            (0.8, "prod"), (1, "delta"), (1, "case"), (0.8, "short"), (0.6, "power"),
            (2.5 if self.kinks else 0, "kink"), (1 if self.kinks else 0, "maxover"),
            (1 if self.exotic else 0, "unknown"), (0.8 if self.exotic else 0, "detach"),
            (0.5, "log"), (0.5, "sqrt"), (2 if self.function else 0, "own"), (0.3, "rare"),
        )  # fmt: skip
        return getattr(self, f"_{kind}", self._atom)(scope, depth)

    def two(self, scope: dict[str, str], depth: int) -> tuple[str, str]:
        a, b = self.value(scope, depth - 1), self.value(scope, self.rng.choice((0, depth - 1)))
        return (a, b) if self.rng.random() < 0.5 else (b, a)

    def _atom(self, scope: dict[str, str], depth: int) -> str:
        return self.atom(scope)

    def _add(self, scope: dict[str, str], depth: int) -> str:
        a, b = self.two(scope, depth)
        return f"({a} + {b})"

    def _sub(self, scope: dict[str, str], depth: int) -> str:
        a, b = self.two(scope, depth)
        return f"({a} - ({b}))"

    def _mul(self, scope: dict[str, str], depth: int) -> str:
        a, b = self.two(scope, depth)
        return f"({a})*({b})"

    def _div(self, scope: dict[str, str], depth: int) -> str:
        return f"({self.value(scope, depth - 1)})/({self._positive(scope, depth - 1)})"

    def _square(self, scope: dict[str, str], depth: int) -> str:
        return f"({self.value(scope, depth - 1)})**{self.pick((5, 2), (2, 3), (0.5, 4))}"

    def _inverse(self, scope: dict[str, str], depth: int) -> str:
        return f"({self._positive(scope, depth - 1)})**(-{self.rng.choice((1, 2))})"

    def _neg(self, scope: dict[str, str], depth: int) -> str:
        return f"(-({self.value(scope, depth - 1)}))"

    def _function(self, scope: dict[str, str], depth: int) -> str:
        f = self.pick((5, "exp"), (3, "tanh"), (3, "sigmoid"), (2, "softplus"), (1, "sin"),
                      (1, "cos"), (0.4, "atan"), (0.4, "erf"), (0.2, "sinh"), (0.2, "cosh"),
                      (0.2, "asinh"), (0.1, "tan"))  # fmt: skip
        return f"{f}({self.value(scope, depth - 1)})"

    def _log(self, scope: dict[str, str], depth: int) -> str:
        f = self.pick((9, "log"), (1, "lgamma"), (0.5, "digamma"))
        return f"{f}({self._positive(scope, depth - 1)})"

    def _own(self, scope: dict[str, str], depth: int) -> str:
        arity = 1 + self.function.split(")")[0].count(",")
        return f"phi({', '.join(self.value(scope, depth - 1) for _ in range(arity))})"

    def _rare(self, scope: dict[str, str], depth: int) -> str:
        if self.rng.random() < 0.5:
            small = f"tanh({self.value(scope, depth - 1)})/2"
            f = self.rng.choice(("asin", "acos", "atanh", "acosh"))
            return f"acosh(2 + {small})" if f == "acosh" else f"{f}({small})"
        form = self.rng.choice(
            ("polygamma(0, {})", "polygamma(1, {})", "polygamma(2, {})", "trigamma({})",
             "log({}, 2 + {})", "log({}, 3)", "{}^2", "{}^(-{})", "digamma({})"),
        )  # fmt: skip
        while "{}" in form:
            form = form.replace("{}", f"({self._positive(scope, depth - 1)})", 1)
        return form

    def _sqrt(self, scope: dict[str, str], depth: int) -> str:
        return f"sqrt({self._positive(scope, depth - 1)})"

    def _power(self, scope: dict[str, str], depth: int) -> str:
        exponent = self.pick((2, "(1/2)"), (1, "(3/2)"), (1, "(-1/2)"), (2, self.element(scope)))
        return f"({self._positive(scope, depth - 1)})**{exponent}"

    def _positive(self, scope: dict[str, str], depth: int) -> str:
        if depth <= 0:
            return self.pick((3, self.element(scope, True)), (2, f"exp({self.atom(scope)})"))  # type: ignore[no-any-return]
        kind = self.pick((4, "exp"), (3, "square"), (3, "sumexp"), (1, "softplus"), (1, "sigmoid"),
                         (2, "input"), (1, "oneplus"), (1, "product"))  # fmt: skip
        if kind == "exp":
            return f"exp({self.value(scope, depth - 1)})"
        if kind == "square":
            return f"(1 + ({self.value(scope, depth - 1)})**2)"
        if kind == "sumexp":
            letter, over, inner = self.bind(scope)
            return f"sum(exp({self.value(inner, depth - 1)}) for {letter} in {over})"
        if kind in ("softplus", "sigmoid"):
            return f"{kind}({self.value(scope, depth - 1)})"
        if kind == "oneplus":
            return f"(1 + {self._positive(scope, depth - 1)})"
        if kind == "product":
            return f"{self._positive(scope, depth - 1)}*{self._positive(scope, 0)}"
        return self.element(scope, positive=True)

    def _sum(self, scope: dict[str, str], depth: int) -> str:
        letter, over, inner = self.bind(scope)
        guard = self.guard(letter, inner) if self.rng.random() < 0.3 else None
        tail = f" for {letter} in {over}" + (f" if {guard}" if guard else "")
        if self.rng.random() < 0.15:
            second, size, inner = self.bind(inner)
            if second == letter:
                return f"sum({self.value(inner, depth - 1)} for {letter} in {over})"
            guard = self.guard(second, inner) if self.rng.random() < 0.4 else None
            tail += f" for {second} in {size}" + (f" if {guard}" if guard else "")
        return f"sum({self.value(inner, depth - 1)}{tail})"

    def _prod(self, scope: dict[str, str], depth: int) -> str:
        letter, over, inner = self.bind(scope)
        guard = self.guard(letter, inner) if self.rng.random() < 0.2 else None
        tail = f" if {guard}" if guard else ""
        return f"prod({self.value(inner, depth - 1)} for {letter} in {over}{tail})"

    def _maxover(self, scope: dict[str, str], depth: int) -> str:
        letter, over, inner = self.bind(scope)
        f = self.pick((2, "max"), (1, "min"))
        return f"{f}({self.value(inner, depth - 1)} for {letter} in {over})"

    def _short(self, scope: dict[str, str], depth: int) -> str:
        letter, over, inner = self.bind(scope)
        if self.rng.random() < 0.15:  # over two indices, or some of them
            second, size, both = self.bind(inner)
            kind = self.rng.choice(("logsumexp", "mean", "norm"))
            guard = self.guard(letter, inner) if second == letter or self.rng.random() < 0.5 else ""
            tail = f"for {letter} in {over}" + (f" if {guard}" if guard else "")
            if second == letter:
                return f"{kind}({self.value(inner, depth - 1)} {tail})"
            return f"{kind}({self.value(both, depth - 1)} {tail} for {second} in {size})"
        body = f"({self.value(inner, depth - 1)} for {letter} in {over})"
        kind = self.pick((2, "logsumexp"), (2, "mean"), (1, "norm"), (2, "softmax"))
        if kind == "softmax":
            at = [c for c, s in scope.items() if s == over]
            return f"softmax{body}[{self.rng.choice(at)}]" if at else f"logsumexp{body}"
        return f"{kind}{body}"

    def _delta(self, scope: dict[str, str], depth: int) -> str:
        pairs = [(a, b) for a in scope for b in scope if scope[a] == scope[b]]
        pairs = [p for p in pairs if p[0] != p[1]] or pairs[:1]
        if not pairs:
            return self.atom(scope)
        a, b = self.rng.choice(pairs)
        if self.rng.random() < 0.05:
            b = "1"
        return f"delta({a},{b})*({self.value(scope, depth - 1)})"

    def _case(self, scope: dict[str, str], depth: int) -> str:
        pairs = any(scope[a] == scope[b] for a in scope for b in scope if a != b)
        if not pairs and not self.kinks:
            return self._mul(scope, depth)
        if not self.kinks:
            a, b = next((a, b) for a in scope for b in scope if a != b and scope[a] == scope[b])
            test = f"{a} {self.pick((4, '=='), (3, '!='), (2, '<'), (2, '<='))} {b}"
        else:
            test = self.test(scope, depth - 1)
        return f"({self.value(scope, depth - 1)} if {test} else {self.value(scope, depth - 1)})"

    def _kink(self, scope: dict[str, str], depth: int) -> str:
        f = self.pick((3, "relu"), (3, "abs"), (2, "max"), (1, "min"), (0.5, "sign"))
        a = self.value(scope, depth - 1)
        if f in ("max", "min"):
            return f"{f}({a}, {self.pick((2, '0'), (1, '1'), (2, self.value(scope, depth - 1)))})"
        return f"{f}({a})"

    def _unknown(self, scope: dict[str, str], depth: int) -> str:
        name = self.rng.choice(("g", "h"))
        arity = self.unknown.setdefault(name, self.rng.choice((1, 1, 2)))
        return f"{name}({', '.join(self.value(scope, depth - 1) for _ in range(arity))})"

    def _detach(self, scope: dict[str, str], depth: int) -> str:
        return f"detach({self.value(scope, depth - 1)})"

    # -- definitions --------------------------------------------------------------------------

    def body(self, scope: dict[str, str], depth: int) -> str:
        letters = list(scope)
        if letters and self.rng.random() < 0.25:  # a normalised or centred layer
            own = self.rng.choice(letters)
            letter, over, inner = self.bind(scope, scope[own])
            if letter in scope:
                return self.value(scope, depth)
            inside = self.value({k: v for k, v in inner.items() if k != own}, depth - 1)
            outside = _renamed(inside, letter, own)
            return self.pick(  # type: ignore[no-any-return]
                (3, f"exp({outside})/sum(exp({inside}) for {letter} in {over})"),
                (1, f"({outside}) - sum({inside} for {letter} in {over})/{over}"),
                (1, f"({outside})/sqrt(1 + sum(({inside})**2 for {letter} in {over}))"),
                (1, f"({outside})/sum(exp({inside}) for {letter} in {over})"),
            )
        return self.value(scope, depth)

    def over_last(self, scope: dict[str, str], depth: int) -> str:
        """A body that uses the definition before it, mostly under sums over its indices."""
        shape = list(self.defined.values())[-1]
        inner, tail = dict(scope), ""
        for over in shape:
            if over not in scope.values() or self.rng.random() < 0.5:
                letter, _, inner = self.bind({**scope, **inner}, over)
                guard = self.guard(letter, inner) if self.rng.random() < 0.15 else None
                tail += f" for {letter} in {over}" + (f" if {guard}" if guard else "")
        if not tail:
            return self.body(scope, depth)
        for _ in range(3):
            body = self.value(inner, depth - 1)
            if list(self.defined)[-1] in body:
                break
        out = f"sum({body}{tail})"
        kind = self.pick((6, ""), (1, "log(1 + {}**2)"), (1, "{}/(1 + {})"), (1, "{}**2"))
        if kind:
            out = kind.replace("{}", out, 1).replace("{}", self._positive(scope, 1))
        return out

    def live(self, lines: list[str]) -> set[str]:
        """Names that the objective depends on."""
        import re

        bodies = {}
        for line in lines:
            head, _, body = line.partition(" = ")
            if body:
                bodies[re.split(r"\W", head)[0]] = set(re.findall(r"[A-Za-z]\w*", body))
        todo, out = ["L"], set()
        while todo:
            for n in bodies.get(todo.pop(), ()):
                if n not in out:
                    out.add(n)
                    todo.append(n)
        return out

    def program(self) -> Generated:
        rng = self.rng
        lines: list[str] = []
        if self.exotic and rng.random() < 0.4:
            over, own = rng.choice(self.sizes), rng.choice(self.sizes)
            self.labels["t"] = over
            self.inputs["t"] = (own,)
            lines.append(f"label t[{LETTERS[0]}] in {over}")
        count = self.pick((3, 1), (4, 2), (4, 3), (2, 4), (0.5, 5), (0.3, 6))
        names = ["h3", "h2", "p", "r", "h1", "L"][-count:]
        depth = self.pick((3, 2), (3, 3), (1, 4)) if count < 5 else 2
        for k, name in enumerate(names):
            last = k == count - 1
            rank = (
                self.pick((4, 0), (1, 1), (0.25, 2)) if last else self.pick((1, 0), (5, 1), (3, 2))
            )
            letters = rng.sample(LETTERS[:5], rank)
            scope = {c: rng.choice(self.sizes) for c in letters}
            body = self.over_last(scope, depth) if k else self.body(scope, depth)
            head = name + (f"[{','.join(letters)}]" if letters else "")
            lines.append(f"{head} = {body}")
            self.defined[name] = tuple(scope.values())
        real = {n: s for n, s in self.inputs.items() if n not in self.labels}
        if not real:
            real = {"x": ()}
            self.inputs["x"] = ()
            lines[-1] += " + x**2"
        taken = set(letters)
        live = self.live(lines)
        if rng.random() < 0.95:
            real = {n: s for n, s in real.items() if n in live} or real
        if self.pick((9, False), (1, True)) and count > 1:
            by = rng.choice([n for n in self.defined if n in live] or list(self.defined)[:1])
            shape = self.defined[by]
        else:
            by = rng.choice(list(real))
            shape = real[by]
        variable = self.variable(by, shape, taken)
        if rng.random() < 0.15:
            other = by if rng.random() < 0.6 else rng.choice(list(real))
            if other == by and rng.random() < 0.2:
                variable += f" then {variable}"  # the diagonal
            else:
                taken |= {c for c in variable if c in LETTERS}
                shape = real[other] if other in real else self.defined[other]
                variable += f" then {self.variable(other, shape, taken)}"
        elif rng.random() < 0.06:
            other = rng.choice(list(real))
            if other != by:
                variable += rng.choice((", ", "\nwrt ")) + self.variable(other, real[other], taken)
        if self.function and any("phi(" in line for line in lines):
            lines.insert(rng.choice((0, len(lines) - 1)), self.function)
        for f, arity in self.unknown.items():
            lines.append(f"function {f}" if arity == 1 else f"function {f}({arity})")
        import re

        written = set(re.findall(r"[A-Za-z]\w*", "\n".join(lines)))
        self.positive &= written
        self.inputs = {n: shape for n, shape in self.inputs.items() if n in written}
        for n in sorted(self.positive):
            at = f"[{','.join(LETTERS[: len(self.inputs[n])])}]" if self.inputs[n] else ""
            lines.append(f"given {n}{at} > 0")
        normalised = {}
        for n in sorted(self.positive):
            if self.inputs[n] and rng.random() < 0.3:
                normalised[n] = self.inputs[n]
                letters = list(LETTERS[: len(self.inputs[n])])
                place, last = ",".join(letters), letters[-1]
                lines.append(f"given sum({n}[{place}] for {last} in {self.inputs[n][-1]}) == 1")
        negative, symmetric, least = set(), set(), {}
        for n, slots in sorted(self.inputs.items()):
            at = f"[{','.join(LETTERS[: len(slots)])}]" if slots else ""
            if n in self.labels or n in self.positive:
                continue
            if rng.random() < 0.04:
                negative.add(n)
                lines.append(f"given {n}{at} < 0")
            elif len(slots) == 2 and slots[0] == slots[1] and rng.random() < 0.15:
                symmetric.add(n)
                lines.append(f"given {n}[i,j] == {n}[j,i]")
        if rng.random() < 0.04:
            over = rng.choice(self.sizes)
            if over in SIZES and re.search(rf"in {over}\b", "\n".join(lines)):
                least[over] = 2
                lines.append(f"given {over} >= 2")
        lines.append(f"wrt {variable}")
        if rng.random() < 0.25:
            lines.append("style cases")
        return Generated(
            "\n".join(lines), dict(self.inputs), frozenset(self.positive), dict(self.labels),
            dict(self.defined), normalised, SIZES, frozenset(negative), frozenset(symmetric), least,
        )  # fmt: skip

    def variable(self, name: str, shape: tuple[str, ...], taken: set[str]) -> str:
        if not shape or self.rng.random() < 0.05:
            return name
        used = {*taken, *self.inputs, *self.defined}
        free = [c for c in "jlabcefhoqr" if c not in used]
        letters = free[: len(shape)]
        if self.rng.random() < 0.04:
            letters[0] = "1"
        return f"{name}[{','.join(letters)}]"


def _renamed(text: str, old: str, new: str) -> str:
    """The expression with one letter for another, where it is free."""
    import ast

    class Rename(ast.NodeTransformer):
        def visit_GeneratorExp(self, n: ast.GeneratorExp) -> ast.AST:
            bound = {g.target.id for g in n.generators if isinstance(g.target, ast.Name)}
            if old in bound:
                return n
            if new in bound:  # rename the bound one away first
                swap = "z" + new
                n = ast.parse(_renamed_bound(ast.unparse(n), new, swap), mode="eval").body  # type: ignore
            return self.generic_visit(n)

        def visit_Name(self, n: ast.Name) -> ast.AST:
            return ast.Name(new, n.ctx) if n.id == old else n

    return ast.unparse(ast.fix_missing_locations(Rename().visit(ast.parse(text, mode="eval"))))


def _renamed_bound(text: str, old: str, new: str) -> str:
    import re

    return re.sub(rf"\b{old}\b", new, text)


def generate(rng: random.Random, accept: Callable[[str], bool] | None = None) -> Generated:
    """One random program; a few tries to meet a condition, such as that all ranges are known."""
    for _ in range(6):
        made = _Writer(rng).program()
        if accept is None or accept(made.text):
            break
    return made


def programs(accept: Callable[[str], bool] | None = None) -> Any:
    """The Hypothesis strategy."""
    from hypothesis import strategies as st

    return st.randoms(use_true_random=False).map(lambda rng: generate(rng, accept))
