"""What an account's owner is told by mail, whoever did it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from cpd.auth import queries
from cpd.auth.devices.naming import device_of
from cpd.outbox.mail import Mail, letter
from cpd.outbox.services import ask_for

KIND = "notice"


class Notice(StrEnum):
    """What happened. The name is that of the mail's template."""

    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a mail
    ADDRESS_CHANGE_ASKED = "address_change_asked"
    ADDRESS_CHANGED = "address_changed"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    FACTORS_RESET = "factors_reset"
    SIGN_ON_LINKED = "sign_on_linked"
    SIGN_ON_UNLINKED = "sign_on_unlinked"
    ROLE_CHANGED = "role_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    DOWNLOAD_READY = "download_ready"
    DELETION_ASKED = "deletion_asked"
    DELETION_WITHDRAWN = "deletion_withdrawn"
    DELETED = "deleted"


def tell(account_id: int, notice: Notice, *, now: datetime, to: str | None = None, **values: Any) -> None:
    """Mail it to the owner of an account, at the address of the account unless `to` names another.

    values: what its template prints, as JSON and without secrets; names ending in `_at` are moments in ISO form. The
    caller commits.
    """
    payload = {"account_id": account_id, "notice": notice.value, "at": now.isoformat(), "to": to, "values": values}
    ask_for(KIND, payload, now=now)


def write(payload: dict[str, Any], *, now: datetime) -> list[Mail]:  # noqa: ARG001  # it says when it was asked for
    """The mail of a notice; none if there is nobody left to tell."""
    owner = queries.owner_of(payload["account_id"])
    to = payload["to"] or (owner.email if owner else "")
    if not to:
        return []
    zone = ZoneInfo(owner.zone if owner else "UTC")
    values = {"at": payload["at"], **payload["values"]}
    moments = {name: value for name, value in values.items() if name == "at" or name.endswith("_at")}
    if "user_agent" in values:
        values["device"] = device_of(values["user_agent"])
    local = {name: datetime.fromisoformat(value).astimezone(zone) for name, value in moments.items()}
    return [letter(payload["notice"], to=to, **(values | local))]
