"""Runs whose keys are shared out among several learners."""

import pytest
from sessions import WRITTEN, check_runs_that_go_on

from streamrnn import SettingsError, ShardedLearner
from streamrnn.description import describe_model

KEYED = {"key": "site", "max_keys": 6, "intervals": [0.5]}


@pytest.fixture
def sites(files):
    """Five keys and numbers."""
    rows = [f"{'agbhk'[row * row % 5 or row % 3]},{row % 7}.5\n" for row in range(60)]
    (files / "sites.csv").write_text("site,load\n" + "".join(rows))
    return files


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("cuts", [(20,), (1, 33), (7, 8, 49)])
def test_runs_that_go_on_give_what_one_run_gives_with_the_shards_of_their_model(sites, run, name, cuts):
    check_runs_that_go_on(run, sites, name, [*cuts, 60], {"shards": 2}, source="sites.csv", settings=KEYED)
    shards = ShardedLearner.load(sites / "model").shards
    assert [shard.metrics.steps > 0 for shard in shards] == [True, True]


def test_a_model_keeps_its_number_of_shards(sites, run):
    run(source="sites.csv", model="two", shards=2, settings=KEYED)
    with pytest.raises(SettingsError, match=r"two has 2 shards, which cannot become 3$"):
        run(source="sites.csv", model="two", shards=3, settings=KEYED)
    run(source="sites.csv", model="one", settings=KEYED)
    with pytest.raises(SettingsError, match=r"one has no shards, which cannot become 2$"):
        run(source="sites.csv", model="one", shards=2, settings=KEYED)


def test_what_has_no_keys_cannot_be_shared_out(sites, run):
    with pytest.raises(SettingsError, match=r"^--shards shares out keys: name the column that tells them with --key$"):
        run(source="sites.csv", shards=2)


def test_a_models_description_is_that_of_its_learner(sites, run):
    learner = run(source="sites.csv", model="two", shards=2, settings=KEYED).learner
    described = describe_model(sites / "two")
    assert (described.shards, described.memory_bytes) == (2, learner.nbytes)
    assert described.settings == learner.settings
    assert described.metrics == learner.metrics
    assert described.health == learner.health
    assert described.health.coverage["50"] > 0.0
    assert described.session["source"] == str(sites / "sites.csv")
    assert {name.partition(".")[0] for name in described.parameters} == {"shard0", "shard1"}
