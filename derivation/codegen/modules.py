"""A derivation as the source of a module: loss, gradient, both, products with a gradient.

The formulas are those that were proved; this only says how to compute them.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from derivation.codegen.dialects import DIALECTS, Dialect
from derivation.codegen.functions import (
    INDENT,
    Body,
    Names,
    docstring,
    filled,
    fitted,
    listed,
    printed,
    room_for,
    shape_text,
    tell,
)
from derivation.codegen.hoist import hoisted
from derivation.codegen.lower import Lowering, NoCode
from derivation.codegen.native import native
from derivation.codegen.nodes import Axis, Node, Statement, array, mul, walk
from derivation.codegen.printing import Printer
from derivation.codegen.program import Program
from derivation.codegen.reuse import written_over
from derivation.language import write, write_condition, write_definition
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import (
    ZERO,
    Index,
    Relation,
    Term,
    function_name,
    indices_of,
    is_element,
    name_of,
    names,
)

UPSTREAM = "upstream"


@dataclass(frozen=True)
class Wanted:
    """What a function returns: ``loss``, ``grad``, both, or ``vjp``."""

    loss: bool = False
    grad: bool = True

    @property
    def suffix(self) -> str:
        if self.loss and self.grad:
            return "value_and_grad"
        return "loss" if self.loss else "grad"


class Module:
    """The source of a module for the gradients of one problem.

    Args:
        outcomes: Derived gradients of one problem.
        backend: ``numpy``, ``torch`` or ``jax``.
        name: What functions are called after.
        upstream: Whether the gradients are to be multiplied by a gradient that comes from above
            (for a scalar objective; an indexed one is asked for as a sum with ``upstream``).
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        backend: str = "numpy",
        name: str | None = None,
        upstream: bool = False,
        renamed: dict[str, str] | None = None,
    ) -> None:
        self.dialect: Dialect = DIALECTS[backend]
        self.outcomes = outcomes
        self.problem: Problem = outcomes[0].problem
        self.name = identifier(name or self.problem.name or "")
        self.upstream = upstream
        self.product = upstream  # whether it is said to be a product with an upstream gradient
        problem = self.problem
        introduced = [d for o in outcomes for d in o.introduced]
        self.introduced = {d.name: d for d in introduced}
        self.lowering = Lowering(problem, introduced)
        self.objective = outcomes[0].objective
        self.grads: dict[str, tuple[Axis, ...]] = {}
        outputs = []
        for o in outcomes:
            if o.result is None:
                raise NoCode(f"not derived: {o.reason}")
            axes = tuple(
                dict.fromkeys(
                    i for t in (o.objective, *o.wrt) for i in indices_of(t) if isinstance(i, Index)
                )
            )
            node = self.lowering.lower(o.result)
            if upstream:
                node = mul(array(UPSTREAM, ()), node)
            label = self._label(o)
            self.grads[label] = axes
            outputs.append(self._returned(label, axes, node))
        self.value = self._returned(
            "value", _letters(self.objective), self.lowering.lower(self.objective)
        )
        self.inputs = [n for n in problem.shapes if n not in problem.definitions]
        if upstream:
            self.inputs.append(UPSTREAM)
        computed = self.lowering.statements
        replaced = {
            n for n in problem.definitions if n not in computed and f"{n} masked" in computed
        }
        raw = [
            *(n for n in problem.shapes if n not in replaced),
            *problem.sizes,
            *problem.unknown,
            *self.introduced,
            *self.lowering.statements,
            *self.grads,
            *self.lowering.derived_functions,
            "value",
        ]
        self.names = Names(self.dialect, raw)
        for there, here in (renamed or {}).items():
            self.names.found[there] = here
        definitions = dict(self.lowering.statements)
        if self.dialect.name != "numpy":
            definitions = {n: (a, native(node)) for n, (a, node) in definitions.items()}
            outputs = [Statement(s.name, s.axes, native(s.node)) for s in outputs]
            self.value = replace(self.value, node=native(self.value.node))
        self.shapes: dict[str, tuple[Term, ...]] = {
            n: problem.shapes.get(n, ()) for n in self.inputs
        }
        self.floats = [n for n in self.inputs if n not in problem.labels]
        self.has_arrays = any(self.shapes[n] for n in self.floats)
        self.definitions, self.outputs = definitions, outputs
        self.last_parameters: dict[str, str] = {}  # what the function written last takes
        self.last_functions: list[str] = []
        self.last_sizes: list[str] = []

    def _returned(self, label: str, axes: tuple[Axis, ...], node: Node) -> Statement:
        """A statement for what is returned: of full shape, and no array of the caller's own."""
        if set(node.axes) != set(axes):
            node = Node("broadcast", (node,), axes)
        elif node.op == "array" and node.data[0] not in self.lowering.statements:
            node = Node("copy", (node,), node.axes)
        elif not self.dialect.is_numpy and not axes and not _is_computed(node):
            node = Node("broadcast", (node,), ())  # a tensor all the same
        return Statement(label, axes, node)

    def _label(self, o: Outcome) -> str:
        kind = "hess" if len(o.wrt) > 1 else "jac" if _letters(o.objective) else "grad"
        label = kind if len(self.outcomes) == 1 else f"{kind}_{name_of(o.wrt[0])}"
        while label in self.problem.shapes or label in self.grads or label in self.problem.sizes:
            label += "_"
        return label

    # -- functions --------------------------------------------------------------------------

    def function(self, wanted: Wanted) -> tuple[list[str], set[str]]:
        """The lines of one function, and the modules that it needs."""
        outputs = list(self.outputs) if wanted.grad else []
        names, value = self.names.copy(), self.value
        roots: list[str] = []
        if wanted.loss:
            roots.append("value")
            outputs.insert(0, value)
        taken = set(names.found.values()) | names.reserved | set(names.found)
        definitions = self.definitions
        if self.dialect.fuses:
            definitions, outputs = hoisted(definitions, outputs)
        program = Program(definitions, outputs, taken)
        printer = self.printer(names)
        typed = self._types(wanted)
        wants = [*roots, *(self.grads if wanted.grad else ())]
        for name in [n for n in wants if n in typed]:
            s = program.statement(name)
            if s.node.op == "array" and s.node.data[0] in self.definitions:
                typed[s.node.data[0]] = typed[name]  # it may be returned under its own name
        for _ in range(3):  # a name may be longer than what it stood for
            fitted(program, printer, names, typed)
            program.settle()
        tell(program, printer)
        chosen = program.needed(wants)
        returned = {}
        for name in wants:
            s = program.statement(name)
            if (
                s.node.op == "array"
                and s.node.data == (s.node.data[0], s.axes)
                and any(s.node.data[0] == t.name for t in chosen)
            ):
                returned[name] = s.node.data[0]  # it has a name already
        chosen = [s for s in chosen if s.name not in returned]
        typed = {returned.get(n, n): kind for n, kind in typed.items()}
        if self.dialect.is_numpy:

            def fits(s: Statement) -> bool:
                kind = typed.get(s.name)
                return len(printed(s, printer)) <= room_for(s, names, printer, kind)

            kept = [returned.get(n, n) for n in wants]
            scalars = [n for n in self.inputs if not self.shapes[n]]
            chosen = written_over(chosen, program.own, kept, scalars, fits)
        printer.used.clear()
        body = Body(self.problem, chosen, printer, names, self.shapes, typed)
        reads = self._reads(body, printer)
        unpack = body.unpacking([n for n in reads if self.shapes[n]])
        functions = self._functions(chosen)
        head = self._signature(wanted, reads, functions, body.unknown_sizes)
        back = ", ".join(names(returned.get(n, n)) for n in wants)
        self.last_parameters = {names(n): n for n in (*reads, *functions, *body.unknown_sizes)}
        self.last_functions, self.last_sizes = list(functions), list(body.unknown_sizes)
        used = set(printer.used)
        doc = self._doc(wanted, reads, functions, body.unknown_sizes)
        lines = [*head, *doc, *[INDENT + line for line in (*unpack, *body.lines)]]
        lines.append(f"{INDENT}return {back}")
        return lines, used

    def printer(self, names: Names) -> Printer:
        """A printer with the names of this module."""
        scalars = [n for n in self.inputs if not self.shapes[n]] if self.has_arrays else []
        like = next((self.names(n) for n in self.floats if self.shapes[n]), None)
        if like is None and self.dialect.is_torch and self.floats:
            like = self.names(self.floats[0])
        return Printer(self.dialect, names, scalars, like)

    def _reads(self, body: Body, printer: Printer) -> list[str]:
        """The inputs that a body takes: what it reads, and what its sizes and types come from."""
        found = set(body.reads)
        text = "\n".join(body.lines)
        if printer.like is not None and re.search(rf"\b{printer.like}\.(dtype|device)", text):
            found |= {n for n in self.floats if self.names(n) == printer.like}
        left = {z for z in body.sizes if not any(z in map(str, self.shapes[n]) for n in found)}
        by = [name_of(v) for o in self.outcomes for v in o.wrt if name_of(v) in self.shapes]
        for n in (*by, *self.inputs):
            mine = left & set(map(str, self.shapes[n]))
            if mine:
                found.add(n)
                left -= mine
        return [n for n in self.inputs if n in found]

    def _functions(self, chosen: Sequence[Statement]) -> list[str]:
        called = {m.data for s in chosen for m in walk(s.node) if m.op == "call"}
        return sorted(called)

    def _type(self, raw: str) -> str:
        if raw in self.problem.labels:
            return self.dialect.integers if self.shapes[raw] else "int"
        if not self.shapes[raw]:
            return self.dialect.scalar
        return self.dialect.array

    def _types(self, wanted: Wanted) -> dict[str, str]:
        """The type of each thing returned."""
        found: dict[str, str] = {}
        scalar = {"numpy": "Scalar", "torch": "Tensor", "jax": "Array"}[self.dialect.name]
        if wanted.loss:
            found["value"] = self.dialect.array if self.value.axes else scalar
        if wanted.grad:
            for label, axes in self.grads.items():
                found[label] = self.dialect.array if axes else scalar
        return found

    def _signature(
        self, wanted: Wanted, reads: Sequence[str], functions: Sequence[str], sizes: Sequence[str]
    ) -> list[str]:
        kinds = list(self._types(wanted).values())
        back = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        parameters = [f"{self.names(n)}: {self._type(n)}" for n in reads]
        parameters += [f"{self.names(f)}: Callable[..., Any]" for f in functions]
        parameters += [f"{self.names(z)}: int" for z in sizes]
        name = self.function_name(wanted)
        if not parameters:
            return [f"def {name}() -> {back}:"]
        return [
            f"def {name}(",
            *[f"{INDENT}{p}," for p in parameters],
            f") -> {back}:",
        ]

    def function_name(self, wanted: Wanted) -> str:
        """What a function is called: ``layernorm_grad``, or ``grad`` without a name."""
        suffix = wanted.suffix
        if suffix == "grad" and self.product:
            suffix = "vjp"
        if not self.name:
            return suffix
        if suffix == "loss" and self.name.endswith("_loss"):
            return self.name
        return f"{self.name}_{suffix}"

    # -- documentation ----------------------------------------------------------------------

    def _doc(
        self, wanted: Wanted, reads: Sequence[str], functions: Sequence[str], sizes: Sequence[str]
    ) -> list[str]:
        problem = self.problem
        objective = write(self.objective)
        what = {"loss": "Value", "grad": "Derivative", "value_and_grad": "Value and derivative"}
        title = what[wanted.suffix] + f" of {objective}"
        if problem.title:
            title = f"{problem.title}: {what[wanted.suffix].lower()} of {objective}"
        if wanted.grad:
            by = listed([" then ".join(write(v) for v in o.wrt) for o in self.outcomes])
            title += f" by {by}"
        lines = [*filled(title + ".", "")]
        lines[1:] = [INDENT + line for line in lines[1:]]
        lines.append("")
        for d in (
            *problem.definitions.values(),
            *(self.introduced.values() if wanted.grad else ()),
        ):
            lines += filled(write_definition(d), INDENT * 2, INDENT)
        if wanted.grad:
            lines.append("")
            for o in self.outcomes:
                lines += filled(f"{self._derivative(o)} = {write(o.result)}", INDENT * 2, INDENT)
            times = f", times {UPSTREAM}" if self.upstream else ""
            several = len(self.outcomes) > 1
            subject = "These derivatives were" if several else "This derivative was"
            lines += [
                "",
                *filled(
                    f"{subject} derived and proved for all sizes, entries varied "
                    f"independently{times}. Letters count from 1 in formulas, positions from 0 in "
                    "arrays."
                ),
            ]
            lines += self._conditions()
        if reads or functions or sizes:
            lines += ["", f"{INDENT}Args:"]
        for n in reads:
            lines += filled(f"{self.names(n)}: {self._says(n)}", INDENT * 2, INDENT)
        for f in functions:
            lines += filled(f"{self.names(f)}: {self._function_says(f)}", INDENT * 2, INDENT)
        for z in sizes:
            lines += filled(f"{self.names(z)}: The size {z}.", INDENT * 2, INDENT)
        lines += ["", f"{INDENT}Returns:"]
        found = []
        if wanted.loss:
            found.append((objective, self.value.axes))
        if wanted.grad:
            found += [
                (self._derivative(o), self.grads[label])
                for o, label in zip(self.outcomes, self.grads, strict=True)
            ]
        for text, axes in found:
            shape = f"of shape {shape_text(a.size for a in axes)}" if axes else "a scalar"
            letters = f", at [{', '.join(str(a.name) for a in axes)}]" if axes else ""
            lines += filled(f"{text}, {shape}{letters}.", INDENT * 2, INDENT)
        return docstring(lines)

    def _derivative(self, o: Outcome) -> str:
        order = f"^{len(o.wrt)}" if len(o.wrt) > 1 else ""
        below = " ".join(f"d {write(v)}" for v in o.wrt)
        return f"d{order} {write(o.objective)} / {below}"

    def _says(self, n: str) -> str:
        if n == UPSTREAM and self.upstream:
            return f"The gradient of what follows by {write(self.objective)}, a scalar."
        shape = self.shapes[n]
        text = f"Shape {shape_text(shape)}." if shape else "A scalar."
        if n in self.problem.labels:
            size = self.problem.labels[n]
            text = text[:-1] + f", class numbers from 0 to {size} - 1 (a whole number type)."
        elif not shape and self.dialect.is_torch:
            text = "A scalar, as a tensor."
        givens = [g for g in self.problem.givens if n in names(g)]
        for g in givens:
            text += f" {'Given' if _is_used(g, self.outcomes) else 'With'} {write_condition(g)}."
        return text

    def _function_says(self, f: str) -> str:
        derived = self.lowering.derived_functions.get(f)
        if derived is None:
            return f"The function {f}, applied entry by entry."
        name, orders = derived
        if len(orders) == 1:
            return f"The derivative of {name} of order {orders[0]}, entry by entry."
        by = ", ".join(f"{o} by argument {k}" for k, o in enumerate(orders, 1) if o)
        return f"The derivative of {name} of order {by}, entry by entry."

    def _convention(self, kink: Relation) -> str:
        """What the formula says at a tie, where that has a name."""
        results = [o.result for o in self.outcomes if o.result is not None]
        said = []
        bodies = [d.body for d in self.problem.definitions.values()]
        if kink.right == ZERO and _holds_relu(kink.left, bodies):
            said.append("relu'(0) = 0")
        if any("sign(" in write(r) for r in results):
            said.append("sign(0) = 0")
        return f", with {listed(said)}" if said else ""

    def _conditions(self) -> list[str]:
        """Where there is no derivative, and what is returned there."""
        lines: list[str] = []
        kinks = dict.fromkeys(c for o in self.outcomes for c in o.conditions)
        for c in kinks:
            text = write_condition(c)
            if isinstance(c, Relation) and c.op == "!=":
                tie = f"{write(c.left)} == {write(c.right)}"
                lines += filled(
                    f"Not differentiable in general where {tie}; there the formula above is "
                    f"returned as it stands{self._convention(c)}."
                )
            else:
                lines += filled(f"Holds where {text}.")
        return ["", *lines] if lines else []


