# ruff: noqa: E501 - a step is easier to read on one line
"""Certificates made by hand that would prove something false. Each is refused, at once.

The true ones among them (``CONTROL``) show that a refusal is about what is false in the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from derivation import verifier
from derivation.commands.verify import summary
from derivation.errors import CertificateRefused, InputError

Record = dict[str, Any]


def step(number: str, before: str, after: str, rule: str, *path: int, **more: Any) -> Record:
    out = {
        "number": number, "kind": "chain", "title": "", "rule": rule, "law": "", "why": "",
        "before": before, "after": after, "path": list(path), "direction": "lr", "args": {},
        "uses": [], "conditions": [], "substeps": [],
    }  # fmt: skip
    return {**out, **more}


def chain(*moves: tuple[Any, ...], first: int = 1) -> list[Record]:
    """Steps from ``(line, rule, path…)`` on, each from the line before; a dict says more."""
    out = []
    before = moves[0][0]
    for n, (after, rule, *rest) in enumerate(moves[1:], first):
        more = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        out.append(step(str(n), before, after, rule, *rest, **more))
        before = after
    return out


def certificate(
    program: str, wrt: str, steps: list[Record], result: str | None, **more: Any
) -> Record:
    out = {
        "schema": "derivation/1", "status": "derived", "reason": None,
        "problem": {"name": None, "title": "", "program": program}, "objective": "L",
        "wrt": [wrt], "style": "delta", "result": result, "result_latex": None,
        "matrix_form": None, "introduced": [], "given": [], "conditions": [], "domain": [],
        "assumed": [], "steps": steps, "checked": {"sizes": [], "points": 0, "skipped": []},
    }  # fmt: skip
    return {**out, **more}


def verify(record: Record) -> verifier.Verified:
    return verifier.verify(json.dumps(record))


PRODUCT = (
    ("diff(L, a)",), ("diff(a*b, a)", "definition", 0), ("diff(a, a)*b", "d-product"),
    ("1*b", "d-variable", 0), ("b", "ring"),
)  # fmt: skip
MORE = "\nM = s + t + sum(y[k]*z[k] for k in K) + sum(u[n]*y[lab[n]] for n in N)\nlabel lab[n] in K\nof L"


def after_b(*moves: tuple[Any, ...], program: str = "", **more: Any) -> Record:
    """dL/da = b, truly, and then what is claimed besides."""
    steps = chain(*PRODUCT, *moves)
    result = more.pop("result", steps[-1]["after"])
    return certificate(f"L = a*b{MORE}{program}", "a", steps, result, **more)


def of(body: str, wrt: str, *moves: tuple[Any, ...], program: str = "", **more: Any) -> Record:
    """diff(L, wrt) with L = body, from its definition on."""
    steps = chain((f"diff(L, {wrt})",), (f"diff({body}, {wrt})", "definition", 0), *moves)
    return certificate(f"L = {body}{MORE}{program}", wrt, steps, steps[-1]["after"], **more)


RL = {"direction": "rl"}
CONTROL = {
    "product": after_b(),
    "kink": of("abs(a)", "a", ("sign(a)*diff(a, a)", "d-function", {"conditions": ["a != 0"]}),
               ("sign(a)*1", "d-variable", 1), ("sign(a)", "ring"), domain=["a != 0"]),
    "cancelled": after_b(("b*s/s", "field", {"conditions": ["s != 0"]}), conditions=["s != 0"]),
    "sum": of("sum(y[k]*z[k] for k in K)", "y[j]",
              ("sum(diff(y[k]*z[k], y[j]) for k in K)", "d-sum-over"),
              ("sum(diff(y[k], y[j])*z[k] for k in K)", "d-product", 0),
              ("sum(delta(k,j)*z[k] for k in K)", "d-variable", 0, 0), ("z[j]", "sift-delta")),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTROL)
def test_a_true_one_is_verified(name: str) -> None:
    record = CONTROL[name]
    assert verify(record).claim == f"diff(L, {record['wrt'][0]}) == {record['result']}"


def both(condition: str, other: str) -> tuple[tuple[Any, ...], ...]:
    """b = b + 0 = b + (1 if c else 0) = b + 1, by a condition and its opposite."""
    case = f"b + (1 if {condition} else 0)"
    return (
        ("b + 0", "ring"), (case, "case-fails", 1, {**RL, "conditions": [other]}),
        ("b + 1", "case-holds", 1, {"conditions": [condition]}),
    )  # fmt: skip


Q = "q[i] = y[i]**2"
FALSE = {
    # indices that are captured
    "captured-by-the-sum": of("sum(y[k]*z[k] for k in K)", "y[j]",
        ("sum(diff(y[j]*z[j], y[j]) for j in K)", "d-sum-over")),
    "captured-by-a-lemma": certificate(f"L = a*b{MORE}", "a", [
        {**step("1", "sum(y[k]*z[i] for k in K)", "z[i]*sum(y[k] for k in K)", "sum-factor"), "kind": "lemma"},
        *chain(*PRODUCT, ("b + 0*sum(sum(y[k]*z[k] for k in K) for i in K)", "ring"),
            ("b + 0*sum(z[i]*sum(y[k] for k in K) for i in K)", "lemma", 1, 1, 0, {"uses": ["1"]}), first=2)],
        "b + 0*sum(z[i]*sum(y[k] for k in K) for i in K)"),
    "renamed-into-a-bound-letter": after_b(("b + sum(y[i]*sum(z[k] for k in K) for i in K)*0", "ring"),
        ("b + sum(y[k]*sum(z[k] for k in K) for k in K)*0", "rename"),
        ("b + sum(y[i]*sum(z[i] for i in K) for k in K)*0", "rename")),
    "out-of-the-sum": after_b(("b + sum(y[k]*z[k] for k in K) - sum(y[k]*z[k] for k in K)", "ring"),
        ("b + sum(y[k]*z[k] for k in K) - sum(y[k] for k in K)*sum(z[k] for k in K)", "sum-factor", 1)),
    "swapped-under-a-condition": after_b(("b + 0*sum(sum(y[i]*z[j] for j in K) for i in K if i != 1)", "ring"),
        ("b + 0*sum(sum(y[i]*z[j] for i in K if j != 1) for j in K)", "sum-swap", 1, 1)),
    # empty ranges, ranges of one place
    "divided-by-an-empty-sum": after_b(("b + 0", "ring"), ("b*(sum(exp(y[k]) for k in K if k < 1)/sum(exp(y[k]) for k in K if k < 1))", "field")),
    "maximum-of-nothing": after_b(("b*1", "ring"), ("b*max(1 for k in K if k != 1)", "max-constant", 1, RL)),
    "one-place-divides": after_b(("b*(K - 1)/(K - 1)", "field")),
    "a-second-place": after_b(("b + 0*(y[2] + sum(y[k] for k in K if k != 2))", "ring"), ("b + 0*sum(y[k] for k in K)", "split-term", 1, 1)),
    "all-but-one-is-none": after_b(("b*sum(1 for k in K if k != 1)/sum(1 for k in K if k != 1)", "field")),
    # conditions that contradict each other
    "never": after_b(*both("0 != 0", "0 == 0"), conditions=["0 != 0"]),
    "contradiction-in-values": after_b(*both("s > 0", "s <= 0"), conditions=["s > 0", "s <= 0"]),
    "contradiction-in-equations": after_b(*both("s == t", "s != t"), conditions=["s == t", "s != t"]),
    "contradiction-in-domain": after_b(*both("s == t", "s != t"), conditions=["s == t"], domain=["s != t"]),
    "contradictory-givens": after_b(("b + 0", "ring"), ("b + (1 if s > 0 else 0)", "case-fails", 1, RL),
        ("b + 1", "case-holds", 1), program="\ngiven s > 0\ngiven s < 0", given=["s > 0", "s < 0"]),
    "contradictory-assumptions": after_b(*both("s > 0", "s < 0"), assumed=["s > 0", "s < 0"], conditions=["s > 0", "s < 0"]),
    "condition-of-another-letter": after_b(("b*(y[1]/y[1])", "field", {"conditions": ["y[2] != 0"]}), conditions=["y[2] != 0"]),
    "condition-too-weak": after_b(("b*sqrt(s)*sqrt(s)/s", "powers", {"conditions": ["s >= 0"]}), conditions=["s >= 0"]),
    # division by zero, logarithms and roots of what is negative
    "zero-over-zero": after_b(("b*(0/0)", "field", {"conditions": ["0 != 0"]}), conditions=["0 != 0"]),
    "hidden-zero": after_b(("b*(s - s)/(s - s)", "field", {"conditions": ["s - s != 0"]}), conditions=["s - s != 0"]),
    "cancelled": after_b(("b*(s/s)", "field")),
    "log-of-a-square": after_b(("b + 0*log(s**2)", "ring"), ("b + 0*(2*log(s))", "log-expand", 1, 1)),
    "log-of-a-negative": after_b(("b + 0*log(-2*s)", "ring"), ("b + 0*(log(s) + log(-2))", "log-expand", 1, 1)),
    "root-of-a-square": after_b(("b + (sqrt(s**2) - sqrt(s**2))", "ring"), ("b + (s - sqrt(s**2))", "power-of-product", 1, 0)),
    "exp-of-log": after_b(("b + (exp(log(s)) - exp(log(s)))", "ring"), ("b + (s - exp(log(s)))", "exp-of-log", 1, 0)),
    # kinks
    "abs-at-zero": of("abs(a)", "a", ("sign(a)*diff(a, a)", "d-function"), ("sign(a)*1", "d-variable", 1)),
    "relu-at-zero": of("relu(a)", "a", ("(1 if a > 0 else 0)*diff(a, a)", "d-function")),
    "maximum-at-a-tie": of("max(a, s)", "a", ("diff(a, a) if a > s else diff(s, a)", "d-function")),
    "maximum-of-many": of("max(y[k] for k in K)", "y[j]", ("sum(diff(y[k], y[j]) for k in K if y[k] == max(y[l] for l in K))", "d-max-over")),
    "case-at-its-edge": of("(a if a > s else s**2)", "a", ("diff(a, a) if a > s else diff(s**2, a)", "d-if")),
    "an-equation-under-the-derivative": of("sum(y[k]*z[k] for k in K)*a", "y[j]", ("diff(1*a, y[j])", "given", 0, 0,
        {"args": {"given": "sum(y[k]*z[k] for k in K) == 1"}}), program="\ngiven sum(y[k]*z[k] for k in K) == 1", given=["sum(y[k]*z[k] for k in K) == 1"]),
    # labels, sizes
    "label-of-another-size": after_b(("b + 0*sum(u[n]*delta(n,lab[n]) for n in N)", "ring")),
    "label-as-a-place": after_b(("b + 0*u[lab[1]]", "ring")),
    "place-zero": after_b(("b + 0*y[0]", "ring")),
    "place-beyond": after_b(("b + 0*sum(y[k]*delta(k,7) for k in K)", "ring"), ("b + 0*y[7]", "sift-delta", 1, 1)),
    "index-of-another-size": after_b(("b + 0*sum(y[k] for k in K)", "ring"), ("b + 0*sum(y[k] for k in N)", "rename")),
    # names
    "name-defined-again": after_b(introduced=["b = 2"]),
    "objective-defined-again": after_b(introduced=["L = 2"]),
    "definition-by-itself": after_b(("b + g - g", "ring"), introduced=["g = g + 1"]),
    "definition-in-a-circle": after_b(("b + g - g", "ring"), introduced=["g = h + 1", "h = g - 2"]),
    "constant-defined-again": after_b(("b + pi - pi", "ring"), introduced=["pi = 3"]),
    "size-defined-again": after_b(("b + K - K", "ring"), introduced=["K = 1"]),
    "label-defined-again": after_b(introduced=["lab[n] = u[n]"]),
    "definition-with-a-free-letter": after_b(("b + g - g", "ring"), introduced=["g = y[i]"]),
    "two-definitions-in-one": after_b(("b + g - g", "ring"), introduced=["g = 1\nh = 2"]),
    "look-alike-name": after_b(("b + \u0430 - \u0430", "ring"), introduced=["\u0430 = 1"]),
    # look-alikes
    "cyrillic-index": {**after_b(), "wrt": ["y[\u0458]"]},
    "full-width-digit": after_b(("b*\uff11", "ring")),
    "minus-sign": after_b(("b \u2212 0", "ring")),
    "full-width-number-of-a-step": certificate(f"L = a*b{MORE}", "a", [{**s, "number": chr(0xFF10 + n)} for n, s in enumerate(chain(*PRODUCT), 1)], "b"),
    # numbers
    "beyond-any-float": after_b(("b + 1e999 - 1e999", "ring")),
    "close-to-zero": after_b(("b + 1e-999999999", "ring")),
    "endless-power": after_b(("b*2**99999999999", "ring")),
    "tower": after_b(("b*9**9**9**9", "ring")),
    "endless-number": after_b(("b*" + "9" * 5000, "ring")),
    "rounded-away": after_b(("b*1.00000000000000000000000000000000000000001", "ring")),
    # what is stated is about something else
    "of-another-problem": {**after_b(), "problem": {"name": None, "title": "", "program": f"L = a*b**2{MORE}"}},
    "by-another-variable": {**after_b(), "wrt": ["b"]},
    "of-another-objective": {**after_b(), "objective": "M"},
    "second-derivative": {**after_b(), "wrt": ["a", "a"]},
    "given-in-the-variable": {**after_b(), "wrt": ["a\ngiven b == 0"]},
    "given-in-the-objective": {**after_b(), "objective": "L\ngiven b == 0"},
    "given-that-is-none": after_b(("0", "given", {"args": {"given": "b == 0"}}), given=["b == 0"]),
    "given-at-a-strange-place": after_b(("b + 0*y[1]", "ring"), ("b + 0*z[1]", "given", 1, 1, {"args": {"given": "y[i] == z[i]", "i": "lab[1]"}}),
        program="\ngiven y[i] == z[i]", given=["y[i] == z[i]"]),
    # steps
    "no-step": certificate(f"L = a*b{MORE}", "a", [], "b"),
    "from-nowhere": certificate(f"L = a*b{MORE}", "a", chain(("b",), ("b + 0", "ring")), "b + 0"),
    "by-a-lemma-of-its-own": after_b(("b + 1", "lemma", {"uses": ["5"]})),
    "by-a-lemma-that-is-none": after_b(("b + 1", "lemma", {"uses": ["1"]})),
    "by-a-lemma-about-another-letter": certificate(f"L = a*b{MORE}", "a", [
        {**step("1", "sum(y[k]*delta(k,i) for k in K)", "y[i]", "sift-delta"), "kind": "lemma"},
        *chain(*PRODUCT, ("b + 0*sum(y[k]*delta(k,1) for k in K)", "ring"),
            ("b + 0*y[2]", "lemma", 1, 1, {"uses": ["1"]}), first=2)], "b + 0*y[2]"),
    "unfolded-where-it-is-cut": certificate(f"{Q}\nL = sum(q[i] for i in K)", "q[j]", chain(("diff(L, q[j])",),
        ("diff(sum(q[i] for i in K), q[j])", "definition", 0), ("diff(sum(y[i]**2 for i in K), q[j])", "definition", 0, 0)),
        "diff(sum(y[i]**2 for i in K), q[j])"),
    "constant-though-it-depends": certificate(f"{Q}\nL = sum(q[i] for i in K)", "y[j]", chain(("diff(L, y[j])",),
        ("diff(sum(q[i] for i in K), y[j])", "definition", 0), ("partial(sum(q[i] for i in K), y[j])", "diff-is-partial"), ("0", "d-constant")), "0"),
    "an-index-as-a-value": after_b(("b + 0*y[1]", "ring"), ("b + 0*y[2]", "ring", 1, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_false_one_is_refused(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises((CertificateRefused, InputError)):
        verify(FALSE[name])
    assert time.perf_counter() - start < 60, "the time is not bounded"


@pytest.mark.parametrize(
    "result", ["b # + 1", "b\n", "b;", "b\n# diff(L, a) == 0", " (b) ", "b # \u03c0"]
)
def test_the_claim_is_written_by_the_verifier(result: str) -> None:
    """A comment or a second line in a text of the certificate does not reach what is printed."""
    try:
        found = verify({**after_b(), "result": result})
    except (CertificateRefused, InputError):
        return
    assert found.claim == "diff(L, a) == b"
    assert summary(found).splitlines()[0].endswith("diff(L, a) == b")


def test_a_title_is_no_line_of_the_verifiers() -> None:
    title = "x\n \u220e  diff(L, a) == 0\x1b[2K"
    record = {**after_b(), "problem": {"name": None, "title": title, "program": f"L = a*b{MORE}"}}
    lines = summary(verify(record)).splitlines()
    assert len([line for line in lines if line.startswith(" \u220e")]) == 1
    assert all(line.isprintable() for line in lines)


def test_what_is_not_covered_is_said() -> None:
    record = {**after_b(), "matrix_form": {"text": "anything"}}
    assert verify(record).unproved == ("the matrix form",)
    assert "the matrix form" in summary(verify(record))
    assert "matrix" not in summary(verify(after_b()))


TRUE = json.dumps(after_b())
HOSTILE = {
    "twice": TRUE.replace('"status": "derived"', '"status": "derived", "status": "derived"'),
    "twice-escaped": TRUE.replace('"status": "derived"', '"status": "derived", "st\\u0061tus": "derived"'),
    "twice-in-a-step": TRUE.replace('"rule": "ring"', '"rule": "ring", "rule": "field"'),
    "nan": TRUE.replace('"points": 0', '"points": NaN'),
    "infinity": TRUE.replace('"points": 0', '"points": 1e999'),
    "long-number": TRUE.replace('"points": 0', '"points": ' + "9" * 100_000),
    "fraction": TRUE.replace('"points": 0', '"points": 0.5'),
    "place": TRUE.replace('"path": [0]', '"path": [1e0]'),
    "deep": TRUE.replace('"points": 0', '"points": ' + "[" * 100_000),
    "deep-object": TRUE.replace('"points": 0', '"points": ' + '{"a":' * 100_000),
    "cut-short": TRUE[:-10],
    "two": TRUE + TRUE,
    "binary": "\x00\x01\x02",
    "half-a-pair": TRUE.replace('"title": ""', '"title": "\\ud800"', 1).replace('"wrt": ["a"]', '"wrt": ["\\ud800"]'),
    "nothing": "",
    "key-missing": TRUE.replace('"domain": [], ', ""),
    "key-more": TRUE.replace('"domain": []', '"domain": [], "domains": []'),
    "other-schema": TRUE.replace("derivation/1", "derivation/1 "),
    "nested-expression": TRUE.replace('"result": "b"', '"result": "' + "(" * 20_000 + "b" + ")" * 20_000 + '"').replace('"wrt": ["a"]', '"wrt": ["' + "(" * 9000 + 'a"]'),
    "program": TRUE.replace("L = a*b", "L = " + "a*(" * 3000 + "b" + ")" * 3000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_no_certificate(name: str) -> None:
    assert HOSTILE[name] != TRUE, "the change changes nothing"
    with pytest.raises(InputError):
        verifier.verify(HOSTILE[name])


@pytest.mark.parametrize("name", ["twice", "deep", "infinity", "half-a-pair", "binary", "program"])
def test_the_command_ends_with_2(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "derivation", "verify", "-"],
        input=HOSTILE[name], capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
