# ruff: noqa: E501 - a row a law
"""For each law of the checker: an instance, a near miss, a point without its condition, a source.

``put`` is what the variables stand for in the world of ``tests.by_hand``; ``left`` and ``right`` are what
the instance must say there, ``near`` what it must not. ``false`` holds values for the law's own variables
at which its condition fails and its equation is false.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

GKP = "Graham, Knuth, Patashnik: Concrete Mathematics, 2.3 and 2.4 (sums and recurrences, multiple sums)"
IVERSON = "Graham, Knuth, Patashnik: Concrete Mathematics, 2.1 (Iverson's convention)"
DEFINED = "by definition"
DLMF = "NIST Digital Library of Mathematical Functions, chapter 4 (elementary functions)"
REALS = "Rudin: Principles of Mathematical Analysis, 1.21 and exercise 1.6 (powers of positive numbers)"


NONE: Mapping[str, Any] = MappingProxyType({})


class Example(NamedTuple):
    left: str
    right: str
    near: str
    put: dict[str, str]
    source: str
    letters: Mapping[str, str] = NONE
    says: Any = ()
    at: Any = None  # of the witness
    false: Mapping[str, Any] = NONE


J, IJ = {"j": "K"}, {"i": "K", "j": "K"}
GUARD = {"C": "k: x[k] > b"}
PLUS = [{"letters": {"q": "K"}, "says": "x[q] > 0"}]


def E(left: str, right: str, near: str, source: str, put: dict[str, str], **more: Any) -> Example:
    return Example(left, right, near, put, source, **more)


def one(f: str, right: str, near: str, source: str, **more: Any) -> Example:
    """A law about one value a, at ``b - c``; ``@`` stands for it."""
    texts = [text.replace("@", "(b - c)") for text in (f, right, near)]
    return E(*texts, source, {"a": "b - c"}, **more)


def odd(f: str) -> Example:
    return one(f"{f}(@)", f"-{f}(-@)", f"{f}(-@)", DLMF)


def even(f: str) -> Example:
    return one(f"{f}(@)", f"{f}(-@)", f"-{f}(-@)", DLMF)


def at(text: str, value: str, near: str) -> Example:
    return E(text, value, near, DLMF, {})


EXAMPLES: dict[str, Example] = {
    "sum-add": E("sum(x[k] + a*y[k] for k in K if x[k] > b)", "sum(x[k] for k in K if x[k] > b) + sum(a*y[k] for k in K if x[k] > b)", "sum(x[k] for k in K) + sum(a*y[k] for k in K if x[k] > b)", GKP, {"K": "K", "F": "k: x[k]", "G": "k: a*y[k]", **GUARD}),
    "sum-factor": E("sum(y[j]*x[k] for k in K if x[k] > b)", "y[j]*sum(x[k] for k in K if x[k] > b)", "x[j]*sum(y[k] for k in K if x[k] > b)", GKP, {"K": "K", "a": "y[j]", "F": "k: x[k]", **GUARD}, letters=J),
    "sum-constant": E("sum(x[j] for k in K)", "K*x[j]", "M*x[j]", GKP, {"K": "K", "a": "x[j]"}, letters=J),
    "sum-zero": E("sum(0 for k in K if x[k] > b)", "0", "1", GKP, {"K": "K", **GUARD}),
    "sum-swap": E("sum(sum(u[k,m] for m in M if v[m] > a and u[k,m] > b) for k in K if x[k] > b)", "sum(sum(u[k,m] for k in K if x[k] > b and u[k,m] > b) for m in M if v[m] > a)", "sum(sum(u[k,m] for k in K if x[k] > b) for m in M if v[m] > a and u[1,m] > b)", GKP, {"K": "K", "M": "M", "F": "k,m: u[k,m]", **GUARD, "D": "k: v[k] > a", "E": "p,q: u[p,q] > b"}),
    "sum-product": E("sum(x[k] for k in K if x[k] > b)*sum(v[m] for m in M)", "sum(x[k]*sum(v[m] for m in M) for k in K if x[k] > b)", "sum(x[k]*sum(v[m] for m in M) for k in K)", GKP, {"K": "K", "M": "M", "F": "k: x[k]", "G": "k: v[k]", **GUARD}),
    "sum-cases": E("sum((x[k] if x[k] > b else y[k]) for k in K if k != j)", "sum(x[k] for k in K if k != j and x[k] > b) + sum(y[k] for k in K if k != j and x[k] <= b)", "sum(x[k] for k in K if k != j and x[k] > b) + sum(y[k] for k in K if k != j and x[k] < b)", IVERSON, {"K": "K", "F": "k: x[k]", "G": "k: y[k]", **GUARD, "D": "k: k != j"}, letters=J),
    "sum-join": E("sum(x[k] for k in K if k == j) + sum(x[k] for k in K if k > j)", "sum(x[k] for k in K if k == j or k > j)", "sum(x[k] for k in K if k > j)", GKP, {"K": "K", "F": "k: x[k]", "C": "k: k == j", "D": "k: k > j"}, letters=J, false={"K": 2, "F": [1, 2], "C": [1, 1], "D": [0, 1]}),
    "sum-guard": E("sum(x[k]*y[k] for k in K)", "sum(x[k]*y[k] for k in K if k != lab[1])", "sum(x[k]*y[k] for k in K if k == lab[1])", IVERSON, {"K": "K", "F": "k: x[k]*y[k]", "D": "k: k != lab[1]"}, says=["x[lab[1]] == 0"], at={"x": [0, 2]}, false={"K": 2, "F": [1, 2], "C": [1, 1], "D": [0, 1]}),
    "sum-one-place": E("sum(x[k]*y[j] for k in K if k == j and x[k] > b)", "x[j]*y[j] if x[j] > b else 0", "x[j]*y[j]", IVERSON, {"K": "K", "j": "j", "F": "k: x[k]*y[j]", **GUARD}, letters=J),
    "sift-delta": E("sum(x[k]*y[k]*delta(k,j) for k in K if x[k] > b)", "x[j]*y[j] if x[j] > b else 0", "x[j] if x[j] > b else 0", IVERSON, {"K": "K", "j": "j", "F": "q: x[q]*y[q]", **GUARD}, letters=J),
    "split-term": E("sum(x[k] for k in K if k >= j)", "x[j] + sum(x[k] for k in K if k >= j and k != j)", "x[j] + sum(x[k] for k in K if k >= j)", GKP, {"K": "K", "j": "j", "F": "k: x[k]", "C": "k: k >= j"}, letters=J, false={"K": 2, "F": [1, 2], "C": [0, 1], "j": 1}),
    "max-constant": E("max(x[j] for k in K)", "x[j]", "K*x[j]", DEFINED, {"K": "K", "a": "x[j]"}, letters=J),
    "min-constant": E("min(x[j] for k in K)", "x[j]", "x[1]", DEFINED, {"K": "K", "a": "x[j]"}, letters=J),
    "prod-constant": E("prod(x[j] for k in M)", "x[j]**M", "x[j]**K", GKP, {"K": "M", "a": "x[j]"}, letters=J),
    "prod-factor": E("prod(x[k]*y[k] for k in K if x[k] > b)", "prod(x[k] for k in K if x[k] > b)*prod(y[k] for k in K if x[k] > b)", "prod(x[k] for k in K)*prod(y[k] for k in K if x[k] > b)", GKP, {"K": "K", "F": "k: x[k]", "G": "k: y[k]", **GUARD}),
    "prod-split": E("prod(x[k] for k in K if k >= j)", "x[j]*prod(x[k] for k in K if k >= j and k != j)", "x[j]*prod(x[k] for k in K if k != j)", GKP, {"K": "K", "j": "j", "F": "k: x[k]", "C": "k: k >= j"}, letters=J, false={"K": 2, "F": [3, 2], "C": [0, 1], "j": 1}),
    "log-of-product": E("log(prod(x[k] for k in K if k != j))", "sum(log(x[k]) for k in K if k != j)", "sum(log(x[k]) for k in K)", DLMF, {"K": "K", "F": "k: x[k]", "C": "k: k != j"}, letters=J, says=PLUS, false={"K": 2, "F": [-2, -3], "C": [1, 1]}),
    "by-cases": E("b*c", "b*c if a > 0 else b*c", "b*c if a > 0 else 0", DEFINED, {"c": "a > 0", "a": "b*c"}),
    "case-holds": E("a if b > 0 else c", "a", "c", DEFINED, {"c": "b > 0", "a": "a", "b": "c"}, says=["b > 0"], false={"c": False, "a": 1, "b": 2}),
    "case-fails": E("a if b > 0 else c", "c", "a", DEFINED, {"c": "b > 0", "a": "a", "b": "c"}, says=["b < 0"], at={"b": -2}, false={"c": True, "a": 1, "b": 2}),
    "delta-equal": E("delta(lab[1],lab[1])*delta(j,1)", "1*delta(j,1)", "0", DEFINED, {"K": "K", "i": "lab[1]", "j": "lab[1]"}, letters=J, false={"K": 2, "i": 1, "j": 2}),
    "delta-unequal": E("delta(1,j)", "0", "1", DEFINED, {"K": "K", "i": "1", "j": "j"}, letters=J, false={"K": 2, "i": 1, "j": 1}),
    "delta-cases": E("delta(i,j)", "1 if i == j else 0", "1 if i != j else 0", DEFINED, {"K": "K", "i": "i", "j": "j"}, letters=IJ),
    "equal-index": E("x[i]*y[i]", "x[j]*y[j]", "x[j]*y[i]", "Leibniz: equals for equals", {"K": "K", "i": "i", "j": "j", "F": "k: x[k]*y[k]"}, letters=IJ, false={"K": 2, "i": 1, "j": 2, "F": [1, 2]}),
    "delta-substitutes": E("x[i]*y[j]*delta(i,j)", "x[j]*y[j]*delta(i,j)", "x[i]*y[i]*delta(i,j)", IVERSON, {"K": "K", "i": "i", "j": "j", "F": "k: x[k]*y[j]"}, letters=IJ),
    "equal-values": E("a*b", "c", "a", "Leibniz: equals for equals", {"a": "a*b", "b": "c"}, says=["a*b == c"], at={"c": 2}, false={"a": 1, "b": 2}),
    "power-product": E("(a*b)**c", "a**c*b**c", "a**c*b", REALS, {"a": "a", "b": "b", "c": "c"}, says=["a > 0", "b >= 0", "c > 0"], false={"a": -1, "b": -4, "c": "1/2"}),
    "power-power": E("(a**b)**c", "a**(b*c)", "a**(b + c)", REALS, {"a": "a", "b": "b", "c": "c"}, says=["a >= 0", "b > 0", "c > 0"], false={"a": -1, "b": 2, "c": "1/2"}),
    "power-sum": E("a**(b + c)", "a**b*a**c", "a**b + a**c", REALS, {"a": "a", "b": "b", "c": "c"}, says=["a >= 0", "b > 0", "c > 0"], false={"a": 0, "b": 1, "c": -1}),
    "log-exp": one("log(exp(@))", "@", "-@", DLMF),
    "exp-log": one("exp(log(@))", "@", "-@", DLMF, says=["b > c"], at={"b": 9}, false={"a": -1}),
    "sigmoid-is": one("sigmoid(@)", "1/(1 + exp(-@))", "1/(1 + exp(@))", DEFINED),
    "sigmoid-reflect": one("sigmoid(@)", "1 - sigmoid(-@)", "1 + sigmoid(-@)", "exp(-a)/(1 + exp(-a)) = 1/(1 + exp(a))"),
    "softplus-is": one("softplus(@)", "log(1 + exp(@))", "log(1 + exp(-@))", DEFINED),
    "tan-is": one("tan(@)", "sin(@)/cos(@)", "cos(@)/sin(@)", DLMF),
    "tanh-is": one("tanh(@)", "sinh(@)/cosh(@)", "cosh(@)/sinh(@)", DLMF),
    "relu-is": one("relu(@)", "@ if @ > 0 else 0", "0 if @ > 0 else @", DEFINED),
    "max-is": E("max(b, c*c)", "b if b > c*c else c*c", "c*c if b > c*c else b", DEFINED, {"a": "b", "b": "c*c"}),
    "min-is": E("min(b, c*c)", "b if b < c*c else c*c", "c*c if b < c*c else b", DEFINED, {"a": "b", "b": "c*c"}),
    "max-is-or": E("max(b, c*c)", "b if b >= c*c else c*c", "b if b <= c*c else c*c", DEFINED, {"a": "b", "b": "c*c"}),
    "min-is-or": E("min(b, c*c)", "b if b <= c*c else c*c", "b if b >= c*c else c*c", DEFINED, {"a": "b", "b": "c*c"}),
    "size-is": one("abs(@)", "@*sign(@)", "-@*sign(@)", DEFINED),
    "sign-square": one("sign(@)**2", "1", "-1", DEFINED, says=["b != c"], false={"a": 0}),
    "sign-square-of": one("@*sign(@)**2", "@", "abs(@)", DEFINED),
    "sign-inverse": one("1/sign(@)", "sign(@)", "-sign(@)", DEFINED),
    "sign-cube": one("sign(@)**3", "sign(@)", "abs(sign(@))", DEFINED),
    "detach-value": one("detach(@)", "@", "detach(-@)", DEFINED),
    **{f"{f}-odd": odd(f) for f in ("sin", "tan", "sinh", "tanh", "atan", "asinh", "erf", "sign")},
    **{f"{f}-even": even(f) for f in ("cos", "cosh", "abs")},
    "log-at-1": at("log(1)", "0", "1"),
    **{f"{f}-at-0": at(f"{f}(0)", "0", "1") for f in ("sin", "tan", "sinh", "tanh", "atan", "erf", "abs", "sign", "relu")},
    **{f"{f}-at-0": at(f"{f}(0)", "1", "0") for f in ("cos", "cosh")},
    "sigmoid-at-0": at("sigmoid(0)", "1/2", "1"),
}  # fmt: skip
