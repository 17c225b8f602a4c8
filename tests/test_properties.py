"""Random programs: results against numerical differentiation, steps against the oracle.

Profiles: a small one for every run; ``DERIVATION_EXAMPLES=5000`` tries so many programs with
fresh seeds. ``python tests/test_properties.py FIRST COUNT [SECONDS]`` is the long run without
Hypothesis: program number n is always the same.
"""

from __future__ import annotations

import ast
import itertools
import os
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from mpmath import mp, mpf

sys.path.insert(0, str(Path(__file__).parent))

from independent import Entry, Model, Point, Unclear, derivative, parse, subscript
from programs import Generated, generate, programs

from derivation.engine import derive_outcome
from derivation.errors import InputError
from derivation.language import (
    nodes,
    read_condition,
    read_expression,
    read_problem,
    write,
    write_condition,
    write_definition,
)
from derivation.oracle import Oracle, Refuted
from derivation.problem import Problem
from derivation.steps import Outcome, Step
from derivation.terms import Integer, free_indices, indices_of, names

MANY = int(os.environ.get("DERIVATION_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=MANY or 80,
    derandomize=not MANY,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
FEW = settings(PROFILE, max_examples=MANY or 18)
SIZES = ((2, 3, 2), (3, 2, 2), (1, 2, 3), (2, 2, 1))
PLACES = 6
LIMIT = 60  # seconds of processor time for one program of the long run, checks included


class Wrong(AssertionError):
    """A result that disagrees with the program."""


@dataclass
class Report:
    """What came of one program."""

    kind: str  # derived, input, not-derived
    reason: str = ""
    points: int = 0
    outcome: Outcome | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


# -- points -----------------------------------------------------------------------------------


def arrays(program: Generated, sizes: Mapping[str, int], rng: random.Random) -> dict[str, Any]:
    """Inputs at random that meet the program's givens."""
    out: dict[str, Any] = {}
    for name, shape in sorted(program.shapes.items()):
        keys = itertools.product(*[range(1, sizes[s] + 1) for s in shape])
        if name in program.labels:
            top = sizes[program.labels[name]]
            out[name] = {k: mpf(rng.randint(1, top)) for k in keys}
        elif name in program.positive:
            out[name] = {k: mpf(rng.randint(300, 1700)) / 1000 for k in keys}
        elif name in program.negative:
            out[name] = {k: -mpf(rng.randint(300, 1700)) / 1000 for k in keys}
        else:
            out[name] = {k: mpf(rng.randint(-1300, 1300)) / 1000 for k in keys}
        if name in program.symmetric:
            out[name] = {k: out[name][min(k), max(k)] for k in out[name]}
    for name, shape in program.normalised.items():
        total: Counter[Any] = Counter()
        for k, v in out[name].items():
            total[k[:-1]] += v
        out[name] = {k: v / total[k[:-1]] for k, v in out[name].items()}
        assert shape
    return out


def points(program: Generated, model: Model, seed: int) -> Iterator[Point]:
    for n, sizes in enumerate(SIZES):
        by_name = {**dict(zip(program.sizes, sizes, strict=True)), "2": 2, "3": 3}
        by_name = {s: max(n, program.least.get(s, 1)) for s, n in by_name.items()}
        rng = random.Random(f"{seed} {n}")
        yield Point(model, by_name, arrays(program, by_name, rng))


def entry(text: str, env: Mapping[str, int]) -> Entry:
    tree = parse(text)
    if isinstance(tree, ast.Name):
        return tree.id, ()
    assert isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name)
    at = [env[k.id] if isinstance(k, ast.Name) else int(k.value) for k in subscript(tree)]  # type: ignore
    return tree.value.id, tuple(at)


def letters(outcome: Outcome) -> dict[str, str]:
    """The free letters of the answer and their sizes."""
    out: dict[str, str] = {}
    for t in (outcome.objective, *outcome.wrt):
        for i in indices_of(t):
            if not isinstance(i, Integer):
                out[str(i.name)] = str(i.size)
    return out


def environments(free: Mapping[str, str], sizes: Mapping[str, int]) -> list[dict[str, int]]:
    ranges = [range(1, sizes[s] + 1) for s in free.values()]
    return [dict(zip(free, at, strict=True)) for at in itertools.product(*ranges)]


def far(a: Any, b: Any) -> bool:
    return bool(abs(a - b) > mpf(10) ** -7 * (1 + abs(b)))


def compare(program: Generated, outcome: Outcome, result: str, seed: int = 0) -> int:
    """Points at which the result agrees with the program's numerical derivative."""
    introduced = [write_definition(d) for d in outcome.introduced]
    model = Model(program.text, introduced)
    tried = 0
    shapes = {**program.shapes, **program.defined}
    free = letters(outcome)
    rng = random.Random(seed)
    conditions = [
        (write_condition(c), {str(i.name): str(i.size) for i in free_indices(c)})
        for c in outcome.conditions
    ]
    for point in points(program, model, seed):
        loose = Point(model, point.sizes, point.arrays, None, True)
        try:
            if not all(
                loose.holds(c, env)
                for c, own in conditions
                for env in environments(own, point.sizes)
            ):
                continue
        except Unclear:
            continue
        places = environments(free, point.sizes)
        for env in rng.sample(places, min(PLACES, len(places))):
            try:
                objective = entry(write(outcome.objective), env)
                by = [entry(write(v), env) for v in outcome.wrt]
                if any(k > point.sizes[s] for n, at in (objective, *by)
                       for k, s in zip(at, shapes[n], strict=True)):  # fmt: skip
                    continue
                want = derivative(point, objective, by, shapes)
            except (Unclear, KeyError, ZeroDivisionError, OverflowError):
                continue
            try:
                got = loose.text(result, env)
            except (Unclear, ZeroDivisionError) as unclear:
                if "large" in str(unclear):
                    continue
                raise Wrong(
                    f"the result is {unclear} at {env}, sizes {point.sizes}, "
                    f"arrays {_plain(point)}; it should be {float(want):.8g}"
                ) from None
            if far(got, want):
                with mp.workdps(90):  # steep: once more, with smaller steps
                    want = derivative(point, objective, by, shapes, mpf(10) ** -24)
                    got = loose.text(result, env)
            if far(got, want):
                raise Wrong(
                    f"{result} is {float(got):.8g}, should be {float(want):.8g}, at {env}, "
                    f"sizes {point.sizes}, arrays {_plain(point)}"
                )
            tried += 1
    return tried


def _plain(point: Point) -> str:
    return str({n: [round(float(v), 4) for v in t.values()] for n, t in point.arrays.items()})


def readable(text: str) -> bool:
    """Whether the program says how far every slot runs (most random ones do)."""
    try:
        read_problem(text)
    except InputError as error:
        return "how far" not in error.message
    return True


# -- one program --------------------------------------------------------------------------------


def derive(text: str) -> list[tuple[Problem, Outcome]]:
    """All derivations that a program asks for; InputError for bad input, nothing else."""
    problem = read_problem(text)
    style = problem.style or "delta"
    return [(problem, derive_outcome(problem, wrt, style=style)) for wrt in problem.wrt]


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    for s in steps:
        yield s
        yield from all_steps(s.substeps)


def round_trip(problem: Problem, outcome: Outcome, strict: bool = False) -> None:
    """Every printed expression reads back as itself."""
    shapes = {d.name: tuple(p.size for p in d.params) for d in outcome.introduced}
    wide = replace(
        problem,
        shapes={**problem.shapes, **shapes},
        definitions={**problem.definitions, **{d.name: d for d in outcome.introduced}},
    )
    terms = {t for s in all_steps((*outcome.facts, *outcome.steps)) for t in (s.before, s.after)}
    generic = frozenset().union(*map(names, terms)) - frozenset(wide.shapes) - {*wide.sizes, "pi"}
    generic -= frozenset(wide.unknown)
    wide = replace(wide, shapes={**wide.shapes, **dict.fromkeys(generic, ())})  # d log u = 1/u
    if outcome.result is not None:
        terms.add(outcome.result)
    for t in terms:
        free = {str(i.name): i for i in free_indices(t)}
        back = read_expression(write(t), wide, free=free)
        assert write(back) == write(t), f"{write(t)} reads back as {write(back)}"
        if strict:
            assert back == t, f"{write(t)} reads back as another term: {back} is not {t}"
    for c in (*outcome.conditions, *outcome.given):
        free = {str(i.name): i for i in free_indices(c)}
        back = read_condition(write_condition(c), wide, free=free)
        assert back == c, f"{write_condition(c)} reads back as {write_condition(back)}"


def examine(program: Generated, seed: int = 0, *, oracle: bool = True, full: bool = True) -> Report:
    """Derives one program and checks everything about it; raises at a defect."""
    started = time.process_time()
    try:
        derived = derive(program.text)
    except InputError as error:
        return Report("input", error.message)
    report = Report("derived", seconds=(time.process_time() - started) / len(derived))
    for problem, outcome in derived:
        report.outcome = outcome
        if outcome.result is None:
            report.kind, report.reason = "not-derived", outcome.reason or ""
            assert outcome.reason, "not derived, without a reason"
        else:
            report.points += compare(program, outcome, write(outcome.result), seed)
        if oracle:
            Oracle(problem, extra=outcome.introduced).confirm((*outcome.facts, *outcome.steps))
        if full:
            round_trip(problem, outcome)
    if full:
        for (_, outcome), (_, again) in zip(derived, derive(program.text), strict=True):
            same = again.result == outcome.result and again.steps == outcome.steps
            assert same, "not deterministic"
    return report


# -- other names, other orders --------------------------------------------------------------------


def renamed(program: Generated, rng: random.Random) -> tuple[Generated, dict[str, str]]:
    """The same program with other names for arrays, sizes and letters."""
    words = set(re.findall(r"[A-Za-z_]\w*", program.text))
    own = {*program.shapes, *program.defined, "K", "N", "D"} & words - {"pi", "delta"}
    own |= {w for w in words if re.fullmatch(r"z?[a-z]", w) and w not in own | {"g", "h"}}
    pool = [a + b for a in "abcdefuvwxyzABFGM" for b in "abqxyz25"]
    pool = [p for p in pool if p not in words and p not in ("by",)]
    rng.shuffle(pool)
    swap = dict(zip(sorted(own), pool, strict=False))
    text = re.sub(r"[A-Za-z_]\w*", lambda m: swap.get(m[0], m[0]), program.text)
    to = swap.get

    def sizes(shapes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {to(n, n): tuple(to(s, s) for s in shape) for n, shape in shapes.items()}

    return (
        Generated(
            text,
            sizes(program.shapes),
            frozenset(to(n, n) for n in program.positive),
            {to(n, n): to(s, s) for n, s in program.labels.items()},
            sizes(program.defined),
            sizes(program.normalised),
            tuple(to(s, s) for s in program.sizes),
            frozenset(to(n, n) for n in program.negative),
            frozenset(to(n, n) for n in program.symmetric),
            {to(n, n): m for n, m in program.least.items()},
        ),
        swap,
    )


def reordered(program: Generated, rng: random.Random) -> Generated:
    """The definitions in another order, the objective fixed by ``of``."""
    lines = program.text.splitlines()
    heads = [
        k
        for k, line in enumerate(lines)
        if re.match(r"[A-Za-z]\w*(\[[\w,]*\])? = ", line) or line.startswith("phi(")
    ]
    moved = heads[:]
    rng.shuffle(moved)
    out = list(lines)
    for a, b in zip(heads, moved, strict=True):
        out[a] = lines[b]
    last = [lines[k] for k in heads if not lines[k].startswith("phi(")][-1]
    objective = last.split("[")[0].split(" ")[0]
    return replace(program, text="\n".join([*out, f"of {objective}"]))


class _Commute(ast.NodeTransformer):
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def visit_BinOp(self, n: ast.BinOp) -> ast.AST:
        self.generic_visit(n)
        if isinstance(n.op, ast.Add | ast.Mult) and self.rng.random() < 0.5:
            n.left, n.right = n.right, n.left
        return n


def commuted(program: Generated, rng: random.Random) -> Generated:
    """Terms and factors in another order."""
    out = []
    for line in program.text.splitlines():
        head, equals, body = line.partition(" = ")
        if equals:
            tree = ast.parse(body.replace("^", "**"), mode="eval")
            body = ast.unparse(_Commute(rng).visit(tree))
        out.append(head + equals + body)
    return replace(program, text="\n".join(out))


def lengths(outcome: Outcome) -> int:
    assert outcome.result is not None
    return int(nodes(outcome.result)) + sum(int(nodes(d.body)) for d in outcome.introduced)


def same_answer(program: Generated, other: Generated, slack: float) -> str:
    """Derives both; the other's result must be right too, and about as short. What differs."""
    try:
        first = derive(program.text)
    except InputError as error:
        with pytest.raises(InputError):
            derive(other.text)
        return f"input: {error.message[:30]}"
    verdicts = [
        _same_outcome(other, one, two, slack)
        for (_, one), (_, two) in zip(first, derive(other.text), strict=True)
    ]
    return max(verdicts)


def _same_outcome(other: Generated, one: Outcome, two: Outcome, slack: float) -> str:
    assert (one.result is None) == (two.result is None), f"{one.reason} / {two.reason}"
    if one.result is None or two.result is None:
        return "not-derived"
    compare(other, two, write(two.result))
    a, b = lengths(one), lengths(two)
    more = 4 if slack > 1 else 0  # names and the order of definitions change nothing at all
    assert max(a, b) <= slack * min(a, b) + more, f"{write(one.result)}  |  {write(two.result)}"
    return "equally short" if a == b else "one is longer"


# -- the tests ------------------------------------------------------------------------------------


@PROFILE
@given(programs(readable))
def test_results_agree_with_numerical_differentiation(program: Generated) -> None:
    report = examine(program, full=False)
    event(report.kind)


@FEW
@given(programs(readable))
def test_deterministic_and_round_trip(program: Generated) -> None:
    report = examine(program, oracle=False)
    event(report.kind)


@FEW
@given(programs(readable))
def test_names_do_not_matter(program: Generated) -> None:
    other, _ = renamed(program, random.Random(program.text))
    event(same_answer(program, other, 1.0))


@FEW
@given(programs(readable))
def test_order_of_definitions_does_not_matter(program: Generated) -> None:
    event(same_answer(program, reordered(program, random.Random(program.text)), 1.0))


@FEW
@given(programs(readable))
def test_order_of_terms_hardly_matters(program: Generated) -> None:
    event(same_answer(program, commuted(program, random.Random(program.text)), 1.5))


# -- the long run ---------------------------------------------------------------------------------


def long_run(first: int, count: int, seconds: float) -> None:
    """Programs number ``first`` and on, in one process, with a summary at the end."""
    import resource
    import signal

    def stop(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, stop)
    end = time.monotonic() + seconds
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    done = tried = 0
    worst: list[tuple[float, int]] = []
    for n in range(first, first + count):
        if time.monotonic() > end:
            break
        done += 1
        program = generate(random.Random(n), readable)
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
        try:
            report = examine(program, oracle=n % 2 == 0, full=n % 8 == 0)
            if report.outcome is not None and report.outcome.result is not None and n % 8 == 0:
                try:
                    round_trip(report.outcome.problem, report.outcome, strict=True)
                except AssertionError:
                    kinds["not the same term when read back"] += 1
            if n % 16 == 1:
                other, _ = renamed(program, random.Random(n))
                kinds[f"renamed: {same_answer(program, other, 1.0)}"] += 1
            if n % 16 == 3:
                other = reordered(program, random.Random(n))
                kinds[f"reordered: {same_answer(program, other, 1.0)}"] += 1
            if n % 16 == 5:
                other = commuted(program, random.Random(n))
                kinds[f"commuted: {same_answer(program, other, 1.5)}"] += 1
        except (Wrong, Refuted) as wrong:
            kinds["WRONG"] += 1
            print(f"#{n} WRONG {type(wrong).__name__}: {wrong}\n{program.text}\n", flush=True)
            continue
        except TimeoutError:
            kinds["HANG"] += 1
            print(f"#{n} HANG\n{program.text}\n", flush=True)
            continue
        except Exception as error:
            what = "DIFFERS" if isinstance(error, AssertionError) else "CRASH"
            kinds[what] += 1
            trace = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{trace.filename.split('/')[-1]}:{trace.lineno}"
            shown = f"{type(error).__name__} {at}: {str(error)[:600]}"
            print(f"#{n} {what} {shown}\n{program.text}\n", flush=True)
            continue
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        kinds[report.kind] += 1
        tried += report.points
        if report.kind == "derived" and not report.points:
            kinds["derived without a point"] += 1
            print(f"#{n} NO POINT\n{program.text}\n", flush=True)
        if report.kind != "derived":
            reasons[f"{report.kind}: {re.sub(r'[(].*', '', report.reason)[:60]}"] += 1
            if report.kind == "not-derived":
                print(f"#{n} NOT-DERIVED {report.reason[:300]}\n{program.text}\n", flush=True)
        worst.append((report.seconds, n))
        if report.seconds > 2 or time.process_time() - begun > 15:
            print(f"#{n} SLOW {report.seconds:.1f} s, in all {time.process_time() - begun:.1f} s\n"
                  f"{program.text}\n", flush=True)  # fmt: skip
            kinds["SLOW"] += report.seconds > 2
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"== {done} programs from {first}, {tried} points, {memory} MB", dict(kinds))
    times = sorted(worst)
    if times:
        print(f"median {times[len(times) // 2][0] * 1000:.0f} ms, slowest {times[-5:]}")
    for reason, many in reasons.most_common():
        print(many, reason)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    long_run(int(arguments[0]), int(arguments[1]), float(arguments[2] if arguments[2:] else 600))
