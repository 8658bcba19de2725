"""File names, fingerprints and what changed, as functions."""

import pytest

from cpd.content.spl.folder import was_edited
from cpd.content.spl.monograph import fingerprint, slug_of
from cpd.content.spl.report import Change, changes_between

FILE = '---\nname: "X"\nsource:\n  kind: "DailyMed label"\n  imported: "{}"\n---\n\n## Dosage\n\n5 mg.\n'


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Tizanidine", "tizanidine"),
        ("interferon beta-1b", "interferon-beta-1b"),
        ("ST MARY'S Pharmacy", "st-marys-pharmacy"),
        ("Nαme β", "nme"),
        ("Café", "cafe"),
        ("", ""),
        ("α", ""),
        ("one " * 30, "one-one-one-one-one-one-one-one-one-one-one-one-one-one-one"),
        ("x" * 90, "x" * 60),
    ],
)
def test_a_slug_is_cut_at_a_word(name, slug):
    assert slug_of(name) == slug


def test_a_file_as_it_was_written_is_not_edited():
    text = FILE.format(fingerprint(FILE.format("")))
    assert not was_edited(text)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("5 mg", "6 mg"),
        lambda text: text.replace('name: "X"', 'name: "Y"'),
        lambda text: text.replace("imported", "wrote"),
        lambda text: text + "\n",
        lambda text: text.replace("---\n\n", '  imported: "x"\n---\n\n'),
    ],
    ids=["text", "key", "no fingerprint", "a blank line", "two fingerprints"],
)
def test_any_other_text_is_edited(edit):
    assert was_edited(edit(FILE.format(fingerprint(FILE.format("")))))


def test_what_changed_is_counted_by_section():
    old = "---\nname: x\n---\n\n## Dosage\n\n5 mg once daily.\n\n## Interactions\n\nNone known.\n"
    new = "---\nname: x\n---\n\n## Dosage\n\n5 mg twice daily, with food.\n\n## Overdosage\n\nCall.\n"
    assert changes_between(old, new) == [
        Change("Dosage", 4, 2),
        Change("Interactions", 0, 2),
        Change("Overdosage", 1, 0),
    ]


def test_words_in_another_order_are_a_change_too():
    assert changes_between("## Dosage\n\na b\n", "## Dosage\n\nb a\n") == [Change("Dosage", 0, 0)]
