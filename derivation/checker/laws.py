"""The laws that a move may name, in the core text itself. Adding one is one entry here.

A law is a row: its name | its variables | the equation | the condition under which it holds.
Variables, separated by blanks:

    K        (a capital K or M) a size
    j:K      a place: a letter, number or label that runs over K
    a        a value
    ?c       a condition
    F(K)     a value that depends on a place over K; F(K,M) on two
    ?C(K)    a condition that depends on a place over K; where a move says nothing of it: true

A law holds for all values of its variables at which the condition holds, with every operation total
(1/0 is 0, a logarithm of what is not positive is some number). ``tests/test_checker_laws.py`` tries
each at random instances, and asks for an instance, a near miss, a point at which it is false without
its condition, and a source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from . import terms as t
from .terms import Term, refuse, subst
from .text import Letters, Owed, World, owed

ROWS = """
sum-add          | K F(K) G(K) ?C(K)        | sum(F[k] + G[k] for k in K if C[k]) == sum(F[k] for k in K if C[k]) + sum(G[k] for k in K if C[k])
sum-factor       | K a F(K) ?C(K)           | sum(a*F[k] for k in K if C[k]) == a*sum(F[k] for k in K if C[k])
sum-constant     | K a                      | sum(a for k in K) == K*a
sum-zero         | K ?C(K)                  | sum(0 for k in K if C[k]) == 0
sum-swap         | K M F(K,M) ?C(K) ?D(M) ?E(K,M) | sum(sum(F[k,m] for m in M if D[m] and E[k,m]) for k in K if C[k]) == sum(sum(F[k,m] for k in K if C[k] and E[k,m]) for m in M if D[m])
sum-product      | K M F(K) G(M) ?C(K) ?D(M) | sum(F[k] for k in K if C[k])*sum(G[m] for m in M if D[m]) == sum(F[k]*sum(G[m] for m in M if D[m]) for k in K if C[k])
sum-cases        | K F(K) G(K) ?C(K) ?D(K)  | sum((F[k] if C[k] else G[k]) for k in K if D[k]) == sum(F[k] for k in K if D[k] and C[k]) + sum(G[k] for k in K if D[k] and not C[k])
sum-join         | K F(K) ?C(K) ?D(K)       | sum(F[k] for k in K if C[k]) + sum(F[k] for k in K if D[k]) == sum(F[k] for k in K if C[k] or D[k]) | all(not C[k] or not D[k] for k in K)
sum-guard        | K F(K) ?C(K) ?D(K)       | sum(F[k] for k in K if C[k]) == sum(F[k] for k in K if D[k]) | all(D[k] or F[k] == 0 for k in K if C[k]) and all(C[k] or F[k] == 0 for k in K if D[k])
sum-one-place    | K j:K F(K) ?C(K)         | sum(F[k] for k in K if k == j and C[k]) == (F[j] if C[j] else 0)
sift-delta       | K j:K F(K) ?C(K)         | sum(F[k]*delta(k,j) for k in K if C[k]) == (F[j] if C[j] else 0)
split-term       | K j:K F(K) ?C(K)         | sum(F[k] for k in K if C[k]) == F[j] + sum(F[k] for k in K if C[k] and k != j) | C[j]
max-constant     | K a                      | max(a for k in K) == a
min-constant     | K a                      | min(a for k in K) == a
prod-constant    | K a                      | prod(a for k in K) == a**K
prod-factor      | K F(K) G(K) ?C(K)        | prod(F[k]*G[k] for k in K if C[k]) == prod(F[k] for k in K if C[k])*prod(G[k] for k in K if C[k])
prod-split       | K j:K F(K) ?C(K)         | prod(F[k] for k in K if C[k]) == F[j]*prod(F[k] for k in K if C[k] and k != j) | C[j]
log-of-product   | K F(K) ?C(K)             | log(prod(F[k] for k in K if C[k])) == sum(log(F[k]) for k in K if C[k]) | all(F[k] > 0 for k in K if C[k])

