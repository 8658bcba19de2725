"""Authenticator apps: their secrets, the codes they show, and the QR code that brings one to an app."""

from __future__ import annotations

import hmac
import unicodedata
from datetime import datetime

import pyotp
from markupsafe import Markup

SECRET_LETTERS = 32  # of base32: 160 bits, as long as the hash it goes into
STEP = 30  # seconds for which an app shows a code
DRIFT = 1  # steps that its clock may be wrong, either way
DIGITS = 6
NEVER = -1  # the last step of an app whose codes have not been used
QUIET_ZONE = 4  # modules around a QR code that stay light


class WrongCode(ValueError):
    """What was typed is no code; the text says what one looks like."""


def new_secret() -> str:
    """A secret of 160 random bits, as base32."""
    return pyotp.random_base32(SECRET_LETTERS)


def in_groups(secret: str) -> str:
    """A secret as people type it: in groups of four letters."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def step_at(now: datetime) -> int:
    """Steps since 1970."""
    return int(now.timestamp()) // STEP


def read_code(typed: str) -> str:
    """The six digits in what was typed, blanks left out. Raises WrongCode."""
    code = "".join(unicodedata.normalize("NFKC", typed).split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        raise WrongCode("Enter the six digits that the app shows")
    return code


def fitting_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The step whose code this is, of now and its two neighbours, if it is newer than the step `after`."""
    app, found = pyotp.TOTP(secret, digits=DIGITS, interval=STEP), None
    for step in range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1):  # all of them, in the same time for every code
        fits = hmac.compare_digest(app.generate_otp(max(step, 0)), code)
        if fits and step > after:
            found = step
    return found


def address_of(secret: str, *, email: str, site_name: str) -> str:
    """The otpauth address that brings a secret to an app."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP).provisioning_uri(name=email, issuer_name=site_name)


def qr_code(address: str) -> Markup:
    """An address as a QR code: an SVG without styles, dark on light in every theme."""
    import segno  # 1 MB that few workers need

    code = segno.make(address, error="m", micro=False)
    svg = code.svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", svgclass="qr__code", lineclass=None, omitsize=True
    )
    return Markup(svg)  # noqa: S704  # paths and numbers
