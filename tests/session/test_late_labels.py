"""Labels that come in rows of their own: learned as `reveal` would, and no record is written of them."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from sessions import WRITTEN, Heard, check_runs_that_go_on, model_of

from streamrnn import Learner, SettingsError
from streamrnn.session import Plan, Session

LATE = {
    "targets": ("state",), "features": ("x", "z"), "categorical": ("state",), "horizon": 0, "max_delay": 6,
    "label_id": "id",
}  # fmt: skip
HEADER = "id,site,x,z,state"


def lines_of(rows=60, sites=1):
    """Lines of CSV: each row's label comes up to five rows later, in a line of its own."""
    waiting = {}
    for row in range(rows):
        x, site = math.sin(row * row), f"s{row * 7 % sites}"
        yield f"n{row // sites if sites > 1 else row},{site},{x},{row % 4},"
        waiting.setdefault(row + row * 3 % 6, []).append(
            f"n{row // sites if sites > 1 else row},{site},,,{'up' if x > 0 else 'down'}"
        )
        yield from waiting.pop(row, ())


@pytest.fixture
def labelled(files):
    (files / "in.csv").write_text("\n".join([HEADER, *lines_of(), ""]))
    return files


def by_hand(lines, **settings):
    """What `step` and `reveal` make of the same lines."""
    learner = Learner(**{"hidden": 4, "window": 4, **LATE, **settings, "label_id": None})
    records, numbers = [], {}
    for number, line in enumerate(lines):
        name, _, x, z, state = line.split(",")
        if x:
            numbers[name] = learner.rows
            record = learner.step({"x": float(x), "z": float(z), "state": state or None})
            records.append((number, record.to_dict()["state_h0_p"]))
        else:
            learner.reveal(numbers[name], {"state": state})
    return learner, records


def test_a_run_learns_what_reveal_learns_and_writes_no_record_of_a_label(labelled, run):
    session = run(source="in.csv", output="out.ndjson", settings=LATE)
    learner, records = by_hand(lines_of())
    written = [json.loads(line) for line in (labelled / "out.ndjson").read_text().splitlines()]
    assert [(record["row"], record["state_h0_p"]) for record in written] == records
    for name, weights in learner.parameters.items():
        np.testing.assert_array_equal(session.learner.parameters[name], weights, err_msg=name)
    metrics = session.learner.metrics
    assert metrics.class_scores == learner.metrics.class_scores
    assert (metrics.rows, metrics.steps, metrics.late_labels, metrics.lost_labels) == (118, 60, 58, 0)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("cuts", [(20,), (1, 33), (7, 8, 117)])
@pytest.mark.parametrize("keyed", [{}, {"key": "site", "max_keys": 2}])
def test_the_output_of_runs_that_go_on_is_that_of_one_run(files, run, name, cuts, keyed):
    (files / "in.csv").write_text("\n".join([HEADER, *lines_of(sites=3 if keyed else 1), ""]))
    check_runs_that_go_on(run, files, name, [*cuts, 120], source="in.csv", settings={**LATE, **keyed}, echo=("z",))


