"""A label of 1.5 MB, longer than any real one, made here: it is imported, checked, published and opened whole."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from cpd.content.check import check_content
from cpd.content.source import MAX_MONOGRAPH
from tests.spl.comparing import difference, told
from tests.spl.importing import import_labels
from tests.spl.labels import label, section
from tests.spl.reading import read_label
from tests.spl.shown import words_of

SIZE = 1_500_000  # bytes of XML
MOST_SECONDS = 10  # of CPU for its import
CODES = "34067-9 34068-7 34070-3 43685-7 34084-4 34073-7 43684-0 34088-5 34089-3 34090-1 43680-8 34092-7 34069-5"
WORDS = "give take with zanidine patients dose liver renal tablets daily heron water seven night spasms"


def long_label(size: int = SIZE) -> bytes:
    """A label of at least so many bytes, of paragraphs, lists and tables in many subsections, each with its number."""
    chance = random.Random(1500)  # noqa: S311
    numbers = iter(range(1_000_000))

    def sentence(length: int = 14) -> str:
        return f"{' '.join(chance.choices(WORDS.split(), k=length))} {next(numbers)} mg."

    def blocks() -> Iterator[str]:
        for _ in range(6):
            yield f"<paragraph>{' '.join(sentence() for _ in range(6))}</paragraph>"
        yield f"<list listType='unordered'>{''.join(f'<item>{sentence()}</item>' for _ in range(12))}</list>"
        rows = "".join(f"<tr>{''.join(f'<td>{sentence(3)}</td>' for _ in range(4))}</tr>" for _ in range(12))
        yield f"<table><caption>{sentence(4)}</caption><tbody>{rows}</tbody></table>"

    inner: dict[str, list[str]] = {code: [] for code in CODES.split()}
    done = 0
    while done < size:
        for found in inner.values():
            found.append(section("42229-5", f"{len(found) + 1}.1 {sentence(3)}", "".join(blocks())))
            done += len(found[-1])
    return label(*(section(code, "T", None, *found) for code, found in inner.items())).encode()


def test_a_label_of_1_500_000_bytes_is_imported_whole_and_checks_clean(content, put):
    data = long_label()
    assert SIZE <= len(data) < MAX_MONOGRAPH
    started = time.process_time()
    done = import_labels(content, put(data))
    assert time.process_time() - started < MOST_SECONDS
    assert (done.status, done.lines) == (0, [])
    assert check_content(content, render=True).problems == []
    label_ = read_label(data)
    lost = {heading: difference(told(html).words, label_, heading) for heading, html in done.drug.sections.items()}
    assert set(lost) == label_.headings()
    assert set(lost.values()) == {""}


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_a_label_of_1_500_000_bytes_is_published_and_its_page_shows_all_of_it(client, settings, republish, put):
    done = import_labels(settings.content_folder, put(long_label()))
    assert [str(warning) for warning in republish().warnings] == []
    client.set_cookie("cpd_professional", "1")
    page = client.get("/monographs/zanidine?full=1")
    seen = " ".join(words_of(page.text.partition("<main")[2]))
    assert [heading for heading, html in done.drug.sections.items() if " ".join(words_of(html)) not in seen] == []