def _holds_relu(x: Term, terms: Sequence[Term]) -> bool:
    """Whether relu of that term occurs, up to letters."""
    work: list[Any] = list(terms)
    while work:
        t = work.pop()
        if function_name(t) == "relu":
            inner = t.args[0]
            if inner == x or (is_element(x) and is_element(inner) and name_of(x) == name_of(inner)):
                return True
        work.extend(getattr(t, "args", ()))
    return False


def _is_computed(n: Node) -> bool:
    return any(m.op in ("array", "call") for m in walk(n))


def _is_used(given: Term, outcomes: Sequence[Outcome]) -> bool:
    return any(given in o.given for o in outcomes)


def _letters(t: Term) -> tuple[Axis, ...]:
    return tuple(dict.fromkeys(i for i in indices_of(t) if isinstance(i, Index)))


def identifier(name: str) -> str:
    """A problem's name as the beginning of a function's name.

    >>> identifier("softmax-cross-entropy"), identifier("2-layer"), identifier("")
    ('softmax_cross_entropy', '_2_layer', '')
    """
    found = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    if found[:1].isdigit():
        found = f"_{found}"
    return found + "_" if keyword.iskeyword(found) else found


# -- modules ------------------------------------------------------------------------------------


def source(
    outcomes: Sequence[Outcome],
    backend: str = "numpy",
    *,
    loss: bool = False,
    grad: bool = True,
    name: str | None = None,
    upstream: bool = False,
    product: bool = False,
) -> str:
    """The source of a module with the functions asked for.

    Loss and gradient together make two functions: the loss, and ``value_and_grad``, which shares
    the work.

    Raises:
        NoCode: A gradient was not derived, or has something that cannot be written as code.
    """
    module = Module(outcomes, backend, name, upstream)
    module.product = product
    kinds = [Wanted(loss=True, grad=False)] if loss else []
    if grad:
        kinds.append(Wanted(loss=loss, grad=True))
    written = [module.function(k) for k in kinds]
    used = set().union(*[u for _, u in written])
    return assembled(module, [lines for lines, _ in written], used)


