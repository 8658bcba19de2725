"""E-mail addresses: twins share one canonical form, and what is no address is refused."""

import itertools

import pytest

from cpd.auth.emails import HINT, WrongEmail, read_email

TWINS = [
    ("ann@example.org", ["ANN@example.org", "Ann@Example.ORG", " ann@example.org ", "ann@example.org\n"]),
    ("ann@example.org", ["\uff41\uff4e\uff4e@example.org", "ann@\uff45xample.org", "ann\uff20example.org"]),
    ("staff@example.org", ["\u017ftaff@example.org", "sta\ufb00@example.org"]),
    (
        "ann@xn--mnchen-3ya.example",
        ["ann@m\u00fcnchen.example", "ann@mu\u0308nchen.example", "ann@M\u00dcNCHEN.example"],
    ),
    ("ann@xn--mnchen-3ya.example", ["ann@XN--MNCHEN-3YA.example"]),
    ("ann@example.org", ["ann@example\uff0eorg", "ann@example\u3002org"]),
    ("o'brien@example.org", ["O'Brien@example.org"]),
    ("ann+cpd@example.org", ["Ann+CPD@example.org"]),
]
DIFFERENT = [
    "ann@example.org",
    "a.nn@example.org",
    "ann+cpd@example.org",
    "ann@mail.example.org",
    "ann@ex\u0430mple.org",  # a Cyrillic a
    "anne@example.org",
]
NONE = [
    "",
    " ",
    "ann",
    "@",
    "@example.org",
    "ann@",
    "ann@@example.org",
    "ann@example",
    "ann@localhost",
    "ann@.org",
    "ann@example..org",
    "ann@example.org.",
    ".ann@example.org",
    "ann.@example.org",
    "a..nn@example.org",
    "ann example@example.org",
    "ann@exam ple.org",
    "ann@-example.org",
    "ann@[192.0.2.1]",
    "ann@[IPv6:2001:db8::1]",
    '"ann"@example.org',
    "Ann <ann@example.org>",
    "ann@example.org, bob@example.org",
    "ann@example.org\r\nBcc: bob@example.org",
    "ann\x00@example.org",
    "a\u200bnn@example.org",
    "\u0430nn@example.org",  # a Cyrillic a
    "\u00e4nn@example.org",
    "ann@example.org" + "x" * 300,
    "x" * 65 + "@example.org",
    "ann@" + "x" * 64 + ".org",
    "ann@" + "x." * 130 + "org",
    "\ud800@example.org",
    "\U0001f600@example.org",
]


@pytest.mark.parametrize(("canon", "twin"), [(canon, twin) for canon, twins in TWINS for twin in twins])
def test_twins_share_one_canonical_form(canon, twin):
    assert read_email(twin).canon == canon


@pytest.mark.parametrize("position", range(3))
def test_every_mixture_of_cases_and_widths_is_the_same_address(position):
    variants = ["aA\uff41\uff21", "nN\uff4e\uff2e", "nN\uff4e\uff2e"]
    chosen = itertools.product(*variants)
    twins = {
        read_email("".join(letters) + "@Example.org").canon for letters in itertools.islice(chosen, position, None, 3)
    }
    assert twins == {"ann@example.org"}


def test_different_addresses_stay_different():
    assert len({read_email(address).canon for address in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address_is_refused_with_words(text):
    with pytest.raises(WrongEmail) as fault:
        read_email(text)
    assert str(fault.value) == HINT


@pytest.mark.parametrize("twin", [twin for _, twins in TWINS for twin in twins])
def test_reading_a_canonical_form_again_changes_nothing(twin):
    canon = read_email(twin).canon
    assert read_email(canon).canon == canon


def test_capitals_before_the_at_sign_are_kept_for_mail():
    assert read_email("Ann.O'Brien@Example.org").typed == "Ann.O'Brien@example.org"
