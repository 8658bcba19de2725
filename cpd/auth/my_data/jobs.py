"""What the worker does for learners' data: makes downloads, and deletes what has had its time."""

from __future__ import annotations

import tempfile
from datetime import datetime
from typing import Any

from flask import current_app

from cpd.auth.my_data import queries, services
from cpd.auth.my_data.archive import Heading, write_archive
from cpd.auth.my_data.owned import all_owned
from cpd.db import db
from cpd.outbox.mail import Mail

IN_MEMORY = 8 * 1024 * 1024  # bytes of a download before it is put on the disk while it is made


def make_download(payload: dict[str, Any], *, now: datetime) -> list[Mail]:
    """Put together all that is kept of a learner, if somebody still waits for it. The caller commits."""
    account_id, download_id = payload["account_id"], payload["download_id"]
    if queries.is_waited_for(download_id):
        zone = queries.details_of(account_id).time_zone
        heading = Heading(current_app.config["SETTINGS"].site_name, account_id, now, zone)
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            write_archive(file, all_owned(), heading)
            file.seek(0)
            services.keep_download(download_id, account_id, file.read(), now=now)
    return []  # the notice that it is ready is a row of its own in the outbox


def delete_due_accounts(*, now: datetime) -> None:
    """Delete the accounts whose pause is over, each in a transaction of its own.

    Then what a request may have written that was under way when an account was deleted.
    """
    for account_id in queries.due_accounts(now=now):
        services.delete_account(account_id, now=now)
        db.session.commit()
    for account_id in queries.lately_deleted(now=now):
        services.forget_all(account_id)
        db.session.commit()
