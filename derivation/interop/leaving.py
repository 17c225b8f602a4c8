"""Terms to SymPy: what leaves is plain SymPy, made by its public constructors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    And,
    Derivative,
    Eq,
    Function,
    Indexed,
    IndexedBase,
    Integer,
    Max,
    Ne,
    Not,
    Or,
    Piecewise,
    Product,
    Subs,
    Sum,
    Symbol,
    exp,
    log,
    oo,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Ge, Gt, Le, Lt

from derivation import terms
from derivation.errors import InputError
from derivation.interop.building import IndexedMax, IndexedMin
from derivation.terms import Term

RELATIONS: dict[str, Any] = {"==": Eq, "!=": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge}
REDUCTIONS: dict[Any, tuple[Any, Any]] = {
    terms.SumOver: (Sum, Integer(0)),
    terms.ProductOver: (Product, Integer(1)),
    terms.MaxOver: (IndexedMax, -oo),
    terms.MinOver: (IndexedMin, oo),
}


def to_sympy(t: Term) -> Any:
    """A term rebuilt through SymPy's public constructors, in plain symbols.

    A guard becomes a ``Piecewise`` with the neutral element elsewhere, ``detach`` its value; the
    functions that SymPy lacks (sigmoid, softplus, relu) are written out.

    >>> K = terms.size("K"); k, j = terms.index("k", K), terms.index("j", K)
    >>> z = terms.element("z", k)
    >>> to_sympy(terms.sum_over(z, k, terms.relation("!=", k, j)))
    Sum(Piecewise((z[k], Ne(j, k)), (0, True)), (k, 1, K))
    """
    return _to_sympy(t, {})


def _to_sympy(t: Any, seen: dict[Any, Any]) -> Any:
    found = seen.get(t)
    if found is None:
        found = seen[t] = _rebuilt(t, lambda part: _to_sympy(part, seen))
    return found


def _rebuilt(t: Any, inside: Callable[[Any], Any]) -> Any:
    if isinstance(t, Symbol):
        return Symbol(t.name)
    if isinstance(t, Indexed):
        return IndexedBase(Symbol(terms.name_of(t)))[tuple(map(inside, terms.indices_of(t)))]
    if isinstance(t, terms.Reduction):
        cls, neutral = REDUCTIONS[type(t)]
        body = inside(t.body)
        if t.guard != terms.TRUE:
            body = Piecewise((body, inside(t.guard)), (neutral, True))
        return cls(body, (Symbol(t.index.name), 1, inside(t.index.size)))
    if isinstance(t, terms.IfElse):
        condition, a, b = map(inside, t.args)
        rest = b.args if isinstance(b, Piecewise) else ((b, True),)
        return Piecewise((a, condition), *rest)
    if isinstance(t, terms.Relation):
        return RELATIONS[t.op](inside(t.left), inside(t.right))
    if isinstance(t, terms.FunctionDerivative):
        return _function_derivative(t, inside)
    if isinstance(t, AppliedUndef):
        return Function(terms.function_name(t))(*map(inside, t.args))
    if isinstance(t, (terms.Diff, terms.Partial)):
        raise InputError(f"`{t}` is a derivative still to be taken: SymPy has no term for it")
    if not t.args:
        return t  # a number, pi
    return _HEADS.get(type(t), type(t))(*map(inside, t.args))


_HEADS: dict[Any, Any] = {
    terms.AllOf: And,
    terms.AnyOf: Or,
    terms.Not: Not,
    terms.sigmoid: lambda x: 1 / (1 + exp(-x)),
    terms.softplus: lambda x: log(1 + exp(x)),
    terms.relu: lambda x: Max(x, 0),
    terms.Detach: lambda x: x,
}


def _function_derivative(t: Term, inside: Callable[[Any], Any]) -> Any:
    name, orders, args = terms.split_function_derivative(t)
    slots = [Symbol(f"xi_{n + 1}") for n in range(len(args))]
    by = [(slot, order) for slot, order in zip(slots, orders, strict=True) if order]
    return Subs(Derivative(Function(name)(*slots), *by), slots, [inside(a) for a in args])
