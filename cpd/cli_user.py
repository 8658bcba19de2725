"""`cpd user`: accounts and their roles, for those who run the site."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cpd import create_app
from cpd.terminal import faults_in_words, read_settings

if TYPE_CHECKING:
    from cpd.auth.services import Person
    from cpd.db import AnyRow

ROLES = ("learner", "author", "editor", "administrator")
MOST = 100
COLUMNS = ("E-mail address", "Name", "Role", "Second factor", "Last sign-in", "State")


@click.group()
def user() -> None:
    """Accounts and their roles."""


@user.command()
@click.argument("email", required=False)
@click.option("--name", help="As it should stand in the record.")
@click.option("--profession", help="As in the list of the page for registering.")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True)
def create(email: str | None, name: str | None, profession: str | None, role: str) -> None:
    """Add an account for somebody, who chooses a password by a link. Asks for what is not given."""
    from cpd.auth.managing import services
    from cpd.auth.models import Role
    from cpd.auth.services import AddressTaken
    from cpd.web import clock

    person = _person(
        email or click.prompt("E-mail address"),
        name or click.prompt("Name"),
        profession or click.prompt("Profession", default="Doctor"),
    )
    with _database():
        try:
            link = services.add_account(person, role=Role(role), by=services.COMMAND_LINE, now=clock.now())
        except AddressTaken:
            raise click.ClickException(f"there is an account with the e-mail address {person.email.typed}") from None
        click.echo(f"{person.email.typed} has an account, and is {_with_article(role)}.")
        if link is None:
            click.echo("A mail goes there with a link by which a password is chosen.")
        else:
            click.echo(f"Give them this link. It leads once, within a day, to where a password is chosen:\n{link}")


@user.command()
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES[1:]))
def grant(email: str, role: str) -> None:
    """Give an account a role in place of the one it has. It counts in sessions with a second factor."""
    from cpd.auth.models import Role

    with _account(email) as account:
        if not _change_role(account, Role(role)):
            click.echo(f"{account.email} is {_with_article(role)} already.")
            return
        click.echo(f"{account.email} is now {_with_article(role)}.")
        if not _factors(account):
            click.echo("The role counts once they have set up a second factor and signed in with it.")


@user.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Even if no administrator is left.")
def revoke(email: str, yes: bool) -> None:
    """Take the role of an account away: it is a learner's from now on, in open sessions too."""
    from cpd.auth.models import Role

    with _account(email) as account:
        if _change_role(account, Role.LEARNER, may_be_last=yes):
            click.echo(f"{account.email} was {_with_article(account.role)} and is now a learner.")
        else:
            click.echo(f"{account.email} has no role to take away.")


@user.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Even if no administrator is left.")
def disable(email: str, yes: bool) -> None:
    """Let nobody sign in to an account, and end its sessions. Nothing of its record is lost."""
    from cpd.auth.managing import services
    from cpd.web import clock

    with _account(email) as account:
        _refusing(services.disable, account, now=clock.now(), may_be_last=yes)
        click.echo(f"{account.email} is disabled.")


@user.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled account be signed in to again."""
    from cpd.auth.managing import services
    from cpd.web import clock

    with _account(email) as account:
        services.enable(account.id, by=services.COMMAND_LINE, now=clock.now())
        click.echo(f"{account.email} can be signed in to.")


@user.command("reset-factors")
@click.argument("email")
@click.option(
    "--identified",
    prompt="How was the person identified",
    help="How you made sure who asks; it is kept with the event.",
)
def reset(email: str, identified: str) -> None:
    """Take authenticator app, passkeys and recovery codes from an account, and end its sessions."""
    from cpd.auth.factors.services import reset_factors
    from cpd.auth.managing.services import COMMAND_LINE
    from cpd.forms import text_of
    from cpd.web import clock

    if not text_of(identified):
        raise click.ClickException("say how the person was identified, such as: in person, by their badge")
    with _account(email) as account:
        reset_factors(account.id, by=COMMAND_LINE, identified=text_of(identified), now=clock.now())
        click.echo(f"{account.email} signs in with the password alone and can set up a new second factor.")


@user.command("list")
@click.argument("wanted", required=False, default="", metavar="[NAME OR ADDRESS]")
@click.option("--role", type=click.Choice(ROLES), help="Only accounts with this role.")
@click.option("--most", default=MOST, show_default=True, type=click.IntRange(1), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def list_accounts(wanted: str, role: str | None, most: int, as_json: bool) -> None:
    """List accounts: the newest, or those whose name or e-mail address begins so."""
    from cpd.auth.managing import queries
    from cpd.auth.models import Role

    with _database():
        found = queries.accounts(wanted, role=Role(role) if role else None, limit=most + 1)
    if as_json:
        click.echo(json.dumps([_as_json(account) for account in found[:most]], indent=1, ensure_ascii=False))
    elif found:
        _print_table([_cells(account) for account in found[:most]])
    if not found:
        click.echo("There is no such account." if wanted or role else "There is no account.", err=True)
    if len(found) > most:
        click.echo(f"There are more than these {most}. Narrow the search, or ask for more with --most.", err=True)


@contextmanager
def _database() -> Iterator[None]:
    """The application's database, migrated; what is changed is committed at the end, unless something went wrong."""
    from cpd.db import db
    from cpd.migrating import migrate

    app = create_app(read_settings())
    try:
        with app.app_context(), faults_in_words():
            migrate()
            yield
            db.session.commit()
    finally:
        with app.app_context():
            db.engine.dispose()


