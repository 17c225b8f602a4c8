"""Certificates changed in one place: what is accepted must still be true, and say what it proves.

    python tests/mutate_certificates.py FIRST COUNT

Each seed takes a certificate and changes one thing: a node of an expression, a rule, a place, a
number, a condition, the order of steps, or bytes. A change that is refused is well. One that is
accepted is classified by what the certificate *states* (program, derivative, result, hypotheses,
introduced names, read up to letters):

* ``same``: it states what the original states (prose, a letter, a step proved another way);
* ``other``: it states something else, which the independent oracle confirms at small sizes;
* ``FALSE``: the oracle refutes it. There must be none.
"""

from __future__ import annotations

import ast
import collections
import copy
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from derivation import kernel, library, verifier
from derivation.api import read
from derivation.engine import derive_outcome
from derivation.errors import CertificateRefused, DerivationError, InputError
from derivation.language import read_condition, read_expression, read_problem
from derivation.oracle import Oracle
from derivation.printers import json as printer
from derivation.problem import Definition, Problem
from derivation.rules import REGISTRY
from derivation.terms import canonical, diff, free_indices, relation

# small ones of many kinds: cases, deltas, givens, conditions, facts, second derivatives, kinks
SOURCES = [
    ("softmax-cross-entropy", "cases"),
    ("softmax-cross-entropy", "delta"),
    ("logsumexp", "delta"),
    ("mse-linear", "delta"),
    ("cosine-similarity", "delta"),
    ("layernorm", "delta"),
    ("huber", "cases"),
    ("softmax-jacobian", "cases"),
]
PROGRAMS = [
    "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\nL = log(p[1])\nwrt z[j] then z[l]",
    "L = sum(abs(x[i] - m) for i in N)*b\nm = sum(x[i] for i in N)/N\nof L\nwrt x[j]",
    "L = sum(w[i,j]*log(x[i]/x[j]) for i in N for j in N if i != j)\n"
    "given w[i,j] == w[j,i]\nwrt x[k]",
    "h[n] = tanh(sum(W[n,d]*x[d] for d in D))\nL = sum(h[n]**2*c[n] for n in N)\nwrt x[e]",
]


@lru_cache(maxsize=1)
def certificates() -> tuple[str, ...]:
    out = []
    problems = [(read(library.load(name), style=style), style) for name, style in SOURCES]
    problems += [(read_problem(text), "delta") for text in PROGRAMS]
    for problem, style in problems:
        outcome = derive_outcome(problem, problem.wrt[0], style=style)
        out.append(printer.render([outcome]))
    return tuple(out)


# -- what a certificate states ----------------------------------------------------------------


def problem_of(record: dict[str, Any]) -> Problem:
    wrt = " then ".join(record["wrt"])
    return read_problem(record["problem"]["program"], wrt=wrt, of=record["objective"])


def introduced(record: dict[str, Any], problem: Problem) -> tuple[list[Definition], Problem]:
    out = []
    for text in record["introduced"]:
        head, body = text.split(" = ", 1)
        name, _, slots = head.rstrip("]").partition("[")
        value = read_expression(body, problem)
        letters = {i.name: i for i in free_indices(value)}
        params = tuple(letters[s] for s in slots.split(",") if s)
        out.append(Definition(name, params, value))
        shapes = {**problem.shapes, name: tuple(p.size for p in params)}
        problem = replace(problem, shapes=shapes)
    return out, problem


def statement(record: dict[str, Any]) -> tuple[Any, ...]:
    """What is stated, up to letters: equal for certificates that say the same."""
    problem = problem_of(record)
    definitions = [
        kernel.closed(relation("==", d.head, d.body)) for d in problem.definitions.values()
    ]
    new, names = introduced(record, problem)
    goal = diff(problem.objective, *problem.wrt[0])
    letters = {i.name: i for i in free_indices(goal)}
    result = record["result"] and canonical(read_expression(record["result"], names, free=letters))
    sets = [
        frozenset(kernel.closed(read_condition(t, names)) for t in record[key])
        for key in ("given", "conditions", "domain")
    ]
    return (
        tuple(definitions),
        frozenset(map(kernel.closed, problem.givens)),
        goal,
        result,
        sets[0],
        sets[1] | sets[2],
        tuple((d.name, d.params, canonical(d.body)) for d in new),
    )


