"""A program's statements: what each line is, before any expression in it is read."""

from __future__ import annotations

from typing import NamedTuple

from derivation.language.calls import KNOWN_FUNCTIONS
from derivation.language.lexer import MAX_NESTING, STATEMENT_WORDS, WORDS, Token, fail, statements
from derivation.language.scope import UserFunction, suggestion
from derivation.language.syntax import Expression, parse

STYLES = ("cases", "delta")


class Defined(NamedTuple):
    """``name[params] = body`` before it is read."""

    name: Token
    params: tuple[Token, ...]
    body: Expression


class Target(NamedTuple):
    """An element as it stands after ``wrt``, ``of`` or ``label``: a name and its slots' tokens."""

    name: Token
    slots: tuple[Token, ...] | None


class Written(NamedTuple):
    """A given, a ``= expr`` line or a claim: its expression, and a claim's condition.

    ``asked`` are the entries of ``wrt`` that a line stands under, as a range of their list.
    """

    kind: str  # "given", "equals" or "claim"
    expression: Expression
    condition: Expression | None
    token: Token
    text: str = ""
    asked: tuple[int, int] = (0, 0)


class Program:
    """All statements of a program by kind; ``named`` has where each name is introduced."""

    def __init__(self) -> None:
        self.definitions: dict[str, Defined] = {}
        self.functions: dict[str, UserFunction] = {}
        self.unknown: dict[str, tuple[int, Token]] = {}
        self.labels: dict[str, tuple[Target, Token]] = {}
        self.shapes: dict[str, tuple[Token, tuple[Token, ...]]] = {}
        self.givens: list[Written] = []
        self.lines: list[Written] = []
        self.wrt: list[tuple[Target, ...]] = []
        self.of: Target | None = None
        self.style: str | None = None
        self.tokens: list[list[Token]] = []
        self.named: dict[str, Token] = {}


def read_program(text: str, *, skip: frozenset[str] = frozenset()) -> Program:
    """Sort the statements of a text; those whose word is in ``skip`` are left out."""
    program = Program()
    under = 0  # the first of the `wrt` entries that the next line stands under
    lines_begun = False
    for tokens in statements(text):
        if declares_shape(tokens):
            _add_shape(program, tokens)
            continue
        word = _statement_word(tokens)
        if word in skip:
            continue
        program.tokens.append(tokens)
        if word is None:
            _add_definition(program, tokens)
        elif word == "=":
            body = parse(tokens[1:-1], tokens[-1])
            asked = (under, len(program.wrt))
            program.lines.append(Written("equals", body, None, tokens[0], _written(tokens), asked))
            lines_begun = True
        elif word == "given":
            program.givens.append(read_given(tokens[1:]))
        elif word == "claim":
            program.lines.append(_claim(tokens))
        elif word == "wrt":
            if lines_begun:
                under, lines_begun = len(program.wrt), False
            program.wrt.extend(read_wrt(tokens[1:]))
        elif word == "of":
            if program.of is not None:
                fail(tokens[0], "the objective is named twice", "one `of` a program")
            program.of = read_of(tokens[1:])
        elif word == "style":
            if program.style is not None:
                fail(tokens[0], "the style is named twice", "one `style` a program")
            program.style = read_style(tokens[1:])
        elif word == "function":
            _add_unknown(program, tokens)
        else:
            _add_label(program, tokens)
    return program


def _statement_word(tokens: list[Token]) -> str | None:
    first, after = tokens[0], tokens[1]
    if first.text == "=":
        return "="
    if first.text in STATEMENT_WORDS:
        if after.text in ("=", "[", "=="):
            return None
        if after.text == "(" and _is_function_head(tokens):
            return None
        return first.text
    return None


def _is_function_head(tokens: list[Token]) -> bool:
    k = 2
    while tokens[k].kind == "name" or tokens[k].text == ",":
        k += 1
    return tokens[k].text == ")" and tokens[k + 1].text == "="


def _written(tokens: list[Token]) -> str:
    """The statement as the user wrote it."""
    first, end = tokens[0], tokens[-1]
    return first.line.text[first.column : end.column].rstrip()


