"""Notation: what terms look like, and that brackets never change what a formula says."""

from __future__ import annotations

import math
import random
import re
from fractions import Fraction
from typing import Any

import pytest

from derivation.printers.boxes import plain, width_of
from derivation.printers.formula import LatexDrawing
from derivation.printers.plain import Drawing
from derivation.terms import (
    HALF,
    ONE,
    PI,
    TRUE,
    TWO,
    ZERO,
    add,
    all_of,
    apply,
    apply_unknown,
    delta,
    diff,
    divide,
    element,
    every,
    exp,
    function_derivative,
    if_else,
    index,
    inverse,
    log,
    mul,
    neg,
    number,
    partial,
    power,
    reduction,
    relation,
    size,
    sqrt,
    sum_over,
    symbol,
)

K, N, D = size("K"), size("N"), size("D")
i, j, k, l = (index(n, K) for n in "ijkl")  # noqa: E741
n, d = index("n", N), index("d", D)
x, y, s, lam, loss = map(symbol, ["x", "y", "s", "lambda", "L"])
e = element


def minus(a: Any, *rest: Any) -> Any:
    return add(a, *map(neg, rest))


# term, in Unicode on a line, in ASCII on a line, as displayed LaTeX
LOOKS = [
    (minus(e("yhat", j), e("y", j)), "ŷⱼ − yⱼ", "yhat_j - y_j", r"\hat{y}_j - y_j"),
    (
        mul(e("yhat", i), minus(delta(i, j), e("yhat", j))),
        "ŷᵢ(δᵢⱼ − ŷⱼ)",
        "yhat_i(delta_{ij} - yhat_j)",
        r"\hat{y}_i(\delta_{ij} - \hat{y}_j)",
    ),
    (
        diff(loss, e("z", j)),
        "∂L/∂zⱼ",
        "d L/d z_j",
        r"\frac{\partial L}{\partial z_j}",
    ),
    (
        diff(loss, e("z", j), e("z", l)),
        "∂²L/∂zⱼ∂zₗ",
        "d^2 L/(d z_j d z_l)",
        r"\frac{\partial^2 L}{\partial z_j \, \partial z_l}",
    ),
    (
        diff(loss, e("z", j), e("z", j)),
        "∂²L/∂zⱼ²",
        "d^2 L/d z_j^2",
        r"\frac{\partial^2 L}{\partial z_j^2}",
    ),
    (
        partial(add(x, y), x),
        "∂/∂x (x + y)",
        "d/d x (x + y)",
        r"\frac{\partial}{\partial x} (x + y)",
    ),
    (
        neg(sum_over(mul(e("y", i), log(e("yhat", i))), i)),
        "−Σᵢ yᵢ log ŷᵢ",
        "-sum_i y_i log yhat_i",
        r"-\sum_{i=1}^{K} y_i \log \hat{y}_i",
    ),
    (
        sum_over(e("y", i), i, relation("!=", j, i)),
        "Σ_{i≠j} yᵢ",
        "sum_{i!=j} y_i",
        r"\sum_{i \neq j} y_i",
    ),
    (mul(sum_over(e("x", i), i), y), "(Σᵢ xᵢ) y", "(sum_i x_i) y", None),
    (mul(y, sum_over(e("x", i), i)), "y Σᵢ xᵢ", "y sum_i x_i", None),
    (
        sum_over(mul(neg(divide(e("y", i), e("p", i))), diff(e("p", i), e("z", j))), i),
        "Σᵢ (−yᵢ/pᵢ) · ∂pᵢ/∂zⱼ",
        "sum_i (-y_i/p_i) * d p_i/d z_j",
        r"\sum_{i=1}^{K} \left(-\frac{y_i}{p_i}\right) \cdot "
        r"\frac{\partial p_i}{\partial z_j}",
    ),
    (
        mul(inverse(N), sum_over(mul(e("r", n), e("x", n, d)), n)),
        "(1/N) Σₙ rₙ x_{nd}",
        "(1/N) sum_n r_n x_{nd}",
        r"\frac{1}{N} \sum_{n=1}^{N} r_n x_{nd}",
    ),
    (
        divide(minus(e("yhat", j), e("y", j)), log(symbol("a"))),
        "(ŷⱼ − yⱼ) / log a",
        "(yhat_j - y_j) / log a",
        r"\frac{\hat{y}_j - y_j}{\log a}",
    ),
    (sqrt(x), "√x", "sqrt(x)", r"\sqrt{x}"),
    (inverse(sqrt(add(x, y))), "1 / √(x + y)", "1 / sqrt(x + y)", r"\frac{1}{\sqrt{x + y}}"),
    (power(minus(x, y), TWO), "(x − y)²", "(x - y)^2", "(x - y)^2"),
    (power(log(x), TWO), "(log x)²", "(log x)^2", r"(\log x)^2"),
    (mul(number(-1, 2), x, y), "−x y / 2", "-x y / 2", r"-\frac{x y}{2}"),
    (mul(TWO, lam), "2λ", "2 lambda", r"2 \lambda"),
    (minus(x, add(y, s)), "x − (y + s)", "x - (y + s)", "x - (y + s)"),
    (mul(x, minus(ONE, y)), "x (1 − y)", "x (1 - y)", r"x \, (1 - y)"),
    (neg(divide(x, y)), "−x/y", "-x/y", r"-\frac{x}{y}"),
    (
        reduction("max", e("z", k), k),
        "maxₖ zₖ",
        "max_k z_k",
        r"\max_k z_k",
    ),
    (
        if_else(relation("==", i, j), x, neg(y)),
        "{x if i = j, −y if i ≠ j}",
        "{x if i = j, -y if i != j}",
        r"\begin{cases} x & \text{if } i = j \\ -y & \text{if } i \neq j \end{cases}",
    ),
    (function_derivative("g", (1,), x), "g′(x)", "g'(x)", "g'(x)"),
    (function_derivative("g", (1, 2), x, y), "∂₁∂₂²g(x, y)", None, None),
    (apply_unknown("g", x, y), "g(x, y)", "g(x, y)", "g(x, y)"),
    (neg(log(e("p", n, e("t", n)))), "−log p_{n,tₙ}", "-log p_{n,t_n}", r"-\log p_{n, t_n}"),
    (e("x", number(10), k), "x_{10,k}", "x_{10,k}", "x_{10, k}"),
    (mul(TWO, PI), "2π", "2 pi", r"2 \pi"),
    (apply("abs", minus(x, y)), "|x − y|", "|x - y|", r"\lvert x - y\rvert"),
    (every(relation(">", e("x", i), ZERO), i), "xᵢ > 0 for every i", None, None),
    (all_of(relation("!=", i, j), relation("<=", i, k)), "i ≠ j and i ≤ k", None, None),
    (symbol("sig"), "sig", "sig", r"\mathrm{sig}"),
    (symbol("zbar"), "z̄", "zbar", r"\bar{z}"),
    (symbol("w_out"), "w_out", "w_out", r"w_{\mathrm{out}}"),
    (e("W1", k, d), "W1_{kd}", "W1_{kd}", "W^{(1)}_{kd}"),
    (power(e("W1", k), TWO), "W1ₖ²", "W1_k^2", r"\bigl(W^{(1)}_k\bigr)^2"),
    (e("q", index("c", K)), "q_c", "q_c", "q_c"),
]


