"""Signs that the program itself uses within pages, and the likes of them, are shown like any other."""

from __future__ import annotations

import pytest

from tests.hostile.asking import Visitor, fault_in
from tests.hostile.conftest import form_at
from tests.web.addresses import pages

SIGNS = (
    "\ue000\ue001",
    "\ue000name\ue001",
    "%EE%80%80",
    "\uf8ff\uf0b7",
    "{{ csrf }}",
    "{% raw %}",
    "%s {0} $1 ${x} &#0;",
)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_in_an_authors_or_learners_text_is_no_fault_of_ours(app, write_module, write_monograph, republish, sign):
    author = {"name": f"Ann {sign.replace('<', '').replace('>', '')}", "credentials": sign, "role": sign}
    body = f"## Why {sign}\n\nHostilol {sign} [there](https://example.org/{sign.replace(' ', '')}).\n"
    facts = {"title": f"About {sign}", "summary": sign, "objectives": [sign], "specialties": [sign]}
    write_module("sepsis", **facts, authors=[author], body=body, assessment=f"### {sign}?\n\n= 0.6 mL\n\n{sign}\n")
    write_monograph("sepsis", name="Hostilol", company=sign, classes=[sign], body=f"## Dosage\n\n{sign}\n")
    republish()
    learner = Visitor(app)
    form = form_at(learner, "/auth/register")
    assert learner.post(form.path, form.fields | {"name": sign}).status == 303
    sheet = form_at(learner, "/modules/sepsis/assessment")
    assert learner.post(sheet.path, sheet.fields | {"q1": "0.6"}).status == 303
    for visitor in (learner, Visitor(app, cookies={"cpd_professional": "1"})):
        for page in pages(app):
            for query in ("", f"a={sign}", f"next={sign}"):
                answer = visitor.ask(page, query=query.encode().decode("latin-1"))
                assert not fault_in(answer), (page, query)
