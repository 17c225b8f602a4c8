"""sum(a*delta(k,1000)) = a, though no hypothesis says that there are 1000 places."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; M = sum(x[k] for k in K); of L; wrt a").to_json())
record["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "before": "sum(a*delta(k,1000) for k in K)",
        "after": "a",
        "moves": [{"law": "sift-delta", "put": {"K": "K", "j": "1000", "F": "k: a"}}],
    },
)
check(json.dumps(record))
