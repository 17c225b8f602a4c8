"""Every rule on a pool of terms: what it accepts, under which hypotheses, and that this is true.

The pool holds terms of every head and near misses of every law. What each rule makes of each is
compared with ``golden/rule_instances.txt`` (rewritten by ``python tests/regenerate_golden.py`` and
read before it is committed), so a rule that becomes laxer, stricter, or drops a condition shows;
and the independent oracle looks at every instance.
"""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from derivation import kernel
from derivation.errors import DerivationError
from derivation.language import read_condition, read_expression, read_problem, write
from derivation.oracle import Oracle
from derivation.rules import REGISTRY
from derivation.terms import ZERO, diff, index, partial, size
from derivation.theory import Theory

GOLDEN = pathlib.Path(__file__).parent / "golden" / "rule_instances.txt"
PROBLEM = read_problem(
    """
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
q[i] = z[i]**2
u = a**2
m = u
function g
function f(2)
label lab[n] in K
label sig[k] in K
h2[i] = z[i]*c[i]
T = sum(abs(h2[i]) for i in K)
e[i,j] = w[i,j]**2
S = sum(e[i,j] for i in K for j in K) + sum(y[sig[k]] for k in K)
given s > 0
given c[k] > 0
L = sum(y[i]*log(p[i]) for i in K) + a*b*s + sum(w[i,k]*q[k]*c[k] for i in K for k in K) + m
of L
R = sum(v[n]*y[lab[n]] for n in N) + g(a) + f(a, b) + sum(x[d] for d in D)
""",
    need_wrt=False,
)
LETTERS = {letter: index(letter, size("K")) for letter in "ijkl"} | {"n": index("n", size("N"))}

