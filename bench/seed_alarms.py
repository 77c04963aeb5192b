"""Alarm rules for `bench.seed`."""

KINDS = ("above", "above", "above", "above", "above", "below", "below", "below", "rate", "silent")
"""Of each ten rules."""
NEVER = {"above": 1000.0, "below": -1000.0, "rate": 1e6, "silent": None}
"""Thresholds that the readings of `bench.batches` do not reach."""


def make_rules(metrics: list[int], rules: int) -> None:
    """Spreads `rules` over the metrics; every second one waits for a minute."""
    from two.models import Rule

    found = []
    for number in range(rules):
        turn, place = divmod(number, len(metrics))
        kind = KINDS[turn % len(KINDS)]
        hold = 3600.0 if kind == "silent" else 60.0 * (number % 2)
        found.append(Rule(metric_id=metrics[place], kind=kind, threshold=NEVER[kind], hold_seconds=hold))
    Rule.objects.bulk_create(found)


def make_thresholds(metrics: list[int], threshold: float) -> None:
    """A rule a metric that is broken by any reading above `threshold`."""
    from two.models import Rule

    Rule.objects.bulk_create([Rule(metric_id=metric, kind="above", threshold=threshold) for metric in metrics])
