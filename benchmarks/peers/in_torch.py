"""The flagship in PyTorch's autograd: numbers at one size, no formula."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from programs import Program, serve


def flagship(data: Mapping[str, Any]) -> dict[str, Any]:
    """The gradient at random logits; the median of repeated runs, the first one apart."""
    size = data.get("K", 1000)
    z = torch.randn(size, dtype=torch.float64, requires_grad=True)
    y = torch.softmax(torch.randn(size, dtype=torch.float64), 0)
    taken = []
    for _ in range(50):
        z.grad = None
        start = time.perf_counter()
        (-(y * torch.log_softmax(z, 0)).sum()).backward()
        taken.append(time.perf_counter() - start)
    return {"first": taken[0], "seconds": sorted(taken)[len(taken) // 2]}


if __name__ == "__main__":
    serve({"flagship": Program(flagship)}, torch.__version__)
