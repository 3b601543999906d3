"""Runs over many interleaved streams."""

import pytest
from sessions import WRITTEN, Heard, check_runs_that_go_on

from streamrnn import SettingsError

KEYED = {"key": "site", "max_keys": 2}


@pytest.fixture
def sites(files):
    """Three keys, one of them missing, and numbers that are text to whoever passes them through."""
    rows = [f"{['007', '', 'north'][row * row % 3]},{row % 5}.50\n" for row in range(50)]
    (files / "sites.csv").write_text("site,load\n" + "".join(rows))
    return files


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("cuts", [(20,), (1, 33), (7, 8, 49)])
def test_the_output_of_runs_that_go_on_is_that_of_one_run(sites, run, name, cuts):
    check_runs_that_go_on(run, sites, name, [*cuts, 50], source="sites.csv", settings=KEYED)


def test_a_key_is_passed_through_character_for_character(sites, run):
    run(source="sites.csv", output="out.csv", settings=KEYED)
    lines = (sites / "out.csv").read_text().splitlines()
    assert lines[0].startswith("row,site,load,")
    keys = [line.split(",")[0] for line in (sites / "sites.csv").read_text().splitlines()]
    assert [line.split(",")[1] for line in lines] == keys


def test_the_memory_for_all_keys_is_told_before_the_first_row_and_kept(sites, run):
    heard = Heard()
    session = run(heard, source="sites.csv", settings=KEYED)
    assert heard.said[-1] == f"memory for 2 keys: {session.learner.nbytes:,} bytes"


def test_a_grid_of_times_cannot_keep_keys_apart(sites, run):
    (sites / "timed.csv").write_text("time,site,load\n1,a,2\n2,b,3\n")
    with pytest.raises(SettingsError, match="cannot keep keys apart"):
        run(source="timed.csv", settings={**KEYED, "time": "time"}, every=10**9)