def assembled(module: Module, functions: Sequence[Sequence[str]], used: set[str]) -> str:
    """The module's text: what it is, imports, types, helpers, functions."""
    dialect = module.dialect
    text = "\n\n\n".join("\n".join(lines) for lines in functions)
    title = module.problem.title or f"The objective {write(module.objective)}"
    about = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX"}[dialect.name]
    head = docstring([f"{title}, in {about}.", "", "Generated by `derivation code`."])
    lines = [line.removeprefix(INDENT) for line in head]
    lines += ["", "from __future__ import annotations", ""]
    standard, typing = [], []
    if re.search(r"\bmath\.", text):
        standard.append("import math")
    if "Callable[" in text:
        standard.append("from collections.abc import Callable")
    if "Callable[" in text or dialect.is_numpy or "ctx: Any" in text:
        typing.append("Any")
    if dialect.is_numpy:
        typing.append("TypeAlias")
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    if standard:
        lines += [*standard, ""]
    if "sigmoid(" in text and dialect.is_numpy:
        used = used | {"np"}
    lines += _third_party(dialect, text, used)
    if dialect.is_numpy:
        lines += ["", "FloatArray: TypeAlias = NDArray[Any]  # float32 stays float32"]
        if "IntArray" in text:
            lines.append("IntArray: TypeAlias = NDArray[np.integer[Any]]")
        if "Scalar" in text:
            lines.append('Scalar: TypeAlias = "float | np.floating[Any]"')
        if re.search(r"(?<![.\w])sigmoid\(", text):
            lines += ["", "", *SIGMOID]
    return "\n".join([*lines, "", "", text]) + "\n"


def _third_party(dialect: Dialect, text: str, used: set[str]) -> list[str]:
    wanted = []
    for name, line in dialect.imports.items():
        if name == "math":
            continue
        if re.search(rf"(?<![.\w]){name}\b", text) or (
            dialect.is_numpy and name in ("np", "NDArray")
        ):
            wanted.append(line)
    return sorted(wanted, key=lambda w: (w.startswith("from"), w))


SIGMOID = [
    "def sigmoid(x: Any) -> Any:",
    '    """The logistic function; it never overflows."""',
    "    e = np.exp(-np.abs(x))",
    "    return np.where(x >= 0, 1, e) / (1 + e)",
]
