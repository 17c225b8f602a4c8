"""Laws of logarithm, exponential and their kin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy

from derivation.errors import RuleRefused
from derivation.normal import E, difference_vanishes, normal, term_of, text
from derivation.rules.registry import refuse, rewriting, rule
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Detach,
    IfElse,
    Integer,
    Mul,
    Pow,
    Relation,
    add,
    apply,
    exp,
    if_else,
    inverse,
    is_number,
    log,
    mul,
    neg,
    number,
    power,
    rebuild,
    relation,
    relu,
    sigmoid,
    softplus,
    value_of,
)
from derivation.theory import Theory

Result = tuple[Any, Iterable[Any]]


@rewriting(
    "log-expand",
    "functions",
    "Logarithm of a product",
    r"\log \frac{a b^n}{c} = \log a + n \log b - \log c,\quad \log e^x = x",
    needs=("every factor > 0",),
    valid=(
        "log(exp(a)) -> a",
        "log(a**2*b) -> 2*log(a) + log(b)",
        "log((1 - a)/b) -> log(1 - a) - log(b)",
        "log((1 - a)*b**a) -> log(1 - a) + log(b**a)",
    ),
    refuses=("log(a + b) -> log(a) + log(b)", "log((1 - a)*b) -> log(1 - a) - log(b)"),
    broken_at="log(a**2*b) -> 2*log(a) + log(b) @ a=-1",
    lemma="logs",
)
def log_expand(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The logarithm of a product of powers, of an exponential, of 1."""
    refuse(isinstance(t, sympy.log), "not a logarithm")
    poly, needs = normal(t.args[0])
    if len(poly) != 1 and isinstance(t.args[0], Mul):
        return _log_of_factors(t.args[0].args)
    refuse(len(poly) == 1, "not a product")
    ((monomial, c),) = poly.items()
    terms: list[Any] = []
    conditions: list[Any] = [*needs, relation(">", t.args[0], ZERO)]
    for atom, e in sorted(monomial, key=lambda item: str(item[0])):
        exponent = number(e)
        if atom == E:
            terms.append(exponent)
            continue
        conditions.append(relation(">", atom, ZERO))
        terms.append(log(atom) if exponent == ONE else mul(exponent, log(atom)))
    if c != 1:
        conditions.append(relation(">", number(c), ZERO))
        terms.append(log(number(c)))
    refuse(bool(monomial) or c == 1, "nothing to expand")
    return add(*terms), conditions


def _log_of_factors(factors: tuple[Any, ...]) -> Result:
    """The logarithm of a product as written, which has sums among its factors."""
    terms: list[Any] = []
    conditions: list[Any] = []
    for f in factors:
        power_of = isinstance(f, Pow) and is_number(f.args[1])
        base, e = f.args if power_of else (f, ONE)
        conditions.append(relation(">", base, ZERO))
        terms.append(log(base) if e == ONE else mul(e, log(base)))
    return add(*terms), conditions


