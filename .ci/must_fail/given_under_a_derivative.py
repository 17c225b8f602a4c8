"""a = 1 put in under the derivative by a: diff(a*b, a) would become diff(1*b, a), which is 0.

The law is none of calculus: it says that two equal values are equal."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; wrt a").to_json())
record["core"]["hypotheses"].append({"says": "a == 1"})
record["core"]["witness"]["a"] = 1
record["given"].append("a == 1")
record["steps"] = [
    {
        "number": "1",
        "kind": "chain",
        "before": "diff(L, a)",
        "after": "diff(b, a)",
        "moves": [
            {"law": "definition", "left": "L", "at": "diff(HOLE, a)"},
            {"law": "equal-values", "put": {"a": "a", "b": "1"}, "at": "diff(HOLE*b, a)"},
        ],
    },
    {
        "number": "2",
        "kind": "chain",
        "before": "diff(b, a)",
        "after": "0",
        "moves": [{"law": "differentiate", "left": "diff(b, a)", "right": "0"}],
    },
]
record["result"] = "0"
check(json.dumps(record))
