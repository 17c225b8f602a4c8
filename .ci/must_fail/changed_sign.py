"""A gradient with one sign changed, claimed as a rearrangement."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = sum((a[i] - b[i])**2 for i in K); wrt a[j]").to_json())
record["steps"].append(
    {
        "number": "90",
        "kind": "chain",
        "before": record["result"],
        "after": "2*(a[j] + b[j])",
        "moves": [],
    }
)
record["result"] = "2*(a[j] + b[j])"
check(json.dumps(record))