# for laws that say what the right side is
SINGLE = """
a
0
a + b
a*b
a/b
y[i]
y[i]*y[j]
y[j] if i == j else y[j]
a/b if i == j else a/b
a*b/b if i == j else a
y[i] if i == j else z[i]
y[i] if j == j else z[i]
y[i] if j != j else z[i]
a if a > b else b
a if s > 0 else b
a if s < 0 else b
delta(i,j)
delta(j,j)
delta(1,2)
delta(2,2)
delta(i,2)
delta(i,lab[n])
y[i]*delta(i,j)
sum(a for k in K)
sum(a for k in K if k != j)
sum(0 for k in K)
sum(0 for k in K if k != j)
sum(1 for k in K if k != j)
sum(y[k] for k in K)
sum(a*b/b for k in K)
sum(sum(w[k,l] for l in K) for k in K)
sum(sum(w[k,l] for l in K if l < k) for k in K)
sum(sum(w[k,l] for l in K if l < k and l != i) for k in K if k != j)
sum(sum(w[k,l] for l in K if l != j) for k in K)
sum(sum(w[k,k] for k in K) for k in K)
sum(sum(x[d]*y[k] for d in D) for k in K if k != j)
max(a for k in K)
max(a for k in K if k != j)
min(a for k in K)
max(y[k] for k in K)
prod(a for k in K)
prod(a for k in K if k < j)
prod(y[k] for k in K)
log(prod(y[k] for k in K))
log(prod(c[k] for k in K))
log(prod(c[k] for k in K if k != j))
log(sum(y[k] for k in K))
log(a*b)
log(s*c[j])
log(s**2/c[j])
log(a**b)
log(2*s)
log(s/3)
log((1 - s)/s)
log((1 - s)**2*(1 + a)/3)
log(-(1 - s)*s)
log(exp(a))
log(exp(a)*s)
log(1)
log(0)
log(a + b)
log(-s)
log(2)
2**b
(a**b)**2
(a**b*s)**2
sqrt(1/a)
(a**2)**(-1/2)
(b**(1/a))**a
sqrt(a**2)
sqrt(s**2)
(a*b)**2
(s*c[j])**b
(2*s)**b
(-2*s)**b
(exp(a)*s)**b
(a**2*s)**(1/2)
(s**a)**b
(a + b)**2
(1/a)**b
exp(log(s))
exp(log(a))
exp(b*log(s) + a)
exp(2*log(s))
exp(log(s)*log(b))
exp(log(s)**2)
exp(a)
exp(log(a) - log(s))
sigmoid(a)
sigmoid(0)
softplus(a)
relu(a)
relu(0)
detach(a*b)
tanh(0)
tanh(1)
sin(0)
cos(0)
tan(0)
sinh(0)
cosh(0)
atan(0)
erf(0)
abs(0)
sign(0)
exp(0)
diff(y[i], z[j])
diff(y[i], y[i])
diff(y[i], y[j])
diff(y[1], y[2])
diff(y[1], y[j])
diff(w[i,j], w[k,l])
diff(w[i,j], w[i,l])
diff(w[1,j], w[2,l])
diff(p[i], z[j])
diff(p[i], y[j])
diff(p[i], p[j])
diff(a, a)
diff(a, b)
diff(u, a)
diff(m, a)
diff(m, u)
diff(m, b)
diff(a + b + a*b, a)
diff(a + b, b)
diff(b + s, a)
diff(abs(a) + 1/a, a)
diff(a*b, a)
diff(a*exp(a)*b, a)
diff(b*s, a)
diff(a*abs(a), a)
diff(a/b, a)
diff(a/b, b)
diff(a/(b*s**2), b)
diff(a/b/s**2, b)
diff(exp(a)/(1 + exp(a)), a)
diff(1/a, a)
diff(a*b**c[j], a)
diff(abs(a)/abs(b), b)
diff(a**3, a)
diff(a**2, a)
diff(a**1, a)
diff(a**0, a)
diff(a**(-2), a)
diff(sqrt(a), a)
diff(a**b, a)
diff(b**a, a)
diff(a**a, a)
diff(a**u, a)
diff(y[i]**2, y[j])
diff(exp(a*b), a)
diff(log(a*b), a)
diff(sin(a), a)
diff(cos(a), a)
diff(tan(a), a)
diff(asin(a), a)
diff(acos(a), a)
diff(atan(a), a)
diff(sinh(a), a)
diff(cosh(a), a)
diff(tanh(a), a)
diff(asinh(a), a)
diff(acosh(a), a)
diff(atanh(a), a)
diff(erf(a), a)
diff(sigmoid(a*b), a)
diff(softplus(a), a)
diff(relu(a), a)
diff(abs(a), a)
diff(sign(a), a)
diff(lgamma(a), a)
diff(digamma(a), a)
diff(polygamma(2, a), a)
diff(detach(a), a)
diff(max(a, b), a)
diff(min(a, b), a)
diff(max(0, a), a)
diff(max(a, 0), a)
diff(min(0, a), a)
diff(g(a*b), a)
diff(f(a, a*b), a)
diff(f(b, a), a)
diff(deriv(g, 1)(a), a)
diff(deriv(f, 2, 1)(a, a), a)
diff(sum(z[k]*y[k] for k in K), z[j])
diff(sum(z[j]*y[j] for j in K), z[j])
diff(sum(z[k]**2 for k in K if k != i), z[j])
diff(sum(log(z[k]) for k in K if k != i), z[j])
diff(sum(z[k] for k in K if z[k] > 0), z[j])
diff(sum(q[k] for k in K), z[j])
diff(prod(z[k] for k in K), z[j])
diff(prod(z[j] for j in K), z[j])
diff(prod(z[k] for k in K if k != i), z[j])
diff(max(z[k] for k in K), z[j])
diff(min(z[j] for j in K), z[j])
diff(max(z[k] for k in K if k != i), z[j])
diff((a if i == j else a*b), a)
diff((a if a > b else b), a)
diff((a if a > b else abs(a)), a)
diff(L, z[j])
diff(L, p[i])
diff(L, q[i])
diff(L, a)
diff(L, u)
diff(L, y[j])
diff(R, a)
diff(R, v[n])
diff(p[i]*z[i], z[j])
diff(a*b, z[j])
diff(exp(a), a, b)
diff(L, z[j], z[l])
partial(L, z[j], z[l])
diff(y[j], y[1])
diff(sum(y[i]*y[k]*z[j] for j in K), z[j])
diff(sum(z[j] for j in K if j != i), z[j])
diff(prod(y[i]*y[l]*z[k] for k in K), z[j])
diff(prod(log(z[k]) for k in K), z[j])
diff(max(y[i]*y[l]*z[k] for k in K), z[j])
diff(g(log(a)), a)
diff(S, w[i,j])
diff(T, z[j])
diff(T, h2[j])
diff(S, e[i,k])
partial(q[i], q[j])
partial(p[i], y[j])
partial(m, u)
diff(q[i]*a, q[j])
diff(log(p[i])/log(z[i]), z[j])
partial(p[i], z[j])
partial(q[i], z[j])
partial(m, a)
partial(u, a)
partial(L, a)
partial(L, m)
partial(y[i], z[j])
partial(p[i]*a, b)
partial(p[i]*a, z[j])
partial(exp(q[i]), z[j])
partial(q[i] + z[i], z[j])
partial(q[i]*z[i], z[j])
partial(z[i]/q[i], z[j])
partial(q[i]/z[i], z[j])
partial(q[i]**2, z[j])
partial(z[i]**q[i], z[j])
partial(sum(q[k] for k in K), z[j])
partial(sum(q[k]*z[k] for k in K), z[j])
partial(prod(q[k] for k in K), z[j])
partial(max(q[k] for k in K), z[j])
partial((z[i] if i == j else q[i]), z[j])
partial(max(a, u), a)
partial(f(u, a), a)
"""