@rewriting(
    "power-of-product",
    "functions",
    "Power of a product",
    r"(x^a y)^b = x^{a b} y^b",
    needs=("every base > 0 (>= 0 where all exponents are positive)",),
    valid=("sqrt(a**2) -> a", "(a*b)**a -> a**a*b**a"),
    refuses=("sqrt(a + b) -> sqrt(a) + sqrt(b)",),
    broken_at="sqrt(a**2) -> a @ a=-1",
    lemma="logs",
)
def power_of_product(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A power of a product of powers, factor by factor."""
    refuse(isinstance(t, Pow), "not a power")
    poly, needs = normal(t.args[0])
    refuse(len(poly) == 1, "not the power of a product")
    ((monomial, c),) = poly.items()
    conditions: list[Any] = list(needs)
    factors: list[Any] = []
    if c != 1:
        conditions.append(relation(">", number(c), ZERO))
        factors.append(power(number(c), t.args[1]))
    for atom, e in sorted(monomial, key=lambda item: str(item[0])):
        exponent = number(e)
        product, needed = normal(mul(exponent, t.args[1]))
        total = term_of(product)
        conditions.extend(needed)
        if atom == E:
            factors.append(exp(total))
            continue
        whole = (
            is_number(exponent)
            and is_number(t.args[1])
            and min(value_of(exponent), value_of(t.args[1])) > 0
        )
        conditions.append(relation(">=" if whole else ">", atom, ZERO))
        factors.append(atom if total == ONE else power(atom, total))
    refuse(bool(monomial), "nothing to expand")
    return mul(*factors), conditions


@rewriting(
    "exp-of-log",
    "functions",
    "Exponential of a logarithm",
    r"e^{f + n \log a} = e^f a^n",
    needs=("a > 0",),
    valid=("exp(log(a)) -> a", "exp(b*log(a)) -> a**b"),
    refuses=("exp(a) -> a",),
    broken_at="exp(log(a)) -> a @ a=-1",
    lemma="logs",
)
def exp_of_log(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Logarithms in an exponent become powers."""
    refuse(type(t) is sympy.exp, "not an exponential")
    poly, needs = normal(t.args[0])
    rest, factors, conditions = {}, [], list(needs)
    for m, c in poly.items():
        logs = [(a, e) for a, e in m if isinstance(a, sympy.log) and e == 1]
        if len(logs) == 1:
            base = logs[0][0].args[0]
            exponent = term_of({m - {logs[0]}: c})
            factors.append(base if exponent == ONE else power(base, exponent))
            conditions.append(relation(">", base, ZERO))
        else:
            rest[m] = c
    refuse(bool(factors), "no logarithm in the exponent")
    if rest:
        factors.append(exp(term_of(rest)))
    return mul(*factors), conditions


@rewriting(
    "sigmoid-definition",
    "functions",
    "What the sigmoid is",
    r"\sigma(x) = \frac{1}{1 + e^{-x}}",
    valid=("sigmoid(a) -> 1/(1 + exp(-a))",),
    refuses=("sigmoid(a) -> 1/(1 + exp(a))",),
    lemma="sigmoid_is",
)
def sigmoid_definition(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The logistic function."""
    refuse(isinstance(t, sigmoid), "not a sigmoid")
    return inverse(add(ONE, exp(neg(t.args[0])))), ()


@rewriting(
    "tangent-definition",
    "functions",
    "What the tangent is",
    r"\tan x = \frac{\sin x}{\cos x},\quad \tanh x = \frac{\sinh x}{\cosh x}",
    valid=("tanh(a) -> sinh(a)/cosh(a)", "tan(a) -> sin(a)/cos(a)"),
    refuses=("tanh(a) -> cosh(a)/sinh(a)", "tanh(a) -> sin(a)/cos(a)"),
    lemma="tan",
)
def tangent_definition(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Sine over cosine, circular or hyperbolic."""
    refuse(isinstance(t, (sympy.tan, sympy.tanh)), "not a tangent")
    above, below = ("sin", "cos") if isinstance(t, sympy.tan) else ("sinh", "cosh")
    return mul(apply(above, t.args[0]), inverse(apply(below, t.args[0]))), ()


@rewriting(
    "sigmoid-reflection",
    "functions",
    "Reflection of the sigmoid",
    r"\sigma(x) = 1 - \sigma(-x)",
    valid=("sigmoid(a) -> 1 - sigmoid(-a)",),
    refuses=("sigmoid(a) -> -sigmoid(-a)",),
    lemma="sigmoid_reflection",
)
def sigmoid_reflection(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The two classes' probabilities add up to 1."""
    refuse(isinstance(t, sigmoid), "not a sigmoid")
    return add(ONE, neg(apply("sigmoid", neg(t.args[0])))), ()


ODD = (
    sympy.sin, sympy.tan, sympy.sinh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf, sympy.sign,
)  # fmt: skip
EVEN = (sympy.cos, sympy.cosh, sympy.Abs)


@rewriting(
    "parity",
    "functions",
    "Even and odd functions",
    r"\sin(-x) = -\sin x,\quad \cos(-x) = \cos x",
    valid=("sin(a) -> -sin(-a)", "cos(a) -> cos(-a)", "tanh(a) -> -tanh(-a)"),
    refuses=("cos(a) -> -cos(-a)", "sin(a) -> sin(-a)", "exp(a) -> exp(-a)"),
    lemma="odd_even",
)
def parity(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """sin, tan, sinh, tanh, atan, asinh, erf, sign are odd; cos, cosh, abs are even."""
    refuse(isinstance(t, (*ODD, *EVEN)), "neither even nor odd")
    opposite = rebuild(t, (neg(t.args[0]),))
    return (neg(opposite) if isinstance(t, ODD) else opposite), ()


@rewriting(
    "softplus-definition",
    "functions",
    "What softplus is",
    r"\operatorname{softplus}(x) = \log(1 + e^x)",
    valid=("softplus(a) -> log(1 + exp(a))",),
    refuses=("softplus(a) -> log(1 + exp(-a))",),
    lemma="softplus",
)
def softplus_definition(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A smooth maximum of 0 and x."""
    refuse(isinstance(t, softplus), "not softplus")
    return log(add(ONE, exp(t.args[0]))), ()


@rewriting(
    "relu-definition",
    "functions",
    "What relu is",
    r"\operatorname{relu}(x) = (x \text{ if } x > 0 \text{ else } 0)",
    valid=("relu(a) -> a if a > 0 else 0",),
    refuses=("relu(a) -> a",),
    lemma="relu_cases",
)
def relu_definition(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The positive part."""
    refuse(isinstance(t, relu), "not relu")
    x = t.args[0]
    return if_else(relation(">", x, ZERO), x, ZERO), ()


@rule(
    "max-definition",
    "functions",
    "What the larger of two is",
    r"\max(a, b) = (a \text{ if } a > b \text{ else } b)",
    valid=(
        "max(a, b) -> a if a > b else b",
        "max(a, b) -> b if b >= a else a",
        "max(0, a) -> 0 if a < 0 else a",
        "min(a, b) -> a if b > a else b",
    ),
    refuses=(
        "max(a, b) -> a if a < b else b",
        "max(a, b) -> a if a > 0 else b",
        "min(a, b) -> a if a > b else b",
        "max(a, b) -> a if a != b else b",
        "max(a, b) -> a if a > b and 0 < 1 else b",
        "max(a, b) -> a if a > 2 else 2",
        "max(a, b) -> a",
    ),
    lemma="max_cases",
)
def max_definition(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """The larger or the smaller of two values, as a distinction of cases; either where they tie."""
    refuse(isinstance(lhs, (sympy.Max, sympy.Min)) and isinstance(rhs, IfElse), "not of two values")
    condition, first, second = rhs.args
    refuse(isinstance(condition, Relation), "not a comparison")
    refuse(lhs.args in ((first, second), (second, first)), "other values")
    compared = (condition.left, condition.right)
    above = {">": compared, ">=": compared, "<": compared[::-1], "<=": compared[::-1]}
    refuse(condition.op in above, "not a comparison of sizes")
    larger = above[condition.op] == (first, second)
    smaller = above[condition.op] == (second, first)
    refuse(larger if isinstance(lhs, sympy.Max) else smaller, "the wrong way round")
    return ()


@rule(
    "sign-and-size",
    "functions",
    "A number is its sign times its size",
    r"x = |x| \operatorname{sign} x,\quad |x| = x \operatorname{sign} x,\quad |x|^2 = x^2",
    needs=("x != 0 where a side does not vanish with x",),
    valid=(
        "a*sign(a) -> abs(a)",
        "abs(a)*sign(a)*b -> a*b",
        "abs(a - b)**2 -> (b - a)**2",
        "abs(a)*sign(a)**2 -> abs(a)",
        "sign(a)/abs(a) -> 1/a",
    ),
    refuses=(
        "a*sign(a) -> a",
        "a*sign(b) -> abs(a)",
        "abs(a)**3 -> a**3",
        "abs(a)*sign(a) -> abs(a)",
        "sign(a) -> a",
    ),
    broken_at="sign(a)**2*b -> b @ a=0",
    lemma="sign_and_size",
)
def sign_and_size(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Two products that agree for x > 0 and for x < 0, and at x = 0 where both vanish there."""
    sizes = {s.args[0] for t in (lhs, rhs) for s in _factors(t) if isinstance(s, _OF_SIGN)}
    for x in sorted(sizes, key=text):
        needs: set[Any] = set()
        for s in (ONE, MINUS_ONE):
            one, two = (_of_sign(t, x, s) for t in (lhs, rhs))
            found = difference_vanishes(one, two)
            if found is None:
                break
            needs |= found
        else:
            if not (_vanishes_with(lhs, x) and _vanishes_with(rhs, x)):
                needs.add(relation("!=", x, ZERO))
            return needs
    raise RuleRefused("the two sides differ for one of the signs")


_OF_SIGN = (sympy.Abs, sympy.sign)


def _factors(t: Any) -> list[Any]:
    """The bases of a product's factors."""
    return [f.args[0] if isinstance(f, Pow) else f for f in (t.args if isinstance(t, Mul) else [t])]


def _of_sign(t: Any, x: Any, sign: Any) -> Any:
    """A product where x has a sign."""
    if isinstance(t, (Mul, Pow)):
        return rebuild(t, tuple(_of_sign(a, x, sign) for a in t.args))
    if isinstance(t, _OF_SIGN) and t.args[0] == x:
        return sign if isinstance(t, sympy.sign) else mul(sign, x)
    return t


def _vanishes_with(t: Any, x: Any) -> bool:
    """Whether a product is 0 at x = 0: x, |x| or sign(x) is a factor of it, none below the line."""
    powers = []
    for f in t.args if isinstance(t, Mul) else (t,):
        base, e = f.args if isinstance(f, Pow) else (f, ONE)
        own = isinstance(base, _OF_SIGN) and base.args[0] == x
        if own or any(difference_vanishes(base, y) == frozenset() for y in (x, neg(x))):
            powers.append(is_number(e) and value_of(e) > 0)
        elif not (isinstance(e, Integer) and e > 0):
            return False  # what is below the line might vanish with x
    return bool(powers) and all(powers)


@rewriting(
    "detach-value",
    "functions",
    "detach keeps the value",
    r"\operatorname{detach}(x) = x",
    needs=("no derivative stands above it",),
    valid=("detach(a*b) -> a*b",),
    refuses=("detach(a*b) -> a",),
)
def detach_value(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Outside derivatives detach(x) is x. The kernel refuses this rule under a derivative."""
    refuse(isinstance(t, Detach), "not detached")
    return t.args[0], ()


@rewriting(
    "known-value",
    "functions",
    "Known value",
    r"\log 1 = 0,\ \dots",
    valid=("log(1) -> 0", "tanh(0) -> 0", "sigmoid(0) -> 1/2", "cos(0) -> 1"),
    refuses=("log(2) -> 1",),
    lemma="known_values",
)
def known_value(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Functions at 0 and 1."""
    table = {
        (sympy.log, ONE): ZERO,
        (sympy.sin, ZERO): ZERO,
        (sympy.cos, ZERO): ONE,
        (sympy.tan, ZERO): ZERO,
        (sympy.tanh, ZERO): ZERO,
        (sympy.sinh, ZERO): ZERO,
        (sympy.cosh, ZERO): ONE,
        (sympy.atan, ZERO): ZERO,
        (sympy.erf, ZERO): ZERO,
        (sympy.Abs, ZERO): ZERO,
        (sympy.sign, ZERO): ZERO,
        (relu, ZERO): ZERO,
        (sigmoid, ZERO): number(1, 2),
    }
    key = (type(t), t.args[0] if t.args else None)
    refuse(key in table, "no known value")
    return table[key], ()
