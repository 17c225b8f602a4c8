"""Every rule that names a lemma of the prelude: its own examples, proved by coqc with that lemma.

A rule of differentiation is not here: tangents are written so that it holds by computation.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from test_rules import PROBLEM, sides

from derivation import kernel
from derivation.coq import check
from derivation.coq.errors import NotExported
from derivation.coq.moves import Moves
from derivation.coq.prelude import used_by
from derivation.rules import REGISTRY
from derivation.steps import Step
from derivation.terms import free_indices
from derivation.theory import Theory

VARIABLE = "c"
LEFT_OUT = {"d-", "diff-", "partial-", "chain-", "iterated-"}
RULES = [r for r in REGISTRY.values() if r.lemma and not any(r.id.startswith(x) for x in LEFT_OUT)]


def examples() -> tuple[str, dict[str, str], list[str]]:
    """A section with one lemma for each example, the rule of each, and what is not exported."""
    theory = Theory(PROBLEM)
    m = Moves(theory, VARIABLE)
    m.lemmas, m.prefix, m.known = {}, "", frozenset()
    inputs = [n for n in PROBLEM.shapes if n not in theory.definitions]
    out = [
        "Section Examples.",
        f"Variables ({' '.join(m.names[s] for s in PROBLEM.sizes)} : nat).",
        *(f"Hypothesis P_{m.names[s]} : (0 < {m.names[s]})%nat." for s in PROBLEM.sizes),
        *(f"Variable {m.names[n]} : {m.kind(n)}." for n in inputs),
        *(m.definition(d) for d in theory.definitions.values()),
    ]
    rules: dict[str, str] = {}
    left_out: list[str] = []
    for rule in RULES:
        for example in rule.valid:
            lhs, rhs = sides(example)
            theorem = kernel.instance(theory, rule, lhs, rhs, {})
            free = sorted(free_indices(lhs) | free_indices(rhs), key=lambda i: str(i.name))
            text, env = m.binders(free)
            step = Step("1", "chain", (), rule.id, (), lhs, rhs)
            name = f"example_{len(rules)}"
            try:
                needs = "".join(
                    f" (N_{n} : {m.proposition(h, env)})"
                    for n, h in enumerate(sorted(theorem.hypotheses, key=str))
                )
                equation = f"{m.term(lhs, env)} = {m.term(rhs, env)}"
                proof = m.equation(step, lhs, rhs, env)
            except NotExported as error:
                left_out.append(f"{rule.id}: {error}")
                continue
            ranges = "".join(f" (H_{x} : ({x} < {m.size(i.size)})%nat)" for i, x in env.items())
            rules[name] = rule.id
            out.append(
                f"Lemma {name}{text}{ranges}{needs} : {equation}.\nProof. close_with {proof}. Qed."
            )
    body = "\n".join([*out, "End Examples.\n"])
    return used_by(body) + body, rules, left_out


def test_examples_are_written() -> None:
    _, rules, left_out = examples()
    told = ("no Coq term", "its base may be negative")
    assert all(any(word in reason for word in told) for reason in left_out), left_out
    missing = {r.id for r in RULES if r.valid} - set(rules.values())
    assert not missing, missing


@pytest.mark.skipif(not check.available(), reason="coqc is not installed")
def test_coqc_proves_the_examples(tmp_path: Path) -> None:
    text, rules, _ = examples()
    path = tmp_path / "examples.v"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(["coqc", "-q", "-w", "none", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(rules) > 40
