"""The page: whole in itself, well formed, the same for the same stream."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from commands import csv_of

from streamrnn.evaluation.report import page_of
from streamrnn.evaluation.report.chart import Area, Line, chart, round_ticks, value_axis
from streamrnn.evaluation.report.pictures import moving_mean, shortened, style_of

VOID = {"meta", "path", "br"}


class Outline(HTMLParser):
    """Knows which tags are open, and what was seen."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def outline_of(page):
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    return outline


@pytest.fixture
def page(evaluate, load):
    return page_of(evaluate(load, {"loss": "quantile", "time": "time"}))


def test_it_needs_nothing_but_itself(page):
    outline = outline_of(page)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(outline.tags)
    assert not {"src", "href", "srcset"} & {name for name, _ in outline.attributes}
    assert not re.search(r"https?:|@import|url\(", page)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in outline.attributes


def test_a_pool_of_three_rates_has_a_colour_for_each_forecaster(evaluate, load):
    evaluation = evaluate(load, {"lr_pool": (0.3, 1, 3)})
    styles = {style_of(evaluation, index).split()[0] for index in range(len(evaluation.forecasters))}
    page = page_of(evaluation)
    assert len(styles) == len(evaluation.forecasters) == 10
    assert all(f".{style}{{--colour:var(--{style})}}" in page for style in styles) and "network_0_3" in page


def test_it_is_made_for_phones_and_for_the_dark(page):
    assert ("content", "width=device-width,initial-scale=1") in outline_of(page).attributes
    assert "prefers-color-scheme:dark" in page


def test_it_has_the_pictures(page):
    captions = re.findall("<figcaption><b>(.*?)</b> <small>(.*?)</small>", page)
    titles = [title for title, _ in captions]
    assert titles[:2] == ["load", "load"]
    assert {"load, one row ahead", "load, 3 rows ahead", "load, by horizon", "load, all of it"} < set(titles)
    assert {"Coverage by horizon", "Coverage over time"} < set(titles)
    assert "the last 200 rows, each as it had been forecast 3 rows ahead" in [note for _, note in captions]


def test_it_shows_who_is_believed_in_a_mix(evaluate, load):
    page = page_of(evaluate(load))
    assert page.count("<b>Who is believed</b>") == 2  # one row ahead, and three
    assert "Who is believed" not in page_of(evaluate(load, {"experts": False}))


def test_without_intervals_nothing_is_said_of_them(evaluate, load):
    page = page_of(evaluate(load))
    assert "Coverage" not in page and "interval</li>" not in page


def test_equal_streams_make_equal_pages(evaluate, load):
    assert page_of(evaluate(load)) == page_of(evaluate(load))


def test_every_number_is_a_number(page):
    assert not re.search(r'(d|style)="[^"]*(nan|inf)', page)


def test_names_of_columns_are_text_and_nothing_else(evaluate, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(csv_of(60).replace(b"load", b"<script>alert(1)</script>&", 1))
    page = page_of(evaluate(path))
    assert "script" not in outline_of(page).tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page


def test_the_best_of_each_column_is_marked(evaluate, load):
    evaluation = evaluate(load)
    better = [replace(score, mase=0.1) if score.forecaster == "mix" else score for score in evaluation.scores]
    table = page_of(replace(evaluation, scores=tuple(better))).split("</table>")[0]
    assert re.search("<tr class=us><td>mix</td><td class=best>0.1</td>", table)
    assert table.count("class=best") == 4  # three horizons, and all of them


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0.0, 1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.2, 7.9, 5, ["-2", "0", "2", "4", "6"]),
        (1234.0, 5678.0, 5, ["2,000", "3,000", "4,000", "5,000"]),
        (0.00012, 0.00019, 4, ["0.00012", "0.00014", "0.00016", "0.00018"]),
        (3e9, 9e9, 4, ["4e+09", "6e+09", "8e+09"]),
    ],
)
def test_ticks_are_round(low, high, most, labels):
    assert [text for _, text in round_ticks(low, high, most)] == labels


@pytest.mark.parametrize("numbers", [[], [np.nan], [0.0], [5.0, 5.0], [-1e300, 1e300], [1e-300, 2e-300]])
def test_an_axis_has_room_and_ticks_whatever_the_numbers(numbers):
    for from_zero in (False, True):
        axis = value_axis([np.array(numbers)], from_zero)
        assert axis.low < axis.high and axis.ticks
        assert all(axis.low <= at <= axis.high for at, _ in axis.ticks)


def test_lines_and_areas_are_broken_where_a_number_is_missing():
    x = np.arange(5.0)
    y = np.array([0.0, 1.0, np.nan, 1.0, 0.0])
    axes = value_axis([x]), value_axis([np.array([0.0, 1.0])])
    drawn = chart("t", "", [Line("l", "s", x, y), Area("a", "s", x, y, y + 0.5)], *axes)
    line, area = re.findall(r'<path class="(?:line|area) s" d="(.*?)"/>', drawn)
    assert (line.count("M"), area.count("M"), area.count("Z")) == (2, 2, 2)


@pytest.mark.parametrize(
    ("times", "short"),
    [
        (["2024-01-01 10:00", "2024-01-05 10:00"], ["2024-01-01", "2024-01-05"]),
        (["2024-01-01T10:00", "2024-01-01T11:00"], ["10:00", "11:00"]),
        (["2024-01-01 10:00:00", "2024-01-01 11:00:00", "2024-01-02 11:00:00"],
         ["01-01 10:00", "01-01 11:00", "01-02 11:00"]),
        (["2023-12-31 10:00:30.123456", "2023-12-31 11:00", "2024-01-02 11:00"],
         ["2023-12-31 10:00:30", "2023-12-31 11:00", "2024-01-02 11:00"]),
        (["2024-01-01T10:00:59.989+00:00", "2024-01-01T11:00:59.989+00:00"], ["10:00:59", "11:00:59"]),
        (["2024-01-01T10:00:00.1Z", "2024-01-01T10:00:00.2Z"], ["10:00:00.1", "10:00:00.2"]),
        (["17", "18"], ["17", "18"]),
    ],
)  # fmt: skip
def test_times_are_shown_without_what_they_have_in_common(times, short):
    assert shortened(times) == short


def test_a_moving_mean_keeps_a_constant_up_to_its_ends():
    np.testing.assert_allclose(moving_mean(np.full(20, 3.0), 9), 3.0)
    np.testing.assert_allclose(moving_mean(np.array([1.0, 2.0, 6.0]), 9), [1.5, 3.0, 4.0])
    np.testing.assert_allclose(moving_mean(np.array([1.0, 2.0]), 9), [1.0, 2.0])


def test_targets_that_are_not_drawn_are_named(evaluate, tmp_path):
    names = [f"column {place}" for place in range(10)]
    rows = "\n".join(",".join(str((row * (place + 1)) % 7) for place in range(10)) for row in range(60))
    path = tmp_path / "wide.csv"
    path.write_text(f"{','.join(names)}\n{rows}\n")
    assert "every figure below: column 8, column 9.</p>" in page_of(evaluate(path, {"experts": False}))
