"""What people often type, met with its name and the right form."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, NoReturn

from derivation.language.lexer import Token, fail

if TYPE_CHECKING:
    from derivation.language.scope import Scope

_NAMES: dict[str, str] = {
    "Attribute": "attribute access",
    "Lambda": "`lambda` with a body",
    "List": "a list",
    "ListComp": "a list (square brackets round a `for`)",
    "Set": "a set",
    "SetComp": "a set",
    "Dict": "a dictionary",
    "DictComp": "a dictionary",
    "GeneratorExp": "a `for` outside of `sum(…)`, `prod(…)`, `max(…)`, `min(…)`",
    "Tuple": "a tuple (a comma between values)",
    "Slice": "a slice",
    "Starred": "a starred value",
    "JoinedStr": "text in quotes",
    "NamedExpr": "assignment inside an expression",
    "Await": "`await`",
    "Yield": "`yield`",
    "MatMult": "the matrix product `@`",
    "FloorDiv": "floor division `//`",
    "Mod": "the remainder `%`",
    "BitAnd": "the bit operator `&`",
    "BitOr": "the bit operator `|`",
    "LShift": "the bit operator `<<`",
    "RShift": "the bit operator `>>`",
    "Invert": "the bit operator `~`",
    "In": "`in` as a comparison",
    "NotIn": "`not in` as a comparison",
    "Is": "`is`",
    "IsNot": "`is not`",
}
_CONDITIONS = (ast.Compare, ast.BoolOp)


def check_letter(letter: str, token: Token) -> None:
    """Refuse a letter that is a number's name: `pi*z[pi]` would mean two things."""
    if letter == "pi":
        fail(
            token,
            "`pi` is the number 3.14…, so it cannot be an index",
            "an index is a letter of its own, such as `i`",
        )


def refuse_node(node: ast.AST, token: Token, wanted: str) -> NoReturn:
    """Refuse a node of Python's that cannot stand where ``wanted`` is."""
    negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    if isinstance(node, _CONDITIONS) or negation:
        fail(token, f"a condition stands where {wanted} is expected", "write `1 if … else 0`")
    name = _NAMES.get(type(node).__name__)
    hint = None
    if isinstance(node, (ast.List, ast.ListComp)):
        hint = "drop the square brackets: `sum(x[i] for i in K)`"
    elif isinstance(node, ast.Tuple):
        hint = "an index list is `x[i,j]`; arguments stand in a call, `f(a, b)`"
    elif isinstance(node, (ast.In, ast.NotIn)):
        hint = "conditions compare: `== != < <= > >=`"
    if name:
        fail(token, f"{name} is not part of the language", hint)
    if wanted == "a condition":
        fail(
            token,
            "a condition is expected here, this is a value",
            "compare it: `x[i] > 0`, `i != j`",
        )
    fail(token, f"{wanted} is expected here; {type(node).__name__} is not part of the language")


def refuse_subscript(node: ast.Subscript, scope: Scope) -> NoReturn:
    """Refuse an index on something that is not an array."""
    token = scope.token(node)
    if isinstance(node.value, ast.Subscript) and isinstance(node.value.value, ast.Name):
        text = scope.source.text(node).replace("][", ",")
        fail(token, "an index after an index is not part of the language", f"write `{text}`")
    fail(token, "only a name takes an index", "give the expression a name first: `a[i] = …`")


def refuse_call(node: ast.Call, token: Token) -> NoReturn:
    """Refuse a call of something that is not a name."""
    if isinstance(node.func, ast.Subscript):
        fail(token, "an array's entry is not a function", "a product is written `x[i]*(…)`")
    fail(token, "only a name can be called", "a product is written with `*`")


def refuse_index(node: ast.expr, token: Token, written: str) -> NoReturn:
    """Refuse what stands in a slot and is no index."""
    if isinstance(node, ast.BinOp):
        fail(
            token,
            f"`{written}`: index arithmetic is not part of the language yet",
            "give the shifted array a name of its own, such as `xprev[t]`",
        )
    if isinstance(node, ast.UnaryOp):
        fail(
            token,
            f"`{written}`: an index is a letter or a positive integer",
            "counting starts at 1",
        )
    if isinstance(node, ast.Slice):
        fail(token, "a slice is not part of the language", "write the index, `x[i]`")
    if isinstance(node, ast.Tuple) and not node.elts:
        fail(token, "an index is missing between the brackets")
    fail(
        token,
        f"`{written}` is not an index",
        "an index is a letter, a positive integer, or a label",
    )


