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
        [part.strip() for part in [*row.split("|"), "true"][:4]]
        for row in ROWS.strip().splitlines()
        if row
    ]
}
