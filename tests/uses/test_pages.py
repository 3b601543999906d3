"""Every command and every piece of Python in docs/uses runs as it stands there, one after the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "uses").glob("*.md"))


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and code of each fenced block that can be run."""
    pieces = page.read_text(encoding="utf-8").split("```")[1::2]
    split = [piece.split("\n", 1) for piece in pieces]
    return [(language, code) for language, code in split if language in ("bash", "python")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_as_it_stands(page, tmp_path):
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text(encoding="utf-8")[:6000], encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    assert blocks(page)
    for language, code in blocks(page):
        command = ["bash", "-euc", code] if language == "bash" else [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}\n{done.stderr}"


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "presets").glob("*.toml")), ids=lambda path: path.stem)
def test_a_preset_holds_settings(path):
    import tomllib

    from streamrnn import Settings

    assert Settings(**tomllib.loads(path.read_text(encoding="utf-8")))