def refuse_range(node: ast.expr, token: Token, scope: Scope) -> NoReturn:
    """Refuse what follows ``in`` and is no size."""
    call = node.func if isinstance(node, ast.Call) else None
    if isinstance(call, ast.Name) and call.id in ("range", "enumerate", "len"):
        args = [scope.source.text(a) for a in getattr(node, "args", ())]
        over = next((a for a in reversed(args) if re.fullmatch(r"[A-Za-z_]\w*", a)), "K")
        fail(
            token,
            f"`{call.id}(…)` is not part of the language: a size is named by itself, "
            "and indices run from 1 to it",
            f"write `for i in {over}`",
        )
    if isinstance(node, ast.IfExp):
        fail(token, "a condition on a `for` has no `else`", "write `for i in K if i != j`")
    fail(token, "a range is the name of a size, or a positive integer", "write `for i in K`")


def refuse_bare_reduction(name: str, node: ast.Call, token: Token, scope: Scope) -> NoReturn:
    """Refuse ``sum(exp(z))`` and its like, and write it as it should be."""
    index = "[k]" if name == "softmax" else ""
    if len(node.args) == 1 and isinstance(node.args[0], ast.ListComp):
        inside = _short(scope.source.text(node.args[0])[1:-1].strip(), "E for k in K")
        hint = f"drop the square brackets: `{name}({inside}){index}`"
        fail(token, "a list is not part of the language", hint)
    text = ""
    if node.args and not isinstance(node.args[0], ast.GeneratorExp):
        text = _short(scope.source.text(node.args[0]), "E")
        bare = [n for n in ast.walk(node.args[0]) if isinstance(n, ast.Name) and text != "E"]
        called = {id(n.func) for n in ast.walk(node.args[0]) if isinstance(n, ast.Call)}
        indexed = {id(n.value) for n in ast.walk(node.args[0]) if isinstance(n, ast.Subscript)}
        for n in bare:
            if id(n) not in called | indexed and scope.source.name(n) not in scope.letters:
                text = re.sub(rf"\b{re.escape(scope.source.name(n))}\b(?!\s*[\[(])",
                              f"{scope.source.name(n)}[k]", text)  # fmt: skip
    fail(
        token,
        f"`{name}` needs to say what it runs over",
        f"write `{name}({text or 'E'} for k in K){index}`",
    )


def check_bound_before(
    conditions: Collection[ast.expr], later: Collection[ast.comprehension], scope: Scope
) -> None:
    """Refuse a condition that names the letter of a ``for`` to its right."""
    letters = {scope.source.name(g.target) for g in later if isinstance(g.target, ast.Name)}
    for c in conditions:
        for n in ast.walk(c):
            if isinstance(n, ast.Name):
                name = scope.source.name(n)
                if name in letters and name not in scope.letters and name not in scope.values:
                    fail(
                        scope.token(n),
                        f"`{name}` stands in a condition before its own `for`",
                        f"move the condition behind `for {name} in …`",
                    )


def check_underscore(
    name: str, token: Token, letters: Collection[str], arrays: Collection[str]
) -> None:
    """Refuse ``z_i`` where z is an array or i an index: an index stands in brackets."""
    owner, _, rest = name.partition("_")
    if not owner or not rest or name in arrays:
        return
    parts = rest.split("_")
    if len(parts) == 1 and rest not in letters and all(c in letters for c in rest):
        parts = list(rest)
    if all(p in letters for p in parts):
        fail(
            token,
            f"`{name}` is a name like any other, not an entry of `{owner}`",
            f"did you mean `{owner}[{','.join(parts)}]`?",
        )


def _short(text: str, otherwise: str) -> str:
    return text if len(text) <= 80 else otherwise
