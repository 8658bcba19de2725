"""Reading one file: front matter as text, line numbers, and all that a file must not be."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.content import source as sources
from cpd.content.source import MAX_FILE, USUAL_FRONT_MATTER, Problem, SourceFault, read_front, read_yaml
from tests.content.writing import read_source, write


def read(tmp_path, text):
    return read_source(write(tmp_path / "sepsis.md", text))


def problem_of(tmp_path, text):
    with pytest.raises(SourceFault) as fault:
        read(tmp_path, text)
    (problem,) = fault.value.problems
    return problem


def problems_of_yaml(text):
    try:
        read_yaml("x", text)
    except SourceFault as fault:
        return fault.problems
    return []


def test_a_problem_reads_as_path_line_and_message():
    assert str(Problem("a/b.md", 7, "is wrong; mend it")) == "a/b.md:7: is wrong; mend it"


def test_a_warning_says_that_it_is_one():
    assert str(Problem("a.md", 7, "is odd", warning=True)) == "a.md:7: warning: is odd"


def test_every_value_stays_the_text_it_was(tmp_path):
    texts = ["0.50", "no", "010", "2026-01-01", "1:30", "null", "~", ".5", "1e3", "0x1F", "true", "=", "<<"]
    front = "".join(f"k{index}: {text}\n" for index, text in enumerate(texts))
    assert list(read(tmp_path, f"---\n{front}---\n").keys.values()) == texts


def test_lists_and_mappings_keep_their_shape(tmp_path):
    source = read(tmp_path, "---\na:\n  - {b: 1, c: [x, y]}\n  - z\nd: {}\n---\n")
    assert source.keys == {"a": [{"b": "1", "c": ["x", "y"]}, "z"], "d": {}}


def test_each_value_has_its_line(tmp_path):
    source = read(tmp_path, "---\n\na:\n  - b: 1\n    c: 2\n  - x\nd: >\n  long\n  text\n---\n")
    lines = {"a": 3, "a.0": 4, "a.0.b": 4, "a.0.c": 5, "a.1": 6, "d": 7}
    assert {place: source.key_lines[place] for place in lines} == lines


def test_the_body_begins_at_its_line(tmp_path):
    source = read(tmp_path, "---\na: 1\n---\nfirst\nsecond\n")
    assert list(source.body_lines()) == [(4, "first"), (5, "second"), (6, "")]


def test_a_line_of_hyphens_in_the_body_ends_nothing(tmp_path):
    assert read(tmp_path, "---\na: 1\n---\nx\n\n---\n\ny\n").body == "x\n\n---\n\ny\n"


@pytest.mark.parametrize(
    "written",
    [b"\xef\xbb\xbf---\na: caf\xc3\xa9\n---\nx\n", b"---\r\na: cafe\xcc\x81\r\n---\r\nx\r\n"],
    ids=["BOM", "CRLF NFD"],
)
def test_spelling_of_the_same_text_makes_no_difference(tmp_path, written):
    plain = read(tmp_path, "---\na: caf\u00e9\n---\nx\n")
    assert read(tmp_path, written) == plain


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "no front matter"),
        ("# Title\n", 1, "begin the file with"),
        ("\n---\na: 1\n---\n", 1, "begin the file with"),
        ("---\na: 1\n", 1, "close it"),
        ("---\na: 1\n----\nx\n", 1, "close it"),
        ("---\njust text\n---\n", 2, "lines like"),
        ("---\n- a\n- b\n---\n", 2, "lines like"),
        ("---\na: 1\nb: 2\na: 3\n---\n", 4, "“a” twice"),
        ("---\na:\n  b: 1\n  b: 2\n---\n", 4, "“b” twice"),
        ("---\ntitle: Headache: when to act\n---\n", 2, "quotes"),
        ('---\na: 1\nb: "open\n---\n', 3, "quot"),
        ("---\na: [1, 2\n---\n", 2, "bracket"),
        ("---\na: 1\n\tb: 2\n---\n", 3, "tab"),
        ("---\na:\n  \t- b\n---\n", 3, "tab"),
        ("---\na: @b\n---\n", 2, "quotes"),
        ("---\na: 1\n b: 2\n---\n", 3, "quotes"),
        ("---\na: &x 1\nb: *x\n---\n", 2, "anchor"),
        ("---\na: 1\nb: *x\n---\n", 3, "alias"),
        ("---\na: 1\nb: !!python/object:os.system x\n---\n", 3, "tag"),
        ("---\na: ! x\n---\n", 2, "tag"),
        ("---\na: !!int 3\n---\n", 2, "tag"),
        ("---\n? [a, b]\n: c\n---\n", 2, "as a key"),
        ("---\n? {a: b}\n: c\n---\n", 2, "as a key"),
        ("---\na: 1\n...\nb: 2\n---\n", 4, ""),
        ("---\n%YAML 9.9\na: 1\n---\n", 2, ""),
        ("---\na: " + "[" * 25 + "]" * 25 + "\n---\n", 2, "nested"),
        ("---\na: " + "[" * 30000 + "\n---\n", 2, "nested"),
        ("---\na: " + "{a: " * 10000 + "\n---\n", 2, "nested"),
        ("---\n" + "- " * 30000 + "\n---\n", 2, "nested"),
        ("---\na: 1\nb: x\x00y\n---\n", 3, "U+0000"),
        ("---\na: 1\n---\nx\x1b[31m\n", 4, "U+001B"),
        ("---\na: 1\n---\nx\n\x85\n", 5, "U+0085"),
        ("---\na: 1\n---\n5 \u202emg\n", 4, "U+202E"),
        ("---\na: 1\n---\na\u2028b\n", 4, "U+2028"),
        ("---\na: 1\n---\na\ufeffb\n", 4, "U+FEFF"),
        (b"---\na: 1\n---\nx\ncaf\xe9\n", 5, "UTF-8"),
        (b"---\na: 1\n---\n\xed\xa0\x80\n", 4, "UTF-8"),
        (b"\xff\xfe-\x00-\x00", 1, "UTF-8"),
        ("---\na: " + "x" * 66000 + "\n---\n", 2, "64 kB"),
        ("---\na: 1", 1, "close it"),
        ("--", 1, "begin the file with"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str | bytes) else None,
)
def test_what_is_no_content_names_its_line(tmp_path, text, line, words):
    problem = problem_of(tmp_path, text)
    assert (problem.line, words in problem.message) == (line, True), problem


def test_a_yaml_bomb_is_refused_where_its_first_anchor_stands(tmp_path):
    bomb = 'a: &a ["x","x","x","x"]\n' + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
    )
    assert problem_of(tmp_path, f"---\n{bomb}---\n").line == 2


def test_a_big_file_is_refused_without_being_read(tmp_path, monkeypatch):
    path = tmp_path / "big.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    monkeypatch.setattr(sources.os, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(SourceFault, match="50 MB, more than 1 MB"):
        read_source(path)


def test_a_file_of_just_the_limit_is_read(tmp_path):
    text = "---\na: 1\n---\n"
    source = read(tmp_path, text + "x" * (MAX_FILE - len(text)))
    assert len(source.text) == MAX_FILE


def test_a_file_that_grows_while_it_is_read_is_not_taken(tmp_path, monkeypatch):
    path = write(tmp_path / "sepsis.md", "---\na: 1\n---\n")
    really_open = os.open

    def open_and_write(*arguments):
        with path.open("a") as file:
            file.write("more")
        return really_open(*arguments)

    monkeypatch.setattr(sources.os, "open", open_and_write)
    with pytest.raises(SourceFault, match="being written"):
        read_source(path)


def test_a_file_that_was_replaced_while_it_was_read_is_not_taken(tmp_path, monkeypatch):
    path = write(tmp_path / "sepsis.md", "---\na: 1\n---\n")
    other = write(tmp_path / "other", "---\na: 2\n---\n")
    stat = path.stat()
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    really_open = os.open

    def open_and_replace(*arguments):
        opened = really_open(*arguments)
        other.rename(path)
        return opened

    monkeypatch.setattr(sources.os, "open", open_and_replace)
    with pytest.raises(SourceFault, match="being written"):
        read_source(path)


@pytest.mark.parametrize("make", [lambda _: None, os.mkdir, os.mkfifo], ids=["missing", "folder", "pipe"])
def test_what_is_no_file_is_a_problem(tmp_path, make):
    path = tmp_path / "x.md"
    make(path)
    with pytest.raises(SourceFault):
        read_source(path)


@given(st.text())
def test_no_front_matter_raises_anything_else(text):
    assert all(problem.line >= 1 for problem in problems_of_yaml(text))


@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`,? \n\t", max_size=60))
def test_no_signs_of_yaml_raise_anything_else(text):
    assert all(1 <= problem.line <= text.count("\n") + 2 for problem in problems_of_yaml(text))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("more", ["", "## A heading\n\n---\n\nText.\n", "x" * 100_000])
def test_the_front_of_a_file_is_read_without_its_text(tmp_path, ending, more):
    file = tmp_path / "a.md"
    front = "---\ntitle: Sepsis\n---"
    file.write_bytes(f"{front}\n{more}".replace("\n", ending).encode())
    assert read_front(file).decode() == front.replace("\n", ending)


def test_a_long_front_is_read_whole(tmp_path):
    file = tmp_path / "a.md"
    front = "---\n" + "".join(f"key{number}: value\n" for number in range(4000)) + "---"
    file.write_text(f"{front}\nText.\n", encoding="utf-8")
    assert len(front) > USUAL_FRONT_MATTER
    assert read_front(file).decode() == front


def test_the_front_of_what_is_no_file_is_a_fault(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(SourceFault):
            read_front(path)
