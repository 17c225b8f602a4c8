"""The slips that people make in ordinary problems: each is named, and what is offered is proved."""

from __future__ import annotations

import pytest

from derivation import check
from derivation.library import load

NET = """\
h[n,k] = tanh(sum(V[k,d]*x[n,d] for d in D))
J = sum((sum(w[k]*h[n,k] for k in H) - t[n])**2 for n in N)/2
"""
MSE = """\
q[n] = sigmoid(sum(X[n,d]*w[d] for d in D))
J = mean((q[n] - t[n])**2 for n in N)
wrt w[j]
"""
BCE = """\
q[n] = sigmoid(sum(X[n,d]*w[d] for d in D))
L = -sum(t[n]*log(q[n]) + (1 - t[n])*log(1 - q[n]) for n in N)
wrt w[j]
"""
SOFTMAX = """\
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(p[i]) for i in K)
given sum(y[i] for i in K) == 1
wrt z[j]
"""
TANH = """\
h[n] = tanh(sum(X[n,d]*w[d] for d in D))
J = sum((h[n] - t[n])**2 for n in N)/2
wrt w[j]
"""
RELU = """\
h[n] = relu(sum(X[n,d]*w[d] for d in D))
J = sum((h[n] - t[n])**2 for n in N)/2
wrt w[j]
"""
NORM = """\
mu = sum(x[i] for i in D)/D
v = sum((x[i] - mu)**2 for i in D)/D
h[i] = (x[i] - mu)/sqrt(v)
L = sum(g[i]*h[i] for i in D)
wrt x[j]
"""
POISSON = """\
mu[n] = exp(sum(X[n,d]*w[d] for d in D))
L = sum(mu[n] - t[n]*log(mu[n]) for n in N)
wrt w[j]
"""
RIDGE = """\
J = sum((sum(X[n,d]*w[d] for d in D) - t[n])**2 for n in N) + lam*sum(w[d]**2 for d in D)
wrt w[j]
"""
LOGSUMEXP = """\
f = log(sum(exp(x[k]) for k in K))
wrt x[j]
"""
SMOOTH_MAX = """\
f = log(sum(exp(a*x[k]) for k in K))/a
wrt x[j]
"""
LENGTH = """\
f = sqrt(sum(x[i]**2 for i in N))
wrt x[j]
"""
QUOTIENT = """\
f = sum(a[i]*x[i] for i in N)/sum(x[i]**2 for i in N)
wrt x[j]
"""
KERNEL = """\
k[m] = exp(-sum((x[d] - c[m,d])**2 for d in D)/(2*s**2))
f = sum(a[m]*k[m] for m in M)
wrt x[e]
"""
FORM = """\
Q = sum(x[i]*A[i,j]*x[j] for i in N for j in N)
wrt x[k]
"""
ENTROPY = """\
H = -sum(p[i]*log(p[i]) for i in K)
wrt p[j]
"""
SIGMOID = """\
s = 1/(1 + exp(-x))
wrt x
"""
MARGIN = """\
L = sum(log(1 + exp(-t[n]*sum(X[n,d]*w[d] for d in D))) for n in N)
wrt w[j]
"""
LOG_BASE = """\
f = log(x**2 + 1)/log(a)
wrt x
"""
PRODUCT = """\
f = x**3*exp(-x**2)
wrt x
"""
LAYER = """\
S = sum((sum(W[i,k]*sigmoid(u[k]) for k in K))**2 for i in N)
wrt u[l]
"""
ATTENTION = """\
a[i] = softmax(s[k] for k in N)[i]
o = sum(a[i]*v[i] for i in N)
wrt s[j]
"""