@pytest.mark.parametrize("term, unicode, ascii, latex", LOOKS)
def test_looks(term: Any, unicode: str, ascii: str | None, latex: str | None) -> None:
    assert Drawing().line(term) == unicode
    if ascii is not None:
        assert Drawing(unicode=False).line(term) == ascii
    if latex is not None:
        assert LatexDrawing().inline(term, "stack") == latex


@pytest.mark.parametrize("term", [term for term, *_ in LOOKS])
def test_ascii_is_ascii(term: Any) -> None:
    drawing = Drawing(unicode=False)
    assert drawing.line(term).isascii()
    for box in drawing.equation(None, "==", term, 60):
        assert all(plain(row).isascii() for row in box.rows)
    assert LatexDrawing().inline(term, "stack").isascii()


def test_a_direct_derivative_is_told_apart() -> None:
    direct = partial(loss, x)
    chain = add(direct, mul(diff(loss, y), partial(y, x)))
    told = frozenset((direct,))
    assert Drawing(direct=told).line(chain) == "∂⁺L/∂x + ∂L/∂y · ∂y/∂x"
    assert r"\frac{\partial^{+} L}{\partial x}" in LatexDrawing(told).inline(chain, "stack")


def test_tall_boxes() -> None:
    two = if_else(relation("==", i, j), mul(e("p", i), minus(ONE, e("p", i))), neg(e("p", i)))
    (box,) = Drawing().equation(diff(e("p", i), e("z", j)), "==", two, 60)
    assert [plain(row) for row in box.rows] == [
        "          ⎧ pᵢ(1 − pᵢ)   if i = j",
        "∂pᵢ/∂zⱼ = ⎨",
        "          ⎩ −pᵢ          if i ≠ j",
    ]
    quotient = divide(add(*(e("a", q) for q in (i, j, k))), add(*(e("b", q) for q in (i, j, k))))
    (box,) = Drawing().equation(None, "==", quotient, 60)
    assert [plain(row) for row in box.rows] == [
        "  aᵢ + aⱼ + aₖ",
        "= ────────────",
        "  bᵢ + bⱼ + bₖ",
    ]


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [36, 50, 70])
def test_long_lines_are_broken(width: int, unicode: bool) -> None:
    part = mul(inverse(s), add(*(mul(e("w", i, q), exp(e("z", q))) for q in (i, j, k, l))))
    long = add(part, neg(sum_over(part, i)), divide(x, add(y, s, x)), neg(part))
    boxes = Drawing(unicode).equation(diff(loss, e("z", j)), "==", long, width)
    assert len(boxes) > 1
    for box in boxes:
        assert box.width <= width
        for row in box.rows:
            assert width_of(plain(row)) <= width


