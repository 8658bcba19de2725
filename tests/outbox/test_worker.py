"""The worker: everything that waits is done once, or again later, or is given up where an operator sees it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, insert, text
from sqlalchemy.exc import OperationalError

from cpd.db import Base, db
from cpd.outbox import queries, services
from cpd.outbox.delivery import Refused, Unreachable
from cpd.outbox.services import LEASE, LONGEST_PAUSE, MOST_TRIES, pause_after
from cpd.outbox.showing import lines_of_outbox
from cpd.outbox.worker import LONGEST_PAUSE as LONGEST_WAIT
from cpd.outbox.worker import LOOK_EVERY, UPKEEP_EVERY, Worker
from cpd.web import clock
from tests.outbox.conftest import Collecting, one_mail

pytestmark = pytest.mark.usefixtures("handle")


@pytest.fixture
def worker(app, delivery):
    return Worker(app, delivery)


def after(**time):
    return time_machine.travel(clock.now() + timedelta(**time), tick=False)


def test_what_waits_is_done_in_the_order_in_which_it_is_due(worker, delivery, ask, waiting):
    ask("first")
    ask("second")
    ask("sooner", due_at=clock.now() - timedelta(minutes=1))
    worker.work_off()
    assert delivery.sent == ["sooner", "first", "second"]
    assert waiting() == []
    assert delivery.closed == 1


def test_nothing_is_done_before_it_is_due(worker, delivery, ask):
    ask("later", due_at=clock.now() + timedelta(minutes=5))
    worker.work_off()
    assert delivery.sent == []
    with after(minutes=6):
        worker.work_off()
    assert delivery.sent == ["later"]


def test_what_was_asked_for_in_a_transaction_that_failed_is_not_done(app, worker, delivery):
    with app.app_context():
        services.ask_for("note", {}, now=clock.now())
        db.session.rollback()
    worker.work_off()
    assert delivery.sent == []


def test_what_a_handler_changes_is_committed_before_its_mail_leaves(worker, delivery, handle, ask, monkeypatch):
    seen = []

    def handler(payload, *, now):
        row = {"kind": "signed_in", "at": now, "detail": {}, "number": 1, "hash": "x"}
        db.session.execute(insert(Base.metadata.tables["event"]).values(**row))
        return one_mail(payload, now=now)

    def deliver(*_, **__):
        with db.engine.connect() as connection:
            seen.append(connection.execute(text("SELECT count(*) FROM event")).scalar_one())
            connection.rollback()

    handle(note=handler)
    monkeypatch.setattr(delivery, "deliver", deliver)
    ask("a note")
    worker.work_off()
    assert seen == [1]


def test_a_handler_that_fails_leaves_nothing_behind_and_is_tried_again(app, worker, delivery, handle, ask, waiting):
    fails = [True]

    def handler(payload, *, now):
        if fails[0]:
            row = {"kind": "signed_in", "at": now, "detail": {}, "number": 1, "hash": "x"}
            db.session.execute(insert(Base.metadata.tables["event"]).values(**row))
            raise LookupError("no such thing as ann@example.org")
        return one_mail(payload, now=now)

    handle(note=handler, other=one_mail)
    ask("first")
    ask("second", kind="other")
    worker.work_off()

    assert delivery.sent == ["second"]
    [row] = waiting()
    assert (row["tries"], row["fault"], row["given_up_at"]) == (1, "LookupError", None)
    with app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM event")).scalar_one() == 0
    fails[0] = False
    worker.work_off()
    assert delivery.sent == ["second"]
    with after(minutes=1):
        worker.work_off()
    assert delivery.sent == ["second", "first"]
    assert waiting() == []


def test_a_kind_that_nobody_handles_does_not_stop_the_others(worker, delivery, ask, waiting):
    ask("first", kind="unknown")
    ask("second")
    worker.work_off()
    assert delivery.sent == ["second"]
    assert waiting()[0]["fault"] == "KeyError"


def test_a_mail_that_is_refused_is_tried_again_more_and_more_seldom(worker, delivery, ask, waiting):
    ask("a note")
    pauses = []
    with time_machine.travel(clock.now(), tick=False) as time:
        for _ in range(5):
            delivery.faults = [Refused("later")]
            worker.work_off()
            [row] = waiting()
            pauses.append((row["due_at"] - clock.now()).total_seconds())
            time.move_to(row["due_at"])
        worker.work_off()
    assert delivery.sent == ["a note"]
    for number, pause in enumerate(pauses):
        assert 0.75 * 15 * 2**number <= pause <= 15 * 2**number


def test_pauses_grow_to_four_hours_and_are_spread_by_chance():
    assert pause_after(1) <= timedelta(seconds=15)
    assert pause_after(MOST_TRIES) <= LONGEST_PAUSE
    assert pause_after(10_000) > LONGEST_PAUSE * 0.7
    assert len({pause_after(5) for _ in range(20)}) > 10
    whole = sum((pause_after(tries) for tries in range(1, MOST_TRIES)), timedelta())
    assert timedelta(days=1.5) < whole < timedelta(days=3)


def test_what_was_tried_too_often_is_given_up_and_stays_visible(app, worker, delivery, ask, waiting, caplog):
    ask("a note")
    with time_machine.travel(clock.now(), tick=False) as time:
        for _ in range(MOST_TRIES):
            delivery.faults = [Refused("the mail was refused with 554")]
            worker.work_off()
            time.shift(LONGEST_PAUSE)
        worker.work_off()
    assert delivery.sent == []
    [row] = waiting()
    assert row["tries"] == MOST_TRIES
    assert row["given_up_at"] is not None
    assert "given up after 24 tries: the mail was refused with 554" in caplog.text
    with app.app_context():
        lines = lines_of_outbox()
    assert lines[:2] == ["Waiting: 0.", "Given up: 1."]
    assert "24 tries: the mail was refused with 554" in lines[2]


def test_what_will_never_be_taken_is_given_up_at_once(worker, delivery, ask, waiting):
    ask("a note")
    delivery.faults = [Refused("the address was refused with 550", for_good=True)]
    worker.work_off()
    [row] = waiting()
    assert row["given_up_at"] is not None
    assert row["tries"] == 1


def test_what_was_given_up_can_be_tried_again(app, worker, delivery, ask, waiting):
    ask("a note")
    delivery.faults = [Refused("never", for_good=True)]
    worker.work_off()
    with app.app_context():
        assert services.try_all_again(now=clock.now()) == 1
        db.session.commit()
    worker.work_off()
    assert delivery.sent == ["a note"]
    assert waiting() == []


def test_what_was_given_up_is_forgotten_after_thirty_days(app, worker, delivery, ask, waiting):
    ask("a note")
    delivery.faults = [Refused("never", for_good=True)]
    worker.work_off()
    for days, left in ((29, 1), (31, 0)):
        with app.app_context():
            services.forget_given_up(now=clock.now() + timedelta(days=days))
            db.session.commit()
        assert len(waiting()) == left


def test_an_unreachable_server_costs_no_try_and_slows_the_worker_down(worker, delivery, ask, waiting, caplog):
    ask("first", "second")
    pauses = []
    for _ in range(9):
        delivery.faults = [Unreachable("Connection refused")]
        worker.work_off()
        pauses.append(worker.pause)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert max(pauses) == LONGEST_WAIT
    assert [row["tries"] for row in waiting()] == [0, 0]
    assert caplog.text.count("the mail server cannot be reached: Connection refused") == 1

    worker.work_off()
    assert sorted(delivery.sent) == ["first", "second"]
    assert worker.pause == LOOK_EVERY


@pytest.mark.parametrize("fault", [OperationalError("SELECT", None, Exception("away")), PermissionError(13, "no")])
def test_a_database_or_disk_that_is_away_is_waited_for(worker, delivery, ask, monkeypatch, caplog, fault):
    def away(**_):
        raise fault

    ask("a note")
    with monkeypatch.context() as patched:
        patched.setattr(queries, "is_anything_due", away)
        worker.work_off()
    assert worker.pause == 1
    assert f"nothing can be done at the moment: {type(fault).__name__}" in caplog.text
    worker.work_off()
    assert delivery.sent == ["a note"]


def test_a_row_of_a_worker_that_died_is_left_alone_for_a_while_and_then_done(app, worker, delivery, ask):
    ask("a note")
    with app.app_context():
        services.take_next(now=clock.now())
        db.session.commit()
    worker.work_off()
    assert delivery.sent == []
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1), tick=False):
        worker.work_off()
    assert delivery.sent == ["a note"]


def test_a_row_that_another_worker_took_up_meanwhile_is_left_to_it(app, ask, waiting):
    """The first was so slow that its lease was over."""
    ask("a note")
    with app.app_context():
        slow = services.take_next(now=clock.now())
        db.session.commit()
        quick = services.take_next(now=clock.now() + LEASE * 2)
        db.session.commit()
        services.finish(slow)
        services.put_off(slow, "late", now=clock.now())
        db.session.commit()
        [row] = waiting()
        assert (row["tries"], row["fault"]) == (2, "")
        services.finish(quick)
        db.session.commit()
    assert waiting() == []


def test_many_workers_do_everything_once(app, ask, waiting):
    subjects = [f"note {number}" for number in range(60)]
    ask(*subjects)
    deliveries = [Collecting() for _ in range(4)]
    start = threading.Barrier(4)

    def work(delivery):
        start.wait()
        Worker(app, delivery).work_off()

    threads = [threading.Thread(target=work, args=(each,)) for each in deliveries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(subject for each in deliveries for subject in each.sent) == sorted(subjects)
    assert waiting() == []


def test_what_another_worker_took_in_the_meantime_is_no_fault(worker, delivery, monkeypatch, waiting):
    looked = [True]
    monkeypatch.setattr(queries, "is_anything_due", lambda **_: bool(looked) and looked.pop())
    worker.work_off()
    assert delivery.sent == []
    assert worker.pause == LOOK_EVERY
    assert waiting() == []


def test_a_worker_that_is_stopped_finishes_what_it_has_in_hand_and_takes_up_nothing_more(app, ask, waiting):
    ask("first", "second", "third")
    delivery = Collecting()
    worker = Worker(app, delivery)
    deliver = delivery.deliver

    def stopping(mail, **keywords):
        worker.stop()
        deliver(mail, **keywords)

    delivery.deliver = stopping
    worker.run()
    assert delivery.sent == ["first"]
    assert len(waiting()) == 2


def test_a_process_that_is_about_to_end_takes_up_nothing_more(app, ask, delivery):
    ask("a note")
    Worker(app, delivery, is_ending=lambda: True).work_off()
    assert delivery.sent == []


def test_looking_whether_there_is_something_to_do_is_one_statement(app, worker):
    worker.work_off()  # which also does the upkeep
    statements = []
    with app.app_context():
        engine = db.engine
    listen = lambda *given: statements.append(given[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    worker.work_off()
    event.remove(engine, "before_cursor_execute", listen)
    assert len(statements) == 1


def test_upkeep_is_done_at_the_start_and_once_an_hour(worker, handle):
    done = []
    handle(lambda *, now: done.append(now))
    with time_machine.travel(clock.now(), tick=False) as time:
        for _ in range(7):
            worker.work_off()
            time.shift(UPKEEP_EVERY / 3)
    assert len(done) == 3


def test_upkeep_that_fails_does_not_stop_the_rest(app, worker, delivery, handle, ask, caplog):
    done = []

    def fails(*, now):
        row = {"kind": "signed_in", "at": now, "detail": {}, "number": 1, "hash": "x"}
        db.session.execute(insert(Base.metadata.tables["event"]).values(**row))
        raise LookupError

    handle(fails, lambda *, now: done.append(now), note=one_mail)
    ask("a note")
    worker.work_off()
    assert len(done) == 1
    assert delivery.sent == ["a note"]
    assert "upkeep failed" in caplog.text
    with app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM event")).scalar_one() == 0


def test_everything_that_is_asked_for_has_a_handler():
    from cpd.application import HANDLERS
    from cpd.auth import notices
    from cpd.auth.by_mail import services as by_mail

    kinds = {notices.KIND, by_mail.ASKED_TO_REGISTER, by_mail.ASKED_TO_RESET, by_mail.ASKED_TO_RESEND}
    assert kinds | {by_mail.ASKED_FOR_ADDRESS} <= set(HANDLERS)
