"""The command line: what is printed where, exit statuses, and quiet endings."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

import derivation
from derivation import library
from derivation.__main__ import main

ROOT = Path(__file__).parent.parent
FLAGSHIP = "softmax-cross-entropy"
INLINE = "f = sum(x[i]**2 for i in N); wrt x[j]"


class Ran:
    """What a command left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def go(*arguments: str) -> Ran:
        capsys.readouterr()
        status = main(arguments)
        return Ran(status, *capsys.readouterr())

    return go


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess:  # type: ignore[type-arg]
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "derivation", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**env, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=120,
    )


# -- the main job ---------------------------------------------------------------------------


def test_four_ways_to_the_flagship() -> None:
    def out(*command: str) -> bytes:
        return subprocess.run(
            [sys.executable, *command], capture_output=True, cwd=ROOT, check=True
        ).stdout

    first = out("-m", "derivation")
    assert first
    assert out("cli.py") == first
    assert out("-m", "derivation", "derive", FLAGSHIP) == first
    code = "import sys; from derivation.__main__ import main; sys.exit(main())"
    assert out("-c", code) == first


def test_the_flagship_proves_predicted_minus_true(run) -> None:  # type: ignore[no-untyped-def]
    ran = run()
    assert ran.status == 0 and ran.err == ""
    assert "ŷⱼ − yⱼ" in ran.out
    assert all(line == line.rstrip() for line in ran.out.splitlines())
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_in_narrow_columns(run) -> None:  # type: ignore[no-untyped-def]
    for width in (40, 60, 80, 120):
        ran = run("--width", str(width))
        assert max(map(len, ran.out.splitlines())) <= width


def test_colour(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    assert "\x1b" in run("--color", "always").out
    assert "\x1b" not in run("--color", "never").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("--color", "auto").out
    assert "\x1b" not in run("--color", "always", "--format", "text").out
    assert "\x1b" not in run("--color", "always", "--format", "latex").out


def test_styles_and_details(run) -> None:  # type: ignore[no-untyped-def]
    cases, delta = run("--style", "cases"), run("--style", "delta")
    assert cases.out == run().out != delta.out
    assert len(delta.out) < len(cases.out)
    lengths = [len(run("--detail", d).out) for d in ("outline", "normal", "full")]
    assert lengths == sorted(lengths) and len(set(lengths)) == 3


def test_wrt_of_and_given(run) -> None:  # type: ignore[no-untyped-def]
    program = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K); L = -sum(y[i]*log(p[i]) for i in K)"
    asked = ["derive", "-e", program, "--format", "json"]
    given = ["--given", "sum(y[i] for i in K) == 1"]

    def result(*arguments: str) -> str:
        return str(json.loads(run(*asked, *arguments).out)["result"])

    assert result("--wrt", "z[j]", *given) == "p[j] - y[j]"
    assert result("--wrt", "z", *given).startswith("p[")
    assert result("--wrt", "z[j] then z[l]", *given) == "p[j]*(delta(j,l) - p[l])"
    assert result("--wrt", "z[j]") == "p[j]*sum(y[i] for i in K) - y[j]"
    assert result("--wrt", "z[j]", "--of", "p") == "p[i]*(delta(i,j) - p[j])"


