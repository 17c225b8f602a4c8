"""Generated code as a function to call: inputs by name, checked against the problem's shapes."""

from __future__ import annotations

import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from derivation.codegen.dialects import DIALECTS
from derivation.codegen.modules import Module, Wanted, assembled
from derivation.errors import DerivationError, InputError
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Size, Term

LIBRARIES = {"numpy": "numpy", "torch": "torch", "jax": "jax"}


class MissingLibrary(DerivationError, ImportError):
    """A library that the chosen backend needs is not installed."""


def library(backend: str) -> Any:
    """The library of a backend, imported now.

    Raises:
        InputError: No such backend.
        MissingLibrary: It is not installed.
    """
    if backend not in DIALECTS:
        near = difflib.get_close_matches(backend, DIALECTS, 1)
        raise InputError(
            f"no backend `{backend}`",
            hint=f"did you mean `{near[0]}`?" if near else f"there are {', '.join(DIALECTS)}",
        )
    try:
        return importlib.import_module(LIBRARIES[backend])
    except ImportError as error:
        raise MissingLibrary(
            f"the backend {backend} needs {error.name or LIBRARIES[backend]}, which is not "
            f"installed: pip install 'loss-derivation[{backend}]'"
        ) from None


class Function:
    """A generated function that takes every input of the problem by name.

    Attributes:
        source: The module that runs.
        backend: ``numpy``, ``torch`` or ``jax``.

    Arrays count from 0; sizes are read from the shapes, and what no shape tells is an argument
    too. An unknown function g is an argument of that name, its derivative ``dg``.

    Several derivations make a tuple, with the value first where it is asked for; with ``keys``,
    a dictionary of the gradients.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        backend: str = "numpy",
        *,
        loss: bool = False,
        grad: bool = True,
        keys: Sequence[str] | None = None,
    ) -> None:
        self.library = library(backend)
        self.backend = backend
        self.problem: Problem = outcomes[0].problem
        self.outcomes = tuple(outcomes)
        self.keys = None if keys is None else list(keys)
        self._has_value = loss
        module = Module(outcomes, backend)
        wanted = Wanted(loss, grad)
        lines, used = module.function(wanted)
        self.source = assembled(module, [lines], used)
        self._parameters = module.last_parameters
        self.inputs = list(module.inputs)
        self.functions = module.last_functions
        self.sizes = module.last_sizes
        self._identifiers = {module.names(n): n for n in self.inputs}
        self.__name__ = module.function_name(wanted)
        self._run = load(self.source, self.__name__)
        self.__doc__ = self._run.__doc__

    def __repr__(self) -> str:
        return f"<{self.backend} function {self.__name__}({', '.join(self.arguments)})>"

    @property
    def arguments(self) -> list[str]:
        """The names of all arguments."""
        unknown = [f for f in self.problem.unknown if f not in self.functions]
        return [*self.inputs, *unknown, *self.functions, *self.sizes]

    def __call__(self, **given: Any) -> Any:
        """The value at these inputs.

        Raises:
            TypeError: A name that the problem does not have, a missing one, or labels that are no
                whole numbers.
            ValueError: Shapes that do not fit each other or the problem, or a label out of range.
        """
        given = {self._identifiers.get(n, n): v for n, v in given.items()}
        self._check_names(given)
        values = self._converted(given)
        self._check_shapes(values)
        for n in self.functions:
            values[n] = given[n]
        for z in self.sizes:
            values[z] = given[z]
        found = self._run(**{p: values[n] for p, n in self._parameters.items()})
        return found if self.keys is None else self._by_key(found)

    def _by_key(self, found: Any) -> Any:
        """The gradients as a dictionary, after the value where there is one."""
        several = found if isinstance(found, tuple) else (found,)
        gradients = several[1:] if self._has_value else several
        by_key = dict(zip(self.keys or (), gradients, strict=True))
        return (several[0], by_key) if self._has_value else by_key

    # -- checks -----------------------------------------------------------------------------

    def _check_names(self, given: Mapping[str, Any]) -> None:
        known = self.arguments
        for n in given:
            if n not in known:
                near = difflib.get_close_matches(n, known, 1)
                hint = f"did you mean `{near[0]}`? " if near else ""
                raise TypeError(
                    f"{self.__name__} has no input `{n}`; {hint}it takes {', '.join(known)}"
                )
        optional = {f for f in self.problem.unknown if f not in self.functions}
        missing = [n for n in known if n not in given and n not in optional]
        if missing:
            shapes = ", ".join(f"`{n}` ({self._expected(n)})" for n in missing)
            raise TypeError(f"{self.__name__} lacks {shapes}; it takes {', '.join(known)}")

    def _expected(self, n: str) -> str:
        if n not in self.inputs:
            return "a size" if n in self.sizes else "a function"
        shape = self.problem.shapes[n]
        kind = "whole numbers" if n in self.problem.labels else "an array"
        return f"{kind} of shape {_shape(shape)}" if shape else "a scalar"

    def _check_shapes(self, values: Mapping[str, Any]) -> None:
        sizes: dict[str, tuple[int, str]] = {}
        for n in self.inputs:
            expected = self.problem.shapes[n]
            shape = tuple(int(s) for s in _shape_of(values[n]))
            if len(shape) != len(expected):
                raise ValueError(
                    f"`{n}` has shape {shape}, which is {len(shape)}-dimensional; expected "
                    f"{self._expected(n)}"
                )
            for k, (length, size) in enumerate(zip(shape, expected, strict=True)):
                if not isinstance(size, Size):
                    if length != int(size):
                        raise ValueError(
                            f"`{n}` has shape {shape}; axis {k} must have length {size}"
                        )
                    continue
                before = sizes.setdefault(str(size), (length, n))
                if before[0] != length:
                    raise ValueError(
                        f"`{n}` has shape {shape}, so {size} = {length} by axis {k}; but "
                        f"{size} = {before[0]} by `{before[1]}`, and {self._expected(n)} was "
                        "expected"
                    )
                if length == 0:
                    raise ValueError(f"`{n}` has shape {shape}: {size} must be at least 1")
        for n, size in self.problem.labels.items():
            if n in values:
                self._check_labels(n, values[n], sizes.get(str(size), (None, ""))[0])

    def _check_labels(self, n: str, value: Any, size: int | None) -> None:
        if self.backend == "jax" and "Tracer" in type(value).__name__:
            return  # under jit nothing is known of the values
        least, most = int(value.min()), int(value.max())
        if least < 0 or (size is not None and most >= size):
            end = "" if size is None else f" to {size - 1}"
            raise ValueError(
                f"`{n}` has the class number {least if least < 0 else most}; class numbers are "
                f"0{end}"
            )

    # -- number types -----------------------------------------------------------------------

    def _converted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        convert = {"numpy": self._numpy, "torch": self._torch, "jax": self._jax}[self.backend]
        return convert({n: given[n] for n in self.inputs})

    def _numpy(self, given: Mapping[str, Any]) -> dict[str, Any]:
        np = self.library
        arrays = {n: np.asarray(v) for n, v in given.items()}
        floats = {n: a for n, a in arrays.items() if n not in self.problem.labels}
        for n in self.problem.labels:
            if n in arrays and arrays[n].dtype.kind not in "iu":
                raise TypeError(f"`{n}` holds class numbers: whole numbers, not {arrays[n].dtype}")
        for n, a in floats.items():
            if a.dtype.kind not in "fiub":
                raise TypeError(f"`{n}` holds {a.dtype}; expected real numbers")
        wide = [a for a in floats.values() if a.ndim]
        kinds = [a.dtype for a in wide or floats.values() if a.dtype.kind == "f"]
        kind = np.result_type(*kinds) if kinds else np.dtype(float)
        found: dict[str, Any] = {}
        for n, a in arrays.items():
            if n in self.problem.labels:
                found[n] = a
            elif not self.problem.shapes[n] and not a.ndim:
                found[n] = float(a) if wide else kind.type(a)
            else:
                found[n] = a.astype(kind, copy=False)
        return found

    def _torch(self, given: Mapping[str, Any]) -> dict[str, Any]:
        torch = self.library
        here = [v.device for v in given.values() if isinstance(v, torch.Tensor) and v.ndim]
        device = here[0] if here else None
        tensors = {
            n: v if isinstance(v, torch.Tensor) else torch.as_tensor(v, device=device)
            for n, v in given.items()
        }
        floats = [t for n, t in tensors.items() if n not in self.problem.labels]
        floats = [t for t in floats if t.is_floating_point()]
        wide = [t for t in floats if t.ndim] or floats
        kind = wide[0].dtype if wide else torch.get_default_dtype()
        for t in wide[1:]:
            kind = torch.promote_types(kind, t.dtype)
        found: dict[str, Any] = {}
        for n, t in tensors.items():
            if n not in self.problem.labels:
                found[n] = t.to(kind)
            elif t.is_floating_point() or t.is_complex():
                raise TypeError(f"`{n}` holds class numbers: whole numbers, not {t.dtype}")
            else:
                found[n] = t.long()
        return found

    def _jax(self, given: Mapping[str, Any]) -> dict[str, Any]:
        jnp = importlib.import_module("jax.numpy")
        found = {n: jnp.asarray(v) for n, v in given.items()}
        floats = [n for n in found if n not in self.problem.labels]
        for n in self.problem.labels:
            if n in found and not jnp.issubdtype(found[n].dtype, jnp.integer):
                raise TypeError(f"`{n}` holds class numbers: whole numbers, not {found[n].dtype}")
        wide = [found[n] for n in floats if found[n].ndim] or [found[n] for n in floats]
        kinds = [a.dtype for a in wide if jnp.issubdtype(a.dtype, jnp.floating)]
        kind = jnp.result_type(*kinds) if kinds else jnp.result_type(float)
        return {n: a.astype(kind) if n in floats else a for n, a in found.items()}


def _shape(sizes: Sequence[Term]) -> str:
    names = [str(s) for s in sizes]
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


def _shape_of(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


# -- running a module that was just written -------------------------------------------------------

_COUNT = itertools.count(1)


class _Written(importlib.abc.InspectLoader):
    """Loads a module from text through Python's import system, so that tracebacks show it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        return self.text

    def is_package(self, fullname: str) -> bool:
        return False


def load(text: str, name: str) -> Callable[..., Any]:
    """The function of that name in a module's text.

    The text is this package's own: names in it are identifiers that the reader of the language
    accepted, and everything else that a user wrote stands in docstrings.
    """
    label = f"derivation_generated_{next(_COUNT)}"
    spec = importlib.machinery.ModuleSpec(label, _Written(text), origin=f"<{label}>")
    module = importlib.util.module_from_spec(spec)
    linecache.cache[f"<{label}>"] = (len(text), None, text.splitlines(keepends=True), "")
    if spec.loader is None:
        raise ImportError(name)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise MissingLibrary(
            f"the generated code needs {error.name}, which is not installed: "
            f"pip install {error.name}"
        ) from None
    found: Callable[..., Any] = getattr(module, name)
    return found