# what is asked; then a wrong line, its slip, what is right, each on a line of its own
SLIPS = {
    MSE: """
= 2/N*sum((q[n]-t[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of sigmoid
= 2/N*sum((q[n] - t[n])*X[n,j]*q[n]*(1 - q[n]) for n in N)

= 2/N*sum((q[n]-t[n])*q[n]*(1-q[n]) for n in N)
chain-rule factor forgotten: the inner derivative, that of sum(X[n,d]*w[d] for d in D)
= 2/N*sum((q[n] - t[n])*q[n]*(1 - q[n])*X[n,j] for n in N)

= 1/N*sum((q[n]-t[n])*q[n]*(1-q[n])*X[n,j] for n in N)
factor 2
= 2*sum((q[n] - t[n])*q[n]*(1 - q[n])*X[n,j] for n in N)/N

= 2*sum((q[n]-t[n])*q[n]*(1-q[n])*X[n,j] for n in N)
factor 1/N
= 1/N*(2*sum((q[n] - t[n])*q[n]*(1 - q[n])*X[n,j] for n in N))

= 2/N*sum(q[n]*(1-q[n])*X[n,j] for n in N)
chain-rule factor
= 2/N*sum(q[n]*(1 - q[n])*X[n,j]*(q[n] - t[n]) for n in N)

= 2/N*sum((q[n]-t[n])*(1-q[n])*X[n,j] for n in N)
chain-rule factor: the derivative of sigmoid
= 2*sum((q[n] - t[n])*q[n]*(1 - q[n])*X[n,j] for n in N)/N

""",
    BCE: """
= -sum((t[n] - (1-t[n]))*q[n]*(1-q[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of log
= sum(X[n,j]*(q[n] - t[n]) for n in N)

= sum((q[n]-t[n])*q[n]*(1-q[n])*X[n,j] for n in N)
factor too many
= sum((q[n] - t[n])*X[n,j] for n in N)

= sum(q[n]-t[n] for n in N)
chain-rule factor forgotten: the inner derivative, that of sum(X[n,d]*w[d] for d in D)
= sum((q[n] - t[n])*X[n,j] for n in N)

= -sum((t[n]/q[n] + (1-t[n])/(1-q[n]))*q[n]*(1-q[n])*X[n,j] for n in N)
sign
= -sum((t[n]/q[n] - (1 - t[n])/(1 - q[n]))*q[n]*(1 - q[n])*X[n,j] for n in N)

= sum((t[n]-q[n])*X[n,j] for n in N)
sign
= -sum((t[n] - q[n])*X[n,j] for n in N)

= -sum((t[n]/q[n] - (1-t[n])/(1-q[n]))*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of sigmoid
= -sum((t[n]/q[n] - (1 - t[n])/(1 - q[n]))*X[n,j]*q[n]*(1 - q[n]) for n in N)

= -sum(t[n]*(1-q[n])*X[n,j] for n in N)
missing term: the derivative of (1 - t[n])*log(1 - q[n])
= sum(X[n,j]*(q[n] - t[n]) for n in N)

""",
    SOFTMAX: """
= -y[j]*(1-p[j])
cross terms lost: an entry also depends on z at the other indices
= p[j] - y[j]

= -sum(y[i]*p[i]*(delta(i,j)-p[j]) for i in K)
chain-rule factor forgotten: the derivative of log
= -sum(y[i]*(delta(i,j) - p[j]) for i in K)

= -y[j]
dependence lost: 1/sum(exp(z[k]) for k in K) depends on z
= p[j] - y[j]

= -y[j]/p[j]
chain-rule factor forgotten: the inner derivative, that of p[i]
= p[j] - y[j]

= y[j] - p[j]
sign
= p[j] - y[j]

= -sum(y[i]*(1-p[j]) for i in K)
missing delta
= -sum(y[i]*(delta(i,j) - p[j]) for i in K)

= -y[j]*(1-p[j]) + sum(y[i]*p[j] for i in K)
missing i != j
= -y[j]*(1 - p[j]) + sum(y[i]*p[j] for i in K if i != j)

""",
    TANH: """
= sum((h[n]-t[n])*(1-h[n])*X[n,j] for n in N)
lost square
= sum((h[n] - t[n])*(1 - h[n]**2)*X[n,j] for n in N)

= sum((h[n]-t[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of tanh
= sum((h[n] - t[n])*X[n,j]*(1 - h[n]**2) for n in N)

= 2*sum((h[n]-t[n])*(1-h[n]**2)*X[n,j] for n in N)
factor 2
= sum((h[n] - t[n])*(1 - h[n]**2)*X[n,j] for n in N)

= sum((h[n]-t[n])*(1-h[n]**2) for n in N)
chain-rule factor forgotten: the inner derivative, that of sum(X[n,d]*w[d] for d in D)
= sum((h[n] - t[n])*(1 - h[n]**2)*X[n,j] for n in N)

""",
    RELU: """
= sum((h[n]-t[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of relu
= sum((h[n] - t[n])*X[n,j]*(1 if sum(X[n,d]*w[d] for d in D) > 0 else 0) for n in N)

""",
    NORM: """
= g[j]/sqrt(v)
dependence lost: mu and v depend on x
= (g[j] - (sum(g[i] for i in D) + L*h[j])/D)/sqrt(v)

= (g[j] - sum(g[i] for i in D)/D)/sqrt(v)
dependence lost: v depends on x
= (g[j] - (sum(g[i] for i in D) + L*h[j])/D)/sqrt(v)

= g[j]/sqrt(v) - h[j]*sum(g[i]*h[i] for i in D)/(D*sqrt(v))
dependence lost: mu depends on x
= (g[j] - (sum(g[i] for i in D) + L*h[j])/D)/sqrt(v)

""",
    NET + "wrt V[c,e]\n": """
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*w[c]*x[n,e] for n in N)
chain-rule factor forgotten: the derivative of tanh
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*w[c]*x[n,e]*(1 - h[n,c]**2) for n in N)

= sum((sum(w[k]*h[n,k] for k in H) - t[n])*(1-h[n,c]**2)*x[n,e] for n in N)
chain-rule factor forgotten: w[k]
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*(1 - h[n,c]**2)*x[n,e] for n in N)*w[c]

= sum((sum(w[k]*h[n,k] for k in H) - t[n])*sum(w[k]*(1-h[n,k]**2) for k in H)*x[n,e] for n in N)
sum kept
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*(w[c]*(1 - h[n,c]**2))*x[n,e] for n in N)

= sum((sum(w[k]*h[n,k] for k in H) - t[n])*w[c]*(1-h[n,c]**2) for n in N)
chain-rule factor forgotten: the inner derivative, that of sum(V[k,d]*x[n,d] for d in D)
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*w[c]*(1 - h[n,c]**2)*x[n,e] for n in N)

""",
    NET + "wrt w[c]\n": """
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*sum(h[n,k] for k in H) for n in N)
sum kept
= sum((sum(w[k]*h[n,k] for k in H) - t[n])*h[n,c] for n in N)

""",
    POISSON: """
= sum((mu[n] - t[n]*mu[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of log
= sum((mu[n] - t[n])*X[n,j] for n in N)

= sum((1 - t[n]/mu[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of exp
= sum((1 - t[n]/mu[n])*X[n,j]*mu[n] for n in N)

= sum((mu[n] - t[n]/mu[n])*X[n,j] for n in N)
chain-rule factor forgotten: the derivative of exp
= sum((mu[n] - t[n])*X[n,j] for n in N)

= sum(mu[n] - t[n] for n in N)
chain-rule factor forgotten: the inner derivative, that of sum(X[n,d]*w[d] for d in D)
= sum((mu[n] - t[n])*X[n,j] for n in N)

""",
    RIDGE: """
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + lam*w[j]
factor 2
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*sum(w[d] for d in D)
sum kept
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + lam*w[j]**2
term left undifferentiated: w[d]**2
= 2*(sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + lam*w[j])

= 2*sum(sum(X[n,d]*w[d] for d in D) - t[n] for n in N) + 2*lam*w[j]
chain-rule factor forgotten: the inner derivative, that of sum(X[n,d]*w[d] for d in D) - t[n]
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N)
missing term: the derivative of lam*sum(w[d]**2 for d in D)
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

= 2*sum((X[n,j]*w[j] - t[n])*X[n,j] for n in N) + 2*lam*w[j]
sum lost
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*sum(X[n,d] for d in D) for n in N) + 2*lam*w[j]
sum kept
= 2*sum((sum(X[n,d]*w[d] for d in D) - t[n])*X[n,j] for n in N) + 2*lam*w[j]

""",
    LOGSUMEXP: """
= 1/sum(exp(x[k]) for k in K)
chain-rule factor forgotten: the derivative of exp
= exp(x[j])/sum(exp(x[k]) for k in K)

= exp(x[j])
chain-rule factor forgotten: the derivative of log
= exp(x[j])/sum(exp(x[k]) for k in K)

= sum(exp(x[k]) for k in K)/sum(exp(x[k]) for k in K)
sum kept
= exp(x[j])/sum(exp(x[k]) for k in K)

""",
    SMOOTH_MAX: """
= exp(a*x[j])/sum(exp(a*x[k]) for k in K)/a
chain-rule factor forgotten: the inner derivative, that of a*x[k]
= exp(a*x[j])/sum(exp(a*x[k]) for k in K)

""",
    LENGTH: """
= 1/(2*f)
chain-rule factor forgotten: the derivative of a square
= x[j]/f

= 2*x[j]/f
factor 2
= x[j]/f

= sum(x[i] for i in N)/f
sum kept
= x[j]/f

""",
    QUOTIENT: """
= a[j]/sum(x[i]**2 for i in N)
dependence lost: 1/sum(x[i]**2 for i in N) depends on x
= (a[j] - 2*f*x[j])/sum(x[i]**2 for i in N)

= (a[j]*sum(x[i]**2 for i in N) + sum(a[i]*x[i] for i in N)*2*x[j])/sum(x[i]**2 for i in N)**2
sign
= (a[j]*sum(x[i]**2 for i in N) - 2*sum(a[i]*x[i] for i in N)*x[j])/sum(x[i]**2 for i in N)**2

= (a[j]*sum(x[i]**2 for i in N) - sum(a[i]*x[i] for i in N)*2*x[j])/sum(x[i]**2 for i in N)
lost square
= (a[j]*sum(x[i]**2 for i in N) - sum(a[i]*x[i] for i in N)*2*x[j])/sum(x[i]**2 for i in N)**2

""",
    KERNEL: """
= -sum(a[m]*k[m]*(x[e]-c[m,e]) for m in M)
chain-rule factor forgotten: 1/s**2
= -sum(a[m]*k[m]*(x[e] - c[m,e]) for m in M)/s**2

= sum(a[m]*k[m]*(x[e]-c[m,e])/s**2 for m in M)
sign
= -sum(a[m]*k[m]*(x[e] - c[m,e])/s**2 for m in M)

= -sum(a[m]*k[m]*(x[e]-c[m,e])/(2*s**2) for m in M)
factor 2
= -2*sum(a[m]*k[m]*(x[e] - c[m,e])/(2*s**2) for m in M)

= sum(a[m]*k[m] for m in M)
chain-rule factor forgotten: the inner derivative, that of the argument of exp
= sum(-a[m]*k[m]*(x[e] - c[m,e])/s**2 for m in M)

= -sum(a[m]*(x[e]-c[m,e])/s**2 for m in M)
chain-rule factor forgotten: the derivative of exp
= -sum(a[m]*(x[e] - c[m,e])*k[m]/s**2 for m in M)

""",
    FORM: """
= sum(A[k,j]*x[j] for j in N)
dependence lost: x[j] depends on x
= sum(x[j]*(A[k,j] + A[j,k]) for j in N)

= 2*sum(A[k,j]*x[j] for j in N)
missing given: A is symmetric
given A[i,j] == A[j,i]

""",
    ENTROPY: """
= -log(p[j])
dependence lost: log(p[i]) depends on p
= -(log(p[j]) + 1)

= -log(p[j]) - p[j]
chain-rule factor forgotten: the derivative of log
= -log(p[j]) - 1

""",
    SIGMOID: """
= exp(-x)/(1+exp(-x))
lost square
= exp(-x)/(1 + exp(-x))**2

= -exp(-x)/(1+exp(-x))**2
sign
= exp(-x)/(1 + exp(-x))**2

= -1/(1+exp(-x))**2
chain-rule factor forgotten: the inner derivative, that of 1 + exp(-x)
= exp(-x)/(1 + exp(-x))**2

""",
    MARGIN: """
= sum(X[n,j]*t[n]/(1+exp(t[n]*sum(X[n,d]*w[d] for d in D))) for n in N)
sign
= -sum(X[n,j]*t[n]/(1 + exp(t[n]*sum(X[n,d]*w[d] for d in D))) for n in N)

= -sum(X[n,j]/(1+exp(t[n]*sum(X[n,d]*w[d] for d in D))) for n in N)
chain-rule factor forgotten: t[n]
= -sum(X[n,j]*t[n]/(1 + exp(t[n]*sum(X[n,d]*w[d] for d in D))) for n in N)

""",
    LOG_BASE: """
= 2*x/(x**2+1)
chain-rule factor forgotten: 1/log(a)
= 2*x/(x**2 + 1)/log(a)

""",
    PRODUCT: """
= 3*x**2*exp(-x**2)
dependence lost: exp(-x**2) depends on x
= x*(3*x/exp(x**2) - 2*f)

= 3*x**2*exp(-x**2) + x**3*exp(-x**2)
chain-rule factor forgotten: the inner derivative, that of -x**2
= 3*x**2*exp(-x**2) - 2*x**4*exp(-x**2)

""",
    LAYER: """
= 2*sum(sum(W[i,k]*sigmoid(u[k]) for k in K)*W[i,l] for i in N)
chain-rule factor forgotten: the derivative of sigmoid
= 2*sum(sum(W[i,k]*sigmoid(u[k]) for k in K)*W[i,l] for i in N)*sigmoid(u[l])*(1 - sigmoid(u[l]))

""",
    ATTENTION: """
= a[j]*(1-a[j])*v[j]
cross terms lost: an entry also depends on s at the other indices
= a[j]*(v[j] - o)

= a[j]*v[j]
dependence lost: 1/sum(exp(s[k]) for k in N) depends on s
= a[j]*(v[j] - o)

""",
}
CASES = [
    (problem, *case.split("\n"))
    for problem, cases in SLIPS.items()
    for case in cases.strip().split("\n\n")
]


