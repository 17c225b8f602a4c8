"""Independent evaluation at small sizes: may refute an equality, may never grant one.

Nothing here uses SymPy's evaluation, the kernel, the rules or the engine.

>>> from derivation.problem import Problem
>>> from derivation.terms import delta, element, exp, index, size, sum_over
>>> K = size("K"); i, j = index("i", K), index("j", K)
>>> problem = Problem("", {}, element("z", i), (), {"z": (K,)}, ("K",))
>>> oracle = Oracle(problem)
>>> oracle.compare(sum_over(exp(element("z", i)), i), sum_over(exp(element("z", j)), j)).refuted
>>> print(oracle.compare(delta(i, j), delta(j, j)).refuted)
at K = 2; i = 1, j = 2: 0 is not 1
"""

from derivation.oracle.check import Comparison, Oracle, Refuted, Witness, evaluate
from derivation.oracle.points import Setting

__all__ = ["Comparison", "Oracle", "Refuted", "Setting", "Witness", "evaluate"]
