"""Figures, the bars they must reach, and how both are shown; nothing here measures anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bar:
    """What a figure must reach: at least or at most the limit."""

    limit: float
    least: bool

    def is_met(self, figure: float) -> bool:
        return figure >= self.limit if self.least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.limit:g}"


def at_most(limit: float) -> Bar:
    return Bar(limit, least=False)


def at_least(limit: float) -> Bar:
    return Bar(limit, least=True)


@dataclass(frozen=True)
class Figure:
    """One measured number. Without `quiet` it says nothing about its bar: the control run was off too far."""

    name: str
    figure: float
    unit: str
    bar: Bar | None = None
    quiet: bool = True

    @property
    def holds(self) -> bool | None:
        """Whether the bar is met; None where there is no bar, or the machine was too noisy to tell."""
        return self.bar.is_met(self.figure) if self.bar and self.quiet else None

    @property
    def is_too_noisy(self) -> bool:
        return self.bar is not None and not self.quiet

    def to_json(self) -> dict[str, Any]:
        bar = str(self.bar) if self.bar else None
        return {
            "name": self.name,
            "figure": float(f"{self.figure:.6g}"),
            "unit": self.unit,
            "bar": bar,
            "holds": self.holds,
        }


@dataclass
class Table:
    """One group as people read it: a row of cells for each thing measured, and the figures it is made of."""

    title: str
    heads: Sequence[str]
    rows: list[tuple[Sequence[str], Sequence[Figure]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, cells: Sequence[str], figures: Iterable[Figure]) -> None:
        self.rows.append((cells, list(figures)))

    @property
    def figures(self) -> list[Figure]:
        return [figure for _, figures in self.rows for figure in figures]

    def __str__(self) -> str:
        lines = aligned([(*self.heads, "verdict"), *((*cells, verdict(figures)) for cells, figures in self.rows)])
        return "\n".join([f"### {self.title}", "", *self.notes, "", *lines, ""])


def simple_table(title: str, figures: Iterable[Figure], notes: Iterable[str] = ()) -> Table:
    """A table with a row for each figure."""
    table = Table(title, ("what", "figure", "unit", "bar"), notes=list(notes))
    for each in figures:
        table.add((each.name, short(each.figure), each.unit, str(each.bar or "")), [each])
    return table


def verdict(figures: Iterable[Figure]) -> str:
    """What a row of figures comes to, in a word or two."""
    barred = [each for each in figures if each.bar]
    failed = [each for each in barred if each.holds is False]
    if failed:
        return "FAILS " + ", ".join(f"{each.unit} {each.bar}" for each in failed)
    if any(each.is_too_noisy for each in barred):
        return "too noisy"
    return "holds" if barred else ""


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns stand below each other; numbers stand on the right. The first row is the head."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [any(column[1:]) and all(cell[:1].isdigit() or not cell for cell in column[1:]) for column in columns]
    rule = ["-" * (width - 1) + ":" if flush else "-" * width for width, flush in zip(widths, right, strict=True)]

    def line(row: Sequence[str]) -> str:
        places = zip(row, widths, right, strict=True)
        cells = [cell.rjust(width) if flush else cell.ljust(width) for cell, width, flush in places]
        return f"| {' | '.join(cells)} |"

    return [line(rows[0]), line(rule), *map(line, rows[1:])]


def short(figure: float) -> str:
    """Three digits that count."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def summary(figures: Sequence[Figure]) -> str:
    """The last lines of a run: what does not hold, and what nobody can tell."""
    barred = [each for each in figures if each.bar]
    failed = [f"{each.name} ({short(each.figure)}, bar {each.bar})" for each in barred if each.holds is False]
    noisy = [each.name for each in barred if each.is_too_noisy]
    lines = [f"Too noisy to say: {', '.join(noisy)}."] if noisy else []
    held = len(barred) - len(failed) - len(noisy)
    lines.append(f"Does not hold: {'; '.join(failed)}." if failed else f"All {held} bars that could be judged hold.")
    return "\n".join(lines)


def write_json(figures: Iterable[Figure], file: Path) -> None:
    """Write the list of {name, figure, unit, bar, holds}."""
    rows = [each.to_json() for each in figures]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