@pytest.mark.parametrize(("problem", "line", "slip", "right"), CASES)
def test_an_ordinary_slip_is_named(problem: str, line: str, slip: str, right: str) -> None:
    (found,) = check(problem + line).lines
    assert found.verdict == "refuted"
    assert found.suggestion is not None
    assert (found.suggestion.slip, found.suggestion.text) == (slip, right)
    again = f"{right}\n{line}" if right.startswith("given") else right
    assert [x.verdict for x in check(problem + again).lines] == ["proved"]


SOFTMAX_IN_LATEX = r"""
Let $p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}$ and $L = -\sum_{i=1}^K y_i \log p_i$ with
$\sum_i y_i = 1$.

"""

# a document, the slip in its last display, what is right
DOCUMENTS = [
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial L}{\partial z_j} = -y_j (1 - p_j)$$",
        "cross terms lost",
        "claim diff(L, z[j]) == p[j] - y[j]",
    ),
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial L}{\partial p_i} = -y_i p_i$$",
        "upside down",
        "claim partial(L, p[i]) == -y[i]/p[i]",
    ),
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial L}{\partial p_i} = \frac{y_i}{p_i}$$",
        "sign",
        "claim partial(L, p[i]) == -y[i]/p[i]",
    ),
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial p_i}{\partial z_j} = p_i (1 - p_j)$$",
        "missing delta",
        "claim partial(p[i], z[j]) == p[i]*(delta(i,j) - p[j])",
    ),
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial p_i}{\partial z_j} = p_i p_j \quad i \neq j$$",
        "sign",
        "claim partial(p[i], z[j]) == -p[i]*p[j] if i != j",
    ),
    (
        SOFTMAX_IN_LATEX + r"$$\frac{\partial L}{\partial z_j} = y_j - p_j$$",
        "sign",
        "claim diff(L, z[j]) == p[j] - y[j]",
    ),
    (
        r"""
Let $q_n = \sigma(a_n)$ with $a_n = \sum_{d=1}^D X_{nd} w_d$ and

$$L = -\sum_{n=1}^N \left( t_n \log q_n + (1-t_n) \log (1 - q_n) \right)$$

$$\frac{\partial L}{\partial a_n} = q_n - t_n$$

$$\frac{\partial L}{\partial w_j} = \sum_{n=1}^N (q_n - t_n)$$
""",
        "chain-rule factor forgotten: the inner derivative",
        "claim diff(L, w[j]) == sum((q[n] - t[n])*X[n,j] for n in N)",
    ),
    (
        r"""
\begin{align}
E &= \frac{1}{2} \sum_{n=1}^N \left( h_n - t_n \right)^2 \\
h_n &= \tanh\left( \sum_{d=1}^D X_{nd} w_d \right) \\
\frac{\partial E}{\partial w_j} &= \sum_{n=1}^N (h_n - t_n) X_{nj}
\end{align}
""",
        "chain-rule factor forgotten: the derivative of tanh",
        "claim diff(E, w[j]) == sum((h[n] - t[n])*X[n,j]*(1 - h[n]**2) for n in N)",
    ),
    (
        r"""
$$f = \log \sum_{k=1}^K e^{x_k}$$

$$\frac{\partial f}{\partial x_j} = \frac{1}{\sum_{k=1}^K e^{x_k}}$$
""",
        "chain-rule factor forgotten: the derivative of exp",
        "claim partial(f, x[j]) == exp(x[j])/sum(exp(x[k]) for k in K)",
    ),
    (
        r"""
$$f = \sqrt{\sum_{i=1}^N x_i^2}$$

$$\frac{\partial f}{\partial x_j} = \frac{1}{2 \sqrt{\sum_{i=1}^N x_i^2}}$$
""",
        "chain-rule factor forgotten: the derivative of a square",
        "claim partial(f, x[j]) == x[j]/sqrt(sum(x[i]**2 for i in N))",
    ),
    (
        r"""
$$L = \sum_{n=1}^N \left( \mu_n - t_n \log \mu_n \right)$$

$$\mu_n = \exp\left(\sum_{d=1}^D X_{nd} w_d\right)$$

$$\frac{\partial L}{\partial w_j} = \sum_{n=1}^N \left(1 - \frac{t_n}{\mu_n}\right) X_{nj}$$
""",
        "chain-rule factor forgotten: the derivative of exp",
        "claim diff(L, w[j]) == sum((1 - t[n]/mu[n])*X[n,j]*mu[n] for n in N)",
    ),
    (
        r"""
$$s = \frac{1}{1 + e^{-x}}$$

$$\frac{\partial s}{\partial x} = \frac{-e^{-x}}{(1 + e^{-x})^2}$$
""",
        "sign",
        "claim partial(s, x) == exp(-x)/(1 + exp(-x))**2",
    ),
]


