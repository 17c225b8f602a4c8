"""A hypothesis about y[k]*w[f], used where w stands at the bound letter: the letter is caught."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; M = sum(x[k]*y[k]*w[k] for k in K); of L; wrt a").to_json())
inside = "x[i]*sum(y[l]*w[l] for l in K) > 0"
record["core"]["hypotheses"].append(
    {"letters": {"f": "K"}, "says": "x[f]*sum(y[k]*w[f] for k in K) > 0"}
)
record["core"]["witness"].update(K=2, x=[1, 1], y=[2, -1], w=[1, 3])  # at which it is false
record["given"].append("x[f]*sum(y[k]*w[f] for k in K) > 0")
record["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "before": f"sum((1 if {inside} else 2) for i in K)",
        "after": "sum(1 for i in K)",
        "moves": [
            {
                "law": "case-holds",
                "at": "sum(HOLE for i in K)",
                "put": {"c": inside, "a": "1", "b": "2"},
            }
        ],
    },
)
check(json.dumps(record))
