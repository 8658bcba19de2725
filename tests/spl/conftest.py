"""Labels written to files and imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spl.importing import Drug, Import, import_labels


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file beside the content folder and gives its path."""

    def put(data: str | bytes, name: str = "label.xml") -> Path:
        path = tmp_path / "labels" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return put


@pytest.fixture
def bring(content: Path, put: Callable[..., Path]) -> Callable[..., Import]:
    """Imports labels given as XML, each from a file of its own."""

    def bring(*labels: str | bytes) -> Import:
        paths = [put(each, f"label-{number}.xml") for number, each in enumerate(labels)]
        return import_labels(content, *paths)

    return bring


@pytest.fixture
def drug_of(bring: Callable[..., Import]) -> Callable[..., Drug]:
    """The monograph of one label, which must be imported and checked without an error or a warning."""

    def drug_of(label: str) -> Drug:
        done = bring(label)
        assert (done.status, done.lines) == (0, [])
        assert [str(problem) for problem in done.problems] == []
        return done.drug

    return drug_of
