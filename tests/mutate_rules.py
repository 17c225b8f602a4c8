"""Mutants of the trusted code: each rule, normal form and kernel check broken in one place.

    python tests/mutate_rules.py [MODULE ...] [--sample COUNT SEED] [--floor PERCENT] [--list]

A mutant is the module with one thing changed: a comparison turned round, a refusal or a condition
dropped, a sign, an operator, a constant, a substitution left out. The focused tests must notice.
What survives is printed, and the exit status is 1 if the share of the killed is below the floor
(100, where nothing is said); ``tests/data/equivalent_mutants.txt`` lists those that change nothing
that matters, with the reason. Each mutant runs in a process forked after the heavy imports.
"""

from __future__ import annotations

import ast
import collections
import copy
import importlib.abc
import importlib.util
import os
import pathlib
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent
TESTS = ("test_rules.py", "test_rules_held.py", "test_kernel.py", "test_soundness.py")
# the record of instances is compared; that what is on record is true is a test of its own
SLOW = "tests/test_rules_held.py::test_the_oracle_refutes_none"
EQUIVALENT = ROOT / "tests" / "data" / "equivalent_mutants.txt"
MODULES = {
    "algebra": "derivation.rules.algebra",
    "calculus": "derivation.rules.calculus",
    "cases": "derivation.rules.cases",
    "functions": "derivation.rules.functions",
    "sums": "derivation.rules.sums",
    "registry": "derivation.rules.registry",
    "normal": "derivation.normal",
    "kernel": "derivation.kernel",
}
LONGEST = 60  # seconds for one mutant's tests

OPPOSITE: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
RELATIONS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
NAMES = {
    "ZERO": "ONE", "ONE": "ZERO", "TWO": "ONE", "MINUS_ONE": "ONE", "HALF": "TWO", "TRUE": "FALSE",
    "add": "mul", "mul": "add", "all": "any", "any": "all", "min": "max", "max": "min",
    "all_of": "any_of", "any_of": "all_of", "AnyOf": "AllOf", "diff": "partial",
    "MaxOver": "MinOver", "floor": "ceil", "ceil": "floor",
}  # fmt: skip
UNWRAPPED = {
    "neg", "inverse", "negate", "substitute", "guarded", "oriented", "canonical", "closed",
    "sorted", "set", "frozenset", "_under", "_weakened", "unbracketed",
}  # fmt: skip
DROPPED = {"append", "extend", "add", "update", "refuse"}

Mutation = tuple[str, Any]


def sites(tree: ast.Module) -> Iterator[tuple[str, ast.AST, str, Any]]:
    """Every place that can be changed: the function, the node, what is done and how."""

    def walk(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST, str, Any]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                inner = f"{where}.{child.name}".lstrip(".")
                for n, part in enumerate(child.body):
                    if (
                        n == 0
                        and isinstance(part, ast.Expr)
                        and isinstance(part.value, ast.Constant)
                    ):
                        continue  # the docstring
                    yield from at(part, inner)
                    yield from walk(part, inner)
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{where}.{child.name}".lstrip("."))
            elif where or isinstance(child, ast.Assign | ast.AnnAssign):
                place = where or "module"
                yield from at(child, place)
                yield from walk(child, place)

    yield from walk(tree, "")


def at(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST, str, Any]]:
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            if type(op) in OPPOSITE:
                yield where, node, "comparison", k
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPPOSITE:
        if not _a_type(node):
            yield where, node, "operator", None
        if isinstance(node, ast.BoolOp):
            for k in range(len(node.values)):
                yield where, node, "operand dropped", k
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield where, node, "sign", None
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        name = _called(node.value)
        if name in DROPPED:
            yield where, node, "statement dropped", None
    elif isinstance(node, ast.Raise | ast.Continue | ast.Break | ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.YieldFrom | ast.Yield)
    ):
        yield where, node, "statement dropped", None
    elif isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            if not (isinstance(node.value.elts[1], ast.Tuple) and not node.value.elts[1].elts):
                yield where, node, "conditions dropped", None
        elif isinstance(node.value, ast.List):
            for k in range(len(node.value.elts)):
                yield where, node, "condition dropped", k
        elif isinstance(node.value, ast.Name) and node.value.id in ("needs", "conditions"):
            yield where, node, "all conditions dropped", None
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool | int):
            yield where, node, "constant", None
        elif node.value in RELATIONS:
            yield where, node, "relation", None
    elif isinstance(node, ast.Name) and node.id in NAMES and isinstance(node.ctx, ast.Load):
        yield where, node, "name", None
    elif isinstance(node, ast.Call) and _called(node) in UNWRAPPED and node.args:
        yield where, node, "call left out", None


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _called(node: ast.Call) -> str:
    f = node.func
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else ""


