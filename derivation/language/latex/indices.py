"""Indices and limits: what stands below and above a letter, and under a sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derivation.language.latex.tokens import Token, Unread
from derivation.language.latex.trees import Binder, Condition, Name, Number, Slot, Tree

# words that people write as an index without \text
_WORDS = {
    "in", "out", "true", "pred", "max", "min", "tot", "total", "loss", "new", "old", "reg", "data",
    "train", "test", "log", "target", "ce", "mse", "bce", "prev", "next", "ref", "hid", "hidden",
    "model", "real", "fake", "gen", "pos", "neg", "net", "act", "bias", "emb", "avg", "mean", "std",
    "init", "opt", "obs", "prior", "post", "logit", "cross", "nll", "kl", "lin", "skip", "enc",
    "dec", "gt", "adv", "clip", "batch", "sum", "final", "start", "end",
}  # fmt: skip
_FONTS = {
    "\\mathbf", "\\boldsymbol", "\\bm", "\\mathrm", "\\mathcal", "\\mathsf", "\\mathit", "\\pmb",
    "\\mathscr", "\\mathfrak", "\\mathtt", "\\vec", "\\hat", "\\bar", "\\tilde", "\\mathbb",
}  # fmt: skip
RELATIONS = {"=", "\\ne", "<", ">", "\\le", "\\ge", "\\in"}
_OPS = {"=": "==", "\\ne": "!=", "<": "<", ">": ">", "\\le": "<=", "\\ge": ">="}

Parse = Callable[[Sequence[Token]], Tree]


def groups(source: Sequence[Token], separators: set[str]) -> list[list[Token]]:
    """The tokens between separators that stand outside all brackets."""
    out: list[list[Token]] = [[]]
    level = 0
    for token in source:
        if token.text in ("{", "(", "[", "\\{"):
            level += 1
        elif token.text in ("}", ")", "]", "\\}"):
            level -= 1
        if level == 0 and token.text in separators:
            out.append([])
        else:
            out[-1].append(token)
    return out


def unwrapped(source: Sequence[Token]) -> list[Token]:
    """The tokens without braces that enclose them all."""
    out = list(source)
    while len(out) >= 2 and out[0].kind == "{" and out[-1].kind == "}":
        level = 0
        for k, token in enumerate(out):
            level += (token.kind == "{") - (token.kind == "}")
            if level == 0 and k < len(out) - 1:
                return out
        out = out[1:-1]
    return out


def slots(source: Sequence[Token], parse: Parse, above: bool = False) -> tuple[list[Slot], str]:
    """What an index says: its slots, and the label that is left (``CE`` in ``L_{CE}``)."""
    out: list[Slot] = []
    label = ""
    for group in groups(unwrapped(source), {","}):
        group = unwrapped(group)
        if not group:
            continue
        word = "".join(t.text for t in group)
        if all(t.kind == "letter" for t in group) and (
            word.lower() in _WORDS or (len(word) > 1 and word.isupper())
        ):
            label += word
            continue
        if "-" in word and all(len(x) > 1 and x.isalpha() for x in word.split("-")):
            label += word.replace("-", "")  # J_{softmax-CE}
            continue
        if any(t.text in ("+", "-") for t in group):
            out.append(_step(group, above))
            continue
        k = 0
        while k < len(group):
            token = group[k]
            after = group[k + 1].text if k + 1 < len(group) else ""
            if token.kind == "text":
                label += "".join(c for c in token.text if c.isalnum())
                k += 1
            elif token.kind == "number":
                if "." in token.text:
                    raise Unread("a fraction is no index", token.pos)
                out += [Slot("number", d, above=above) for d in _digits(token.text, above)]
                k += 1
            elif token.kind == "letter" and after == "_":
                end = _argument_end(group, k + 2)
                element = parse(group[k:end])
                if not isinstance(element, Name):
                    raise Unread("this index is not read", token.pos)
                out.append(Slot("element", "", element=element, above=above))
                k = end
            elif token.kind == "letter":
                primes = 0
                while k + 1 < len(group) and group[k + 1].text == "'":
                    primes += 1
                    k += 1
                if (
                    k + 1 < len(group)
                    and group[k + 1].text == "^"
                    and all(t.text in ("{", "}", "'") for t in group[k + 2 :])
                ):
                    primes += sum(t.text == "'" for t in group[k + 2 :])
                    k = len(group) - 1
                if token.text.isupper():
                    label += token.text
                else:
                    out.append(Slot("letter", token.text + "'" * primes, above=above))
                k += 1
            elif token.kind == "cmd" and token.text in _FONTS:
                end = _argument_end(group, k + 1)
                inner = unwrapped(group[k + 1 : end])
                label += "".join(t.text for t in inner if t.text.isalnum())
                label += "".join(t.text[1:] for t in inner if t.text[1:].isalpha())
                if token.text in ("\\hat", "\\bar", "\\tilde"):
                    label += token.text[1:]
                k = end
            elif token.kind == "cmd" and token.text[1:].isalpha() and token.text not in (
                "\\dots", "\\cdot", "\\setminus", "\\in", "\\ne", "\\partial"
            ):  # fmt: skip
                label += token.text[1:]
                k += 1
            elif token.text in ("*", "\\star", "+", "'"):
                label += {"'": "prime", "+": "plus"}.get(token.text, "star")
                k += 1
            elif token.text in ("(", ")", "[", "]") and len(group) > 2:
                k += 1
            else:
                raise Unread(f"an index with `{token.text}` in it is not read", token.pos)
    return out, label


def _digits(text: str, above: bool) -> list[str]:
    return list(text) if len(text) == 2 and not above and "0" not in text else [text]


def _step(group: Sequence[Token], above: bool) -> Slot:
    """``t-1``."""
    inner = [t for t in group if t.text not in ("(", ")", "[", "]")]
    if len(inner) == 3 and inner[1].text in ("+", "-") and inner[2].kind == "number":
        letter, sign, number = inner
        if letter.kind == "letter" and number.text.isdecimal():
            offset = min(int(number.text), 99) if len(number.text) < 3 else 99
            return Slot("step", letter.text, -offset if sign.text == "-" else offset, above=above)
    raise Unread("arithmetic in an index is not read", group[0].pos)


def _argument_end(source: Sequence[Token], k: int) -> int:
    """Where the argument that starts at k ends."""
    if k >= len(source) or source[k].kind != "{":
        return min(k + 1, len(source))
    level = 0
    for n in range(k, len(source)):
        level += (source[n].kind == "{") - (source[n].kind == "}")
        if level == 0:
            return n + 1
    return len(source)


def condition(source: Sequence[Token], parse: Parse) -> Condition:
    """``i \\ne j``, ``i < j \\le n``.

    Raises:
        Unread: If it is no comparison.
    """
    parts: list[list[Token]] = [[]]
    ops: list[Token] = []
    level = 0
    for token in source:
        level += (token.text in ("{", "(", "[")) - (token.text in ("}", ")", "]"))
        if level == 0 and token.text in _OPS:
            ops.append(token)
            parts.append([])
        else:
            parts[-1].append(token)
    if not ops or not all(parts):
        raise Unread("this condition is not read", source[0].pos if source else None)
    sides = [parse(p) for p in parts]
    found = [Condition(_OPS[op.text], sides[k], sides[k + 1]) for k, op in enumerate(ops)]
    first = found[0]
    return Condition(first.op, first.left, first.right, tuple(found[1:]))


def letter_of(source: Sequence[Token]) -> str | None:
    """The index letter that the tokens are, if they are one."""
    inner = [t for t in unwrapped(source) if t.text not in ("^", "{", "}")]
    if not inner or any(t.text != "'" for t in inner[1:]):
        return None
    if inner[0].kind == "letter":
        return inner[0].text + "'" * (len(inner) - 1)
    return None


def limits(
    lower: Sequence[Token], upper: Sequence[Token], parse: Parse, pos: int
) -> tuple[list[Binder], list[Condition]]:
    """What a sum runs over: its binders, and the conditions on them.

    Of ``j \\ne i`` both letters are offered as binders where nothing says which is meant; that is
    for the one who knows the letters outside.
    """
    lower = unwrapped(lower)
    if lower and lower[0].text == "\\substack":
        lower = unwrapped(lower[1:])
    items = [g for g in groups(lower, {",", "\\\\", ";"}) if g]
    if not items:  # what it runs over is for the one who knows the letters outside
        return [Binder("")], []
    binders: list[Binder] = []
    guards: list[Condition] = []
    for item in items:
        item = unwrapped(item)
        if any(t.text == "\\dots" for t in item):
            raise Unread("a range written with dots is not read", item[0].pos)
        ops = [t for t in item if t.text in RELATIONS]
        letters = [t for t in item if t.text != "'"]
        if not ops:
            one = letter_of(item)
            if one is not None:
                binders.append(Binder(one))
            elif all(t.kind == "letter" and t.text.islower() for t in letters) and len(item) == 2:
                binders += [Binder(t.text) for t in item]
            else:
                raise Unread("what this sum runs over is not read", item[0].pos)
        elif len(ops) == 1 and ops[0].text == "=":
            at = item.index(ops[0])
            name = letter_of(item[:at])
            if name is None:
                raise Unread("what this sum runs over is not read", item[0].pos)
            low = parse(item[at + 1 :])
            binders.append(Binder(name, None, None if low == Number("1") else low))
        elif len(ops) == 1 and ops[0].text == "\\in":
            at = item.index(ops[0])
            name = letter_of(item[:at])
            inner = [t for t in unwrapped(item[at + 1 :]) if t.text not in ("{", "}")]
            inner = [t for t in inner if t.text not in _FONTS]
            if (
                name is None
                or len(inner) != 1
                or not (inner[0].kind == "letter" or inner[0].kind == "text")
            ):
                raise Unread("the set that this sum runs over is not read", item[0].pos)
            binders.append(Binder(name, within=inner[0].text))
        else:
            found = condition(item, parse)
            _bound(found, binders, guards, pos)
    if upper:
        uppers = groups(unwrapped(upper), {","})
        if len(uppers) == 1:
            uppers *= len(binders)
        if len(uppers) != len(binders) or any(b.within for b in binders):
            raise Unread("these upper limits are not read", pos)
        binders = [
            Binder(b.letter, _size(parse(u)), b.lower) for b, u in zip(binders, uppers, strict=True)
        ]
    return binders, guards


def _size(t: Tree) -> Tree:
    """``N_o`` is a size of its own."""
    capital = isinstance(t, Name) and t.base.isupper()
    if not isinstance(t, Name) or not capital:
        return t
    if all(s.kind in ("letter", "number") and not s.above for s in t.slots):
        return replace(t, slots=(), label=t.label + "".join(s.text for s in t.slots))
    return t


def _bound(found: Condition, binders: list[Binder], guards: list[Condition], pos: int) -> None:
    """The letters that ``1 \\le i < j \\le N`` binds, and what it demands of them."""
    every = [Condition(found.op, found.left, found.right), *found.also]
    for c in every:
        sides = [_bare(c.left), _bare(c.right)]
        if c.left == Number("1") and c.op == "<=":
            continue
        if sides[1] is not None and sides[1].isupper() and c.op == "<=" and sides[0]:
            _add(binders, Binder(sides[0], c.right))
            continue
        guards.append(c)
        for s in sides:
            if s is not None and s.rstrip("'").islower():
                _add(binders, Binder(s))
    if not binders:
        raise Unread("what this sum runs over is not read", pos)


def _add(binders: list[Binder], new: Binder) -> None:
    for k, b in enumerate(binders):
        if b.letter == new.letter:
            if new.upper is not None:
                binders[k] = new
            return
    binders.append(new)


def _bare(t: Tree) -> str | None:
    """The letter that a tree is, as an index would be written."""
    if isinstance(t, Name) and not t.slots and not t.label and set(t.marks) <= {"prime"}:
        return t.base + "'" * len(t.marks)
    return None
