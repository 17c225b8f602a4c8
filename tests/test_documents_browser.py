"""The page in headless Chromium: keyboard, dark mode, no error, nothing fetched.

It takes node with playwright-core and Chromium; ``.ci/run`` installs them. The screenshots are for
a person to look at: DERIVATION_SCREENSHOTS names a folder that keeps them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from outcomes import softmax_cross_entropy  # noqa: E402
from test_printers import HOSTILE, hostile  # noqa: E402

from derivation import printers  # noqa: E402

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def _has_playwright() -> bool:
    if not shutil.which("node"):
        return False
    ask = ["node", "-e", "require.resolve('playwright-core')"]
    return not subprocess.run(ask, capture_output=True, check=False).returncode


pytestmark = pytest.mark.skipif(
    CHROMIUM is None or not _has_playwright(),
    reason="Chromium, or node with playwright-core, is not here",
)


def _unlimited() -> None:
    """A browser reserves more addresses than conftest.py lets a test have."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def opened(page: str, folder: Path) -> dict[str, Any]:
    file = folder / "page.html"
    file.write_text(page, "utf-8")
    ran = subprocess.run(
        ["node", str(HERE / "browser.cjs"), str(CHROMIUM), str(file), str(folder)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        check=False,
        preexec_fn=_unlimited if sys.platform == "linux" else None,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    keep = os.environ.get("DERIVATION_SCREENSHOTS")
    folder = Path(keep) if keep else tmp_path_factory.mktemp("page")
    return opened(printers.render([softmax_cross_entropy()], "html"), folder)


def test_no_error_and_no_request(said: dict[str, Any]) -> None:
    assert said["console"] == [] and said["requests"] == []


def test_formulas_are_set_for_the_eye_and_the_ear(said: dict[str, Any]) -> None:
    assert said["unset"] == 0 and said["mathml"] and said["withoutScript"]
    assert said["headings"][:3] == ["H1", "H2", "H2"]


def test_the_keyboard_walks_the_steps(said: dict[str, Any]) -> None:
    assert [w["id"] for w in said["walk"]] == [f"step-{n}" for n in (1, 2, 3, 4, 5, 4)]
    for place in said["walk"]:
        assert place["focused"] and place["hash"] == f"#{place['id']}"
        assert place["why"] and place["beside"]
    assert said["walk"][4]["place"] == "5 of 9"
    assert said["walk"][4]["change"] not in (None, "rgba(0, 0, 0, 0)")
    assert said["left"] is None and said["linked"] == "step-2.2"


def test_substeps_open_and_join_the_walk(said: dict[str, Any]) -> None:
    assert said["open"] >= 1 and said["opened"].endswith(" of 13")


def test_light_dark_paper_and_telephone(said: dict[str, Any]) -> None:
    def brightness(color: str) -> int:
        return sum(int(n) for n in color[4:-1].split(","))

    assert brightness(said["light"]) > 700 > 150 > brightness(said["dark"])
    assert said["toggled"] == said["dark"] and said["print"] == "none"
    assert not said["overflow"] and not said["narrowOverflow"]


def test_a_formula_is_copied_as_latex(said: dict[str, Any]) -> None:
    assert "\\frac" in said["copied"] and "derivchange" not in said["copied"]


@pytest.mark.parametrize("text", [HOSTILE[0], HOSTILE[2], "</script><img src=x onerror=alert(1)>"])
def test_hostile_text_does_nothing(text: str, tmp_path: Path) -> None:
    said = opened(printers.render([hostile(text)], "html"), tmp_path)
    assert said["console"] == [] and said["requests"] == [] and said["unset"] == 0
    assert said["title"].split() == text.split()
