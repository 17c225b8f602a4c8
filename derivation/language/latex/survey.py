"""What a document's letters are: indices, sizes, functions, arrays; and its trees made plain.

This is decided for the whole document at once, from how each letter is used in all of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from derivation.language.latex.cursor import GREEK
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Call,
    Condition,
    Delta,
    Derivative,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Power,
    Reduction,
    Slot,
    Transposed,
    children,
    rebuilt,
    walk,
)

Key = tuple[str, tuple[str, ...], str]
_FUNCTION_LETTERS = {"f", "g", "h", "phi", "psi", "varphi"}


@dataclass
class Survey:
    """What is known of the letters of a document."""

    bound: set[str]  # letters that a sum or product binds
    letters: set[str]  # letters that stand in an index somewhere
    steps: set[str]  # letters with arithmetic, such as t in h_{t-1}
    ranks: dict[Key, int]
    above: dict[Key, int]  # how many of a name's indices are written as x^{(i)}
    functions: dict[Key, str]  # "array", "defined" or "unknown"
    sizes: set[str]  # bases of names that are upper limits
    matrices: set[Key]
    bare: set[Key]  # names that stand without index and bracket
    doubtful: set[Key] = field(default_factory=set)  # x' before a factor: perhaps a transpose
    partial: dict[Key, set[str]] = field(default_factory=dict)  # letters where one index is lacking
    full: dict[Key, list[tuple[str, ...]]] = field(default_factory=dict)  # letters of all indices
    assumed: list[str] = field(default_factory=list)

    def first_missing(self, name: Name) -> bool:
        """Whether q_j lacks its first index: j stands second in q_{kj}, and nowhere first."""
        if len(name.slots) != 1 or self.ranks.get(name.key, 0) != 2:
            return False
        full = self.full.get(name.key, [])
        if not full or name.base in ("x", "X"):
            return False
        letters = self.partial.get(name.key, set())
        first = bool(letters & {f[0] for f in full})
        last = bool(letters & {f[-1] for f in full})
        if first == last:
            raise Unread(f"which index `{name.latex[:30]}` lacks is not said", name.pos)
        return last


def plain(
    trees: list[Any],
    heads: Iterable[Any],
    known: set[str] = frozenset(),  # type: ignore[assignment]
    doubtful: bool = False,
) -> tuple[list[Any], Survey]:
    """The trees with calls, powers and labels told apart, and what was found out.

    Args:
        trees: All trees (relations are given as tuples of their sides elsewhere).
        heads: Left sides of what may be definitions.
        known: Bases of names that a problem file alongside has as sizes.
        doubtful: Whether σ may be another function than the logistic one.
    """
    survey = Survey(set(), set(), set(), {}, {}, {}, set(known), set(), set())
    for t in trees:
        for s in walk(t):
            _letters(s, survey)
    survey.steps -= survey.bound
    numbered = layers(trees, survey.bound)
    trees = [rebuilt(t, lambda s: _layer(s, numbered)) for t in trees]
    trees = [rebuilt(t, lambda s: _power(s, survey)) for t in trees]
    trees = [rebuilt(t, lambda s: _steps(s, survey)) for t in trees]
    heads = list(heads)
    squares = _squares(trees, heads)
    if squares:
        trees = [rebuilt(t, lambda s: _square(s, squares)) for t in trees]
    trees = _labels(trees, heads, survey)
    patterns = _patterns(trees)
    trees = [rebuilt(t, lambda s: _numbers(s, patterns)) for t in trees]
    _classify(trees, list(heads), survey)
    if doubtful:
        survey.functions = {
            k: "doubtful" if kind == "sigmoid" else kind for k, kind in survey.functions.items()
        }
    trees = [rebuilt(t, lambda s: _call(s, survey)) for t in trees]
    _ranks(trees, survey)
    survey.partial = _partial(trees)
    survey.doubtful = _doubtful_primes(trees, heads)
    return trees, survey


def _doubtful_primes(trees: list[Any], heads: list[Any]) -> set[Key]:
    """``x_i' \\beta`` where x is spoken of too: x' may be x transposed."""
    keys = {s.key for t in trees for s in walk(t) if isinstance(s, Name)}
    defined = {h.key for h in heads if isinstance(h, Name)}
    out: set[Key] = set()
    for t in trees:
        for s in walk(t):
            if not isinstance(s, Mul):
                continue
            for (_, a), (op, b) in zip(s.factors, s.factors[1:], strict=False):
                if isinstance(a, Name) and a.marks[-1:] == ("prime",) and op in ("", "*"):
                    bare = (a.base, a.marks[:-1], a.label)
                    if bare in keys and a.key not in defined and isinstance(b, (Name, Bracket)):
                        out.add(a.key)
    return out


def _letters(s: Any, survey: Survey) -> None:
    if isinstance(s, Reduction):
        survey.bound |= {b.letter for b in s.binders}
    if isinstance(s, Binder) and isinstance(s.upper, Name) and not s.upper.slots:
        survey.sizes.add(s.upper.base + "".join(s.upper.marks) + s.upper.label)
    if isinstance(s, Slot):
        if s.kind == "letter":
            survey.letters.add(s.text)
        elif s.kind == "step":
            survey.steps.add(s.text)


def _power(s: Any, survey: Survey) -> Any:
    """``x^i`` with an index i is an entry, not a power."""
    if (
        isinstance(s, Power)
        and isinstance(s.base, Name)
        and isinstance(s.exponent, Name)
        and not s.exponent.slots
        and not s.exponent.label
        and set(s.exponent.marks) <= {"prime"}
    ):
        letter = s.exponent.base + "'" * len(s.exponent.marks)
        base = s.base
        if letter in survey.bound | survey.letters and base.base not in GREEK | {"e"}:
            latex = f"{base.latex}^{letter}"
            survey.assumed.append(f"`{latex}` is read as an entry (index {letter}), not as a power")
            return replace(base, slots=(Slot("letter", letter, above=True), *base.slots))
    return s


def step_of(t: Any) -> tuple[str, int] | None:
    """``l``, ``l-1`` or ``l+2`` as a letter and what is added to it."""
    if isinstance(t, Bracket):
        return step_of(t.inside)
    if isinstance(t, Name) and not (t.slots or t.marks or t.label):
        return t.base, 0
    if isinstance(t, Add) and len(t.terms) == 2:
        (sign, first), (op, by) = t.terms
        if sign == "+" and isinstance(by, Number) and by.text.isdecimal() and len(by.text) < 3:
            found = step_of(first)
            if found is not None and found[1] == 0:
                return found[0], -int(by.text) if op == "-" else int(by.text)
    return None


def layers(trees: list[Any], bound: set[str]) -> set[str]:
    """Letters that number layers: ``z^l`` is a name where ``z^{l+1}`` is one too, or l is \\ell.

    A letter that a sum runs over is an index, whatever it is added to.
    """
    plain_: set[str] = set()
    moved: set[str] = set()
    for t in trees:
        for s in walk(t):
            if isinstance(s, Power) and isinstance(s.base, Name):
                found = step_of(s.exponent)
                if found is not None and (s.base.slots or found[0] in ("l", "L", "ell")):
                    (moved if found[1] else plain_).add(found[0])
    return {x for x in plain_ & moved | (plain_ & {"l", "ell"}) if x not in bound}


def _layer(s: Any, numbered: set[str]) -> Any:
    if not isinstance(s, Power) or not isinstance(s.base, Name):
        return s
    found = step_of(s.exponent)
    if found is None or found[0] not in numbered:
        return s
    letter, by = found
    label = letter + (("m" if by < 0 else "p") + str(abs(by)) if by else "")
    return replace(s.base, label=s.base.label + label)


def _steps(s: Any, survey: Survey) -> Any:
    """``h_{t-1}`` where t is never summed over: a name of its own."""
    if not isinstance(s, Name):
        return s
    slots: list[Slot] = []
    label = s.label
    for slot in s.slots:
        if slot.text in survey.steps and slot.kind in ("letter", "step"):
            label += slot.text
            if slot.offset:
                label += ("m" if slot.offset < 0 else "p") + str(abs(slot.offset))
        else:
            slots.append(slot)
    return s if len(slots) == len(s.slots) else replace(s, slots=tuple(slots), label=label)


def _squares(trees: list[Any], heads: list[Any]) -> set[Key]:
    """Names whose square is a quantity of its own: ``\\sigma^2 = …``, ``\\partial\\sigma^2``."""
    out: set[Key] = {h.base.key for h in heads if _is_square(h)}
    out -= {h.key for h in heads if isinstance(h, Name)}
    for t in trees:
        for s in walk(t):
            if isinstance(s, Derivative):
                by: tuple[Any, ...] = s.by
                out |= {v.base.key for v in by if _is_square(v)}
    return out


def _is_square(t: Any) -> bool:
    return isinstance(t, Power) and isinstance(t.base, Name) and t.exponent == Number("2")


def _unrooted(t: Any) -> Any:
    """The name of a function or in an index, where its square is a name of its own elsewhere."""
    if isinstance(t, Function) and t.name == "sqrt" and isinstance(t.args[0], Name):
        inner = t.args[0]
        return replace(inner, marks=tuple(m for m in inner.marks if m != "squared"))
    return t


def _square(s: Any, squares: set[Key]) -> Any:
    if isinstance(s, Call):
        return replace(s, name=_unrooted(s.name))
    if isinstance(s, Slot) and s.element is not None:
        return replace(s, element=_unrooted(s.element))
    if isinstance(s, Name) and s.key in squares:
        squared = replace(s, marks=(*s.marks, "squared"), latex=f"{s.latex}^2")
        return Function("sqrt", (squared,))
    if isinstance(s, Power) and isinstance(s.base, Function) and s.base.name == "sqrt":
        inner = s.base.args[0]
        if isinstance(inner, Name) and "squared" in inner.marks and s.exponent == Number("2"):
            return inner
        even = isinstance(s.exponent, Number) and s.exponent.text in ("4", "6", "8")
        if isinstance(inner, Name) and "squared" in inner.marks and even:
            return Power(inner, Number(str(int(getattr(s.exponent, "text", 0)) // 2)))
    return s


def _labels(trees: list[Any], heads: list[Any], survey: Survey) -> list[Any]:
    """``W_i, W_f, W_o`` of a gate: letters that no sum, no left side and no comparison knows."""
    known = set(survey.bound)
    fixed: set[Key] = set()
    for h in heads:
        known |= {x.text for x in walk(h) if isinstance(x, Slot)}
    for t in trees:
        for s in walk(t):
            if isinstance(s, (Delta, Condition)):
                known |= {x.text for x in walk(s) if isinstance(x, Slot)}
                known |= {x.base for x in walk(s) if isinstance(x, Name)}
            elif isinstance(s, Derivative):
                for v in s.by:
                    known |= {x.text for x in walk(v) if isinstance(x, Slot)}
            elif isinstance(s, (Transposed, Norm)):
                fixed |= {x.key for x in walk(s) if isinstance(x, Name)}
    places: dict[tuple[Key, int, int], set[str]] = defaultdict(set)
    for t in trees:
        for s in walk(t):
            if isinstance(s, Name):
                for k, slot in enumerate(s.slots):
                    places[s.key, len(s.slots), k].add(slot.text if slot.kind == "letter" else "?")
    mere = {at for at, letters in places.items() if not letters & (known | {"?"})}
    mere = {at for at in mere if at[0] not in fixed}
    if not mere:
        return trees

    def change(s: Any) -> Any:
        if not isinstance(s, Name):
            return s
        gone = [k for k in range(len(s.slots)) if (s.key, len(s.slots), k) in mere]
        if not gone:
            return s
        label = s.label + "".join(s.slots[k].text.replace("'", "p") for k in gone)
        rest = tuple(x for k, x in enumerate(s.slots) if k not in gone)
        return replace(s, slots=rest, label=label)

    return [rebuilt(t, change) for t in trees]


def _patterns(trees: list[Any]) -> dict[Key, set[tuple[int, int]]]:
    """Where each name has letters: (number of slots, place)."""
    out: dict[Key, set[tuple[int, int]]] = defaultdict(set)
    for t in trees:
        for s in walk(t):
            if isinstance(s, Name):
                for k, slot in enumerate(s.slots):
                    if slot.kind in ("letter", "element"):
                        out[s.key].add((len(s.slots), k))
    return out


def _numbers(s: Any, patterns: dict[Key, set[tuple[int, int]]]) -> Any:
    """``W_1`` is a name, ``w_1`` an entry where w_j occurs too."""
    if not isinstance(s, Name) or all(slot.kind != "number" for slot in s.slots):
        return s
    zero = any(slot.kind == "number" and slot.text == "0" for slot in s.slots)
    if (
        not zero
        and patterns.get(s.key)
        and all(
            slot.kind != "number" or (len(s.slots), k) in patterns[s.key]
            for k, slot in enumerate(s.slots)
        )
    ):
        return s
    label = "".join(slot.text for slot in s.slots if slot.kind == "number")
    rest = tuple(slot for slot in s.slots if slot.kind != "number")
    return replace(s, slots=rest, label=label + s.label)


# -- functions ---------------------------------------------------------------------------------


def stem_of(name: Name) -> Key:
    """The key of a function without the primes of its derivatives."""
    return (name.base, tuple(m for m in name.marks if m != "prime"), name.label)


def _argument(t: Any) -> Name | None:
    if isinstance(t, Transposed):
        t = t.base
    return t if isinstance(t, Name) else None


def _classify(trees: list[Any], heads: list[Any], survey: Survey) -> None:
    calls: dict[Key, list[Call]] = defaultdict(list)
    bare: Counter[Key] = Counter()
    primed: set[Key] = set()
    for t in trees:
        inside: set[int] = set()
        for s in walk(t):
            if isinstance(s, Call):
                calls[s.name.key].append(s)
                inside.add(id(s.name))
                if "prime" in s.name.marks:
                    primed.add(stem_of(s.name))
            elif isinstance(s, Name) and id(s) not in inside:
                bare[s.key] += 1
    survey.bare = set(bare)
    defined = {h.name.key for h in heads if isinstance(h, Call)}
    for key, found in calls.items():
        base, marks, _ = key
        simple = all(_argument(a) is not None for c in found for a in c.args)
        used = {tuple(_key(a, survey.bound) for a in c.args) for c in found}
        if ("prime" in marks and stem_of(found[0].name) in calls) or (
            "prime" in marks and base in _FUNCTION_LETTERS | {"sigma"}
        ):
            survey.functions[key] = "derivative"
        elif base == "sigma" and key not in defined and not found[0].name.slots:
            survey.functions[key] = "sigmoid"
        elif (
            simple
            and len(used) == 1
            and stem_of(found[0].name) not in primed
            and (key in defined or base not in _FUNCTION_LETTERS or used <= {("index",) * 9})
        ):
            survey.functions[key] = "array"
        elif key in defined:
            survey.functions[key] = "defined"
        elif (
            simple
            and base in _FUNCTION_LETTERS
            and not any(c.name.slots or c.bar for c in found)
            and any(_key(a, survey.bound) != "index" for c in found for a in c.args)
            and all(len(c.args) == len(found[0].args) for c in found)
            and not bare[key]
        ):
            survey.functions[key] = "unknown"
        elif any(c.bar for c in found):
            survey.functions[key] = "array" if simple else "refused"
        elif simple and len(used) <= 1 and stem_of(found[0].name) not in primed:
            survey.functions[key] = "array"
        elif (
            base in _FUNCTION_LETTERS and not bare[key] and not any(c.name.slots for c in found)
        ) or (simple and not bare[key]):
            survey.functions[key] = "unknown"
    for key in list(survey.functions):
        if survey.functions[key] == "derivative":
            stem = (key[0], tuple(m for m in key[1] if m != "prime"), key[2])
            if stem not in survey.functions:
                survey.functions[stem] = "sigmoid" if stem[0] == "sigma" else "unknown"


def _key(t: Any, bound: set[str]) -> Any:
    """What an argument is, all index letters being alike."""
    name = _argument(t)
    if name is not None and _index_letter(name, bound):
        return "index"
    return None if name is None else name.key


def _index_letter(name: Name, bound: set[str]) -> str | None:
    """The index that an argument is: a letter that a sum binds, perhaps with primes."""
    if name.slots or name.label or not set(name.marks) <= {"prime"}:
        return None
    near = {name.base, name.base + "'", name.base + "''"}
    return name.base + "'" * len(name.marks) if near & bound else None


def _call(s: Any, survey: Survey) -> Any:
    if isinstance(s, (Power, Transposed)) and isinstance(s.base, Mul):
        # `a(b)^2` that was taken for a call: the power is the bracket's
        first, (op, last) = s.base.factors[:-1], s.base.factors[-1]
        return Mul((*first, (op, replace(s, base=last))))
    if isinstance(s, Mul) and any(op != "/" and isinstance(f, Mul) for op, f in s.factors):
        flat: list[tuple[str, Any]] = []
        for op, f in s.factors:
            if op != "/" and isinstance(f, Mul):
                flat += [(op, f.factors[0][1]), *f.factors[1:]]
            else:
                flat.append((op, f))
        return Mul(tuple(flat))
    if not isinstance(s, Call):
        return s
    kind = survey.functions.get(s.name.key)
    if kind == "array":
        slots = list(s.name.slots) + list(s.slots)
        seen = {(x.kind, x.text) for x in slots}
        label = s.name.label
        for k, a in enumerate(s.args):
            name = _argument(a)
            if name is None:
                continue
            if name.label.startswith("is") and s.bar and k < s.bar:
                label += name.base + name.label
            inner = list(name.slots)
            letter = _index_letter(name, survey.bound)
            if letter is not None:
                inner = [Slot("letter", letter)]
            for x in inner:
                if x.kind == "letter" and (x.kind, x.text) not in seen:
                    seen.add((x.kind, x.text))
                    slots.append(x)
        if s.bar:
            label += "".join(_word(a) for a in s.args if _key(a, survey.bound) != "index")
        return replace(s.name, slots=tuple(slots), label=label, latex=s.name.latex + s.text)
    if kind == "sigmoid" and len(s.args) == 1:
        return Function("sigmoid", s.args, slots=(*s.name.slots, *s.slots), pos=s.name.pos)
    if kind is None and len(s.args) == 1 and not s.bar and not s.slots:  # a product
        return Mul((("", s.name), ("", Bracket(s.args[0]))))
    return s


def _word(a: Any) -> str:
    """An argument of a conditional as part of a name: p(y|x) and p(x|y) are two."""
    name = _argument(a)
    return "" if name is None else name.base + "".join(name.marks)


# -- ranks -----------------------------------------------------------------------------------------


def _ranks(trees: list[Any], survey: Survey) -> None:
    def note(name: Name, more: int = 0) -> None:
        n = len(name.slots) + more
        if n > survey.ranks.get(name.key, 0):
            survey.ranks[name.key] = n
        survey.ranks.setdefault(name.key, 0)
        above = sum(x.above for x in name.slots)
        survey.above[name.key] = max(survey.above.get(name.key, 0), above)

    for t in trees:
        for s in walk(t):
            if isinstance(s, Name) and len(s.slots) > 1:
                survey.full.setdefault(s.key, []).append(tuple(x.text for x in s.slots))
            if isinstance(s, Name):
                note(s)
                if _bold(s) and s.base.isupper() and not s.slots:
                    survey.matrices.add(s.key)
            elif isinstance(s, Mul):
                for k, (_, factor) in enumerate(s.factors):
                    if isinstance(factor, Transposed) and k + 1 < len(s.factors):
                        for side in (factor.base, s.factors[k + 1][1]):
                            for name in vectors(side):
                                note(name, 1)
            elif isinstance(s, Norm) and s.kind != "abs":
                for name in vectors(s.inside):
                    note(name, 1)
            elif isinstance(s, Function) and s.name in ("softmax", "logsumexp"):
                arg = s.args[0]
                for name in vectors(arg):
                    if not name.slots:
                        note(name, 1)
            if isinstance(s, Transposed):
                name_ = s.base
                if isinstance(name_, Name) and name_.base.isupper() and not name_.slots:
                    survey.matrices.add(name_.key)


def _partial(trees: list[Any]) -> dict[Key, set[str]]:
    """The single indices that names have somewhere: free ones, where there are any."""
    free: dict[Key, set[str]] = defaultdict(set)
    every: dict[Key, set[str]] = defaultdict(set)
    todo: list[tuple[Any, frozenset[str]]] = [(t, frozenset()) for t in trees]
    while todo:
        s, bound = todo.pop()
        if isinstance(s, Reduction):
            bound = bound | {b.letter for b in s.binders}
        if isinstance(s, Name) and len(s.slots) == 1 and s.slots[0].kind == "letter":
            every[s.key].add(s.slots[0].text)
            if s.slots[0].text not in bound:
                free[s.key].add(s.slots[0].text)
        todo.extend((c, bound) for c in children(s))
    return {k: free[k] or v for k, v in every.items()}


def _bold(name: Name) -> bool:
    return name.latex.startswith(("\\mathbf", "\\boldsymbol", "\\bm", "\\pmb"))


def vectors(t: Any) -> Iterator[Name]:
    """The names that carry the index of a vector: summands, not what stands in a function.

    Of a product all of them do, since which factor is the vector is not to be seen: only a product
    with one name is looked into.
    """
    if isinstance(t, Name):
        yield t
    elif isinstance(t, Bracket):
        yield from vectors(t.inside)
    elif isinstance(t, Add):
        for _, term in t.terms:
            yield from vectors(term)
    elif isinstance(t, Mul):
        names = [f for _, f in t.factors if not isinstance(f, Number)]
        if len(names) == 1:
            yield from vectors(names[0])
