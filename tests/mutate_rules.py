"""Mutants of the checker: each line of what must be right broken in one place.

    python tests/mutate_rules.py [MODULE ...] [--sample COUNT SEED] [--floor PERCENT]
        [--only REGEX] [--list]

A mutant is a module of the checker with one thing changed: a comparison turned round, a refusal or
a condition dropped, a sign, an operator, a constant, a name, a call left out. The checker's own
tests must notice. What survives is printed, and the exit status is 1 if the share of
the killed is below the floor (100, where nothing is said); ``tests/data/equivalent_mutants.txt``
lists those that change nothing that matters, with the reason.

The tests are collected once and run once with a trace, which tells the lines that each one runs.
Each mutant then gets a forked process, in which the changed function takes the place of the old
one and the tests that run the changed lines are made again, until one fails: first those that have
noticed a mutant of the same function, then the short ones. A change outside of any function is
tried in a process that imports everything anew.
"""

from __future__ import annotations

import argparse
import ast
import collections
import gc
import importlib.abc
import importlib.util
import itertools
import os
import pathlib
import pickle
import random
import re
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent
TESTS = (
    "test_checker.py",
    "test_checker_stored.py",
    "test_checker_laws.py",
    "test_checker_properties.py",
    "test_checker_holes.py",
)
ROUNDS = "6"  # of the random tests: each mutant meets most of them
EQUIVALENT = ROOT / "tests" / "data" / "equivalent_mutants.txt"
MODULES = {
    "terms": "derivation.checker.terms",
    "text": "derivation.checker.text",
    "values": "derivation.checker.values",
    "grounds": "derivation.checker.grounds",
    "calculus": "derivation.checker.calculus",
    "laws": "derivation.checker.laws",
    "witness": "derivation.checker.witness",
    "replay": "derivation.checker.replay",
    "checker": "derivation.checker",
    "main": "derivation.checker.__main__",
}
LONGEST = 240  # seconds for one mutant's tests

OPPOSITE: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
RELATIONS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
NAMES = {
    "ZERO": "ONE", "ONE": "ZERO", "MINUS_ONE": "ONE", "TRUE": "FALSE", "FALSE": "TRUE",
    "add": "mul", "mul": "add", "all": "any", "any": "all", "min": "max", "max": "min",
    "both": "either", "either": "both", "sum": "prod", "prod": "sum",
    "POSITIVE": "ANY", "NOT_NEGATIVE": "POSITIVE", "ANY": "POSITIVE",
}  # fmt: skip
UNWRAPPED = {
    "neg", "negate", "subst", "opened", "lifted", "sorted", "set", "frozenset", "folded", "inverse",
    "condition", "square", "resolved", "abs",
}  # fmt: skip
DROPPED = {
    "append", "extend", "add", "update", "refuse", "need", "pay", "same", "only", "kept", "agree",
    "require", "new_name", "new_letter", "same_size", "unread", "clear", "meets", "state", "enter",
    "learn", "lemma", "pop",
}  # fmt: skip

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
            second = node.value.elts[1]
            if ast.unparse(second) not in ("()", "NOTHING", "None"):
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
    if isinstance(part, ast.Constant) and part.value is None:
        return True
    name = part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
    return name[:1].isupper() or (isinstance(part, ast.Attribute) and part.value.id == "sympy")


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


# -- the change, put in place ---------------------------------------------------------------------

CodeKey = tuple[str, int]  # a function's name and its first line


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from codes(part)


def key_of(code: types.CodeType) -> CodeKey:
    return code.co_name, code.co_firstlineno


