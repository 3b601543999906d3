"""What a run tells at its beginning and at its end, in lines."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING

from streamrnn.settings import shown
from streamrnn.times import TIME_FEATURES

from .table import class_table, score_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamrnn.evaluation.prequential import Prequential
    from streamrnn.records.metrics import Health, Metrics, NetworkHealth
    from streamrnn.session import Outcome, Session
    from streamrnn.session.outcome import Trouble
    from streamrnn.settings import Settings
    from streamrnn.shards.sharded import AnyLearner
    from streamrnn.streams import Cause

MOST_NAMES = 10
NARROWEST = 9


def beginning(session: Session | Prequential) -> list[str]:
    """Say which columns were chosen, and which model goes on."""
    source, plan, settings = session.source, session.plan, session.start.settings
    goes_on = session.start.checkpoint is not None
    with_model = f", going on with {plan.model}" if goes_on else ""
    facts = []
    for role in ("targets", "features"):
        names = listed(getattr(settings, role))
        if role == "features" and settings.features == settings.targets:
            names = "the targets"
        why = "" if goes_on or plan.settings.get(role) or len(source.columns) == 1 else "  (every number column)"
        facts.append((role, f"{names}{why}"))
    if settings.categorical:
        facts.append(("categories", listed(settings.categorical)))
    used = {*session.layout.numbers, *session.layout.others}
    unused = [f"{name} ({kind})" for name, kind in source.columns.items() if name not in used]
    if unused:
        facts.append(("not used", listed(unused)))
    for name, (before, now) in session.start.changed.items():
        facts.append((name, f"{shown(now)} from now on; it was {'the default' if before is None else shown(before)}"))
    width = max(NARROWEST, *(len(name) for name, _ in facts))
    lines = [f"  {name:<{width}} {fact}" for name, fact in facts]
    return [f"streamrnn: {source.name} ({source.format}){with_model}", *lines]


def ending(session: Session) -> list[str]:
    """Sum up a run, on one screen."""
    outcome, model = session.outcome, session.plan.model
    if outcome.resumed and not outcome.rows:
        known = session.start.note.consumed
        rows = known.rows.count if known else 0
        unchanged = f"; {listed(list(session.start.changed))} not changed" if session.start.changed else ""
        return [
            f"streamrnn: nothing new in {session.source.name}: {model} has taken all of its {rows:,} rows{unchanged}"
        ]
    lines = [_headline(outcome, session.learner)]
    metrics = session.learner.metrics
    if any(score.count for score in metrics.scores):
        lines += ["", *score_table(metrics), ""]
    if any(score.count for score in metrics.class_scores):
        lines += ["", *class_table(metrics), ""]
    for what, value in (counts(metrics, outcome) | temperatures(metrics)).items():
        lines += [f"{name:<16} {line}" for name, line in zip_longest([what], value.split("\n"), fillvalue="")]
    lines += [
        f"{what:<16} {value}" for what, value in learning(session.learner.health, session.learner.settings).items()
    ]
    if session.plan.saves:
        lines.append(f"{'model':<16} {model}, after {metrics.rows:,} rows")
    return lines


def _headline(outcome: Outcome, learner: AnyLearner) -> str:
    rate = f", {outcome.rows / outcome.seconds:,.0f} rows/s" if outcome.seconds > 0.0 else ""
    before = learner.rows - outcome.rows
    went_on = f", from row {before:,} on" if before else ""
    return f"streamrnn: {outcome.rows:,} rows in {outcome.seconds:.1f} s{rate}{went_on}{outcome.ending}"


def counts(metrics: Metrics, outcome: Outcome | None = None) -> dict[str, str]:
    """Whatever happened that should not, by name; nothing for what did not happen."""
    texts = {
        "nulls": by_column(_of_the_stream(metrics.nulls)),
        "unknown": by_column(metrics.unknown),
        "evicted": by_column(metrics.evicted),
        "invalid values": by_column(metrics.invalid),
        "far values": by_column(_of_the_stream(metrics.far)),
        "refused rows": number(metrics.refused_rows),
        "skipped updates": number(metrics.skipped_updates),
        "level shifts": number(metrics.level_shifts),
        "diverged": number(metrics.diverged),
        "evicted keys": number(metrics.evicted_keys),
        "late labels": number(metrics.late_labels),
        "idle labels": number(metrics.idle_labels),
        "lost labels": number(metrics.lost_labels),
    }
    if outcome is not None:
        texts["alerts"] = f"{number(outcome.alerts)}; the last at row {outcome.last_alert:,}" if outcome.alerts else ""
        texts["back in time"] = f"{number(outcome.backward)} rows" if outcome.backward else ""
        texts["bad cells"] = _by_cause(outcome.bad_cells)
        texts["refused rows"] = _by_cause(outcome.refused)
    return {name: text for name, text in texts.items() if text}


def temperatures(metrics: Metrics) -> dict[str, str]:
    """The temperatures of categories that are forecast, and what they save; nothing where there is none."""
    texts = [
        f"{score.target} {score.temperature:.3g} ({score.bits:.4g} bits; {score.untempered_bits:.4g} at 1)"
        for score in metrics.class_scores
        if score.count and not math.isnan(score.untempered_log_loss)
    ]
    return {"temperature": listed(texts)} if texts else {}


def learning(health: Health, settings: Settings) -> dict[str, str]:
    """How learning does, by name; nothing before the first update."""
    texts: dict[str, str] = {}
    if health.networks:
        learned = {name: network for name, network in health.networks.items() if not math.isnan(network.gradient_norm)}
        texts |= {f"network {name}": _of_network(network, settings) for name, network in learned.items()}
    elif not math.isnan(health.gradient_norm):
        texts["gradient"] = _gradient(health, settings)
    if health.rate_cap is not None and not health.networks:
        texts["learning rate"] = f"{_cap(health.rate_cap)}; lr is {shown(settings.learning_rate)}"
    elif settings.is_paced and not math.isnan(health.rate):
        texts["learning rate"] = f"{health.rate:.2g} at the last update"
    if any(health.believed.values()):
        weights = sorted(health.believed.items(), key=lambda item: -item[1])
        texts["experts"] = ", ".join(f"{name} {weight:.0%}" for name, weight in weights if weight >= 0.005)
    if any(health.seasons.values()):
        lengths = sorted(set(health.seasons.values()))
        whose = "" if settings.key is None else "; the most common among the keys"
        texts["season"] = listed([_season(health.seasons, length) for length in lengths]) + whose
    known = {name: share for name, share in health.coverage.items() if not math.isnan(share)}
    if known:
        texts["intervals"] = ", ".join(f"{name.replace('_', '.')}% held {share:.1%}" for name, share in known.items())
    return texts


def _gradient(health: NetworkHealth, settings: Settings) -> str:
    known = not math.isnan(health.reach)
    reach = f"; {health.reach:.2g} times as much reaches {settings.window} rows back" if known else ""
    return f"norm {health.gradient_norm:.2g}, {health.clipped:.0%} clipped{reach}"


def _cap(rate: float) -> str:
    return f"at most {rate:.2g} since the network diverged"


def _of_network(health: NetworkHealth, settings: Settings) -> str:
    """One of several networks, on one line."""
    rate = f"rate {health.rate:.2g}" if health.rate_cap is None else f"rate {_cap(health.rate_cap)}"
    return f"{rate}; gradient {_gradient(health, settings)}"


def _season(seasons: dict[str, int], length: int) -> str:
    """A season, and whose it is unless it is everybody's."""
    names = [name for name, season in seasons.items() if season == length]
    whose = "" if len(names) == len(seasons) else f" ({listed(names)})"
    return f"{length or 'none'}{whose}"


def _by_cause(troubles: Mapping[Cause, Trouble]) -> str:
    return "\n".join(f"{trouble.count:,} {cause}; first {trouble.first}" for cause, trouble in troubles.items())


def number(count: int) -> str:
    """A count, or nothing if it is zero."""
    return f"{count:,}" if count else ""


def _of_the_stream(by_name: dict[str, int]) -> dict[str, int]:
    """Without the time since the row before, which the first row lacks and a pause makes long."""
    is_told = all(name in by_name for name in TIME_FEATURES)
    return {name: count for name, count in by_name.items() if not (is_told and name == TIME_FEATURES[0])}


def by_column(by_name: dict[str, int]) -> str:
    """A sum, and the columns that it comes from."""
    found = [f"{name} {count:,}" for name, count in by_name.items() if count]
    return f"{sum(by_name.values()):,} ({listed(found)})" if found else ""


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Names with commas, cut short if there are many."""
    most = ", ".join(names[:MOST_NAMES])
    return f"{most} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else most