# for laws that are checked between two sides: within a family, every pair is tried
FAMILIES = """
a*b
b*a
a*(b + 1) - a
a*b/b
a
a*a/a
a + b
b + a
a - b
b - a
a/b
b/a
1/(1 + exp(a)) + exp(a)/(1 + exp(a))
1
2
sqrt(a)*sqrt(a)
sqrt(s)*sqrt(s)
sqrt(a**2)
s**b*s**(1 - b)
s
a**b*a**(1 - b)
exp(a)*exp(b)
exp(a + b)
exp(a)**b
exp(a*b)
(a + b)**2
a**2 + 2*a*b + b**2
(a + b)/(a + b)
(a**2 - b**2)/(a - b)
a*a**(-1)
0
max(a, b)
max(b, a)
g(a + b)
g(b + a)
diff(a*b, a)
diff(b*a, a)
delta(i,j)*delta(i,j)
delta(j,i)**2
a*b/b if i == j else s
a if i == j else s
sqrt(a)*sqrt(a) if i == j and k == l else s
a if i == j and k == l else s

y[i]*delta(i,j)
y[j]*delta(i,j)
y[j]*delta(j,i)
y[i]*delta(i,l)
z[j]*delta(i,j)
y[i]
y[j]
delta(i,j)
delta(j,i)
delta(i,j)*delta(i,j)
delta(i,j)*delta(j,l)
delta(i,l)*delta(j,l)
delta(i,j)*delta(i,l)
y[i]/y[i]*delta(i,j)
y[i]/y[j]*delta(i,j)
y[i]*z[j]*delta(i,j)
y[j]*z[i]*delta(i,j)
y[2]*delta(i,2)
y[i]*delta(i,2)
y[lab[n]]*delta(i,lab[n])
y[i]*delta(lab[n],i)
0
1

a*(y[i] if i == j else z[i])
a*y[i] if i == j else a*z[i]
a*z[i] if i != j else a*y[i]
a*y[i] if i != j else a*z[i]
y[i] if i == j else 0
y[i] if j == i else 0
y[i] if i != j else 0
0 if i != j else y[i]
y[i]
(y[i] if i == j else z[i]) + (a if i == j else b)
y[i] + a if i == j else z[i] + b
(y[i] if i == j else z[i])*(a if i != j else b)
y[i]*b if i == j else z[i]*a
a/a if i == j else 1
1
exp(y[i] if i == j else z[i])
exp(y[i]) if i == j else exp(z[i])
sum((y[k] if i == j else z[k]) for k in K)
sum(y[k] for k in K) if i == j else sum(z[k] for k in K)
(y[i] if i < j else z[i]) if i == j else a
z[i] if i == j else a
(y[i] if i == j else z[i]) if i == j else a
y[i] if i == j else a
a if not (i == j and k == l) else b
b if i == j and k == l else a
a if i == j and k == l else b
(a if i < j else b) + (a if i > j else b)
b + a*(y[i] if i == j else z[i])
b + (a*y[i] if i == j else a*z[i])
y[i] if j != i else z[i]
z[i] if i == j else y[i]
z[i] if j != i else y[i]
z[i] if j == i else y[i]
(y[i] if i < j else z[i]) if k == l else 0
(z[i] if i >= j else y[i]) if k == l else 0
(y[i] if i < j else z[i]) if k < l else 0
(y[i] if i < j else z[i]) if a > b else s
(y[i] if i < j else z[i]) if a > s else s

max(a, b)
min(a, b)
a if a > b else b
a if a >= b else b
b if b > a else a
a if a < b else b
b if a <= b else a
a if a != b else b
a if s > b else b
a
abs(a)
sign(a)
a*sign(a)
abs(a)*sign(a)
b*abs(a)*sign(a)
a*b
abs(a)**2
a**2
abs(a)*sign(a)**2
sign(a)**2
1
sign(a)/abs(a)
1/a
abs(a)**3
a**3
a**2*abs(a)
a*sign(b)

a if b > 0 else 0
a if 2*b > 0 else 0
a if -b < 0 else 0
a if -b > 0 else 0
a if b + s > 0 else 0
a if b - s > 0 else 0
a if s < b else 0
a if 2*b > 2*s else 0
a if 2*b > 3*s else 0
a if 3*b > 2*s else 0
a if 4*b > 6*s else 0
a if b >= s else 0
a if b == s else 0
a if 2*s == 2*b else 0
a if b != s else 0
a if b*s/s > 0 else 0
a if b*s > 0 else 0
a if not (i == j and k == l) else 0
a if not (k == l and j == i) else 0
a if not (i == j and k == i) else 0
a if i == j and k == l else 0
a if i == j and k == l and b > 0 else 0
a if i == j and 2*b > 0 else 0
a if i == j and b > 0 else 0
a if b > 0 and i == j else 0
a if b > 0 or i < j else 0
a if j > i or 0 < b else 0
a if i < j else 0
a if j > i else 0
sum(a for k in K if b > 0)
sum(a for l in K if 2*b > 0)
sum(a for d in D if 2*b > 0)
sum(y[k] for k in K if z[k] > 0)
sum(y[k] for k in K if 2*z[k] > 0)
sum(y[k] for k in K if 2*z[k] > 0 and k != j)
sum(y[k] for k in K if not (k == i and k == j) and 2*z[k] > 0)
sum(y[k] for k in K if not (k == i and k == j) and z[k] > 0)
sum(z[k] for k in K if z[k] > 0)
max(y[k] for k in K if z[k] > 0)
max(y[k] for k in K if 2*z[k] > 0)

sum(y[k] for k in K)
sum(z[k] for k in K)
sum(y[i] for i in K)
sum(y[k] + z[k] for k in K)
sum(y[k] for k in K) + sum(z[l] for l in K)
sum(y[k] for k in K) - sum(z[k] for k in K)
sum(y[k] - z[k] for k in K)
sum(y[k]*z[k] for k in K)
sum(y[k] for k in K)*sum(z[k] for k in K)
sum(y[k]*sum(z[l] for l in K) for k in K)
sum(a*y[k] for k in K)
a*sum(y[k] for k in K)
sum(y[k]*c[k]/c[k] for k in K)
sum(y[k]*z[k]/z[k] for k in K)
sum(y[k]*z[k]/z[k] for k in K if k != j)
sum(y[k] for k in K)/a
sum(y[k]/a for k in K)
y[k]*sum(z[k] for k in K)
y[j]*sum(z[k] for k in K)
sum(y[j]*z[k] for k in K)
sum(y[k] for k in K if k != j)
a*sum(y[k] for k in K if k != j)
sum(a*y[k] for k in K if k != j)
sum(y[k] for k in K if k != i)
sum(y[k] for k in K if k != j and k != i)
sum(y[k] for k in K if k != j and j != k)
y[j] + sum(y[k] for k in K if k != j)
sum(y[k] for k in K if k != j) + y[j]
y[i] + sum(y[k] for k in K if k != j)
y[i] + sum(y[k] for k in K if k != j and k != i)
y[j]*c[j]/c[j] + sum(y[k] for k in K if k != j)
y[j]*z[j]/z[j] + sum(y[k] for k in K if k != j)
y[j] + sum(y[k]*z[k]/z[k] for k in K if k != j)
y[2] + sum(y[k] for k in K if k != 2)
y[1] + sum(y[k] for k in K if k != 1)
y[lab[n]] + sum(y[k] for k in K if k != lab[n])
y[j] + sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k >= j)
sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k < j)
sum(y[k] for k in K if k <= j)
sum(y[k] for k in K if k < j) + sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k > j) + sum(y[l] for l in K if l < j)
sum(y[k] for k in K if k <= j) + sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k <= j) + sum(y[k] for k in K if k >= j)
sum(y[k] for k in K if k < j and k != i) + sum(y[k] for k in K if k > j and k != i)
sum(y[k] for k in K if k != j and k != i) + sum(y[k] for k in K if k == j and k != i)
sum(y[k] for k in K if k < j) + sum(z[k] for k in K if k > j)
sum(y[k]*z[k]/z[k] for k in K if k < j) + sum(y[k] for k in K if k > j)
sum((y[k] if k != j else z[k]) for k in K)
sum(y[k] for k in K if k != j) + sum(z[k] for k in K if k == j)
sum(y[k] for k in K if k == j) + sum(z[k] for k in K if k != j)
sum((y[k] if k != j else 0) for k in K)
sum((0 if k != j else y[k]) for k in K)
sum((y[k] if k != j else z[k]) for k in K if k != i)
sum(y[k] for k in K if k != i and k != j) + sum(z[k] for k in K if k != i and k == j)
sum(y[k] for k in K if k == j)
sum(y[k] for k in K if k == j and k != i)
y[j] if j != i else 0
y[j]
y[i]
y[2]
sum(y[k] for k in K if k == 2)
sum(y[k] for k in K if k == lab[n])
y[lab[n]]
sum(y[k]*delta(k,j) for k in K)
sum(y[k]*delta(j,k) for k in K if k != i)
sum(y[k]*delta(k,2) for k in K)
sum(y[k]*delta(k,lab[n]) for k in K)
sum(delta(k,j) for k in K)
sum(y[k]*delta(k,k) for k in K)
sum(y[k]*delta(i,j) for k in K)
sum(y[k]*delta(k,j)*delta(k,i) for k in K)
y[j]*delta(j,i)
sum(y[k]*z[k]/z[k]*delta(k,j) for k in K)
y[j]*z[j]/z[j]
1
sum(w[i,k] for k in K if k != i) + w[i,i]
sum(w[i,k] for k in K)
sum(w[k,j] - w[j,k] for k in K if k != j)
sum(w[k,j] - w[j,k] for k in K)
sum((w[k,j] - w[j,k])*z[k]/z[k] for k in K)
sum((w[k,j] - w[j,k])*z[j]/z[j] for k in K)
sum((y[k] - y[j])/(z[k] - z[j]) for k in K if k != j)
sum((y[k] - y[j])/(z[k] - z[j]) for k in K)
sum(x[d] for d in D)
sum(x[d] for d in D) + sum(y[k] for k in K)
sum(x[d]*y[j] for d in D)
0
y[j]*sum(y[k] for k in K if k != j)
y[j] + sum(y[k] for k in K if k != j) + a
sum(y[k] for k in K if i == j)
sum(y[k] for k in K if i != j)
y[i] + sum(y[k] for k in K if i != j)
sum(y[k] for k in K if k == sig[k])
sum(y[k] for k in K if k != sig[k])
y[sig[k]]
y[sig[k]] + sum(y[k] for k in K if k != sig[k])
sum(y[k]*delta(k,sig[k]) for k in K)
sum(y[k] for k in K if k == j and not (k == i and k == l))
y[j] if not (j == i and j == l) else 0
sum(w[k,j]*z[k]/z[k] - w[j,k] for k in K if k != j)
sum(w[k,j]*z[k]/z[k] - w[j,k] for k in K)
sum(y[k] for k in K if k != j) + sum(y[k] for k in K if k < j)
sum(y[k] for k in K if k < j) + sum(y[k] for k in K if k < j)
sum(y[k] for k in K if k < j and k != i) + sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k > j) + sum(y[k] for k in K if k < j and k != i)
sum(y[k] for k in K if not (k == i and k == j)) + sum(y[k] for k in K if k < j)
sum(y[k] for k in K if k < j) + sum(y[k] for k in K if not (k == i and k == j))
sum(y[k] for k in K if k < j)*sum(y[k] for k in K if k > j)
sum(y[k] for k in K if k < j) + sum(y[k] for k in K if k > j) + a
a*y[k]*sum(z[k] for k in K)
sum(a*y[k]*z[k] for k in K)
sum(a for k in K)
sum(a for d in D)
sum(2*a for k in K)
sum(a for k in K) + sum(a for d in D)
a*sum(1 for d in D)
a*sum(1 for k in K)
sum(a for k in K if b > 0) + sum(a for d in D if b <= 0)
sum(a for k in K if b > 0) + sum(a for k in K if b <= 0)
sum(y[k]*y[k] for k in K)
sum(y[k]*y[l] for l in K)
sum(y[l] for l in K if l != j)
sum(y[l] for l in K if l != j) + sum(z[k] for k in K if k != j)
sum(y[k] + z[k] for k in K if k != j)
sum(y[k]*delta(k,1) for k in K)
y[1]
sum(y[k] for k in K if z[k] > 0 and k != j)
y[5] + sum(y[k] for k in K if k != 5)
sum(w[k,j] - w[j,k] for k in K if k != j and k != i)
sum(y[k] for k in K if k < j) + sum(y[k] for k in K if k > j) + sum(y[k] for k in K if k == j)
sum(y[k] for k in K if k == 5)

prod(y[k] for k in K)
prod(z[k] for k in K)
prod(y[i] for i in K)
prod(y[k]*z[k] for k in K)
prod(y[k] for k in K)*prod(z[l] for l in K)
prod(y[k] + z[k] for k in K)
prod(y[k] for k in K) + prod(z[k] for k in K)
prod(y[k]*c[k] for k in K if k != j)
prod(y[k] for k in K if k != j)
prod(y[k] for k in K)/y[j]
prod(y[k] for k in K)/y[i]
prod(c[k] for k in K if k != j)
prod(c[k] for k in K)/c[j]
prod(y[k] for k in K if k != j)*prod(c[k] for k in K if k != j)
prod(y[k] for k in K if k != j)*prod(c[k] for k in K)
prod(y[k] for k in K if k != j and k != i)
prod(y[k] for k in K if k != 2)
prod(y[k] for k in K)/y[2]
prod(y[k] for k in K if k != lab[n])
prod(y[k] for k in K)/y[lab[n]]
prod(y[k] for k in K if k < j)
prod(y[k]*z[k]/z[k] for k in K)
prod(x[d] for d in D)
prod(x[d] for d in D)*prod(y[k] for k in K)
prod(y[k] for k in K if i != j)
prod(y[k] for k in K if k != sig[k])
prod(y[k] for k in K if k != 5)
prod(y[k] for k in K)/y[5]
prod(y[k] for k in K)/y[sig[k]]
prod(y[k] for k in K)*a/(a*y[j])
prod(a for k in K)*prod(b for d in D)
prod(a*b for k in K)
prod(a for k in K)*prod(b for k in K)
prod(y[k]*y[k] for k in K)
prod(y[k] for k in K)*prod(y[k] for l in K)
prod(y[k] for l in K)
prod(y[l] for l in K if l != j)*prod(c[k] for k in K if k != j)
prod(y[k] for k in K if not (k == i and k == j))
"""

