"""A derivation that a person wrote, judged line by line.

>>> report = check('''
... f = log(sum(exp(x[k]) for k in K))
... wrt x[j]
... = exp(x[j])/sum(exp(x[k]) for k in K)
... = exp(x[j] + f)
... ''')
>>> [line.verdict for line in report.lines], report.first_wrong
(['proved', 'refuted'], 5)
>>> report.lines[1].suggestion
Suggestion(text='= exp(x[j] - f)', slip='sign', place=f + x[j])
"""

from derivation.checking.api import check
from derivation.checking.refuter import Counterexample
from derivation.checking.report import Line, Report, Suggestion

__all__ = ["Counterexample", "Line", "Report", "Suggestion", "check"]