def _is_word(token: Token) -> bool:
    return token.kind == "name" and token.text not in WORDS


# -- definitions ----------------------------------------------------------------------------


def _add_definition(program: Program, tokens: list[Token]) -> None:
    equals = _equals_sign(tokens)
    head, body = tokens[:equals], tokens[equals + 1 : -1]
    if not head or not _is_word(head[0]):
        fail(
            head[0] if head else tokens[equals],
            "this cannot be defined",
            "a definition is `L = expr`, `p[i] = expr` or `f(x) = expr`",
        )
    name = head[0]
    brackets = head[1].text if len(head) > 1 else ""
    if brackets not in ("", "[", "("):
        fail(
            head[1],
            f"`{name.text} {head[1].text} …` cannot be defined",
            "a definition is `L = expr`, `p[i] = expr` or `f(x) = expr`",
        )
    params = _names(head[1:], tokens[equals]) if brackets else []
    _check_new(program, name)
    if name.text == "pi" and brackets != "[":
        fail(name, "`pi` is the number π; only an array may be called `pi`")
    if brackets == "(":
        if name.text in KNOWN_FUNCTIONS:
            fail(name, f"`{name.text}` is a function of the language and cannot be defined")
        expression = parse(body, tokens[-1])
        texts = tuple(p.text for p in params)
        program.functions[name.text] = UserFunction(name.text, texts, expression, name)
    else:
        program.definitions[name.text] = Defined(name, tuple(params), parse(body, tokens[-1]))


def _equals_sign(tokens: list[Token]) -> int:
    """Where the definition's `=` stands."""
    depth = 0
    for k, token in enumerate(tokens):
        depth += token.text in ("(", "[")
        depth -= token.text in (")", "]")
        if token.text == "=" and depth == 0:
            return k
    first, after = tokens[0], tokens[1]
    for token in tokens:
        if token.text == "==":
            fail(
                token,
                "an equality alone says nothing",
                "a definition has one `=`; a condition is "
                "`given A == B`, a line to check `claim A == B`",
            )
    if first.text in STATEMENT_WORDS and after.kind == "end":
        fail(after, f"`{first.text}` needs more")
    if _is_word(first) and (_is_word(after) or after.kind == "number"):
        known = "statements are `name = expr`, " + ", ".join(f"`{w}`" for w in STATEMENT_WORDS)
        fail(
            first,
            f"`{first.text}` does not start a statement",
            suggestion(first.text.lower(), STATEMENT_WORDS) or known,
        )
    fail(first, "an expression alone is not a statement", "give it a name: `L = …`")


def _names(tokens: list[Token], end: Token) -> list[Token]:
    """The names in ``[i,j]`` or ``(x, y)``, which is all there is."""
    out: list[Token] = []
    round_ = tokens[0].text == "("
    what = "an argument" if round_ else "an index"
    k = 1
    while True:
        token = tokens[k] if k < len(tokens) else end
        if not _is_word(token):
            hint = "a definition holds for every value of its indices: `p[i] = …`"
            fail(token, f"{what} of a definition is a name", None if round_ else hint)
        if any(t.text == token.text for t in out):
            fail(
                token,
                f"`{token.text}` stands twice on the left of a definition",
                "the diagonal has no definition of its own; use another letter",
            )
        out.append(token)
        if len(out) > MAX_NESTING:
            fail(token, f"a definition has at most {MAX_NESTING} indices")
        after = tokens[k + 1] if k + 1 < len(tokens) else end
        if after.text in (")", "]"):
            if k + 2 < len(tokens):
                fail(tokens[k + 2], "this cannot be defined", "the left side is one name")
            return out
        if after.text != ",":
            hint = ""
            if after.text in ("+", "-"):
                hint = "index arithmetic is not part of the language yet"
            fail(after, f"{what} of a definition is a name", hint or None)
        k += 2


def _check_new(program: Program, name: Token) -> None:
    earlier = program.named.setdefault(name.text, name)
    if earlier is not name:
        hint = "give it another name"
        fail(name, f"`{name.text}` is already defined or declared ({earlier.place})", hint)


# -- declarations ---------------------------------------------------------------------------