def test_formats_say_the_same(labelled, run):
    header, *lines = (labelled / "in.csv").read_text().splitlines()
    pairs = [zip(header.split(","), line.split(","), strict=True) for line in lines]
    rows = [{name: float(cell) if cell and name in "xz" else cell or None for name, cell in row} for row in pairs]
    (labelled / "in.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pa.ipc.new_stream(labelled / "in.arrows", pa.Table.from_pylist(rows).schema) as stream:
        stream.write_table(pa.Table.from_pylist(rows), max_chunksize=7)
    models = [run(source=f"in.{kind}", settings=LATE, model=kind).learner for kind in ("csv", "ndjson", "arrows")]
    assert len({model.metrics.late_labels for model in models}) == 1
    assert len({model_of(labelled / kind) for kind in ("csv", "ndjson", "arrows")}) == 1


@pytest.mark.parametrize("on_bad", ["null", "skip"])
def test_rows_that_are_refused_rename_no_row(labelled, run, on_bad):
    lines = (labelled / "in.csv").read_text().splitlines()
    damaged = [*lines[:9], "too,few", *lines[9:30], "n99,s,oops,1," if on_bad == "skip" else "a,b", *lines[30:], ""]
    (labelled / "damaged.csv").write_text("\n".join(damaged))
    whole = run(source="in.csv", output="whole.ndjson", settings=LATE)
    session = run(source="damaged.csv", output="out.ndjson", settings=LATE, on_bad=on_bad)
    assert session.learner.metrics.class_scores == whole.learner.metrics.class_scores
    rows = [json.loads(line)["row"] for line in (labelled / "out.ndjson").read_text().splitlines()]
    steps = [number for number, line in enumerate(damaged[1:-1]) if line.endswith(",") and "oops" not in line]
    assert rows == steps


def test_a_label_for_a_row_that_is_too_old_or_unknown_is_counted_told_once_and_written_down(labelled, run):
    late = [*lines_of(20), "n0,s0,,,up", "nobody,s0,,,down", "n19,s0,,,up", "n19,s0,,,up"]
    (labelled / "in.csv").write_text("\n".join([HEADER, *late, ""]))
    heard = Heard()
    session = run(heard, source="in.csv", settings=LATE, rejects="rejects")
    metrics = session.learner.metrics
    assert (session.outcome.lost_labels, metrics.lost_labels, metrics.idle_labels) == (2, 2, 1)
    row = len(late) - 4
    assert heard.warned == [
        f"{labelled / 'in.csv'}: row {row}: no row 'n0' that a label can still be for, 6 rows back; such labels are "
        "counted, and left"
    ]
    first, second = map(json.loads, (labelled / "rejects").read_text().splitlines())
    assert (first["row"], first["column"], json.loads(first["raw"])) == (row, "id", {"id": "n0", "state": "up"})
    assert (second["row"], json.loads(second["raw"])["id"]) == (row + 1, "nobody")


def test_a_name_is_one_of_the_labels_own_key(files, run):
    rows = ["n1,a,1,1,", "n1,b,1,1,", "n1,a,,,up", "n1,c,,,up", "n1,b,,,up", "n1,b,,,down"]
    (files / "in.csv").write_text("\n".join([HEADER, *rows, ""]))
    metrics = run(source="in.csv", settings={**LATE, "key": "site", "max_keys": 3}).learner.metrics
    assert (metrics.late_labels, metrics.idle_labels, metrics.lost_labels, metrics.keys) == (2, 1, 1, 2)


def test_of_two_rows_of_one_name_a_label_is_of_the_later_one(files, run):
    rows = ["n1,a,1,1,", "n1,a,-1,1,", "n1,a,,,up"]
    (files / "in.csv").write_text("\n".join([HEADER, *rows, ""]))
    session = run(source="in.csv", settings=LATE)
    learner, _ = by_hand(rows)
    np.testing.assert_array_equal(session.learner.parameters["weight_ih_l0"], learner.parameters["weight_ih_l0"])


def test_a_row_with_a_name_and_something_to_learn_from_is_a_row_like_any_other(files, run):
    rows = ["n1,a,1,1,up", "n1,a,,2,down", "n1,a,,,", ",a,,,up"]
    (files / "in.csv").write_text("\n".join([HEADER, *rows, ""]))
    metrics = run(source="in.csv", settings=LATE).learner.metrics
    assert (metrics.steps, metrics.late_labels, metrics.lost_labels) == (4, 0, 0)


def test_one_label_row_leaves_time_sequence_and_the_order_of_keys_alone(files, run):
    rows = ["t,clip,site,id,x,state"]
    rows += [f"{row},{row // 10},{'ab'[row % 2]},n{row},{row % 3}," for row in range(12)]
    rows += ["0,7,a,n10,,up", "12,1,a,n12,1,"]
    (files / "in.csv").write_text("\n".join([*rows, ""]))
    settings = {**LATE, "features": ("x",), "time": "t", "time_features": True, "sequence": "clip", "key": "site"}
    session = run(source="in.csv", settings={**settings, "max_keys": 2})
    metrics = session.learner.metrics
    assert (metrics.late_labels, metrics.evicted_keys, session.outcome.backward) == (1, 0, 0)


def test_labels_and_a_grid_of_times_do_not_go_together(labelled, run):
    (labelled / "timed.csv").write_text("t,id,x,z,state\n1,a,2,1,up\n")
    with pytest.raises(SettingsError, match="it has no place for labels"):
        run(source="timed.csv", settings={**LATE, "time": "t"}, every=10**9)


def test_the_kernel_of_late_labels_is_there_before_the_first_row(labelled):
    session = Session(Plan(str(labelled / "in.csv"), settings={"hidden": 4, "window": 4, **LATE}))
    said = []
    heard = Heard()
    heard.say = said.append
    session.run(heard)
    assert session.learner.metrics.late_labels
