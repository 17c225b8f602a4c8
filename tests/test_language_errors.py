"""Bad input: what is said, where the caret stands, and that it takes no time."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from derivation.errors import InputError
from derivation.language import read_condition, read_expression, read_problem

WRT = "\nwrt x"

# program, then pieces of the message
BAD: list[tuple[str, str]] = [
    # reductions and ranges of Python's
    ("L = sum(exp(z))", "`sum` needs to say what it runs over|`sum(exp(z[k]) for k in K)`"),
    ("L = sum([x[i] for i in K])", "list is not part|`sum(x[i] for i in K)`"),
    ("L = max(x)", "needs to say what it runs over|`max(x[k] for k in K)`"),
    ("L = sum(x[i] for i in range(K))", "`range(…)` is not part|`for i in K`"),
    ("L = sum(x[i] for i in range(1, K+1))", "`range(…)` is not part"),
    ("L = sum(x[i] for i in range(len(x)))", "`range(…)` is not part"),
    ("L = sum(x[i] for (i,j) in K)", "one letter a `for`"),
    ("L = sum(x[i] for i in K for i in N)", "`i` is bound twice|such as `j`"),
    ("L = sum(x[i] for i in 0)", "a name or a positive integer"),
    ("L = sum(x[i] for i in 2.5)", "a name or a positive integer"),
    ("L = sum(x[i] for i in x)", "`x` is an array, so it cannot be a size too"),
    ("L = sum(x[i] for i)", "`for` without `in`"),
    ("L = sum(x[i] for i in K, 2)", "stands beside other arguments"),
    ("L = sum(x[i] if i < 2 for i in K)", "`if` without `else`|after `for`"),
    ("L = sum(x[i] for i in K if i)", "a condition is expected"),
    ("L = softmax(x[k] for k in K)", "needs an index|softmax(E for k in K)[i]"),
    ("L = softmax(x)[1]", "needs to say what it runs over"),
    ("L = (x for i in K)", "`for` outside of"),
    # attribute access, operators, other Python
    ("L = np.exp(x)", "attribute access is not part of the language|`exp(…)`"),
    ("L = x.sum()", "attribute access|sum(x[i] for i in N)"),
    ("L = x % 2", "the remainder `%`"),
    ("L = x // 2", "floor division"),
    ("L = x & y", "bit operator"),
    ("L = |x|", "abs(x)"),
    ("L = x!", "factorial"),
    ("L = x'", "a prime"),
    ("L = 'x'", "quote"),
    ('L = "x"', "text in quotes"),
    ("L = {x}", "curly brackets"),
    ("L = [x]", "a list is not part"),
    ("L = (x, y)", "a tuple"),
    ("L = x, y", "a tuple"),
    ("L := x", "assignment inside an expression"),
    ("L += x", "assignment `+=`"),
    ("L = lambda u: u", "`lambda` with a body|a line of its own"),
    ("L = (lambda q:q)(x)", "`lambda` with a body|a line of its own"),
    ("L = X.T @ x", "slot 1 of `X`|matrix notation|`X: N by D`"),
    ("L = f(*x)", "a value is missing"),
    ("L = f(u=x)", "`=` stands inside an expression"),
    ("L = x if y else 2", "a condition is expected"),
    ("L = x == y", "a condition stands where a value is expected|1 if … else 0"),
    ("L = not x", "a condition stands"),
    ("L = 1 if x in K else 0", "`in` as a comparison"),
    ("L = x is y", "`is` is a reserved word"),
    ("L = True*x", "`True` is a reserved word|`1`"),
    ("L = None", "`None` is a reserved word"),
    ("class = 3", "`class` is a reserved word"),
    ("L = await x", "`await` is a reserved word"),
    ("L = __import__('os')", "quote is not part"),
    ("L = exec(x)", "unknown function `exec`"),
    ("L = \\frac{x}{2}", "the backslash"),
    ("L = x <> y", "unequal is `!=`"),
    ("L = x[i:j]", "the colon|no slices"),
    ("L = g(x)(y)", "a call of a call"),
    ("L = x[1](y)", "entry is not a function"),
    ("L = (x + y)[1]", "only a name takes an index"),
    ("L = x[1][2]", "an index after an index|`x[1,2]`"),
    # names and characters
    ("L = ŷ*x", "names and signs are ASCII|`yhat`"),
    ("L = α*x", "`alpha`"),
    ("L = x − y", "write `-`"),
    ("L = Σ x", "sum(… for i in K)"),
    ("L = x\0", "NUL"),
    ("L = x\x07", "control character U+0007"),
    ("L = x\u202e", "U+202E"),
    ("L = \ud800", "U+D800"),
    ("L = sum(z_i for i in K)", "`z_i`|did you mean `z[i]`?"),
    ("L = sum(W_ij for i in K for j in K)", "did you mean `W[i,j]`?"),
    ("L = lgo(x)", "unknown function `lgo`|did you mean `log`?"),
    ("L = ln(x)", "unknown function `ln`|`log(x)`"),
    ("L = Sum(x[i] for i in K)", "sum(E for i in K)"),
    ("L = y(x + 1)", "function y|y*(…)"),
    ("y = 2; L = y(x + 1)", "`y` is not a function|y*(…)"),
    ("f(u) = u; L = f + x", "`f` is a function"),
    ("L = exp(x, y)", "`exp` takes 1 argument, here it has 2"),
    ("L = max(x, y, z)", "`max(a, max(b, c))`"),
    ("L = exp()", "here it has 0"),
    ("L = log(x, 1)", "base 1"),
    ("L = polygamma(y, x)", "the order of"),
    ("L = deriv(g, 1)(x)", "`g` is not an unknown function|function g"),
    ("function g; L = deriv(g, 2, 1)(x)", "`g` has 1 argument, not 2"),
    ("function g; L = deriv(g)(x)", "takes an order"),
    ("function g(2); L = g(x)", "`g` takes 2 arguments"),
    ("L = diff(x, x)", "a person's own lines"),
    # shape of the text
    ("L = (x + y", "`(` is never closed"),
    ("L = x + y)", "`)` closes nothing"),
    ("L = (x + y]", "does not close"),
    ("L = 2x", "`2x` is neither|`2*x`"),
    ("L = 2(x)", "an operator is missing"),
    ("L = a b", "an operator is missing between `a` and `b`|`a*b`"),
    ("L = x wrt x", "`wrt` starts a line of its own"),
    ("L = x +", "a value is missing between `+` and the end"),
    ("L = x +* y", "a value is missing between `+` and `*`"),
    ("L =", "an expression is missing"),
    ("L = x if y > 0", "`if` without `else`"),
    ("L == x", "an equality alone"),
    ("x + y", "an expression alone is not a statement"),
    ("L x", "does not start a statement"),
    ("givn x > 0", "did you mean `given`?"),
    ("x + 1 = y", "`x + …` cannot be defined"),
    ("2 = x", "this cannot be defined"),
    ("p[1] = x", "an index of a definition is a name"),
    ("p[i+1] = x[i]", "index arithmetic is not part of the language yet"),
    ("p[i,i] = x[i]", "stands twice"),
    ("x[i](j) = 2", "the left side is one name"),
    # indices
    ("L = sum(x[t-1] for t in T)", "index arithmetic is not part of the language yet"),
    ("L = sum(x[-1] for t in T)", "a letter or a positive integer"),
    ("L = sum(x[0] for t in T)", "`0` is not an index|starts at 1"),
    ("L = sum(x[1.5] for t in T)", "positive integers"),
    ("L = sum(x[y[t]] for t in T)", "not declared a class number|label y[t] in K"),
    ("L = sum(x[K] for t in K)", "`K` is a size, not an index"),
    ("L = x[i]", "the index `i` of `x` is free"),
    ("L = sum(x[i] for i in 2) + x[3]", "slot 1 of `x` runs from 1 to 2"),
    ("L = x[1]", "nothing says how far slot 1 of `x` runs"),
    ("L = sum(x[i]*x[i,j] for i in K for j in K)", "`x` has 1 slot (`x[i]` in line 1, column 9)"),
    ("L = sum(x[i]*x for i in K)", "here it stands without an index|`x[i]`"),
    ("L = x + sum(x[i] for i in K)", "`x` is a scalar (`x` in line 1, column 5)"),
    ("L = sum(x[i] for i in K) + sum(x[i] for i in N)",
     "two sizes for slot 1 of `x`: K in `x[i]` (line 1, column 9)|N in `x[i]` (line 1, column 32)"),
    ("p[i] = x[i]*y[i]; L = sum(p[i] for i in K) + sum(y[m] for m in M)",
     "two sizes for slot 1 of `y`: K in `y[i]`|but M in `y[m]`"),
    ("L = sum(x[i] for i in K for j in N if i == j)", "`i` runs over K and `j` over N"),
    ("L = sum(delta(i,j) for i in K for j in N)", "indices of different sizes"),
    ("L = sum(K[i] for i in K)", "`K` is an array, so it cannot be a size too"),
    ("K = 3; L = sum(x[i] for i in K)", "`K` is a size|cannot be defined"),
    ("p[K] = x[K]; L = sum(p[i] for i in K)", "`K` is a size, so it cannot be an index"),
    # definitions
    ("L = x; L = 2", "`L` is already defined or declared (line 1, column 1)"),
    ("f(x) = x; f = 2", "`f` is already defined"),
    ("function f; f(x) = x", "`f` is already defined"),
    ("a = b; b = a; L = a*x", "definitions in a circle: a → b → a"),
    ("L = L + x", "definitions in a circle: L → L"),
    ("f(u) = g(u); g(u) = f(u); L = f(x)", "functions are defined in a circle: f → g → f"),
    ("exp(u) = u; L = x", "`exp` is a function of the language"),
    ("pi = 3; L = pi*x", "`pi` is the number"),
    ("function exp; L = x", "is a function of the language"),
    ("function g(0); L = x", "1 to 20 arguments"),
    ("function g(x); L = x", "function g(2)"),
    ("L = x; of M", "`M` is not defined|defined are `L`"),
    ("L = x; style fancy", "unknown style `fancy`|`cases` and `delta`"),
    ("L = x; style case", "did you mean `cases`?"),
    ("label t[n] = K; L = x", "what size its values belong to"),
    # numbers
    ("L = x/0", "division by zero"),
    ("L = x/(2 - 2)", "division by zero"),
    ("L = x/0.0", "division by zero"),
    ("L = x/(y - y)", "division by zero"),
    ("L = x/sum(0 for i in K) + sum(y[i] for i in K)", "division by zero"),
    ("L = x*(2 - 2)**(-1)", "division by zero"),
    ("L = log(0)*x", "`log` has no value at 0|above 0"),
    ("L = x*log(y - y - 1)", "`log` has no value at -1"),
    ("L = x*log(x, -2)", "`log` has no value at -2"),
    ("L = sqrt(-1)*x", "`sqrt` has no value at -1"),
    ("L = x*(-1)**(1/2)", "-1 to the power 1/2 is not a real number"),
    ("L = x*lgamma(0)", "`lgamma` has no value at 0"),
    ("L = x*atanh(1)", "`atanh` has no value at 1|between -1 and 1"),
    ("L = 0**-1*x", "division by zero"),
    # givens
    ("L = x; given 1 == 2", "can never hold"),
    ("L = x; given x != x", "can never hold"),
    ("L = x; given x < x", "can never hold"),
    ("L = x; given (x + 1)**2 == x**2 + 2*x", "can never hold"),
    ("L = sum(x[i] for i in N); given x[i] + 1 == x[i]", "can never hold"),
    ("L = sum(x[i] for i in N); given N < 1", "can never hold"),
    ("L = sum(x[i] for i in N); given N == 1/2", "can never hold"),
    ("L = x; given x > 0; given x < 0", "contradicts one before"),
    ("L = x; given x > y; given y > x", "contradicts"),
    ("L = x*y*z; given x > y; given y > z; given z > x", "contradicts"),
    ("L = x*y*z; given x == y; given y == z; given x != z", "contradicts"),
    ("L = x*y; given x + y > 3; given x < 1; given y < 1", "contradicts"),
    ("L = sum(x[i]*y[i]*z[i] for i in K); given x[i] > y[i]; given y[i] >= z[i]; given z[i] > x[i]",
     "contradicts"),
    ("L = x*sum(y[i] for i in K); given K >= 2; given K + x < 1; given x > 0", "contradicts"),
    ("L = x; given log(x) > 0; given x < 0", "contradicts"),
    ("L = x*y; given sqrt(x - 1) > y; given x < 0", "contradicts"),
    ("L = sum(x[i] for i in K); given sum(x[i] for i in K) == 1; given sum(2*x[i] for i in K) == 3",
     "contradicts"),
    ("L = x; given sqrt(x) < 0", "can never hold"),
    ("L = x; given sigmoid(x) >= 1", "can never hold"),
    ("L = x; given 3 < -2*sin(x)", "can never hold"),
    ("L = x; given cosh(x) < 1", "can never hold"),
    ("L = x; given x == 1; given x != 1", "contradicts"),
    ("L = x; given x >= 1; given x <= 1; given x != 1", "contradicts"),
    ("L = sum(x[i] for i in K); given K >= 3; given K <= 2", "contradicts"),
    ("L = sum(x[i] for i in K); given K > 2; given 2*K < 6", "contradicts"),
    ("L = sum(x[i] for i in K); given x[i] > 0; given -x[j] > 1", "contradicts"),
    ("L = x*sum(p[i,j] for i in K for j in K); given p[i,j] == p[j,i]; given p[a,b] != p[b,a]",
     "contradicts"),
    ("L = sum(x*y[i] for i in K); given sum(y[i] for i in K) == 1; given sum(y[k] for k in K) == 2",
     "contradicts"),
    ("L = x; given x if 1 < 2 else y == 1", "`if … else …`|brackets"),
    ("L = x; given x > 0 and x < 1", "there are several"),
    ("L = x; given 0 < x < 1", "there are several"),
    ("L = x; given x", "needs a comparison"),
    ("L = x; given y > 0 for i in K", "\"for every\""),
    # a person's lines
    ("L = x; = p[j]", "the index `j` is free"),
    ("L = x; = yy", "`yy` is not a name of this problem"),
    ("L = x; claim x > 0", "a claim is an equality"),
    ("L = x; claim x == y if 1 < 2 else 3", "`if … else …`"),
]  # fmt: skip

WRT_BAD = [
    ("L = sum(x[t]*y[t] + a for t in T)", "a `wrt` is missing|`x[t]`, `y[t]`, `a`"),
    ("L = x; wrt q", "`q` does not occur in any definition|`x`"),
    ("L = alpha*x; wrt alpa", "did you mean `alpha`?"),
    ("L = x; wrt L", "`L` is the objective itself"),
    ("L = sum(x[i] for i in N); wrt N", "`N` is a size"),
    ("L = sum(x[i] for i in N); wrt x[N]", "`N` is a size"),
    ("L = sum(x[i] for i in N); wrt x[i,j]", "`x` has 1 slot"),
    ("L = sum(x[i] for i in N); wrt x(j)", "square brackets"),
    ("L = sum(x[i] for i in N); wrt x[i+1]", "index arithmetic"),
    ("L = sum(x[i,t[i]] for i in N); label t[i] in K; wrt t[j]", "`t` is a label"),
    ("p[i] = exp(z[i])/sum(exp(z[k]) for k in K); wrt z[i]",
     "`i` is already an index of the objective `p[i]`|`wrt z[j]`"),
    ("L = x; wrt", "`wrt` needs a name"),
    ("L = x; wrt x then", "needs a name"),
    ("L = x; wrt x then x then x", "third derivative"),
    ("L = x; wrt x y", "`y` is not expected here|W[k,d], b[k]"),
    ("L = x; wrt x and y", "commas"),
    ("wrt x", "nothing is defined"),
    ("", "nothing is defined"),
]  # fmt: skip


def refused(text: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read_problem(text, **options)
    return caught.value


@pytest.mark.parametrize(("text", "pieces"), BAD, ids=[text for text, _ in BAD])
def test_bad_input(text: str, pieces: str) -> None:
    error = refused(text + WRT)
    for piece in pieces.split("|"):
        assert piece in str(error), str(error)
    assert error.line == 1
    assert error.source is not None and error.column is not None
    assert 0 <= error.column <= len(error.source)


@pytest.mark.parametrize(("text", "pieces"), WRT_BAD, ids=[text for text, _ in WRT_BAD])
def test_bad_wrt(text: str, pieces: str) -> None:
    error = refused(text)
    for piece in pieces.split("|"):
        assert piece in str(error), str(error)


CARETS = [
    ("L = sum(x[t-1] for t in T)", "          ^"),
    ("  L\t=  lgo(x)", "       ^"),
    ("L = 1^2 + lambda^2 + lgo(x)", "                     ^"),
    ("L = 12345.678*y + z_i*sum(z[i] for i in K) + sum(z_i for i in K)",
     "                                                 ^"),
    ("a = 1; L = x/0", "             ^"),
    ("L = (x + y", "    ^"),
    ("L = x +   # end", "       ^"),
    ("L = ((1 + 2)) * foo(x)", "                ^"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "caret"), CARETS, ids=[text for text, _ in CARETS])
def test_the_caret_stands_under_the_place(text: str, caret: str) -> None:
    error = refused("# first\r\n" + text + WRT)
    assert (error.line, error.source) == (2, text)
    assert error.column == len(caret) - 1
    assert str(error).splitlines()[1:3] == [f"  {text.expandtabs(1)}", f"  {caret}"]


def test_arguments_have_no_line() -> None:
    error = refused("L = x", wrt="y + 2")
    assert error.line is None and error.source == "y + 2" and error.column == 2
    assert refused("L = x; wrt x", given=["1 == 2"]).source == "1 == 2"
    assert "one statement" in refused("L = x; wrt x", given=["x > 0; x < 1"]).message
    assert "style" in refused("L = x; wrt x", style="nice").message


def test_expressions_and_conditions() -> None:
    problem = read_problem("L = sum(x[i] for i in K); wrt x[j]")
    for text, piece in (
        ("", "an expression is expected"),
        ("x[j]; x[j]", "here are 2"),
        ("x[j] == 1", "a condition stands"),
        ("y[j]", "not a name of this problem"),
        ("sum(x[i] for i in M)", "`M` is not a size of this problem"),
        ("x[K]", "is a size"),
        ("q", "not a name of this problem"),
    ):
        with pytest.raises(InputError, match=re.escape(piece)):
            read_expression(text, problem)
    with pytest.raises(InputError, match="a condition is expected"):
        read_condition("x[j]", problem)


# -- limits: refused, or read, but never a traceback and never long ---------------------------

REFUSED = {
    "bytes": "# " + "x" * 65_536,
    "wide characters": "# " + "ω" * 40_000,
    "tokens": "x " * 20_001,
    "brackets": "L = " + "(" * 101 + "x" + ")" * 101,
    "many brackets": "L = " + "(" * 9_000 + "x" + ")" * 9_000,
    "open brackets": "[" * 20_000,
    "calls": "L = " + "exp(" * 101 + "x" + ")" * 101,
    "signs": "L = " + "-" * 9_000 + "x",
    "powers": "L = " + "**".join(["x"] * 9_000),
    "choices": "L = " + "x if x > 0 else " * 3_000 + "x",
    "nots": "L = 1 if " + "not " * 9_000 + "x > 0 else 0",
    "subscripts": "L = x" + "[1]" * 4_000,
    "chained calls": "L = x" + "(y)" * 4_000,
    "fors": "L = sum(x " + " ".join(f"for i{k} in K" for k in range(4_000)) + ")",
    "slots": "L = x[" + ",".join(["1"] * 9_000) + "]",
    "arguments": "L = exp(" + ",".join(["x"] * 9_000) + ")",
    "digits": "L = x*" + "9" * 401,
    "many digits": "L = x*" + "9" * 60_000,
    "exponent": "L = x*1e999999999",
    "small": "L = x*1e-999999999",
    "quotient": "L = x + " + "/".join(["9" * 400] * 150),
    "power": "L = x**10001",
    "power in brackets": "L = x**((-10001))",
    "tower": "L = x*9**9**9**9**9",
    "written out": "L = 10**10000*x**9999",
    "power of a power": "L = (9**9999)**9999*x",
    "power of a product": "L = ((2*x)**9999)**9999",
    "long product": "L = x*" + "*".join(["9" * 400] * 150),
    "powers unfolded": "f(u) = u**9999\nL = f(f(3))*x",
    "literal size": "L = sum(x for i in " + "9" * 300 + ")",
    "doubling functions": "f0(u) = u*u\n"
    + "\n".join(f"f{k + 1}(u) = f{k}(f{k}(u))" for k in range(60)) + "\nL = f60(x)",
    "adding functions": "f0(u) = u + u\n"
    + "\n".join(f"f{k + 1}(u) = f{k}(u) + f{k}(u)" for k in range(60)) + "\nL = f60(x)",
    "deep functions": "f(u) = " + "exp(" * 90 + "u" + ")" * 90 + "\nL = "
    + "f(" * 90 + "x" + ")" * 90,
    "circle": "\n".join(f"a{k + 1} = a{k}*x" for k in range(3_000)) + "\na0 = a3000",
    "long name": "L = " + "x" * 60_000 + "(y)",
    "bare sum": "L = sum(" + "+".join(f"x{k}" for k in range(5_000)) + ")",
}  # fmt: skip
READ = {
    "brackets": "L = " + "(" * 100 + "x" + ")" * 100,
    "calls": "L = " + "exp(" * 100 + "x" + ")" * 100,
    "sum": "L = " + "+".join(["x"] * 9_900),
    "difference": "L = x" + " - y*2" * 3_900,
    "product": "L = " + "*".join(["x"] * 9_900),
    "quotient": "L = 1/2*x" + "/y/2" * 4_000,
    "conjunction": "L = 1 if " + " and ".join(["x > 0"] * 4_000) + " else 0",
    "left-deep": "L = " + "(" * 95 + "x" + (" + y*z" * 50 + ")") * 95,
    "digits": "L = x*" + "9" * 400,
    "power": "L = x**10000",
    "chain": "a0 = x\n" + "\n".join(f"a{k + 1} = a{k}*x" for k in range(3_000)),
    "diamonds": "a0 = x\nb0 = x\n"
    + "\n".join(f"a{k + 1} = a{k}*b{k}; b{k + 1} = a{k} + b{k}" for k in range(900)),
    "arrays": "\n".join(f"a{k + 1}[i] = a{k}[i]" for k in range(1_000))
    + "\nL = x*sum(a1000[i] for i in K)",
    "definitions": "\n".join(f"a{k} = x" for k in range(5_000)),
}  # fmt: skip


def test_no_dunder_name_is_proposed() -> None:
    with pytest.raises(InputError) as error:
        read_problem("L = x.__class__" + WRT)
    assert "attribute access" in str(error.value) and "write" not in str(error.value)


def quickly(text: str) -> Any:
    start = time.perf_counter()
    try:
        return read_problem(text + WRT)
    finally:
        assert time.perf_counter() - start < 3


@pytest.mark.parametrize("name", REFUSED)
def test_beyond_the_limits(name: str) -> None:
    with pytest.raises(InputError) as caught:
        quickly(REFUSED[name])
    assert len(str(caught.value)) < 1_500


@pytest.mark.parametrize("name", READ)
def test_within_the_limits(name: str) -> None:
    from derivation.language import nodes, write

    problem = quickly(READ[name])
    last = list(problem.definitions.values())[-1]
    text = write(last.body)
    assert nodes(last.body) > 0
    assert read_expression(text, problem) == last.body


# -- random slips: whatever is typed, it is read or refused -----------------------------------

CORPUS = json.loads((Path(__file__).parent / "data" / "public.json").read_text(encoding="utf-8"))
TEXTS = [item["program"] + "\n" + "\n".join(f"given {g}" for g in item.get("given", ()))
         + "\nwrt " + (item["wrt"] if isinstance(item["wrt"], str) else " then ".join(item["wrt"]))
         for item in CORPUS]  # fmt: skip
TEXTS.append(
    "f(x) = x*log(x) + sum(b[i]*x for i in K)\nfunction g(2)\nlabel t[n] in K\n"
    "L = sum(f(z[i])*g(z[i], b[i]) for i in K) + deriv(g, 1, 2)(a, a)\nwrt z[j]\n"
    "claim diff(L, a) == partial(L, a) if a != 0\n= diff(L, z[j])\nstyle cases\nof L"
)
WORDS = [
    *"()[],=+-*/^;\n#.@:'é\t", "for", "in", "if", "else", "and", "or", "not", "given", "wrt",
    "then", "diff", "deriv", "softmax", "lambda", "0", "1", "2", "0.5", "==", "!=", "<", "**",
    "sum", "max", "all", "delta", "K", "i", "x",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_random_slips(seed: int) -> None:
    r = random.Random(seed)
    for _ in range(250):
        pieces = re.findall(r"\s+|\w+|\*\*|==|!=|.", r.choice(TEXTS))
        for _ in range(r.choice((1, 1, 1, 2, 3, 8))):
            k = r.randrange(len(pieces))
            action = r.random()
            if action < 0.3 and len(pieces) > 1:
                del pieces[k]
            elif action < 0.6:
                pieces.insert(k, r.choice(WORDS))
            else:
                pieces[k] = r.choice((r.choice(WORDS), r.choice(pieces)))
        text = "".join(pieces)
        try:
            read_problem(text)
        except InputError as error:
            assert str(error), (seed, text)
            if error.column is not None:
                assert error.source is not None, (seed, text)
                assert 0 <= error.column <= len(error.source), (seed, text)


@pytest.mark.parametrize(
    "text",
    [
        "L = x; given x >= 1; given x <= 1; wrt x",
        "L = x; given x > 0; given x != 1; given x < 2; wrt x",
        "L = sum(x[i] for i in K); given K > 2; given K < 4; wrt x",
        "L = sum(p[i,j] for i in K for j in K); given p[i,j] >= p[j,i]; given p[i,j] <= p[j,i]; "
        "wrt p",
        "L = sum(x[i,j]*y[j,i] for i in K for j in N); given x[i,j] > 0; given y[j,i] < 0; wrt x",
        "L = x*log(1)*sqrt(0)*acosh(1)*digamma(-1/2); wrt x",
        "L = x/(y - z); wrt x",
    ],
)
def test_what_can_hold_and_has_a_value_is_read(text: str) -> None:
    assert read_problem(text).wrt


def test_a_contradiction_names_the_line_of_the_other_given() -> None:
    error = refused("given y > 1\nL = x + y\ngiven -2*y >= 0" + WRT)
    assert error.line == 3
    assert "contradicts the one in line 1" in str(error)


@pytest.mark.parametrize(
    "text",
    ["L = 2**2**2**2**2*z", "L = z*2**(2**65)", "L = z**(2**65)", "f(x) = x**x; L = f(f(f(4)))*z"],
)
def test_a_tower_of_powers_is_too_large(text: str) -> None:
    with pytest.raises(InputError, match="a power beyond 10,000"):
        read_problem(text + "; wrt z")


def test_one_style_a_program() -> None:
    with pytest.raises(InputError, match="the style is named twice"):
        read_problem("L = x; style cases; style delta; wrt x")


@pytest.mark.parametrize(
    "givens",
    [
        "x > y; given y > z; given x > z",
        "x >= y; given y >= z; given z >= x",
        "x == y; given y == z; given x == z",
        "x + y > 1; given x < 1; given y < 1",
        "log(x) < 0; given x < 1",
        "sqrt(x) >= 0; given x <= 0",
        "sin(x) == 1; given abs(y) <= 0; given sigmoid(z) < 1",
        "x > y; given y > z; given z != x",
        "x >= y; given y >= z; given z != x",
    ],
)
def test_givens_that_some_values_meet_are_read(givens: str) -> None:
    assert len(read_problem(f"L = x*y*z; given {givens}; wrt x").givens) == givens.count(";") + 1
