"""The Python interface: ask for a derivation, look at it, print it, go on with its result.

>>> from derivation import derive
>>> d = derive("L = -sum(y[i]*log(p[i]) for i in K)", wrt="p[j]")
>>> d.result
-y[j]/p[j]
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache, cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import derivation.terms  # noqa: F401 - first, since it loads SymPy the fast way

# isort: split
from sympy import Basic, Expr

from derivation import library
from derivation.errors import DerivationError, InputError
from derivation.interop import head_text, to_sympy, to_text, unknown_functions
from derivation.problem import Problem
from derivation.steps import Checked, Outcome, Step
from derivation.terms import Term

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from derivation.codegen import Function, GradientCheck, Written
    from derivation.language.latex import Reading

Source: TypeAlias = "str | os.PathLike[str] | Expr"
Variables: TypeAlias = "str | Basic | Sequence[str | Basic]"
Condition: TypeAlias = "str | Basic"
Where: TypeAlias = "Mapping[Any, Expr]"

STYLES = ("cases", "delta")
DEFAULT_STYLE = "delta"


# -- asking ---------------------------------------------------------------------------------


def derive(
    problem: Source = "",
    *,
    wrt: Variables | None = None,
    of: str | Basic | None = None,
    given: Condition | Iterable[Condition] | None = (),
    style: str | None = None,
    where: Where | None = None,
    inline: bool = False,
) -> Derivation:
    """Derives one gradient, Jacobian or second derivative, and proves every step.

    Args:
        problem: The problem's text (a string with ``=`` in it), else the name of a problem of the
            library, else the path of a problem file; a ``pathlib.Path`` is always a file. A SymPy
            expression is the objective itself, called L.
        wrt: What to differentiate by, instead of what the text says: ``"z[j]"``, ``"z"`` (the
            program chooses a free letter), ``"z[j] then z[l]"``, SymPy's ``z[j]``, or a pair of
            these for a second derivative.
        of: The objective, where it is not the last definition.
        given: Conditions besides those of the text: ``"sum(y[i] for i in K) == 1"``, or SymPy's
            ``Eq(Sum(y[i], (i, 1, K)), 1)``.
        style: ``"cases"`` or ``"delta"``: how to write a derivative with i = j and i ≠ j.
        where: Definitions as SymPy expressions, by name: ``{"p[i]": softmax(z, i, K)}``.
        inline: Whether to write the result as one formula instead of naming the adjoints.

    Returns:
        The derivation. It may be one that stopped: then ``result`` is None and ``reason`` says why.

    Raises:
        InputError: for bad input, in the terms of the input; also if the problem asks for several
            gradients (use `gradients`).

    >>> p = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)"
    >>> derive(p, wrt="z[j]").result
    (KroneckerDelta(i, j) - p[j])*p[i]
    >>> from sympy import IndexedBase, symbols
    >>> from derivation import softmax, cross_entropy
    >>> y, z, p, (i, j, K) = *map(IndexedBase, "yzp"), symbols("i j K")
    >>> d = derive(
    ...     where={p[i]: softmax(z, i, K), "L": cross_entropy(y, p, K)},
    ...     wrt=z[j],
    ...     given="sum(y[i] for i in K) == 1",
    ... )
    >>> d.result
    p[j] - y[j]
    """
    if wrt is not None and not isinstance(wrt, (str, Basic)):
        wrt = " then ".join(map(_text, _several(wrt)))
    asked = _read(problem, wrt, of, given, style, where)
    if len(asked.wrt) != 1:
        listed = ", ".join(_wrt_text(w) for w in asked.wrt)
        raise InputError(
            f"the problem asks for {len(asked.wrt)} gradients: {listed}",
            hint="gradients(…) returns them all; derive(…, wrt=…) chooses one",
        )
    return _derivations(asked, inline)[0]


def gradients(
    problem: Source = "",
    *,
    wrt: Variables | None = None,
    of: str | Basic | None = None,
    given: Condition | Iterable[Condition] | None = (),
    style: str | None = None,
    where: Where | None = None,
    inline: bool = False,
) -> Gradients:
    """Derives every gradient that a problem asks for, by the text of its variable.

    The arguments are those of `derive`, except that a list in ``wrt`` means several gradients.

    >>> found = gradients("L = sum((w[d]*x[d] + b)**2 for d in D)", wrt=["w[j]", "b"])
    >>> list(found)
    ['w[j]', 'b']
    """
    if wrt is not None and not isinstance(wrt, (str, Basic)):
        wrt = ", ".join(map(_text, _several(wrt)))
    asked = _read(problem, wrt, of, given, style, where)
    return Gradients({_wrt_text(d.outcome.wrt): d for d in _derivations(asked, inline)})


def read(
    entry: library.Entry,
    *,
    wrt: str | None = None,
    of: str | None = None,
    given: Sequence[str] = (),
    style: str | None = None,
) -> Problem:
    """The problem that a problem file asks, with what is asked besides (text of the language)."""
    from derivation.language import read_problem

    if style is not None and style not in STYLES:
        raise InputError(f"no style `{style}`", hint=f"the styles are {' and '.join(STYLES)}")
    problem = read_problem(entry.text, wrt=wrt, of=of, given=given, style=style)
    # a certificate holds the whole program: what was given besides belongs to it
    more = [f"given {g.strip().removeprefix('given ')}" for g in given]
    text = "\n".join([entry.text.rstrip("\n"), *more]) if more else entry.text
    return replace(problem, text=text, name=entry.name, title=entry.title or problem.title)


DOCUMENT_LIMIT = 512 * 1024  # bytes of a LaTeX or Markdown document


def is_document(path: str | os.PathLike[str]) -> bool:
    """Whether a file of that name is a document (``.tex``, ``.md``) rather than a problem file."""
    from derivation.language.latex import is_document

    return is_document(os.fspath(path))


def read_document(
    path: str | os.PathLike[str],
    *,
    problem: library.Entry | None = None,
    assume: Sequence[str] = (),
) -> Reading:
    """What a LaTeX or Markdown document says, in the input language.

    Args:
        path: The document.
        problem: A problem file that settles names and ranges.
        assume: Statements that the document leaves out, such as a guess that is confirmed.

    Raises:
        InputError: The file cannot be read, or is too long.
    """
    from derivation.language import latex, read_problem

    text = library.read_file(path, DOCUMENT_LIMIT).text
    about = None if problem is None else read_problem(problem.text, need_wrt=False)
    return latex.read_document(text, filename=os.fspath(path), problem=about, assume=assume)


def outcomes(
    problem: Problem,
    *,
    inline: bool = False,
    progress: Callable[[str], None] | None = None,
) -> tuple[Outcome, ...]:
    """The derivations that a problem asks for, confirmed by the oracle and accepted by the checker.

    This is what the command line and the Python interface share: whatever is shown as proved comes
    from here. ``progress`` is told what is being worked on.
    """
    from derivation.oracle import Oracle

    said = progress or (lambda what: None)
    oracle = Oracle(problem)  # its points serve all gradients that introduce no names
    confirmed: dict[str, Step] = {}  # facts and lemmas that gradients share are tried once
    out = []
    for together in _sharing(problem.wrt):
        said(f"deriving by {', '.join(map(_wrt_text, together))}")
        for outcome in _derived(problem, together, inline):
            said(f"confirming every step at small sizes, by {_wrt_text(outcome.wrt)}")
            extra = outcome.introduced
            judge = Oracle(problem, extra=extra) if extra else oracle
            _check_letters(outcome)
            found = _confirmed(outcome, judge, confirmed)
            if problem.givens and not found.checked.points:
                _refuse_contradiction(problem)
            out.append(found)
    said("checking the certificate")
    return _proved(out)


def _proved(found: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with the certificate that the checker accepted, of all of them together.

    One that it refuses is not derived; then each of the others has a certificate of its own.
    """
    from derivation.certify import checked

    if not found:
        return ()
    try:
        certificate = checked(found)
        return tuple([replace(outcome, certificate=certificate) for outcome in found])
    except (DerivationError, RecursionError) as error:
        if len(found) > 1:
            return tuple([outcome for each in found for outcome in _proved((each,))])
        return (_refused(found[0], error),)


