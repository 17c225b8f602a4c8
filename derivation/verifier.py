"""What a certificate proves: ``derivation.checker`` decides, and the oracle may refute besides.

The certificate alone is read. Only the checker can prove, and it shares nothing with the rest of
this program; the oracle evaluates the very statement that was accepted, at small sizes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from derivation import checker
from derivation.checker import LAWS, MAX_BYTES
from derivation.checker.calculus import SLOPES
from derivation.errors import CertificateRefused, DerivationError, InputError

if TYPE_CHECKING:
    from derivation.problem import Problem

# what the checker goes by, for whoever lists it
__all__ = ["LAWS", "MAX_BYTES", "SLOPES", "Verified", "verify", "verify_all"]


@dataclass(frozen=True)
class Verified:
    """What a certificate proves, in the core text of the certificate (``notes/certificate.md``).

    Attributes:
        claim: ``diff(L, z[j]) == yhat[j] - y[j]``, for all sizes, all values of ``letters``, and
            all inputs that meet ``given``, ``conditions`` and ``domain``.
        derived: Whether the claim reaches the result that was asked for. A certificate of a
            derivation that stopped proves what it reached.
        title: What the certificate calls the problem (prose).
        program: The program as it was written (prose: what the names mean is said by the next).
        letters: The free letters of the claim, with the sizes that they run over.
        inputs: Sizes, inputs with their shapes, labels and unknown functions.
        definitions: Definitions of the program.
        introduced: Definitions of names that are not the program's.
        given: The givens of the program that the proof may rest on.
        conditions: What it needs besides; free letters mean "every".
        domain: What holds wherever the objective is defined and has the derivative at all.
        moves: The number of moves.
        lemmas: The number of lemmas and facts proved on the way.
        unproved: What the certificate holds besides and nobody has proved here.
        tried: What the oracle says of the claim: where it agrees, or why it can say nothing; None
            if it was not asked.
    """

    claim: str
    derived: bool
    title: str
    program: str
    letters: Mapping[str, str]
    inputs: tuple[str, ...]
    definitions: tuple[str, ...]
    introduced: tuple[str, ...]
    given: tuple[str, ...]
    conditions: tuple[str, ...]
    domain: tuple[str, ...]
    moves: int
    lemmas: int
    unproved: tuple[str, ...]
    tried: str | None


def verify(text: str | bytes, *, oracle: bool = True) -> Verified:
    """What the certificate of one derivation proves.

    Args:
        text: The certificate.
        oracle: Whether the claim is evaluated at small sizes besides.

    Raises:
        CertificateRefused: It does not prove what it states; the error says at which step.
        InputError: It is not a certificate, or holds several (``verify_all``).

    >>> from derivation import derive
    >>> verify(derive("softmax-cross-entropy").to_json()).claim
    'diff(L, z[j]) == yhat[j] - y[j]'
    """
    found = verify_all(text, oracle=oracle)
    if len(found) != 1:
        raise InputError(f"a set of {len(found)} derivations, not one")
    return found[0]


def verify_all(text: str | bytes, *, oracle: bool = True) -> tuple[Verified, ...]:
    """What each derivation of a certificate proves, be it one derivation or a set.

    Raises:
        CertificateRefused, InputError: As for ``verify``.
    """
    try:
        claims = checker.check(text)
    except checker.Refused as error:
        raise CertificateRefused(error.step, str(error)) from None
    except checker.Malformed as error:
        raise InputError(f"no certificate: {error}") from None
    data = json.loads(text)
    records, core = data.get("derivations", [data]), data["core"]
    return tuple([_told(c, r, core, oracle) for c, r in zip(claims, records, strict=True)])


def _told(claim: checker.Claim, record: Any, core: Any, oracle: bool) -> Verified:
    prose = record.get("introduced")  # which of the definitions are not the program's
    told = prose if isinstance(prose, list) else []
    introduced = {str(text).partition(" = ")[0] for text in told}
    definitions = {_head(d): f"{_head(d)} = {d['body']}" for d in core["definitions"]}
    return Verified(
        claim=_equation(claim, record),
        derived=claim.derived,
        title=claim.title,
        program=str(record["problem"].get("program", "")),
        letters=dict(claim.letters),
        inputs=_inputs(core),
        definitions=tuple([t for head, t in definitions.items() if head not in introduced]),
        introduced=tuple([t for head, t in definitions.items() if head in introduced]),
        given=tuple(claim.given),
        conditions=tuple(claim.conditions),
        domain=tuple(claim.domain),
        moves=claim.moves,
        lemmas=claim.lemmas,
        unproved=("the matrix form",) if record.get("matrix_form") is not None else (),
        tried=_tried(claim, record, core) if oracle else None,
    )


def _equation(claim: checker.Claim, record: Any) -> str:
    """What was proved as one line; a side that is a case stands in brackets."""
    sides = [f"({side})" if " if " in _outside(side) else side for side in _sides(record)]
    return " == ".join(sides) + "".join(f" where {c}" for c in claim.assumes)


def _outside(text: str) -> str:
    """The text without what stands in brackets."""
    depth, out = 0, ""
    for c in text:
        depth += (c in "([") - (c in ")]")
        out += c if not depth else ""
    return out


def _head(definition: Any) -> str:
    letters = ",".join(definition.get("letters", {}))
    return f"{definition['name']}[{letters}]" if letters else str(definition["name"])


def _inputs(core: Any) -> tuple[str, ...]:
    """What there is besides definitions, in words."""
    labels = core.get("labels", {})
    out = [f"sizes {', '.join(core['sizes'])}"] if core["sizes"] else []
    for name, shape in core["arrays"].items():
        of = f" of places over {labels[name]}" if name in labels else ""
        out.append(f"{name}: {' by '.join(shape) or 'a number'}{of}")
    for name, count in core.get("functions", {}).items():
        out.append(f"{name}: an unknown function of {count}, with all derivatives")
    return tuple(out)


# -- the oracle -----------------------------------------------------------------------------


def _tried(claim: checker.Claim, record: Any, core: Any) -> str:
    """What the oracle says of an accepted claim; it raises if it refutes it."""
    from derivation.oracle.edges import tried
    from derivation.terms import collector_at_rest

    try:
        with collector_at_rest():
            found = tried(*_statement(claim, record, core))
    except (DerivationError, RecursionError) as error:
        said = str(error).partition("\n")[0] or "nested too deep"
        return f"not evaluated: {said}"
    if found.refuted is not None:
        raise CertificateRefused(
            "the oracle", f"{_equation(claim, record)} is false {found.refuted}"
        )
    if not found.points:
        return "not evaluated: no point was found at which both sides are defined"
    several = sorted({n for sizes in found.sizes for n in sizes.values()})
    at = f" of sizes {several[0]} to {several[-1]}" if several else ""
    all_edges = found.edges + len(found.missed)
    on = f", {found.edges} of {all_edges} edges among them" if all_edges else ""
    return f"agrees at {found.points} points{at}{on}"


def _statement(claim: checker.Claim, record: Any, core: Any) -> tuple[Problem, Any, Any, Any]:
    """An accepted claim as the language's own reader reads it.

    Returns:
        The program with the hypotheses as givens, both sides, and what is assumed of the letters.
    """
    from dataclasses import replace

    from derivation.language import read_condition, read_expression
    from derivation.problem import Definition, Problem
    from derivation.terms import all_of, any_of, index, negate, size, symbol

    def over(text: str) -> Any:
        return size(int(text) if text.isdigit() else text)

    def letters(sizes: Mapping[str, str]) -> dict[str, Any]:
        return {name: index(name, over(text)) for name, text in sizes.items()}

    problem = Problem(
        text="",
        definitions={},
        objective=symbol("_"),
        wrt=(),
        shapes={name: tuple(map(over, shape)) for name, shape in core["arrays"].items()},
        sizes=tuple(core["sizes"]),
        unknown=dict(core.get("functions", {})),
        labels={name: over(text) for name, text in core.get("labels", {}).items()},
    )
    for d in core["definitions"]:
        own = letters(d.get("letters", {}))
        body = read_expression(d["body"], problem, free=own)
        made = Definition(d["name"], tuple(own.values()), body)
        problem = replace(
            problem,
            definitions={**problem.definitions, made.name: made},
            shapes={**problem.shapes, made.name: tuple([i.size for i in made.params])},
        )
    givens = []
    stated = {*claim.given, *claim.conditions, *claim.domain}
    for h in core["hypotheses"]:
        says, where, free = h["says"], h.get("where", "true"), letters(h.get("letters", {}))
        if where == "true" and says in stated:
            givens.append(read_condition(says, problem, free=free))
        elif f"{says} if {where}" in stated:
            inside, c = (read_condition(t, problem, free=free) for t in (where, says))
            givens.append(any_of(negate(inside), c))
    free = letters(claim.letters)
    left, right = (read_expression(t, problem, free=free) for t in _sides(record))
    assumed = all_of(*[read_condition(t, problem, free=free) for t in claim.assumes])
    return replace(problem, givens=tuple(givens), objective=left), left, right, assumed


def _sides(record: Any) -> tuple[str, str]:
    """The two sides of what a record claims."""
    left = record.get("left") or f"diff({', '.join([record['objective'], *record.get('wrt', [])])})"
    if record["result"] is not None:
        return left, record["result"]
    return left, [left, *[s["after"] for s in record["steps"] if s["kind"] == "chain"]][-1]
