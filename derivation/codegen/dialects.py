"""What NumPy, PyTorch and JAX call things. One object a library; the printer asks these alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COMMON = {
    name: name for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
}
COMMON |= {name: name for name in ("log1p", "expm1", "abs", "sign")}
ARC = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}


@dataclass(frozen=True)
class Dialect:
    """A library of arrays.

    Attributes:
        name: As the user says it.
        module: The name that the library has in the source.
        imports: Import lines, by the name that they bind.
        array: The type of an array of numbers, ``integers`` that of class numbers.
        scalar: The type of a scalar argument.
        functions: The language's functions, as ``module.function``.
        axis: The name of the keyword that says which axis.
        keep: The keyword that keeps it.
    """

    name: str
    module: str
    imports: Mapping[str, str]
    array: str
    integers: str
    scalar: str
    functions: Mapping[str, str]
    axis: str = "axis"
    keep: str = "keepdims"
    aliases: tuple[str, ...] = ()
    reductions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_torch(self) -> bool:
        return self.name == "torch"

    @property
    def fuses(self) -> bool:
        """Whether a compiler makes one loop of what is done entry by entry."""
        return self.name == "jax"

    @property
    def is_numpy(self) -> bool:
        return self.name == "numpy"


NUMPY = Dialect(
    name="numpy",
    module="np",
    imports={
        "math": "import math",
        "np": "import numpy as np",
        "NDArray": "from numpy.typing import NDArray",
        "special": "from scipy import special",
    },
    array="FloatArray",
    integers="IntArray",
    scalar="float",
    aliases=("FloatArray", "IntArray"),
    functions={
        **{k: f"np.{v}" for k, v in (COMMON | ARC).items()},
        "max": "np.maximum",
        "min": "np.minimum",
        "erf": "special.erf",
        "lgamma": "special.gammaln",
        "digamma": "special.digamma",
        "polygamma": "special.polygamma",
        "sigmoid": "sigmoid",
    },
    reductions={"sum": "sum", "mean": "mean", "prod": "prod", "max": "max", "min": "min"},
)

TORCH = Dialect(
    name="torch",
    module="torch",
    imports={
        "math": "import math",
        "torch": "import torch",
        "Tensor": "from torch import Tensor",
        "functional": "from torch.nn import functional",
    },
    array="Tensor",
    integers="Tensor",
    scalar="Tensor",
    axis="dim",
    keep="keepdim",
    functions={
        **{k: f"torch.{v}" for k, v in COMMON.items()},
        **{k: f"torch.{k}" for k in ARC},
        "max": "torch.maximum",
        "min": "torch.minimum",
        "erf": "torch.erf",
        "lgamma": "torch.lgamma",
        "digamma": "torch.digamma",
        "polygamma": "torch.polygamma",
        "sigmoid": "torch.sigmoid",
        "relu": "torch.relu",
        "log_sigmoid": "functional.logsigmoid",
    },
    reductions={"sum": "sum", "mean": "mean", "prod": "prod", "max": "amax", "min": "amin"},
)

JAX = Dialect(
    name="jax",
    module="jnp",
    imports={
        "math": "import math",
        "jax": "import jax",
        "jnp": "import jax.numpy as jnp",
        "Array": "from jax import Array",
        "special": "from jax.scipy import special",
    },
    array="Array",
    integers="Array",
    scalar="Array | float",
    functions={
        **{k: f"jnp.{v}" for k, v in (COMMON | ARC).items()},
        "max": "jnp.maximum",
        "min": "jnp.minimum",
        "erf": "special.erf",
        "lgamma": "special.gammaln",
        "digamma": "special.digamma",
        "polygamma": "special.polygamma",
        "sigmoid": "jax.nn.sigmoid",
        "softplus": "jax.nn.softplus",
    },
    reductions={"sum": "sum", "mean": "mean", "prod": "prod", "max": "max", "min": "min"},
)

DIALECTS: dict[str, Dialect] = {d.name: d for d in (NUMPY, TORCH, JAX)}