TOPICS = ("algebra", "cases", "cases", "functions", "cases", "sums", "sums")
CONDITIONS = ("i == j", "i < j", "a > b", "i == j and k == l")
INDICES = (("i", "j"), ("j", "i"), ("i", "2"), ("i", "lab[n]"), ("l", "j"), ("n", "j"))
OWN = {"by-cases", "equal-index"}
Instance = tuple[str, Any, Any, Mapping[str, Any]]


def term(text: str) -> Any:
    return read_expression(text, PROBLEM, free=LETTERS)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def tried(theory: Theory, wanted: Collection[str] = REGISTRY) -> Iterator[Instance]:
    """Every instance of the wanted rules that is tried: the rule, both sides, the arguments."""
    of_interest = [r for r in REGISTRY.values() if r.id in wanted]
    checked = [r for r in of_interest if r.rewrite is None]
    direct = [r for r in of_interest if r.rewrite is not None and r.id not in OWN]
    singles = [term(t) for t in lines(SINGLE)] if direct else []
    for rule in direct:
        for t in singles:
            try:
                yield rule.id, t, rule.rewrite(theory, t, {})[0], {}  # type: ignore[misc]
            except DerivationError:
                continue
    for topic, family in zip(TOPICS, FAMILIES.strip().split("\n\n"), strict=True):
        rules = [r for r in checked if r.topic == topic]
        terms = [term(t) for t in lines(family)] if rules else []
        for a, b in itertools.permutations(terms, 2):
            for rule in rules:
                yield rule.id, a, b, {}
    for text in ("y[i]", "a", "y[i]*delta(i,j)", "sum(w[i,k] for k in K)"):
        t = term(text)
        for condition in CONDITIONS if "by-cases" in wanted else ():
            args: dict[str, Any] = {"condition": read_condition(condition, PROBLEM, free=LETTERS)}
            rewrite = REGISTRY["by-cases"].rewrite
            yield "by-cases", t, rewrite(theory, t, args)[0], args  # type: ignore[misc]
        for i, j in INDICES if "equal-index" in wanted else ():
            args = {"index": term(i), "value": term(j)}
            try:
                out = REGISTRY["equal-index"].rewrite(theory, t, args)[0]  # type: ignore[misc]
            except DerivationError:
                continue
            yield "equal-index", t, out, args


