"""One function of a generated module: which statements it takes, what it reads, its text."""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from derivation.codegen.dialects import Dialect
from derivation.codegen.nodes import Node, Statement, walk
from derivation.codegen.printing import Printer
from derivation.codegen.program import Program, arrays, natural
from derivation.problem import Problem
from derivation.terms import Size, Term

WIDTH = 88
INDENT = "    "


class Names:
    """Identifiers for the names of a problem: Python's words and the module's own are avoided."""

    def __init__(self, dialect: Dialect, raw: Iterable[str]) -> None:
        self.reserved = {*dialect.imports, *dialect.aliases, "sigmoid", "l", "O", "I"}
        self.reserved |= {"float", "int", "bool", "tuple", "Callable", "Any", "TypeAlias"}
        self.found: dict[str, str] = {}
        self.dialect = dialect
        for name in sorted(set(raw), key=lambda n: (n.endswith(" masked"), len(n), n)):
            self(name)

    def copy(self) -> Names:
        """The same names, to which a function may add its own."""
        new = Names(self.dialect, ())
        new.found = dict(self.found)
        return new

    def __call__(self, raw: str) -> str:
        known = self.found.get(raw)
        if known is None:
            known = raw.removesuffix(" masked")
            while (
                keyword.iskeyword(known) or known in self.reserved or known in self.found.values()
            ):
                known += "_"
            self.found[raw] = known
        return known


class Body:
    """The statements of a function as lines, and what they need.

    Args:
        problem: The problem.
        program: All statements.
        chosen: Those of this function, in order.
        printer: Prints them; `fits` has been asked already.
    """

    def __init__(
        self,
        problem: Problem,
        chosen: Sequence[Statement],
        printer: Printer,
        names: Names,
        shapes: dict[str, tuple[Term, ...]],
        typed: dict[str, str],
        depth: int = 1,
    ) -> None:
        self.room = WIDTH - depth * len(INDENT)
        self.problem, self.printer, self.names, self.shapes = problem, printer, names, shapes
        self.lines: list[str] = []
        self.sizes: set[str] = set()
        asked = printer.name_of

        def name_of(raw: str) -> str:
            if raw in problem.sizes and raw not in shapes:
                self.sizes.add(raw)
            return asked(raw)

        printer.name_of = name_of
        try:
            for s in chosen:
                text = printed(s, printer)
                target = names(s.name)
                if text != target:
                    self.lines.append(self._line(target, text, s, typed.get(s.name)))
        finally:
            printer.name_of = asked
        self.reads = [n for n in shapes if any(n in arrays(s.node) for s in chosen)]

    def _line(self, target: str, text: str, s: Statement, kind: str | None) -> str:
        if s.update:
            return f"{target} {s.update} {text}"
        line = f"{target}: {kind} = {text}" if kind else f"{target} = {text}"
        if s.axes:
            note = f", {s.note}" if s.note else ""
            comment = f"{line}  # {shape_text(a.size for a in s.axes)}{note}"
            if len(comment) <= self.room:
                return comment
        return line

    def unpacking(self, sources: Sequence[str], skip: Iterable[str] = ()) -> list[str]:
        """Lines that read the sizes from the shapes of arrays, and what no shape tells."""
        lines, left = [], self.sizes - set(skip)
        for n in sources:
            slots = self.shapes[n]
            mine = [str(z) for z in slots if isinstance(z, Size) and str(z) in left]
            if not mine:
                continue
            left -= set(mine)
            name = self.names(n)
            if len(slots) == len(set(mine)) == len(mine) and len(mine) > 1:
                lines.append(f"{', '.join(map(self.names, mine))} = {name}.shape")
            else:
                for z in dict.fromkeys(mine):
                    place = [str(s) for s in slots].index(z)
                    lines.append(f"{self.names(z)} = {name}.shape[{place}]")
        self.unknown_sizes = sorted(left)
        return lines


def printed(s: Statement, printer: Printer) -> str:
    """The text of a statement's right side."""
    return (printer.wide(s.node, s.axes) if s.update else printer.text(s.node, s.axes))[0]


def room_for(s: Statement, names: Names, printer: Printer, kind: str | None) -> int:
    """How many characters a statement's right side may have."""
    head = len(names(s.name)) + (len(kind) + 2 if kind else 0) + len(s.update or "=") - 1
    indent = len(INDENT) * (2 if printer.dialect.is_torch else 1)
    return WIDTH - indent - 3 - head


def shape_text(sizes: Iterable[Any]) -> str:
    """A shape as Python writes it: ``(N, K)``, ``(K,)``."""
    found = [str(z) for z in sizes]
    return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"


def fitted(program: Program, printer: Printer, names: Names, typed: dict[str, str]) -> None:
    """Splits statements until every one fits a line."""
    for _ in range(200):
        tell(program, printer)
        for s in program.statements:
            indent = len(INDENT) * (2 if printer.dialect.is_torch else 1)
            if len(printed(s, printer)) <= room_for(s, names, printer, typed.get(s.name)):
                continue
            part = _best_part(s.node, printer, WIDTH - indent - 12)
            if part is not None:
                program.split(part)
                break
        else:
            return


def tell(program: Program, printer: Printer) -> None:
    """Tells the printer which statements are symmetric masks, and which are plain numbers."""
    printer.symmetric = {s.name for s in program.statements if is_symmetric(s.node)}
    printer.numbers = set()
    for s in program.statements:
        if printer.is_number(s.node):
            printer.numbers.add(s.name)


def is_symmetric(n: Node) -> bool:
    return n.op == "cmp" and n.data in ("==", "!=") and all(a.op == "arange" for a in n.args)


def _best_part(n: Node, printer: Printer, room: int) -> Node | None:
    """The part to name: the longest that fits a line, one with fewer axes before a wide one."""
    best, rank = None, (False, 6)
    for m in walk(n):
        if m == n or m.op in ("array", "const", "size", "neg", "eye", "arange", "index"):
            continue
        if not arrays(m) and not m.axes:
            continue
        length = len(printer.statement(m, natural(m)))
        narrow = len(m.axes) < len(n.axes) and length >= 15
        if length <= room and (narrow, length) > rank:
            best, rank = m, (narrow, length)
    return best


def listed(items: Sequence[str]) -> str:
    """Things as a sentence lists them.

    >>> listed(["U", "c", "b"])
    'U, c and b'
    """
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))


def filled(text: str, indent: str = INDENT, hanging: str = "") -> list[str]:
    """A paragraph in lines of a docstring."""
    return textwrap.wrap(
        text,
        WIDTH - 4,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def docstring(lines: Sequence[str]) -> list[str]:
    """Lines as a docstring; nothing in them can end it."""
    safe = [line.replace("\\", "\\\\").replace('"""', "'''").rstrip() for line in lines]
    if len(safe) == 1:
        return [f'{INDENT}"""{_closed(safe[0])}"""']
    return [f'{INDENT}"""{safe[0]}', *safe[1:], f'{INDENT}"""']


def _closed(line: str) -> str:
    return line[:-1] + "'" if line.endswith('"') else line
