"""What is said of a soak at its end."""

from dataclasses import dataclass, field

from tests.soak.verdict import Line, table


@dataclass
class Report:
    """`lines` of gauges, `facts` of what was done, `complaints` of what should not be."""

    lines: list[Line] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self.complaints.append(complaint)

    def text(self) -> str:
        wrong = [line.complaint for line in self.lines if line.complaint] + self.complaints
        verdict = "\n".join(f"WRONG: {one}" for one in wrong) or "Flat, complete, and nothing left over."
        return "\n".join(["", table(self.lines), "", *self.facts, verdict])

    @property
    def is_good(self) -> bool:
        return not self.complaints and not any(line.complaint for line in self.lines)
