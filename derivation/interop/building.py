"""SymPy expressions to build on, and how to compare them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

from sympy import (
    Basic,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Sum,
    Symbol,
    exp,
    log,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.sorting import default_sort_key

from derivation.errors import InputError

Entries: TypeAlias = IndexedBase | Callable[[Expr], Expr]


def softmax(z: Entries, i: Expr, K: Expr) -> Expr:
    r"""The i-th entry of the softmax of z, :math:`e^{z_i} / \sum_{k=1}^{K} e^{z_k}`.

    Args:
        z: The logits, an ``IndexedBase``, or a function that gives the entry at an index.
        i: The index of the entry, from 1 to K.
        K: The number of entries, symbolic or not.

    >>> from sympy import IndexedBase, symbols
    >>> z = IndexedBase("z"); i, n, K = symbols("i n K")
    >>> softmax(z, i, K)
    exp(z[i])/Sum(exp(z[k]), (k, 1, K))
    >>> softmax(lambda k: z[n, k], i, K)
    exp(z[n, i])/Sum(exp(z[n, k]), (k, 1, K))
    """
    k = _fresh("k", _entry(z, i), i, K)
    return exp(_entry(z, i)) / Sum(exp(_entry(z, k)), (k, 1, K))


def cross_entropy(y: Entries, p: Entries, K: Expr) -> Expr:
    r"""The cross-entropy of p under the labels y, :math:`-\sum_{i=1}^{K} y_i \log p_i`.

    Args:
        y: The labels, an ``IndexedBase``, or a function that gives the entry at an index.
        p: The predicted probabilities, given in the same way.
        K: The number of classes, symbolic or not.

    >>> from sympy import IndexedBase, symbols
    >>> y, z = IndexedBase("y"), IndexedBase("z"); K = symbols("K")
    >>> cross_entropy(y, IndexedBase("p"), K)
    -Sum(log(p[i])*y[i], (i, 1, K))
    >>> cross_entropy(y, lambda i: softmax(z, i, K), K)
    -Sum(log(exp(z[i])/Sum(exp(z[k]), (k, 1, K)))*y[i], (i, 1, K))
    """
    probe = Dummy("probe")
    i = _fresh("i", _entry(y, probe), _entry(p, probe), K)
    return -Sum(_entry(y, i) * log(_entry(p, i)), (i, 1, K))


def softmax_jacobian(z: Entries, i: Expr, j: Expr, K: Expr) -> Expr:
    r"""The derivative of softmax(z)_i by z_j, :math:`p_i (\delta_{ij} - p_j)`.

    Args:
        z: The logits, an ``IndexedBase``, or a function that gives the entry at an index.
        i: The index of the entry of the softmax, from 1 to K.
        j: The index of the logit, from 1 to K.
        K: The number of entries, symbolic or not.

    >>> from sympy import IndexedBase, symbols
    >>> z = IndexedBase("z"); i, j, K = symbols("i j K")
    >>> p = softmax
    >>> softmax_jacobian(z, i, j, K) == p(z, i, K)*(KroneckerDelta(i, j) - p(z, j, K))
    True
    """
    return softmax(z, i, K) * (KroneckerDelta(i, j) - softmax(z, j, K))


class _Extremum(ExprWithLimits):  # type: ignore[misc]
    """A maximum or minimum over indices, which SymPy lacks; stays until the sizes are known."""

    _of: Any
    _command: str

    def doit(self, **hints: Any) -> Any:
        """The maximum (or minimum) of the entries, where every limit is a number."""
        found = [self.function]
        for variable, low, high in self.limits:
            if not (low.is_Integer and high.is_Integer):
                return self
            values = range(int(low), int(high) + 1)
            found = [body.subs(variable, value) for body in found for value in values]
        if hints.get("deep", True):
            found = [body.doit(**hints) for body in found]
        return self._of(*found)

    def _latex(self, printer: Any) -> str:
        under = r",\ ".join(
            rf"{printer._print(low)} \le {printer._print(v)} \le {printer._print(high)}"
            for v, low, high in self.limits
        )
        return rf"\{self._command}_{{{under}}} {printer.parenthesize(self.function, 40)}"


class IndexedMax(_Extremum):
    """The largest of the entries, ``IndexedMax(x[k], (k, 1, K))``.

    >>> from sympy import IndexedBase, symbols
    >>> x, (k, K) = IndexedBase("x"), symbols("k K")
    >>> IndexedMax(x[k], (k, 1, K)).subs(K, 2).doit()
    Max(x[1], x[2])
    """

    _of, _command = Max, "max"


class IndexedMin(_Extremum):
    """The smallest of the entries, ``IndexedMin(x[k], (k, 1, K))``.

    >>> from sympy import IndexedBase, symbols
    >>> x, (k, K) = IndexedBase("x"), symbols("k K")
    >>> IndexedMin(x[k]**2, (k, 1, K)).subs(K, 2).doit()
    Min(x[1]**2, x[2]**2)
    """

    _of, _command = Min, "min"


def same(a: Expr | int, b: Expr | int) -> bool:
    """Whether two SymPy expressions are equal up to the names of bound indices.

    Nothing is simplified; sums over several independent indices may list them in any order.

    >>> from sympy import IndexedBase, Sum, symbols
    >>> x, (i, k, K) = IndexedBase("x"), symbols("i k K")
    >>> same(Sum(x[i], (i, 1, K)), Sum(x[k], (k, 1, K)))
    True
    >>> same(Sum(x[i], (i, 1, K)), Sum(x[1], (k, 1, K)))
    False
    """
    return bool(_bound_renamed(expression(a)) == _bound_renamed(expression(b)))


def _entry(array: Entries, i: Expr) -> Any:
    return array[i] if isinstance(array, IndexedBase) else array(i)


def _fresh(letter: str, *used: Any) -> Any:
    """A symbol of that letter, or the next one that none of the expressions uses."""
    taken = {str(s.name) for t in used if isinstance(t, Basic) for s in t.atoms(Symbol)}
    letters = itertools.chain(letter, "klmnpqrstij", (f"k{n}" for n in itertools.count(1)))
    return Symbol(next(name for name in letters if name not in taken))


def expression(t: Any) -> Any:
    if isinstance(t, int):
        return Integer(t)
    if not isinstance(t, Basic):
        raise InputError(f"expected a SymPy expression, not {type(t).__name__}")
    return t


def _height(t: Any) -> int:
    inside = max(map(_height, t.args), default=0)
    return inside + len(t.variables) if isinstance(t, ExprWithLimits) else inside


def _bound_renamed(t: Any) -> Any:
    """Bound variables named by their height; among the orders of one sum's, the least wins."""
    if not t.args or isinstance(t, (Indexed, IndexedBase)):
        return t
    args = [_bound_renamed(a) for a in t.args]
    if not isinstance(t, ExprWithLimits):
        return t.func(*args) if tuple(args) != t.args else t
    body, limits = args[0], [tuple(limit) for limit in t.limits]
    bound = {limit[0] for limit in limits}
    independent = not any(b.free_symbols & bound for limit in limits for b in limit[1:])
    orders = itertools.permutations(limits) if independent and len(limits) < 5 else iter([limits])
    base, found = _height(body), []
    for order in orders:
        names = {limit[0]: Symbol(f"_{base + n}") for n, limit in enumerate(order)}
        renamed = [tuple(part.xreplace(names) for part in limit) for limit in order]
        found.append(t.func(body.xreplace(names), *renamed))
    return min(found, key=default_sort_key)
