"""Syntax trees into terms, node by node against a whitelist. Nothing is evaluated or simplified."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NoReturn

from derivation.language import refusals
from derivation.language.lexer import MAX_NESTING, MAX_POWER, Token, fail
from derivation.language.measure import nodes
from derivation.language.ranges import Ranges, is_placeholder, range_of
from derivation.language.syntax import LONG_PRODUCT, LONG_SUM, Expression
from derivation.terms import (
    FUNCTIONS,
    ONE,
    PI,
    REDUCTIONS,
    TRUE,
    ZERO,
    Add,
    Condition,
    Index,
    Indexed,
    Integer,
    Mul,
    Rational,
    Size,
    Symbol,
    Term,
    add,
    all_of,
    any_of,
    apply,
    apply_unknown,
    delta,
    diff,
    divide,
    element,
    every,
    exp,
    fresh_index,
    function_derivative,
    if_else,
    index,
    index_names,
    inverse,
    is_element,
    is_number,
    log,
    mul,
    name_of,
    neg,
    negate,
    number,
    partial,
    power,
    reduction,
    relation,
    size,
    sqrt,
    substitute,
    sum_over,
    value_of,
)

# Every name that means something when it is called.
KNOWN_FUNCTIONS: frozenset[str] = frozenset(FUNCTIONS) | {
    "sqrt", "digamma", "trigamma", "sum", "prod", "delta", "softmax", "logsumexp", "mean", "norm",
    "diff", "partial", "deriv",
}  # fmt: skip
_ARGUMENTS = {
    **{name: (count,) for name, (_, count) in FUNCTIONS.items()},
    "log": (1, 2),
    "sqrt": (1,),
    "digamma": (1,),
    "trigamma": (1,),
}
_RELATIONS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_MAX_UNFOLDED = 20_000
_TWO = number(2)


@dataclass(frozen=True)
class UserFunction:
    """``f(x) = expr``, kept as a tree and unfolded at each call."""

    name: str
    params: tuple[str, ...]
    body: Expression
    token: Token


@dataclass(frozen=True)
class Scope:
    """What the names in an expression stand for.

    Attributes:
        source: The expression that is read (a function's body has its own).
        letters: Indices by letter, bound or free.
        weak: Letters that give way to a scalar of the same name where they stand as a value.
        values: Arguments of the function being unfolded.
        avoid: Letters that a binder must not take, since they occur free in those arguments.
        derivatives: Whether ``diff`` and ``partial`` may stand here.
    """

    source: Expression
    letters: Mapping[str, Any] = field(default_factory=dict)
    weak: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)
    avoid: frozenset[str] = frozenset()
    derivatives: bool = False

    def token(self, node: ast.AST) -> Token:
        return self.source.token(node)


@dataclass
class Vocabulary:
    """The names of a program, and what each one is.

    ``closed`` vocabularies (of a finished problem) refuse scalars and arrays they do not hold.
    """

    sizes: frozenset[str] = frozenset()
    functions: Mapping[str, UserFunction] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    arrays: frozenset[str] = frozenset()
    scalars: frozenset[str] = frozenset()
    closed: bool = False


class Reader:
    """Reads expressions of one program; ranges are shared between them."""

    def __init__(self, words: Vocabulary, ranges: Ranges) -> None:
        self.words, self.ranges = words, ranges
        self.warnings: list[str] = []
        self.used_functions: set[str] = set()
        self.literal_slots: list[tuple[str, int, int, Token]] = []
        self._depth = 0
        self._calls: tuple[str, ...] = ()
        self._unfolded: dict[tuple[Any, ...], Any] = {}
        self._values: dict[type, Callable[[Any, Scope], Any]] = {
            ast.BinOp: self._operation,
            ast.UnaryOp: self._sign,
            ast.Name: self._name,
            ast.Constant: self._number,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.IfExp: self._choice,
        }

    # -- values -----------------------------------------------------------------------------

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """The term that an expression stands for."""
        read = self._values.get(type(node))
        if read is None:
            refusals.refuse_node(node, scope.token(node), "a value")
        self._depth += 1
        if self._depth > 2 * MAX_NESTING:
            fail(scope.token(node), f"the expression is nested more than {MAX_NESTING} deep")
        term = read(node, scope)
        self._depth -= 1
        return term

    def _operation(self, node: ast.BinOp, scope: Scope) -> Any:
        if isinstance(node.op, ast.Pow):
            return self._power(node, scope)
        group = (ast.Add, ast.Sub) if isinstance(node.op, ast.Add | ast.Sub) else (ast.Mult, ast.Div)
        if not isinstance(node.op, group):
            refusals.refuse_node(node.op, scope.token(node.right), "an operator")
        steps: list[tuple[bool, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, group):
            steps.append((isinstance(left.op, ast.Sub | ast.Div), left.right))
            left = left.left
        first = self.value(left, scope)
        if group[0] is ast.Add:
            terms = list(first.args) if isinstance(first, Add) else [first]
            for minus, right in reversed(steps):
                term = self.value(right, scope)
                terms.append(neg(term) if minus else term)
            return add(*terms)
        factors = list(first.args) if isinstance(first, Mul) else [first]
        for below, right in reversed(steps):
            factor = self.value(right, scope)
            _append_factor(factors, self._inverse(factor, right, scope) if below else factor, below)
        return mul(*factors)

    def _inverse(self, t: Any, node: ast.expr, scope: Scope) -> Any:
        if constant_value(t) == 0:
            fail(scope.token(node), "division by zero")
        return inverse(t)

    def _power(self, node: ast.BinOp, scope: Scope) -> Any:
        base, exponent = self.value(node.left, scope), self.value(node.right, scope)
        n = constant_value(exponent)
        if n is not None and abs(n) > MAX_POWER:
            fail(scope.token(node.right), f"a power beyond {MAX_POWER:,} is not part of the language")
        if n is not None and n < 0 and constant_value(base) == 0:
            fail(scope.token(node), "division by zero (0 to a negative power)")
        return power(base, exponent)

    def _sign(self, node: ast.UnaryOp, scope: Scope) -> Any:
        if isinstance(node.op, ast.USub):
            return neg(self.value(node.operand, scope))
        if isinstance(node.op, ast.UAdd):
            return self.value(node.operand, scope)
        refusals.refuse_node(node, scope.token(node), "a value")

    def _number(self, node: ast.Constant, scope: Scope) -> Any:
        token = scope.token(node)
        if token.kind != "number":  # the 1 of a flattened quotient
            return ONE
        return exact(token.text)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        name, token = scope.source.name(node), scope.token(node)
        if name in scope.values:
            return scope.values[name]
        letter = scope.letters.get(name)
        if letter is not None and not (name in scope.weak and name in self.words.scalars):
            return letter
        if name == "pi":
            return PI
        if name in self.words.sizes:
            return size(name)
        if name in self.words.functions or name in self.words.unknown:
            fail(token, f"`{name}` is a function", f"write `{name}(x)`")
        refusals.check_underscore(name, token, scope.letters, self.words.arrays)
        self._check_known(name, token)
        self.ranges.use(name, (), token, name)
        return element(name)

    def _check_known(self, name: str, token: Token) -> None:
        if self.words.closed and self.ranges.rank(name) is None:
            fail(token, f"`{name}` is not a name of this problem",
                 suggestion(name, [*self.words.arrays, *self.words.scalars, *self.words.sizes]))

    def _choice(self, node: ast.IfExp, scope: Scope) -> Any:
        condition = self.condition(node.test, scope)
        return if_else(condition, self.value(node.body, scope), self.value(node.orelse, scope))

    # -- elements and indices ---------------------------------------------------------------

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        slots = _slots(node)
        if isinstance(node.value, ast.Call):
            return self._softmax(node.value, slots, scope)
        if not isinstance(node.value, ast.Name):
            refusals.refuse_subscript(node, scope)
        name, token = scope.source.name(node.value), scope.token(node)
        if name in scope.values:
            fail(token, f"`{name}` stands for a value here, it has no indices")
        return self.element(name, slots, token, scope, scope.source.text(node))

    def element(
        self, name: str, slots: list[ast.expr], token: Token, scope: Scope, written: str
    ) -> Any:
        """An entry of an array, its ranges joined with those of its indices."""
        if name in self.words.sizes:
            fail(token, f"`{name}` is a size (it follows `in`), so it cannot be an array too",
                 "give one of the two another name")
        if name in self.words.functions or name in self.words.unknown:
            fail(token, f"`{name}` is a function", f"write `{name}(x)`")
        self._check_known(name, token)
        indices = [self.slot(s, scope, f"`{name}`") for s in slots]
        for k, i in enumerate(indices):
            if isinstance(i, Integer):
                self.literal_slots.append((name, k, int(i), token))
        self.ranges.use(name, [range_of(i, self.words.labels) for i in indices], token, written)
        return element(name, *indices)

    def slot(self, node: ast.expr, scope: Scope, owner: str) -> Any:
        """What stands in a slot: an index, a positive integer, or an element of a label array."""
        token = scope.token(node)
        if isinstance(node, ast.Constant) and token.kind == "number":
            value = exact(token.text)
            if not isinstance(value, Integer) or value < 1:
                fail(token, f"`{token.text}` is not an index: indices are positive integers",
                     "counting starts at 1" if value == 0 else None)
            return value
        if isinstance(node, ast.Name):
            name = scope.source.name(node)
            found = scope.values.get(name, scope.letters.get(name))
            if found is None and name in self.words.labels:
                return self.value(node, scope)
            if found is None:
                self._unbound(name, token, owner)
            if not (isinstance(found, Index | Integer) or self._is_label(found)):
                fail(token, f"`{name}` stands for a value here, it cannot be an index")
            return found
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = scope.source.name(node.value)
            if name not in self.words.labels:
                fail(token, f"`{name}` stands in a slot of {owner}, but is not declared a class number",
                     f"declare it: `label {scope.source.text(node)} in K`")
            return self.value(node, scope)
        refusals.refuse_index(node, token, scope.source.text(node))

    def _is_label(self, t: Any) -> bool:
        return is_element(t) and name_of(t) in self.words.labels

    def _unbound(self, name: str, token: Token, owner: str) -> NoReturn:
        if name in self.words.sizes:
            fail(token, f"`{name}` is a size, not an index of {owner}",
                 f"the last entry has no name of its own; sum over it, `for i in {name}`")
        fail(token, f"the index `{name}` of {owner} is free: nothing binds it",
             f"sum over it, `sum(… for {name} in K)`, or define an array, `L[{name}] = …`")

    # -- conditions -------------------------------------------------------------------------

    def condition(self, node: ast.expr, scope: Scope) -> Any:
        """The condition that an expression stands for."""
        self._depth += 1
        if self._depth > 2 * MAX_NESTING:
            fail(scope.token(node), f"the condition is nested more than {MAX_NESTING} deep")
        out = self._condition(node, scope)
        self._depth -= 1
        return out

    def _condition(self, node: ast.expr, scope: Scope) -> Any:
        if isinstance(node, ast.Compare):
            sides = [self.value(n, scope) for n in (node.left, *node.comparators)]
            parts = []
            for k, op in enumerate(node.ops):
                if type(op) not in _RELATIONS:
                    refusals.refuse_node(op, scope.token(node.comparators[k]), "a comparison")
                token = scope.token(node.comparators[k])
                parts.append(self.relation(_RELATIONS[type(op)], sides[k], sides[k + 1], token))
            return all_of(*parts)
        if isinstance(node, ast.BoolOp):
            join = all_of if isinstance(node.op, ast.And) else any_of
            return join(*[self.condition(n, scope) for n in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negate(self.condition(node.operand, scope))
        if scope.derivatives and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "all" and len(node.args) == 1:
                return self._every(node, scope)
        refusals.refuse_node(node, scope.token(node), "a condition")

    def relation(self, op: str, left: Any, right: Any, token: Token) -> Any:
        """``left op right``; indices that are compared run over the same size."""
        if op in ("==", "!=") and left == ZERO and right == ZERO:
            return TRUE if op == "==" else any_of()  # how the writer spells true and false
        ranges = [self._compared(t) for t in (left, right)]
        if None not in ranges:
            self._join_indices(left, right, ranges, token)
        return relation(op, left, right)

    def _compared(self, t: Any) -> Any:
        return range_of(t, self.words.labels) if isinstance(t, Index) or self._is_label(t) else None

    def _join_indices(self, i: Any, j: Any, ranges: list[Any], token: Token) -> None:
        if not self.ranges.join(*ranges):
            a, b = (self.ranges.find(r) for r in ranges)
            fail(token, f"`{_plain(i)}` runs over {a} and `{_plain(j)}` over {b}: "
                 "indices of different sizes are not compared")

    def _every(self, node: ast.Call, scope: Scope) -> Any:
        inner, bound, body = self._binders(node, scope)
        out = self.condition(body, inner)
        for over, guard in reversed(bound):
            out = every(out, over, guard)
        return out

    # -- calls ------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
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
        if name == LONG_SUM:
            return add(*[self.value(a, scope) for a in node.args])
        if name == LONG_PRODUCT:
            return self._long_product(node.args, scope)
        function = self.words.functions.get(name)
        if function is not None:
            return self._unfold(function, node, scope)
        if name in self.words.unknown:
            count = self.words.unknown[name]
            self._check_count(name, (count,), node, token)
            self.used_functions.add(name)
            return apply_unknown(name, *[self.value(a, scope) for a in node.args])
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self._reduction(name, node, scope)
        special = {"delta": self._delta, "diff": self._derivative, "partial": self._derivative}
        if name in special:
            return special[name](node, scope)
        if name not in _ARGUMENTS:
            self._refuse_function(name, node, token, scope)
        if name in ("max", "min") and len(node.args) == 1:
            refusals.refuse_bare_reduction(name, node, token, scope)
        self._check_count(name, _ARGUMENTS[name], node, token)
        args = [self.value(a, scope) for a in node.args]
        if name == "polygamma" and not (isinstance(args[0], Integer) and 0 <= args[0] <= MAX_POWER):
            fail(scope.token(node.args[0]), "the order of `polygamma(n, x)` is a number 0, 1, 2, …")
        if name == "log" and len(args) == 2 and args[1] == ONE:
            fail(scope.token(node.args[1]), "division by zero: there is no logarithm to base 1")
        return apply(name, *args)

    def _refuse_function(self, name: str, node: ast.Call, token: Token, scope: Scope) -> NoReturn:
        if name in ("sum", "prod", "softmax", "logsumexp", "mean", "norm"):
            refusals.refuse_bare_reduction(name, node, token, scope)
        if name == "deriv":
            fail(token, "`deriv(g, n)` needs its argument", "write `deriv(g, n)(x)`")
        known = [*KNOWN_FUNCTIONS, *self.words.functions, *self.words.unknown]
        if self.ranges.rank(name) is not None or name in self.words.sizes:
            product = f"a product is written `{name}*(…)`"
            fail(token, f"`{name}` is not a function",
                 product if not self.ranges.rank(name) else f"an entry is `{name}[i]`; {product}")
        fail(token, f"unknown function `{name}`",
             suggestion(name, known) or f"an unknown function is declared: `function {name}`")

    def _check_count(self, name: str, counts: tuple[int, ...], node: ast.Call, token: Token) -> None:
        if len(node.args) not in counts:
            wanted = " or ".join(map(str, counts))
            hint = None
            if name in ("max", "min") and len(node.args) > 2:
                hint = f"nest them: `{name}(a, {name}(b, c))`"
            fail(token, f"`{name}` takes {wanted} argument{'s' * (counts[-1] != 1)}, "
                 f"here it has {len(node.args)}", hint)

    def _long_product(self, args: list[ast.expr], scope: Scope) -> Any:
        first = self.value(args[0], scope)
        factors = list(first.args) if isinstance(first, Mul) else [first]
        for a in args[1:]:
            factors.append(self.value(a, scope))
        return mul(*factors)

    def _delta(self, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        self._check_count("delta", (2,), node, token)
        i, j = (self.slot(a, scope, "`delta`") for a in node.args)
        ranges = [range_of(t, self.words.labels) for t in (i, j)]
        if None not in ranges:
            self._join_indices(i, j, ranges, token)
        return delta(i, j)

    def _derivative(self, node: ast.Call, scope: Scope) -> Any:
        name, token = str(getattr(node.func, "id", "")), scope.token(node)
        if not scope.derivatives:
            fail(token, f"`{name}` stands only in a person's own lines (`= …`, `claim …`)",
                 "the derivative that is wanted is asked for with `wrt`")
        if len(node.args) < 2 or len(node.args) > MAX_NESTING:
            fail(token, f"`{name}` takes an expression and what to differentiate by",
                 f"write `{name}(L, z[j])`")
        variables = [self.value(a, scope) for a in node.args[1:]]
        for v, a in zip(variables, node.args[1:], strict=True):
            if not is_element(v):
                fail(scope.token(a), "a derivative is by an entry or a scalar, such as `z[j]`")
        return (diff if name == "diff" else partial)(self.value(node.args[0], scope), *variables)

    def _function_derivative(self, head: ast.Call, args: list[ast.expr], scope: Scope) -> Any:
        token = scope.token(head)
        if not (isinstance(head.func, ast.Name) and head.func.id == "deriv"):
            fail(token, "a call of a call is not part of the language")
        form = "write `deriv(g, n)(x)`, for several arguments `deriv(g, slot, n)(a, b)`"
        if not head.args or not isinstance(head.args[0], ast.Name):
            fail(token, "`deriv` takes the name of an unknown function first", form)
        name = scope.source.name(head.args[0])
        count = self.words.unknown.get(name)
        if count is None:
            fail(scope.token(head.args[0]), f"`{name}` is not an unknown function",
                 suggestion(name, self.words.unknown) or f"declare it: `function {name}`")
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
        self.used_functions.add(name)
        return function_derivative(name, tuple(orders), *[self.value(a, scope) for a in args])

    def _unfold(self, function: UserFunction, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        self._check_count(function.name, (len(function.params),), node, token)
        if function.name in self._calls:
            circle = " → ".join((*self._calls[self._calls.index(function.name) :], function.name))
            fail(token, f"the functions are defined in a circle: {circle}")
        self.used_functions.add(function.name)
        args = tuple(self.value(a, scope) for a in node.args)
        key = (function.name, args, scope.derivatives)
        found = self._unfolded.get(key)
        if found is not None:
            return found
        inner = Scope(
            function.body,
            values=dict(zip(function.params, args, strict=True)),
            avoid=frozenset().union(*map(index_names, args)),
            derivatives=scope.derivatives,
        )
        self._calls = (*self._calls, function.name)
        found = self.value(function.body.tree, inner)
        self._calls = self._calls[:-1]
        if nodes(found) > _MAX_UNFOLDED:
            fail(token, f"`{function.name}` unfolds to more than {_MAX_UNFOLDED:,} nodes")
        self._unfolded[key] = found
        return found

    # -- sums and their like ----------------------------------------------------------------

    def _reduction(self, name: str, node: ast.Call, scope: Scope) -> Any:
        token = scope.token(node)
        if name == "softmax":
            fail(token, "`softmax(…)` is an array: it needs an index",
                 "write `softmax(E for k in K)[i]`")
        if name not in REDUCTIONS and name not in ("logsumexp", "mean", "norm"):
            known = [*REDUCTIONS, "softmax", "logsumexp", "mean", "norm"]
            hint = suggestion(name, known)
            if name in ("any", "all"):
                hint = f"a sum takes conditions: `sum(1 for i in K if …)`, not `{name}`"
            fail(token, f"`{name}(… for …)` is not part of the language", hint)
        inner, bound, body_node = self._binders(node, scope)
        body = self.value(body_node, inner)
        if name in REDUCTIONS:
            return fold(name, body, bound)
        if name == "logsumexp":
            return log(fold("sum", exp(body), bound))
        if name == "norm":
            return sqrt(fold("sum", power(body, _TWO), bound))
        return divide(fold("sum", body, bound), _count(bound))

    def _softmax(self, node: ast.Call, slots: list[ast.expr], scope: Scope) -> Any:
        token = scope.token(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == "softmax"):
            fail(token, "only arrays and `softmax(…)` take an index")
        if len(node.args) != 1 or not isinstance(node.args[0], ast.GeneratorExp):
            refusals.refuse_bare_reduction("softmax", node, token, scope)
        inner, bound, body_node = self._binders(node, scope)
        if len(slots) != len(bound):
            fail(token, f"this softmax runs over {len(bound)} "
                 f"ind{'ex' if len(bound) == 1 else 'ices'}, here it has {len(slots)}")
        body = self.value(body_node, inner)
        swap: dict[Any, Term] = {}
        for (over, _), s in zip(bound, slots, strict=True):
            at = self.slot(s, scope, "`softmax`")
            found = range_of(at, self.words.labels)
            if found is not None and not self.ranges.join(over.size, found):
                fail(scope.token(s), f"the softmax runs over {over.size}, but `{_plain(at)}` over "
                     f"{self.ranges.find(found)}")
            swap[over] = at
        here = divide(exp(substitute(body, swap)), fold("sum", exp(body), bound))
        guard = substitute(all_of(*[g for _, g in bound]), swap)
        return here if guard == TRUE else if_else(guard, here, ZERO)

    def _binders(
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
        for g in generators.generators:
            token = scope.token(g.target)
            if g.is_async:
                refusals.refuse_node(g, token, "a `for`")
            if not isinstance(g.target, ast.Name):
                fail(token, "one letter a `for`", "write `for i in N for j in K`")
            letter = scope.source.name(g.target)
            if letter in here:
                fail(token, f"the letter `{letter}` is bound twice in one `for` list",
                     f"take another letter, such as `{self._free_letter(letter, scope)}`")
            if letter in self.words.sizes:
                fail(token, f"`{letter}` is a size, so it cannot be an index too")
            over = index(letter, self._size(g.iter, scope))
            if letter in scope.letters:
                self.warn(token, f"the inner `for {letter}` hides the outer `{letter}`")
            if letter in scope.avoid:
                over = fresh_index(over, {letter, *scope.avoid, *scope.letters, *self.words.scalars})
            here.add(letter)
            values = {k: v for k, v in scope.values.items() if k != letter}
            scope = replace(
                scope,
                letters={**scope.letters, letter: over},
                weak=scope.weak - {letter},
                values=values,
                avoid=scope.avoid | {over.name} if scope.avoid else scope.avoid,
            )
            guard = all_of(*[self.condition(c, scope) for c in g.ifs]) if g.ifs else TRUE
            bound.append((over, guard))
        return scope, bound, generators.elt

    def _free_letter(self, letter: str, scope: Scope) -> str:
        taken = {letter, *scope.letters, *self.words.scalars, *self.words.sizes}
        return str(fresh_index(index(letter, ONE), taken).name)

    def _size(self, node: ast.expr, scope: Scope) -> Any:
        token = scope.token(node)
        if isinstance(node, ast.Constant) and token.kind == "number":
            value = exact(token.text)
            if not isinstance(value, Integer) or value < 1:
                fail(token, f"a size is a name or a positive integer, not `{token.text}`")
            return value
        if not isinstance(node, ast.Name):
            refusals.refuse_range(node, token, scope)
        name = scope.source.name(node)
        if name in self.words.arrays or name in self.words.scalars or name in scope.values:
            kind = "an array" if name in self.words.arrays else "a scalar"
            fail(token, f"`{name}` is {kind}, so it cannot be a size too",
                 "give one of the two another name")
        if name not in self.words.sizes:
            fail(token, f"`{name}` is not a size of this problem",
                 suggestion(name, self.words.sizes))
        return size(name)

    def warn(self, token: Token, message: str) -> None:
        where = f"line {token.line.number}: " if token.line.number is not None else ""
        if where + message not in self.warnings:
            self.warnings.append(where + message)


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


def _append_factor(factors: list[Any], factor: Any, below: bool) -> None:
    """One more factor as ``terms.divide`` has it: literal over literal is a number, 1/x a power."""
    if below and len(factors) == 1 and factors[0] == ONE:
        factors[0] = factor
    elif below and len(factors) == 1 and is_number(factors[0]) and is_number(factor):
        factors[0] = factors[0] * factor
    else:
        factors.append(factor)


def _slots(node: ast.Subscript) -> list[ast.expr]:
    inside = node.slice
    return list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]


def _plain(t: Any) -> str:
    """An index term as it is written."""
    if isinstance(t, Indexed):
        return f"{name_of(t)}[{','.join(map(_plain, t.args[1:]))}]"
    return str(t.name) if isinstance(t, Symbol) else str(t)


def exact(text: str) -> Any:
    """The number that a literal stands for, exactly (0.5 is 1/2).

    >>> exact("0.1"), exact("1e-3"), exact("7")
    (1/10, 1/1000, 7)
    """
    return number(int(text)) if text.isdecimal() else number(Fraction(text))


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """"did you mean …?" for the nearest known name, if one is near."""
    near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
    if not near:
        lowered = {k.lower(): k for k in known}
        near = [lowered[name.lower()]] if name.lower() in lowered else []
    return f"did you mean `{near[0]}`?" if near else None


def constant_value(t: Any) -> Fraction | None:
    """The value of a term that is arithmetic of literals only, None for any other term.

    >>> constant_value(add(number(1), mul(number(2), number(3))))
    Fraction(7, 1)
    """
    if isinstance(t, Rational):
        return value_of(t)
    if not isinstance(t, Add | Mul):
        if not (getattr(t, "is_Pow", False) and is_number(t.args[0]) and is_number(t.args[1])):
            return None
        base, n = value_of(t.args[0]), value_of(t.args[1])
        if n.denominator != 1 or abs(n) > 64 or (base == 0 and n < 0):
            return None
        return Fraction(base**n)
    total = Fraction(0 if isinstance(t, Add) else 1)
    for a in t.args:
        value = constant_value(a)
        if value is None:
            return None
        total = total + value if isinstance(t, Add) else total * value
    return total


