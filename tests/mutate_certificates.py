"""Certificates changed in one place: what is accepted must still be true, and say what it proves.

    python tests/mutate_certificates.py FIRST COUNT [--fresh]
    python tests/mutate_certificates.py --store

Each seed takes a certificate and changes one thing: a node of a text, a name, a number, a guard, a
law, what its variables stand for, a context, a direction, a number that is cited, the order of
steps, a hypothesis with or without the text that states it, a definition, a letter's size, the
witness, or bytes. A change that is refused is well. One that is accepted is classified by what the
certificate *claims* (program, derivative, result, stated hypotheses):

* ``same``: the claim of the original;
* ``other``: another claim, which is true at all points that were tried: the witness, points near
  it, random ones, at sizes 1 to 3, evaluated by ``tests.total``, which shares nothing with the
  checker;
* ``FALSE``: another claim, and a point at which it is false. There must be none.

The certificates are those of ``tests/data/certificates`` (written with --store), or with --fresh
those of the whole library as they are exported today.
"""

from __future__ import annotations

import ast
import collections
import copy
import itertools
import json
import pathlib
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from derivation.checker import LAWS, Malformed, Refused, check  # noqa: E402
from tests.total import Point, Unclear, close, real  # noqa: E402

Record = dict[str, Any]
STORED = ROOT / "tests" / "data" / "certificates"
# small ones of many kinds: cases, deltas, givens, conditions, lemmas, second derivatives, kinks
SOURCES = [
    ("softmax-cross-entropy", "cases"), ("softmax-cross-entropy", "delta"), ("logsumexp", "delta"),
    ("mse-linear", "delta"), ("cosine-similarity", "delta"), ("huber", "cases"),
    ("softmax-jacobian", "cases"), ("quantile-regression", "cases"), ("gaussian-nll", "delta"),
    ("soft-dtw-min", "delta"), ("mlp-tanh", "delta"), ("n-body", "delta"),
]  # fmt: skip
PROGRAMS = {
    "second": "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\nL = log(p[1])\nwrt z[j] then z[l]",
    "kinks": "L = sum(abs(x[i] - m) for i in N)*b\nm = sum(x[i] for i in N)/N\nof L\nwrt x[j]",
    "given": "L = sum(w[i,j]*log(x[i]/x[j]) for i in N for j in N if i != j)\n"
    "given w[i,j] == w[j,i]\nwrt x[k]",
    "place": "L = sum(x[i]**2 for i in N)/x[2]\nwrt x[1]",
    "label": "L = sum(log(1 + exp(-u[n]*W[lab[n]])) for n in N)\nlabel lab[n] in K\nwrt W[k]",
    "unknown": "L = sum(f(x[i]*a) for i in N)\nfunction f\nwrt a",
}
PROSE = ("title", "rule", "law", "why")


def exported(problem: Any, style: str) -> Record:
    from derivation.engine import derive_outcome
    from derivation.printers import json as printer

    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    return json.loads(printer.render([outcome]))  # type: ignore[no-any-return]


def store() -> None:
    """Writes the certificates anew, without what is for people only."""
    from derivation import library
    from derivation.api import read
    from derivation.language import read_problem

    wanted: list[tuple[str, Any, str]] = [
        (f"{name}-{style}", read(library.load(name), style=style), style) for name, style in SOURCES
    ]
    wanted += [(name, read_problem(text), "delta") for name, text in PROGRAMS.items()]
    STORED.mkdir(exist_ok=True)
    for name, problem, style in wanted:
        record = exported(problem, style)
        for steps, k in all_steps(record):
            steps[k] |= dict.fromkeys(PROSE, "")
        record |= {"result_latex": None, "matrix_form": None}
        text = json.dumps(record, separators=(",", ":"))
        (STORED / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name:30} {len(text)} bytes")


@lru_cache(maxsize=2)
def certificates(fresh: bool = False) -> tuple[str, ...]:
    if not fresh:
        return tuple(p.read_text(encoding="utf-8") for p in sorted(STORED.glob("*.json")))
    from derivation import library
    from derivation.api import read
    from derivation.errors import DerivationError

    out = []
    for name in library.names():
        try:
            problem = read(library.load(name))
            out.append(json.dumps(exported(problem, "delta")))
        except DerivationError as error:
            print(f"{name}: {error}")
    return tuple(out)