def accepted(
    wanted: Collection[str] = REGISTRY,
) -> Iterator[tuple[str, Any, Any, kernel.Theorem]]:
    """What is accepted, of all that is tried."""
    theory = Theory(PROBLEM)
    for rule, lhs, rhs, args in tried(theory, wanted):
        try:
            yield rule, lhs, rhs, kernel.instance(theory, REGISTRY[rule], lhs, rhs, args)
        except DerivationError:
            continue


def record(wanted: Collection[str] = REGISTRY) -> Iterator[str]:
    """A line for each: the rule, both sides, the hypotheses, and in brackets the definitions that
    it rests on (under a derivative that cuts one of them it may not be used)."""
    for rule, lhs, rhs, theorem in accepted(wanted):
        needs = [
            *sorted(map(write, theorem.hypotheses)),
            *map("[{}]".format, sorted(theorem.unfolded)),
        ]
        tail = f"  |  {'; '.join(needs)}" if needs else ""
        yield f"{rule}: {write(lhs)}  ->  {write(rhs)}{tail}"


@pytest.mark.parametrize("rule", REGISTRY)
def test_what_each_rule_accepts_is_on_record(rule: str) -> None:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    known = [line for line in lines if line.partition(":")[0] == rule]
    assert known, "a rule of which the pool holds no instance"
    for found, line in itertools.zip_longest(record({rule}), known):
        assert found == line, "look, then tests/regenerate_golden.py"