def confirmed(record: dict[str, Any]) -> bool:
    """Whether the independent oracle finds no point where the statement is false."""
    problem = problem_of(record)
    if record["result"] is None:
        return True
    new, names = introduced(record, problem)
    goal = diff(problem.objective, *problem.wrt[0])
    letters = {i.name: i for i in free_indices(goal)}
    result = read_expression(record["result"], names, free=letters)
    conditions = [read_condition(t, names) for t in (*record["conditions"], *record["domain"])]
    found = Oracle(problem, extra=tuple(new)).compare(goal, result, conditions=tuple(conditions))
    return found.refuted is None


# -- changes ------------------------------------------------------------------------------------


class Expressions(ast.NodeTransformer):
    """Changes the node with a given number."""

    def __init__(self, rng: random.Random, which: int, names: list[str]) -> None:
        self.rng, self.which, self.names, self.seen = rng, which, names, -1
        self.done = False

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr | ast.operator | ast.cmpop):
            self.seen += 1
            if self.seen == self.which:
                self.done = True
                return self.changed(node)
        return self.generic_visit(node)

    def changed(self, node: ast.AST) -> ast.AST:
        rng = self.rng
        if isinstance(node, ast.operator):
            return rng.choice([o for o in (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
                               if not isinstance(node, o)])()  # fmt: skip
        if isinstance(node, ast.cmpop):
            return rng.choice([o for o in (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
                               if not isinstance(node, o)])()  # fmt: skip
        if isinstance(node, ast.Constant):
            return ast.Constant(rng.choice([node.value + 1, abs(node.value - 1), 2 * node.value]))
        if isinstance(node, ast.Name):
            return ast.Name(rng.choice(self.names), ast.Load())
        if isinstance(node, ast.BinOp):
            swapped = ast.BinOp(node.right, node.op, node.left)
            return rng.choice([node.left, node.right, swapped, ast.UnaryOp(ast.USub(), node)])
        if isinstance(node, ast.UnaryOp):
            return node.operand
        if isinstance(node, ast.IfExp):
            return rng.choice(
                [node.body, node.orelse, ast.IfExp(node.test, node.orelse, node.body)]
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if len(node.args) > 1:
                return ast.Call(node.func, node.args[::-1], [])
            other = rng.choice(["exp", "log", "sum", "sqrt", "tanh", "sign", "abs", "max", "prod"])
            return ast.Call(ast.Name(other, ast.Load()), node.args, [])
        if isinstance(node, ast.expr):
            return ast.UnaryOp(ast.USub(), node)
        return node


def change_expression(rng: random.Random, text: str) -> str:
    tree = ast.parse(text.replace("lambda", "LAMBDA"), mode="eval")
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr | ast.operator | ast.cmpop)]
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {"j", "i", "z"})
    for _ in range(5):
        tree = ast.parse(text.replace("lambda", "LAMBDA"), mode="eval")
        out = ast.unparse(
            ast.fix_missing_locations(
                Expressions(rng, rng.randrange(len(nodes)), names).visit(tree)
            )
        )
        if out != ast.unparse(ast.parse(text.replace("lambda", "LAMBDA"), mode="eval")):
            return out.replace("LAMBDA", "lambda")
    return text


def all_steps(record: dict[str, Any]) -> list[tuple[list[Any], int]]:
    """Every step, as the list that it stands in and its place there."""
    out: list[tuple[list[Any], int]] = []

    def walk(steps: list[Any]) -> None:
        for k, step in enumerate(steps):
            out.append((steps, k))
            walk(step["substeps"])

    walk(record["steps"])
    return out


def texts_of(record: dict[str, Any]) -> list[str]:
    return [steps[k][side] for steps, k in all_steps(record) for side in ("before", "after")]


Change = Callable[[random.Random, dict[str, Any]], None]


