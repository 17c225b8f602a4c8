"""b = b + 1 where s > 0 and s <= 0: every move is right, and nothing is proved."""

import json

from derivation import derive, verify

record = json.loads(derive("L = a*b; M = s; of L; wrt a").to_json())
number = int(record["steps"][-1]["number"])
case = "b + (1 if s > 0 else 0)"
for before, after, rule, path, direction, needs in (
    ("b", "b + 0", "ring", [], "lr", []),
    ("b + 0", case, "case-fails", [1], "rl", ["s <= 0"]),
    (case, "b + 1", "case-holds", [1], "lr", ["s > 0"]),
):
    number += 1
    record["steps"].append(
        {
            "number": str(number), "kind": "chain", "title": "", "rule": rule, "law": "",
            "why": "", "before": before, "after": after, "path": path, "direction": direction,
            "args": {}, "uses": [], "conditions": needs, "substeps": [],
        }
    )  # fmt: skip
if record["result"] != "b":
    raise SystemExit("the derivation ends otherwise")
record.update(result="b + 1", conditions=["s > 0", "s <= 0"])
verify(json.dumps(record))
