"""Files to start writing from."""

import pytest

from cpd.content.check import check_content
from cpd.content.front_matter import MODULE_KEYS, MONOGRAPH_KEYS
from cpd.content.scaffold import new_module_text, new_monograph_text
from tests.content.writing import write, write_content


def test_a_new_module_lacks_nothing_but_its_dates(tmp_path):
    folder = write_content(tmp_path, modules__sore_throat=new_module_text("sore-throat"))
    assert [problem.message.split("”")[0] for problem in check_content(folder).problems] == ["“reviewed", "“expires"]


def test_a_new_module_with_dates_is_right(tmp_path):
    text = (
        new_module_text("sore-throat")
        .replace("reviewed:", "reviewed: 2026-09-14")
        .replace("expires:", "expires: 2029-09-14")
    )
    checked = check_content(write_content(tmp_path, modules__sore_throat=text), render=True)
    assert checked.problems == []
    assert [question.kind for question in checked.modules[0].assessment.questions] == ["single", "number"]
    assert len(checked.modules) == 1


@pytest.mark.parametrize("slug", ["baclofen", "5-fluorouracil", "no", "123"])
def test_a_new_monograph_is_right(tmp_path, slug):
    folder = write_content(tmp_path)
    write(folder / f"monographs/{slug}.md", new_monograph_text(slug))
    assert check_content(folder, render=True).problems == []


@pytest.mark.parametrize("text", [new_module_text("x"), new_monograph_text("x")])
def test_nothing_new_is_published_by_accident(text):
    assert "\nstatus: draft " in text


@pytest.mark.parametrize(
    ("text", "keys"), [(new_module_text("x"), MODULE_KEYS), (new_monograph_text("x"), MONOGRAPH_KEYS)]
)
def test_every_key_is_shown(text, keys):
    shown = {line.removeprefix("# ").partition(":")[0] for line in text.split("\n")}
    assert set(keys) <= shown