# -- what a certificate claims ------------------------------------------------------------------


def claim(record: Record) -> str:
    """What is claimed, as one text; the witness and hypotheses that are not stated say nothing."""
    core = {k: v for k, v in record["core"].items() if k not in ("witness", "hypotheses")}
    keys = ("objective", "wrt", "letters", "result", "status", "left", "assumes")
    about = {k: record.get(k) for k in keys}
    if record["result"] is None:
        about["result"] = last(record)
    return json.dumps([core, about, sorted(map(json.dumps, stated(record)))], sort_keys=True)


def last(record: Record) -> str:
    lines = [s["after"] for s in record["steps"] if s["kind"] == "chain"]
    return lines[-1] if lines else goal(record)


def goal(record: Record) -> str:
    return str(record.get("left") or f"diff({', '.join([record['objective'], *record['wrt']])})")


def stated(record: Record) -> list[Record]:
    texts = {*record["given"], *record["conditions"], *record["domain"]}
    return [h for h in record["core"]["hypotheses"] if saying(h) in texts]


def saying(h: Record) -> str:
    return str(h["says"]) + (f" if {h['where']}" if h.get("where", "true") != "true" else "")


def points(record: Record, rng: random.Random) -> Iterator[Point]:
    """The witness, points near it, and random ones."""
    core = record["core"]
    definitions = {d["name"]: (d.get("letters", {}), d["body"]) for d in core["definitions"]}
    labels, witness = core.get("labels", {}), core["witness"]
    for n in range(24):
        sizes = {s: witness[s] if n < 12 else rng.randint(1, 3) for s in core["sizes"]}
        loose = rng.choice(sorted(core["arrays"])) if core["arrays"] else ""
        spread = rng.choice([(1, 1), (-1, 1), (1, 3), (-3, 3)])
        arrays = {}
        for name, shape in core["arrays"].items():
            lengths = [sizes[s] if s in sizes else int(s) for s in shape]
            table = {}
            for at in itertools.product(*[range(1, k + 1) for k in lengths]):
                value: Any = witness[name] if n < 12 else None
                for k in at if n < 12 else ():
                    value = value[k - 1]
                if name in labels:
                    top = sizes.get(labels[name]) or int(labels[name])
                    value = value if n < 6 else rng.randint(1, top)
                elif n >= 12:
                    low, high = spread
                    value = Fraction(rng.randint(97 * low, 97 * high + 96), 97)
                elif n and (name == loose or n > 6):
                    value = Fraction(value) + Fraction(rng.randint(-9, 9), 101)
                table[at] = value if isinstance(value, int) else Fraction(value)
            arrays[name] = table
        yield Point(sizes, arrays, definitions)


def environments(letters: dict[str, str], point: Point) -> Iterator[dict[str, int]]:
    sizes = [range(1, point.size(s) + 1) for s in letters.values()]
    for pick in itertools.product(*sizes):
        yield dict(zip(letters, pick, strict=True))


def meets(record: Record, point: Point) -> bool:
    for h in stated(record):
        for env in environments(h.get("letters", {}), point):
            if point.text(h.get("where", "true"), env) and not point.text(h["says"], env):
                return False
    return True


def refuted(record: Record, seed: int = 0) -> Any:
    """A point at which the claim is false, or None; and how many points have been tried."""
    rng = random.Random(seed)
    left, right = goal(record), record["result"] or last(record)
    tried = 0
    for point in points(record, rng):
        try:
            if not meets(record, point):
                continue
            for env in environments(record.get("letters", {}), point):
                if not all(point.text(c, env) for c in record.get("assumes", ())):
                    continue
                a, b = point.text(left, env), point.text(right, env)
                tried += 1
                if not close(a, b, most=real(1) / 10**5):
                    return {"sizes": point.sizes, "letters": env, "left": a, "right": b}, tried
        except Unclear:
            continue
    return None, tried


# -- changes of texts ---------------------------------------------------------------------------

