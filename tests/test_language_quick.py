"""The short way to read plain texts: wherever it reads one, the reader reads the same."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import pytest
from test_corpus import ITEMS

from benchmarks.corpus import problem_of
from derivation import library
from derivation.api import read
from derivation.engine import derive_outcome
from derivation.errors import InputError
from derivation.language import expressions, read_problem, write
from derivation.language.quick import Quick
from derivation.printers import json as printer
from derivation.problem import Problem
from derivation.terms import Term, free_indices, index, index_names, size

NAMES = ("softmax-cross-entropy", "layernorm", "attention-keys", "tsne", "lasso", "gru-cell", "cox")


def texts(problem: Problem, style: str = "delta") -> list[str]:
    """Every expression in the certificate of a problem's first gradient."""
    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    record = json.loads(printer.render([outcome]))
    found = dict.fromkeys(filter(None, [record["result"], *record["conditions"]]))
    queue = list(record["steps"])
    while queue:
        step = queue.pop()
        found |= dict.fromkeys((step["before"], step["after"], *step["args"].values()))
        found |= dict.fromkeys(step["conditions"])
        queue.extend(step["substeps"])
    return list(found)


def in_full(text: str, problem: Problem, free: dict[str, Term], condition: bool) -> object:
    try:
        return expressions._in_full(text, problem, free, condition=condition)
    except InputError:
        return InputError


def agree(text: str, problem: Problem, free: dict[str, Term]) -> int:
    """1 if the short way reads the text; it must then be right."""
    took = 0
    for condition in (False, True):
        quick = Quick(problem).read(text, free, condition=condition)
        if quick is not None:
            assert quick == in_full(text, problem, free, condition), text
            took += 1
    return took


def letters_of(text: str, problem: Problem) -> dict[str, Term] | None:
    """The free letters of a text, None for one that is not about the problem's own names."""
    for condition in (False, True):
        term = in_full(text, problem, {}, condition)
        if term is not InputError:
            return {i.name: i for i in free_indices(term)}  # type: ignore[arg-type]
    return None


@pytest.mark.parametrize("name", NAMES)
def test_certificates_read_the_short_way_as_the_long(name: str) -> None:
    problem = read(library.load(name))
    for style in ("cases", "delta"):
        read_in_full = taken = 0
        for text in texts(problem, style):
            letters = letters_of(text, problem)
            if letters is not None:
                read_in_full += 1
                taken += agree(text, problem, letters)
                agree(text, problem, {})
        assert taken > 0.9 * read_in_full > 20


def changed(text: str, chance: random.Random) -> Iterator[str]:
    """The text with a token left out, doubled, swapped with the next, or another in its place."""
    tokens = re.findall(r"\w+|\*\*|[=!<>]=|.", text)
    others = [*tokens, *"()[]+-*/,", "**", " for i in K", " if i != j", " else ", "2", "0", " not ",
              " and ", " or ", "==", "delta(i,j)", "exp(", "max(", "1.5", "^", "q", "pi", "=", ";",
              "x_i", "sum(", "all(", "mean(", "lambda", "-", "--", "\n", "é", "02"]  # fmt: skip
    k = chance.randrange(len(tokens))
    yield "".join(tokens[:k] + tokens[k + 1 :])
    yield "".join([*tokens[:k], tokens[k], *tokens[k:]])
    yield "".join([*tokens[:k], *reversed(tokens[k : k + 2]), *tokens[k + 2 :]])
    yield "".join([*tokens[:k], chance.choice(others), *tokens[k + 1 :]])
    yield "".join([*tokens[:k], chance.choice(others), *tokens[k:]])
    end = min(len(tokens), k + chance.randrange(1, 12))
    yield "".join([*tokens[:k], "(", *tokens[k:end], ")", *tokens[end:]])


@pytest.mark.parametrize("name", NAMES)
def test_changed_texts_are_read_alike_or_left(name: str) -> None:
    problem = read(library.load(name))
    chance = random.Random(name)
    found = texts(problem)
    taken = 0
    for text in chance.sample(found, min(25, len(found))):
        for free in ({}, letters_of(text, problem) or {}):
            for other in changed(text, chance):
                taken += agree(other, problem, free)
    assert taken > 12


def test_the_corpus_written_and_read() -> None:
    for item in ITEMS:
        problem = problem_of(item)
        for definition in problem.definitions.values():
            free = {i.name: i for i in definition.params}
            agree(write(definition.body), problem, free)
            agree(item["expect"], problem, {})


