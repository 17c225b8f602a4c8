"""Syntax trees into terms, node by node against a whitelist. Nothing is evaluated or simplified."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from derivation.language import refusals
from derivation.language.calls import Calls
from derivation.language.facts import settled
from derivation.language.lexer import MAX_DIGITS, MAX_NESTING, MAX_POWER, Token, fail
from derivation.language.ranges import Ranges, range_of
from derivation.language.scope import (
    Scope,
    Vocabulary,
    constant_value,
    exact,
    plain,
    suggestion,
    written_bits,
)
from derivation.language.syntax import RELATIONS
from derivation.terms import (
    ONE,
    PI,
    TRUE,
    ZERO,
    Add,
    Index,
    Integer,
    Mul,
    add,
    all_of,
    any_of,
    conjuncts,
    element,
    every,
    if_else,
    inverse,
    is_element,
    is_number,
    mul,
    name_of,
    neg,
    negate,
    power,
    rebuild,
    relation,
    size,
)

_TOO_LONG = 10**MAX_DIGITS
_MAX_PRODUCT = 2_000  # digits; Python itself writes out no more than 4300
_MAX_BITS = (10**_MAX_PRODUCT).bit_length()


class Reader:
    """Reads expressions of one program; ranges are shared between them."""

    def __init__(self, words: Vocabulary, ranges: Ranges) -> None:
        self.words, self.ranges = words, ranges
        self.warnings: dict[str, None] = {}
        self.used_functions: set[str] = set()
        self.literal_slots: list[tuple[str, int, int, Token]] = []
        self._depth = 0
        self._bits: dict[Any, int] = {}
        self.calls = Calls(self)
        self._values: dict[type, Callable[[Any, Scope], Any]] = {
            ast.BinOp: self._operation,
            ast.UnaryOp: self._sign,
            ast.Name: self._name,
            ast.Constant: self._number,
            ast.Subscript: self._subscript,
            ast.Call: self.calls.call,
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
        group = (
            (ast.Add, ast.Sub) if isinstance(node.op, (ast.Add, ast.Sub)) else (ast.Mult, ast.Div)
        )
        if not isinstance(node.op, group):
            refusals.refuse_node(node.op, scope.token(node.right), "an operator")
        steps: list[tuple[bool, ast.expr]] = []
        left: ast.expr = node
        kept = False  # brackets round the first operand; a program is read without them
        while isinstance(left, ast.BinOp) and isinstance(left.op, group) and not kept:
            steps.append((isinstance(left.op, (ast.Sub, ast.Div)), left.right))
            left = left.left
            kept = scope.derivatives and left.col_offset > node.col_offset
        if group[0] is ast.Mult:
            return self.product(left, reversed(steps), scope, kept)
        first = self.value(left, scope)
        terms = list(first.args) if isinstance(first, Add) and not kept else [first]
        for minus, right in reversed(steps):
            term = self.value(right, scope)
            terms.append(neg(term) if minus else term)
        return add(*terms)

    def product(
        self,
        left: ast.expr,
        steps: Iterable[tuple[bool, ast.expr]],
        scope: Scope,
        kept: bool = False,
    ) -> Any:
        """A chain of `*` and `/` as one flat product; each step says whether it divides.

        It is built as ``terms.divide`` does: literal over literal is a number, 1/x a power.
        ``kept``: the first factor stands in brackets, and a product in it stays one.
        """
        first = self.value(left, scope)
        factors = list(first.args) if isinstance(first, Mul) and not kept else [first]
        for below, right in steps:
            factor = self.value(right, scope)
            if not below:
                factors.append(factor)
                continue
            factor = self._inverse(factor, right, scope)
            if len(factors) == 1 and factors[0] == ONE:
                factors[0] = factor
            elif len(factors) == 1 and is_number(factors[0]) and is_number(factor):
                factors[0] = factors[0] * factor
                if max(abs(factors[0].p), factors[0].q) >= _TOO_LONG:
                    fail(scope.token(right), f"the number has more than {MAX_DIGITS} digits")
            else:
                factors.append(factor)
        return self._short(mul(*factors), left, scope)

    def _inverse(self, t: Any, node: ast.expr, scope: Scope) -> Any:
        if constant_value(t) == 0 or (not scope.derivatives and settled(t) == 0):
            fail(scope.token(node), "division by zero")
        return inverse(t)

    def _power(self, node: ast.BinOp, scope: Scope) -> Any:
        base, exponent = self.value(node.left, scope), self.value(node.right, scope)
        n = constant_value(exponent)
        if n is not None and abs(n) > MAX_POWER:
            fail(
                scope.token(node.right), f"a power beyond {MAX_POWER:,} is not part of the language"
            )
        zero = constant_value(base) == 0 or (not scope.derivatives and settled(base) == 0)
        if n is not None and n < 0 and zero:
            fail(scope.token(node), "division by zero (0 to a negative power)")
        below = constant_value(base) if n is not None and n.denominator % 2 == 0 else None
        if below is not None and below < 0 and not scope.derivatives:
            fail(scope.token(node), f"{below} to the power {n} is not a real number")
        return self._short(power(base, exponent), node, scope)

    def _short(self, term: Any, node: ast.expr, scope: Scope) -> Any:
        """The term, unless its literals multiply out to a number that is too long."""
        if written_bits(term, self._bits) > _MAX_BITS:
            fail(
                scope.token(node),
                f"the numbers here multiply to one of more than {_MAX_PRODUCT:,} digits",
            )
        return term

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
            return self.calls.argument(scope.values[name], token)
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
            fail(
                token,
                f"`{name}` is not a name of this problem",
                suggestion(name, {*self.ranges.names(), *self.words.sizes}),
            )

    def _choice(self, node: ast.IfExp, scope: Scope) -> Any:
        condition = self.condition(node.test, scope)
        return if_else(condition, self.value(node.body, scope), self.value(node.orelse, scope))

    # -- elements and indices ---------------------------------------------------------------

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        slots = _slots(node)
        if isinstance(node.value, ast.Call):
            return self.calls.softmax(node.value, slots, scope)
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
            fail(
                token,
                f"`{name}` is a size (it follows `in`), so it cannot be an array too",
                "give one of the two another name",
            )
        if name in self.words.functions or name in self.words.unknown:
            fail(token, f"`{name}` is a function", f"write `{name}(x)`")
        self._check_known(name, token)
        if len(slots) > MAX_NESTING:
            fail(token, f"an array has at most {MAX_NESTING} slots")
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
                fail(
                    token,
                    f"`{token.text}` is not an index: indices are positive integers",
                    "counting starts at 1" if value == 0 else None,
                )
            return value
        if isinstance(node, ast.Name):
            name = scope.source.name(node)
            found = scope.values.get(name, scope.letters.get(name))
            if found is None and name in self.words.labels:
                return self.value(node, scope)
            if found is None:
                self._unbound(name, token, owner)
            if not (isinstance(found, (Index, Integer)) or self._is_label(found)):
                fail(token, f"`{name}` stands for a value here, it cannot be an index")
            return found
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = scope.source.name(node.value)
            if name not in self.words.labels:
                fail(
                    token,
                    f"`{name}` stands in a slot of {owner}, but is not declared a class number",
                    f"declare it: `label {scope.source.text(node)} in K`",
                )
            return self.value(node, scope)
        refusals.refuse_index(node, token, scope.source.text(node))

    def _is_label(self, t: Any) -> bool:
        return is_element(t) and name_of(t) in self.words.labels

    def _unbound(self, name: str, token: Token, owner: str) -> NoReturn:
        if name in self.words.sizes:
            fail(
                token,
                f"`{name}` is a size, not an index of {owner}",
                f"the last entry has no name of its own; sum over it, `for i in {name}`",
            )
        fail(
            token,
            f"the index `{name}` of {owner} is free: nothing binds it",
            f"sum over it, `sum(… for {name} in K)`, or define an array, `L[{name}] = …`",
        )

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
                if type(op) not in RELATIONS:
                    refusals.refuse_node(op, scope.token(node.comparators[k]), "a comparison")
                token = scope.token(node.comparators[k])
                parts.append(self.relation(RELATIONS[type(op)], sides[k], sides[k + 1], token))
            return all_of(*parts)
        if isinstance(node, ast.BoolOp):
            found = [self.condition(n, scope) for n in node.values]
            if isinstance(node.op, ast.Or):
                return any_of(*found)
            return self.conjunction(found, scope)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negate(self.condition(node.operand, scope))
        if scope.derivatives and isinstance(node, ast.Call) and _calls(node) == "all":
            return self._every(node, scope)
        refusals.refuse_node(node, scope.token(node), "a condition")

    def conjunction(self, found: list[Any], scope: Scope) -> Any:
        """All of the conditions; in a program one that is there twice counts once, in a step's
        text they are read as they stand."""
        flat = tuple(part for c in found for part in conjuncts(c))
        if scope.derivatives and len(set(flat)) < len(flat):
            return rebuild(TRUE, flat)
        return all_of(*flat)

    def relation(self, op: str, left: Any, right: Any, token: Token) -> Any:
        """``left op right``; indices that are compared run over the same size."""
        if op in ("==", "!=") and left == ZERO and right == ZERO:
            return TRUE if op == "==" else any_of()  # how the writer spells true and false
        ranges = [self._compared(t) for t in (left, right)]
        if None not in ranges:
            self.join_indices(left, right, ranges, token)
        elif ranges != [None, None]:
            scalar = left if ranges[0] is None else right
            if is_element(scalar) and not scalar.args:
                self.warn(token, f"`{scalar}` is no index, but is compared with one")
        return relation(op, left, right)

    def _compared(self, t: Any) -> Any:
        return range_of(t, self.words.labels) if isinstance(t, Index) or self._is_label(t) else None

    def join_indices(self, i: Any, j: Any, ranges: list[Any], token: Token) -> None:
        if not self.ranges.join(*ranges):
            a, b = (self.ranges.find(r) for r in ranges)
            fail(
                token,
                f"`{plain(i)}` runs over {a} and `{plain(j)}` over {b}: "
                "indices of different sizes are not compared",
            )

    def _every(self, node: ast.Call, scope: Scope) -> Any:
        inner, bound, body = self.calls.binders(node, scope)
        out = self.condition(body, inner)
        for over, guard in reversed(bound):
            out = every(out, over, guard)
        return out

    def warn(self, token: Token, message: str) -> None:
        where = f"line {token.line.number}: " if token.line.number is not None else ""
        self.warnings.setdefault(where + message)


def _slots(node: ast.Subscript) -> list[ast.expr]:
    inside = node.slice
    return list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]


def _calls(node: ast.Call) -> str | None:
    """The name that a call calls."""
    return node.func.id if isinstance(node.func, ast.Name) else None