def test_several_gradients_are_a_set(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("derive", "vae-kl", "--format", "json")
    found = json.loads(ran.out)
    assert found["schema"] == "derivation-set/2"
    assert [d["wrt"] for d in found["derivations"]] == [["mu[j]"], ["v[j]"]]
    one = json.loads(run("derive", "vae-kl", "--wrt", "mu[j]", "--format", "json").out)
    assert one["schema"] == "derivation/2" and one["result"] == "mu[j]"


# -- where the problem comes from -----------------------------------------------------------


def test_file_standard_input_and_text(
    run,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = INLINE.replace("; ", "\n")
    file = tmp_path / "squares.deriv"
    file.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    from_file = run("derive", str(file))
    assert from_file.status == 0 and "2" in from_file.out

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    from_input = run("derive", "-")
    inline = run("derive", "-e", INLINE)
    twice = run("derive", "-e", "f = sum(x[i]**2 for i in N)", "-e", "wrt x[j]")
    assert inline.out == twice.out == from_input.out == from_file.out


def test_a_name_without_dot_or_slash_is_of_the_library(
    run,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ridge").write_text(INLINE.replace("; ", "\n"))
    assert run("derive", "ridge").out == run("derive", library.load("ridge").name).out
    assert run("derive", "./ridge").out != run("derive", "ridge").out


# -- where it goes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "starts"), [("p.json", "{"), ("p.tex", "%\\"), ("p.txt", ""), ("p", "")]
)
def test_the_ending_chooses_the_format(
    run,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    name: str,
    starts: str,
) -> None:
    target = tmp_path / name
    ran = run("derive", "-o", str(target))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    text = target.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not starts or text[0] in starts
    formats = {"p.json": "json", "p.tex": "latex"}
    assert text == run("--format", formats.get(name, "text")).out


def test_latex_document(run) -> None:  # type: ignore[no-untyped-def]
    fragment = run("--format", "latex").out
    document = run("--format", "latex", "--standalone").out
    assert "\\documentclass" not in fragment and "\\documentclass" in document


def test_the_certificate_tells_everything(run) -> None:  # type: ignore[no-untyped-def]
    found = json.loads(run("--format", "json").out)
    assert found["schema"] == "derivation/2"
    assert (found["status"], found["reason"]) == ("derived", None)
    assert (found["objective"], found["wrt"]) == ("L", ["z[j]"])
    assert (found["style"], found["result"]) == ("cases", "yhat[j] - y[j]")
    assert found["given"] == ["sum(y[i] for i in K) == 1"]
    assert found["problem"]["name"] == FLAGSHIP
    assert "yhat[i] = exp(z[i])" in found["problem"]["program"]
    assert found["checked"]["points"] > 0
    assert found["checked"]["sizes"] == [{"K": 1}, {"K": 2}, {"K": 3}, {"K": 4}]
    chain = [step for step in found["steps"] if step["kind"] == "chain"]
    assert chain[0]["before"] == "diff(L, z[j])" and chain[-1]["after"] == "yhat[j] - y[j]"
    assert all(a["after"] == b["before"] for a, b in pairwise(chain))


# -- bad input ------------------------------------------------------------------------------

BAD = [
    (["derive", "softmax-cros-entropy"], "did you mean `softmax-cross-entropy`?"),
    (["show", "focal-los"], "did you mean `focal-loss`?"),
    (["shwo", "ridge"], "did you mean `derivation show`?"),
    (["ridge"], "did you mean `derivation derive ridge`?"),
    (["derive", "--fromat", "json"], "did you mean `--format`?"),
    (["derive", "--format", "jsn"], "did you mean `json`?"),
    (["derive", "--style", "casses"], "'cases'"),
    (["derive", "--width", "3"], "--width"),
    (["derive", "--width", "many"], "--width"),
    (["derive", "-o", "proof.doc"], ".tex"),
    (["derive", "-o", "no/such/folder/proof.tex"], "folder"),
    (["derive", "-o", "."], "folder"),
    (["derive", "--standalone"], "LaTeX"),
    (["derive", "missing.deriv"], "there is no file"),
    (["derive", "./derivation"], "folder"),
    (["derive", "L = x"], "-e"),
    (["derive", "ridge", "-e", "L = x"], "both"),
    (["derive", "-e", "L = sin(x"], "line 1"),
    (["derive", "-e", "L = lgo(x); wrt x"], "did you mean `log`?"),
    (["derive", "-e", "L = x.real; wrt x"], "attribute"),
    (["derive", "-e", "L = x**2"], "wrt"),
    (["derive", "-e", "L = x**2; wrt q"], "q"),
    (["derive", "-e", "L = x**2; wrt x", "--of", "M"], "M"),
    (["derive", "-e", "L = x**2; wrt x", "--given", "x ="], "x ="),
    (["derive", "-e", "L = " + "(" * 100_000 + "x; wrt x"], "64 KiB"),
    (["derive", "-e", "L = " + "(" * 10_000 + "x; wrt x"], "nest"),
    (["derive", "-e", "L = 9**9**9*x; wrt x"], "9"),
    (["derive", "-e", "L = x\0; wrt x"], ""),
    (["derive", "-e", ""], ""),
]


@pytest.mark.parametrize(("arguments", "says"), BAD, ids=lambda v: str(v)[:50])
def test_bad_input(run, arguments: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    ran = run(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ") and says in ran.err
    assert "Traceback" not in ran.err
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe\x00L", "UTF-8"),
        (b"L = x\x00", "text file"),
        (b"L = x # " + b"x" * 70_000, "64 KiB"),
        (b"", ""),
    ],
    ids=["binary", "zero", "long", "empty"],
)
def test_bad_files(run, tmp_path: Path, data: bytes, says: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.deriv").write_bytes(data)
    ran = run("derive", str(tmp_path / "bad.deriv"))
    assert ran.status == 2 and ran.out == ""
    assert ran.err.startswith("error: ") and says in ran.err


def test_a_near_file_is_suggested(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "my-loss.deriv").write_text("L = x**2\nwrt x\n")
    assert "my-loss.deriv`?" in run("derive", str(tmp_path / "my-los.deriv")).err


def test_not_derived_is_status_1(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from derivation import engine

    real = engine.derive_together

    def stopped(*arguments: object, **options: object) -> object:
        (outcome,) = real(*arguments, **options)
        return (replace(outcome, result=None, reason="no rule for this"),)

    monkeypatch.setattr(engine, "derive_together", stopped)
    ran = run("derive", "-e", INLINE)
    assert ran.status == 1
    assert ran.err == "not derived: no rule for this\n"
    assert "not derived" in ran.out.lower()
    found = json.loads(run("derive", "-e", INLINE, "--format", "json").out)
    assert (found["status"], found["result"]) == ("not-derived", None)
    assert found["reason"] == "no rule for this"


def test_a_defect_shows_no_traceback(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from derivation import engine

    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(engine, "derive_together", broken)
    monkeypatch.delenv("DERIVATION_TRACEBACK")
    ran = run("derive", "-e", INLINE)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("internal error: ZeroDivisionError: oh\n")


def test_a_warning_goes_to_standard_error(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("derive", "-e", "u = x**2; L = sum(a*x for i in N); wrt x")
    assert ran.status == 0 and ran.err.startswith("warning: ")


# -- the other commands ---------------------------------------------------------------------


def test_list(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("list")
    assert ran.status == 0 and ran.err == ""
    assert all(f"  {name}" in ran.out for name in library.names())
    assert ran.out.splitlines()[1].split()[0] == FLAGSHIP


def test_show_prints_the_file_as_it_is(run) -> None:  # type: ignore[no-untyped-def]
    file = ROOT / "derivation" / "library" / "tsne.deriv"
    assert run("show", "tsne").out == file.read_text(encoding="utf-8")


def test_axioms_lists_every_law(run) -> None:  # type: ignore[no-untyped-def]
    from derivation.checker import LAWS

    ran = run("axioms")
    assert ran.status == 0 and len(LAWS) > 50
    for name, (variables, equation, condition) in LAWS.items():
        entry = ran.out.partition(f"\n  {name}\n")[2].partition("\n\n")[0] + "\n"
        assert entry.startswith(f"      law    {equation}\n")
        assert not variables or f"      for    {variables}\n" in entry
        assert condition == "true" or f"      where  {condition}" in entry
    for move in ("algebra", "differentiate", "chain-rule", "definition", "given", "lemma"):
        assert f"\n  {move}: " in ran.out
    assert "\n  log       1/x   where x > 0\n" in ran.out


def test_version_and_help(run) -> None:  # type: ignore[no-untyped-def]
    assert run("--version").out == f"derivation {derivation.__version__}\n"
    assert "examples" in run("--help").out
    for command in ("derive", "list", "show", "axioms"):
        ran = run(command, "--help")
        assert ran.status == 0 and ran.out.startswith(f"usage: derivation {command}")
        assert ran.out.isascii()


# -- starting and ending --------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], ["show", "ridge"]])
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "derivation", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"sympy", "mpmath", "rich", "derivation.terms", "derivation.language"}
    assert "argparse" in loaded and not loaded & heavy


def test_importing_the_package_is_light() -> None:
    code = "import sys, derivation; print('sympy' in sys.modules); derivation.same"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_outputs_that_cannot_take_unicode(encoding: str) -> None:
    for arguments in ([], ["--format", "latex"], ["--format", "json"], ["list"], ["axioms"]):
        done = process(*arguments, PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and done.stderr == b""
        text = done.stdout.decode(encoding)
        assert arguments or text.isascii()
    assert process("derive", "kein-ß", PYTHONIOENCODING=encoding).returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes on Windows")
def test_a_reader_that_goes_away() -> None:
    for arguments in ("", "list", "--help"):
        command = f'"{sys.executable}" -m derivation {arguments} | true'
        done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT)
        assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="signals are different on Windows")
@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="interrupts are ignored here"
)
def test_interrupted() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "derivation", "derive", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    time.sleep(1.0)  # it waits for its standard input
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(("live", "patience"), [(True, "PATIENCE"), (False, "LONG")])
def test_progress_is_told_after_a_while(
    live: bool, patience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from derivation.commands import output

    class Screen(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return live

    assert output.PATIENCE < output.LONG
    monkeypatch.setattr(output, patience, 0.2)
    quick, slow = Screen(), Screen()
    with output.Progress(quick) as progress:
        progress.working_on("deriving")
    with output.Progress(slow) as progress:
        progress.working_on("deriving by z[j]")
        time.sleep(0.6)
    assert quick.getvalue() == ""
    assert slow.getvalue().strip("\r\n ") == "deriving by z[j] …"
    assert slow.getvalue().endswith("\r" if live else "\n")


@pytest.mark.parametrize(
    "program, said",
    [
        ("L = x[3]**2 + sum(x[i] for i in N); wrt x[j]", "proved for every N ≥ 3"),
        ("L = sum(x[i]**2 for i in N); wrt x[2]", "proved for every N ≥ 2"),
        ("L = x[2]**2 + sum(x[i] for i in N); given N >= 4; wrt x[j]", "proved for every N ≥ 4"),
    ],
)
def test_a_literal_index_bounds_the_size(run, program: str, said: str) -> None:  # type: ignore[no-untyped-def]
    out = run("derive", "-e", program).out
    assert said in out
    assert "provided" not in out  # said once