K, N = size("K"), size("N")
PROGRAM = """
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(p[i]) for i in K) + s*sum(w[n,i]*z[i] for n in N for i in K) + z[1]*j_x
wrt z[j]
"""


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) + c", "-(a + b) + c", "-(-(a + b)) + c", "(-s)*s", "-s*s", "-(s*s)*s", "(s*s)*s",
        "s*(s*s)", "s/s/s", "1/s", "1/2", "1/2*s", "2/3/s", "s/2", "(1/2)/s", "-1/2*s", "-1/s",
        "1/s**2", "s**-2", "s**(1/2)", "-s**2", "(-s)**2", "s**s**2", "2**3", "0*s", "s/0",
        "s/(1 - 1)", "- -s", "+s", "s - -s", "s*-s", "s if s > 0 else -s",
        "s if s > 0 else s if s < 0 else 2",
        "(s if s > 0 else 1) + 1", "sum(z[i] for i in K if i != j)", "sum(z[j] for j in K)*z[j]",
        "sum(w[n,i] for n in N for i in K)", "sum(z[i] for i in K for i in K)",
        "sum(z[i] for i in N)", "z[i]*w[i,i]", "w[j,i]*z[i]", "z[i] + w[i,1]", "z[0]", "z[01]",
        "delta(i,j)*z[i]*z[j]", "z[i]*z[j]*delta(i,j)", "delta(1,2)", "delta(i,2)*z[i]",
        "diff(L, z[j])", "partial(p[i], z[j])", "diff(L)", "diff(L, 2)", "max(s, 2)", "max(s)",
        "max(z[i] for i in K)", "log(s, 2)", "exp(s, s)", "exp s", "2s", "s 2", "K*s", "K + i",
        "i*z[i]", "pi*s", "pi[i]", "s[i]", "z", "z*s", "q", "p(s)", "exp[s]", "exp", "sum(s)",
        "sum(1 for i in K)", "sum(i for i in K)", "sum(i*z[i] for i in 3)", "sum(s for s in K)",
        "sum(s*z[i] for i in K if s > 0)", "sum(z[i] for i in K if i < j)", "s > 0 and s < 2",
        "s > 0 or s < 2 and s != 1", "(s > 0 or s < 2) and not s == 1", "(s > 0)", "((s)) > 0",
        "(s) + 1 > 0", "0 < s < 2", "0 == 0", "s == s", "i != j", "i < 2", "K > 2", "s > K",
        "all(z[i] > 0 for i in K)", "s = 1", "s > 0 and s > 0", "not not s > 0", "j_x", "z[j_x]",
        "sum(z[i] for i in K if i != k for k in K)", "sum(z[i] for i in K if i != j if i != 2)",
        "sigmoid(s)", "sqrt(s)", "digamma(s)", "polygamma(2, s)", "polygamma(s, s)", "lgamma(s)",
        "mean(z[i] for i in K)", "softmax(z[k] for k in K)[i]", "logsumexp(z[k] for k in K)",
        "(s", "s)", "(s]", "()", "", " ", "s,s", "s;s", "s\ns", "s # s", "s^2", "1.5*s", "1e3*s",
        "99999999999*s", "2**99999", "s**99999", "(((2**64)**64)**64)**64", "if", "for", "s for",
        "ſ", "s\t*s", "s  +  s", "L*p[i]/y[i]", "p[K]", "p[-1]", "p[i,j]", "p[]", "w[n,i]*y[n]",
    ],
)  # fmt: skip
def test_spellings(text: str) -> None:
    problem = read_problem(PROGRAM)
    for free in ({}, {"i": index("i", K), "j": index("j", K)}, {"i": index("i", N)}):
        agree(text, problem, free)


def test_long_and_deep_texts_are_left_or_read_alike() -> None:
    problem = read_problem(PROGRAM)
    for text in (
        " + ".join(["s"] * 300), "*".join(["s"] * 300), "/".join(["s"] * 300), "-" * 50 + "s",
        "(" * 39 + "s" + ")" * 39, "(" * 150 + "s" + ")" * 150, "**".join(["s"] * 45),
        "(s + s)*s - " + "*".join(["(s + 1)"] * 150), "s if s > 0 else " * 45 + "s",
        "(" + " + ".join(["s*s"] * 100) + ") + s", "-(" + " - ".join(["s/s"] * 100) + ")*s*s",
    ):  # fmt: skip
        agree(text, problem, {})


def test_names_that_need_the_reader() -> None:
    for program in (
        "f(x) = x**2\nL = sum(f(x[i]) for i in N)\nwrt x[j]",
        "function g\nL = sum(g(x[i]) for i in N)\nwrt x[j]",
        "label t[n] in K\nL = sum(z[n,t[n]] for n in N)\nwrt z[m,j]",
    ):
        problem = read_problem(program)
        assert Quick(problem).read("L", {}, condition=False) is None
    assert index_names(read_problem(PROGRAM).objective) == frozenset()
