"""sum(sum(1 for d in D if k == d) for k in K) = K, though there are places in K that D has not."""

import json

from derivation import derive
from derivation.checker import check

program = "L = a*b; M = sum(x[k] for k in K) + sum(y[d] for d in D); of L; wrt a"
record = json.loads(derive(program).to_json())
line = "sum(sum(1 for d in D if k == d) for k in K)"
record["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "before": line,
        "after": "sum(1 for k in K)",
        "moves": [
            {
                "law": "sum-one-place",
                "at": "sum(HOLE for k in K)",
                "put": {"K": "D", "j": "k", "F": "d: 1"},
            }
        ],
    },
)
check(json.dumps(record))
