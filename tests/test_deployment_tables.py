"""The tables of docs/deployment.md, held against what they are about."""

import re

from examplechannels.metrics import PREFIX, REGISTRY
from tests.deployed import PAPER


def test_every_metric_is_told_about_and_no_other() -> None:
    text = PAPER.read_text().partition("### Numbers")[2].partition("### ")[0]
    told = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram)\b", text, re.MULTILINE)
    counted = [(metric.name.removeprefix(f"{PREFIX}_"), metric.type) for metric in REGISTRY.collect()]
    assert sorted((name.removesuffix("_total"), kind) for name, kind in told) == sorted(counted)