TOKEN = re.compile(r"\d+|\w+|\*\*|[=!<>]=|\S|\s+")
SWAPS = {
    "+": ["-", "*"], "-": ["+"], "*": ["/", "+", "**"], "/": ["*"], "**": ["*"], "==": ["!=", ">="],
    "!=": ["==", ">"], "<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="],
    "and": ["or"], "or": ["and"], "sum": ["prod", "max"], "prod": ["sum"], "max": ["min", "sum"],
    "min": ["max"], "exp": ["log", "sinh"], "log": ["exp"], "diff": ["partial"], "sqrt": ["exp"],
    "partial": ["diff"], "sin": ["cos"], "abs": ["relu"], "true": ["false"], "HOLE": ["HOLE + 0"],
}  # fmt: skip


def change_text(rng: random.Random, text: str, names: list[str]) -> str:
    if rng.random() < 0.35 and "lambda" not in text:
        try:
            return change_tree(rng, text)
        except (SyntaxError, RecursionError, ValueError):
            pass
    tokens = TOKEN.findall(text)
    places = [n for n, t in enumerate(tokens) if t.strip()]
    if not places:
        return rng.choice(names)
    n = rng.choice(places)
    t = tokens[n]
    if t.isdigit():
        tokens[n] = rng.choice([str(int(t) + 1), str(max(0, int(t) - 1)), rng.choice(names)])
    elif t in SWAPS and rng.random() < 0.8:
        tokens[n] = rng.choice(SWAPS[t])
    elif t.isidentifier():
        inside = [w for w in tokens if w.isidentifier() and w != t]
        tokens[n] = rng.choice([rng.choice(inside or names), rng.choice(names), "1", f"{t} + 1"])
    else:
        tokens[n] = rng.choice(["", t * 2, "-"])
    return "".join(tokens)


def change_tree(rng: random.Random, text: str) -> str:
    """A guard dropped or added, arguments or cases exchanged, one part in place of another."""
    head, colon, body = text.rpartition(":")
    tree = ast.parse(body.strip(), mode="eval")
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr | ast.comprehension)]
    values = [n for n in nodes if isinstance(n, ast.expr) and not isinstance(n, ast.GeneratorExp)]
    node = rng.choice(nodes)
    if isinstance(node, ast.comprehension):
        if node.ifs and rng.random() < 0.7:
            node.ifs.pop(rng.randrange(len(node.ifs)))
        else:
            letter = ast.Name(node.target.id, ast.Load())  # type: ignore[attr-defined]
            other = rng.choice([ast.Constant(1), ast.Name(rng.choice(["i", "j", "k"]), ast.Load())])
            op = rng.choice([ast.NotEq(), ast.Eq(), ast.Lt()])
            node.ifs.append(ast.Compare(letter, [op], [other]))
    elif isinstance(node, ast.IfExp) and rng.random() < 0.7:
        node.body, node.orelse = node.orelse, node.body
    elif isinstance(node, ast.BinOp) and rng.random() < 0.5:
        if rng.random() < 0.5:
            node.left, node.right = node.right, node.left
        else:
            node.right = ast.Constant(rng.choice([0, 1, 2]))
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        node.args = node.args[::-1]
    else:
        _put(tree, node, copy.deepcopy(rng.choice(values)))
    return f"{head}{colon} {ast.unparse(tree)}".strip()


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
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


# -- changes of certificates ----------------------------------------------------------------------

Change = Callable[[random.Random, Record], None]


def all_steps(record: Record) -> list[tuple[list[Any], int]]:
    """Every step, as the list that it stands in and its place there."""
    out = []

    def walk(steps: list[Any]) -> None:
        for k, step in enumerate(steps):
            out.append((steps, k))
            walk(step.get("substeps", []))

    walk(record["steps"])
    return out


def all_moves(record: Record) -> list[tuple[list[Any], int]]:
    return [
        (s[k]["moves"], n) for s, k in all_steps(record) for n in range(len(s[k].get("moves", [])))
    ]


def names_of(record: Record) -> list[str]:
    core = record["core"]
    names = [*core["sizes"], *core["arrays"], *[d["name"] for d in core["definitions"]]]
    return [*names, *record.get("letters", {}), "i", "j", "k", "1", "2"]


def spots(holder: Any) -> list[tuple[Any, Any]]:
    """The texts that are read, in a list or object and all that is in it."""
    out: list[tuple[Any, Any]] = []
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in items:
        if isinstance(value, str) and key not in (*PROSE, "kind", "number", "dir"):
            out.append((holder, key))
        elif isinstance(value, dict | list) and key not in ("substeps", "uses", "conditions"):
            out += spots(value)
    return out


