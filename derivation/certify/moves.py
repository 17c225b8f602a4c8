"""Each move of the engine as moves of the checker's. Untrusted: the checker sees what is wrong.

The engine's move names a rule and two terms; the checker wants a law, what its variables stand for
and a context. Lines are compared by value, so most of algebra needs no move at all, and a rule with
many parts becomes several moves of a law with two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derivation.certify.law_algebra import Moves, connected, flipped
from derivation.certify.law_cases import CASES
from derivation.certify.law_functions import FUNCTIONS
from derivation.certify.law_moves import LawMove
from derivation.certify.law_sums import SUMS, Args
from derivation.errors import RuleRefused
from derivation.matching import match
from derivation.rules import REGISTRY
from derivation.terms import ONE, Term, free_indices
from derivation.theory import Theory

# the checker sees these by itself
FREE = frozenset(("ring", "rename", "same-condition", "iterated-derivative"))


def law_moves(
    rule: str,
    before: Term,
    after: Term,
    args: Mapping[str, Term],
    direction: str,
    theory: Theory,
    cited: Any = None,
) -> list[LawMove]:
    """The moves that lead from ``before`` to ``after``, as one move of the engine does.

    Args:
        rule: Of the engine's move, as ``engine.proof.Move`` has it; so the others.
        before: The term at its place.
        after: What it becomes.
        args: Arguments of the rule.
        direction: ``rl`` if the rule leads from ``after`` to ``before``.
        theory: What is known in the problem.
        cited: The lemma, where the move cites one.

    Raises:
        RuleRefused: It is no instance of the rule, or none that is understood.
    """
    if rule in FREE:
        return []
    if rule in ("field", "powers"):
        return connected(theory, before, after)
    lhs, rhs = (before, after) if direction == "lr" else (after, before)
    moves = _forward(rule, lhs, rhs, args, theory, cited)
    return moves if direction == "lr" else flipped(moves)


_MAKING = {**SUMS, **CASES, **FUNCTIONS}


def _forward(rule: str, lhs: Any, rhs: Any, args: Args, theory: Theory, cited: Any) -> Moves:
    making = _MAKING.get(rule)
    if making is not None:
        return making(theory, lhs, rhs, args)
    if rule == "definition" or rule == "chain-rule":
        return [LawMove(rule, left=lhs, right=rhs)]
    if rule == "given":
        return [LawMove("given", args["values"], given=args["given"])]
    if rule == "lemma":
        return [LawMove("lemma", _places(cited.theorem, lhs, rhs, theory), cited=cited)]
    if rule in REGISTRY and REGISTRY[rule].topic == "calculus":
        return [LawMove("differentiate", left=lhs, right=rhs)]
    raise RuleRefused("no law of the checker for the rule", rule)


def _places(theorem: Any, lhs: Any, rhs: Any, theory: Theory) -> dict[Any, Any]:
    """What the letters of a lemma stand for; those that its left side does not have are 1."""
    values = match(theorem.lhs, lhs, theory)
    if values is None:
        raise RuleRefused("not an instance of the lemma:", lhs, theorem.lhs)
    here = free_indices(rhs)
    letters = free_indices(theorem.lhs) | free_indices(theorem.rhs)
    return {i: values.get(i, i if i in here else ONE) for i in letters}
