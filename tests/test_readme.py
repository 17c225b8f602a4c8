"""What the README, the notes and the docstrings say is true.

python tests/test_readme.py      writes the flagship's proof and the checker's laws where they stand
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CERTIFICATE = ROOT / "notes" / "certificate.md"
LAWS = re.compile(r"(<!-- laws:.*?-->\n```text\n)(.*?)(\n```\n<!-- end of laws -->)", re.S)
PROOF = re.compile(r"(<!-- proof:.*?-->\n```text\n)(.*?)(\n```\n<!-- end of proof -->)", re.S)
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "derivation").rglob("*.py")
)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def proof() -> str:
    """The flagship's proof as the README shows it."""
    from derivation import api, library, printers

    outcomes = tuple(api.outcomes(api.read(library.load(library.FIRST))))
    return printers.render(outcomes, "text", width=80).strip("\n")


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert failed == 0


def test_readme_examples() -> None:
    text = README.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, "README", str(README), 0)
    assert examples.examples
    assert doctest.DocTestRunner(optionflags=OPTIONS).run(examples).failed == 0


def test_readme_shows_the_proof_that_is_printed() -> None:
    found = PROOF.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found[2] == proof()


def laws() -> str:
    """The checker's laws as the page on certificates lists them."""
    from derivation.checker import LAWS

    rows = []
    for name, (variables, equation, condition) in LAWS.items():
        row = [f"{name:17}", f"{variables:24}", equation, condition]
        rows.append(" | ".join(row if condition != "true" else row[:3]))
    return "\n".join(rows)


def test_the_page_on_certificates_holds_the_laws_of_the_checker() -> None:
    found = LAWS.search(CERTIFICATE.read_text(encoding="utf-8"))
    assert found is not None
    assert sorted(found[2].splitlines()) == sorted(laws().splitlines())


def test_the_page_on_certificates_holds_the_derivatives_of_functions() -> None:
    from derivation.checker.calculus import SLOPES

    text = CERTIFICATE.read_text(encoding="utf-8")
    for row in SLOPES.strip().splitlines():
        name, slope, condition = (part.strip() for part in re.split("[:|]", row))
        said = f"{name}: {slope}" if name != "acos" else "acos: the negative of it"
        if condition != "true" and name not in ("acos", "relu", "abs", "sign"):
            said += f", {condition}"
        assert said in text, said


def test_the_page_on_trust_says_how_long_the_checker_is() -> None:
    text = (ROOT / "notes" / "trust.md").read_text(encoding="utf-8")
    found = re.search(r"([\d,]+) lines with its laws", text)
    assert found is not None
    lines = sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "derivation" / "checker").glob("*.py")
    )
    assert abs(int(found[1].replace(",", "")) - lines) <= 100, f"there are {lines}"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    return [line for block in blocks for line in block.splitlines() if line[:11] == "derivation "]


@pytest.mark.parametrize("line", commands())
def test_readme_commands(
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from derivation import derive, library
    from derivation.__main__ import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-loss.deriv").write_text(library.load("mse-linear").text, encoding="utf-8")
    (tmp_path / "proof.json").write_text(derive("mse-linear").to_json(), encoding="utf-8")
    (homework,) = re.findall(r"```text\n([^`]*\n= [^`]*)```", README.read_text(encoding="utf-8"))
    (tmp_path / "homework.deriv").write_text(homework, encoding="utf-8")
    shutil.copy(ROOT / "examples" / "softmax-cross-entropy.md", tmp_path / "lecture.md")
    wrong = "homework" in line  # its first line counts the term i = j twice
    assert main(shlex.split(line, comments=True)[1:]) == int(wrong)
    out, err = capsys.readouterr()
    assert err == ""
    assert out or any(path.suffix in (".tex", ".json", ".py") for path in tmp_path.iterdir())


def test_readme_has_one_test_command_for_ci() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert sum(bool(re.match(r"python3 -m venv .*pytest", line)) for line in lines) == 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    old = README.read_text(encoding="utf-8")
    new = PROOF.sub(lambda found: found[1] + proof() + found[3], old)
    README.write_text(new, encoding="utf-8")
    old = CERTIFICATE.read_text(encoding="utf-8")
    new = LAWS.sub(lambda found: found[1] + laws() + found[3], old)
    CERTIFICATE.write_text(new, encoding="utf-8")
