"""Codes of authenticator apps: which count, when, and how they reach the app."""

from __future__ import annotations

import base64
import random
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from cpd.auth.factors import apps

# RFC 6238, appendix B: the last six of its eight digits.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
NOON = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def code_of(secret: str, step: int) -> str:
    return pyotp.HOTP(secret).at(step)


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(seconds, code):
    assert apps.fitting_step(RFC_SECRET, code, now=at(seconds), after=apps.NEVER) == seconds // 30


def test_a_code_counts_from_a_step_before_to_a_step_after_its_own_and_no_longer():
    secret, step = apps.new_secret(), apps.step_at(NOON)
    code = code_of(secret, step)
    for second in range(-120, 150):
        now = NOON + timedelta(seconds=second)
        fits = apps.fitting_step(secret, code, now=now, after=apps.NEVER) == step
        assert fits == (-30 <= second < 60), second


def test_no_code_counts_again_nor_one_before_it():
    drawn = random.Random(6238)  # noqa: S311  # the same every time
    for _ in range(300):
        secret = apps.new_secret()
        now = NOON + timedelta(seconds=drawn.randrange(10**8))
        step, last = apps.step_at(now), apps.step_at(now) + drawn.randrange(-4, 3)
        for offset in range(-4, 5):
            found = apps.fitting_step(secret, code_of(secret, step + offset), now=now, after=last)
            # Two codes of one secret may be alike by chance, and then either step is right.
            alike = {
                each for each in range(step - 1, step + 2) if code_of(secret, each) == code_of(secret, step + offset)
            }
            newer = {each for each in alike if each > last}
            assert (found in newer) if newer else found is None


def test_a_code_of_another_secret_does_not_count():
    fitting = sum(
        apps.fitting_step(apps.new_secret(), "123456", now=NOON, after=apps.NEVER) is not None for _ in range(2_000)
    )
    assert fitting <= 2  # by chance 0.006


def test_at_the_beginning_of_time_a_code_counts_too():
    secret = apps.new_secret()
    assert apps.fitting_step(secret, code_of(secret, 0), now=at(3), after=apps.NEVER) in (0, 1, -1)


@pytest.mark.parametrize(
    "typed", ["123456", " 123456 ", "123 456", "12 34 56", "\uff11\uff12\uff13\uff14\uff15\uff16", "123\u00a0456"]
)
def test_a_code_is_read_however_it_is_grouped(typed):
    assert apps.read_code(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "12345", "1234567", "12345a", "-12345", "1234.5", "+12345", "१२३४५६", "٣٤٥٦٧٨", "0x1234", "\x00" * 6],
)
def test_what_is_no_code_is_refused_with_words(typed):
    with pytest.raises(apps.WrongCode, match=r"^Enter the six digits that the app shows$"):
        apps.read_code(typed)


def test_a_secret_has_160_bits_and_is_never_the_same():
    secrets = {apps.new_secret() for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert {len(base64.b32decode(secret)) * 8 for secret in secrets} == {160}


def test_a_code_has_twenty_bits_and_so_many_tries_that_guessing_is_hopeless():
    codes = 10**apps.DIGITS
    assert codes >= 1_000_000
    tries_a_day, steps_at_once = 50, 2 * apps.DRIFT + 1
    assert tries_a_day * steps_at_once * 365 / codes < 0.06  # a year of it, by somebody who knows the password


def test_a_secret_is_shown_in_groups_of_four():
    assert apps.in_groups("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567"


@pytest.mark.parametrize("email", ["ann@example.org", "o'brien@example.org", "ann+cpd@example.org", "a&b@example.org"])
@pytest.mark.parametrize("site_name", ["Daybook", "St Mary's: CPD & more", "Åsgård 100 %"])
def test_the_address_for_the_app_names_site_and_account_and_holds_the_secret(email, site_name):
    secret = apps.new_secret()
    parts = urlsplit(apps.address_of(secret, email=email, site_name=site_name))
    query = parse_qs(parts.query)

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == f"/{site_name}:{email}"
    assert query["secret"] == [secret]
    assert query["issuer"] == [site_name]
    assert pyotp.parse_uri(parts.geturl()).at(59) == pyotp.TOTP(secret).at(59)


def test_the_qr_code_is_plain_svg_without_styles_or_addresses():
    svg = str(apps.qr_code(apps.address_of(apps.new_secret(), email="ann@example.org", site_name="Daybook")))
    assert re.fullmatch(
        r'<svg viewBox="0 0 49 49" class="qr__code"><path fill="#fff" d="M0 0h49v49h-49z"/>'
        r'<path stroke="#000" d="M4 4[^"]*"/></svg>',
        svg,
    )
    assert not re.search(r"style|href|script|on\w+=|xmlns", svg)
    assert re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', svg) == ["#fff", "#000"]
    assert len(svg) < 8_000


@pytest.mark.parametrize(("length", "side"), [(1, 21), (14, 21), (15, 25), (84, 37), (85, 41)])
def test_a_qr_code_is_none_of_the_micro_ones_and_can_be_read_when_a_seventh_of_it_cannot_be_seen(length, side):
    """By its size: the standard says how much each takes in at level M, which mends 15 in 100."""
    assert f'viewBox="0 0 {side + 8} {side + 8}"' in apps.qr_code("a" * length)


def test_the_longest_address_fits_into_a_qr_code():
    address = apps.address_of(apps.new_secret(), email=f"{'a' * 64}@{'b' * 180}.example", site_name="Ä" * 60)
    assert str(apps.qr_code(address)).startswith("<svg")
