"""Derivatives. Each law holds where what is differentiated is differentiable: the conditions for
that (``Theory.smooth``) come with every instance. ``D`` below is ``diff`` or ``partial``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivation.errors import RuleRefused
from derivation.rules.registry import refuse, rewriting
from derivation.terms import (
    HALF,
    MINUS_ONE,
    ONE,
    PI,
    TRUE,
    TWO,
    ZERO,
    Add,
    Diff,
    FunctionDerivative,
    IfElse,
    Integer,
    MaxOver,
    MinOver,
    Mul,
    Partial,
    Pow,
    ProductOver,
    SumOver,
    add,
    all_of,
    apply,
    delta,
    diff,
    element,
    exp,
    free_indices,
    fresh_index,
    function_derivative,
    if_else,
    index_names,
    indices_of,
    inverse,
    is_element,
    is_number,
    log,
    mul,
    name_of,
    neg,
    number,
    partial,
    power,
    reduction,
    relation,
    relu,
    sigmoid,
    softplus,
    split_function_derivative,
    substitute,
    sum_over,
    value_of,
)
from derivation.theory import Theory

Derive = Callable[[Any], Any]  # E -> D(E, v)


class _Derivative:
    """A derivative by one variable, taken apart."""

    def __init__(self, theory: Theory, t: Any) -> None:
        refuse(
            isinstance(t, (Diff, Partial)) and len(t.args) == 2, "not a derivative by one variable"
        )
        self.theory = theory
        self.body, self.by = t.args
        if not is_element(self.by):  # the message is written only where it is wanted
            raise RuleRefused(f"{self.by} is not a variable")
        self.through = isinstance(t, Diff)
        self.name = name_of(self.by)
        self.make = diff if self.through else partial

    def of(self, t: Any) -> Any:
        """The derivative of a part. In a partial derivative a bare name in an expression is held
        fixed, whereas ``partial(name, v)`` would stand for the name's definition."""
        if _is_bare_definition(self, t) and not self.through:
            return ZERO
        return self.make(t, self.by)

    def depends(self, t: Any) -> bool:
        return self.theory.depends(t, self.name, self.through)

    def smooth(self) -> frozenset[Any]:
        """Where the body is differentiable."""
        return self.theory.smooth(self.body, self.name, self.through)

    def opened(self, t: Any) -> Any:
        """A reduction with its bound index renamed away from the variable's letters."""
        if t.index.name in index_names(self.by):
            fresh = fresh_index(t.index, index_names(self.by) | index_names(t))
            swap = {t.index: fresh}
            return type(t).__name__, substitute(t.body, swap), fresh, substitute(t.guard, swap)
        return type(t).__name__, t.body, t.index, t.guard


Result = tuple[Any, Iterable[Any]]