def in_a_step(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    side = rng.choice(("before", "after", "after"))
    old = steps[k][side]
    new = change_expression(rng, old)
    if rng.random() < 0.5:  # the same line wherever it stands, so that the chain still meets
        for others, n in all_steps(record):
            for key in ("before", "after"):
                if others[n][key] == old:
                    others[n][key] = new
    steps[k][side] = new


def a_result(rng: random.Random, record: dict[str, Any]) -> None:
    if rng.random() < 0.3:
        record["result"] = rng.choice(texts_of(record))
        return
    old, new = record["result"], change_expression(rng, record["result"])
    record["result"] = new
    if rng.random() < 0.5:
        for steps, k in all_steps(record):
            if steps[k]["after"] == old:
                steps[k]["after"] = new


def a_rule(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k]["rule"] = rng.choice([*REGISTRY, "definition", "given", "lemma", "rename"])
    if rng.random() < 0.5 and steps[k]["rule"] in REGISTRY:
        steps[k]["law"] = REGISTRY[steps[k]["rule"]].law


def a_place(rng: random.Random, record: dict[str, Any]) -> None:
    leaves = [(s, k) for s, k in all_steps(record) if not s[k]["substeps"]]
    steps, k = rng.choice(leaves)
    path = list(steps[k]["path"])
    what = rng.randrange(3)
    if path and what == 0:
        n = rng.randrange(len(path))
        path[n] = max(-2, path[n] + rng.choice((-1, 1)))
    elif path and what == 1:
        path.pop()
    else:
        path.append(rng.choice((-1, 0, 1, 2)))
    steps[k]["path"] = path


def a_direction(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k]["direction"] = "rl" if steps[k]["direction"] == "lr" else "lr"


def an_order(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice([(s, k) for s, k in all_steps(record) if len(s) > 1])
    n = rng.randrange(len(steps))
    steps[k], steps[n] = steps[n], steps[k]
    if rng.random() < 0.5:
        steps[k]["number"], steps[n]["number"] = steps[n]["number"], steps[k]["number"]


def a_missing_step(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    del steps[k]
    if rng.random() < 0.5:
        renumber(record)


def a_step_twice(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    steps.insert(k, copy.deepcopy(steps[k]))
    if rng.random() < 0.5:
        renumber(record)


def renumber(record: dict[str, Any]) -> None:
    def walk(steps: list[Any], prefix: str) -> None:
        facts = number = 0
        for step in steps:
            if not prefix and step["number"].startswith("F"):
                facts += 1
                step["number"] = f"F{facts}"
            else:
                number += 1
                step["number"] = f"{prefix}{number}"
            walk(step["substeps"], step["number"] + ".")

    walk(record["steps"], "")


def a_citation(rng: random.Random, record: dict[str, Any]) -> None:
    numbers = [s[k]["number"] for s, k in all_steps(record)]
    citing = [(s, k) for s, k in all_steps(record) if s[k]["uses"]] or all_steps(record)
    steps, k = rng.choice(citing)
    if steps[k]["uses"] and rng.random() < 0.7:
        steps[k]["uses"][0] = rng.choice(numbers)
    elif steps[k]["uses"] and rng.random() < 0.5:
        steps[k]["uses"].pop()
    else:
        steps[k]["uses"].append(rng.choice(numbers))


def a_kind(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k]["kind"] = "lemma" if steps[k]["kind"] == "chain" else "chain"


def a_condition(rng: random.Random, record: dict[str, Any]) -> None:
    places: list[Any] = [
        record[key] for key in ("given", "conditions", "domain", "assumed") if record[key]
    ]
    places += [s[k]["conditions"] for s, k in all_steps(record) if s[k]["conditions"]]
    if not places:
        record["conditions"].append("0 != 0")
        return
    where = rng.choice(places)
    n = rng.randrange(len(where))
    what = rng.randrange(4)
    if what == 0:
        del where[n]
    elif what == 1:
        where.append(rng.choice(rng.choice(places)))
    else:
        where[n] = change_expression(rng, where[n])


def an_assumption(rng: random.Random, record: dict[str, Any]) -> None:
    """Something false assumed: it may not become part of a proof without being stated."""
    text = change_expression(rng, rng.choice(texts_of(record)))
    record["assumed"].append(f"{text} {rng.choice(('==', '!=', '>', '<', '>='))} 0")


def a_program(rng: random.Random, record: dict[str, Any]) -> None:
    lines = record["problem"]["program"].split("\n")
    places = [k for k, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    k = rng.choice(places)
    if rng.random() < 0.25:
        del lines[k]
    else:
        head, equals, body = lines[k].partition("=")
        if equals and not body.startswith("=") and not lines[k].startswith("given"):
            lines[k] = f"{head}= {change_expression(rng, body.strip())}"
        elif lines[k].startswith("given"):
            lines[k] = f"given {change_expression(rng, lines[k][6:].strip())}"
        else:
            lines.append("given 1 == 2")
    record["problem"]["program"] = "\n".join(lines)


def a_statement(rng: random.Random, record: dict[str, Any]) -> None:
    key = rng.choice(("objective", "wrt", "introduced", "status", "style"))
    if key == "objective":
        record[key] = change_expression(rng, record[key])
    elif key == "wrt":
        record[key][0] = change_expression(rng, record[key][0])
    elif key == "introduced":
        record[key].append(f"q_{rng.randrange(9)} = {rng.choice(texts_of(record))}")
    elif key == "status":
        record[key] = "not-derived"
    else:
        record[key] = "delta" if record[key] == "cases" else "cases"


def an_argument(rng: random.Random, record: dict[str, Any]) -> None:
    having = [(s, k) for s, k in all_steps(record) if s[k]["args"]] or all_steps(record)
    steps, k = rng.choice(having)
    args = steps[k]["args"]
    if args and rng.random() < 0.7:
        key = rng.choice(sorted(args))
        args[key] = change_expression(rng, args[key])
    elif args and rng.random() < 0.5:
        args.pop(rng.choice(sorted(args)))
    else:
        args[rng.choice(("condition", "index", "value", "given", "variable", "k"))] = "j"


def prose(rng: random.Random, record: dict[str, Any]) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k][rng.choice(("title", "why"))] = "something else"
    record["result_latex"] = "x"


CHANGES: list[Change] = [
    in_a_step, in_a_step, in_a_step, a_result, a_rule, a_place, a_direction, an_order,
    a_missing_step, a_step_twice, a_citation, a_kind, a_condition, an_assumption, a_program,
    a_statement, an_argument, prose,
]  # fmt: skip


def change_bytes(rng: random.Random, text: str) -> str:
    data = bytearray(text.encode())
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        k = rng.randrange(len(data))
        what = rng.randrange(4)
        if what == 0:
            data[k] = rng.choice(b'0123456789+-*/ijkz()[],. "')
        elif what == 1:
            del data[k]
        elif what == 2:
            data.insert(k, rng.choice(b'0123456789+-*/ijkz()[],. "'))
        else:
            data[k] ^= 1 << rng.randrange(8)
    return data.decode("utf-8", "replace")


def mutated(seed: int) -> tuple[str, str, str]:
    """The kind of change, the certificate as it was and as it is."""
    rng = random.Random(seed)
    texts = certificates()
    text = texts[rng.randrange(len(texts))]
    if rng.random() < 0.2:
        return "bytes", text, change_bytes(rng, text)
    record = json.loads(text)
    change = rng.choice(CHANGES)
    try:
        change(rng, record)
    except (SyntaxError, ValueError, TypeError, RecursionError):  # ast has no words for it
        return change.__name__, text, text
    return change.__name__, text, json.dumps(record)


def judge(seed: int) -> tuple[str, str]:
    """The kind of change, and ``refused``, ``unread``, ``same``, ``other``, ``FALSE`` …"""
    kind, text, changed = mutated(seed)
    try:
        if json.loads(changed) == json.loads(text):
            return kind, "unchanged"
    except ValueError:
        pass
    try:
        verifier.verify(changed)
    except CertificateRefused:
        return kind, "refused"
    except InputError:
        return kind, "unread"
    record = json.loads(changed)
    if statement(record) == statement(json.loads(text)):
        return kind, "same"
    try:
        true = confirmed(record)
    except DerivationError as error:
        return kind, f"other, nothing to say: {type(error).__name__}"
    return kind, "other" if true else "FALSE"


def main(argv: list[str]) -> int:
    first, number = (int(a) for a in argv) if argv else (0, 1000)
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    start = time.perf_counter()
    slowest = 0.0
    for seed in range(first, first + number):
        begun = time.perf_counter()
        kind, verdict = judge(seed)
        slowest = max(slowest, time.perf_counter() - begun)
        found[kind][verdict] += 1
        if verdict == "FALSE" or verdict.startswith("other"):
            print(f"seed {seed}: {kind}: {verdict}", flush=True)
    for kind, verdicts in sorted(found.items()):
        print(f"{kind:16} " + ", ".join(f"{v} {n}" for n, v in sorted(verdicts.items())))
    total: collections.Counter[str] = sum(found.values(), collections.Counter())
    print("in all           " + ", ".join(f"{v} {n}" for n, v in sorted(total.items())))
    print(f"{number} changes in {time.perf_counter() - start:.0f} s, longest {slowest:.1f} s")
    return 1 if total["FALSE"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