def _refused(outcome: Outcome, error: Exception) -> Outcome:
    """The outcome as far as the checker goes along."""
    from derivation.certify import NotCertified, checked
    from derivation.errors import CertificateRefused

    number = ""
    if isinstance(error, NotCertified):
        reason = str(error)
    elif isinstance(error, CertificateRefused):
        number = error.number or ""
        reason = f"the checker refuses {error}; {_DEFECT}"
    else:
        said = str(error) if isinstance(error, DerivationError) else "nested too deep"
        reason = f"no certificate can be written: {said}; {_DEFECT}"
    stopped = _stopped(outcome, number, outcome.reason or reason)
    try:
        return replace(stopped, certificate=checked((stopped,)))
    except (DerivationError, RecursionError):
        return replace(stopped, facts=(), steps=())


_DEFECT = "this is a defect of the program, please report it"


def _stopped(outcome: Outcome, number: str, reason: str) -> Outcome:
    """The outcome without a result, with the steps before the one that is wrong."""
    wrong = number.split(".")[0]
    numbers = [step.number for step in outcome.steps]
    kept = outcome.steps[: numbers.index(wrong)] if wrong in numbers else ()
    return replace(outcome, result=None, reason=reason, introduced=(), steps=kept)


def _check_letters(outcome: Outcome) -> None:
    """Refuse a result that mentions the objective by the name of one of its letters."""
    from derivation.terms import Index, indices_of, subterms

    name = str(outcome.objective)
    letters = {i.name for v in outcome.wrt for i in indices_of(v) if isinstance(i, Index)}
    if name not in letters or outcome.result is None:
        return
    said = (outcome.result, *outcome.conditions, *outcome.domain)
    said += tuple(d.body for d in outcome.introduced)
    if any(s == outcome.objective for t in said for s in subterms(t)):
        raise InputError(
            f"the result mentions the objective `{name}`, so `{name}` cannot be an index too",
            hint="use another letter after `wrt`",
        )


