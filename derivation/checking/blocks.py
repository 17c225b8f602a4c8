"""A report as neutral blocks for the printers."""

from __future__ import annotations

from typing import Any

from derivation.checking.closed import term_of
from derivation.checking.refuter import Counterexample, nested
from derivation.checking.report import Line, Report
from derivation.document import Formula, condition_formula
from derivation.document import Line as SettingLine
from derivation.engine.proof import whole_terms
from derivation.findings import Finding, Findings
from derivation.language import nodes
from derivation.library import header
from derivation.rules import REGISTRY
from derivation.steps import Prose, Step
from derivation.terms import TRUE, diff

LONGEST_VALUE = 30  # nodes of an exact value that is shown beside its decimals
OTHER_MOVES = {"definition": "Definition", "given": "Given", "rename": "Rename", "lemma": "Lemma"}


def findings(report: Report, detail: str) -> Findings:
    """The blocks; at ``full`` every proved line comes with the moves of its proof."""
    problem = report.problem
    setting = []
    if problem.definitions:
        formulas = tuple(Formula(d.head, d.body) for d in problem.definitions.values())
        setting.append(SettingLine("Let", formulas))
    if problem.givens:
        setting.append(SettingLine("Given", tuple(map(condition_formula, problem.givens))))
    goal = diff(problem.objective, *problem.wrt[0]) if problem.wrt else None
    chained = any(line.chain for line in report.lines)
    return Findings(
        title=header(problem.text).get("title") or problem.title or "A derivation, line by line",
        setting=tuple(setting),
        goal=goal if chained else None,
        findings=tuple(_finding(line, report, detail) for line in report.lines),
        summary=_summary(report),
        assumed=report.assumed,
        guesses=report.guesses,
    )


def _finding(line: Line, report: Report, detail: str) -> Finding:
    formula = None
    if line.right is not None:
        # the first line about another gradient than the one asked for first says which
        others = [diff(report.problem.objective, *v) for v in report.problem.wrt[1:]]
        bare = line.chain and line.left not in others
        formula = Formula(None if bare else line.left, line.right)
    moves: tuple[tuple[Prose, Formula], ...] = ()
    if detail == "full" and line.proof is not None:
        moves = (
            *(told for lemma in line.lemmas for told in _lemma(lemma)),
            *(
                (_title(move), Formula(None, after))
                for _, move, _, after in whole_terms(line.proof, line.left)
            ),
        )
    return Finding(
        line=line.line or None,
        source=line.text,
        formula=formula,
        condition=None if line.condition in (None, TRUE) else line.condition,
        verdict=line.verdict,
        remarks=tuple(_remarks(line, report)),
        moves=moves,
    )


def _lemma(step: Step) -> list[tuple[Prose, Formula]]:
    """A lemma and the moves that prove it."""
    out: list[tuple[Prose, Formula]] = [
        ((f"Lemma {step.number}",), Formula(step.before, step.after))
    ]
    for inner in step.substeps:
        if inner.kind != "lemma":
            out.append(((f"{inner.number} ", *inner.title), Formula(None, inner.after)))
    return out


def _title(move: Any) -> Prose:
    title = OTHER_MOVES.get(move.rule) or REGISTRY[move.rule].title
    if move.rule == "lemma":
        title = f"Lemma {move.cited.number}"
    return (title if move.direction == "lr" else f"{title} (from right to left)",)


def _remarks(line: Line, report: Report) -> list[Prose]:
    out: list[Prose] = [(note,) for note in line.notes]
    suggestion = line.suggestion
    if suggestion is not None and suggestion.mended is None:
        out.append((f"true only if {suggestion.text.removeprefix('given ')}",))
    elif line.place is not None and line.place != line.right:
        out.append(("it differs at ", line.place))
    if suggestion is not None and suggestion.mended is not None:
        said = f"probably a slip ({suggestion.slip}); this would be right: "
        start: Prose = (said, "= ") if line.chain else (said, line.left, " = ")
        out.append((*start, suggestion.mended))
    if line.counterexample is not None:
        out.append(_point(line.counterexample))
    if line.verdict == "open":
        count = f"agrees at all {line.points} points tried" if line.points else "no point to try"
        out.append((f"{count}, not proved",))
    return out


def _point(c: Counterexample) -> Prose:
    where = [f"{n} = {v}" for n, v in (*c.sizes.items(), *c.indices.items())]
    where += [f"{n} = {_entries(nested(t))}" for n, t in c.arrays.items()]
    out: list[Any] = [f"at {', '.join(where)}: " if where else "", "the left side is "]
    out += [*_value(c.left), ", the right side ", *_value(c.right)]
    return tuple(out)


def _entries(x: Any) -> str:
    return f"[{', '.join(map(_entries, x))}]" if isinstance(x, list) else str(x)


def _value(x: Any) -> list[Any]:
    exact = term_of(x)
    if nodes(exact) > LONGEST_VALUE:
        return [f"{float(x):.6g}"]
    if not exact.args and getattr(exact, "q", 1) == 1:
        return [exact]
    return [exact, f" = {float(x):.6g}"]


def _summary(report: Report) -> Prose:
    verdicts = [line.verdict for line in report.lines]
    counts = {v: verdicts.count(v) for v in ("proved", "refuted", "open", "unread")}
    said = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
    if report.first_wrong is not None:
        first = (
            "the claimed result is wrong"
            if report.first_wrong == 0
            else (f"the first wrong line is line {report.first_wrong}")
        )
        return (f"{first} ({said})",)
    if counts["unread"] == len(verdicts):
        return (f"no line could be read ({said})",)
    if counts["open"] or counts["unread"]:
        return (f"no line is refuted, but not all are proved ({said})",)
    return (f"correct: every line is proved ({said})",)
