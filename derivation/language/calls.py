"""Calls: functions of the language, a user's own, derivatives, and everything with a ``for``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NoReturn

from derivation.language import refusals
from derivation.language.facts import check_argument
from derivation.language.lexer import MAX_NESTING, MAX_POWER, Token, fail
from derivation.language.measure import depth, nodes
from derivation.language.ranges import range_of
from derivation.language.scope import Scope, UserFunction, exact, plain, suggestion
from derivation.language.syntax import LONG_PRODUCT, LONG_SUM, MINUS, ONE_OVER
from derivation.terms import (
    FUNCTIONS,
    ONE,
    REDUCTIONS,
    TRUE,
    ZERO,
    Add,
    Integer,
    Term,
    add,
    all_of,
    apply,
    apply_unknown,
    delta,
    diff,
    divide,
    exp,
    fresh_index,
    function_derivative,
    if_else,
    index,
    index_names,
    is_element,
    log,
    mul,
    neg,
    number,
    partial,
    power,
    reduction,
    size,
    sqrt,
    substitute,
)

if TYPE_CHECKING:
    from derivation.language.reader import Reader

# Every name that means something when it is called.
KNOWN_FUNCTIONS: frozenset[str] = frozenset(FUNCTIONS) | {
    "sqrt", "digamma", "trigamma", "sum", "prod", "delta", "softmax", "logsumexp", "mean", "norm",
    "diff", "partial", "deriv",
}  # fmt: skip
# How many arguments each function of values takes.
ARGUMENTS: dict[str, tuple[int, ...]] = {
    **{name: (count,) for name, (_, count) in FUNCTIONS.items()},
    "log": (1, 2),
    "sqrt": (1,),
    "digamma": (1,),
    "trigamma": (1,),
}
_MAX_UNFOLDED = 100_000
_TWO = number(2)
# other names for what there is
_OTHER_NAMES = {
    "ln": "log(x)", "log2": "log(x, 2)", "log10": "log(x, 10)", "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1", "pow": "x**y", "square": "x**2", "arcsin": "asin(x)",
    "arccos": "acos(x)", "arctan": "atan(x)", "arcsinh": "asinh(x)", "arccosh": "acosh(x)",
    "arctanh": "atanh(x)", "tg": "tan(x)", "sgn": "sign(x)", "fabs": "abs(x)", "Abs": "abs(x)",
    "gamma": "exp(lgamma(x))", "gammaln": "lgamma(x)", "loggamma": "lgamma(x)",
    "factorial": "exp(lgamma(n + 1))", "psi": "digamma(x)", "erfc": "1 - erf(x)",
    "logistic": "sigmoid(x)", "expit": "sigmoid(x)", "logit": "log(x/(1 - x))",
    "ReLU": "relu(x)", "cbrt": "x**(1/3)", "maximum": "max(a, b)", "minimum": "min(a, b)",
    "Sum": "sum(E for i in K)", "Product": "prod(E for i in K)", "product": "prod(E for i in K)",
    "avg": "mean(E for i in K)", "average": "mean(E for i in K)",
    "dot": "sum(a[i]*b[i] for i in K)",
    "lse": "logsumexp(E for i in K)", "kronecker": "delta(i, j)", "KroneckerDelta": "delta(i, j)",
    "indicator": "1 if cond else 0", "heaviside": "1 if x > 0 else 0", "stop_gradient": "detach(E)",
    "derivative": "diff(E, v)", "grad": "diff(E, v)", "exp2": "2**x",
    "var": "mean((x[i] - m)**2 for i in K)", "std": "sqrt(mean((x[i] - m)**2 for i in K))",
    "count": "sum(1 for i in K if cond)", "range": "sum(E for i in K)",
}  # fmt: skip


class Calls:
    """Reads the calls of one program, on behalf of its reader."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._calls: tuple[str, ...] = ()
        self._unfolded: dict[tuple[Any, ...], Any] = {}
        self._unfolded_nodes = 0

    def call(self, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        if node.keywords:
            fail(token, "an argument with a name (`f(x=…)`) is not part of the language")
        if isinstance(node.func, ast.Call):
            return self._function_derivative(node.func, node.args, scope)
        if not isinstance(node.func, ast.Name):
            refusals.refuse_call(node, token)
        name = scope.source.name(node.func)
        if any(isinstance(a, ast.Starred) for a in node.args):
            fail(token, "a starred argument is not part of the language")
        if name in (LONG_SUM, LONG_PRODUCT):
            opening = len(f"{name} ( ".encode())
            kept = scope.derivatives and node.args[0].col_offset > node.col_offset + opening
            if name == LONG_PRODUCT:
                return self._long_product(node.args, scope, kept)
            first = self.reader.value(node.args[0], scope)
            terms = list(first.args) if isinstance(first, Add) and not kept else [first]
            for a in node.args[1:]:
                if isinstance(a, ast.BinOp) and getattr(a.left, "id", None) == MINUS:
                    terms.append(neg(self.reader.value(a.right, scope)))
                else:
                    terms.append(self.reader.value(a, scope))
            return add(*terms)
        function = self.reader.words.functions.get(name)
        if function is not None:
            return self._unfold(function, node, scope)
        if name in self.reader.words.unknown:
            count = self.reader.words.unknown[name]
            self._check_count(name, (count,), node, token)
            self.reader.used_functions.add(name)
            return apply_unknown(name, *[self.reader.value(a, scope) for a in node.args])
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self._reduction(name, node, scope)
        special = {"delta": self._delta, "diff": self._derivative, "partial": self._derivative}
        if name in special:
            return special[name](node, scope)
        if name not in ARGUMENTS:
            self._refuse_function(name, node, token, scope)
        if name in ("max", "min") and len(node.args) == 1:
            refusals.refuse_bare_reduction(name, node, token, scope)
        self._check_count(name, ARGUMENTS[name], node, token)
        args = [self.reader.value(a, scope) for a in node.args]
        if name == "polygamma" and not (isinstance(args[0], Integer) and 0 <= args[0] <= MAX_POWER):
            fail(scope.token(node.args[0]), "the order of `polygamma(n, x)` is a number 0, 1, 2, …")
        if name == "log" and len(args) == 2 and args[1] == ONE:
            fail(scope.token(node.args[1]), "division by zero: there is no logarithm to base 1")
        if not scope.derivatives:
            for a, written in zip(args, node.args, strict=True):
                if name == "log" or a is args[-1]:
                    check_argument(name, a, scope.token(written))
        return apply(name, *args)

    def _refuse_function(self, name: str, node: ast.Call, token: Token, scope: Scope) -> NoReturn:
        if name in ("sum", "prod", "softmax", "logsumexp", "mean", "norm"):
            refusals.refuse_bare_reduction(name, node, token, scope)
        if name == "deriv":
            fail(token, "`deriv(g, n)` needs its argument", "write `deriv(g, n)(x)`")
        known = [*KNOWN_FUNCTIONS, *self.reader.words.functions, *self.reader.words.unknown]
        if self.reader.ranges.rank(name) is not None or name in self.reader.words.sizes:
            product = f"a product is written `{name}*(…)`"
            fail(
                token,
                f"`{name}` is not a function",
                product
                if not self.reader.ranges.rank(name)
                else f"an entry is `{name}[i]`; {product}",
            )
        fail(
            token,
            f"unknown function `{name}`",
            _otherwise(name)
            or suggestion(name, known)
            or f"an unknown function is declared, `function {name}`; "
            f"a product is written `{name}*(…)`",
        )

    def _check_count(
        self, name: str, counts: tuple[int, ...], node: ast.Call, token: Token
    ) -> None:
        if len(node.args) not in counts:
            wanted = " or ".join(map(str, counts))
            hint = None
            if name in ("max", "min") and len(node.args) > 2:
                hint = f"nest them: `{name}(a, {name}(b, c))`"
            fail(
                token,
                f"`{name}` takes {wanted} argument{'s' * (counts[-1] != 1)}, "
                f"here it has {len(node.args)}",
                hint,
            )

    def _long_product(self, args: list[ast.expr], scope: Scope, kept: bool) -> Any:
        steps: list[tuple[bool, ast.expr]] = []
        for a in args[1:]:
            below = isinstance(a, ast.BinOp) and getattr(a.left, "id", None) == ONE_OVER
            steps.append((below, a.right if isinstance(a, ast.BinOp) and below else a))
        return self.reader.product(args[0], steps, scope, kept)

    def _delta(self, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        self._check_count("delta", (2,), node, token)
        i, j = (self.reader.slot(a, scope, "`delta`") for a in node.args)
        ranges = [range_of(t, self.reader.words.labels) for t in (i, j)]
        if None not in ranges:
            self.reader.join_indices(i, j, ranges, token)
        return delta(i, j)

    def _derivative(self, node: ast.Call, scope: Scope) -> Any:
        name, token = str(getattr(node.func, "id", "")), scope.token(node)
        if not scope.derivatives:
            fail(
                token,
                f"`{name}` stands only in a person's own lines (`= …`, `claim …`)",
                "the derivative that is wanted is asked for with `wrt`",
            )
        if len(node.args) < 2 or len(node.args) > MAX_NESTING:
            fail(
                token,
                f"`{name}` takes an expression and what to differentiate by",
                f"write `{name}(L, z[j])`",
            )
        variables = [self.reader.value(a, scope) for a in node.args[1:]]
        for v, a in zip(variables, node.args[1:], strict=True):
            if not is_element(v):
                fail(scope.token(a), "a derivative is by an entry or a scalar, such as `z[j]`")
        return (diff if name == "diff" else partial)(
            self.reader.value(node.args[0], scope), *variables
        )

    def _function_derivative(self, head: ast.Call, args: list[ast.expr], scope: Scope) -> Any:
        token = scope.token(head)
        if not (isinstance(head.func, ast.Name) and head.func.id == "deriv"):
            fail(token, "a call of a call is not part of the language")
        form = "write `deriv(g, n)(x)`, for several arguments `deriv(g, slot, n)(a, b)`"
        if not head.args or not isinstance(head.args[0], ast.Name):
            fail(token, "`deriv` takes the name of an unknown function first", form)
        name = scope.source.name(head.args[0])
        count = self.reader.words.unknown.get(name)
        if count is None:
            fail(
                scope.token(head.args[0]),
                f"`{name}` is not an unknown function",
                suggestion(name, self.reader.words.unknown) or f"declare it: `function {name}`",
            )
        numbers = []
        for a in head.args[1:]:
            n = exact(scope.token(a).text) if isinstance(a, ast.Constant) else None
            if not isinstance(n, Integer) or n > MAX_NESTING:
                fail(scope.token(a), "`deriv` takes literal orders", form)
            numbers.append(int(n))
        orders = [0] * count
        if count == 1 and len(numbers) == 1:
            orders[0] = numbers[0]
        elif len(numbers) >= 2 and len(numbers) % 2 == 0:
            for slot, n in zip(numbers[::2], numbers[1::2], strict=True):
                if not 1 <= slot <= count:
                    fail(token, f"`{name}` has {count} argument{'s' * (count != 1)}, not {slot}")
                orders[slot - 1] = n
        else:
            fail(token, "`deriv` takes an order", form)
        if len(args) != count or any(isinstance(a, ast.Starred) for a in args):
            fail(token, f"`{name}` takes {count} argument{'s' * (count != 1)}")
        self.reader.used_functions.add(name)
        return function_derivative(
            name, tuple(orders), *[self.reader.value(a, scope) for a in args]
        )

    def _unfold(self, function: UserFunction, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        self._check_count(function.name, (len(function.params),), node, token)
        if function.name in self._calls:
            circle = " → ".join((*self._calls[self._calls.index(function.name) :], function.name))
            fail(token, f"the functions are defined in a circle: {circle}")
        self.reader.used_functions.add(function.name)
        args = tuple(self.reader.value(a, scope) for a in node.args)
        avoid = (frozenset() if scope.derivatives else _outer(scope)).union(*map(index_names, args))
        key = (function.name, args, scope.derivatives, avoid)
        found = self._unfolded.get(key)
        if found is not None:
            self._count_unfolded(nodes(found), token)
            return found
        inner = Scope(
            function.body,
            values=dict(zip(function.params, args, strict=True)),
            avoid=avoid,
            derivatives=scope.derivatives,
        )
        self._calls = (*self._calls, function.name)
        found = self.reader.value(function.body.tree, inner)
        self._calls = self._calls[:-1]
        if depth(found) > 2 * MAX_NESTING:
            fail(token, f"`{function.name}` unfolds to more than {2 * MAX_NESTING} levels")
        self._count_unfolded(nodes(found), token)
        self._unfolded[key] = found
        return found

    def argument(self, t: Any, token: Token) -> Any:
        """An argument of the function being unfolded, where its parameter stands."""
        self._count_unfolded(nodes(t), token)
        return t

    def _count_unfolded(self, more: int, token: Token) -> None:
        """Bound what functions unfold to, before any term of that size is walked through."""
        self._unfolded_nodes += more
        if self._unfolded_nodes > _MAX_UNFOLDED:
            fail(token, f"the functions unfold to more than {_MAX_UNFOLDED:,} nodes")

    # -- sums and their like ----------------------------------------------------------------

    def _reduction(self, name: str, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        if name == "softmax":
            fail(
                token,
                "`softmax(…)` is an array: it needs an index",
                "write `softmax(E for k in K)[i]`",
            )
        if name not in REDUCTIONS and name not in ("logsumexp", "mean", "norm"):
            known = [*REDUCTIONS, "softmax", "logsumexp", "mean", "norm"]
            hint = _otherwise(name) or suggestion(name, known)
            if name in ("any", "all"):
                hint = f"a sum takes conditions: `sum(1 for i in K if …)`, not `{name}`"
            fail(token, f"`{name}(… for …)` is not part of the language", hint)
        inner, bound, body_node = self.binders(node, scope)
        body = self.reader.value(body_node, inner)
        if name in REDUCTIONS:
            return fold(name, body, bound)
        if name == "logsumexp":
            return log(fold("sum", exp(body), bound))
        if name == "norm":
            return sqrt(fold("sum", power(body, _TWO), bound))
        return divide(fold("sum", body, bound), _count(bound))

    def softmax(self, node: ast.Call, slots: list[ast.expr], scope: Scope) -> Any:
        token = scope.token(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == "softmax"):
            fail(token, "only arrays and `softmax(…)` take an index")
        if len(node.args) != 1 or not isinstance(node.args[0], ast.GeneratorExp):
            refusals.refuse_bare_reduction("softmax", node, token, scope)
        inner, bound, body_node = self.binders(node, scope)
        if len(slots) != len(bound):
            fail(
                token,
                f"this softmax runs over {len(bound)} "
                f"ind{'ex' if len(bound) == 1 else 'ices'}, here it has {len(slots)}",
            )
        body = self.reader.value(body_node, inner)
        swap: dict[Any, Term] = {}
        for (over, _), s in zip(bound, slots, strict=True):
            at = self.reader.slot(s, scope, "`softmax`")
            found = range_of(at, self.reader.words.labels)
            if found is not None and not self.reader.ranges.join(over.size, found):
                fail(
                    scope.token(s),
                    f"the softmax runs over {over.size}, but `{plain(at)}` over "
                    f"{self.reader.ranges.find(found)}",
                )
            swap[over] = at
        here = divide(exp(substitute(body, swap)), fold("sum", exp(body), bound))
        guard = substitute(all_of(*[g for _, g in bound]), swap)
        return here if guard == TRUE else if_else(guard, here, ZERO)

    def binders(
        self, node: ast.Call, scope: Scope
    ) -> tuple[Scope, list[tuple[Any, Any]], ast.expr]:
        """The scope inside a `for` list, its indices with their guards, and the body."""
        generators = node.args[0]
        if not isinstance(generators, ast.GeneratorExp):
            refusals.refuse_node(generators, scope.token(generators), "a `for` list")
        if len(generators.generators) > MAX_NESTING:
            fail(scope.token(node), f"more than {MAX_NESTING} `for`s in one list")
        bound: list[tuple[Any, Any]] = []
        here: set[str] = set()
        for n, g in enumerate(generators.generators):
            token = scope.token(g.target)
            if g.is_async:
                refusals.refuse_node(g, token, "a `for`")
            if not isinstance(g.target, ast.Name):
                fail(token, "one letter a `for`", "write `for i in N for j in K`")
            letter = scope.source.name(g.target)
            if letter in here:
                fail(
                    token,
                    f"the letter `{letter}` is bound twice in one `for` list",
                    f"take another letter, such as `{self._free_letter(letter, scope)}`",
                )
            if letter in self.reader.words.sizes:
                fail(token, f"`{letter}` is a size, so it cannot be an index too")
            refusals.check_letter(letter, token)
            over = index(letter, self._size(g.iter, scope))
            if letter in scope.letters:
                self.reader.warn(token, f"the inner `for {letter}` hides the outer `{letter}`")
            outer = _outer(scope)
            if letter in outer:
                over = fresh_index(over, {letter, *outer, *scope.letters, *self.reader.words.names})
            here.add(letter)
            values = {k: v for k, v in scope.values.items() if k != letter}
            scope = scope._replace(
                letters={**scope.letters, letter: over},
                weak=scope.weak - {letter},
                values=values,
                avoid=outer | {over.name} if outer or not scope.derivatives else outer,
            )
            refusals.check_bound_before(g.ifs, generators.generators[n + 1 :], scope)
            guard = self.reader.conjunction([self.reader.condition(c, scope) for c in g.ifs], scope)
            bound.append((over, guard))
        return scope, bound, generators.elt

    def _free_letter(self, letter: str, scope: Scope) -> str:
        taken = {letter, *scope.letters, *self.reader.words.scalars, *self.reader.words.sizes}
        return str(fresh_index(index(letter, ONE), taken).name)

    def _size(self, node: ast.expr, scope: Scope) -> Any:
        token = scope.token(node)
        if isinstance(node, ast.Constant) and token.kind == "number":
            value = exact(token.text)
            if not isinstance(value, Integer) or value < 1:
                fail(token, f"a size is a name or a positive integer, not `{token.text}`")
            if value > MAX_POWER:
                fail(token, f"a literal size beyond {MAX_POWER:,} is not part of the language")
            return value
        if not isinstance(node, ast.Name):
            refusals.refuse_range(node, token, scope)
        name = scope.source.name(node)
        if (
            name in self.reader.words.arrays
            or name in self.reader.words.scalars
            or name in scope.values
        ):
            kind = "an array" if name in self.reader.words.arrays else "a scalar"
            fail(
                token,
                f"`{name}` is {kind}, so it cannot be a size too",
                "give one of the two another name",
            )
        if name not in self.reader.words.sizes:
            fail(
                token,
                f"`{name}` is not a size of this problem",
                suggestion(name, self.reader.words.sizes),
            )
        return size(name)


def _outer(scope: Scope) -> frozenset[str]:
    """Letters that a program's binder is not to take: no term has one letter in two meanings.

    A line of a derivation is read as it stands; there a letter is bound again only where it is
    not used.
    """
    if scope.derivatives:
        return scope.avoid
    return scope.avoid.union(i.name for i in scope.letters.values())


def fold(kind: str, body: Any, bound: list[tuple[Any, Any]]) -> Any:
    """The reduction of a body over several indices, the first one outermost."""
    for over, guard in reversed(bound):
        body = reduction(kind, body, over, guard)
    return body


def _count(bound: list[tuple[Any, Any]]) -> Any:
    """How many values a mean runs over: the product of the sizes, or a conditional count."""
    if all(guard == TRUE for _, guard in bound):
        return mul(*[over.size for over, _ in bound])
    return fold("sum", ONE, bound)


def _otherwise(name: str) -> str | None:
    """How the language writes what other places call by this name."""
    written = _OTHER_NAMES.get(name)
    return f"write `{written}`" if written else None