def test_latex_breaks_long_lines() -> None:
    part = mul(inverse(s), add(*(mul(e("w", i, q), exp(e("z", q))) for q in (i, j, k, l))))
    rows = LatexDrawing().rows(diff(loss, x), "==", add(part, part, part, neg(part)))
    assert len(rows) > 1
    assert all(row.startswith("&") for row in rows[1:])
    for row in rows:  # what is opened by \left is closed on its line
        assert row.count(r"\left") == row.count(r"\right")
        assert row.count("{") == row.count("}")


# -- brackets: read the ASCII line back by the rules of the blackboard, and evaluate -----------


class Reader:
    """Evaluates a line as a person reads it: juxtaposition and * bind, then /, then + and -."""

    def __init__(self, text: str, values: dict[str, Fraction]) -> None:
        self.tokens = re.findall(r"[A-Za-z]\w*|\d+|\S", text)
        self.values, self.at = values, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self) -> float:
        total = -self.quotient() if self.peek() == "-" and self.take() else self.quotient()
        while self.peek() in ("+", "-"):
            total = total + self.quotient() if self.take() == "+" else total - self.quotient()
        return total

    def quotient(self) -> float:
        top = self.product()
        if self.peek() == "/":
            self.take()
            top = top / self.product(single=True)
            assert self.peek() in ("", "+", "-", ")"), "a factor after a/b is ambiguous"
        return top

    def product(self, single: bool = False) -> float:
        total = self.power()
        while not single and (self.peek() == "*" or re.match(r"\w|\(", self.peek())):
            if self.peek() == "*":
                self.take()
            total *= self.power()
        return total

    def power(self) -> float:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            exponent = self.atom()
            base = base**exponent
            assert self.peek() != "^"
        return base

    def atom(self) -> float:
        token = self.take()
        if token == "(":
            value = self.sum()
            assert self.take() == ")"
            return value
        if token in ("exp", "log", "sqrt"):
            if self.peek() == "(":
                return float(getattr(math, token)(self.atom()))
            assert token == "log"
            return math.log(self.atom())
        return int(token) if token.isdigit() else float(self.values[token])


def value(t: Any, values: dict[str, Fraction]) -> float:
    """The term's own value, by its structure."""
    head = type(t).__name__
    if t.is_Rational:
        return float(t)
    if t.is_Symbol:
        return float(values[t.name])
    parts = [value(a, values) for a in t.args]
    if head == "Add":
        return math.fsum(parts)
    if head == "Mul":
        return math.prod(parts)
    if head == "Pow":
        return float(parts[0] ** parts[1])
    return float({"exp": math.exp, "log": math.log}[head](parts[0]))


def random_term(rng: random.Random, depth: int) -> Any:
    """Positive symbols, and every head that brackets depend on."""
    if depth == 0 or rng.random() < 0.15:
        leaves = [x, y, s, ONE, TWO, number(3, 2), number(-2), number(-1, 3)]
        return rng.choice(leaves)

    def below() -> Any:
        return random_term(rng, depth - 1)

    kind = rng.randrange(9)
    if kind < 2:
        return add(*(below() for _ in range(rng.choice((2, 3)))))
    if kind < 5:
        return mul(*(below() for _ in range(rng.choice((2, 3)))))
    if kind == 5:
        return neg(below())
    if kind == 6:
        return inverse(below())
    if kind == 7:
        return power(below(), rng.choice((TWO, number(3), HALF, number(-1, 2), number(-2), y)))
    return rng.choice((exp, log))(below())


def test_brackets_keep_the_meaning() -> None:
    seed = 20240611
    rng = random.Random(seed)
    values = {"x": Fraction(3, 4), "y": Fraction(5, 3), "s": Fraction(7, 5)}
    tried = 0
    for _ in range(4000):
        term = random_term(rng, rng.choice((1, 2, 3)))
        try:
            expected = value(term, values)
        except (ArithmeticError, ValueError, TypeError):
            continue
        line = Drawing(unicode=False).line(term)
        reader = Reader(line, values)
        found = reader.sum()
        assert reader.peek() == "", (seed, term, line)
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9), (seed, term, line)
        tried += 1
    assert tried > 2000


def test_guard_true_is_no_guard() -> None:
    assert Drawing().line(sum_over(e("x", i), i, TRUE)) == "Σᵢ xᵢ"