def _add_unknown(program: Program, tokens: list[Token]) -> None:
    name, after = tokens[1], tokens[2] if len(tokens) > 2 else tokens[-1]
    if not _is_word(name):
        fail(name, "`function` needs a name", "write `function g`, or `function g(2)`")
    if name.text in KNOWN_FUNCTIONS:
        fail(name, f"`{name.text}` is a function of the language, not an unknown one")
    _check_new(program, name)
    count = 1
    if after.kind != "end":
        texts = [t.text for t in tokens[2:]]
        if len(texts) != 4 or texts[0] != "(" or texts[2] != ")" or not texts[1].isdecimal():
            fail(
                after,
                f"`function {name.text}` is followed by the number of its arguments",
                f"write `function {name.text}(2)`",
            )
        count = int(texts[1]) if len(texts[1]) < 3 else 0
        if not 1 <= count <= 20:
            fail(tokens[3], "a function has 1 to 20 arguments")
    program.unknown[name.text] = (count, name)


def _add_label(program: Program, tokens: list[Token]) -> None:
    target, rest = _target(tokens[1:], "label")
    hint = f"write `label {target.name.text}[n] in K`"
    if rest[0].text != "in":
        fail(rest[0], "`label` says what size its values belong to", hint)
    over = rest[1]
    if not (_is_word(over) or (over.kind == "number" and over.text.isdecimal())):
        fail(over, "the name of a size is missing", hint)
    if rest[2].kind != "end":
        fail(rest[2], "`label` ends here", hint)
    for slot in target.slots or ():
        if slot.kind != "name":
            fail(slot, "a label is declared for every value of its indices", hint)
    _check_new(program, target.name)
    program.labels[target.name.text] = (target, over)


def declares_shape(tokens: list[Token]) -> bool:
    """Whether it is ``X: N by D``, or several names before the colon."""
    k = 0
    while tokens[k].kind == "name" and tokens[k + 1].text == ",":
        k += 2
    return tokens[k].kind == "name" and tokens[k + 1].text == ":"


def _add_shape(program: Program, tokens: list[Token]) -> None:
    """``X: N by D``, ``y: N``, ``lam: scalar``."""
    colon = next(k for k, t in enumerate(tokens) if t.text == ":")
    named, rest, end = tokens[:colon:2], tokens[colon + 1 : -1], tokens[-1]
    hint = "write `X: N by D`, `y: N` or `lam: scalar`"
    sizes: list[Token] = []
    if not (len(rest) == 1 and rest[0].text == "scalar"):
        for k, token in enumerate([*rest, end]):
            if k % 2 == 0:
                literal = token.kind == "number" and token.text.isdecimal() and int(token.text) > 0
                if not (literal or _is_word(token)):
                    fail(token, "the name of a size is missing", hint)
                sizes.append(token)
            elif token.kind != "end" and token.text != "by":
                fail(token, f"`{token.text}` is not expected in a shape", hint)
    if len(sizes) > MAX_NESTING:
        fail(sizes[MAX_NESTING], f"an array has at most {MAX_NESTING} slots")
    for name in named:
        if not _is_word(name):
            fail(name, "this cannot have a shape", hint)
        if name.text in program.shapes:
            fail(name, f"the shape of `{name.text}` is declared twice")
        program.shapes[name.text] = (name, tuple(sizes))


def read_style(tokens: list[Token]) -> str:
    """The word after ``style``."""
    if tokens[0].text not in STYLES:
        fail(
            tokens[0],
            f"unknown style `{tokens[0].text}`",
            suggestion(tokens[0].text, STYLES) or "styles are `cases` and `delta`",
        )
    if tokens[1].kind != "end":
        fail(tokens[1], "`style` takes one word")
    return tokens[0].text


# -- elements: of, wrt, label ---------------------------------------------------------------


