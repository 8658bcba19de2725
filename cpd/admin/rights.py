"""Who may do what: the table of rights, kept in rights.csv, one line for each method of each address.

The tests hold the site to it: every address has a line, every line an address, and each line is tried by everybody.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from cpd.auth.models import Role

FILE = Path(__file__).with_name("rights.csv")


class Least(StrEnum):
    """Who may at least: each may do what those before may, but what belongs to a step of signing in."""

    SIGNING_IN = "signing in"  # who has shown the password, say, and is not signed in yet
    EVERYONE = "everyone"
    PROFESSIONAL = "professional"  # who has confirmed to be a healthcare professional, or is signed in
    LEARNER = Role.LEARNER.value
    AUTHOR = Role.AUTHOR.value
    EDITOR = Role.EDITOR.value
    ADMINISTRATOR = Role.ADMINISTRATOR.value

    @property
    def role(self) -> Role | None:
        """The role that an account needs, if it needs one."""
        return Role(self.value) if self.value in list(Role)[1:] else None


@dataclass(frozen=True)
class Right:
    """A line of the table.

    proof: only for those who proved just now who they are. own: what of the asker's own the address is about: nothing,
    "own" if the request names no object, else the kind of object that it names, of which nobody gets another's.
    """

    method: str
    address: str
    least: Least
    proof: bool
    own: str
    what: str

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.address


@cache
def rights() -> tuple[Right, ...]:
    """All lines, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Right(
                line["method"],
                line["address"],
                Least(line["least"]),
                {"": False, "proof": True}[line["proof"]],
                line["own"],
                line["what"],
            )
            for line in csv.DictReader(file)
        )
