"""What is known in a problem, on a pool of terms: signs, conditions, dependence, differentiability.

What is answered is compared with ``golden/theory_answers.txt`` (rewritten by ``python
tests/regenerate_golden.py`` and read before it is committed), so that an answer that becomes
bolder, or forgets a given that it rests on, shows; and the independent oracle looks at each claim.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from derivation.errors import DerivationError, KernelError
from derivation.language import read_condition, read_expression, read_problem, write
from derivation.matching import entails, match
from derivation.oracle import Oracle
from derivation.problem import Definition
from derivation.signs import NEG, POS, ZER
from derivation.terms import (
    ONE,
    ZERO,
    Integer,
    add,
    all_of,
    alpha_equal,
    any_of,
    apply,
    element,
    free_indices,
    if_else,
    index,
    mul,
    negate,
    power,
    relation,
    size,
    substitute,
    symbol,
)
from derivation.theory import Theory

GOLDEN = pathlib.Path(__file__).parent / "golden" / "theory_answers.txt"
PROBLEM = read_problem(
    """
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
q[i] = z[i]**2
r = a**2 + 1
m = max(z[k] for k in K)
o = abs(a)
u2 = s*a**2
alias = r
function g
label lab[n] in K
label sig[k] in K
given s > 0
given t < 0
given h >= 2
given e <= -1
given f >= 0
given 0 >= f2
given c[k] > 0
given v[k] >= 0
given y[i] != 0
given 1 < big
given a - b > 0
given x[d] - 1 != 0
given sum(x[d] for d in D) > 0
given w[i,j] == w[j,i]
given a*b + 1 != 0
given a + 2*b > -3
given b3*a/a - b > 0
given one >= 1
given half > 1/2
given lt < 1
given u2 != 0
given exp(b2) > 0
given K >= 3
given N > 1
given N <= 5
given D >= N
L = sum(w[i,j]*y[i]*p[j]*q[j]*c[j] for i in K for j in K) + a*b*s*t*h*e*f*f2*big + r + m + o
of L
R = sum(x[d] for d in D) + g(a) + sum(v[lab[n]]*y[sig[lab[n]]] for n in N) + b2 + alias
""",
    need_wrt=False,
)
LETTERS = {letter: index(letter, size("K")) for letter in "ijkl"} | {
    "n": index("n", size("N")), "d": index("d", size("D")),
}  # fmt: skip

SIGNS = """
3
-2
0
1/2
pi
K
i
-i
K - 1
i + 1
a
s
t
h
e
f
f2
big
big - 1
1 - big
2 - big
c[k]
c[j]
c[1]
c[lab[n]]
v[j]
v[j] + 1
y[j]
y[j]**2
y[j]**3
y[j]**(-2)
p[j]
p[j] - 1
1 - p[j]
q[j]
q[j] + 1
-q[j] - 1
r
m
o
alias
alias + s
L
a - b
2*a - 2*b
b - a
(a - b)*s
a*b + 1
a + 2*b
exp(b2)
a*b/b - b
b3 - b
b3*a/a - b
u2
one
half
lt
1 + b*a
(a*b + 1)**2
x[d]
x[d] - 1
sum(x[d] for d in D)
sum(x[k] for k in D)
exp(a)
exp(a) + 1
-exp(a)
exp(a) - 1
sigmoid(a)
1 - sigmoid(a)
sigmoid(a) - 1
1 - sigmoid(b)**2
softplus(a)
cosh(a)
tanh(a)
tanh(s)
tanh(t)
sinh(f)
asinh(t)
atan(s)
erf(s)
sign(s)
sign(t)
sign(a)
detach(s)
detach(a)
abs(a)
abs(s)
abs(y[j])
abs(0)
relu(a)
relu(s)
relu(t)
relu(f)
log(a)
log(h)
log(2)
log(1)
log(s)
log(1/2)
log(1 + s)
log(1 + f)
log(1 + exp(a))
log(1 - exp(a))
log(-s)
lgamma(s)
digamma(s)
polygamma(1, s)
polygamma(1, a)
polygamma(2, s)
polygamma(3, s)
max(s, h)
max(s, t)
max(t, e)
min(s, h)
min(s, t)
max(f, a)
delta(i,j)
delta(i,j) + 1
s if i == j else h
s if i == j else t
f if i == j else s
t if a > b else e
s*h
s*t
t*e
s*f
t*f
f*f2
s*a
s*y[j]
t*0
s + h
s + t
s + f
f + v[j]
f + f2
t + e
t - s
t + f2
-f - s
s + t + a
a**2
a**2 + s
a**4
a**3
a**(-1)
a**(-2)
s**(-1)
t**(-1)
s**a
a**s
f**(1/2)
f**(-1/2)
f**(3/2)
f**s
sqrt(s)
sqrt(a)
sqrt(a**2)
sqrt(t)
t**(1/3)
t**3
t**2
f2**2
f2**3
e**0
1/(1 + exp(a))
1 - 1/(1 + exp(a))
1/(1 + exp(a)) - 1
1 - exp(a)/(1 + exp(a))
exp(a)/(1 + exp(a)) - 1/2
1/(1 + exp(a))**2 - 1/(1 + exp(a))
1 - 1/(a + b)
1 - s/(s + h)
1 - s/(s + a)
1 - s/(s + h)**2*(s + h)
1 - a/s
s/h - 1
1 - c[k]/sum(c[j] for j in K)
1 - 1/(1 + 1/s)
1 - a*s/(a*s + a*h)
a**2 - 2*a*b + b**2
a**2 - 2*a*b + b**2 + s
a**2 + a*b + b**2 + f
a**2 - 2*a*b + b**2 - s
a**2 - 2*a*b + b**2 + t
a**2*s - 2*a*b*s + b**2*s
a**2*b3/b3 - 2*a*b + b**2
a**(-2) - 2*b/a + b**2
a**3 - 2*a*b + b**3
sum(c[k] for k in K)
sum(v[k] for k in K)
sum(y[k] for k in K)
sum(y[k]**2 for k in K)
sum(t for k in K)
sum(f2 for k in K)
sum(s for k in K if k != j)
sum(t for k in K if k != j)
sum(s for k in K if k == j)
sum(s for k in K if k <= j)
sum(s for k in K if j >= k)
sum(s for k in K if k < j)
sum(s for k in K if k <= j and k >= j)
sum(s for k in K if k <= j and k != i)
sum(s for k in K if c[k] > 0)
sum(s for k in K if not (k == j and k == i))
sum(s for k in K if k <= j and i <= j)
sum(s for k in K if k == 1)
sum(p[k] for k in K if k >= j)
prod(c[k] for k in K)
prod(v[k] for k in K)
prod(y[k] for k in K)
prod(t for k in K)
prod(c[k] for k in K if k != j)
max(c[k] for k in K)
max(v[k] for k in K)
max(t for k in K if k != j)
max(c[k] for k in K if k <= j)
min(c[k] for k in K)
min(y[k]**2 for k in K)
max(y[k] for k in K)
g(a)
g(s)
diff(L, a)
acos(a)
tan(s)
"""

CONDITIONS = """
s > 0
s >= 0
s != 0
s == 0
s < 0
t < 0
t <= 0
t != 0
t > 0
f >= 0
f > 0
f2 <= 0
h > 0
h >= 2
h > 2
h != 0
h > 1
e < 0
e < 1
big > 1
1 < big
big >= 1
big - 1 >= 0
big < 1
1 - big < 0
1 - big > 0
big > 2
a > b
b < a
a >= b
a != b
a - b > 0
2*a > 2*b
a == a
a != a
a <= a
a < a
a == a + b - b
a*b/b == a
s/s == 1
c[i] > 0
c[i] != c[j]
v[i] >= 0
v[i] > 0
y[i] != 0
y[i] > 0
y[lab[n]] != 0
x[d] != 1
1 != x[d]
x[d] - 1 != 0
w[i,j] == w[j,i]
w[k,l] == w[l,k]
w[i,j] == w[i,k]
w[1,2] == w[2,1]
sum(x[d] for d in D) != 0
sum(x[d] for d in D) > 0
sum(x[d] for d in D) >= 0
a**2 - 2*a*b + b**2 >= 0
(a - b)**2 >= 0
(a + b)**2 >= 0
(a - b)**2 > 0
a**2 + 1 != 0
r > 0
r >= 1
exp(a) == 0
a*b != -1
a*b + 1 != 0
exp(a) > b2 or a < 0
K >= 1
K >= 3
K >= 4
K > 2
K <= 3
N >= 2
N >= 3
N > 0
D >= 1
D >= 2
D >= 0
K >= N
i == i
i != i
i <= i
i >= i
i < i
i == j
i != j
i >= 1
i < K
lab[n] == lab[n]
lab[n] == j
lab[n] >= 1
s > 0 and t < 0
s > 0 and w[i,j] == w[j,i]
s > 0 and K >= 3
s > 0 and K >= 2
1 == 1
1 == 2
1 != 2
2 < 1
2 >= 2
i > 0
lab[n] > 0
s > 0 and a > 0
s > 0 or a > 0
a > 0 or b > 0
not (s > 0)
not (s > 0 and t < 0)
all(c[k] > 0 for k in K)
all(c[k] > 0 for k in K if k != j)
all(z[k] > 0 for k in K)
all(y[k] != 0 for k in K)
"""

SMOOTH = """
a
exp(a)
log(a)
log(b)
log(a*b)
sqrt(a)
a**2
a**(-2)
a**b
2**a
b**a
1/a
1/b
1/(a*b)
abs(a)
abs(b)
abs(a - a)
sign(a)
relu(a)
relu(a*b - b*a)
max(a, b)
max(a, a)
min(a, 0)
max(b, 1)
tan(a)
asin(a)
acos(a*b)
atanh(a)
acosh(a)
atan(a)
lgamma(a)
digamma(a)
polygamma(1, a)
g(log(a))
detach(abs(a))
abs(detach(a))
o
o*b
alias + o
log(o)
m
p[j]
log(p[j])
1/q[j]
L
(a if b > 0 else log(a))
(log(a) if b > 0 else a)
(log(a) if a > 0 else 1)
(a if a > b else b)
(a if a == a else 1/a)
(a if a*b == b*a else b)
(a if log(a) > 0 else b)
(a if 1/b > a else b)
(a if i == j else abs(a))
(a if a > 0 and b > 0 else b)
(a if a > 0 or b > 0 else b)
(a if not (a > 0) else b)
(a if not (a > 0 and b > 0) else b)
(a if all(z[k] > a for k in K) else b)
(a if all(z[k] > b for k in K) else b)
(a if all(z[k] > b for k in K) else z[j])
sum(abs(z[k]) for k in K)
sum(abs(a*z[k]) for k in K if k != j)
sum(log(z[k]) for k in K if z[k] > 0)
sum(z[k] for k in K if z[k] > a)
sum(a for k in K if z[k] == max(z[l] for l in K))
sum(a for k in K if max(z[l] for l in K) == z[k])
sum(a for k in K if z[k] == max(z[l] for l in K if l != j))
sum(a for k in K if z[k] == max(c[l] for l in K))
sum(a for k in K if z[k] == min(z[l]*a for l in K))
prod(log(z[k]) for k in K)
max(z[k] for k in K)
min(z[k]*a for k in K)
max(a for k in K)
max(a for k in K if k != j)
max(abs(z[k]) for k in K if k != j)
max(a*z[k] for k in K if z[k] > a)
diff(abs(a), a)
partial(log(a), a)
y[j]*abs(z[1])
delta(i,j)*abs(a)
"""
VARIABLES = ("a", "b", "z", "r", "o", "q")

GUARDS = """
i < j
i <= j
i > j
i >= j
j < i
j > i
i == j
j == i
i != j
j != i
i < j and k != l
i != j and k != l
i == j and k == l
k == l and j == i
i < j or k == l
i == j or k == l
not (i == j and k == l)
not (k == l and i == j)
a < b
b > a
a <= b
a == b
a != b
a > 0
all(z[k] > 0 for k in K)
all(z[l] > 0 for l in K)
"""

PATTERNS = """
y[i]
y[j]
y[1]
y[2]
y[5]
y[lab[n]]
x[d]
x[1]
c[i]
w[i,j]
w[j,i]
w[i,i]
w[1,j]
w[lab[n],i]
sum(w[i,k] for k in K)
sum(w[k,k] for k in K)
sum(w[k,i] for k in K)
sum(w[j,l] for l in K)
sum(w[j,l] for l in K if l != j)
sum(w[j,l] for l in K if l != i)
sum(w[i,k]*y[k] for k in K)
sum(x[d]*y[i] for d in D)
sum(x[d]*y[i] for d in D if d != 1)
sum(y[k] for k in K)
sum(x[k] for k in D)
max(y[k] for k in K)
sum(sum(w[i,j] for j in K) for i in K)
sum(sum(w[j,i] for j in K) for i in K)
sum(sum(w[l,l] for l in K) for l in K)
sum(sum(w[k,l] for l in K) for k in K)
sum(y[k]*sum(w[k,l]*w[i,l] for l in K) for k in K)
sum(y[k]*sum(w[k,l]*w[j,k] for l in K) for k in K)
delta(i,j)
delta(j,j)
delta(i,1)
exp(y[i])*y[i]
exp(y[i])*y[j]
g(y[i])
y[i] + y[j]
y[i] + y[j] + y[k]
y[i]*2
y[i]*3
a
s
(y[i] if i < j else y[j])
(y[l] if l < j else y[i])
"""


def term(text: str) -> Any:
    return read_expression(text, PROBLEM, free=LETTERS)


def condition(text: str) -> Any:
    return read_condition(text, PROBLEM, free=LETTERS)


def pool(text: str, read: Callable[[str], Any] = term) -> list[Any]:
    return [read(line) for line in text.strip().splitlines()]


Claim = tuple[str, Any]  # what is answered, and what must hold (or None)


def resting(used: Any) -> str:
    return f"  |  {'; '.join(sorted(map(write, used)))}" if used else ""


def signs(theory: Theory) -> Iterator[Claim]:
    words = {POS: ">", ZER: "==", NEG: "<", POS | ZER: ">=", NEG | ZER: "<=", POS | NEG: "!="}
    for t in pool(SIGNS):
        found, used = theory.sign(t)
        op = words.get(found)
        says = relation(op, t, ZERO) if op else None
        yield f"{write(t)} {op or '?'} 0{resting(used)}", says


def conditions(theory: Theory) -> Iterator[Claim]:
    for c in pool(CONDITIONS, condition):
        holds, used = theory.decide(c)
        yield f"{write(c)}: {'yes' if holds else 'unknown'}{resting(used)}", c if holds else None


def smooth(theory: Theory) -> Iterator[Claim]:
    for t in pool(SMOOTH):
        for name in VARIABLES:
            for through in (True, False):
                if theory.depends(t, name, through):
                    needs = theory.smooth(t, name, through)
                    said = sorted(f"{write(c)}{' (kink)' * (c in theory.kinks)}" for c in needs)
                    how = "" if through else ", names held fixed"
                    yield f"{write(t)} by {name}{how}: {'; '.join(said) or 'everywhere'}", None


def dependence(theory: Theory) -> Iterator[Claim]:
    for t in pool(SMOOTH):
        on = [n for n in VARIABLES if theory.depends(t, n)]
        direct = [n for n in VARIABLES if theory.depends(t, n, False)]
        named = [n for n in VARIABLES if theory.mentions(t, n)]
        yield f"{write(t)}: on {on}, directly on {direct}, names {named}", None


def consequences(theory: Theory) -> Iterator[Claim]:
    guards = pool(GUARDS, condition)
    for a in guards:
        follow = [b for b in guards if entails(a, b)]
        yield (
            f"{write(a)}: {'; '.join(map(write, follow))}",
            negate(all_of(a, negate(all_of(*follow)))),
        )


def instances(theory: Theory) -> Iterator[Claim]:
    terms = pool(PATTERNS)
    for a in terms:
        for b in terms:
            found = match(a, b, theory)
            if found is not None:
                assert alpha_equal(substitute(a, found), b)
                assert free_indices(a) == set(found)
                said = ", ".join(sorted(f"{i} = {write(v)}" for i, v in found.items()))
                yield f"{write(a)} ~ {write(b)}: {said}", None


TOPICS: dict[str, Callable[[Theory], Iterator[Claim]]] = {
    "signs": signs, "conditions": conditions, "smooth": smooth, "dependence": dependence,
    "consequences": consequences, "instances": instances,
}  # fmt: skip


def record() -> Iterator[str]:
    for topic, claims in TOPICS.items():
        yield f"# {topic}"
        yield from (line for line, _ in claims(Theory(PROBLEM)))


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_answered_is_on_record(topic: str) -> None:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"# {topic}") + 1
    known = lines[start:]
    end = next((n for n, line in enumerate(known) if line.startswith("# ")), len(known))
    found = [line for line, _ in TOPICS[topic](Theory(PROBLEM))]
    assert found == known[:end], "look, then tests/regenerate_golden.py"


@pytest.mark.parametrize("topic", ["signs", "conditions", "consequences"])
def test_what_is_claimed_holds_at_every_point(topic: str) -> None:
    oracle = Oracle(PROBLEM)
    points = 0
    for line, says in TOPICS[topic](Theory(PROBLEM)):
        if says is not None:
            try:
                found = oracle.compare(if_else(says, ONE, ZERO), ONE)
            except DerivationError:
                continue
            assert found.refuted is None, f"{line}: {found.refuted}"
            points += found.points
    assert points > 100


def test_indices_in_range() -> None:
    theory = Theory(PROBLEM)
    K, N, three = size("K"), size("N"), size(3)
    k, n = LETTERS["k"], LETTERS["n"]
    lab = element("lab", n)
    for i, over, inside in (
        (k, K, True), (k, N, False), (lab, K, True), (lab, N, False), (element("y", k), K, False),
        (Integer(1), K, True), (Integer(3), K, True), (Integer(4), K, False),
        (Integer(0), K, False),
        (Integer(-1), K, False), (Integer(2), N, True), (Integer(3), N, False),
        (Integer(1), three, True), (Integer(3), three, True), (Integer(4), three, False),
        (add(k, Integer(1)), K, False), (Integer(0), three, False),

        (index("k", three), three, True), (k, three, False),
    ):  # fmt: skip
        assert theory.in_range(i, over) is inside, (i, over)


def test_a_definition_says_what_it_means_and_nothing_that_is_said_already() -> None:
    i, j = LETTERS["i"], LETTERS["j"]
    y = element("y", i)
    theory = Theory(PROBLEM)
    for name in ("p", "z", "K", "pi", "lab", "g", "L"):
        with pytest.raises(KernelError, match="in use"):
            theory.define(Definition(name, (i,), y))
    for params in ((), (j,)):
        with pytest.raises(KernelError, match="leaves an index free"):
            theory.define(Definition("new", params, y))
    with pytest.raises(KernelError, match="an unknown name"):
        theory.define(Definition("new", (i,), element("other", i)))
    with pytest.raises(KernelError, match="an unknown name"):
        theory.define(Definition("new", (i,), element("new", i)))
    theory.define(Definition("new", (i,), y))
    theory.define(Definition("wide", (i, j), y))
    assert theory.unfold(element("new", j)) == element("y", j)
    assert theory.unfold(element("wide", j, i)) == element("y", j)


def test_only_what_is_defined_is_unfolded_at_indices_of_its_sizes() -> None:
    theory, i, n = Theory(PROBLEM), LETTERS["i"], LETTERS["n"]
    for t, why in (
        (element("y", i), "not defined"), (symbol("a"), "not defined"),
        (element("q", i, i), "2 indices"), (element("q"), "0 indices"),
        (element("q", n), "does not run over"), (element("q", Integer(4)), "does not run over"),
    ):  # fmt: skip
        with pytest.raises(KernelError, match=why):
            theory.unfold(t)
    assert theory.unfold(element("q", element("lab", n))) == power(
        element("z", element("lab", n)), Integer(2)
    )


def test_what_is_assumed_is_used_from_then_on() -> None:
    theory, a = Theory(PROBLEM), symbol("a")
    positive = relation(">", a, ZERO)
    assert theory.decide(positive) == (False, frozenset())
    assert theory.assumed() == ()
    for _ in range(2):
        theory.assume(positive)
        theory.assume(any_of(positive, relation("<", a, ZERO)))  # no relation: not used
    assert theory.assumed() == (positive,)
    assert theory.decide(positive) == (True, frozenset((positive,)))
    assert theory.sign(a) == (POS, frozenset((positive,)))


def test_what_is_too_large_to_multiply_out_is_not_taken_for_the_same() -> None:
    sums = [add(*[symbol(f"x{n}{k}") for k in range(8)]) for n in range(5)]
    needs = Theory(PROBLEM).smooth(apply("abs", mul(*sums)), "x00")
    assert needs == {relation("!=", mul(*sums), ZERO)}


def test_relations_of_indices() -> None:
    theory = Theory(PROBLEM)
    for text, is_one in (
        ("i < j", True), ("i == 2", True), ("2 != i", True), ("lab[n] == j", True),
        ("i != lab[n]", True), ("lab[n] == lab[n]", True), ("lab[n] == 2", False),
        ("a > b", False), ("a > i", False), ("i > a", False), ("y[i] > 2", False),
        ("2 > y[i]", False), ("K >= 3", False), ("i + 1 > j", False),
    ):  # fmt: skip
        assert theory.is_index_relation(condition(text)) is is_one, text
    assert not theory.is_index_relation(relation("==", Integer(1), Integer(2)))
