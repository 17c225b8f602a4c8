"""The input language: text to terms, terms to text, and the size of a term in its nodes.

>>> problem = read_problem('''
... p[i] = exp(z[i]) / sum(exp(z[k]) for k in K)
... L    = -sum(y[i]*log(p[i]) for i in K)
... wrt z[j]
... ''')
>>> write(problem.definitions["L"].body)
'-sum(y[i]*log(p[i]) for i in K)'
>>> nodes(read_expression("p[j] - y[j]", problem))
5
"""

from derivation.language.calls import KNOWN_FUNCTIONS
from derivation.language.expressions import read_condition, read_expression
from derivation.language.measure import nodes
from derivation.language.programs import read_problem
from derivation.language.typos import unused_definitions
from derivation.language.writer import write, write_condition, write_definition

__all__ = [
    "KNOWN_FUNCTIONS",
    "nodes",
    "read_condition",
    "read_expression",
    "read_problem",
    "unused_definitions",
    "write",
    "write_condition",
    "write_definition",
]