def _refuse_contradiction(problem: Problem) -> None:
    """Givens that no values meet are bad input. Asked only where no point was found."""
    from derivation.engine.vacuous import contradiction
    from derivation.language import write_condition

    excluded = contradiction(problem)
    if excluded is not None:
        raise InputError(
            f"`given {write_condition(excluded)}` can never hold"
            + (" beside the other givens" if len(problem.givens) > 1 else ""),
            hint="no values meet the givens, so that nothing can be said under them",
        )


def _sharing(variables: Sequence[Sequence[Term]]) -> Iterator[tuple[Any, ...]]:
    """The variables in groups whose gradients share lemmas: first derivatives in a row."""
    for second, group in groupby(variables, lambda wrt: len(wrt) > 1):
        if second:
            yield from ((wrt,) for wrt in group)
        else:
            yield tuple(group)


def _derived(problem: Problem, together: tuple[Any, ...], inline: bool) -> tuple[Outcome, ...]:
    from derivation import engine

    style = problem.style or DEFAULT_STYLE
    try:
        return engine.derive_together(
            problem, together, style=style, inline=inline, known=_theorems
        )
    except InputError:
        raise
    except (DerivationError, RecursionError) as error:
        reason = str(error) if isinstance(error, DerivationError) else "nested too deep"
        return tuple(
            Outcome(problem, problem.objective, wrt, style, None, reason) for wrt in together
        )


@cache
def _theorems() -> tuple[Any, ...]:
    """The problems of the library that are known by their results."""
    from derivation import engine
    from derivation.language import read_expression

    found = ((read(entry), entry.known) for entry in library.theorems())
    return tuple(engine.theorem(p, read_expression(known, p)) for p, known in found)


def _confirmed(outcome: Outcome, oracle: Any, before: dict[str, Step]) -> Outcome:
    """The outcome with what the oracle says; a step that it refutes is the end of it.

    ``before`` are steps that it has confirmed already, by number; those of this outcome join them.
    """
    from derivation.oracle import Refuted
    from derivation.terms import collector_at_rest

    steps = (*outcome.facts, *outcome.steps)
    try:
        with collector_at_rest():
            checked = oracle.confirm([s for s in steps if before.get(s.number) is not s])
        before.update({s.number: s for s in steps})
        sizes = sorted(checked.sizes, key=lambda s: (max(s.values(), default=0), *s.values()))
        return replace(outcome, checked=replace(checked, sizes=tuple(sizes)))
    except Refuted as refuted:
        stopped = _stopped(outcome, refuted.number, f"{refuted}; {_DEFECT}")
        return replace(stopped, checked=Checked())
    except DerivationError as error:  # it can say nothing; the proof stands without it
        return replace(outcome, checked=Checked(skipped=(str(error),)))