def put_in_place(file: str, old: types.CodeType, new: types.CodeType) -> bool:
    """Gives the functions of a module that differ their changed code; False if that cannot be."""
    before = {key_of(c): c for c in codes(old)}
    keys = collections.Counter(map(key_of, codes(old)))
    after = {key_of(c): c for c in codes(new)}
    changed = {k for k, c in after.items() if k[0] != "<module>" and c != before.get(k)}
    if set(before) != set(after) or any(keys[k] > 1 for k in changed):
        return False
    done = 0
    for f in gc.get_objects():
        if type(f) is types.FunctionType and f.__code__.co_filename == file:
            key = key_of(f.__code__)
            if key in changed:
                if f.__code__.co_freevars != after[key].co_freevars:
                    return False
                f.__code__ = after[key]
                done += 1
    return done > 0


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed tree."""

    def __init__(self, module: str, code: types.CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.module:
            return None
        return importlib.util.spec_from_loader(name, self)

    def exec_module(self, module: Any) -> None:
        exec(self.code, module.__dict__)  # noqa: S102 - our own source, changed


# -- the run --------------------------------------------------------------------------------------


class Run:
    """A plugin that tries the mutants on the tests that pytest has collected."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.known = equivalent()
        self.killers: dict[str, collections.Counter[str]] = collections.defaultdict(
            collections.Counter
        )
        self.lines: dict[str, frozenset[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.rate = 0.0
        self.broken: list[str] = []

    def pytest_runtestloop(self, session: Any) -> bool:
        self.items = list(session.items)
        self._trace()
        if self.broken:
            print(f"without any change these fail: {self.broken}")
            return True
        failed = tried = 0
        rows = []
        for short in self.options.modules:
            row = self._module(short)
            rows.append(row)
            failed, tried = failed + row[3], tried + row[1] - row[2]
        print(f"\n{'module':12}{'mutants':>8}{'equivalent':>11}{'survived':>9}{'killed':>9}")
        for short, count, same, survived in rows:
            share = 100 * (1 - survived / max(1, count - same))
            print(f"{short:12}{count:8}{same:11}{survived:9}{share:7.1f} %")
        self.rate = 100 * (tried - failed) / max(1, tried)
        print(f"{tried - failed} of {tried} killed: {self.rate:.1f} %")
        return True

    def _module(self, short: str) -> tuple[str, int, int, int]:
        start = time.perf_counter()
        source = Source(MODULES[short])
        chosen = list(range(len(source.names)))
        if self.options.only:
            chosen = [n for n in chosen if re.search(self.options.only, source.names[n])]
        if self.options.sample:
            count, seed = self.options.sample
            chosen = sorted(random.Random(seed).sample(chosen, min(count, len(chosen))))
        new, same = 0, 0
        for n in chosen:
            name = source.names[n]
            noticed = self._noticed(source, n)
            if noticed is None:
                same += name in self.known
                new += name not in self.known
                word = "equivalent" if name in self.known else "SURVIVED"
                print(f"{word} {name}   [line {min(source.lines[n])}]", flush=True)
            elif name in self.known:
                print(f"listed as equivalent, and noticed by {noticed}: {name}", flush=True)
        print(
            f"{short:10} {len(chosen):4} mutants, {len(chosen) - new - same} killed, {same} "
            f"equivalent, {new} survived ({time.perf_counter() - start:.0f} s)",
            flush=True,
        )
        return short, len(chosen), same, new

    def _noticed(self, source: Source, n: int) -> str | None:
        """The test that notices, or None."""
        new = source.changed(n)
        where = source.names[n].split(": ")[0]
        at = {(source.file, line) for line in source.lines[n]}
        covering = [i for i in self.items if at & self.lines[i.nodeid]]
        killed = self.killers[where]
        covering.sort(key=lambda i: (-killed[i.nodeid], self.seconds[i.nodeid]))
        found = _forked(lambda: self._try(source, new, covering))
        if found == "anew":
            tests = [str(i.path) for i in self.items if source.short in _own(i.path.name)]
            found = _forked(lambda: _anew(source.module, new, list(dict.fromkeys(tests))))
        elif found:
            killed[found] += 1
        return found or None

    def _try(self, source: Source, new: types.CodeType, items: Sequence[Any]) -> str:
        if not put_in_place(source.file, source.code, new):
            return "anew"
        return _first_failure(items)

    def _trace(self) -> None:
        """Which lines of the checker each test runs, and whether all pass."""
        files = {Source(MODULES[m]).file for m in self.options.modules}

        def traced() -> Any:
            out = {}
            for item in self.items:
                seen: set[tuple[str, int]] = set()

                def local(frame: Any, event: str, _: Any, seen: Any = seen) -> Any:
                    if event == "line":
                        seen.add((frame.f_code.co_filename, frame.f_lineno))
                    return local

                def trace(frame: Any, event: str, _: Any, local: Any = local) -> Any:
                    return local if frame.f_code.co_filename in files else None

                start = time.perf_counter()
                sys.settrace(trace)
                failed = _first_failure([item])
                sys.settrace(None)
                out[item.nodeid] = (time.perf_counter() - start, frozenset(seen), failed)
            return out

        start = time.perf_counter()
        for nodeid, (seconds, seen, failed) in _forked(traced, 3600).items():
            self.lines[nodeid], self.seconds[nodeid] = seen, seconds
            if failed:
                self.broken.append(failed)
        print(f"{len(self.items)} tests traced ({time.perf_counter() - start:.0f} s)", flush=True)


class Source:
    """A module: its mutants by number, and the lines that each one changes."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.short = next(short for short, name in MODULES.items() if name == module)
        path = module.replace(".", "/")
        self.file = str(ROOT / (path + ("/__init__.py" if self.short == "checker" else ".py")))
        self.text = pathlib.Path(self.file).read_text(encoding="utf-8")
        tree = ast.parse(self.text)
        self.code = compile(tree, self.file, "exec")
        self.names: list[str] = []
        self.lines: list[set[int]] = []
        seen: collections.Counter[str] = collections.Counter()
        simple = {
            id(part): statement.lineno
            for statement in ast.walk(tree)
            if isinstance(statement, ast.stmt)
            for part in _own_parts(statement)
        }
        for where, node, kind, how in sites(tree):
            before = ast.unparse(node).split("\n")[0][:90]
            name = f"{self.short}:{where}: {kind}{'' if how is None else f' {how}'}: {before}"
            seen[name] += 1
            self.names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
            at: Any = node
            self.lines.append({simple[id(node)], *range(at.lineno, at.end_lineno + 1)})

    def changed(self, n: int) -> types.CodeType:
        tree = ast.parse(self.text)
        _, node, kind, how = next(itertools.islice(sites(tree), n, None))
        _mutate(tree, node, kind, how)
        return compile(ast.fix_missing_locations(tree), self.file, "exec")


def _own_parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """The statement and what stands in it, but not in statements inside of it."""
    queue: list[ast.AST] = [statement]
    while queue:
        part = queue.pop()
        yield part
        queue += [c for c in ast.iter_child_nodes(part) if not isinstance(c, ast.stmt)]


def _own(test_file: str) -> Sequence[str]:
    """The modules that a file of tests is run for where all is imported anew."""
    return [m for m in MODULES if test_file in TESTS]


def _first_failure(items: Sequence[Any]) -> str:
    from _pytest.runner import runtestprotocol

    for item, after in itertools.zip_longest(items, items[1:]):
        for report in runtestprotocol(item, log=False, nextitem=after):
            if report.failed:
                return str(item.nodeid)
    return ""


def _anew(module: str, code: types.CodeType, tests: Sequence[str]) -> str:
    import pytest

    for name in list(sys.modules):
        if name.partition(".")[0] in ("derivation", "tests") or name.startswith(
            ("test_", "mutate")
        ):
            del sys.modules[name]
    sys.meta_path.insert(0, Changed(module, code))
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
    return "all anew" if status else ""


def _forked(work: Callable[[], Any], longest: int = LONGEST) -> Any:
    """What the work returns, done in a process of its own; "gone" if that process ended early."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            signal.alarm(longest)
            data = pickle.dumps(work())
            with os.fdopen(write, "wb") as out:
                out.write(data)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else "gone"


def equivalent() -> set[str]:
    if not EQUIVALENT.exists():
        return set()
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith(("#", " "))}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--sample", nargs=2, type=int, metavar=("COUNT", "SEED"))
    parser.add_argument("--only", metavar="REGEX", help="mutants whose name has a match")
    parser.add_argument("--floor", type=float, default=100.0, metavar="PERCENT")
    parser.add_argument("--list", action="store_true", help="name the mutants and end")
    options = parser.parse_args(argv)
    options.modules = options.modules or list(MODULES)
    unknown = set(options.modules) - set(MODULES)
    if unknown:
        parser.error(f"no module of the checker: {', '.join(sorted(unknown))}")
    if options.list:
        for short in options.modules:
            print("\n".join(Source(MODULES[short]).names))
        return 0
    import pytest

    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    run = Run(options)
    os.environ.setdefault("ROUNDS", ROUNDS)
    tests = [str(p) for name in TESTS if (p := ROOT / "tests" / name).exists()]
    quiet = ["-q", "-q", "-s", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
    status = int(pytest.main([*quiet, "--rootdir", str(ROOT), *tests], plugins=[run]))
    if status not in (0, 5) or run.broken:
        return 2
    return 1 if run.rate < options.floor else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
