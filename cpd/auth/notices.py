"""What an account's owner is told by mail, whoever did it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from cpd.outbox.services import ask_for

KIND = "notice"


class Notice(StrEnum):
    """What happened. The name is that of the mail's template."""

    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a mail
    ADDRESS_CHANGED = "address_changed"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    SIGN_ON_LINKED = "sign_on_linked"
    ROLE_CHANGED = "role_changed"
    FACTORS_RESET = "factors_reset"
    DISABLED = "disabled"
    DOWNLOAD_READY = "download_ready"
    DELETION_ASKED = "deletion_asked"
    DELETION_WITHDRAWN = "deletion_withdrawn"
    DELETED = "deleted"


def tell(account_id: int, notice: Notice, *, now: datetime, to: str | None = None, **values: Any) -> None:
    """Mail it to the owner of an account, at the address of the account unless `to` names another.

    values: what its templates print, as JSON and without secrets. The caller commits.
    """
    payload = {"account_id": account_id, "notice": notice.value, "to": to, "values": values}
    ask_for(KIND, payload, now=now)