def written(
    problem: Problem,
    *,
    inline: bool = False,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> Written:
    """What a problem asks for as source code; see `derivation.codegen.written` for the options."""
    from derivation import codegen
    from derivation.oracle import Oracle

    def derived(asked: Problem) -> Sequence[Outcome]:
        return outcomes(asked, inline=inline, progress=progress)

    def point(asked: Problem) -> Mapping[str, Any] | None:
        settings = Oracle(asked).settings()
        best = max(settings, key=lambda s: sum(s.sizes.values()), default=None)
        return None if best is None else best.arrays

    return codegen.written(problem, derived, point, **options)


def warnings_for(problem: Problem, results: Iterable[Outcome]) -> list[str]:
    """What looks like a slip in a problem, once its results are known."""
    from derivation.language import unused_definitions

    found = [o.result for o in results if o.result is not None]
    return [*problem.warnings, *unused_definitions(problem, *found)]


def _derivations(problem: Problem, inline: bool) -> list[Derivation]:
    found = outcomes(problem, inline=inline)
    for warning in warnings_for(problem, found):
        warnings.warn(warning, stacklevel=3)
    return [Derivation(outcome) for outcome in found]


def example_arrays(*derivations: Derivation) -> list[dict[str, Any]]:
    """Small arrays of several sizes that meet the conditions of derivations of one problem."""
    from derivation import codegen
    from derivation.oracle import Oracle

    found = [d.outcome for d in derivations]
    problem = found[0].problem
    oracle = Oracle(problem, extra=[d for o in found for d in o.introduced])
    points = oracle.points(tuple(dict.fromkeys(c for o in found for c in o.conditions)))
    return [codegen.arrays_at(problem, p.setting.arrays) for p in points]


# -- reading --------------------------------------------------------------------------------


def _read(
    source: Source,
    wrt: Variables | None,
    of: str | Basic | None,
    given: Condition | Iterable[Condition] | None,
    style: str | None,
    where: Where | None,
) -> Problem:
    definitions = dict(where or {})
    entry = library.entry("")
    if not isinstance(source, (str, os.PathLike, Expr)):
        raise InputError(
            f"a problem is text, a path or a SymPy expression, not {type(source).__name__}",
            hint='for example derive("L = sum(z[i]**2 for i in K)", wrt="z[j]")',
        )
    if not (given is None or isinstance(given, (str, Basic, Iterable))):
        raise InputError(f"a condition is text or a SymPy relation, not {given!r}")
    if isinstance(source, Expr):
        definitions = {**definitions, "L": source}
    elif isinstance(source, str) and source in definitions:
        of = of or source
    elif not isinstance(source, str):
        entry = library.read_file(source)
    elif "=" in source or not source.strip():
        entry = library.entry(source)
    else:
        entry = _named(source)
    before = _definitions(definitions)
    if before:
        entry = replace(entry, text="\n".join((*before, entry.text)).rstrip("\n"))
    conditions = [given] if isinstance(given, (str, Basic)) else list(given or ())
    return read(
        entry,
        wrt=None if wrt is None else _text(wrt),
        of=None if of is None else _text(of),
        given=[_text(c) for c in conditions],
        style=style,
    )


def _several(wrt: Any) -> Iterable[Any]:
    if not isinstance(wrt, Iterable):
        raise InputError(
            f"a variable is text or a SymPy symbol, not {wrt!r}", hint='for example wrt="z[j]"'
        )
    return wrt


def _named(source: str) -> library.Entry:
    """A problem of the library, or else a file."""
    if source in library.names():
        return library.load(source)
    if "." in source or "/" in source or os.sep in source or os.path.exists(source):
        return library.read_file(source)
    return library.load(source)  # raises, with the nearest names


def _definitions(where: Where) -> list[str]:
    """Lines of the input language for definitions given as SymPy expressions."""
    lines: list[str] = []
    functions: dict[str, int] = {}
    for name, value in where.items():
        if not isinstance(value, Basic):
            raise InputError(f"`{name}` in `where` is not a SymPy expression: {value!r}")
        functions.update(unknown_functions(value))
        lines.append(f"{head_text(name, value)} = {to_text(value)}")
    declared = [f"function {f}({n})" if n > 1 else f"function {f}" for f, n in functions.items()]
    return declared + lines


def _text(t: Any) -> str:
    return t if isinstance(t, str) else to_text(t)


def _wrt_text(wrt: Sequence[Term]) -> str:
    from derivation.language import write

    return " then ".join(write(v) for v in wrt)


# -- a derivation ---------------------------------------------------------------------------


class Derivation:
    """A derivation with its steps: what `derive` returns.

    It prints itself: ``print`` and ``str`` as plain text, in rich and in a notebook typeset.

    >>> d = derive("f = x**2", wrt="x")
    >>> d
    Derivation(diff(f, x) = 2*x)
    >>> d.status, d.reason
    ('derived', None)
    """

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    @cached_property
    def result(self) -> Expr | None:
        """The derivative as a SymPy expression in plain symbols, or None if not derived."""
        return None if self.outcome.result is None else to_sympy(self.outcome.result)

    @cached_property
    def introduced(self) -> dict[Expr, Expr]:
        """Definitions of names that the derivation brought into the result (adjoints of layers)."""
        return {to_sympy(d.head): to_sympy(d.body) for d in self.outcome.introduced}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The numbered steps, each with its title, reason, rule, both sides and substeps.

        In a notebook each shows itself: ``d.steps[3]``, ``d.steps[1].substeps[0]``.
        """
        return tuple(ShownStep.of(step, self.outcome) for step in self.outcome.steps)

    @property
    def given(self) -> tuple[str, ...]:
        """The conditions of the problem that the derivation used."""
        return self._conditions(self.outcome.given)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the result needs besides, in the syntax of ``given``; free indices mean "every"."""
        return self._conditions(self.outcome.conditions)

    @property
    def domain(self) -> tuple[str, ...]:
        """What holds wherever the objective is defined and has the derivative at all."""
        return self._conditions(self.outcome.domain)

    @property
    def status(self) -> str:
        """``"derived"`` or ``"not-derived"``."""
        return self.outcome.status

    @property
    def reason(self) -> str | None:
        """Why there is no result, or None."""
        return self.outcome.reason

    @property
    def checked(self) -> Checked:
        """The sizes and the number of points at which the oracle confirmed every step."""
        return self.outcome.checked

    def to_text(self, *, detail: str = "normal", width: int = 80) -> str:
        """The derivation as plain text."""
        return self._render("text", detail=detail, width=width)

    def to_latex(
        self, *, detail: str = "normal", standalone: bool = False, notation: Sequence[str] = ()
    ) -> str:
        """The derivation in LaTeX: a fragment, or a document that compiles.

        ``notation`` is the reader's own: ``["yhat = \\\\mathbf{p}", "ln", "no-bounds"]``.
        """
        return self._render("latex", detail=detail, standalone=standalone, notation=notation)

    def to_markdown(self, *, detail: str = "normal", notation: Sequence[str] = ()) -> str:
        """The derivation in Markdown, for GitHub, Quarto and MyST."""
        return self._render("markdown", detail=detail, notation=notation)

    def to_html(self, *, detail: str = "normal", notation: Sequence[str] = ()) -> str:
        """The derivation as a page in one file, which works offline."""
        return self._render("html", detail=detail, notation=notation)

    def to_json(self) -> str:
        """The certificate that the checker accepted: every step, at full detail, as text.

        Raises:
            NotCertified: There is none, since the derivation was refused.
        """
        return self._render("json")

    def function(self, backend: str = "numpy", *, loss: bool = False) -> Function:
        """The derivative as a function of arrays; with ``loss``, the pair of value and derivative.

        It takes every input of the problem by name, used or not. Arrays count from 0, sizes are
        read from the shapes, labels are arrays of whole numbers from 0. What comes back has the
        objective's own indices as axes, then those of the variables, in order. An unknown function
        g is an argument too, and so is its derivative ``dg``. Its ``source`` is the code that runs.

        Raises:
            InputError: No such backend (there are numpy, torch and jax).
            MissingLibrary: It is not installed.
            NoCode: Nothing was derived, or not in words that array code has.

        >>> f = derive("softmax-cross-entropy").function()
        >>> f(z=[0.0, 0.0], y=[1.0, 0.0]).tolist()
        [-0.5, 0.5]
        """
        from derivation.codegen import Function

        return Function((self.outcome,), backend, loss=loss)

    def gradcheck(
        self,
        function: Callable[..., Any],
        arrays: Mapping[str, Any],
        *,
        tolerance: float | None = None,
    ) -> GradientCheck:
        """Compares a function of the user's with the derived gradient and reports the worst entry.

        The function is called with the arrays that it has parameters for, by name. The report is
        true if they agree.

        >>> d = derive("L = sum((x[n] - a)**2 for n in N)", wrt="x[m]")
        >>> import numpy as np
        >>> report = d.gradcheck(lambda x, a: x - a, {"x": np.array([1.0, 3.0]), "a": 1.0})
        >>> report.ok, report.index, report.found, report.expected
        (False, (1,), 2.0, 4.0)
        """
        from derivation.codegen import gradcheck

        return gradcheck(self.function(), function, arrays, tolerance)

    def __repr__(self) -> str:
        from derivation.language import write
        from derivation.terms import diff

        asked = write(diff(self.outcome.objective, *self.outcome.wrt))
        if self.outcome.result is None:
            return f"Derivation({asked} not derived: {self.outcome.reason})"
        return f"Derivation({asked} = {write(self.outcome.result)})"

    def __str__(self) -> str:
        return self.to_text()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        yield Text.from_ansi(
            self._render(
                "terminal",
                width=options.max_width,
                color=console.color_system is not None and not console.no_color,
                unicode=not options.ascii_only,
            )
        )

    def _repr_latex_(self) -> str:
        from derivation.printers import jupyter

        return jupyter.latex(self.outcome)

    def _repr_html_(self) -> str:
        from derivation.printers import jupyter

        return jupyter.html(self.outcome)

    def _render(self, format: str, **options: Any) -> str:
        from derivation import printers

        return printers.render((self.outcome,), format, **options)

    def _conditions(self, found: Sequence[Term]) -> tuple[str, ...]:
        from derivation.language import write_condition

        return tuple(write_condition(c) for c in found)


class Gradients(dict[str, Derivation]):
    """The derivations of one problem by the text of their variables: what `gradients` returns."""

    def function(self, backend: str = "numpy", *, loss: bool = False) -> Function:
        """All gradients as one function of arrays, which computes what they share once.

        It returns a dictionary with the keys of this one; with ``loss``, the pair of the value and
        that dictionary. All else is as for `Derivation.function`, which gives one gradient.

        >>> found = gradients("L = sum((w[d]*x[d] + b)**2 for d in D)", wrt=["w[j]", "b"])
        >>> value, slopes = found.function(loss=True)(w=[1.0, 2.0], x=[1.0, 1.0], b=0.0)
        >>> float(value), slopes["w[j]"].tolist(), float(slopes["b"])
        (5.0, [2.0, 4.0], 6.0)
        """
        from derivation.codegen import Function

        return Function([d.outcome for d in self.values()], backend, loss=loss, keys=list(self))

    def gradcheck(
        self,
        function: Callable[..., Any],
        arrays: Mapping[str, Any],
        *,
        tolerance: float | None = None,
    ) -> GradientCheck:
        """Compares a function that returns all gradients, in order or by name, with these.

        It returns a sequence in the order of this dictionary, or a dictionary by variables or
        by names of arrays. The report is that of the gradient that differs most.

        >>> found = gradients("L = sum((w[d]*x[d] + b)**2 for d in D)", wrt=["w[j]", "b"])
        >>> arrays = {"w": [1.0, 2.0], "x": [1.0, 1.0], "b": 0.0}
        >>> import numpy as np
        >>> def backward(w, x, b):
        ...     r = np.multiply(w, x) + b
        ...     return {"w": 2*r*x, "b": r.sum()}
        >>> print(found.gradcheck(backward, arrays))
        diff(L, b) differs from the derived one: worst entry, found 3, derived 6, ...
        """
        from derivation.codegen import gradcheck_all

        return gradcheck_all(self.function(), function, arrays, tolerance)


class ShownStep(Step):
    """A step that shows itself in a notebook, with the left side that its line goes on from."""

    _outcome: Outcome

    @classmethod
    def of(cls, step: Step, outcome: Outcome) -> ShownStep:
        """The step, and its substeps with it, as one of the outcome's."""
        values = {f.name: getattr(step, f.name) for f in fields(Step)}
        values["substeps"] = tuple(cls.of(s, outcome) for s in step.substeps)
        shown = cls(**values)
        object.__setattr__(shown, "_outcome", outcome)
        return shown

    def _repr_html_(self) -> str:
        from derivation.printers import jupyter

        return jupyter.step_html(self._outcome, self.number)

    def _repr_latex_(self) -> str:
        from derivation.printers import jupyter

        return jupyter.step_latex(self._outcome, self.number)
