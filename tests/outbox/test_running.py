"""The worker as it runs: inside `cpd serve`, by itself as `cpd worker`, and what operators and developers see of it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from flask import Flask

from cpd import serving
from cpd.auth.notices import Notice, tell
from cpd.db import db
from cpd.outbox import beside, services
from cpd.outbox.delivery import TIMEOUT, Refused, ToFiles
from cpd.outbox.views import bp
from cpd.outbox.worker import Worker
from cpd.web import clock
from tests.browser.serving import cpd, cpd_serve, environment
from tests.factories import write_site

LONGEST_WAIT = 60  # seconds


def wait_until(true):
    latest = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < latest, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def told(ask_notice, settings):
    """Asks for a notice to be sent; gives whether its file is there."""
    ask_notice()
    return lambda: list((settings.instance_folder / "mail").glob("*.eml"))


@pytest.fixture
def ask_notice(app):
    """Puts a mail into the outbox that needs no account."""

    def ask() -> None:
        with app.app_context():
            tell(1, Notice.DELETED, to="ann@example.org", now=clock.now())
            db.session.commit()

    return ask


@contextmanager
def running(*command, settings, **others):
    log = settings.instance_folder / "worker.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, env=environment(settings, **others), stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process, log
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LONGEST_WAIT)


def test_the_worker_works_by_itself_and_stops_when_it_is_told_to(settings, told):
    with running(*cpd("worker"), settings=settings) as (process, log):
        wait_until(told)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_WAIT) == 0
        said = log.read_text(encoding="utf-8")
    assert "Mail is written to" in said
    assert said.endswith("Working (Ctrl+C stops)\nStopped.\n")


@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["for good", "for developers"])
def test_a_worker_runs_inside_cpd_serve(settings, told, options):
    write_site(settings.content_folder)
    with cpd_serve(settings, *options) as address:
        wait_until(told)
        status = status_of(f"{address}/dev/mail")
    assert status == (200 if options else 404)
    assert "Mail is written to" in (settings.instance_folder / "serve.log").read_text(encoding="utf-8")


def status_of(url):
    try:
        with urllib.request.urlopen(url) as page:  # noqa: S310  # our own server
            return page.status
    except urllib.error.HTTPError as fault:
        return fault.code


def test_none_runs_inside_cpd_serve_where_that_is_not_wanted(settings, monkeypatch):
    begun = []
    monkeypatch.setattr("cpd.serving.begin_beside_pages", begun.append)
    for worker in (True, False):
        app = Flask("any")
        app.config["SETTINGS"] = replace(settings, worker=worker)
        serving._begin_worker(app)
    assert len(begun) == 1


def test_of_all_processes_of_a_machine_one_works_and_another_takes_its_place(tmp_path):
    file = tmp_path / "worker.lock"
    first = beside._place(file)
    assert first is not None
    assert beside._place(file) is None
    first.close()
    second = beside._place(file)
    assert second is not None
    second.close()
    assert beside._place(tmp_path / "missing" / "worker.lock") is None


def test_a_process_works_once_there_is_a_place_for_it_and_until_it_is_to_end(app, settings, told, monkeypatch):
    monkeypatch.setattr(beside, "LOOK_FOR_PLACE", 0.01)
    other = beside._place(settings.instance_folder / "worker.lock")
    ending = threading.Event()
    monkeypatch.setattr(beside, "_is_ending", ending.is_set)
    beside.begin_beside_pages(app)
    [thread] = [each for each in threading.enumerate() if each.name == "worker"]
    assert not told()
    other.close()
    wait_until(told)
    ending.set()
    thread.join(LONGEST_WAIT)
    assert not thread.is_alive()


def test_a_process_that_has_no_place_ends_when_it_is_to_end(settings, monkeypatch):
    app = Flask("any")
    app.config["SETTINGS"] = settings
    monkeypatch.setattr(beside, "_is_ending", lambda: True)
    with beside._place(settings.instance_folder / "worker.lock"):
        thread = threading.Thread(target=beside._work, args=[app], daemon=True)
        thread.start()
        thread.join(LONGEST_WAIT)
        assert not thread.is_alive()


def test_waiting_ends_after_its_time(monkeypatch):
    assert not beside._is_ending_within(0.01)
    monkeypatch.setattr(beside, "_is_ending", lambda: True)
    assert beside._is_ending_within(60)


# What operators see


@pytest.fixture
def say(settings):
    """What `cpd worker` says with some options."""

    def say(*options):
        command = [*cpd("worker"), *options]
        done = subprocess.run(command, env=environment(settings), capture_output=True, text=True, check=True)
        return done.stdout

    return say


def test_an_operator_sees_what_waits_and_what_was_given_up_and_can_have_it_tried_again(app, ask_notice, delivery, say):
    ask_notice()
    shown = say("--show")
    assert shown.startswith("Waiting: 1, the oldest since ")
    assert shown.endswith("Given up: 0.\n")

    delivery.faults = [Refused("the address was refused with 550", for_good=True)]
    Worker(app, delivery).work_off()
    shown = say("--show")
    assert shown.startswith("Waiting: 0.\nGiven up: 1.\n")
    assert "notice, asked for " in shown
    assert "1 tries: the address was refused with 550" in shown
    assert "ann@example.org" not in shown

    assert say("--again", "--show").startswith("To be tried again: 1.\nWaiting: 1")
    Worker(app, delivery).work_off()
    assert delivery.sent == ["Your account is deleted"]


# What developers see


@pytest.fixture
def developing(app):
    """A client of `cpd serve --debug`."""
    app.register_blueprint(bp)
    return app.test_client()


def test_developers_see_what_would_have_been_sent(app, developing, ask_notice, settings):
    assert "There is none yet" in developing.get("/dev/mail").text
    ask_notice()
    Worker(app, ToFiles(settings)).work_off()
    page = developing.get("/dev/mail").text
    assert "Your account is deleted" in page
    assert "ann@example.org" in page
    [file] = (settings.instance_folder / "mail").glob("*.eml")
    shown = developing.get(f"/dev/mail/{file.stem}").text
    assert "as you had asked" in shown
    assert '<a href="http://127.0.0.1:8000/">' in shown


@pytest.mark.parametrize("name", ["none", "x" * 80, "..", "%2e%2e%2fsecret_key", "..%2Fsecret_key", "a-1-0.eml"])
def test_only_mails_are_shown(developing, settings, name):
    (settings.instance_folder / "mail").mkdir()
    (settings.instance_folder / "secret.eml").write_text("")
    assert developing.get(f"/dev/mail/{name}").status_code in (404, 308)


def test_there_is_no_such_page_otherwise(client):
    for path in ("/dev/mail", "/dev/mail/x", "/dev/mail/"):
        assert client.get(path).status_code == 404


def test_mail_that_goes_out_is_never_shown(settings, monkeypatch):
    shown = []
    monkeypatch.setattr(Flask, "run", lambda app, **_: shown.append("dev_mail" in app.blueprints))
    monkeypatch.setenv("FLASK_DEBUG", "")
    serving.serve_debugging(settings)
    mailing = {"mail_server": "smtp://a.org", "mail_from": "a@a.org", "site_url": "https://a.org"}
    serving.serve_debugging(replace(settings, **mailing))
    assert shown == [True, False]


def test_a_lease_is_longer_than_any_mail_may_take():
    assert services.LEASE.total_seconds() > 15 * TIMEOUT
