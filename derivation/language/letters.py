"""What can be seen of an expression before its names are resolved."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Mapping
from typing import Any

from derivation.language.lexer import Token, fail
from derivation.language.syntax import Expression


def sizes_in(tokens: Iterable[list[Token]]) -> dict[str, Token]:
    """The names that follow ``in``, in order of appearance, with their first use."""
    out: dict[str, Token] = {}
    for statement in tokens:
        for k, token in enumerate(statement):
            if token.text == "in":
                over = statement[k + 1]
                if over.kind == "name" and statement[k + 2].text not in ("(", "["):
                    out.setdefault(over.text, over)
    return out


def free_letters(
    expression: Expression, labels: Mapping[str, Any], known: Container[str] | None = None
) -> dict[str, Token]:
    """The letters that stand in a slot and are not bound, in order of appearance.

    Where the names of a problem are ``known``, so are letters that are only compared (`i != j`).
    """
    out: dict[str, Token] = {}
    todo: list[tuple[ast.AST, frozenset[str], bool]] = [(expression.tree, frozenset(), False)]
    while todo:
        node, bound, in_slot = todo.pop()
        parts: list[tuple[ast.AST, frozenset[str], bool]] = []
        if isinstance(node, ast.BinOp):
            parts = [(node.left, bound, False), (node.right, bound, False)]
        elif isinstance(node, ast.Name):
            name = expression.name(node)
            if in_slot and name not in bound and name not in labels:
                out.setdefault(name, expression.token(node))
        elif isinstance(node, ast.Subscript):
            inside = node.slice
            slots = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            parts = [(node.value, bound, False), *((s, bound, True) for s in slots)]
        elif isinstance(node, ast.GeneratorExp):
            for g in node.generators:
                if isinstance(g.target, ast.Name):
                    bound = bound | {expression.name(g.target)}
                parts.extend((c, bound, False) for c in g.ifs)
            parts.insert(0, (node.elt, bound, False))
        elif isinstance(node, ast.Call):
            is_delta = isinstance(node.func, ast.Name) and node.func.id == "delta"
            parts = [(node.func, bound, False), *((a, bound, is_delta) for a in node.args)]
        elif isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            letters = known is not None and all(
                isinstance(s, ast.Name) and expression.name(s) not in known for s in sides
            )
            parts = [(side, bound, letters) for side in sides]
        elif not isinstance(node, ast.Constant):
            parts = [(child, bound, False) for child in ast.iter_child_nodes(node)]
        todo.extend(reversed(parts))
    return out


def check_one_comparison(tree: ast.expr, expression: Expression, word: str) -> None:
    """Refuse a given or claim that is not one comparison at the top."""
    token = expression.token(tree)
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        return
    if isinstance(tree, ast.IfExp):
        fail(
            token,
            f"`{word}` is one comparison at the top, this is an `if … else …`",
            f"put brackets round one side: `{word} (A if cond else B) == C`",
        )
    if isinstance(tree, (ast.Compare, ast.BoolOp, ast.Tuple)):
        fail(
            token,
            f"`{word}` is one comparison, here there are several",
            f"write them as `{word} …` lines of their own",
        )
    fail(
        token,
        f"`{word}` needs a comparison",
        f"write `{word} A == B`" + (", `given x[i] > 0`" if word == "given" else ""),
    )
