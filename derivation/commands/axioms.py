"""Lists what a proof may rest on: the laws of the checker, and the moves that are no equation."""

from __future__ import annotations

import argparse

HELP = "list the laws that a proof may rest on, with their conditions"
EXAMPLES = """\
These are the laws of the checker (derivation/checker), which every derivation has passed before it
is shown as proved. notes/certificate.md says what each part of them means.

example:
  derivation axioms"""

INTRODUCTION = """\
A law holds for all values of its variables at which its condition holds. Its variables:
  K, M       sizes                          a, b, c    values
  i:K, j:K   places over K                  F(K)       a value at every place over K
  ?c         a condition                    ?C(K)      a condition on places over K"""

# the moves that no equation says; each is some lines of derivation/checker
MOVES = """\
algebra: left == right by the laws of commutative rings and fields and of powers
    decided by their values at random points of a large finite field. What is divided by, or has
    to be positive, is listed with the move and must be known there
differentiate: left == right once every derivative on both sides is taken
    by the table below, sums, products, quotients, powers, cases and unknown functions; the checker
    works out where the derivative exists, and that must be known
chain-rule: diff(L, v) == partial(L, v) + sum(diff(L, m)*partial(m, v)) over the names m
    that v enters directly; partial(L, v) only where v stands in L's own definition
definition: a defined name == its body
given: a hypothesis of the statement that is an equation, at places where its condition is known
lemma: an equation proved before, at places where what it assumes is known"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`axioms` has no options."""


def run() -> int:
    from derivation.commands.output import write
    from derivation.verifier import LAWS, SLOPES

    lines = ["Laws", INTRODUCTION, ""]
    for name, (variables, equation, condition) in LAWS.items():
        lines += [f"  {name}", f"      law    {equation}"]
        lines += [f"      for    {variables}"] if variables else []
        lines += [f"      where  {condition}"] if condition != "true" else []
    lines += ["", "Other moves", *[f"  {line}" for line in MOVES.splitlines()]]
    lines += ["", "Derivatives of functions at x, and where they exist"]
    rows = [row.replace("|", ":").split(":") for row in SLOPES.strip().splitlines()]
    for function, slope, condition in rows:
        where = "" if condition.strip() == "true" else f"   where {condition.strip()}"
        lines.append(f"  {function.strip():9} {slope.strip()}{where}")
    lines.append("  polygamma polygamma(n + 1, x)   where x > 0 and n is a number")
    moves = sum(not line.startswith(" ") for line in MOVES.splitlines())
    counted = f"{len(LAWS)} laws, {moves} other moves, {len(rows) + 1} derivatives of functions."
    lines += ["", counted]
    write("\n".join(lines) + "\n")
    return 0