def _a_type(node: Any) -> bool:
    """``SumOver | ProductOver`` in isinstance is no arithmetic."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr):
        return False
    part: Any = node.right
    name = part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
    return name[:1].isupper() or (isinstance(part, ast.Attribute) and part.value.id == "sympy")


def mutants(module: str) -> list[tuple[str, ast.Module]]:
    """The mutants of a module, each with a name that does not depend on line numbers."""
    path = ROOT / (module.replace(".", "/") + ".py")
    source = path.read_text(encoding="utf-8")
    out = []
    seen: collections.Counter[str] = collections.Counter()
    count = len(list(sites(ast.parse(source))))
    for n in range(count):
        tree = ast.parse(source)
        where, node, kind, how = list(sites(tree))[n]
        before = ast.unparse(node).split("\n")[0][:90]
        _mutate(tree, node, kind, how)
        name = f"{path.stem}:{where}: {kind}{'' if how is None else f' {how}'}: {before}"
        seen[name] += 1
        if seen[name] > 1:
            name += f" ({seen[name]})"
        out.append((name, ast.fix_missing_locations(tree)))
    return out


def _mutate(tree: ast.Module, node: Any, kind: str, how: Any) -> None:
    if kind == "comparison":
        node.ops[how] = OPPOSITE[type(node.ops[how])]()
    elif kind == "operator":
        node.op = OPPOSITE[type(node.op)]()
    elif kind == "operand dropped":
        values = [v for k, v in enumerate(node.values) if k != how]
        new = values[0] if len(values) == 1 else ast.BoolOp(node.op, values)
        _put(tree, node, new)
    elif kind == "sign":
        _put(tree, node, node.operand)
    elif kind == "statement dropped":
        _put(tree, node, ast.Pass())
    elif kind == "conditions dropped":
        node.value.elts[1] = ast.Tuple([], ast.Load())
    elif kind == "condition dropped":
        del node.value.elts[how]
    elif kind == "all conditions dropped":
        node.value = ast.Tuple([], ast.Load())
    elif kind == "constant":
        node.value = (not node.value) if isinstance(node.value, bool) else node.value + 1
    elif kind == "relation":
        node.value = RELATIONS[node.value]
    elif kind == "name":
        node.id = NAMES[node.id]
    elif kind == "call left out":
        _put(tree, node, node.args[0])


def _put(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for k, item in enumerate(value):
                    if item is old:
                        value[k] = new
                        return


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module, self.tree = module, tree

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.module:
            return None
        return importlib.util.spec_from_loader(name, self)

    def exec_module(self, module: Any) -> None:
        code = compile(self.tree, self.module, "exec")
        exec(code, module.__dict__)  # noqa: S102 - our own source, changed


def survives(module: str, tree: ast.Module, tests: Sequence[str]) -> bool:
    """Whether all the tests pass with the changed module."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            signal.alarm(LONGEST)
            import pytest

            sys.meta_path.insert(0, Changed(module, copy.deepcopy(tree)))
            import test_rules_held

            test_rules_held.test_what_each_rule_accepts_is_on_record()  # the quickest to notice
            status = int(
                pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--deselect", SLOW, *tests])
            )
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def warm() -> None:
    """What no mutant changes, imported once."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401

    import derivation.language  # noqa: F401


def equivalent() -> set[str]:
    if not EQUIVALENT.exists():
        return set()
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith(("#", " "))}


def main(argv: list[str]) -> int:
    sample = None
    if "--sample" in argv:
        k = argv.index("--sample")
        sample = (int(argv[k + 1]), int(argv[k + 2]))
        argv = argv[:k] + argv[k + 3 :]
    floor = 100.0
    if "--floor" in argv:
        k = argv.index("--floor")
        floor = float(argv[k + 1])
        argv = argv[:k] + argv[k + 2 :]
    listing = "--list" in argv
    chosen = [a for a in argv if a != "--list"] or list(MODULES)
    warm()
    tests = [str(ROOT / "tests" / t) for t in TESTS]
    known = equivalent()
    failed = tried = 0
    for short in chosen:
        start = time.perf_counter()
        found = mutants(MODULES[short])
        if sample is not None:
            found = random.Random(sample[1]).sample(found, min(sample[0], len(found)))
        if listing:
            print("\n".join(name for name, _ in found))
            continue
        path = ROOT / (MODULES[short].replace(".", "/") + ".py")
        if not survives(MODULES[short], ast.parse(path.read_text(encoding="utf-8")), tests):
            print(f"{short}: the tests fail without a change")
            return 2
        alive = []
        for name, tree in found:
            if survives(MODULES[short], tree, tests):
                alive.append(name)
                print(f"{'equivalent' if name in known else 'SURVIVED'} {name}", flush=True)
        new = [name for name in alive if name not in known]
        killed, same = len(found) - len(alive), len(alive) - len(new)
        matter = len(found) - same
        print(
            f"{short:10} {len(found):4} mutants, {killed} killed, {same} equivalent, "
            f"{len(new)} survived: {100 * killed / max(1, matter):.1f} % "
            f"({time.perf_counter() - start:.0f} s)",
            flush=True,
        )
        failed += len(new)
        tried += matter
    if listing:
        return 0
    rate = 100 * (tried - failed) / max(1, tried)
    print(f"{tried - failed} of {tried} killed: {rate:.1f} %")
    return 1 if rate < floor else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
