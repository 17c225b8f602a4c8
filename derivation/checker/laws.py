"""The laws that a move may name, in the core text itself. Adding one is one entry here.

A law is a row: its name | its variables | the equation | the condition under which it holds. A name
after functions stands for a law about each of them, which is f in the equation. Variables:

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

from collections.abc import Mapping, Sequence

from . import terms as t
from .terms import Letters, Term, refuse, require, subst
from .text import Owed, World

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
log-at-1         |                          | log(1) == 0
sigmoid-at-0     |                          | sigmoid(0) == 1/2
sin tan sinh tanh atan asinh erf sign -odd | a | f(a) == -f(-a)
cos cosh abs -even       | a                        | f(a) == f(-a)
sin tan sinh tanh atan erf abs sign relu -at-0 | | f(0) == 0
cos cosh -at-0           |                          | f(0) == 1
"""
LAWS: dict[str, tuple[str, str, str]] = {}  # name: its variables, the equation, the condition
for row in ROWS.strip().splitlines():
    names, variables, equation, condition = [x.strip() for x in [*row.split("|"), "true"][:4]]
    *functions, name = names.split()
    LAWS |= {f + name: (variables, equation.replace("f(", f + "("), condition) for f in functions}
    LAWS |= {} if functions else {name: (variables, equation, condition)}

Variables = Mapping[str, tuple[str, Sequence[str]]]  # their kinds, and the sizes of their places
Body = tuple[Letters, Term]  # a function of places: its letters and its value


class Instances:
    """The laws as terms, and their instances in a world."""

    def __init__(self, world: World) -> None:
        self.w = world
        self._laws: dict[str, tuple[Variables, Sequence[Term]]] = {}

    def law(self, name: str) -> tuple[Variables, Sequence[Term]]:
        """A law's variables; its two sides and its condition, over a world of its own."""
        if name not in self._laws:
            texts, equation, condition = LAWS[name]
            variables, world, places = {}, World(), []
            for text in texts.split():
                head, _, size = text.partition(":")
                v, _, over = head.strip("?)").partition("(")
                sizes = (size or over).split(",") if size or over else []
                shape = tuple(map(world.size, sizes))
                kind = "place" if size else "condition" if text[0] == "?" else "value"
                kind = "size" if text in ("K", "M") else kind
                world.sizes |= {v} if kind == "size" else set()
                world.conditions |= {v} if kind == "condition" else set()
                world.arrays |= {v: shape} if kind in ("condition", "value") else {}
                places += [world.new_letter(v, *shape)] if kind == "place" else []
                variables[v] = kind, sizes
            sides = world.read(equation, places).term.args[1:]
            self._laws[name] = variables, (*sides, world.read(condition, places).term)
        return self._laws[name]

    def instance(
        self, name: str, put: Mapping[str, str], outer: Letters
    ) -> tuple[Term, Term, Term, Owed]:
        """Both sides and the condition, and the places that must lie in range.

        For a function of places stands ``k, m: body``; for one of none its body.
        """
        variables, sides = self.law(name)
        for v in sorted(put.keys() - variables.keys()):
            refuse(f"{name}: what {v[:40]} stands for is nothing")
        sizes: dict[str, Term] = {}
        bodies: dict[str, Body] = {}
        owes: list[tuple[Term, Term]] = []
        for v, (kind, over) in variables.items():
            require(v in put or kind == "condition", f"{name}: what {v} stands for is not said")
            text, runs = put.get(v, "true"), [sizes[s] for s in over]
            if kind == "size":
                sizes[v] = self.w.size(text)
                continue
            head, _, body = text.rpartition(":")
            names = [n.strip() for n in head.split(",")] if head else []
            wanted = [] if kind == "place" else runs
            good = len(names) == len(wanted) or text == "true"
            require(good, f"{len(wanted)} letters are wanted before the colon in {text[:80]}")
            letters = [self.w.new_letter(n, s) for n, s in zip(names, wanted, strict=False)]
            term, more, _ = self.w.read(body, (*outer, *letters))
            require(term.says == (kind == "condition"), f"a {kind} is wanted, not {body[:80]}")
            owes += [*more, *(self.w.owed(term, runs[0]) if kind == "place" else ())]
            bodies[v] = letters, term
        left, right, condition = [_put(x, sizes, bodies) for x in sides]
        return left, right, condition, owes


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
