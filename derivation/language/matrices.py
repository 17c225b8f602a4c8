"""Matrix notation into the index language: ``X @ w``, ``W.T``, ``sum(E)``, ``softmax(A, axis=1)``.

An array is its entry as a term and the index of each of its axes; every operation is its
definition. Letters of axes are the machine's until the sizes are known, then a reader's.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from derivation.language.calls import ARGUMENTS
from derivation.language.lexer import Token, fail
from derivation.language.scope import Scope
from derivation.language.syntax import RELATIONS
from derivation.terms import (
    ENGINE_LETTER,
    PI,
    Index,
    Mul,
    Reduction,
    Term,
    add,
    apply,
    apply_unknown,
    divide,
    element,
    exp,
    fresh_index,
    if_else,
    index,
    index_names,
    inverse,
    is_leaf,
    log,
    mul,
    neg,
    number,
    power,
    rebuild,
    reduction,
    relation,
    sqrt,
    substitute,
)

if TYPE_CHECKING:
    from derivation.language.reader import Reader

REDUCING = ("sum", "prod", "max", "min", "mean", "norm", "logsumexp", "softmax")
_ENTRYWISE = frozenset(ARGUMENTS) - {"polygamma"}
_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "eps",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "lam",
        "mu",
        "nu",
        "xi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)


class Array(NamedTuple):
    """An entry and the axes that it runs over; without axes a scalar."""

    axes: tuple[Any, ...]
    entry: Any

    @property
    def rank(self) -> int:
        return len(self.axes)


def is_matrix_notation(tree: ast.AST, ranks: Mapping[str, int]) -> bool:
    """Whether an expression is written in arrays: by an operator of theirs, or a bare array."""
    bare = set(_bare_names(tree))
    arrays = {n for n in bare if ranks.get(n)}
    for node in ast.walk(tree):
        if isinstance(node, ast.MatMult) or (isinstance(node, ast.Attribute) and node.attr == "T"):
            return True
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if named and (node.func.id == "trace" or any(k.arg == "axis" for k in node.keywords)):  # type: ignore[attr-defined]
            return True
    return bool(arrays) and not any(isinstance(n, ast.Subscript) for n in _outside(tree))


def _outside(tree: ast.AST) -> list[ast.AST]:
    """The nodes that are not inside a `for` list."""
    out: list[ast.AST] = [tree]
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, ast.GeneratorExp):
            out += _outside(child)
    return out


def _bare_names(tree: ast.AST) -> list[str]:
    nodes = _outside(tree)
    used = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
    used |= {id(n.value) for n in nodes if isinstance(n, ast.Subscript)}
    slots = {id(m) for n in nodes if isinstance(n, ast.Subscript) for m in ast.walk(n.slice)}
    return [n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in used | slots]


def bare_names(tree: ast.AST) -> set[str]:
    """The names that stand without an index, outside of any `for` list."""
    return set(_bare_names(tree))


def is_reduction_of_array(tree: ast.AST, ranks: Mapping[str, int]) -> bool:
    """Whether there is a ``sum(E)`` without a ``for``, of an array that is known as one."""
    return any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id in REDUCING
        and len(n.args) == 1
        and not isinstance(n.args[0], ast.GeneratorExp)
        and any(ranks.get(name) for name in _bare_names(n.args[0]))
        for n in _outside(tree)
    )


class Matrices:
    """Reads matrix notation on behalf of a reader.

    Args:
        ranks: The number of axes of every name that it is known of; more are learned.
    """

    def __init__(self, reader: Reader, ranks: dict[str, int]) -> None:
        self.reader, self.ranges, self.ranks = reader, reader.ranges, ranks
        self._count = 0

    # -- how many axes a name has -----------------------------------------------------------

    def learn(self, trees: list[ast.expr]) -> None:
        """Finds the axes of names from the operators that they stand beside."""
        for _ in range(10):
            before = dict(self.ranks)
            for tree in trees:
                self._rank(tree)
            if self.ranks == before:
                return

    def rank_of(self, tree: ast.expr) -> int | None:
        """The number of axes of an expression, where it is known."""
        return self._rank(tree)

    def _settle(self, node: ast.expr, rank: int) -> int:
        if isinstance(node, ast.Name) and node.id not in self.reader.words.sizes:
            return self.ranks.setdefault(node.id, rank)
        return rank

    def _rank(self, node: ast.AST) -> int | None:
        if isinstance(node, ast.Name):
            known = self.ranks.get(node.id)
            return 0 if known is None and node.id in self.reader.words.sizes else known
        if isinstance(node, (ast.Constant, ast.Subscript, ast.GeneratorExp)):
            return 0
        if isinstance(node, ast.UnaryOp):
            return self._rank(node.operand)
        if isinstance(node, ast.Attribute):
            rank = self._rank(node.value)
            return self._settle(node.value, _by_case(node.value)) if rank is None else rank
        if isinstance(node, ast.BinOp):
            return self._rank_of_operation(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._rank_of_call(node, node.func.id)
        for child in ast.iter_child_nodes(node):
            self._rank(child)
        return None

    def _rank_of_operation(self, node: ast.BinOp) -> int | None:
        a, b = self._rank(node.left), self._rank(node.right)
        if isinstance(node.op, ast.MatMult):
            a = self._settle(node.left, _by_case(node.left)) if a is None else a
            b = self._settle(node.right, _by_case(node.right)) if b is None else b
            return max(a + b - 2, 0)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            for side, mine, other in ((node.left, a, b), (node.right, b, a)):
                if mine is None and other and isinstance(side, ast.Name):
                    if other == 1 and not side.id[:1].isupper():
                        return self._settle(side, 1)
                    if other == 2:
                        return max(self._settle(side, _by_case(side)), 2)
        if a is None or b is None:
            return (a or b) or None
        return max(a, b)

    def _rank_of_call(self, node: ast.Call, name: str) -> int | None:
        found = [self._rank(a) for a in node.args]
        axis = any(k.arg == "axis" for k in node.keywords)
        if not node.args or isinstance(node.args[0], ast.GeneratorExp):
            return 0
        if name == "trace" or axis:
            found[0] = self._settle(node.args[0], 2) if found[0] is None else found[0]
        if name == "trace" or (name in REDUCING and len(node.args) == 1 and name != "softmax"):
            return max((found[0] or 0) - 1, 0) if axis else 0
        known = [f for f in found if f is not None]
        return max(known) if known else None

    # -- values -----------------------------------------------------------------------------

    def value(self, node: ast.expr, scope: Scope) -> Array:
        """The array that an expression stands for.

        Raises:
            InputError: If shapes do not fit, or nothing says what a name is.
        """
        if isinstance(node, ast.Name):
            return self._name(node, scope)
        if isinstance(node, ast.Attribute):
            return self._transposed(node, scope)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.value(node.operand, scope)
            return (
                inner._replace(entry=neg(inner.entry)) if isinstance(node.op, ast.USub) else inner
            )
        if isinstance(node, ast.BinOp):
            return self._operation(node, scope)
        if isinstance(node, ast.IfExp):
            return self._choice(node, scope)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node, scope.source.name(node.func), scope)
        return Array((), self.reader.value(node, scope))

    def _axis(self, over: Term) -> Any:
        self._count += 1
        return index(f"{ENGINE_LETTER}m{self._count}", over)

    def _name(self, node: ast.Name, scope: Scope) -> Array:
        name, token = scope.source.name(node), scope.token(node)
        rank = self.ranks.get(node.id)
        if not rank or name == "pi" or name in self.reader.words.sizes:
            return Array((), PI if name == "pi" else self.reader.value(node, scope))
        slots = [self.ranges.unknown("", token) for _ in range(rank)]
        self.ranges.use(name, slots, token, name)
        axes = tuple(self._axis(self.ranges.find(s)) for s in slots)
        return Array(axes, element(name, *axes))

    def _transposed(self, node: ast.Attribute, scope: Scope) -> Array:
        if node.attr != "T":
            fail(scope.token(node), "attribute access is not part of the language")
        inner = self.value(node.value, scope)
        if inner.rank > 2:
            fail(scope.token(node), "`.T` is of a matrix or a vector", "write it with indices")
        return inner._replace(axes=inner.axes[::-1])

    def _operation(self, node: ast.BinOp, scope: Scope) -> Array:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(node.op, ast.MatMult):
            return self._matmul(node, left, right, scope)
        if isinstance(node.op, ast.Pow):
            if right.rank:
                fail(scope.token(node.right), "an exponent is a scalar here")
            squared = _norm_of(node.left)
            if squared and right.entry == number(2):
                return Array(left.axes, left.entry.args[0])
            return Array(left.axes, power(left.entry, right.entry))
        self._check_known(node, left, right, scope)
        axes, (a, b) = self._together(node, [left, right], [node.left, node.right], scope)
        if isinstance(node.op, ast.Add):
            return Array(axes, add(a, b))
        if isinstance(node.op, ast.Sub):
            return Array(axes, add(a, neg(b)))
        if isinstance(node.op, ast.Mult):
            return Array(axes, mul(*_factors(a), *_factors(b)))
        if isinstance(node.op, ast.Div):
            if b == number(0):
                fail(scope.token(node.right), "division by zero")
            return Array(axes, divide(a, b) if a != number(1) else inverse(b))
        fail(scope.token(node.right), "this operator is not part of the language")

    def _check_known(self, node: ast.BinOp, left: Array, right: Array, scope: Scope) -> None:
        """Refuse a name of which nothing says whether it is a scalar, beside an array."""
        for side, other in ((node.left, right), (node.right, left)):
            if not (isinstance(side, ast.Name) and other.rank) or side.id in self.ranks:
                continue
            name = scope.source.name(side)
            dividing = isinstance(node.op, ast.Div) and side is node.right
            scalar = name in self.reader.words.sizes or name == "pi" or name.lower() in _GREEK
            if not (scalar or dividing):
                fail(
                    scope.token(side),
                    f"nothing says whether `{name}` is a scalar or an array",
                    f"declare it in a line of its own: `{name}: scalar`, or `{name}: N by D`",
                )

    def _together(
        self, node: ast.AST, arrays: list[Array], sides: list[ast.expr], scope: Scope
    ) -> tuple[tuple[Any, ...], list[Any]]:
        """Entries over common axes, as NumPy broadcasts: from the last axis backwards."""
        widest = max(arrays, key=lambda a: a.rank)
        out = []
        for k, a in enumerate(arrays):
            if a is widest or not a.rank:
                out.append(a.entry)
                continue
            axes = widest.axes[widest.rank - a.rank :]
            for mine, theirs in zip(a.axes, axes, strict=True):
                if not self.ranges.join(mine.size, theirs.size):
                    self._misfit(arrays, sides, scope, scope.token(sides[k]))
            sizes = [self.ranges.find(i.size) for i in widest.axes]
            if a.rank < widest.rank and sizes[-1] in sizes[:-1]:
                fail(
                    scope.token(sides[k]),
                    f"`{scope.source.text(sides[k])}` ({self._shape(a)}) could go along the rows "
                    f"or along the columns of a square {self._shape(widest)}",
                    "write it with indices: `A[i,j] = …`",
                )
            out.append(substitute(a.entry, dict(zip(a.axes, axes, strict=True))))
        return widest.axes, out

    def _misfit(
        self, arrays: list[Array], sides: list[ast.expr], scope: Scope, token: Token
    ) -> None:
        said = " and ".join(
            f"`{scope.source.text(s)}` ({self._shape(a)})"
            for a, s in zip(arrays, sides, strict=True)
        )
        fail(token, f"the shapes do not fit: {said}")

    def _shape(self, a: Array) -> str:
        found = [self.ranges.find(i.size) for i in a.axes]
        return " by ".join("?" if str(s).startswith("?") else str(s) for s in found) or "a scalar"

    def _matmul(self, node: ast.BinOp, a: Array, b: Array, scope: Scope) -> Array:
        sides = [node.left, node.right]
        token = scope.token(node.right)
        for x, side in ((a, node.left), (b, node.right)):
            if not 1 <= x.rank <= 2:
                text = scope.source.text(side)
                kind = "a scalar" if not x.rank else f"an array with {x.rank} axes"
                hint = "a product with a scalar is written with `*`" if not x.rank else None
                fail(scope.token(side), f"`@` takes vectors and matrices, `{text}` is {kind}", hint)
        if a.rank == b.rank == 1 and isinstance(node.right, ast.Attribute):
            fail(
                token,
                f"`{scope.source.text(node)}` of two vectors: in NumPy their dot product, on paper "
                "their outer product",
                "write `x @ y`, or with indices `A[i,j] = x[i]*y[j]`",
            )
        k, other = a.axes[-1], b.axes[0]
        if not self.ranges.join(k.size, other.size):
            self._misfit([a, b], sides, scope, token)
        over = self._axis(self.ranges.find(k.size))
        body = mul(
            *_factors(substitute(a.entry, {k: over})), *_factors(substitute(b.entry, {other: over}))
        )
        return Array((*a.axes[:-1], *b.axes[1:]), reduction("sum", body, over))

    def _choice(self, node: ast.IfExp, scope: Scope) -> Array:
        condition = self.condition(node.test, scope)
        arrays = [condition, self.value(node.body, scope), self.value(node.orelse, scope)]
        sides = [node.test, node.body, node.orelse]
        axes, (c, a, b) = self._together(node, arrays, sides, scope)
        return Array(axes, if_else(c, a, b))

    def condition(self, node: ast.expr, scope: Scope) -> Array:
        """One comparison, entry by entry."""
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
            fail(scope.token(node), "one comparison is expected here")
        op = RELATIONS.get(type(node.ops[0]))
        if op is None:
            fail(scope.token(node), "this comparison is not part of the language")
        sides = [node.left, node.comparators[0]]
        arrays = [self.value(s, scope) for s in sides]
        axes, (a, b) = self._together(node, arrays, sides, scope)
        return Array(axes, relation(op, a, b))

    # -- calls ------------------------------------------------------------------------------

    def _call(self, node: ast.Call, name: str, scope: Scope) -> Array:
        token, words = scope.token(node), self.reader.words
        args = node.args
        if len(args) == 1 and isinstance(args[0], ast.GeneratorExp):
            return Array((), self.reader.value(node, scope))
        axis = self._axis_argument(node, scope)
        if name == "trace":
            return self._trace(node, scope)
        if name in REDUCING and len(args) == 1:
            return self._reduced(name, node, axis, scope)
        if axis is not None:
            fail(token, f"`{name}` takes no `axis`")
        known = name in _ENTRYWISE or name in words.unknown
        if not known:
            if name in words.functions and all(not self.value(a, scope).rank for a in args):
                return Array((), self.reader.value(node, scope))
            if name in words.functions:
                fail(token, f"`{name}` is applied to an array", "write it with indices")
            return Array((), self.reader.value(node, scope))
        arrays = [self.value(a, scope) for a in args]
        wanted = words.unknown.get(name, 2 if name in ("max", "min") else 1)
        if len(args) != wanted and not (name == "log" and len(args) == 2):
            fail(token, f"`{name}` takes {wanted} argument{'s' * (wanted != 1)}")
        axes, entries = self._together(node, arrays, list(args), scope)
        if name in words.unknown:
            self.reader.used_functions.add(name)
            return Array(axes, apply_unknown(name, *entries))
        return Array(axes, apply(name, *entries))

    def _axis_argument(self, node: ast.Call, scope: Scope) -> int | None:
        found: int | None = None
        for k in node.keywords:
            if k.arg != "axis":
                fail(scope.token(node), f"`{k.arg}=` is not part of the language", "only `axis=`")
            text = scope.source.text(k.value)
            if text not in ("0", "1", "2", "-1"):
                fail(scope.token(k.value), "an axis is 0, 1 or -1, counted from 0 as in NumPy")
            found = int(text)
        return found

    def _chosen(self, a: Array, axis: int | None, node: ast.Call, scope: Scope) -> list[Any]:
        if axis is None:
            return list(a.axes)
        place = axis if axis >= 0 else a.rank + axis
        if not 0 <= place < a.rank:
            text = scope.source.text(node.args[0])
            fail(scope.token(node), f"`{text}` ({self._shape(a)}) has no axis {axis}")
        return [a.axes[place]]

    def _reduced(self, name: str, node: ast.Call, axis: int | None, scope: Scope) -> Array:
        a = self.value(node.args[0], scope)
        if not a.rank:
            text = scope.source.text(node.args[0])
            fail(
                scope.token(node),
                f"`{name}` needs an array, nothing says that `{text}` is one",
                f"declare its shape in a line of its own, `z: K`, or write `{name}(… for k in K)`",
            )
        over = self._chosen(a, axis, node, scope)
        if name == "softmax":
            if axis is None and a.rank > 1:
                fail(
                    scope.token(node), "this softmax needs an axis", "`axis=1`: each row sums to 1"
                )
            k = self._axis(over[0].size)
            below = reduction("sum", exp(substitute(a.entry, {over[0]: k})), k)
            return Array(a.axes, divide(exp(a.entry), below))
        axes = tuple(i for i in a.axes if i not in over)
        body = a.entry
        if name == "norm":
            body = power(body, number(2))
        elif name == "logsumexp":
            body = exp(body)
        kind = name if name in ("prod", "max", "min") else "sum"
        for i in reversed(over):
            body = reduction(kind, body, i)
        if name == "mean":
            body = divide(body, mul(*[i.size for i in over]))
        elif name == "norm":
            body = sqrt(body)
        elif name == "logsumexp":
            body = log(body)
        return Array(axes, body)

    def _trace(self, node: ast.Call, scope: Scope) -> Array:
        if len(node.args) != 1:
            fail(scope.token(node), "`trace` takes one matrix")
        a = self.value(node.args[0], scope)
        text = scope.source.text(node.args[0])
        if a.rank != 2 or not self.ranges.join(a.axes[0].size, a.axes[1].size):
            shape = self._shape(a)
            fail(scope.token(node), f"`trace` is of a square matrix, `{text}` has shape {shape}")
        k = self._axis(self.ranges.find(a.axes[0].size))
        return Array((), reduction("sum", substitute(a.entry, dict.fromkeys(a.axes, k)), k))


def lettered(axes: tuple[Any, ...], t: Any, taken: frozenset[str]) -> tuple[tuple[Any, ...], Any]:
    """The axes and the entry with a reader's letters: n for N, k for K, and so on."""
    used = set(taken) | {n for n in index_names(t) if not n.startswith(ENGINE_LETTER)}

    def letter(i: Any, busy: set[str]) -> Any:
        name = str(i.size).lower()
        wanted = name if len(name) == 1 and name.isalpha() else "i"
        return fresh_index(index(wanted, i.size), busy)

    swap: dict[Any, Any] = {}
    for i in axes:
        swap[i] = letter(i, used)
        used.add(swap[i].name)

    def walk(t: Any, swap: Mapping[Any, Any], busy: frozenset[str]) -> Any:
        if isinstance(t, Index):
            return swap.get(t, t)
        if isinstance(t, Reduction):
            k = t.index
            if str(k.name).startswith(ENGINE_LETTER):
                new = letter(k, set(busy))
                swap, busy = {**swap, k: new}, busy | {new.name}
                k = new
            return rebuild(t, (walk(t.body, swap, busy), k, walk(t.guard, swap, busy)))
        if not t.args or (is_leaf(t) and not hasattr(t, "indices")):
            return t
        return rebuild(t, tuple(walk(a, swap, busy) for a in t.args))

    return tuple(swap[i] for i in axes), walk(t, swap, frozenset(used))


def _by_case(node: ast.expr) -> int:
    """A capital is a matrix, a small letter a vector."""
    return 2 if isinstance(node, ast.Name) and node.id[:1].isupper() else 1


def _norm_of(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "norm"


def _factors(t: Any) -> tuple[Any, ...]:
    return t.args if isinstance(t, Mul) else (t,)
