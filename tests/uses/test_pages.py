"""Every command and every piece of Python in docs/uses runs as it stands there, one after the other.

The pages say where their data are published. Here they are taken from the folder of the benchmarks, STREAMRNN_DATA, or
one named shared/data beside the tree; a page whose data are in neither is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USES = ROOT / "docs" / "uses"
PAGES = sorted(USES.glob("*.md"))
DATA = Path(os.environ.get("STREAMRNN_DATA", ROOT.parent / "shared" / "data"))
RECORDINGS = {  # by the name that pages give to it
    "ETTh1.csv": "forecasting/ETTh1.csv",
    "ticks.arrow": "market/btcusdt_20240808.arrow",
    "input.txt": "text/tinyshakespeare.txt",
    "digits.arrow": "speech/spoken_digits.arrow",
    "motions.arrow": "action/basic_motions.arrow",
    "ecg.arrow": "vitals/ecg_mitdb_100.arrow",
    "drive.arrow": "vehicle/comma2k19_segment.arrow",
    "realAWSCloudwatch": "nab/realAWSCloudwatch",
}


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and code of each fenced block that can be run; those called sh fetch the data."""
    pieces = page.read_text(encoding="utf-8").split("```")[1::2]
    split = [piece.split("\n", 1) for piece in pieces]
    return [(language, code) for language, code in split if language in ("bash", "python")]


def lay_out(page: Path, folder: Path) -> None:
    """What a reader has before the first command: the examples, a text, and the page's recording."""
    (folder / "README.md").write_text((ROOT / "README.md").read_text(encoding="utf-8")[:6000], encoding="utf-8")
    shutil.copytree(ROOT / "examples", folder / "examples")
    code = "".join(code for _, code in blocks(page))
    for name in [name for name in RECORDINGS if name in code]:
        if not (DATA / RECORDINGS[name]).exists():
            pytest.skip(f"{name} is not there: put the benchmarks' data into a folder and name it in STREAMRNN_DATA")
        (folder / name).symlink_to(DATA / RECORDINGS[name])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_as_it_stands_and_draws_its_picture(page, tmp_path):
    pytest.importorskip("matplotlib", reason="the pictures need matplotlib: pip install 'streamrnn[plot]'")
    lay_out(page, tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MPLBACKEND": "agg"}
    assert blocks(page)
    for language, code in blocks(page):
        command = ["bash", "-euc", code] if language == "bash" else [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}\n{done.stderr}"
    for picture in re.findall(r"\]\((pictures/.*?)\)", page.read_text(encoding="utf-8")):
        assert (USES / picture).exists()
        assert (tmp_path / Path(picture).name).exists()


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "presets").glob("*.toml")), ids=lambda path: path.stem)
def test_a_preset_holds_settings(path):
    import tomllib

    from streamrnn import Settings

    assert Settings(**tomllib.loads(path.read_text(encoding="utf-8")))
