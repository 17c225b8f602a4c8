"""The house in order: imports point one way, and nothing evaluates what a user wrote."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "derivation"
MODULES = sorted(PACKAGE.rglob("*.py"))

# room -> the rooms that it may see (itself aside); a room is a module or a folder of the package
LOW = {"errors", "terms", "problem"}
SEES: dict[str, set[str]] = {
    "errors": set(),
    "terms": {"errors"},
    "problem": LOW,
    "steps": LOW,
    "language": LOW,
    "oracle": LOW | {"steps"},
    "normal": LOW,
    "matching": LOW | {"normal"},
    "signs": LOW | {"normal", "matching"},
    "theory": LOW | {"normal", "matching", "signs"},
    "kernel": LOW | {"matching", "theory"},
    "rules": LOW | {"normal", "matching", "theory", "kernel"},
    "checker": set(),
    # the checker decides, the oracle may refute; never the kernel or the engine
    "verifier": LOW | {"checker", "language", "oracle"},
    "engine": LOW | {"normal", "matching", "theory", "kernel", "rules", "steps", "language"},
    "matrix": LOW | {"normal", "theory", "kernel", "rules", "steps", "engine", "certify"},
    "library": {"errors"},
    "document": LOW | {"steps", "matrix"},
    "findings": LOW | {"steps", "document"},
    "coq": LOW | {"matching", "normal", "signs", "theory", "rules", "steps"},
    "certify": LOW
    | {"checker", "normal", "matching", "theory", "rules", "steps"}
    | {"language", "oracle"},
    "printers": LOW
    | {"certify", "steps", "document", "findings", "language", "coq", "matrix"},
    "checking": LOW
    | {"normal", "theory", "kernel", "rules", "steps", "engine", "language", "oracle"}
    | {"document", "findings", "printers", "library", "certify"},
    "interop": LOW,
    "codegen": LOW | {"steps", "language"},
    "api": LOW
    | {"steps", "language", "oracle", "engine", "library", "interop", "certify", "printers"}
    | {"codegen"},
    "testing": {"errors", "api", "codegen", "verifier"},
    "commands": {"", "errors", "terms", "api", "language", "library", "certify", "printers"}
    | {"checking", "coq", "verifier"},
    "__main__": {"commands"},
    "__init__": {"api", "checking", "interop", "verifier"},
}
# `kernel` asks the registry whether a rule is registered; it does so when it is called
LATE = {("kernel", "rules")}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The rooms that a module imports, with the line; the package itself is the room ""."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
            if node.module == "derivation":
                names = [f"derivation.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "derivation":
                yield node.lineno, parts[1] if len(parts) > 1 else ""


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    here = room(path)
    assert here in SEES, f"say in SEES what {here} may import"
    allowed = SEES[here] | {here} | {there for late, there in LATE if late == here}
    wrong = [(line, there) for line, there in imported(parsed(path)) if there not in allowed]
    assert not wrong, f"{here} may not import: {wrong}"


def test_the_checker_imports_nothing_but_the_standard_library() -> None:
    for path in (PACKAGE / "checker").glob("*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1, f"{path.name}, line {node.lineno}"
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names = names or [str(getattr(node, "module", ""))]
                tops = {name.split(".")[0] for name in names}
                assert tops <= sys.stdlib_module_names, f"{path.name}, line {node.lineno}"


def test_only_the_verifier_and_the_exporter_use_the_checker() -> None:
    assert {name for name, seen in SEES.items() if "checker" in seen} == {"verifier", "certify"}


def test_the_checker_runs_by_itself(tmp_path: Path) -> None:
    """From a copy of its folder, in an empty directory, without any installed package."""
    from derivation import derive

    folder = tmp_path / "checker"
    shutil.copytree(PACKAGE / "checker", folder, ignore=shutil.ignore_patterns("__pycache__"))
    good = derive("softmax-cross-entropy").to_json()
    (tmp_path / "proof.json").write_text(good, encoding="utf-8")
    bad = good.replace('"result": "yhat[j] - y[j]"', '"result": "yhat[j] + y[j]"')
    assert bad != good
    (tmp_path / "false.json").write_text(bad, encoding="utf-8")
    (tmp_path / "none.json").write_text("{}", encoding="utf-8")

    def run(file: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", "-m", "checker", file]
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)

    proved = run("proof.json")
    assert proved.returncode == 0 and proved.stderr == ""
    assert proved.stdout.startswith("diff(L, z[j]) == yhat[j] - y[j]")
    assert run("false.json").returncode == 1 and run("none.json").returncode == 2


def test_the_checker_and_sympy_do_not_load_each_other() -> None:
    code = "import sys, derivation.checker; print('sympy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_the_map_has_no_circle() -> None:
    order: list[str] = []
    rest = {name: seen - {"", name} for name, seen in SEES.items()}
    while rest:
        free = sorted(name for name, seen in rest.items() if seen <= set(order))
        assert free, f"a circle among {sorted(rest)}"
        order += free
        rest = {name: seen for name, seen in rest.items() if name not in free}


# Evaluating what a user wrote, or letting SymPy rewrite a term behind the reader's back. An
# `assert` is gone under -O: the package raises instead.
FORBIDDEN_NAMES = {"eval", "exec", "compile", "sympify", "parse_expr", "simplify", "nsimplify"}
FORBIDDEN_METHODS = {"sympify", "parse_expr", "simplify", "doit", "nsimplify"}
# `doit` is how SymPy's users ask for a value: our classes answer it, and pass it on inside. The
# engine has a Simplifier of its own.
MAY = {"doit": {"terms", "interop"}, "simplify": {"engine", "checking", "matrix"}}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_evaluated(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        assert not isinstance(node, ast.Assert), f"assert in line {node.lineno}"
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_NAMES, f"{node.id} in line {node.lineno}"
        if isinstance(node, ast.ImportFrom):
            found = {alias.name for alias in node.names} & FORBIDDEN_NAMES
            assert not found, f"{found} in line {node.lineno}"
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_METHODS:
            allowed = room(path) in MAY.get(node.attr, ())
            assert allowed, f".{node.attr} in line {node.lineno}"


def test_no_path_of_a_machine_in_any_text() -> None:
    root = PACKAGE.parent
    texts = [*MODULES, *PACKAGE.rglob("*.deriv"), *root.glob("*.md"), *root.glob("notes/*.md")]
    for path in texts:
        text = path.read_text(encoding="utf-8")
        for place in ("/home/", "/root/", "/tmp/", "/work/", "C:\\Users"):
            assert place not in text, f"{place} in {path.name}"


def test_every_package_is_listed_for_the_wheel() -> None:
    listed = re.findall(
        r'^    "(derivation[\w.]*)",$',
        (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"),
        re.M,
    )
    found = {path.parent for path in MODULES}
    assert set(listed) == {".".join(p.relative_to(PACKAGE.parent).parts) for p in found}
