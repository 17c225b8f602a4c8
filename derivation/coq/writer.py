"""Terms as Coq, over real numbers: what the theorem is stated with. The engine does not use it.

An index that runs over 1..K in the language is a ``nat`` below K; where it counts as a number it
is ``INR (S i)``. A size counts as ``INR K``. A definition that depends on the variable takes the
variable's array as its first argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy

from derivation.coq.errors import NotExported
from derivation.coq.prelude import NAMES
from derivation.normal import is_whole
from derivation.problem import Definition
from derivation.terms import (
    MINUS_ONE,
    PI,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Diff,
    Every,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    Mul,
    Not,
    Partial,
    Pow,
    Relation,
    Size,
    SumOver,
    Term,
    indices_of,
    is_element,
    is_number,
    name_of,
    negate,
    relation,
    relu,
    sigmoid,
    softplus,
    value_of,
)
from derivation.theory import Theory

_WORDS = """as at cofix else end exists exists2 fix for forall fun if IF in let match mod Prop
return Set SProp then Type using where with by Definition Lemma Theorem Proof Qed Section End
Variable Hypothesis Ltac Example Check Print Admitted Axiom S O R I nat bool true false negb andb
orb True False not and or eq INR Nat exp ln sin cos tanh sinh cosh sqrt Rpower PI Rabs sign Rmax
Rinv Rplus Rmult Rminus Rdiv Ropp pow is_derive Derive eq_refl eq_trans eq_sym f_equal conj hole
idtac Module Variables Admitted admit give_up Abort Axioms Parameter Parameters Conjecture
Conjectures Load Declare Unset Redirect Cd Drop Extraction bypass_check by_name derivative steps
assumptions_met close_with"""
# what the prelude defines and what the proofs are written with: a user's name must hide none of it
RESERVED = frozenset(_WORDS.split()) | NAMES
# how the names that the proofs themselves bring in begin
OWN = re.compile(
    r"(step|loc|tan|dual|thru|zero|pos|nonneg|below|first|given|through|chain|in|HH|[HCDEPQNacdp])_|[PEqr]\d|f[b123]$|fam$|[SHd]S?f$"
)

Env = Mapping[Any, str]

FUNCTIONS: dict[Any, str] = {
    sympy.exp: "exp",
    sympy.log: "ln",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.atan: "atan",
    sympy.tanh: "tanh",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sigmoid: "sigmoid",
    softplus: "softplus",
    sympy.Abs: "Rabs",
    sympy.sign: "sign",
    relu: "relu",
    sympy.Max: "Rmax",
    sympy.Min: "Rmin",
}


class Writer:
    """Writes terms of one problem, the variable being one of its inputs."""

    def __init__(self, theory: Theory, variable: str, extra: Iterable[str] = ()) -> None:
        self.theory, self.variable = theory, variable
        problem = theory.problem
        self.labels = problem.labels
        self.names: dict[str, str] = {}
        self.taken: set[str] = set(RESERVED) | set(extra)
        used = [*problem.sizes, *problem.shapes, *theory.definitions]
        for name in dict.fromkeys(used):
            self.names[name] = self.fresh(name)
        self.base = self.names[variable]

    def fresh(self, name: str, keep: bool = True) -> str:
        """An identifier of Coq's like the name, used for nothing else."""
        name = _identifier(name)
        found, n = name, 0
        while found in self.taken:
            n += 1
            found = f"{name}_{n}" if n > 1 else f"{name}_"
        if keep:
            self.taken.add(found)
        return found

    def bind(self, index: Any, env: Env) -> tuple[str, dict[Any, str]]:
        """A letter for an index that is bound here, and the letters from here on."""
        letter = _identifier(str(index.name))
        used = self.taken | {v for k, v in env.items() if k != index}
        found, n = letter, 0
        while found in used or OWN.match(found):
            n += 1
            found = f"{letter}{n}"
            if OWN.match(found):
                found = f"{letter}x{n}"
        return found, {**{k: v for k, v in env.items() if k != index}, index: found}

    # -- indices and sizes --------------------------------------------------------------------

    def size(self, t: Term) -> str:
        if isinstance(t, Integer):
            return f"{int(t)}%nat"
        return self.names[name_of(t)]

    def index(self, t: Term, env: Env) -> str:
        """An index term as a nat that counts from 0."""
        if isinstance(t, Index):
            if t not in env:
                raise NotExported(f"the index {t.name} is not bound")
            return env[t]
        if isinstance(t, Integer):
            return f"{int(t) - 1}%nat"
        if is_element(t) and name_of(t) in self.labels:
            inner = " ".join([self.names[name_of(t)], *(self.index(i, env) for i in indices_of(t))])
            return f"({inner})"
        raise NotExported(f"{t} as an index")

    def is_index(self, t: Term) -> bool:
        return isinstance(t, Index) or (is_element(t) and name_of(t) in self.labels)

    # -- conditions ---------------------------------------------------------------------------

    def condition(self, c: Term, env: Env) -> str:
        """A condition as a bool."""
        if isinstance(c, (AllOf, AnyOf)):
            if not c.args:
                return "true" if isinstance(c, AllOf) else "false"
            joint = " && " if isinstance(c, AllOf) else " || "
            return f"({joint.join(self.condition(a, env) for a in c.args)})%bool"
        if isinstance(c, Not):
            return f"(negb {self.condition(c.args[0], env)})"
        if not isinstance(c, Relation):
            raise NotExported(f"the condition {c}")
        a, b, op = c.left, c.right, c.op
        if op in (">", ">="):
            a, b, op = b, a, {">": "<", ">=": "<="}[op]
        if self.is_index(a) or self.is_index(b):
            x, y = self._counted(a, b, env)
            equal, less, at_most = "Nat.eqb", "Nat.ltb", "Nat.leb"
        else:
            x, y = self.term(a, env), self.term(b, env)
            equal, less, at_most = "Reqb", "Rltb", "Rleb"
        if op == "!=":
            return f"(negb ({equal} {x} {y}))"
        return f"({ {'==': equal, '<': less, '<=': at_most}[op] } {x} {y})"

    def _counted(self, a: Term, b: Term, env: Env) -> tuple[str, str]:
        """Two sides of a comparison of indices, both counted from 0 (sizes and numbers from 1)."""
        if all(self.is_index(t) or (isinstance(t, Integer) and int(t) >= 1) for t in (a, b)):
            return self.index(a, env), self.index(b, env)
        out = []
        for t in (a, b):
            if self.is_index(t):
                out.append(f"(S {self.index(t, env)})")
            elif isinstance(t, Size) or (isinstance(t, Integer) and int(t) >= 0):
                out.append(self.size(t))
            else:
                raise NotExported(f"the comparison of {a} and {b}")
        return out[0], out[1]

    def proposition(self, c: Term, env: Env) -> str:
        """A condition as a Prop."""
        if isinstance(c, Every):
            letter, inside = self.bind(c.index, env)
            size = self.size(c.index.size)
            guard = "" if c.guard == TRUE else f"{self.proposition(c.guard, inside)} -> "
            body = self.proposition(c.body, inside)
            return f"(forall {letter} : nat, ({letter} < {size})%nat -> {guard}{body})"
        if isinstance(c, (AllOf, AnyOf)):
            if not c.args:
                return "True" if isinstance(c, AllOf) else "False"
            if isinstance(c, AnyOf) and len(c.args) == 2 and self._on_indices(c.args[0]):
                unless, then = negate(c.args[0]), c.args[1]
                return f"({self.proposition(unless, env)} -> {self.proposition(then, env)})"
            joint = " /\\ " if isinstance(c, AllOf) else " \\/ "
            return f"({joint.join(self.proposition(a, env) for a in c.args)})"
        if isinstance(c, Not):
            return f"(~ {self.proposition(c.args[0], env)})"
        if not isinstance(c, Relation):
            raise NotExported(f"the condition {c}")
        a, b, op = c.left, c.right, c.op
        if isinstance(a, IfElse) and is_number(b):  # a case that is met anyhow need not be said
            condition, first, second = a.args
            parts = []
            for assumed, value in ((condition, first), (negate(condition), second)):
                if not (is_number(value) and _compared(value, op, b)):
                    inner = self.proposition(relation(op, value, b), env)
                    parts.append(f"({self.proposition(assumed, env)} -> {inner})")
            together = " /\\ ".join(parts) or "True"
            return together if len(parts) == 1 else f"({together})"
        if op in (">", ">="):
            a, b, op = b, a, {">": "<", ">=": "<="}[op]
        op = {"==": "=", "!=": "<>"}.get(op, op)
        if self.is_index(a) or self.is_index(b):
            x, y = self._counted(a, b, env)
            return f"({x} {op} {y})%nat"
        if isinstance(a, (Size, Integer)) and isinstance(b, (Size, Integer)):
            return f"({self.size(a)} {op} {self.size(b)})%nat"
        return f"({self.term(a, env)} {op} {self.term(b, env)})"

    def _on_indices(self, c: Term) -> bool:
        """Whether a condition compares indices (and so is decided)."""
        if isinstance(c, Relation):
            return self.is_index(c.left) or self.is_index(c.right)
        return isinstance(c, (AllOf, AnyOf, Not)) and all(self._on_indices(a) for a in c.args)

    # -- values -------------------------------------------------------------------------------

    def depends(self, name: str) -> bool:
        """Whether a name's definition depends on the variable."""
        definition = self.theory.definitions.get(name)
        return definition is not None and self.theory.depends(definition.body, self.variable)

    def element(self, t: Term, env: Env) -> str:
        name = name_of(t)
        head = [self.base if name == self.variable else self.names[name]]
        if self.depends(name):
            head.append(self.base)
        parts = [*head, *(self.index(i, env) for i in indices_of(t))]
        return parts[0] if len(parts) == 1 else f"({' '.join(parts)})"

    def number(self, t: Term) -> str:
        value = value_of(t)
        text = f"{abs(value.numerator)}"
        if value.denominator != 1:
            text = f"({text} / {value.denominator})"
        return f"(- {text})" if value < 0 else text

    def term(self, t: Any, env: Env) -> str:
        """A value, in brackets wherever it could be misread."""
        if is_number(t):
            return self.number(t)
        if t == PI:
            return "PI"
        if isinstance(t, Size):
            return f"(INR {self.size(t)})"
        if isinstance(t, Index) or (is_element(t) and name_of(t) in self.labels):
            return f"(INR (S {self.index(t, env)}))"
        if is_element(t):
            return self.element(t, env)
        if isinstance(t, Add):
            return f"({' + '.join(self.term(a, env) for a in t.args)})"
        if isinstance(t, Mul):
            return self._product(t, env)
        if isinstance(t, Pow):
            return self._power(t, lambda a: self.term(a, env))
        if isinstance(t, SumOver):
            letter, inside = self.bind(t.index, env)
            body = self.guarded(t, self.term(t.body, inside), inside)
            return f"(sum {self.size(t.index.size)} (fun {letter} => {body}))"
        if isinstance(t, IfElse):
            c, a, b = t.args
            values = (self.term(a, env), self.term(b, env))
            return f"(if {self.condition(c, env)} then {values[0]} else {values[1]})"
        if isinstance(t, KroneckerDelta):
            return f"(delta {self.index(t.args[0], env)} {self.index(t.args[1], env)})"
        if type(t) in FUNCTIONS:
            return f"({FUNCTIONS[type(t)]} {' '.join(self.term(a, env) for a in t.args)})"
        if isinstance(t, (Diff, Partial)):
            return self.derivative(t, env)
        raise NotExported(f"no Coq term for {type(t).__name__}")

    def derivative(self, t: Any, env: Env) -> str:
        raise NotExported("a derivative inside a statement")

    def guarded(self, t: Any, body: str, inside: Env) -> str:
        """The body of a sum, 0 where the guard does not hold."""
        if t.guard == TRUE:
            return body
        return f"if {self.condition(t.guard, inside)} then {body} else 0"

    def _product(self, t: Any, env: Env) -> str:
        factors = list(t.args)
        minus = factors[0] == MINUS_ONE
        if minus:
            factors = factors[1:]
        out = self.factors([self.term(f, env) for f in factors])
        return f"(- {out})" if minus else out

    @staticmethod
    def factors(parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else f"({' * '.join(parts)})"

    def _power(self, t: Any, show: Callable[[Any], str]) -> str:
        base, exponent = t.args
        if is_number(exponent):
            value = value_of(exponent)
            if value < 0:
                return f"(/ {self._root(base, -value, show)})"
            return self._root(base, value, show)
        if is_whole(exponent) and not self.theory.decide(relation(">", base, ZERO))[0]:
            raise NotExported(f"the power {t}: its base may be negative, and Rpower's may not")
        return f"(Rpower {show(base)} {show(exponent)})"

    def _root(self, base: Any, value: Any, show: Callable[[Any], str]) -> str:
        text = show(base)
        if value == 1:
            return text
        if value.denominator == 1:
            return f"({text} ^ {value.numerator})"
        if value.denominator == 2:
            root = f"(sqrt {text})"
            return root if value.numerator == 1 else f"({root} ^ {value.numerator})"
        return f"(Rpower {text} ({value.numerator} / {value.denominator}))"

    # -- declarations -------------------------------------------------------------------------

    def kind(self, name: str) -> str:
        """The Coq type of an input."""
        shape = self.theory.problem.shapes.get(name, ())
        last = "nat" if name in self.labels else "R"
        return " -> ".join(["nat"] * len(shape) + [last])

    def binders(self, params: Iterable[Any]) -> tuple[str, dict[Any, str]]:
        """``(i j : nat)`` for parameters, and their letters."""
        env: dict[Any, str] = {}
        letters = []
        for p in params:
            letter, env = self.bind(p, env)
            letters.append(letter)
        return (f" ({' '.join(letters)} : nat)" if letters else ""), env

    def base_binder(self) -> str:
        return f" ({self.base} : {self.kind(self.variable)})"

    def definition(self, d: Definition) -> str:
        """A definition of the problem, as it stands there."""
        text, env = self.binders(d.params)
        base = self.base_binder() if self.depends(d.name) else ""
        return f"Definition {self.names[d.name]}{base}{text} : R :=\n  {self.term(d.body, env)}."

    def ranges(self, env: Env) -> list[str]:
        return [f"({letter} < {self.size(i.size)})%nat" for i, letter in env.items()]

    def changed(self, wrt: Any, env: Env, entry: str = "t", base: str = "") -> str:
        """The variable's array with the entry that is differentiated by replaced."""
        at = " ".join(self.index(i, env) for i in indices_of(wrt))
        base = base or self.base
        slots = len(indices_of(wrt))
        if slots == 0:
            return entry
        return f"({self.update(slots)} {base} {at} {entry})"

    @staticmethod
    def update(slots: int) -> str:
        """The name of the array with one entry replaced."""
        if slots > 3:
            raise NotExported("a variable of more than three indices")
        return ("upd", "upd2", "upd3")[slots - 1]


def _identifier(name: str) -> str:
    """The name as an identifier of Coq's that no name of a proof begins like."""
    name = re.sub(r"\W", "_", name)
    return f"u{name}" if name.startswith("_") or OWN.match(name) else name


def _compared(a: Any, op: str, b: Any) -> bool:
    """Whether two numbers compare so."""
    x, y = value_of(a), value_of(b)
    return {
        "==": x == y,
        "!=": x != y,
        "<": x < y,
        "<=": x <= y,
        ">": x > y,
        ">=": x >= y,
    }[op]