@contextmanager
def _account(email: str) -> Iterator[AnyRow]:
    """The account of a typed address, as the columns of SHOWN."""
    from cpd.auth.emails import WrongEmail, read_email
    from cpd.auth.managing import queries

    try:
        canon = read_email(email).canon
    except WrongEmail as fault:
        raise click.ClickException(str(fault)) from None
    with _database():
        account = queries.find_by_email(canon)
        if account is None:
            raise click.ClickException(f"there is no account with the e-mail address {email}")
        yield account


def _person(email: str, name: str, profession: str) -> Person:
    """Who the account is for, by the rules of registering."""
    from cpd.auth.emails import WrongEmail, read_email
    from cpd.auth.forms import LONGEST_NAME
    from cpd.auth.professions import PROFESSIONS
    from cpd.auth.services import Person
    from cpd.forms import text_of

    known = {each.casefold(): each for each in PROFESSIONS}
    if profession.casefold() not in known:
        raise click.ClickException(f"choose one of these professions: {', '.join(PROFESSIONS)}")
    if not 0 < len(text_of(name)) <= LONGEST_NAME:
        raise click.ClickException(f"give a name of at most {LONGEST_NAME} characters")
    try:
        return Person(name=text_of(name), email=read_email(email), profession=known[profession.casefold()])
    except WrongEmail as fault:
        raise click.ClickException(str(fault)) from None


def _change_role(account: AnyRow, role: Any, *, may_be_last: bool = False) -> bool:
    from cpd.auth.managing import services
    from cpd.web import clock

    return bool(_refusing(services.change_role, account, role, now=clock.now(), may_be_last=may_be_last))


def _refusing(act: Any, account: AnyRow, *arguments: Any, **keywords: Any) -> Any:
    """Do it, or say that the site would have no administrator."""
    from cpd.auth.administrators import LastAdministrator
    from cpd.auth.managing import services

    try:
        return act(account.id, *arguments, by=services.COMMAND_LINE, **keywords)
    except LastAdministrator:
        raise click.ClickException(
            f"{account.email} is the last administrator. Make another one first, or say --yes"
        ) from None


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'ae' else 'a'} {role}"


def _factors(account: AnyRow) -> str:
    """What the second factors of an account are, or nothing."""
    passkeys = {0: "", 1: "passkey"}.get(account.passkeys, f"{account.passkeys} passkeys")
    return ", ".join(filter(None, ("app" if account.has_app else "", passkeys)))


def _cells(account: AnyRow) -> tuple[str, ...]:
    state = "disabled" if account.disabled_at else "to be deleted" if account.deletion_due_at else ""
    signed_in = f"{account.signed_in_at:%Y-%m-%d %H:%M}" if account.signed_in_at else "never"
    return account.email, account.name, account.role, _factors(account) or "none", signed_in, state


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Columns, each as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    for row in (COLUMNS, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _as_json(account: AnyRow) -> dict[str, Any]:
    shown = {name: _text(value) for name, value in account._mapping.items()}
    factors = {name: shown.pop(name) for name in ("has_app", "passkeys", "recovery_codes")}
    return shown | {"second_factors": factors}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
