"""Publishing in bad company: others that publish, files half written, a clock that goes back."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cpd.content.publish import ContentFaults
from tests.browser.serving import cpd, cpd_publish, environment
from tests.faults.check import check, find_faults
from tests.faults.editions import versions_on, write_version

DAY = timedelta(days=1)


def publish_at_once(settings, many):
    running = [
        subprocess.Popen(
            cpd("publish"), env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(many)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * many, said
    return [out for out, _ in said]


@pytest.mark.parametrize("many", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_of_publishes_at_once_one_makes_the_release_and_the_others_find_nothing_changed(settings, many):
    write_version(settings.content_folder, 1, modules=5)
    said = publish_at_once(settings, many)
    assert sum("Release 1" in each for each in said) == 1
    assert sum("Nothing has changed" in each for each in said) == many - 1
    check(settings)


@pytest.mark.slow
def test_publishes_at_once_while_the_content_changes_end_with_the_last_version(settings):
    for version in range(1, 9):
        write_version(settings.content_folder, version, modules=5)
        publish_at_once(settings, 3)
        assert find_faults(settings) == []
    assert "Nothing has changed" in cpd_publish(settings)


def test_two_first_publishes_at_once_make_the_tables_once(empty_folder_settings):
    write_version(empty_folder_settings.content_folder, 1, modules=2)
    said = publish_at_once(empty_folder_settings, 2)
    assert sum("Release 1" in each for each in said) == 1
    check(empty_folder_settings)


def test_a_file_that_was_written_in_part_is_refused_and_published_once_it_is_whole(settings, client, republish):
    client.set_cookie("cpd_professional", "1")
    write_version(settings.content_folder, 1, modules=1)
    republish()
    file = settings.content_folder / "modules" / "red-flags" / "m0.md"
    whole = file.read_text(encoding="utf-8").replace("version 1", "version 2")
    until_options = whole.index("- [x]")
    pieces = [whole[: until_options * part // 12] for part in range(13)]

    for piece in pieces:
        file.write_text(piece, encoding="utf-8")
        with pytest.raises(ContentFaults) as faults:
            republish()
        assert all(problem.path == str(file) and problem.line for problem in faults.value.problems)
        assert versions_on(client.get("/modules/m0").text) == {1}
        assert find_faults(settings) == []

    file.write_text(whole, encoding="utf-8")
    republish()
    assert versions_on(client.get("/modules/m0").text) == {2}
    check(settings)


def test_a_file_that_is_being_written_while_it_is_read_never_makes_half_a_page(settings, client, republish):
    client.set_cookie("cpd_professional", "1")
    write_version(settings.content_folder, 1, modules=1)
    republish()
    file = settings.content_folder / "modules" / "red-flags" / "m0.md"
    texts = [file.read_text(encoding="utf-8").replace("version 1", f"version {version}") for version in (1, 2)]
    enough = threading.Event()

    def write_on_and_on():
        while not enough.is_set():
            for text in texts:
                with file.open("w", encoding="utf-8", buffering=64) as opened:
                    opened.write(text)

    writer = threading.Thread(target=write_on_and_on)
    writer.start()
    try:
        for _ in range(10):
            with contextlib.suppress(ContentFaults):
                republish()
            assert len(versions_on(client.get("/modules/m0").text)) == 1
    finally:
        enough.set()
        writer.join()
    republish()
    check(settings)


def test_what_editors_leave_behind_while_they_write_is_no_content(settings, republish):
    write_version(settings.content_folder, 1, modules=1)
    for name in (".m0.md.swp", "m0.md~", "#m0.md#", "m0.md.tmp", ".#m0.md"):
        (settings.content_folder / "modules" / "red-flags" / name).write_text("half", encoding="utf-8")
    assert republish().release == 1
    check(settings)


def test_after_the_clock_was_set_back_a_day_awards_and_releases_go_on(settings, sign_in, client, republish, submit):
    write_version(settings.content_folder, 1, modules=3)
    republish()
    sign_in()
    now = datetime.now(UTC)
    assert submit("/modules/m0/assessment", q1="a").status_code == 200

    with time_machine.travel(now - DAY):
        page = submit("/modules/m1/assessment", q1="a")
        assert "Recorded" in page.text
        write_version(settings.content_folder, 2, modules=3)
        assert republish(now=now - DAY).release == 2
        assert "version 2" in client.get("/modules/m0").text
        assert submit("/modules/m0/assessment", q1="a").status_code == 200
    assert submit("/modules/m2/assessment", q1="a").status_code == 200

    assert "1.50" in client.get("/record/").text
    check(settings)
