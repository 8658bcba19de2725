"""E-mail addresses: twins share one canonical form, and what is no address is refused."""

import itertools
import unicodedata

import hypothesis
import pytest
from hypothesis import strategies

from cpd.auth.emails import HINT, LONGEST, WrongEmail, read_email
from tests.hostile.accounts import NO_ADDRESSES, lookalikes

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


@pytest.mark.parametrize("text", NO_ADDRESSES)
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


def test_an_address_may_have_254_characters_and_no_more():
    domain = ".".join(["x" * 61] * 3) + ".org"
    longest = "a" * (LONGEST - len(domain) - 1) + "@" + domain
    assert len(longest) == 254
    assert read_email(longest).canon == longest
    with pytest.raises(WrongEmail):
        read_email("a" + longest)


@pytest.mark.parametrize(("letters", "is_address"), [(64, True), (65, False)])
def test_the_name_before_the_at_sign_has_64_characters_at_most(letters, is_address):
    address = "a" * letters + "@example.org"
    if is_address:
        assert read_email(address).canon == address
    else:
        with pytest.raises(WrongEmail):
            read_email(address)


def test_no_lookalike_is_taken_for_the_address_it_looks_like():
    seen = set()
    for twin in lookalikes("amelia.cooper@example.org"):
        try:
            canon = read_email(twin).canon
        except WrongEmail:
            assert not twin.partition("@")[0].isascii() or not twin.isascii()
            continue
        assert canon.isascii()
        assert canon != "amelia.cooper@example.org"
        assert "@xn--" in canon or ".xn--" in canon
        seen.add(twin)
    assert len(seen) > 15  # those in the domain; all in the name are refused


def wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


def widened(text: str) -> str:
    return "".join(map(wide, text))


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


WAYS = (str.upper, str.title, str.swapcase, decomposed, widened, " {} ".format)
PARTS = strategies.text(alphabet="abcdefgijlmnoprsxz0123456789", min_size=1, max_size=12)


@hypothesis.settings(max_examples=1_000)
@hypothesis.given(PARTS, PARTS, strategies.lists(strategies.sampled_from(WAYS), max_size=3), strategies.booleans())
def test_a_thousand_twins_are_one_account_or_none(name, domain, ways, umlaut):
    address = f"{name}@{domain}{chr(252) if umlaut else ''}x.org"
    try:
        canon = read_email(address).canon
    except WrongEmail:
        return
    twin = address
    for way in ways:
        twin = way(twin)
    try:
        assert read_email(twin).canon == canon
    except WrongEmail:
        assert not twin.isascii()


def test_twins_make_one_account(browser, new_browser, count_of):
    browser.register(email="ann@xn--mnchen-3ya.example")
    for number, twin in enumerate(twin for canon, twins in TWINS if "mnchen" in canon for twin in twins):
        new_browser(address=f"198.51.100.{number}").register(email=twin)
        assert count_of("account") == 1, twin
    for number, (canon, twins) in enumerate((canon, twins) for canon, twins in TWINS if "mnchen" not in canon):
        for twin in (canon, *twins):
            new_browser(address=f"203.0.113.{number}").register(email=twin)
    assert count_of("account") == len({canon for canon, _ in TWINS})
