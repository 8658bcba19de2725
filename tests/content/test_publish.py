"""Publishing as readers and records meet it: all or nothing, revisions that stay, links that follow the drugs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from cpd.content import publish as publishing
from cpd.content.publish import ContentFaults
from cpd.db import db
from cpd.modules.models import Attempt, Module, ModuleRendering, ModuleRevision
from cpd.record.models import Entry
from cpd.revisions import Release
from tests.pages import hidden_in, token_in


@pytest.fixture
def count(app):
    """Counts the rows of a table."""

    def count(model) -> int:
        with app.app_context():
            return db.session.execute(select(func.count()).select_from(model)).scalar_one()

    return count


@pytest.fixture
def professional(client):
    client.set_cookie("cpd_professional", "1")
    return client


def test_a_new_file_is_online_after_publishing(professional, publish):
    publish("sepsis", title="Sepsis in the first hour")
    assert "Sepsis in the first hour" in professional.get("/modules/sepsis").text
    assert "Sepsis in the first hour" in professional.get("/modules/").text


def test_publishing_again_without_a_change_makes_no_release(publish, republish, count):
    publish("sepsis")
    report = republish()
    assert report.release is None
    assert count(Release) == 1


def test_a_change_makes_a_new_revision_and_keeps_the_old(publish, count):
    publish("sepsis", title="Old")
    report = publish("sepsis", title="New")
    assert report.changed == ["module/sepsis"]
    assert count(ModuleRevision) == 2


def test_an_error_in_one_file_leaves_everything_as_it_was(professional, publish, write_module, republish):
    publish("sepsis", title="Old title")
    write_module("sepsis", title="New title")
    write_module("broken", credits="a lot")
    with pytest.raises(ContentFaults) as faults:
        republish()
    assert any("broken.md:" in str(problem) and "credits" in str(problem) for problem in faults.value.problems)
    assert "Old title" in professional.get("/modules/sepsis").text


def test_a_drug_that_is_added_is_linked_in_old_modules_without_a_new_revision(
    professional, publish, write_monograph, republish, count
):
    publish("stiffness", body="## Drugs\n\nStart with zanidine at night.\n")
    assert 'href="/monographs/zanidine"' not in professional.get("/modules/stiffness").text

    write_monograph("zanidine")
    report = republish()

    assert report.relinked == ["module/stiffness"]
    assert 'href="/monographs/zanidine"' in professional.get("/modules/stiffness").text
    assert "stiffness" in professional.get("/monographs/zanidine").text
    assert count(ModuleRevision) == 1


def test_a_drug_that_is_withdrawn_is_no_longer_linked_but_stays_readable(
    professional, publish, write_monograph, republish, count
):
    write_monograph("zanidine")
    publish("stiffness", body="## Drugs\n\nStart with zanidine at night.\n")
    assert 'href="/monographs/zanidine"' in professional.get("/modules/stiffness").text

    write_monograph("zanidine", status="withdrawn")
    republish()

    assert 'href="/monographs/zanidine"' not in professional.get("/modules/stiffness").text
    assert "withdrawn" in professional.get("/monographs/zanidine").text
    assert count(ModuleRevision) == 1


def test_a_former_name_leads_on_where_nobody_ever_published_it(professional, write_monograph, republish):
    write_monograph("newdine", former_slugs=["zanidine"])
    republish()
    assert professional.get("/monographs/zanidine").headers["Location"] == "/monographs/newdine"


def test_a_drug_that_is_renamed_is_linked_under_its_new_name(professional, publish, write_monograph, republish, count):
    old = write_monograph("zanidine")
    publish("stiffness", body="## Drugs\n\nStart with zanidine or newdine at night.\n")
    old.unlink()
    write_monograph("newdine", former_slugs=["zanidine"], brand_names=["Zanidine"])
    republish()

    html = professional.get("/modules/stiffness").text
    assert 'href="/monographs/newdine"' in html
    assert 'href="/monographs/zanidine"' not in html
    assert professional.get("/monographs/zanidine").headers["Location"] == "/monographs/newdine"
    assert count(ModuleRevision) == 1


def test_linking_there_and_back_leaves_the_page_as_it_was(professional, publish, write_monograph, republish):
    publish("stiffness", body="## Drugs\n\nStart with zanidine at night.\n")
    before = professional.get("/modules/stiffness").text
    file = write_monograph("zanidine")
    republish()
    file.unlink()
    republish()
    assert professional.get("/modules/stiffness").text.split("<article")[1] == before.split("<article")[1]


def test_replaced_renderings_do_not_pile_up(publish, write_monograph, republish, count):
    publish("stiffness", body="## Drugs\n\nzanidine\n")
    for number in range(4):
        write_monograph(f"drugnumber{number}")
        republish()
    assert count(ModuleRendering) <= 2


def test_a_file_that_is_gone_withdraws_its_module(professional, publish, write_module, republish):
    publish("sepsis")
    write_module("other")
    write_module("sepsis").unlink()
    report = republish()
    assert report.withdrawn == ["module/sepsis"]
    assert professional.get("/modules/sepsis").status_code == 404
    assert "sepsis" not in professional.get("/modules/").text


def test_publishing_named_paths_withdraws_nothing(professional, publish, write_module, republish):
    publish("sepsis")
    write_module("sepsis").unlink()
    report = republish(write_module("other"))
    assert report.withdrawn == []
    assert professional.get("/modules/sepsis").status_code == 200
    assert professional.get("/modules/other").status_code == 200


def test_a_file_that_comes_back_is_live_again_with_its_old_revision(
    professional, publish, write_module, republish, count
):
    publish("sepsis")
    write_module("other")
    file = write_module("sepsis")
    text = file.read_text()
    file.unlink()
    republish()
    file.write_text(text)
    republish()
    assert professional.get("/modules/sepsis").status_code == 200
    assert count(ModuleRevision) == 2


def test_a_module_turned_back_into_a_draft_is_withdrawn(professional, publish):
    publish("headache")
    publish("sepsis")
    report = publish("sepsis", status="draft")
    assert report.withdrawn == ["module/sepsis"]
    assert professional.get("/modules/sepsis").status_code == 404


def test_a_draft_is_not_shown(professional, publish):
    publish("sepsis", status="draft")
    assert professional.get("/modules/sepsis").status_code == 404


def test_an_empty_folder_withdraws_nothing(professional, publish, write_module, republish):
    publish("sepsis")
    write_module("sepsis").unlink()
    with pytest.raises(ContentFaults, match="1 problem"):
        republish()
    assert professional.get("/modules/sepsis").status_code == 200


def test_a_renamed_module_keeps_its_award_and_its_old_address(client, write_module, republish, sign_in, submit, count):
    old = write_module("sepsis")
    republish()
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    old.unlink()
    write_module("sepsis-first-hour", former_slugs=["sepsis"])
    republish()

    assert client.get("/modules/sepsis").headers["Location"] == "/modules/sepsis-first-hour"
    submit("/modules/sepsis-first-hour/assessment", q1="a")
    assert count(Entry) == 1
    assert count(Module) == 1


def test_an_edition_never_falls(publish):
    publish("sepsis", edition="2")
    with pytest.raises(ContentFaults) as faults:
        publish("sepsis", edition="1")
    assert "raise it" in str(faults.value.problems[0])


@pytest.mark.parametrize(
    "change",
    [{"credits": "1.00"}, {"assessment": "### Which?\n\n- [ ] A\n  > No.\n- [x] B\n  > Yes.\n"}],
    ids=["credits", "key"],
)
def test_what_changes_the_award_without_a_new_edition_is_a_warning(publish, change):
    publish("sepsis")
    report = publish("sepsis", **change)
    assert any("raise the edition" in str(problem) for problem in report.warnings)


def test_two_publishes_at_once_take_turns(write_module, republish, count):
    write_module("first")
    republish()
    for number in range(4):
        write_module(f"more-{number}")
    reports, faults = [], []

    def run() -> None:
        try:
            reports.append(republish())
        except Exception as fault:  # noqa: BLE001  # whatever it is, the test shall show it
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert sorted(report.release or 0 for report in reports) == [0, 0, 0, 2]
    assert count(ModuleRevision) == 5


def test_what_a_killed_publish_staged_is_cleared_by_the_next(monkeypatch, publish, republish, write_module, count):
    publish("sepsis")
    write_module("sepsis", title="Changed")
    write_module("other")

    def die(_self, *_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing._Publication, "_activate", die)
        with pytest.raises(KeyboardInterrupt):
            republish()
    assert count(ModuleRevision) == 3

    report = republish()

    assert sorted(report.added + report.changed) == ["module/other", "module/sepsis"]
    assert count(ModuleRevision) == 3
    assert count(Module) == 2


def test_a_learner_who_sits_an_older_revision_is_marked_against_it(client, publish, sign_in, app):
    publish("sepsis", assessment="### Which?\n\n- [x] A\n  > Yes.\n- [ ] B\n  > No.\n")
    sign_in()
    page = client.get("/modules/sepsis/assessment").text
    publish("sepsis", edition="2", pass_mark="100", assessment="### Which?\n\n- [ ] A\n  > No.\n- [x] B\n  > Yes.\n")

    answer = client.post(
        "/modules/sepsis/assessment",
        data={"csrf_token": token_in(page), "attempt": hidden_in(page, "attempt"), "q1": "a"},
        follow_redirects=True,
    )

    assert answer.status_code == 200
    with app.app_context():
        attempt = db.session.execute(select(Attempt)).scalar_one()
        entry = db.session.execute(select(Entry)).scalar_one()
    assert (attempt.passed, attempt.edition, attempt.pass_mark) == (True, 1, 70)
    assert entry.edition == 1


def test_the_time_of_a_release_is_kept(app, republish, write_module):
    write_module("sepsis")
    republish(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    with app.app_context():
        assert db.session.execute(select(Release.published_at)).scalar_one() == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_another_renderer_renders_everything_anew_without_a_revision(
    monkeypatch, publish, write_module, republish, count
):
    write_module("other", credits="1.00")
    publish("sepsis")
    monkeypatch.setattr(publishing, "renderer", lambda: "another")
    report = republish()
    assert {"module/other", "module/sepsis"} <= set(report.rerendered)
    assert report.changed == []
    assert count(ModuleRevision) == 2


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def picture_in(professional, republish, write_module):
    """The address of the picture in a module, after publishing it with these bytes."""

    def publish(data: bytes) -> str:
        file = write_module("rash", body="## Look\n\n![A red patch](patch.png)\n")
        (file.parent / "patch.png").write_bytes(data)
        republish()
        return professional.get("/modules/rash").text.split('<img src="')[1].split('"')[0]

    return publish


def test_a_picture_beside_its_module_is_shown(professional, picture_in):
    answer = professional.get(picture_in(PNG))
    assert answer.data == PNG
    assert answer.headers["Content-Type"] == "image/png"


def test_another_picture_of_the_same_name_is_another_revision_at_another_address(professional, picture_in, count):
    old = picture_in(PNG)
    new = picture_in(PNG + b"more")
    assert old != new
    assert professional.get(old).data == PNG
    assert count(ModuleRevision) == 2


@pytest.mark.parametrize("name", ["a.png", f"{'0' * 64}.png", f"{'0' * 64}.svg", f"{'é' * 64}.png"])
def test_a_picture_that_nobody_published_is_not_there(client, name):
    assert client.get(f"/pictures/{name}").status_code == 404


def test_a_category_that_changes_its_title_changes_it_everywhere(
    settings, professional, write_module, write_monograph, republish
):
    write_monograph("zanidine")
    write_module("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    republish()
    file = settings.content_folder / "categories.yml"
    file.write_text(file.read_text().replace("Red flags", "Warning signs"), encoding="utf-8")
    assert republish().release == 2
    for address in ("/modules/", "/modules/stiffness", "/monographs/zanidine"):
        html = professional.get(address).text
        assert "Warning signs" in html
        assert "Red flags" not in html


def test_a_link_to_a_former_slug_may_be_published_by_its_path(write_module, write_monograph, republish):
    write_monograph("newdine", former_slugs=["zanidine"])
    republish()
    report = republish(write_module("stiffness", body="## Drugs\n\n[Zanidine](monograph:zanidine)\n"))
    assert report.added == ["module/stiffness"]
