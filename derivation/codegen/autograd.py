"""A derivation as a ``torch.autograd.Function``, and the script that checks it.

The forward pass computes the objective and saves what the backward pass reads; the backward pass
multiplies the derived gradient by the one that comes from above.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from derivation.codegen.functions import (
    INDENT,
    Body,
    docstring,
    filled,
    fitted,
    listed,
    shape_text,
    tell,
)
from derivation.codegen.modules import UPSTREAM, Module, assembled
from derivation.codegen.native import native
from derivation.codegen.nodes import Statement
from derivation.codegen.program import Program, arrays
from derivation.language import write, write_definition
from derivation.steps import Outcome
from derivation.terms import Index, Term, indices_of, name_of

GRAD_OUTPUT = "grad_output"


class AutogradModule:
    """The source of a ``torch.autograd.Function``.

    Args:
        outcomes: Derived gradients; for an indexed objective those of its sum with ``upstream``.
        objective: What the forward pass returns.
        name: What it is called after.
    """

    def __init__(self, outcomes: Sequence[Outcome], objective: Term, name: str | None) -> None:
        self.objective = objective
        self.letters = tuple(i for i in indices_of(objective) if isinstance(i, Index))
        scalar = not self.letters
        self.module = Module(outcomes, "torch", name, scalar, {UPSTREAM: GRAD_OUTPUT})
        self.call_name = self.module.name or "loss"
        self.class_name = "".join(w[:1].upper() + w[1:] for w in self.call_name.split("_"))
        self._compute()

    def _compute(self) -> None:
        m = self.module
        value = native(m.lowering.lower(self.objective))
        definitions = {n: (a, native(node)) for n, (a, node) in m.lowering.statements.items()}
        names = self.names = m.names.copy()
        taken = set(names.found.values()) | names.reserved | set(names.found) | {"ctx"}
        outputs = [Statement("value", self.letters, value), *m.outputs]
        program = Program(definitions, outputs, taken)
        printer = m.printer(names)
        for _ in range(3):
            fitted(program, printer, names, {})
            program.settle()
        tell(program, printer)
        forward = program.needed(["value"])
        self.value = "value"
        last = program.statement("value").node
        made = {s.name for s in forward}
        if last.op == "array" and last.data[1] == self.letters and last.data[0] in made:
            self.value = last.data[0]  # it has a name already
            forward = [s for s in forward if s.name != "value"]
        done = {s.name for s in forward}
        backward = [s for s in program.needed(m.grads) if s.name not in done]
        self.forward = Body(m.problem, forward, printer, names, m.shapes, {}, 2)
        self.backward = Body(m.problem, backward, printer, names, m.shapes, {}, 2)
        read = set().union(*[arrays(s.node) for s in backward])
        text = "\n".join(self.backward.lines)
        if printer.like is not None and re.search(rf"\b{printer.like}\.(dtype|device)", text):
            read |= {n for n in m.floats if names(n) == printer.like}
        inputs = [n for n in m.inputs if n != UPSTREAM]
        everything = set(self.forward.reads) | read | {name_of(o.wrt[0]) for o in m.outcomes}
        if printer.like is not None:
            everything |= {n for n in inputs if names(n) == printer.like}
        sizes = self.forward.sizes | self.backward.sizes
        for n in inputs:
            told = {z for k in everything if k in m.shapes for z in map(str, m.shapes[k])}
            if sizes - told and sizes & set(map(str, m.shapes[n])) - told:
                everything.add(n)
        self.inputs = [n for n in inputs if n in everything]
        self.saved = [n for n in inputs if n in read]
        self.saved += [s.name for s in forward if s.name in read]
        told = {z for k in self.saved if k in m.shapes for z in map(str, m.shapes[k])}
        self.carried = sorted(self.backward.sizes - told)
        self.forward.sizes |= set(self.carried)

    # -- text -------------------------------------------------------------------------------

    def source(self) -> str:
        """The module."""
        m, names = self.module, self.names
        parameters = [f"{names(n)}: Tensor" for n in self.inputs]
        inside = INDENT * 2
        unpack = self.forward.unpacking([n for n in self.inputs if m.shapes[n]])
        if self.forward.unknown_sizes:
            from derivation.codegen.lower import NoCode

            raise NoCode(f"no shape tells the size {self.forward.unknown_sizes[0]}")
        saved = ", ".join(map(names, self.saved))
        lines = [f"class {self.class_name}(torch.autograd.Function):", *self._doc(), ""]
        lines += [f"{INDENT}@staticmethod", f"{INDENT}def forward("]
        lines += [f"{inside}{p}," for p in ("ctx: Any", *parameters)]
        lines += [f"{INDENT}) -> Tensor:"]
        lines += [inside + line for line in (*unpack, *self.forward.lines)]
        if self.saved:
            lines += self._call(f"{inside}ctx.save_for_backward(", list(map(names, self.saved)))
        lines += [f"{inside}ctx.{names(z)} = {names(z)}" for z in self.carried]
        lines += [f"{inside}return {names(self.value)}", ""]
        lines += [f"{INDENT}@staticmethod", f"{INDENT}@once_differentiable"]
        back = "tuple[Tensor | None, ...]"
        lines += [
            f"{INDENT}def backward(",
            f"{inside}ctx: Any,",
            f"{inside}{GRAD_OUTPUT}: Tensor,",
            f"{INDENT}) -> {back}:",
        ]
        others = [k for k, n in enumerate(self.inputs) if n not in self._by_input()]
        for k in others:
            lines += [
                f"{inside}if ctx.needs_input_grad[{k}]:",
                f"{inside}{INDENT}raise NotImplementedError("
                f'"no gradient by {names(self.inputs[k])}")',
            ]
        if len(self.saved) == 1:
            lines.append(f"{inside}({saved},) = ctx.saved_tensors")
        elif self.saved:
            short = f"{inside}{saved} = ctx.saved_tensors"
            if len(short) <= 88:
                lines.append(short)
            else:
                lines += [
                    f"{inside}(",
                    *[f"{inside}{INDENT}{names(n)}," for n in self.saved],
                    f"{inside}) = ctx.saved_tensors",
                ]
        lines += [f"{inside}{names(z)} = ctx.{names(z)}" for z in self.carried]
        more = self.backward.unpacking([n for n in self.saved if m.shapes.get(n)], self.carried)
        lines += [inside + line for line in (*more, *self.backward.lines)]
        by = self._by_input()
        returned = [names(by[n]) if n in by else "None" for n in self.inputs]
        short = f"{inside}return {', '.join(returned)}{',' if len(returned) == 1 else ''}"
        if len(returned) == 1:
            short = f"{inside}return ({returned[0]},)"
        if len(short) <= 88:
            lines.append(short)
        else:
            lines += [
                f"{inside}return (",
                *[f"{inside}{INDENT}{r}," for r in returned],
                f"{inside})",
            ]
        call = [f"def {self.call_name}(", *[f"{INDENT}{p}," for p in parameters], ") -> Tensor:"]
        title = m.problem.title or f"The objective {write(self.objective)}"
        about = filled(f"{title}: {write(self.objective)}, with its derived gradient.")
        call += docstring([about[0].strip(), *about[1:]])
        call += self._call(
            f"{INDENT}value: Tensor = {self.class_name}.apply(",
            list(map(names, self.inputs)),
            tail="  # type: ignore[no-untyped-call]",
        )
        call += [f"{INDENT}return value"]
        text = assembled(m, [lines, call], set())
        extra = "from torch.autograd.function import once_differentiable"
        text = text.replace("from torch import Tensor\n", f"from torch import Tensor\n{extra}\n", 1)
        return text.replace("from typing import Any\n\n", "from typing import Any\n\n", 1)

    @staticmethod
    def _call(head: str, args: Sequence[str], tail: str = "") -> list[str]:
        """A call on one line, or with its arguments one a line."""
        listed = ", ".join(args)
        if head.rstrip().endswith(" (") or head.strip() == "(":
            listed += "," if len(args) == 1 else ""  # a tuple
        if len(head) + len(listed) + 1 + len(tail) <= 88:
            return [f"{head}{listed}){tail}"]
        indent = " " * (len(head) - len(head.lstrip()))
        comment = tail if tail.lstrip().startswith("#") else ""
        end = "" if comment else tail
        return [head + comment, *[f"{indent}{INDENT}{a}," for a in args], f"{indent}){end}"]

    def _by_input(self) -> dict[str, str]:
        return {
            name_of(o.wrt[0]): label
            for o, label in zip(self.module.outcomes, self.module.grads, strict=True)
        }

    def _doc(self) -> list[str]:
        m = self.module
        title = m.problem.title or f"The objective {write(self.objective)}"
        lines = [*filled(f"{title}.", ""), ""]
        for d in (*m.problem.definitions.values(), *m.introduced.values()):
            lines += filled(write_definition(d), INDENT * 2, INDENT)
        lines.append("")
        for o in m.outcomes:
            lines += filled(f"{m._derivative(o)} = {write(o.result)}", INDENT * 2, INDENT)
        by = listed([self.names(n) for n in self._by_input()])
        lines += [
            "",
            *filled(
                f"The forward pass returns {write(self.objective)}, of shape "
                f"{shape_text(i.size for i in self.letters) if self.letters else '()'}; the "
                f"backward pass gives the gradient by {by}, as derived and proved for all sizes, "
                f"times {GRAD_OUTPUT}."
            ),
        ]
        lines += m._conditions()
        lines += ["", f"{INDENT}Args of forward:"]
        for n in self.inputs:
            lines += filled(f"{self.names(n)}: {m._says(n)}", INDENT * 2, INDENT)
        return docstring(lines)

    # -- the script -------------------------------------------------------------------------

    def check_script(self, module_name: str, arrays: Mapping[str, Any]) -> str:
        """A script that compares the function with finite differences at a point.

        Args:
            module_name: The module that holds the function.
            arrays: The inputs there, as nested lists of numbers.
        """
        names, by = self.names, self._by_input()
        lines = [
            f'"""Checks {self.class_name} against finite differences: run it beside its module."""',
            "",
            "import torch",
            f"from {module_name} import {self.class_name}",
            "",
            "",
            "def main() -> None:",
            f'{INDENT}"""Raises an error that names the worst entry, or says that all is well."""',
        ]
        for n in self.inputs:
            if n in self.module.problem.labels:
                lines += self._tensor(names(n), arrays[n], "torch.int64", False)
            else:
                lines += self._tensor(names(n), arrays[n], "torch.float64", n in by)
        listed = ", ".join(map(names, by))
        lines += [
            f"{INDENT}torch.autograd.gradcheck(",
            f"{INDENT * 2}{self.class_name}.apply,",
            *self._call(f"{INDENT * 2}(", list(map(names, self.inputs)), tail=","),
            f"{INDENT})",
            f'{INDENT}print("{self.class_name}: the gradient by {listed} agrees")',
            "",
            "",
            'if __name__ == "__main__":',
            f"{INDENT}main()",
        ]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _tensor(name: str, value: Any, kind: str, grad: bool) -> list[str]:
        text = _literal(value)
        more = [f"dtype={kind}", *(["requires_grad=True"] if grad else [])]
        lines = [f"{INDENT}{name} = torch.tensor("]
        lines += _broken(text, value, INDENT * 2)
        return [*lines, *[f"{INDENT * 2}{m}," for m in more], f"{INDENT})"]


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)


def _broken(text: str, value: Any, indent: str) -> list[str]:
    """A literal, one entry a line where it is long (a trailing comma keeps it so)."""
    if len(indent) + len(text) + 1 <= 88 or not isinstance(value, list):
        return [f"{indent}{text},"]
    inner = [line for v in value for line in _broken(_literal(v), v, indent + INDENT)]
    return [f"{indent}[", *inner, f"{indent}],"]
