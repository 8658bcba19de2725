"""Every setting, typed, from CPD_… environment variables; a wrong one stops the start with a sentence."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cpd import paths

# Read by the tests and their tools, not by the application.
OUTSIDE_NAMES = {"CPD_CHROMIUM", "CPD_LABELS", "CPD_REQUIRE_ALL", "CPD_MAKE", "CPD_PYTHON"}

SIGN_ON = ("sign_on_issuer", "sign_on_client_id", "sign_on_client_secret", "sign_on_name")  # all or none of them
LONGEST_ISSUER = 300  # characters
MOST_WORKERS = 8  # unless the operator sets more: each takes about 100 MB of memory


class WrongSetting(Exception):
    """A setting that cannot be used; its text is a sentence for the operator."""


@dataclass(frozen=True)
class Settings:
    """What an operator may set. `from_environment` reads CPD_<NAME> for each field."""

    instance_folder: Path
    content_folder: Path
    database_url: str
    secret_key: str
    site_name: str = "Daybook"
    timezone: str = "Europe/London"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = field(default_factory=lambda: min(usable_cores(), MOST_WORKERS))
    threads: int = 2
    https: bool = False
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0  # that stand in front and pass on who asked
    probe_token: str = ""
    access_log: bool = True  # a line for each request on standard output
    site_url: str = ""  # how people reach the site, for links in mail; without it as `cpd serve` says
    mail_server: str = ""  # smtp:// or smtps://; without one mail becomes files in the instance folder
    mail_from: str = ""
    worker: bool = True  # `cpd serve` also does what waits in the outbox
    sign_on_issuer: str = ""  # the address of a provider of OpenID Connect; without one nobody signs in that way
    sign_on_client_id: str = ""
    sign_on_client_secret: str = ""
    sign_on_name: str = ""  # what the button says
    notice: str = "Sample content – not for patient care"  # on every page; nothing for content of one's own
    hash_memory: int = 19_456  # KiB for one Argon2id hash
    hash_time: int = 2  # Argon2id passes

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def confirms_addresses(self) -> bool:
        """Whether mail reaches people, so that an account needs an address that was confirmed."""
        return bool(self.mail_server)

    @property
    def single_sign_on(self) -> bool:
        """Whether a provider of OpenID Connect is named, with which people may sign in."""
        return bool(self.sign_on_issuer)

    @property
    def address(self) -> str:
        """How people reach the site, without a slash at its end."""
        return self.site_url or f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from CPD_… variables. Raises WrongSetting with a sentence for the first that is wrong."""
        given = _given(os.environ if environment is None else environment)
        values: dict[str, Any] = {name: READERS.get(name, str)(text) for name, text in given.items()}
        instance = values.setdefault("instance_folder", paths.default_instance_folder())
        values.setdefault("content_folder", paths.default_content_folder())
        values.setdefault("database_url", f"sqlite:///{instance / 'cpd.sqlite'}")
        _complete(values)
        if "secret_key" not in values:
            values["secret_key"] = kept_secret(instance)
        return cls(**values)


def usable_cores() -> int:
    """The processor's cores that this process may use, where the system tells; else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    known = {field.name for field in fields(Settings)}
    given = {}
    for variable, text in environment.items():
        if not variable.startswith("CPD_") or variable in OUTSIDE_NAMES:
            continue
        name = variable.removeprefix("CPD_").lower()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean CPD_{near[0].upper()}?" if near else ""
            raise WrongSetting(f"{variable} is not a setting.{hint}")
        try:
            READERS.get(name, str)(text)
        except ValueError as fault:
            raise WrongSetting(f"{variable}: {fault}.") from None
        given[name] = text
    return given


def _complete(values: Mapping[str, Any]) -> None:
    """Refuse a setting that means nothing without another one."""
    needed = {"mail_server": ("mail_from", "site_url"), **dict.fromkeys(SIGN_ON, (*SIGN_ON, "site_url"))}
    for setting, others in needed.items():
        for other in others:
            if values.get(setting) and not values.get(other):
                raise WrongSetting(f"CPD_{setting.upper()} is set, so CPD_{other.upper()} is needed too.")


def kept_secret(instance: Path) -> str:
    """The secret key of this installation: made once, kept in the instance folder with mode 600."""
    file = instance / "secret_key"
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _make_secret(file)
    except OSError as fault:
        raise WrongSetting(f"CPD_SECRET_KEY is not set and none can be kept in {instance}: {fault.strerror}.") from None
    return _read_secret(file)


def _make_secret(file: Path) -> None:
    """Make the file, whole from its first moment, unless another process has done so meanwhile."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(48))
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        Path(draft).unlink()


def _read_secret(file: Path) -> str:
    try:
        return _secret(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as fault:
        raise WrongSetting(f"{file} does not hold a usable secret key: {fault}.") from None


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("use at least 32 characters, made by a random generator")
    return text


def _folder(text: str) -> Path:
    if not text.strip():
        raise ValueError("name a folder")
    return Path(text).expanduser().resolve()


def _database(text: str) -> str:
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return f"sqlite:///{Path(text.removeprefix('sqlite:///')).resolve()}"
    if text.startswith("postgresql+psycopg://"):
        return text
    raise ValueError("use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")


def _site_name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise ValueError("use 1 to 60 printable characters")
    return name


def _notice(text: str) -> str:
    if len(text) > 120 or not (text.isprintable() or not text):
        raise ValueError("use at most 120 printable characters, or nothing")
    return text.strip()


def _site_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("use an address without a path, such as https://learn.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _mail_server(text: str) -> str:
    words = "use smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465"
    parts = urlsplit(text)
    try:
        parts.port  # noqa: B018  # raises if it is no number of a port
    except ValueError:
        raise ValueError(words) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(words)
    return text


def _mail_from(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>\",;]+@[^@\s<>\",;]+", text):
        raise ValueError("use one e-mail address, such as cpd@example.org")
    return text


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError("use the https:// address of a provider of OpenID Connect")
    if parts.query or parts.fragment or parts.username or len(text) > LONGEST_ISSUER or not _is_one_word(text):
        raise ValueError("use the address that the provider states as its issuer, without a query")
    return text


def _credential(text: str) -> str:
    if not 1 <= len(text) <= 500 or not _is_one_word(text):
        raise ValueError("use 1 to 500 letters, digits and signs, as the provider gave them")
    return text


def _is_one_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _timezone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"{text!r} is not a time zone; use a name such as Europe/London")
    return text


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"use a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return read


def _yes_or_no(text: str) -> bool:
    words = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}
    if text.lower() not in words:
        raise ValueError(f"use yes or no, not {text!r}")
    return words[text.lower()]


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in text.split(",") if host.strip())


READERS: dict[str, Callable[[str], object]] = {
    "instance_folder": _folder,
    "content_folder": _folder,
    "database_url": _database,
    "secret_key": _secret,
    "site_name": _site_name,
    "timezone": _timezone,
    "port": _whole(1, 65_535),
    "proxies": _whole(0, 9),
    "notice": _notice,
    "workers": _whole(1, 64),
    "threads": _whole(1, 64),
    "https": _yes_or_no,
    "trusted_hosts": _hosts,
    "access_log": _yes_or_no,
    "site_url": _site_url,
    "mail_server": _mail_server,
    "mail_from": _mail_from,
    "worker": _yes_or_no,
    "sign_on_issuer": _issuer,
    "sign_on_client_id": _credential,
    "sign_on_client_secret": _credential,
    "sign_on_name": _site_name,
    "hash_memory": _whole(8, 1_048_576),
    "hash_time": _whole(1, 20),
}