@rewriting(
    "d-constant",
    "calculus",
    "Derivative of a constant",
    r"\partial c = 0",
    valid=("diff(y[i], z[j]) -> 0", "partial(p[i]*a, b) -> 0"),
    refuses=("diff(p[i], z[j]) -> 0",),
    lemma="dual_const",
)
def d_constant(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """D(c, v) = 0 where c does not depend on v."""
    d = _Derivative(theory, t)
    refuse(not _is_bare_definition(d, d.body) or d.through, "a name stands for its definition")
    if d.depends(d.body):
        raise RuleRefused(f"{d.body} depends on {d.by}")
    return ZERO, ()


def _is_bare_definition(d: _Derivative, t: Any) -> bool:
    return d.theory.defined(t) and name_of(t) != d.name


@rewriting(
    "d-variable",
    "calculus",
    "Derivative of the variable itself",
    r"\partial z_i / \partial z_j = \delta_{ij}",
    valid=("diff(z[i], z[j]) -> delta(i, j)", "diff(a, a) -> 1", "diff(z[j], z[j]) -> 1"),
    refuses=("diff(z[i], z[j]) -> 1",),
    lemma="dual_entry",
)
def d_variable(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """D(z[i], z[j]) = delta(i, j), a product of deltas for several slots, 1 for a scalar."""
    d = _Derivative(theory, t)
    refuse(is_element(d.body) and name_of(d.body) == d.name, "not the variable")
    return _deltas(d.body, d.by), ()


def _deltas(a: Any, b: Any) -> Any:
    factors = []
    for i, j in zip(indices_of(a), indices_of(b), strict=True):
        if i == j:
            continue
        if isinstance(i, Integer) and isinstance(j, Integer):
            return ZERO
        factors.append(delta(i, j))
    return mul(*factors)


@rewriting(
    "d-sum",
    "calculus",
    "Sum rule",
    r"\partial (f + g) = \partial f + \partial g",
    valid=("diff(a*b + a, a) -> diff(a*b, a) + diff(a, a)", "diff(a + b, a) -> diff(a, a)"),
    refuses=("diff(a*b, a) -> diff(a, a) + diff(b, a)",),
    lemma="dual_plus",
)
def d_sum(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Term by term; terms that do not depend on the variable drop out."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, Add), "not a sum")
    live = [a for a in d.body.args if d.depends(a)]
    return add(*map(d.of, live)), d.smooth()


@rewriting(
    "d-product",
    "calculus",
    "Product rule",
    r"\partial (f g) = \partial f\, g + f\, \partial g",
    valid=(
        "diff(a*b, a) -> diff(a, a)*b",
        "diff(a*exp(a), a) -> diff(a, a)*exp(a) + a*diff(exp(a), a)",
    ),
    refuses=("diff(a*exp(a), a) -> diff(a, a)*diff(exp(a), a)",),
    lemma="dual_mult",
)
def d_product(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """One factor differentiated at a time; constant factors are kept."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, Mul), "not a product")
    factors = d.body.args
    terms = []
    for k, f in enumerate(factors):
        if d.depends(f):
            terms.append(mul(*[d.of(g) if n == k else g for n, g in enumerate(factors)]))
    return add(*terms), d.smooth()


def split_quotient(t: Any) -> tuple[Any, Any] | None:
    """(N, D) where the product is N/D with D made of the factors with negative exponents."""
    factors = t.args if isinstance(t, Mul) else (t,)
    below = [
        f
        for f in factors
        if isinstance(f, Pow) and is_number(f.args[1]) and value_of(f.args[1]) < 0
    ]
    if not below:
        return None
    return mul(*[f for f in factors if f not in below]), mul(*map(inverse, below))


@rewriting(
    "d-quotient",
    "calculus",
    "Quotient rule",
    r"\partial \frac{f}{g} = \frac{\partial f\, g - f\, \partial g}{g^2}",
    needs=("g != 0",),
    valid=("diff(a/b, b) -> (diff(a, b)*b - a*diff(b, b))/b**2",),
    refuses=("diff(a/b, b) -> diff(a, b)/diff(b, b)",),
    broken_at="diff(a/b, b) -> (diff(a, b)*b - a*diff(b, b))/b**2 @ b=0",
    lemma="d_inv",
)
def d_quotient(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The quotient rule, both parts written out."""
    d = _Derivative(theory, t)
    parts = split_quotient(d.body)
    if parts is None:
        raise RuleRefused("not a quotient")
    above, below = parts
    top = add(mul(d.of(above), below), neg(mul(above, d.of(below))))
    return mul(top, power(below, number(-2))), [
        *d.smooth(),
        relation("!=", below, ZERO),
    ]


@rewriting(
    "d-power",
    "calculus",
    "Power rule",
    r"\partial f^c = c f^{c-1}\, \partial f,\quad \partial a^g = a^g \log a\; \partial g",
    needs=(
        "f != 0 for a negative whole exponent, and for one of sizes that may be 0 or negative",
        "f > 0 for any other than whole ones",
    ),
    valid=(
        "diff(a**3, a) -> 3*a**2*diff(a, a)",
        "diff(b**a, a) -> b**a*log(b)*diff(a, a)",
        "diff(a**K, a) -> K*a**(K + -1)*diff(a, a)",
    ),
    refuses=("diff(a**3, a) -> 3*a**2", "diff(a**K, a) -> K*a**K*diff(a, a)"),
    broken_at="diff(sqrt(a), a) -> 1/2*a**(-1/2)*diff(a, a) @ a=0",
    lemma="d_pow",
)
def d_power(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Base or exponent (or both) may depend on the variable.

    A power with a size in its exponent is a product where that is a whole number, whatever the
    sign of its base; where the exponent may be 0 or less, the base is not to be 0.
    """
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, Pow), "not a power")
    base, exponent = d.body.args
    terms = []
    if d.depends(base):
        if is_number(exponent):
            lower = exponent - 1
            reduced = base if lower == ONE else power(base, lower)
            factors = [reduced] if lower != ZERO else []
            terms.append(mul(exponent, *factors, d.of(base)))
        else:
            terms.append(mul(exponent, power(base, add(exponent, MINUS_ONE)), d.of(base)))
    if d.depends(exponent):
        terms.append(mul(d.body, log(base), d.of(exponent)))
    return add(*terms), d.smooth()


def _square(t: Any) -> Any:
    return power(t, TWO)


# head -> f' as a function of the argument
SLOPES: dict[Any, Callable[[Any], Any]] = {
    sympy.exp: exp,
    sympy.log: inverse,
    sympy.sin: lambda x: apply("cos", x),
    sympy.cos: lambda x: neg(apply("sin", x)),
    sympy.tan: lambda x: power(apply("cos", x), number(-2)),
    sympy.asin: lambda x: power(add(ONE, neg(_square(x))), neg(HALF)),
    sympy.acos: lambda x: neg(power(add(ONE, neg(_square(x))), neg(HALF))),
    sympy.atan: lambda x: inverse(add(ONE, _square(x))),
    sympy.sinh: lambda x: apply("cosh", x),
    sympy.cosh: lambda x: apply("sinh", x),
    sympy.tanh: lambda x: add(ONE, neg(_square(apply("tanh", x)))),
    sympy.asinh: lambda x: power(add(_square(x), ONE), neg(HALF)),
    sympy.acosh: lambda x: power(add(_square(x), MINUS_ONE), neg(HALF)),
    sympy.atanh: lambda x: inverse(add(ONE, neg(_square(x)))),
    sympy.erf: lambda x: mul(TWO, power(PI, neg(HALF)), exp(neg(_square(x)))),
    sigmoid: lambda x: mul(apply("sigmoid", x), add(ONE, neg(apply("sigmoid", x)))),
    softplus: lambda x: apply("sigmoid", x),
    relu: lambda x: if_else(relation(">", x, ZERO), ONE, ZERO),
    sympy.Abs: lambda x: apply("sign", x),
    sympy.sign: lambda x: ZERO,
    sympy.loggamma: lambda x: apply("digamma", x),
}


@rewriting(
    "d-function",
    "calculus",
    "Chain rule for a function",
    r"\partial f(g) = f'(g)\, \partial g",
    needs=("f is differentiable at g",),
    valid=(
        "diff(exp(a*b), a) -> exp(a*b)*diff(a*b, a)",
        "diff(log(p[i]), z[j]) -> 1/p[i]*diff(p[i], z[j])",
        "diff(abs(a), a) -> sign(a)*diff(a, a)",
    ),
    refuses=("diff(exp(a*b), a) -> exp(a*b)",),
    broken_at="diff(log(a), a) -> 1/a*diff(a, a) @ a=-1",
    lemma="dual_comp",
)
def d_function(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Elementary functions, polygamma, unknown functions and their derivatives."""
    d = _Derivative(theory, t)
    f = d.body
    if type(f) in SLOPES:
        (x,) = f.args
        slope = SLOPES[type(f)](x)
        parts = slope.args if isinstance(slope, Mul) else (slope,)
        return (ZERO if slope == ZERO else mul(*parts, d.of(x))), d.smooth()
    if isinstance(f, sympy.polygamma):
        order, x = f.args
        refuse(isinstance(order, Integer), "the order of polygamma is a number")
        return mul(apply("polygamma", order + 1, x), d.of(x)), d.smooth()
    if isinstance(f, (sympy.Max, sympy.Min)):
        a, b = f.args
        larger = isinstance(f, sympy.Max)
        above = relation(">" if larger else "<", a, b)
        if is_number(a):
            above = relation("<" if larger else ">", b, a)
        return if_else(above, d.of(a), d.of(b)), d.smooth()
    if isinstance(f, (AppliedUndef, FunctionDerivative)):
        if isinstance(f, AppliedUndef):
            name, orders, xs = type(f).__name__, (0,) * len(f.args), f.args
        else:
            name, orders, xs = split_function_derivative(f)
        terms = []
        for k, x in enumerate(xs):
            if d.depends(x):
                raised = tuple(o + (n == k) for n, o in enumerate(orders))
                terms.append(mul(function_derivative(name, raised, *xs), d.of(x)))
        return add(*terms), d.smooth()
    raise RuleRefused(f"no known derivative for {type(f).__name__}")


@rewriting(
    "d-sum-over",
    "calculus",
    "Differentiate under the sum",
    r"\partial \sum_k f_k = \sum_k \partial f_k",
    valid=("diff(sum(z[k]*y[k] for k in K), z[j]) -> sum(diff(z[k]*y[k], z[j]) for k in K)",),
    refuses=("diff(sum(z[j]*y[j] for j in K), z[j]) -> sum(diff(z[j]*y[j], z[j]) for j in K)",),
    lemma="dual_sum",
)
def d_sum_over(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A finite sum is differentiated term by term; its letter is renamed if the variable has it."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, SumOver), "not an indexed sum")
    _, body, i, guard = d.opened(d.body)
    return sum_over(d.of(body), i, guard), d.smooth()


@rewriting(
    "d-prod-over",
    "calculus",
    "Product rule for an indexed product",
    r"\partial \prod_k f_k = \sum_k \partial f_k \prod_{l \neq k} f_l",
    valid=(
        "diff(prod(z[k] for k in K), z[j])"
        " -> sum(diff(z[k], z[j])*prod(z[l] for l in K if l != k) for k in K)",
    ),
    refuses=("diff(prod(z[k] for k in K), z[j]) -> prod(diff(z[k], z[j]) for k in K)",),
)
def d_prod_over(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Each factor in turn, the others kept."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, ProductOver), "not an indexed product")
    _, body, i, guard = d.opened(d.body)
    other = fresh_index(i, index_names(d.body) | index_names(d.by) | {i.name})
    swap = {i: other}
    apart = all_of(*([] if guard == TRUE else [substitute(guard, swap)]), relation("!=", other, i))
    rest = reduction("prod", substitute(body, swap), other, apart)
    return sum_over(mul(d.of(body), rest), i, guard), d.smooth()


@rewriting(
    "d-max-over",
    "calculus",
    "Derivative of a maximum",
    r"\partial \max_k f_k = \sum_{k:\, f_k = \max} \partial f_k",
    needs=("the maximum is taken at one place only",),
    valid=(
        "diff(max(z[k] for k in K), z[j])"
        " -> sum(diff(z[k], z[j]) for k in K if z[k] == max(z[l] for l in K))",
    ),
    refuses=("diff(max(z[k] for k in K), z[j]) -> sum(diff(z[k], z[j]) for k in K)",),
)
def d_max_over(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Only the entry where the maximum (minimum) is taken moves it."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, (MaxOver, MinOver)), "not an indexed maximum or minimum")
    _, body, i, guard = d.opened(d.body)
    refuse(i in free_indices(body), "every place has the same value")
    other = fresh_index(i, index_names(d.body) | index_names(d.by) | {i.name})
    kind = "max" if isinstance(d.body, MaxOver) else "min"
    swap = {i: other}
    whole = reduction(kind, substitute(body, swap), other, substitute(guard, swap))
    there = all_of(*([] if guard == TRUE else [guard]), relation("==", body, whole))
    return sum_over(d.of(body), i, there), d.smooth()


@rewriting(
    "d-if",
    "calculus",
    "Differentiate each case",
    r"\partial (f \text{ if } c \text{ else } g)"
    r" = \partial f \text{ if } c \text{ else } \partial g",
    needs=("not at the edge of c",),
    valid=("diff((a if i == j else a*b), a) -> diff(a, a) if i == j else diff(a*b, a)",),
    refuses=("diff((a if i == j else a*b), a) -> diff(a, a)",),
    lemma="dual_case",
)
def d_if(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Case by case, away from where the condition changes."""
    d = _Derivative(theory, t)
    refuse(isinstance(d.body, IfElse), "not a distinction of cases")
    c, a, b = d.body.args
    return if_else(c, d.of(a), d.of(b)), d.smooth()


@rewriting(
    "partial-definition",
    "calculus",
    "A name stands for its definition",
    r"\partial p_i / \partial z_j = \partial (\text{definition of } p_i) / \partial z_j",
    valid=("partial(p[i], z[j]) -> partial(exp(z[i])/sum(exp(z[k]) for k in K), z[j])",),
    refuses=("partial(p[i], z[j]) -> 0",),
    lemma="alg",
)
def partial_definition(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """partial(p[i], v): the definition of p[i] differentiated, other names held fixed."""
    d = _Derivative(theory, t)
    refuse(not d.through and _is_bare_definition(d, d.body), "not a defined name")
    body = theory.unfold(d.body)
    if theory.defined(body) and name_of(body) != d.name:
        return ZERO, theory.unfold_needs(d.body)
    return d.of(body), theory.unfold_needs(d.body)


@rewriting(
    "diff-is-partial",
    "calculus",
    "No name between",
    r"\mathrm d f = \partial f",
    valid=("diff(a*b, a) -> partial(a*b, a)",),
    refuses=("diff(p[i]*z[i], z[j]) -> partial(p[i]*z[i], z[j])",),
    lemma="alg",
)
def diff_is_partial(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """diff is partial where no other defined name in the expression depends on the variable."""
    d = _Derivative(theory, t)
    refuse(d.through, "already partial")
    refuse(not _is_bare_definition(d, d.body), "a name stands for its definition")
    for n in theory.live_names(d.body):
        if n in theory.definitions:
            refuse(not theory.depends(theory.definitions[n].body, d.name), f"{n} depends on {d.by}")
    return partial(d.body, d.by), ()


@rewriting(
    "iterated-derivative",
    "calculus",
    "One derivative after the other",
    r"\partial^2 f/\partial v\,\partial w = \partial(\partial f/\partial v)/\partial w",
    valid=("diff(L, z[j], z[l]) -> diff(diff(L, z[j]), z[l])",),
    refuses=("diff(L, z[j], z[l]) -> diff(L, z[j])*diff(L, z[l])",),
    lemma="is_derive_unique",
)
def iterated_derivative(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """diff(E, v, w) = diff(diff(E, v), w)."""
    refuse(isinstance(t, (Diff, Partial)) and len(t.args) == 3, "not a second derivative")
    make = diff if isinstance(t, Diff) else partial
    return make(make(t.args[0], t.args[1]), t.args[2]), ()


def through_which(theory: Theory, objective: Any, v: Any) -> list[str]:
    """Names other than the objective's through which it depends directly on ``v``, in order."""
    name = name_of(v)
    return [
        n
        for n, definition in theory.definitions.items()
        if n != name_of(objective)
        and theory.mentions(definition.body, name)
        and theory.depends(objective, n)
    ]


@rewriting(
    "chain-rule",
    "calculus",
    "Chain rule",
    r"\frac{\partial L}{\partial z_j} = \sum_i \frac{\partial L}{\partial p_i}"
    r" \frac{\partial p_i}{\partial z_j}",
    needs=("all of them are differentiable",),
    valid=(
        "diff(L, z[j]) -> sum(diff(L, p[i])*partial(p[i], z[j]) for i in K)",
        "diff(L, p[i]) -> partial(L, p[i])",
    ),
    refuses=("diff(L, z[j]) -> diff(L, p[j])*partial(p[j], z[j])",),
    lemma="through_cut",
)
def chain_rule(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """diff(L, v) = partial(L, v) + sum over each m that v enters of diff(L, m)*partial(m, v)."""
    d = _Derivative(theory, t)
    refuse(d.through and theory.defined(d.body), "not the derivative of a defined name")
    refuse(name_of(d.body) != d.name, "the variable is the objective")
    terms: list[Any] = []
    if theory.mentions(theory.definitions[name_of(d.body)].body, d.name):
        terms.append(partial(d.body, d.by))
    for n in through_which(theory, d.body, d.by):
        definition = theory.definitions[n]
        taken = {*index_names(d.body), *index_names(d.by)}
        fresh: list[Any] = []
        for p in definition.params:
            letter = fresh_index(p, taken | ({q.name for q in definition.params} - {p.name}))
            taken.add(letter.name)
            fresh.append(letter)
        m = element(n, *fresh)
        term = mul(diff(d.body, m), partial(m, d.by))
        for i in reversed(fresh):
            term = sum_over(term, i)
        terms.append(term)
    # what depends on m depends on v, so where the objective is differentiable by v in all its
    # parts, it is so by each entry of m that enters, and that entry by v
    return add(*terms), d.smooth() | theory.unfold_needs(d.body)
