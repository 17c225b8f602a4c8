"""What a rule is, and the list of all of them. Trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from derivation.errors import RuleRefused
from derivation.terms import Term, alpha_equal
from derivation.theory import Theory

Check = Callable[[Theory, Any, Any, Mapping[str, Any]], Iterable[Any]]
Rewrite = Callable[[Theory, Any, Mapping[str, Any]], tuple[Any, Iterable[Any]]]


@dataclass(frozen=True)
class Rule:
    """A trusted law.

    Attributes:
        id: How steps name it.
        topic: The module it stands in.
        title: What a person calls it.
        law: The law in LaTeX.
        needs: Its side conditions, in words of the language.
        check: ``check(theory, lhs, rhs, args)`` gives the conditions under which ``lhs = rhs`` is
            an instance of the law, or raises RuleRefused.
        rewrite: ``rewrite(theory, lhs, args)`` gives the right side and the conditions, for laws
            whose right side follows from the left.
        valid: Examples ``left -> right`` in the input language, over the names of ``SETTING``.
        refuses: Pairs ``left -> right`` that are no instances.
        broken_at: For a law with conditions, an instance and an assignment outside them where it
            fails, as ``left -> right @ name=value``.
        lemma: The lemma of the Coq prelude that it becomes, where there is one.
    """

    id: str
    topic: str
    title: str
    law: str
    check: Check
    rewrite: Rewrite | None = None
    needs: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    broken_at: str = ""
    lemma: str = ""


# the names that the rules' examples use
SETTING = """
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
r[n] = sum(x[n,d]*c[d] for d in D) - t[n]
L = sum(y[i]*log(p[i]) for i in K) + a*b + sum(w[i,k] for i in K for k in K) + sum(r[n] for n in N)
of L
"""

REGISTRY: dict[str, Rule] = {}


def registered(rule: Rule) -> bool:
    """Whether this very rule is in the registry."""
    return REGISTRY.get(rule.id) is rule


def rule(id: str, topic: str, title: str, law: str, **details: Any) -> Callable[[Check], Check]:
    """Registers a function ``check(theory, lhs, rhs, args)`` as a rule."""

    def register(check: Check) -> Check:
        if id in REGISTRY:
            raise RuleRefused(f"the rule {id} is registered twice")
        REGISTRY[id] = Rule(id, topic, title, law, check, **details)
        return check

    return register


def rewriting(
    id: str, topic: str, title: str, law: str, **details: Any
) -> Callable[[Rewrite], Rewrite]:
    """Registers a function ``rewrite(theory, lhs, args)`` whose result is the only right side."""

    def register(rewrite: Rewrite) -> Rewrite:
        def check(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
            out, conditions = rewrite(theory, lhs, args)
            if not alpha_equal(out, rhs):
                raise RuleRefused(f"{id} gives {out}, not {rhs}")
            return conditions

        rule(id, topic, title, law, rewrite=rewrite, **details)(check)
        return rewrite

    return register


def refuse(unless: bool, message: str) -> None:
    """Raises RuleRefused with the message unless the first argument holds."""
    if not unless:
        raise RuleRefused(message)


def as_argument(args: Mapping[str, Any], name: str) -> Term:
    """An argument of a rule instance; raises RuleRefused if it is missing."""
    if name not in args:
        raise RuleRefused(f"the argument {name} is missing")
    return args[name]