def _target(tokens: list[Token], word: str) -> tuple[Target, list[Token]]:
    """The element at the start of the tokens, and what follows it."""
    name = tokens[0]
    if not _is_word(name):
        fail(
            name,
            f"`{word}` needs a name",
            f"write `{word} z[j]`" if word != "of" else "write `of L`",
        )
    if tokens[1].text != "[":
        if tokens[1].text == "(":
            fail(tokens[1], "an index stands in square brackets", f"write `{name.text}[j]`")
        return Target(name, None), tokens[1:]
    slots: list[Token] = []
    k = 2
    while True:
        slot = tokens[k]
        if not (_is_word(slot) or (slot.kind == "number" and slot.text.isdecimal())):
            fail(slot, "an index is a letter or a positive integer")
        if slot.kind == "number" and int(slot.text) < 1:
            fail(slot, "an index is a letter or a positive integer", "counting starts at 1")
        slots.append(slot)
        if len(slots) > MAX_NESTING:
            fail(slot, f"an array has at most {MAX_NESTING} slots")
        after = tokens[k + 1]
        if after.text == "]":
            return Target(name, tuple(slots)), tokens[k + 2 :]
        if after.text != ",":
            fail(
                after,
                "an index is a letter or a positive integer",
                "index arithmetic is not part of the language yet"
                if after.text in ("+", "-")
                else "a label is written in a definition; `wrt` takes letters"
                if after.text == "["
                else None,
            )
        k += 2


def read_wrt(tokens: list[Token]) -> list[tuple[Target, ...]]:
    """The entries after ``wrt``: ``W[k,d], b[k]``, ``z[j] then z[l]``."""
    out: list[tuple[Target, ...]] = []
    while True:
        first, tokens = _target(tokens, "wrt")
        entry: tuple[Target, ...] = (first,)
        while tokens[0].text == "then":
            if len(entry) == 2:
                fail(
                    tokens[0],
                    "a third derivative is not part of the language",
                    "at most one `then`: `wrt z[j] then z[l]`",
                )
            second, tokens = _target(tokens[1:], "wrt")
            entry += (second,)
        out.append(entry)
        if tokens[0].kind == "end":
            return out
        if tokens[0].text != ",":
            hint = "several are `wrt W[k,d], b[k]`; a second derivative is `wrt z[j] then z[l]`"
            if tokens[0].text == "and":
                hint = "several are separated by commas: `wrt W[k,d], b[k]`"
            fail(tokens[0], f"`{tokens[0].text}` is not expected here", hint)
        tokens = tokens[1:]


def read_of(tokens: list[Token]) -> Target:
    """The objective after ``of``."""
    target, rest = _target(tokens, "of")
    if rest[0].kind != "end":
        fail(rest[0], "`of` takes one name", "write `of L`")
    return target


# -- conditions, claims ---------------------------------------------------------------------


def read_given(tokens: list[Token]) -> Written:
    """The condition after ``given``; a single ``=`` at the top means ``==``."""
    body = with_double_equals(tokens[:-1])
    texts = [t.text for t in body]
    if "for" in texts and _top_level(body, "for"):
        fail(
            _top_level(body, "for")[0],
            "`for` stands outside of a sum",
            'free indices mean "for every": `given x[i] > 0`',
        )
    return Written("given", parse(body, tokens[-1]), None, tokens[0])


def with_double_equals(tokens: list[Token]) -> list[Token]:
    """The tokens with each ``=`` outside of brackets turned into ``==``."""
    singles = set(map(id, _top_level(tokens, "=")))
    return [Token("op", "==", t.line, t.column) if id(t) in singles else t for t in tokens]


def _top_level(tokens: list[Token], text: str) -> list[Token]:
    depth, out = 0, []
    for token in tokens:
        depth += token.text in ("(", "[")
        depth -= token.text in (")", "]")
        if token.text == text and depth == 0:
            out.append(token)
    return out


def _claim(tokens: list[Token]) -> Written:
    body, end = with_double_equals(tokens[1:-1]), tokens[-1]
    condition: Expression | None = None
    ifs, elses = _top_level(body, "if"), _top_level(body, "else")
    if ifs and len(ifs) > len(elses):
        at = next(k for k, t in enumerate(body) if t is ifs[-1])
        condition = parse(body[at + 1 :], end)
        body, end = body[:at], ifs[-1]
    return Written("claim", parse(body, end), condition, tokens[0], _written(tokens))
