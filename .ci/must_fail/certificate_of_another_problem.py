"""A certificate whose program was exchanged: the proof of one loss, stated of another."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = sum((x[i] - a)**2 for i in N)", wrt="a").to_json())
(loss,) = record["core"]["definitions"]
if "-" not in loss["body"]:
    raise SystemExit("the program is written otherwise")
loss["body"] = loss["body"].replace("-", "+")
check(json.dumps(record))
