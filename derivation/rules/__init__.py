"""The trusted laws, by topic. Importing this package fills ``REGISTRY``."""

from derivation.rules import algebra, calculus, cases, functions, sums
from derivation.rules.registry import REGISTRY, SETTING, Rule

__all__ = ["REGISTRY", "SETTING", "Rule", "algebra", "calculus", "cases", "functions", "sums"]
