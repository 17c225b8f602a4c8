"""A law of one's own that says 0 = 1, named in a certificate."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = x**2; wrt x").to_json())
record["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "before": "0",
        "after": "1",
        "moves": [{"law": "mine", "left": "0", "right": "1"}],
    },
)
check(json.dumps(record))
