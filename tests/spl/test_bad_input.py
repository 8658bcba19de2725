"""What is no label is refused in one clear line, the rest is imported, and nothing is left half-written."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cpd.content.check import check_content
from cpd.content.spl.documents import Limits, Refusal, documents_in
from tests.browser.serving import environment
from tests.conftest import settings_for
from tests.factories import write_site
from tests.spl.importing import Import, import_labels, monographs_in, texts_in
from tests.spl.labels import class_index, label, ordinary, paragraphs, product, section, set_id, zipped
from tests.spl.reading import DOSAGE
from tests.spl.spoiling import DOCUMENTS, GOOD, MEGABYTE, ZIPS, sized, zeros, zip_of

PROJECT = Path(__file__).resolve().parents[2]
JARGON = re.compile(r"Traceback|Error\b|Exception|lxml|zipfile|errno|Namespace urn|xmlParse|None\b")
LONGEST_LINE = 400  # characters besides the path


@pytest.fixture
def beside_good(content: Path, put: Callable[..., Path]) -> Callable[..., Import]:
    """Imports a file between two good labels, which must both be there afterwards."""

    def beside_good(data: str | bytes, name: str = "label.xml") -> Import:
        first, last = (put(text, good) for good, text in GOOD.items())
        done = import_labels(content, first, put(data, name), last)
        assert {set_id(101), set_id(102)} <= {drug.facts.source.set_id for drug in done.drugs}
        assert [problem for problem in done.problems if not problem.warning] == []
        assert nothing_else_in(content)
        return done

    return beside_good


def nothing_else_in(content: Path) -> bool:
    return all(path.suffix == ".md" and path.is_file() for path in (content / "monographs").iterdir())


def refused_in_a_line(done: Import, name: str) -> bool:
    """Whether the run said no to a file, in one line for people that begins with its path."""
    assert done.status == 1
    assert len(done.lines) == 1, done.errors
    (line,) = done.lines
    assert name in line, line
    assert not JARGON.search(line), line
    assert len(line.partition(name)[2]) < LONGEST_LINE
    assert len(done.outcomes["refused"]) == 1
    return len(done.files) == 2


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_refused_that_has(beside_good, name):
    assert refused_in_a_line(beside_good(DOCUMENTS[name]), "label.xml")


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_is_refused_that_has(beside_good, name):
    assert refused_in_a_line(beside_good(ZIPS[name](), "labels.zip"), "labels.zip")


# Zips with smaller limits than the command's, so that nothing big need be made.
SMALL = {
    "entries": (Limits(entries=5), {f"{number}.xml": "<a/>" for number in range(6)}),
    "what they hold in all": (Limits(inflated=5000), {f"{number}.xml": "<a/>" * 700 for number in range(3)}),
    "zips in them": (Limits(nested=100), {"inner.zip": zipped({"label.xml": ordinary()})}),
    "how deep they are": (Limits(depth=1), {"inner.zip": zipped({"inner.zip": zipped({"label.xml": ordinary()})})}),
    "how much is made of little": (Limits(ratio=5), {"label.xml": " " * 4_000_000}),
}


@pytest.mark.parametrize(("limits", "members"), SMALL.values(), ids=SMALL.keys())
def test_zips_have_limits_for(put, limits, members):
    found = list(documents_in([put(zipped(members), "labels.zip")], limits))
    refused = [each for each in found if isinstance(each, Refusal)]
    assert len(refused) == 1
    assert "labels.zip" in str(refused[0])
    assert len(found) - 1 < len(members)


@pytest.mark.parametrize("name", ["a doctype", "an entity", "no set id", "words", "cut short", "version 'one'"])
def test_a_bad_label_in_a_zip_is_named_and_the_others_in_it_are_imported(beside_good, name):
    third = ordinary(identity=set_id(103))
    done = beside_good(zipped({"bad.xml": DOCUMENTS[name], "good.xml": third}), "labels.zip")
    assert (done.status, len(done.files)) == (1, 3)
    assert [("bad.xml" in line, "labels.zip" in line) for line in done.lines] == [(True, True)]


def test_names_that_climb_out_of_a_zip_write_nothing_anywhere(beside_good, tmp_path):
    names = ["../../evil.xml", "/cpd-evil.xml", "..\\evil.xml", "a/../../evil.xml", "evil\x00.xml"]
    beside_good(zip_of({name: ordinary(identity=set_id(n)) for n, name in enumerate(names, 1)}), "labels.zip")
    assert [path for path in tmp_path.rglob("*evil*") if path.name != "labels.zip"] == []
    assert not Path("/cpd-evil.xml").exists()


def test_no_file_of_the_machine_gets_into_a_monograph(beside_good, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the herons fly at dawn", encoding="utf-8")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    done = beside_good(label(section("34068-7", "DOSE", f"<paragraph>Give 2 mg.{include}</paragraph>")))
    assert "herons" not in "".join(done.files.values())
    done = beside_good(
        ordinary(prolog=f'<!DOCTYPE document [<!ENTITY x SYSTEM "{secret.as_uri()}">]>').replace("2 mg", "&x;")
    )
    assert "herons" not in "".join(done.files.values())
    assert "herons" not in done.out + done.errors


# Bad, but to be handled


def test_unknown_codes_are_no_fault(beside_good):
    odd = ordinary().replace("34070-3", "00000-0").replace('displayName="TABLET"', 'displayName="MIST, ODD"')
    assert beside_good(odd).status == 0


def test_a_label_without_a_title_is_imported(beside_good):
    assert beside_good(ordinary(title=None)).status == 0


def test_a_label_without_a_company_is_imported(beside_good):
    assert beside_good(ordinary(company=None)).status == 0


def test_a_file_just_under_5_mb_is_not_refused_for_its_size(beside_good):
    padded = ordinary(after=f"<!--{'x' * (5 * MEGABYTE - 20_000)}-->")
    assert len(padded) < 5 * MEGABYTE
    assert not any("MB" in line for line in beside_good(padded).lines)


def test_a_label_whose_signs_make_it_too_long_for_a_monograph_is_refused_in_a_line(beside_good):
    assert refused_in_a_line(beside_good(sized(3 * MEGABYTE, "*_")), "label.xml")


def test_each_of_many_bombs_in_a_zip_is_refused(beside_good):
    done = beside_good(zipped(dict.fromkeys(map("{}.zip".format, range(50)), zeros(4 * MEGABYTE))), "labels.zip")
    assert (done.status, len(done.files), len(done.lines)) == (1, 2, 50)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig", "windows-1252"])
def test_a_label_in_another_encoding_is_imported(content, put, encoding):
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    whole = ordinary(prolog=f'<?xml version="1.0" encoding="{declared}"?>', company="Ähnlich")
    done = import_labels(content, put(whole.encode(encoding)))
    assert (done.status, done.drug.facts.company) == (0, "Ähnlich")


def test_a_prefix_for_the_namespace_is_as_good_as_none(content, put):
    whole = ordinary().replace(' xmlns="urn:hl7-org:v3"', ' xmlns:v="urn:hl7-org:v3"')
    prefixed = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1v:", whole)
    done = import_labels(content, put(prefixed))
    assert done.drug.words(DOSAGE) == "Begin with 2 mg at night."


def test_a_stylesheet_and_a_schema_are_not_looked_for(content, put):
    prolog = '<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/x.xsl" type="text/xsl"?>'
    whole = ordinary(prolog=prolog).replace(
        START, f'{START} xsi:schemaLocation="urn:hl7-org:v3 http://127.0.0.1:9/x"', 1
    )
    assert import_labels(content, put(whole)).status == 0


START = "<document"


@pytest.mark.parametrize("count", [300, 3000])
def test_very_many_tables_or_sections_are_kept_or_refused_in_a_line(beside_good, count):
    table = "<table><tbody><tr><td>4 mg</td></tr></tbody></table>"
    for each in (
        label(section("34068-7", "DOSE", table * count)),
        label(section("34068-7", "DOSE", None, *[section("42229-5", "x", paragraphs("4 mg"))] * count)),
    ):
        done = beside_good(each)
        if done.status:
            assert len(done.lines) == 1
        else:
            found = next(drug for drug in done.drugs if drug.facts.source.set_id not in (set_id(101), set_id(102)))
            assert found.words(DOSAGE).count("4 mg") == count
            found.path.unlink()


# Class indexes without labels, and places that hold no label


def test_a_class_index_without_labels_is_told_in_a_line(content, put):
    done = import_labels(content, put(class_index({"A1": ["Relaxant [EPC]"]}), "index.xml"))
    assert done.files == {}
    assert len((done.out + done.errors).strip().splitlines()) <= 3
    assert re.search("class", done.out + done.errors, re.IGNORECASE)


@pytest.mark.parametrize("fill", [{}, {"readme.txt": "x"}, {"photo.jpg": "x", "deep/er/readme.md": "x"}])
def test_a_folder_without_labels_is_told_in_a_line(content, put, tmp_path, fill):
    (tmp_path / "labels").mkdir()
    for name, text in fill.items():
        put(text, name)
    done = import_labels(content, tmp_path / "labels")
    assert (done.status, done.files, len(done.lines)) == (1, {}, 1)
    assert "labels" in done.lines[0]


def test_a_path_that_is_not_there_is_told_in_a_line(content, tmp_path):
    done = import_labels(content, tmp_path / "nowhere.xml")
    assert (done.status, done.files) == (1, {})
    assert "nowhere.xml" in done.errors
    assert "Traceback" not in done.errors


def test_what_is_no_file_is_not_waited_for(content, put, tmp_path):
    put(ordinary(), "good.xml")
    os.mkfifo(tmp_path / "labels" / "pipe.xml")
    (tmp_path / "labels" / "folder.xml").mkdir()
    (tmp_path / "labels" / "broken.xml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "labels" / "circle").symlink_to(tmp_path / "labels")
    done = import_labels(content, tmp_path / "labels")
    assert len(done.files) == 1
    assert all(len(line) < LONGEST_LINE + len(str(tmp_path)) for line in done.lines)
    assert not any(JARGON.search(line) for line in done.lines)


@pytest.mark.parametrize("name", ["a\nb.xml", "a\x1b[31m.xml", "\u202egood.xml"])
def test_the_name_of_a_file_cannot_forge_a_line_or_colour_the_terminal(content, put, name):
    done = import_labels(content, put("not a label", name))
    assert len(done.lines) == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", done.errors.strip("\n") + done.out.replace("\n", ""))


def test_a_name_that_is_no_utf8_is_refused_or_imported_in_words(content, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    path = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.xml"))
    path.write_text("not a label", encoding="utf-8")
    done = import_labels(content, path)
    assert (done.status, len(done.lines)) == (1, 1)
    json.dumps(done.report).encode()


def test_the_words_of_a_bad_label_cannot_colour_the_terminal(beside_good):
    done = beside_good(ordinary(version="\u009b31m&#x202e;1"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.errors.replace("\n", ""))


# Killed, full, and short of memory


@pytest.fixture
def command(content: Path) -> Callable[..., list[str]]:
    """The command as a shell would start it, for labels in a folder."""
    write_site(content)

    def command(*paths: Path) -> list[str]:
        return [sys.executable, "-m", "cpd.cli", "import-spl", *map(str, paths)]

    return command


def surroundings(tmp_path: Path) -> dict[str, str]:
    return environment(settings_for(f"sqlite:///{tmp_path / 'x.sqlite'}", tmp_path))


def whole(content: Path) -> bool:
    """Whether every file in the folder is right, and no other lies where content is looked for."""
    problems = [problem for problem in check_content(content).problems if not problem.warning]
    assert problems == []
    return {path.suffix for path in (content / "monographs").iterdir()} <= {".md"}


def many(put: Callable[..., Path], count: int, *, version: str = "1", words: int = 500) -> list[Path]:
    return [
        put(
            label(
                section("34068-7", "DOSE", paragraphs(*[f"Version {version}."] * words)),
                identity=set_id(number),
                version=version,
                products=[product(f"Drug{number}")],
            ),
            f"{version}/{number}.xml",
        )
        for number in range(count)
    ]


def test_an_import_that_is_killed_leaves_whole_files_and_can_be_run_again(command, content, put, tmp_path):
    import_labels(content, *many(put, 8))
    folder = many(put, 8, version="2")[0].parent
    before = {path: path.read_bytes() for path in monographs_in(content)}
    running = subprocess.Popen(
        command(folder), cwd=tmp_path, env=surroundings(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        if any(path.read_bytes() != data for path, data in before.items()):
            running.send_signal(signal.SIGKILL)
            break
    running.wait()
    assert {path.suffix for path in (content / "monographs").iterdir() if path.suffix != ".tmp"} == {".md"}
    assert [problem for problem in check_content(content).problems if not problem.warning] == []
    for text in texts_in(content).values():
        assert text.count("Version") == 500
    done = import_labels(content, folder)
    assert {drug.facts.source.version for drug in done.drugs} == {"2"}
    assert whole(content)


def test_a_disk_that_is_full_leaves_the_old_file_and_says_so(command, content, put, tmp_path):
    import_labels(content, *many(put, 2))
    before = {path: path.read_bytes() for path in monographs_in(content)}
    folder = many(put, 2, version="2")[0].parent
    limited = subprocess.run(
        command(folder),
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000)),
    )
    assert limited.returncode == 1
    assert "Traceback" not in limited.stderr
    assert 1 <= len(limited.stderr.strip().splitlines()) <= 2
    assert {path: path.read_bytes() for path in monographs_in(content)} == before
    assert whole(content)


def test_a_folder_that_cannot_be_written_is_said_in_a_line(content, put):
    write_site(content)
    (content / "monographs").rmdir()
    (content / "monographs").write_text("in the way", encoding="utf-8")
    done = import_labels(content, put(ordinary()))
    assert (done.status, len(done.lines)) == (1, 1)
    assert not JARGON.search(done.lines[0].removeprefix("Error: "))


MOST_MEMORY = 350 * 1024 * 1024  # bytes at any time, with Python and what the command loads
# The command, whose last line says what it took.
MEASURED = """
import atexit, json, os
from bench.measuring import memory
from cpd.cli import cli
atexit.register(lambda: print(json.dumps({"memory": memory("VmHWM"), "seconds": sum(os.times()[:4])})))
cli()
"""


def test_all_that_is_bad_takes_little_memory_and_time(content, put, tmp_path):
    for number, data in enumerate(DOCUMENTS.values()):
        put(data, f"bad/{number:03}.xml")
    for number, make in enumerate(ZIPS.values()):
        put(make(), f"bad/{number:03}.zip")
    write_site(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "import-spl", tmp_path / "labels" / "bad"],
        cwd=tmp_path,
        env=surroundings(tmp_path) | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == len(DOCUMENTS) + len(ZIPS)
    used = json.loads(done.stdout.splitlines()[-1])
    assert used["memory"] < MOST_MEMORY
    assert used["seconds"] < 20
    assert monographs_in(content) == []