by-cases         | ?c a                     | a == (a if c else a)
case-holds       | ?c a b                   | (a if c else b) == a | c
case-fails       | ?c a b                   | (a if c else b) == b | not c
delta-equal      | K i:K j:K                | delta(i,j) == 1 | i == j
delta-unequal    | K i:K j:K                | delta(i,j) == 0 | i != j
delta-cases      | K i:K j:K                | delta(i,j) == (1 if i == j else 0)
equal-index      | K i:K j:K F(K)           | F[i] == F[j] | i == j
delta-substitutes | K i:K j:K F(K)          | F[i]*delta(i,j) == F[j]*delta(i,j)
equal-values     | a b                      | a == b | a == b

power-product    | a b c                    | (a*b)**c == a**c*b**c | a >= 0 and b >= 0 and c > 0
power-power      | a b c                    | (a**b)**c == a**(b*c) | a >= 0 and b > 0 and c > 0
power-sum        | a b c                    | a**(b + c) == a**b*a**c | a >= 0 and b > 0 and c > 0
log-exp          | a                        | log(exp(a)) == a
exp-log          | a                        | exp(log(a)) == a | a > 0
sigmoid-is       | a                        | sigmoid(a) == 1/(1 + exp(-a))
sigmoid-reflect  | a                        | sigmoid(a) == 1 - sigmoid(-a)
softplus-is      | a                        | softplus(a) == log(1 + exp(a))
tan-is           | a                        | tan(a) == sin(a)/cos(a)
tanh-is          | a                        | tanh(a) == sinh(a)/cosh(a)
relu-is          | a                        | relu(a) == (a if a > 0 else 0)
max-is           | a b                      | max(a, b) == (a if a > b else b)
min-is           | a b                      | min(a, b) == (a if a < b else b)
max-is-or        | a b                      | max(a, b) == (a if a >= b else b)
min-is-or        | a b                      | min(a, b) == (a if a <= b else b)
size-is          | a                        | abs(a) == a*sign(a)
sign-square      | a                        | sign(a)**2 == 1 | a != 0
sign-square-of   | a                        | a*sign(a)**2 == a
sign-inverse     | a                        | 1/sign(a) == sign(a)
sign-cube        | a                        | sign(a)**3 == sign(a)
detach-value     | a                        | detach(a) == a
sin-odd          | a                        | sin(a) == -sin(-a)
tan-odd          | a                        | tan(a) == -tan(-a)
sinh-odd         | a                        | sinh(a) == -sinh(-a)
tanh-odd         | a                        | tanh(a) == -tanh(-a)
atan-odd         | a                        | atan(a) == -atan(-a)
asinh-odd        | a                        | asinh(a) == -asinh(-a)
erf-odd          | a                        | erf(a) == -erf(-a)
sign-odd         | a                        | sign(a) == -sign(-a)
cos-even         | a                        | cos(a) == cos(-a)
cosh-even        | a                        | cosh(a) == cosh(-a)
abs-even         | a                        | abs(a) == abs(-a)
log-at-1         |                          | log(1) == 0
sin-at-0         |                          | sin(0) == 0
cos-at-0         |                          | cos(0) == 1
tan-at-0         |                          | tan(0) == 0
sinh-at-0        |                          | sinh(0) == 0
cosh-at-0        |                          | cosh(0) == 1
tanh-at-0        |                          | tanh(0) == 0
atan-at-0        |                          | atan(0) == 0
erf-at-0         |                          | erf(0) == 0
abs-at-0         |                          | abs(0) == 0
sign-at-0        |                          | sign(0) == 0
relu-at-0        |                          | relu(0) == 0
sigmoid-at-0     |                          | sigmoid(0) == 1/2
"""

# name: its variables, the equation, the condition
LAWS = {
    name: (variables, equation, condition)
    for name, variables, equation, condition in [
        [part.strip() for part in [*row.split("|"), "true"][:4]] for row in ROWS.splitlines() if row
    ]
}
VARIABLE = re.compile(r"(\??)([A-Za-z]\w*)(?:\(([KM](?:,[KM])?)\)|:([KM]))?")
Variable = tuple[str, Sequence[str]]  # size, place (over a size), value or condition (of places)
Body = tuple[Letters, Term]  # a function of places: its letters and its value


def variable(text: str) -> tuple[str, Variable]:
    """A variable as a row of the laws declares it."""
    match = VARIABLE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a variable of a law: {text}")
    asks, name, over, place = match.groups()
    kind = "size" if name in ("K", "M") else "place" if place else "condition" if asks else "value"
    return name, (kind, (over or place or "").split(",") if over or place else ())


class Instances:
    """The laws as terms, and their instances in a world."""

    def __init__(self, world: World) -> None:
        self.w = world
        self._laws: dict[str, tuple[Mapping[str, Variable], Sequence[Term]]] = {}

    def law(self, name: str) -> tuple[Mapping[str, Variable], Sequence[Term]]:
        """A law's variables; its two sides and its condition, over a world of its own."""
        if name not in self._laws:
            names, equation, condition = LAWS[name]
            variables, world, places = dict(map(variable, names.split())), World(), []
            world.sizes |= {v for v, (kind, _) in variables.items() if kind == "size"}
            world.conditions |= {v for v, (kind, _) in variables.items() if kind == "condition"}
            for v, (kind, over) in variables.items():
                if kind == "place":
                    places.append(world.new_letter(v, world.size(over[0])))
                elif kind != "size":
                    world.arrays[v] = tuple(map(world.size, over))
            sides = world.read(equation, places).term.args[1:]
            self._laws[name] = variables, (*sides, world.read(condition, places).term)
        return self._laws[name]

    def instance(
        self, name: str, put: Mapping[str, str], letters: Letters
    ) -> tuple[Term, Term, Term, Owed]:
        """Both sides and the condition, and the places that must lie in range."""
        variables, sides = self.law(name)
        wanted = {v for v, (kind, _) in variables.items() if kind != "condition"}
        for v in sorted(wanted - set(put) | set(put) - set(variables)):
            refuse(
                f"{name}: what {v[:40]} stands for is {'not said' if v in wanted else 'nothing'}"
            )
        sizes = {v: self.w.size(put[v]) for v, (kind, _) in variables.items() if kind == "size"}
        bodies: dict[str, Body] = {}  # of a place: itself
        owes: list[tuple[Term, Term]] = []
        for v, (kind, over) in variables.items():
            if kind != "size":
                runs = [sizes[s] for s in over]
                bodies[v], more = self._body(put.get(v, "true"), kind, runs, letters)
                owes += more
        left, right, condition = [_put(x, sizes, bodies) for x in sides]
        return left, right, condition, owes

    def _body(self, text: str, kind: str, sizes: Letters, outer: Letters) -> tuple[Body, Owed]:
        """What stands for a function of places, ``k, m: body``; of none: its body."""
        head, _, body = text.rpartition(":")
        if kind == "place":
            place = self.w.read(text, outer)
            return ((), place.term), [*place.owes, *owed(self.w, place.term, sizes[0])]
        names = [n.strip() for n in head.split(",")] if head else []
        if len(names) != len(sizes) and text != "true":
            refuse(f"{len(sizes)} letters are wanted before the colon in {text[:80]}")
        letters = [self.w.new_letter(n, s) for n, s in zip(names, sizes, strict=False)]
        reading = self.w.read(body, (*outer, *letters))
        if reading.term.says != (kind == "condition"):
            refuse(f"a {kind} is wanted, not {body[:80]}")
        return (letters, reading.term), reading.owes


def _put(x: Term, sizes: Mapping[str, Term], bodies: Mapping[str, Body], binders: int = 0) -> Term:
    """A law's term with its variables replaced. Nothing is caught: bound letters are no names."""
    if x.op == "sz":
        return sizes[x.args[0]]
    if x.op == "ix":
        return t.lifted(bodies[x.args[0]][1], binders)
    deeper = binders + (x.op == "red")
    inner = [_put(a, sizes, bodies, deeper) if type(a) is Term else a for a in x.args]
    if x.op in ("get", "cond"):
        letters, body = bodies[x.args[0]]
        return subst(body, dict(zip(letters, inner[1:], strict=False)))
    return t.made(x.op, *inner)
