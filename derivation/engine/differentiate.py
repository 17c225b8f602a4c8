"""Derivatives taken rule by rule, with proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivation.engine.proof import Chain, Proof
from derivation.engine.rewrites import occurrences
from derivation.engine.simplify import Simplifier
from derivation.errors import NotDerived, RuleRefused
from derivation.rules import REGISTRY
from derivation.rules.calculus import SLOPES, split_quotient
from derivation.terms import (
    TRUE,
    Add,
    Diff,
    FunctionDerivative,
    IfElse,
    MaxOver,
    MinOver,
    Mul,
    Partial,
    Pow,
    ProductOver,
    SumOver,
    Term,
    free_indices,
    is_element,
    name_of,
    power,
    subterms,
)
from derivation.theory import Theory

Cite = Callable[[Any], Any]  # Diff(name[indices], v) -> what cites its lemma; None leaves it


class Differentiator:
    """Works out ``diff`` and ``partial`` terms of one theory."""

    def __init__(self, theory: Theory, simplifier: Simplifier, cite: Cite) -> None:
        self.theory, self.simplifier, self.cite = theory, simplifier, cite

    def work_out(self, t: Term) -> Proof:
        """Every derivative in the term worked out.

        Raises:
            NotDerived: There is no rule for something in it.
        """
        chain = Chain(t)
        for path, sub in _derivatives(t):
            chain.splice(self.derive(sub), path)
        return chain.proof()

    def derive(self, t: Any) -> Proof:
        """The derivative at the head of the term, worked out."""
        body = t.args[0]
        if isinstance(body, (MaxOver, MinOver)) and body.index not in free_indices(body.body):
            if body.guard != TRUE:
                raise NotDerived(f"the derivative of {body}, whose values are all the same")
            chain = Chain(t).rule("max-constant", body.body, (0,))
            return chain.splice(self.work_out(chain.term)).proof()
        if isinstance(body, ProductOver) and self.is_power(body):
            after = power(body.body, body.index.size)
            chain = Chain(t).rule("prod-constant", after, (0,))
            return chain.splice(self.work_out(chain.term)).proof()
        rule = self.rule_for(t)
        if rule is None:
            return Chain(t).splice(self.cite(t)).proof()
        rewrite = REGISTRY[rule].rewrite
        try:
            after, _ = rewrite(self.theory, t, {})  # type: ignore[misc]
        except RuleRefused as refused:
            raise NotDerived(f"no rule for {t}: {refused}") from refused
        chain = Chain(t).rule(rule, after)
        chain.splice(self.work_out(after))
        return chain.proof()

    @staticmethod
    def is_power(t: ProductOver) -> bool:
        """Whether all factors of an indexed product are the same, for every value of its index."""
        return t.guard == TRUE and t.index not in free_indices(t.body)

    def rule_for(self, t: Any) -> str | None:
        """The rule that a person would use; None for a defined name, whose lemma is cited."""
        body, by = t.args[0], t.args[1]
        if len(t.args) > 2:
            return "iterated-derivative"
        name, through = name_of(by), isinstance(t, Diff)
        if is_element(body) and name_of(body) == name:
            return "d-variable"
        bare = self.theory.defined(body)
        if bare and not through:
            return "partial-definition"
        if not self.theory.depends(body, name, through):
            return "d-constant"
        if bare:
            return None
        if isinstance(body, Add):
            return "d-sum"
        if isinstance(body, Mul):
            parts = split_quotient(body)
            if parts and all(self.theory.depends(p, name, through) for p in parts):
                return "d-quotient"
            return "d-product"
        if isinstance(body, Pow):
            return "d-power"
        if isinstance(body, SumOver):
            return "d-sum-over"
        if isinstance(body, ProductOver):
            return "d-prod-over"
        if isinstance(body, (MaxOver, MinOver)):
            return "d-max-over"
        if isinstance(body, IfElse):
            return "d-if"
        if type(body) in SLOPES or isinstance(
            body, sympy.polygamma | sympy.Max | sympy.Min | AppliedUndef | FunctionDerivative
        ):
            return "d-function"
        raise NotDerived(f"no rule for the derivative of {body}")


def _derivatives(t: Term) -> list[tuple[tuple[int, ...], Any]]:
    """The outermost derivatives and where they stand."""
    out = []
    for path, sub in occurrences(t):
        if isinstance(sub, (Diff, Partial)):
            out.append((path, sub))
    return out


def has_derivative(t: Term) -> bool:
    return any(isinstance(s, (Diff, Partial)) for s in subterms(t))
