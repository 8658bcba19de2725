"""The worker: does what waits in the outbox, one thing after the other, and some upkeep about once an hour.

Several workers harm nobody: each row is taken up by one of them. A row that was taken up by a worker that died is left
alone until its lease is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Row

from cpd.db import db, give_up
from cpd.outbox import queries, services
from cpd.outbox.delivery import Delivery, Refused, Unreachable
from cpd.outbox.work import of_this_app
from cpd.web import clock

LOOK_EVERY = 1.0  # seconds
UPKEEP_EVERY = timedelta(hours=1)
LONGEST_PAUSE = 60.0  # seconds, while the mail server or the database is away

log = logging.getLogger("cpd.worker")


class Worker:
    """Works for one application until it is stopped."""

    def __init__(self, app: Flask, delivery: Delivery, *, is_ending: Callable[[], bool] = lambda: False) -> None:
        """is_ending: whether no further row is to be taken up, as after `stop`."""
        self._app = app
        self._delivery = delivery
        self._is_ending = is_ending
        self._stopped = threading.Event()
        self._upkeep_at: datetime | None = None
        self._delay = 0.0  # seconds; 0 while all goes well

    @property
    def pause(self) -> float:
        """Seconds until there is reason to look again."""
        return self._delay or LOOK_EVERY

    def stop(self, *_: object) -> None:
        """Let it end once what it has in hand is done."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopped.wait(self.pause):
            self.work_off()

    def work_off(self) -> None:
        """Do all that is due. What cannot be done now is left for later; nothing is raised."""
        with self._app.app_context():
            try:
                while self._goes_on() and queries.is_anything_due(now=clock.now()):
                    self._do_next()
                self._keep_up()
                self._delay = 0.0
            except Unreachable as fault:
                self._wait("the mail server cannot be reached: %s", fault)
            except Exception as fault:  # noqa: BLE001  # mostly the database or the disk, and both come back
                give_up()
                self._wait("nothing can be done at the moment: %s", type(fault).__name__)
            finally:
                self._delivery.close()

    def _goes_on(self) -> bool:
        return not self._stopped.is_set() and not self._is_ending()

    def _do_next(self) -> None:
        """Do one thing, unless another worker has taken it. Raises Unreachable, with the row put back."""
        row = services.take_next(now=clock.now())
        db.session.commit()
        if row is None:
            return
        try:
            self._do(row)
        except Unreachable:
            give_up()
            services.put_back(row, now=clock.now())
            db.session.commit()
            raise
        except Exception as fault:  # noqa: BLE001  # whatever it is, others go on and this one is tried again
            give_up()
            self._put_off(row, fault)
        else:
            services.finish(row)
            db.session.commit()

    def _do(self, row: Row[Any]) -> None:
        mails = of_this_app().handlers[row.kind](row.payload, now=clock.now())
        db.session.commit()
        for number, mail in enumerate(mails):
            self._delivery.deliver(mail, name=f"{row.created_at:%Y%m%d-%H%M%S}-{row.id}-{number}", now=clock.now())

    def _put_off(self, row: Row[Any], fault: Exception) -> None:
        said = str(fault) if isinstance(fault, Refused) else type(fault).__name__
        for_good = isinstance(fault, Refused) and fault.for_good
        given_up = services.put_off(row, said, now=clock.now(), for_good=for_good)
        db.session.commit()
        if not isinstance(fault, Refused):
            log.error("outbox %s, %s: try %s failed", row.id, row.kind, row.tries, exc_info=fault)
        if given_up:
            log.error("outbox %s, %s: given up after %s tries: %s", row.id, row.kind, row.tries, said)

    def _wait(self, words: str, *values: object) -> None:
        if not self._delay:
            log.error(words, *values)
        self._delay = min(LONGEST_PAUSE, self._delay * 2 or LOOK_EVERY)

    def _keep_up(self) -> None:
        now = clock.now()
        if self._upkeep_at is not None and now < self._upkeep_at:
            return
        self._upkeep_at = now + UPKEEP_EVERY
        for each in of_this_app().upkeep:
            try:
                each(now=now)
                db.session.commit()
            except Exception as fault:  # the others are done all the same, and this one in an hour
                give_up()
                log.error("upkeep failed", exc_info=fault)
