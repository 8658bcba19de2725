"""Importing labels: a few at once, and thousands out of a zip of zips; each run in a process of its own."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import sites, texts
from bench.figures import Figure, Table, at_least, at_most
from bench.measuring import memory
from cpd import paths

FEW = 15
MANY = 5_000
FEWER = 500  # whose memory that of the many is compared with
LEAST_LABELS = at_least(15)  # a second of CPU
MOST_SECONDS = at_most(5)
MOST_MEMORY = at_most(500)  # MB
FLAT = at_most(1.3)
SECTIONS = (
    ("34067-9", "1 INDICATIONS AND USAGE"),
    ("34068-7", "2 DOSAGE AND ADMINISTRATION"),
    ("34070-3", "4 CONTRAINDICATIONS"),
    ("43685-7", "5 WARNINGS AND PRECAUTIONS"),
    ("34084-4", "6 ADVERSE REACTIONS"),
    ("34073-7", "7 DRUG INTERACTIONS"),
    ("34090-1", "12 CLINICAL PHARMACOLOGY"),
)
LABEL = """\
<?xml version="1.0" encoding="UTF-8"?>
<document xmlns="urn:hl7-org:v3"><id root="{id}"/><code code="34391-3"/><title>{name}</title>
<effectiveTime value="20260914"/><setId root="{id}"/><versionNumber value="1"/>
<author><assignedEntity><representedOrganization><name>Example</name></representedOrganization></assignedEntity></author>
<component><structuredBody><component><section><code code="48780-1"/><subject><manufacturedProduct>
<manufacturedProduct><name>{name}</name><formCode displayName="TABLET"/><ingredient classCode="ACTIB"><quantity>
<numerator value="10" unit="mg"/><denominator value="1" unit="1"/></quantity><ingredientSubstance><code code="X"/>
<name>{name}</name></ingredientSubstance></ingredient></manufacturedProduct></manufacturedProduct></subject></section>
</component>{sections}</structuredBody></component></document>
"""


@dataclass(frozen=True)
class Took:
    """What an import cost: seconds of CPU and by the clock, and the most memory it had, in MB."""

    imported: int
    cpu: float
    clock: float
    memory: float


def measure(*, few: int = FEW, fewer: int = FEWER, many: int = MANY) -> Table:
    labels, whence = sample()
    size = sum(map(len, labels)) / len(labels) / 1000
    table = Table(
        f"Importing labels of {size:,.0f} kB on average, {whence}",
        ("what", "labels", "clock s", "CPU s", "labels/s of CPU", "most MB"),
        notes=["Each label has a set id of its own. CPU with the start of the process."],
    )
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        place = Path(folder)
        at_once = imported(written(labels, few, place / "few"), place / "first")
        some = imported(zipped(labels, fewer, place / "fewer.zip"), place / "second")
        most = imported(zipped(labels, many, place / "many.zip"), place / "third")
    table.add(
        _cells("files in a folder", at_once), [Figure(f"importing: {few} labels", at_once.clock, "s", MOST_SECONDS)]
    )
    table.add(_cells("a zip of zips", some), [])
    table.add(
        _cells("a zip of zips", most),
        [
            Figure(f"importing: {many:,} labels", most.imported / most.cpu, "labels/s a core", LEAST_LABELS),
            Figure(f"importing: memory for {many:,} labels", most.memory, "MB", MOST_MEMORY),
            Figure(f"importing: memory for {many:,} beside {fewer:,}", most.memory / some.memory, "ratio", FLAT),
        ],
    )
    return table


def _cells(what: str, took: Took) -> tuple[str, ...]:
    rate = f"{took.imported / took.cpu:,.0f}"
    return what, f"{took.imported:,}", f"{took.clock:.2f}", f"{took.cpu:.2f}", rate, f"{took.memory:,.0f}"


def sample() -> tuple[list[bytes], str]:
    """Real labels where there are some, else made-up ones of their size; and which of the two they are."""
    folder = Path(os.environ.get("CPD_LABELS") or paths.CHECKOUT.parent / "shared" / "data" / "spl")
    real = [data for file in sorted(folder.glob("*.xml")) if b'code="48780-1"' in (data := file.read_bytes())]
    if real:
        return real, "real ones"
    return [label_text(number).encode() for number in range(5)], "made up (CPD_LABELS may name a folder of real ones)"


def label_text(number: int, size: int = 150_000) -> str:
    """A made-up label of about so many bytes."""
    random_ = random.Random(f"label {number}")
    each = size // len(SECTIONS)
    sections = "".join(_section(random_, code, title, each) for code, title in SECTIONS)
    return LABEL.format(id=uuid.UUID(int=random_.getrandbits(128)), name=f"Zanidine {number}", sections=sections)


def _section(random_: random.Random, code: str, title: str, size: int) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append(f"<paragraph>{texts.sentence(random_, words=60)}</paragraph>")
        items = "".join(f"<item><caption>•</caption>{texts.sentence(random_)}</item>" for _ in range(4))
        parts.append(f'<list listType="unordered">{items}</list>')
        cells = "".join(f"<td>{random_.randrange(100)}<sup>a</sup></td>" for _ in range(4))
        parts.append(f"<table><tbody>{f'<tr>{cells}</tr>' * 6}</tbody></table>")
    text = "".join(parts)
    return f'<component><section><code code="{code}"/><title>{title}</title><text>{text}</text></section></component>'


def anew(labels: Sequence[bytes], count: int) -> Iterable[bytes]:
    """So many labels, each with a set id that no other has."""
    random_ = random.Random("set ids")
    for data in islice(cycle(labels), count):
        before, found, after = data.partition(b'<setId root="')
        _, end, rest = after.partition(b'"')
        yield before + found + str(uuid.UUID(int=random_.getrandbits(128))).encode() + end + rest


def written(labels: Sequence[bytes], count: int, folder: Path) -> Path:
    """A folder of labels."""
    folder.mkdir()
    for number, data in enumerate(anew(labels, count)):
        (folder / f"{number:05d}.xml").write_bytes(data)
    return folder


def zipped(labels: Sequence[bytes], count: int, file: Path) -> Path:
    """A zip with a zip for each label, as DailyMed ships them."""
    with zipfile.ZipFile(file, "w") as outer:
        for number, data in enumerate(anew(labels, count)):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(f"{number:05d}.xml", data)
            outer.writestr(f"prescription/{number:05d}.zip", inner.getvalue())
    return file


def imported(source: Path, into: Path) -> Took:
    """Import in a process of its own."""
    command = [sys.executable, "-m", "bench.importing", str(source), str(into)]
    done = subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, check=True)
    return Took(**json.loads(done.stdout))


def main(source: str, into: str) -> None:
    from cpd.content.spl.importing import import_labels

    start = time.perf_counter()
    report = import_labels([Path(source)], Path(into))
    if report.refused:
        raise SystemExit(f"{report.refused[0]}")
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = Took(len(report.imported), used.ru_utime + used.ru_stime, time.perf_counter() - start, memory("VmHWM") / 1e6)
    print(json.dumps(vars(took)))


if __name__ == "__main__":
    main(*sys.argv[1:])
