"""Derivations made by hand, in the shapes that the engine produces, for tests of the printers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derivation.problem import Definition, Problem
from derivation.steps import Checked, Outcome, Step
from derivation.terms import (
    ONE,
    TWO,
    ZERO,
    add,
    delta,
    diff,
    divide,
    element,
    exp,
    if_else,
    index,
    inverse,
    log,
    mul,
    neg,
    partial,
    power,
    relation,
    size,
    sum_over,
    symbol,
)

K = size("K")
i, j, k, l = (index(n, K) for n in "ijkl")  # noqa: E741


def z(n: Any) -> Any:
    return element("z", n)


def softmax_cross_entropy(
    p: str = "yhat", title: str | None = "Gradient of the cross-entropy of a softmax"
) -> Outcome:
    """The flagship in style ``cases``: nine steps, the second with substeps."""

    def e(name: str, *at: Any) -> Any:
        return element(name, *at)

    y, loss = "y", symbol("L")
    total = sum_over(exp(z(k)), k)
    softmax = divide(exp(z(i)), total)
    cross = neg(sum_over(mul(e(y, i), log(e(p, i))), i))
    given = relation("==", sum_over(e(y, i), i), ONE)
    problem = Problem(
        text=f"{p}[i] = exp(z[i]) / sum(exp(z[k]) for k in K)\n"
        f"L = -sum(y[i]*log({p}[i]) for i in K)\n"
        "given sum(y[i] for i in K) == 1\nwrt z[j]\nstyle cases\n",
        definitions={p: Definition(p, (i,), softmax), "L": Definition("L", (), cross)},
        objective=loss,
        wrt=((z(j),),),
        shapes={p: (K,), "z": (K,), "L": (), "y": (K,)},
        sizes=("K",),
        givens=(given,),
        style="cases",
        name="softmax-cross-entropy",
        title=title,
    )
    fact = Step(
        "F1",
        "lemma",
        ("The softmax sums to 1",),
        "sum-of-definition",
        ("from the definition of ", e(p, i)),
        sum_over(e(p, i), i),
        ONE,
        substeps=(
            Step(
                "F1.1",
                "chain",
                ("Unfold ", e(p, i)),
                "unfold",
                ("its definition",),
                sum_over(e(p, i), i),
                sum_over(softmax, i),
                level=2,
            ),
            Step(
                "F1.2",
                "chain",
                ("Take the denominator out of the sum",),
                "factor-out",
                ("it does not depend on ", i),
                sum_over(softmax, i),
                divide(sum_over(exp(z(i)), i), total),
                level=2,
            ),
            Step(
                "F1.3",
                "chain",
                ("Cancel",),
                "cancel",
                ("the sums are the same up to the letter",),
                divide(sum_over(exp(z(i)), i), total),
                ONE,
                level=2,
            ),
        ),
    )
    x = symbol("x")
    same, other = relation("==", i, j), relation("!=", i, j)
    dp = diff(e(p, i), z(j))
    in_case = mul(e(p, i), add(ONE, neg(e(p, i))))
    off_case = neg(mul(e(p, i), e(p, j)))
    quotient = divide(
        add(
            mul(diff(exp(z(i)), z(j)), total),
            neg(mul(exp(z(i)), diff(total, z(j)))),
        ),
        power(total, TWO),
    )
    derived = divide(
        add(mul(delta(i, j), exp(z(i)), total), neg(mul(exp(z(i)), exp(z(j))))),
        power(total, TWO),
    )
    folded = mul(e(p, i), add(delta(i, j), neg(e(p, j))))
    lemma = Step(
        "2",
        "lemma",
        ("Derivative of the softmax, in two cases",),
        "local-derivative",
        ("quotient rule",),
        dp,
        if_else(same, in_case, off_case),
        level=0,
        substeps=(
            Step(
                "2.1",
                "chain",
                ("Quotient rule",),
                "quotient-rule",
                ("unfold ", e(p, i), " and differentiate a quotient"),
                dp,
                quotient,
                level=1,
            ),
            Step(
                "2.2",
                "chain",
                ("Differentiate",),
                "exp-rule",
                ("of the sum in the denominator only ", relation("==", k, j), " depends on ", z(j)),
                quotient,
                derived,
                level=1,
            ),
            Step(
                "2.3",
                "chain",
                ("Fold back into ", e(p, i)),
                "fold",
                ("by the definition of ", e(p, i)),
                derived,
                folded,
                level=1,
            ),
            Step(
                "2.4",
                "chain",
                ("The two cases",),
                "split-delta",
                (delta(i, j), " is 1 if ", same, " and 0 if ", other),
                folded,
                if_else(same, in_case, off_case),
                level=1,
            ),
        ),
    )
    dl = diff(loss, z(j))
    first = partial(loss, e(p, i))
    chain = sum_over(mul(first, dp), i)
    factor = neg(divide(e(y, i), e(p, i)))
    together = sum_over(mul(factor, dp), i)
    rest = relation("!=", i, j)
    apart = add(
        neg(mul(e(y, j), add(ONE, neg(e(p, j))))),
        sum_over(mul(e(y, i), e(p, j)), i, rest),
    )
    spread = add(neg(e(y, j)), mul(e(y, j), e(p, j)), mul(e(p, j), sum_over(e(y, i), i, rest)))
    merged = add(neg(e(y, j)), mul(e(p, j), sum_over(e(y, i), i)))
    result = add(e(p, j), neg(e(y, j)))
    own = neg(sum_over(mul(e(y, k), log(e(p, k))), k))
    steps = (
        Step(
            "1",
            "lemma",
            ("Derivative of the logarithm",),
            "log-rule",
            ("a standard derivative, for ", relation(">", x, ZERO)),
            diff(log(x), x),
            inverse(x),
            law=r"\frac{d}{dx} \log x = \frac{1}{x}",
        ),
        lemma,
        Step(
            "3",
            "chain",
            ("Chain rule",),
            "chain-rule",
            (z(j), " acts on ", loss, " through every ", e(p, i)),
            dl,
            chain,
            level=0,
        ),
        Step(
            "4",
            "lemma",
            ("The first factor",),
            "local-derivative",
            ("all terms of the sum but ", relation("==", k, i), " vanish; lemma 1"),
            first,
            factor,
            uses=("1",),
            conditions=(relation("!=", e(p, i), ZERO),),
            substeps=(
                Step(
                    "4.1",
                    "chain",
                    ("Unfold the loss",),
                    "unfold",
                    ("its definition, with the bound index renamed",),
                    first,
                    partial(own, e(p, i)),
                    level=2,
                ),
                Step(
                    "4.2",
                    "chain",
                    ("One term survives",),
                    "sift-delta",
                    (e(y, k), " does not depend on ", e(p, i)),
                    partial(own, e(p, i)),
                    factor,
                    level=2,
                ),
            ),
        ),
        Step(
            "5",
            "chain",
            ("Put together",),
            "substitute",
            ("lemma 4 into the chain rule",),
            chain,
            together,
            path=(0, 0),
            uses=("4",),
        ),
        Step(
            "6",
            "chain",
            ("The ", j, "-th term apart from the rest"),
            "split-sum",
            ("the two cases of lemma 2, one on each side",),
            together,
            apart,
            uses=("2",),
        ),
        Step(
            "7",
            "chain",
            ("Distribute, and take ", e(p, j), " out of the sum"),
            "distribute",
            ("it does not depend on ", i),
            apart,
            spread,
            path=(),
        ),
        Step(
            "8",
            "chain",
            ("Merge the last two terms",),
            "merge-sum",
            ("together they are the sum over all ", i),
            spread,
            merged,
            level=0,
        ),
        Step(
            "9",
            "chain",
            ("Use ", given),
            "given",
            ("given",),
            merged,
            result,
            path=(1, 1),
            level=0,
        ),
    )
    return Outcome(
        problem=problem,
        objective=loss,
        wrt=(z(j),),
        style="cases",
        result=result,
        given=(given,),
        conditions=(),
        domain=(relation(">", e(p, i), ZERO),),
        facts=(fact,),
        steps=steps,
        checked=Checked(tuple({"K": n} for n in range(1, 5)), 96),
    )


def stopped(outcome: Outcome, after: int, reason: str) -> Outcome:
    """The same derivation, given up after some steps."""
    return replace(outcome, result=None, reason=reason, steps=outcome.steps[:after])
