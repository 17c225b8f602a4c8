"""A test that runs away ends itself, not the machine; a defect shows where it is."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DERIVATION_TRACEBACK", "1")

if sys.platform == "linux":
    import resource

    _MOST = 6 * 2**30
    _soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    if _soft == resource.RLIM_INFINITY or _soft > _MOST:
        resource.setrlimit(resource.RLIMIT_AS, (_MOST, _hard))
