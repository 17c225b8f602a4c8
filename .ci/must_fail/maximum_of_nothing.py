"""max(a for k in K if k > j) = a, though at j = K there is no such place."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; M = sum(x[k] for k in K); of L; wrt a").to_json())
record["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "letters": {"j": "K"},
        "before": "max(a for k in K if k > j)",
        "after": "a",
        "moves": [{"law": "max-constant", "put": {"K": "K", "a": "a"}}],
    },
)
check(json.dumps(record))
