"""From what a user asks for to source: which derivations it takes, and which module they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from derivation.codegen.autograd import AutogradModule
from derivation.codegen.lower import NoCode
from derivation.codegen.modules import UPSTREAM, source
from derivation.errors import InputError
from derivation.language import read_problem, write
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Index, indices_of

Derive = Callable[[Problem], Sequence[Outcome]]
Point = Mapping[str, Mapping[tuple[int, ...], Any]]


@dataclass(frozen=True)
class Written:
    """Source, and what is to be said with it.

    Attributes:
        source: The module, "" where nothing was derived.
        script: The script that checks a ``torch.autograd.Function``, else "".
        reason: Why a gradient was not derived, or None.
        outcomes: The derivations.
    """

    source: str = ""
    script: str = ""
    reason: str | None = None
    outcomes: tuple[Outcome, ...] = ()


def upstream_problem(problem: Problem) -> Problem:
    """The problem of the sum of an indexed objective's entries, each times an upstream gradient.

    Its gradient is the product of that upstream gradient with the Jacobian, derived as such: no
    Jacobian is ever made.

    Raises:
        InputError: The objective has a fixed index, or is to be differentiated twice.
    """
    objective = problem.objective
    letters = indices_of(objective)
    if any(len(w) > 1 for w in problem.wrt):
        raise InputError("a second derivative has no product with an upstream gradient")
    if not all(isinstance(i, Index) for i in letters):
        raise InputError(
            f"the objective {write(objective)} has a fixed index",
            hint="define a scalar for that entry and differentiate it",
        )
    taken = {*problem.shapes, *problem.sizes, *problem.unknown}
    if UPSTREAM in taken:
        raise InputError(f"the name {UPSTREAM} is in use", hint="give that array another name")
    at = ",".join(str(i.name) for i in letters)
    loops = "".join(f" for {i.name} in {write(i.size)}" for i in letters)
    total = next(n for n in ("vjp", *(f"vjp{k}" for k in range(2, 99))) if n not in taken)
    more = f"{total} = sum({UPSTREAM}[{at}]*{write(objective)}{loops})"
    asked = ", ".join(write(w[0]) for w in problem.wrt)
    text = f"{problem.text.rstrip()}\n{more}\n"
    found = read_problem(text, wrt=asked, of=total, style="delta")
    return replace(found, name=problem.name, title=problem.title)


def written(
    problem: Problem,
    derive: Derive,
    point: Callable[[Problem], Point | None],
    *,
    backend: str = "numpy",
    loss: bool = False,
    grad: bool = False,
    vjp: bool = False,
    autograd: bool = False,
    name: str | None = None,
    module: str | None = None,
) -> Written:
    """The source that a user asks for.

    Args:
        problem: The problem.
        derive: Derives all gradients of a problem.
        point: A point of a problem that meets its givens, for the script.
        backend: ``numpy``, ``torch`` or ``jax``.
        loss: Whether to write the objective.
        grad: Whether to write the derivative (also meant where nothing is said).
        vjp: Whether to write the product with an upstream gradient.
        autograd: Whether to write a ``torch.autograd.Function``.
        name: What functions are called after.
        module: The name of the module that the script imports.

    Raises:
        NoCode: Something in the formulas cannot be written as array code.
    """
    indexed = bool(indices_of(problem.objective))
    product = vjp or autograd
    asked = upstream_problem(problem) if product and indexed else problem
    if product and any(len(w) > 1 for w in problem.wrt):
        raise InputError("a second derivative has no product with an upstream gradient")
    outcomes = tuple(derive(asked))
    stopped = next((o for o in outcomes if o.result is None), None)
    if stopped is not None:
        return Written(reason=stopped.reason, outcomes=outcomes)
    title = name or problem.name
    if autograd:
        made = AutogradModule(outcomes, problem.objective, title)
        text = made.source()
        return Written(text, _script(made, asked, point, module), None, outcomes)
    if vjp and (loss or grad):
        raise InputError("--vjp is a function of its own", hint="leave out --loss and --grad")
    text = source(
        outcomes,
        backend,
        loss=loss,
        grad=grad or vjp or not loss,
        name=title,
        upstream=vjp and not indexed,
        product=vjp,
    )
    return Written(text, "", None, outcomes)


def _script(
    made: AutogradModule,
    asked: Problem,
    point: Callable[[Problem], Point | None],
    module: str | None,
) -> str:
    found = point(asked)
    if found is None:
        raise NoCode("no point was found that meets the givens, so there is nothing to check at")
    arrays = {n: _nested(asked, n, found[n]) for n in made.inputs}
    return made.check_script(module or made.call_name, arrays)


def _nested(problem: Problem, name: str, entries: Mapping[tuple[int, ...], Any]) -> Any:
    """An array's entries as nested lists, counted from 0."""
    lengths = [max(k[axis] for k in entries) for axis in range(len(problem.shapes[name]))]

    def at(before: tuple[int, ...]) -> Any:
        if len(before) == len(lengths):
            value = entries[before]
            return int(value) - 1 if name in problem.labels else float(Fraction(value))
        return [at((*before, k)) for k in range(1, lengths[len(before)] + 1)]

    return at(())


def arrays_at(problem: Problem, point: Point) -> dict[str, Any]:
    """The inputs of a problem at a point as NumPy arrays, counted from 0."""
    from derivation.codegen.calling import library

    np = library("numpy")
    inputs = [n for n in problem.shapes if n not in problem.definitions]
    return {n: np.array(_nested(problem, n, point[n])) for n in inputs}
