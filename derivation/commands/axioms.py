"""Lists the trusted rules: every law that a proof may rest on, with its side conditions."""

from __future__ import annotations

import argparse

HELP = "list the trusted rules, with their side conditions"
EXAMPLES = """\
example:
  derivation axioms"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`axioms` has no options."""


def run() -> int:
    from derivation import kernel
    from derivation.commands.output import write
    from derivation.rules import REGISTRY

    lines = ["The ways to make a theorem (everything else is made of these)"]
    makers = [
        make
        for name, make in vars(kernel).items()
        if getattr(make, "__module__", "") == kernel.__name__
        and not name.startswith("_")
        and getattr(make, "__annotations__", {}).get("return") == "Theorem"
        and name != "genuine"  # it checks a theorem and makes none
    ]
    for make in makers:
        lines.append(f"  {make.__name__}: {(make.__doc__ or '').strip().splitlines()[0]}")
    topic = None
    for rule in sorted(REGISTRY.values(), key=lambda r: r.topic):
        if rule.topic != topic:
            lines += ["", f"Rules: {rule.topic}"]
            topic = rule.topic
        lines.append(f"  {rule.id}: {rule.title}")
        lines.append(f"      law      {rule.law}")
        if rule.needs:
            lines.append(f"      needs    {'; '.join(rule.needs)}")
        lemma = rule.lemma or "no lemma yet: steps by this rule are not exported"
        lines.append(f"      Coq      {lemma}")
        lines += [f"      example  {example}" for example in rule.valid]
    lines += [
        "",
        f"{len(makers)} ways to make a theorem, {len(REGISTRY)} rules,"
        f" {sum(bool(r.lemma) for r in REGISTRY.values())} of them with a lemma in Coq.",
    ]
    write("\n".join(lines) + "\n")
    return 0