def a_line(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    key = rng.choice(["before", "after"])
    steps[k][key] = change_text(rng, steps[k][key], names_of(record))


def a_move(rng: random.Random, record: Record) -> None:
    moves, n = rng.choice(all_moves(record))
    holder, key = rng.choice([(h, k) for h, k in spots(moves[n]) if k != "law"])
    holder[key] = change_text(rng, holder[key], names_of(record))


def a_law(rng: random.Random, record: Record) -> None:
    moves, n = rng.choice(all_moves(record))
    others = ["algebra", "definition", "differentiate", "chain-rule", "given", "lemma"]
    used = [m[k]["law"] for m, k in all_moves(record)]
    moves[n]["law"] = rng.choice(rng.choice([sorted(LAWS), others, used]))


def what_a_law_is_about(rng: random.Random, record: Record) -> None:
    having = [(m, n) for m, n in all_moves(record) if m[n].get("put")]
    if not having:
        return
    moves, n = rng.choice(having)
    put = moves[n]["put"]
    key = rng.choice(sorted(put))
    what = rng.randrange(4)
    if what == 0:
        del put[key]
    elif what == 1 and len(put) > 1:
        other = rng.choice([k for k in put if k != key])
        put[key], put[other] = put[other], put[key]
    elif what == 2:
        put[key] = re.sub(r"\w+", lambda m: rng.choice([m[0], "j"]), put[key], count=1)
    else:
        put[rng.choice("abcCDEFGKM")] = put[key]


def a_context(rng: random.Random, record: Record) -> None:
    moves, n = rng.choice(all_moves(record))
    others = [m[k].get("at", "HOLE") for m, k in all_moves(record)]
    moves[n]["at"] = rng.choice(others)


def a_direction(rng: random.Random, record: Record) -> None:
    moves, n = rng.choice(all_moves(record))
    moves[n]["dir"] = "lr" if moves[n].get("dir", "lr") == "rl" else "rl"


def a_list(rng: random.Random, record: Record) -> None:
    """What is not 0, or positive, or whose sign helps: dropped, or something more."""
    moves, n = rng.choice([(m, k) for m, k in all_moves(record) if m[k]["law"] == "algebra"])
    key = rng.choice(["nonzero", "positive", "because"])
    texts = moves[n].setdefault(key, [])
    if texts and rng.random() < 0.5:
        texts.pop(rng.randrange(len(texts)))
    else:
        texts.append(rng.choice([moves[n]["left"], *names_of(record)]))


def a_number(rng: random.Random, record: Record) -> None:
    having = [(m, n) for m, n in all_moves(record) if "number" in m[n]]
    if not having:
        return
    moves, n = rng.choice(having)
    if isinstance(moves[n]["number"], int):
        moves[n]["number"] = rng.randrange(-1, 5)
    else:
        moves[n]["number"] = rng.choice([s[k]["number"] for s, k in all_steps(record)])


def moves_in_another_order(rng: random.Random, record: Record) -> None:
    having = [s[k]["moves"] for s, k in all_steps(record) if len(s[k].get("moves", [])) > 1]
    if having:
        moves = rng.choice(having)
        n, m = rng.sample(range(len(moves)), 2)
        moves[n], moves[m] = moves[m], moves[n]


def a_missing_move(rng: random.Random, record: Record) -> None:
    moves, n = rng.choice(all_moves(record))
    if rng.random() < 0.3:
        moves.insert(n, copy.deepcopy(moves[n]))
    else:
        del moves[n]


def steps_in_another_order(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice([(s, k) for s, k in all_steps(record) if len(s) > 1])
    n = rng.randrange(len(steps))
    steps[k], steps[n] = steps[n], steps[k]
    if rng.random() < 0.5:
        steps[k]["number"], steps[n]["number"] = steps[n]["number"], steps[k]["number"]


def a_missing_step(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    if rng.random() < 0.3:
        steps.insert(k, copy.deepcopy(steps[k]))
    else:
        del steps[k]
    if rng.random() < 0.5:
        renumber(record)


def renumber(record: Record) -> None:
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


def a_kind(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k]["kind"] = "lemma" if steps[k]["kind"] == "chain" else "chain"


def a_letters_size(rng: random.Random, record: Record) -> None:
    core = record["core"]
    holders = [record, *core["definitions"], *core["hypotheses"]]
    holders += [s[k] for s, k in all_steps(record) if s[k].get("letters")]
    holders = [h for h in holders if h.get("letters")]
    if holders:
        letters = rng.choice(holders)["letters"]
        key = rng.choice(sorted(letters))
        if rng.random() < 0.3:
            del letters[key]
        else:
            letters[key] = rng.choice([*core["sizes"], "1", "2"])


def an_assumption(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    names = names_of(record)
    text = change_text(rng, rng.choice([steps[k]["after"], *names]), names)
    steps[k]["assumes"] = [f"{text} {rng.choice(['==', '!=', '>'])} 0"]
    if rng.random() < 0.3:
        steps[k]["variables"] = [rng.choice(["q", *names])]


def a_hypothesis(rng: random.Random, record: Record) -> None:
    """Changed with or without the text that states it, dropped, stated elsewhere, made up."""
    hypotheses = record["core"]["hypotheses"]
    lists = [record[key] for key in ("given", "conditions", "domain")]
    texts = [(where, n) for where in lists for n in range(len(where))]
    what = rng.randrange(6)
    if not hypotheses or what == 0:
        name = rng.choice(names_of(record))
        hypotheses.append({"letters": {}, "says": f"{name} {rng.choice(['>', '==', '!='])} 1"})
        if rng.random() < 0.7:
            rng.choice(lists).append(saying(hypotheses[-1]))
        return
    h = rng.choice(hypotheses)
    old = saying(h)
    if what == 1 and texts:
        where, n = rng.choice(texts)
        del where[n]
    elif what == 2 and texts:
        where, n = rng.choice(texts)
        where[n] = change_text(rng, where[n], names_of(record))
    elif what == 3 and "where" in h:
        del h["where"]
    else:
        key = "where" if "where" in h and rng.random() < 0.5 else "says"
        h[key] = change_text(rng, h[key], names_of(record))
    if what > 2:
        for where, n in texts:
            where[n] = saying(h) if where[n] == old else where[n]


def a_definition(rng: random.Random, record: Record) -> None:
    definitions = record["core"]["definitions"]
    d = rng.choice(definitions)
    what = rng.randrange(6)
    if what == 0:
        n = rng.randrange(len(definitions))
        k = definitions.index(d)
        definitions[k], definitions[n] = definitions[n], definitions[k]
    elif what == 1:
        definitions.remove(d)
    else:
        d["body"] = change_text(rng, d["body"], names_of(record))


def an_input(rng: random.Random, record: Record) -> None:
    core = record["core"]
    what = rng.randrange(5)
    name = rng.choice(sorted(core["arrays"]))
    if what == 0:
        core["sizes"].append(rng.choice(["Q", *core["sizes"]]))
    elif what == 1:
        shape = core["arrays"][name]
        if shape:
            shape[rng.randrange(len(shape))] = rng.choice([*core["sizes"], "2"])
        else:
            shape.append(rng.choice([*core["sizes"], "2"]))
    elif what == 2:
        core.setdefault("labels", {})[name] = rng.choice([*core["sizes"], "2"])
    elif what == 3:
        core.setdefault("functions", {})[rng.choice(["f", "exp", name])] = rng.choice([1, 2])
    else:
        del core["arrays"][name]


def a_statement(rng: random.Random, record: Record) -> None:
    key = rng.choice(("objective", "wrt", "result", "status", "result", "letters"))
    names = names_of(record)
    if key == "wrt":
        n = rng.randrange(len(record["wrt"]))
        record["wrt"][n] = change_text(rng, record["wrt"][n], names)
        if rng.random() < 0.2:
            record["wrt"].append(record["wrt"][0])
    elif key == "status":
        record |= {"status": "not-derived", "result": None}
    elif key == "letters":
        record.setdefault("letters", {})[rng.choice(["i", "j", "q"])] = rng.choice(
            record["core"]["sizes"] or "2"
        )
    elif isinstance(record[key], str):
        record[key] = change_text(rng, record[key], names)


def result_and_line(rng: random.Random, record: Record) -> None:
    """The result and the last line, in the same way."""
    chain = [s for s in record["steps"] if s["kind"] == "chain"]
    if chain and isinstance(record["result"], str):
        record["result"] = change_text(rng, record["result"], names_of(record))
        step = chain[-1]
        while True:
            step["after"] = record["result"]
            if not step.get("substeps"):
                break
            step = step["substeps"][-1]


def a_witness(rng: random.Random, record: Record) -> None:
    witness = record["core"]["witness"]
    key = rng.choice(sorted(witness))
    what = rng.randrange(4)
    if what == 0:
        del witness[key]
        return
    holder, at = witness, key
    while isinstance(holder[at], list) and holder[at]:
        holder, at = holder[at], rng.randrange(len(holder[at]))
    holder[at] = rng.choice([0, 1, -1, 5, "1/2", "-3/2", "0", [], "1e5", None, 10**17])


def a_key(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    holder = rng.choice([record, record["core"], steps[k], *steps[k].get("moves", [])])
    key = rng.choice(sorted(holder))
    value = holder.pop(key)
    if rng.random() < 0.3:
        holder[rng.choice([key, key + "s", "unless"])] = rng.choice([value, [], {}, None, 1, "1"])


def prose(rng: random.Random, record: Record) -> None:
    steps, k = rng.choice(all_steps(record))
    steps[k][rng.choice(("title", "why"))] = "something else"
    record["result_latex"] = "x"


CHANGES: list[Change] = [
    a_line, a_line, a_move, a_move, a_move, a_move, a_law, what_a_law_is_about,
    what_a_law_is_about, a_context, a_direction, a_list, a_number, moves_in_another_order,
    a_missing_move, steps_in_another_order, a_missing_step, a_kind, a_letters_size, an_assumption,
    a_hypothesis, a_hypothesis, a_hypothesis, a_definition, a_definition, an_input, a_statement,
    a_statement, result_and_line, a_witness, a_key, prose,
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


def mutated(seed: int, fresh: bool = False) -> tuple[str, str, str]:
    """The kind of change, the certificate as it was and as it is."""
    rng = random.Random(seed)
    texts = certificates(fresh)
    text = texts[rng.randrange(len(texts))]
    if rng.random() < 0.1:
        return "bytes", text, change_bytes(rng, text)
    record = json.loads(text)
    change = rng.choice(CHANGES)
    try:
        change(rng, record)
    except (IndexError, ValueError):  # there is no such thing in it
        return change.__name__, text, text
    return change.__name__, text, json.dumps(record)


def judge(seed: int, fresh: bool = False) -> tuple[str, str]:
    """The kind of change, and ``refused``, ``unread``, ``same``, ``other``, ``FALSE`` …"""
    kind, text, changed = mutated(seed, fresh)
    try:
        if json.loads(changed) == json.loads(text):
            return kind, "unchanged"
    except ValueError:
        pass
    try:
        check(changed)
    except Refused:
        return kind, "refused"
    except Malformed:
        return kind, "unread"
    record, before = json.loads(changed), json.loads(text)
    if claim(record) == claim(before):
        return kind, "same"
    found, tried = refuted(record, seed)
    if found is not None:
        return kind, f"FALSE {found}"
    return kind, "other" if tried else "other, not tried"


def main(argv: list[str]) -> int:
    if argv == ["--store"]:
        store()
        return 0
    fresh = "--fresh" in argv
    numbers = [int(a) for a in argv if a != "--fresh"]
    first, number = numbers or (0, 1000)
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    start = time.perf_counter()
    slowest = 0.0
    for seed in range(first, first + number):
        begun = time.perf_counter()
        try:
            kind, verdict = judge(seed, fresh)
        except Exception as error:
            kind, verdict = "broke", f"FALSE {type(error).__name__}: {error}"
        slowest = max(slowest, time.perf_counter() - begun)
        found[kind][verdict.split()[0].rstrip(",")] += 1
        if verdict.startswith("FALSE") or verdict == "other, not tried":
            print(f"seed {seed}: {kind}: {verdict}", flush=True)
    for kind, verdicts in sorted(found.items()):
        print(f"{kind:24} " + ", ".join(f"{v} {n}" for v, n in sorted(verdicts.items())))
    total: collections.Counter[str] = sum(found.values(), collections.Counter())
    print("in all                   " + ", ".join(f"{v} {n}" for v, n in sorted(total.items())))
    print(f"{number} changes in {time.perf_counter() - start:.0f} s, longest {slowest:.1f} s")
    return 1 if total["FALSE"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
