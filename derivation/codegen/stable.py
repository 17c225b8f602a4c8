"""Exponentials and logarithms that neither overflow nor cancel.

A product of exponentials, sums of them and their inverses is carried as ``m * exp(s)`` for as long
as it can be: a sum takes the largest s out (the shift of softmax and logsumexp), a product adds
the s, a logarithm is ``log(m) + s``. Softmax, logsumexp, a mixture's responsibilities and a
partial likelihood all come out right from that one idea, with conditions and over any indices.
The logistic function, its complement, its logarithm and ``log(1 + exp(x))`` are seen as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from derivation.codegen import sums
from derivation.codegen.nodes import (
    ONE,
    ZERO,
    Axis,
    Node,
    add,
    const,
    div,
    exp,
    fn,
    is_const,
    is_positive,
    mul,
    neg,
    power,
    reduce,
    where,
)
from derivation.problem import Definition
from derivation.terms import (
    MINUS_ONE,
    Add,
    Mul,
    Pow,
    Rational,
    Relation,
    SumOver,
    Term,
    conjuncts,
    free_indices,
    function_name,
    indices_of,
    is_element,
    name_of,
    substitute,
    value_of,
)
from derivation.terms import (
    ONE as ONE_TERM,
)
from derivation.terms import (
    add as add_term,
)
from derivation.terms import (
    mul as mul_term,
)
from derivation.terms import (
    neg as minus,
)
from derivation.terms import (
    power as raised,
)

if TYPE_CHECKING:
    from derivation.codegen.lower import Scope

INFINITY = Node("inf")
LOWEST = const(-(10**30))  # what a maximum over nothing counts as: it is subtracted


@dataclass(frozen=True)
class Scaled:
    """``mantissa * exp(scale)``; without a scale, the mantissa alone."""

    mantissa: Node
    scale: Node | None = None

    def value(self) -> Node:
        return self.mantissa if self.scale is None else mul(self.mantissa, exp(self.scale))

    def log(self) -> Node:
        """The logarithm; positive divisors and factors are taken apart."""
        found: list[Node] = [] if self.scale is None else [self.scale]
        above, below = _fraction(self.mantissa)
        rest: list[Node] = []
        for f in above:
            if self.scale is not None and is_positive(f) and f.op != "const":
                found.append(_log(f))
            elif not is_const(f, 1):
                rest.append(f)
        for f in below:
            if is_positive(f) and f.op not in ("const", "size"):
                found.append(neg(_log(f)))
            else:
                rest.append(div(ONE, f))
        whole = mul(*rest)
        if whole.op == "const" and 0 < whole.data < 1:
            found.append(neg(fn("log", div(ONE, whole))))
        elif rest:
            found.append(_log(whole))
        return add(*found)


def _fraction(n: Node) -> tuple[list[Node], list[Node]]:
    if n.op == "div":
        return _factors(n.args[0]), _factors(n.args[1])
    return _factors(n), []


def _factors(n: Node) -> list[Node]:
    return list(n.args) if n.op == "mul" else [n]


def _log(n: Node) -> Node:
    """The logarithm, of one plus something by ``log1p``."""
    if n.op == "add" and ONE in n.args:
        return fn("log1p", add(*[a for a in n.args if a != ONE]))
    return fn("log", n)


class Stable:
    """The part of reading formulas that knows of exponentials and logarithms."""

    definitions: dict[str, Definition]
    statements: dict[str, tuple[tuple[Axis, ...], Node]]

    if TYPE_CHECKING:

        def lower(self, t: Term, scope: Scope) -> Node: ...
        def under(self, scope: Scope, condition: Term) -> Scope: ...
        def under_all(self, guards: Iterable[Term], scope: Scope) -> tuple[Scope, list[Node]]: ...
        def condition(self, c: Term, scope: Scope) -> Node: ...
        def safe(self, n: Node, scope: Scope, fill: Node) -> Node: ...

    # -- functions --------------------------------------------------------------------------

    def function(self, name: str, args: Sequence[Term], scope: Scope) -> Node:
        """A known function of terms."""
        if name == "log":
            return self.log(args[0], scope)
        if name in ("exp", "sinh", "cosh"):
            inner = self.lower(args[0], scope)
            return exp(self.safe(inner, scope, ZERO)) if name == "exp" else fn(name, inner)
        nodes = [self.lower(a, scope) for a in args]
        if name in ("lgamma", "acosh", "polygamma"):
            nodes[-1] = self.safe(nodes[-1], scope, ONE)
        if name in ("asin", "acos", "atanh"):
            nodes[0] = self.safe(nodes[0], scope, ZERO)
        return fn(name, *nodes)

    def log(self, t: Any, scope: Scope) -> Node:
        """The logarithm of a term."""
        found: list[Node] = []
        rest: list[Term] = []
        for factor in self._log_factors(t):
            base, exponent = _power(factor)
            logit = self.logit(base)
            other = None if logit is not None else self.complement_logit(base)
            if logit is not None:
                piece = neg(fn("softplus", neg(self.lower(logit, scope))))
            elif other is not None:
                piece = neg(fn("softplus", self.lower(other, scope)))
            elif (below := self._one_minus_exp(base)) is not None:
                piece = fn("log", neg(fn("expm1", self.lower(below, scope))))
            elif self.is_scaled(base, True):
                plus = self._one_plus_exp(base)
                if plus is not None:
                    piece = fn("softplus", self.lower(plus, scope))
                else:
                    piece = self.scaled(base, scope).log()
            else:
                rest.append(factor)
                continue
            found.append(mul(self.lower(exponent, scope), piece))
        if rest:
            found.append(self._plain_log(mul_term(*rest), scope))
        return add(*found)

    def _plain_log(self, t: Any, scope: Scope) -> Node:
        if isinstance(t, Add) and ONE_TERM in t.args:
            others = list(t.args)
            others.remove(ONE_TERM)
            inner = self.lower(add_term(*others), scope)
            return fn("log1p", self.safe(inner, scope, ZERO))
        inner = self.lower(t, scope)
        if inner.op == "div" and is_const(inner.args[0], 1):
            return neg(fn("log", self.safe(inner.args[1], scope, ONE)))
        if inner.op == "pow" and inner.args[1].op == "const" and inner.args[1].data % 2:
            return mul(inner.args[1], fn("log", self.safe(inner.args[0], scope, ONE)))
        return fn("log", self.safe(inner, scope, ONE))

    def _log_factors(self, t: Any) -> list[Any]:
        """The factors of a product, through the definitions that are worth it."""
        if isinstance(t, Mul):
            return [f for a in t.args for f in self._log_factors(a)]
        if isinstance(t, Pow) and isinstance(t.args[1], Rational):
            inner = self._log_factors(t.args[0])
            odd = t.args[1].q == 1 and int(t.args[1].p) % 2
            if odd or all(self._is_known_positive(f) for f in inner):
                return [raised(_power(f)[0], _power(f)[1] * t.args[1]) for f in inner]
            return [t]
        body = self.unfolded(t)
        if body is None or self.logit(t) is not None or self.complement_logit(t) is not None:
            return [t]
        if self.is_scaled(body, True) or self.is_ratio(body):
            return self._log_factors(body)
        return [t]

    def _is_known_positive(self, t: Any) -> bool:
        base, _ = _power(t)
        if function_name(base) in ("exp", "sigmoid") or self.logit(base) is not None:
            return True
        if self.complement_logit(base) is not None:
            return True
        return isinstance(base, SumOver) and function_name(base.body) == "exp"

    # -- the logistic function --------------------------------------------------------------

    def unfolded(self, t: Term) -> Any:
        """The definition of an entry, or None."""
        if not is_element(t) or name_of(t) not in self.definitions:
            return None
        d = self.definitions[name_of(t)]
        return substitute(d.body, dict(zip(d.params, indices_of(t), strict=True)))

    def logit(self, t: Any) -> Any:
        """x where the term is the logistic function of x, also by definition; else None."""
        if function_name(t) == "sigmoid":
            return t.args[0]
        if isinstance(t, Pow) and t.args[1] == MINUS_ONE:
            x = self._one_plus_exp(t.args[0])
            return None if x is None else minus(x)
        if isinstance(t, Mul) and len(t.args) == 2:  # exp(x)/(1 + exp(x))
            for a, b in (t.args, t.args[::-1]):
                if function_name(a) == "exp" and isinstance(b, Pow) and b.args[1] == MINUS_ONE:
                    x = self._one_plus_exp(b.args[0])
                    if x is not None and x == a.args[0]:
                        return x
        body = self.unfolded(t)
        return None if body is None else self.logit(body)

    def complement_logit(self, t: Any) -> Any:
        """x where the term is one minus the logistic function of x; else None."""
        if isinstance(t, Add) and len(t.args) == 2 and ONE_TERM in t.args:
            other = t.args[1] if t.args[0] == ONE_TERM else t.args[0]
            return self.logit(minus(other))
        body = self.unfolded(t)
        return None if body is None else self.complement_logit(body)

    def _one_plus_exp(self, t: Any) -> Any:
        """x where the term is 1 + exp(x)."""
        body = self.unfolded(t)
        if body is not None:
            t = body
        if isinstance(t, Add) and len(t.args) == 2 and ONE_TERM in t.args:
            other = t.args[1] if t.args[0] == ONE_TERM else t.args[0]
            if function_name(other) == "exp":
                return other.args[0]
            inner = self.unfolded(other)
            if inner is not None and function_name(inner) == "exp":
                return inner.args[0]
        return None

    def _one_minus_exp(self, t: Any) -> Any:
        """x where the term is 1 - exp(x), which under a logarithm means that x is negative."""
        body = self.unfolded(t)
        if body is not None:
            t = body
        if isinstance(t, Add) and len(t.args) == 2 and ONE_TERM in t.args:
            other = minus(t.args[1] if t.args[0] == ONE_TERM else t.args[0])
            if function_name(other) == "exp":
                return other.args[0]
        return None

    def special_sum(self, terms: Sequence[Term], scope: Scope) -> Node | None:
        """1 - sigmoid(x), exp(x) - 1 and 1 + exp(x), with what else is added."""
        if len(terms) != 2:
            return None
        for sign, one in ((1, ONE_TERM), (-1, MINUS_ONE)):
            if one not in terms:
                continue
            other = terms[1] if terms[0] == one else terms[0]
            x = self.logit(minus(other) if sign == 1 else other)
            if x is not None:
                found = fn("sigmoid", neg(self.lower(x, scope)))
                return found if sign == 1 else neg(found)
            flipped = other if sign == -1 else minus(other)
            if function_name(flipped) == "exp":
                inner = self.safe(self.lower(flipped.args[0], scope), scope, ZERO)
                found = fn("expm1", inner)
                return found if sign == -1 else neg(found)
        return None

    def special_product(self, t: Any, scope: Scope) -> Node | None:
        """A logistic function, or a product of exponentials that is carried as one."""
        x = self.logit(t)
        if x is not None:
            return fn("sigmoid", self.lower(x, scope))
        factors = t.args if isinstance(t, Mul) else (t,)
        above = below = 0
        for f in factors:
            base, exponent = _power(f)
            negative = isinstance(exponent, Rational) and value_of(exponent) < 0
            if self.logit(base) is not None and not negative:
                continue
            if self.is_scaled(base, negative):
                above, below = above + (not negative), below + negative
        if not below and above < 2:
            return None
        found = self.scaled(t, scope)
        if found.scale is not None and not scope.filled:
            found = Scaled(found.mantissa, self.safe(found.scale, scope, ZERO))
        return found.value()

    def masked_product(
        self, t: Any, scope: Scope, masks: Sequence[Node]
    ) -> tuple[list[Node], list[Node]] | None:
        """A product of exponentials that is 0 outside masks, and the masks that it leaves to do.

        The exponents are minus infinity there, so that nothing overflows where it is not wanted.
        """
        if self.special_product(t, scope) is None:
            return None
        found = self.scaled(t, scope)
        if found.scale is None or self.logit(t) is not None:
            return None
        mine = [m for m in masks if set(m.axes) <= set(found.scale.axes)]
        scale = found.scale
        for m in mine:
            scale = _minus_infinity_outside(m, scale)
        return [found.mantissa, exp(scale)], [m for m in masks if m not in mine]

    # -- mantissa and scale -----------------------------------------------------------------

    def is_ratio(self, t: Any) -> bool:
        """Whether the term is a quotient with exponentials below (a softmax and its like)."""
        if not isinstance(t, (Mul, Pow)):
            return False
        for f in t.args if isinstance(t, Mul) else (t,):
            base, exponent = _power(f)
            negative = isinstance(exponent, Rational) and value_of(exponent) < 0
            if negative and self.is_scaled(base, True):
                return True
        return False

    def is_scaled(self, t: Any, below: bool = False) -> bool:
        """Whether the term is a product or sum of exponentials, through definitions.

        A quotient of exponentials by others is a number like any other and does not count; nor
        does a sum of an exponential and something else, except below a line or in a logarithm.
        """
        if function_name(t) == "exp" or (below and function_name(t) in ("sinh", "cosh")):
            return True
        if isinstance(t, Mul):
            if self.is_ratio(t):  # one over exponentials is one of them, a quotient is not
                return not any(self.is_scaled(f, below) for f in t.args if not self.is_ratio(f))
            return any(self.is_scaled(a, below) for a in t.args)
        if isinstance(t, Pow):
            return self.is_scaled(t.args[0], below or self.is_ratio(t))
        if isinstance(t, SumOver):
            return self.is_scaled(t.body, below)
        if isinstance(t, Add):
            return below and any(self.is_scaled(a, below) for a in t.args)
        body = self.unfolded(t)
        return body is not None and self.logit(t) is None and self.is_scaled(body, below)

    def scaled(self, t: Any, scope: Scope) -> Scaled:
        """The term as mantissa and scale."""
        if function_name(t) == "exp":
            s = self.lower(t.args[0], scope)
            mask = scope.mask
            if scope.filled and mask is not None and set(mask.axes) <= set(s.axes):
                s = where(mask, s, neg(INFINITY))
            return Scaled(ONE, s)
        if function_name(t) in ("sinh", "cosh"):
            return _hyperbolic(str(function_name(t)), self.lower(t.args[0], scope))
        if isinstance(t, Mul):
            parts = [self.scaled(a, scope) for a in t.args]
            return _product(parts)
        if isinstance(t, Pow):
            base, exponent = t.args
            if self.is_scaled(base, True) or self.is_ratio(base):
                inner = self.scaled(base, scope)
                e = self.lower(exponent, scope)
                scale = None if inner.scale is None else mul(e, inner.scale)
                return Scaled(power(inner.mantissa, e), scale)
            return Scaled(self.lower(t, scope))
        if isinstance(t, SumOver) and self.is_scaled(t.body, True):
            return self._scaled_sum(t, scope)
        if isinstance(t, Add) and self.is_scaled(t, True):
            return self._sum_scaled([self.scaled(a, scope) for a in t.args])
        if self.is_scaled(t, True):
            body = self.unfolded(t)
            if body is not None:
                return self.scaled(body, scope)
        return Scaled(self.lower(t, scope))

    def _scaled_sum(self, t: Any, scope: Scope) -> Scaled:
        from derivation.codegen.lower import Scope, opened

        over, guards, body = opened(t)
        inner, masks = self.under_all(guards, scope)
        part = self.scaled(body, Scope(inner.conditions, inner.masks))
        if part.scale is None or not set(part.scale.axes) & set(over):
            return Scaled(sums.total([part.mantissa], over, masks), part.scale)
        scale = part.scale
        for m in masks:
            scale = where(m, scale, neg(INFINITY))
        largest = reduce("max", scale, [a for a in over if a in scale.axes])
        tolerant = bool(guards) and self._is_irrelevant_if_empty(over, guards, scope)
        if tolerant:
            largest = fn("max", largest, LOWEST)
        weights = exp(add(scale, neg(largest)))
        whole = sums.total([part.mantissa, weights], over, [])
        if tolerant and part.mantissa == ONE:
            whole = fn("max", whole, ONE)  # it is at least 1, unless it is empty
        return Scaled(whole, largest)

    def _is_irrelevant_if_empty(
        self, over: Sequence[Axis], guards: Sequence[Term], scope: Scope
    ) -> bool:
        """Whether a sum may be empty under its guards, but not where the scope's conditions hold.

        A sum over k != i in what is asked for j != i alone is one: with a single point it is
        empty, and nothing is asked for.
        """
        others = set().union(*[free_indices(g) for g in guards]) - set(over)
        if len(over) == 1 and any(
            all(_is_reflexive(substitute(g, {over[0]: i})) for g in guards)
            for i in others
            if i.size == over[0].size
        ):
            return False
        known = set().union(*[free_indices(c) for c in scope.conditions])
        for chosen in permutations(sorted(known, key=str), len(over)):
            swap = dict(zip(over, chosen, strict=True))
            if all(a.size == b.size for a, b in swap.items()) and all(
                scope.holds(c) for g in guards for c in conjuncts(substitute(g, swap))
            ):
                return True
        return False

    def _sum_scaled(self, parts: Sequence[Scaled]) -> Scaled:
        """A sum of a few terms, the largest scale taken out (what has none has scale 0)."""
        scales = [ZERO if p.scale is None else p.scale for p in parts]
        if len(parts) == 2 and is_const(add(*[p.mantissa for p in parts]), 0):
            return self._difference(parts[0].mantissa, *scales)
        largest = scales[0]
        for s in scales[1:]:
            largest = largest if s == largest else fn("max", largest, s)
        terms = [
            mul(p.mantissa, exp(add(s, neg(largest)))) for p, s in zip(parts, scales, strict=True)
        ]
        return Scaled(add(*terms), largest)

    def _difference(self, factor: Node, a: Node, b: Node) -> Scaled:
        """``factor * (exp(a) - exp(b))``, to its last digit where a and b are near each other."""
        apart = add(a, neg(b))
        for sign, above, larger in ((1, apart, a), (-1, neg(apart), b)):
            if is_positive(above, self._is_positive_array):
                return Scaled(mul(const(-sign), factor, fn("expm1", neg(above))), larger)
        lost = mul(fn("sign", apart), fn("expm1", neg(fn("abs", apart))))
        return Scaled(neg(mul(factor, lost)), fn("max", a, b))

    def _is_positive_array(self, name: str) -> bool:
        if name not in self.statements:
            return False
        return is_positive(self.statements[name][1], self._is_positive_array)


def _is_reflexive(c: Any) -> bool:
    return isinstance(c, Relation) and c.left == c.right and c.op in ("==", "<=", ">=")


def _minus_infinity_outside(mask: Node, n: Node) -> Node:
    """An exponent that is minus infinity where the mask does not hold, by its first term."""
    if n.op == "add":
        k = next((k for k, a in enumerate(n.args) if a.op != "neg"), None)
        if k is not None:
            changed = where(mask, n.args[k], neg(INFINITY))
            return add(*n.args[:k], changed, *n.args[k + 1 :])
    return where(mask, n, neg(INFINITY))


def _power(t: Any) -> tuple[Any, Any]:
    if isinstance(t, Pow):
        return t.args[0], t.args[1]
    return t, ONE_TERM


def _product(parts: Sequence[Scaled]) -> Scaled:
    scales = [p.scale for p in parts if p.scale is not None]
    scale = add(*scales) if scales else None
    return Scaled(mul(*[p.mantissa for p in parts]), scale)


def _hyperbolic(name: str, x: Node) -> Scaled:
    """``cosh(x)`` or ``sinh(x)`` as a number times ``exp(|x|)``."""
    size = fn("abs", x)
    lower = mul(const(-2), size)
    if name == "cosh":
        return Scaled(div(add(ONE, exp(lower)), const(2)), size)
    return Scaled(div(neg(mul(fn("sign", x), fn("expm1", lower))), const(2)), size)