@pytest.mark.parametrize(("document", "slip", "right"), DOCUMENTS)
def test_a_slip_in_a_document_is_named(document: str, slip: str, right: str) -> None:
    *before, found = check(document).lines
    assert [x.verdict for x in before] == ["proved"] * len(before)
    assert found.verdict == "refuted"
    assert found.suggestion is not None
    assert found.suggestion.slip.startswith(slip)
    assert found.suggestion.text == right


def test_a_constant_that_is_forgotten_is_a_factor() -> None:
    (found,) = check("f = exp(sum(3*a[i]*x[i] for i in N))\nwrt x[j]\n= a[j]*f").lines
    assert found.suggestion is not None
    assert found.suggestion.slip == "factor 3: a constant that stays in differentiating"
    assert found.suggestion.text == "= 3*a[j]*f"


def test_a_slip_is_found_where_floats_cancel() -> None:
    """h - h**2 for h near 1 has few digits; the mended line must not be thrown out by that."""
    problem = load("autoencoder").text.rpartition("wrt")[0] + "wrt W[j,e]\n"
    before = "sum(sum(V[d,j]*(z[n,d] - x[n,d]) for d in D)*h[n,j]*(1 - h[n,j])*x[n,e] for n in N)"
    inner = "sum(V[d,j]*(z[n,d] - x[n,d]) for d in D)"
    parts = f"sum({inner}*h[n,j]*x[n,e] for n in N)", f"sum({inner}*h[n,j]**2*x[n,e] for n in N)"
    (found,) = check(f"{problem}claim {before} == {parts[0]} + {parts[1]}").lines
    assert found.suggestion is not None
    right = f"claim {before} == {parts[0]} - {parts[1]}"
    assert (found.suggestion.slip, found.suggestion.text) == ("sign", right)