def test_the_record_is_about_registered_rules() -> None:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    assert {line.partition(":")[0] for line in lines} == set(REGISTRY)


def test_a_condition_is_one() -> None:
    """The argument of by-cases is a condition and that of equal-index an index of the term."""
    theory, y = Theory(PROBLEM), term("y[i]")
    a, i, j = term("a"), LETTERS["i"], LETTERS["j"]
    for rule, args in (
        ("by-cases", {"condition": a}),
        ("by-cases", {}),
        ("equal-index", {"index": i}),
        ("equal-index", {"index": j, "value": i}),
        ("equal-index", {"index": i, "value": LETTERS["n"]}),
        ("equal-index", {"index": i, "value": a}),
    ):
        with pytest.raises(DerivationError):
            REGISTRY[rule].rewrite(theory, y, args)  # type: ignore[misc]


def test_an_index_is_no_variable() -> None:
    i = LETTERS["i"]
    for make in (diff, partial):
        with pytest.raises(DerivationError):
            kernel.instance(Theory(PROBLEM), REGISTRY["d-constant"], make(term("a"), i), ZERO, {})


def test_the_oracle_refutes_none() -> None:
    oracle = Oracle(PROBLEM)
    points = 0
    for rule, lhs, rhs, theorem in accepted():
        found = oracle.compare(lhs, rhs, conditions=tuple(theorem.hypotheses))
        assert found.refuted is None, f"{rule}: {found.refuted}"
        points += found.points
    assert points > 1000
