"""A certificate whose program was exchanged: the proof of one loss, stated of another."""

import json

from derivation import derive, verify

record = json.loads(derive("L = sum((x[i] - a)**2 for i in N)", wrt="a").to_json())
record["problem"]["program"] = "L = sum((x[i] + a)**2 for i in N)\nwrt a"
verify(json.dumps(record))
