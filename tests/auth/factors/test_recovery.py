"""Recovery codes: how many bits, how they are read, and how they are kept."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from cpd.auth import passwords
from cpd.auth.factors import recovery
from cpd.auth.passwords import CODE_HASHER, Passwords


def test_a_code_has_fifty_bits():
    assert recovery.LENGTH * math.log2(len(set(recovery.ALPHABET))) == 50


def test_there_are_ten_at_a_time_and_no_two_are_alike():
    made = [code for _ in range(500) for code in recovery.new_codes()]
    assert len(recovery.new_codes()) == 10
    assert len(set(made)) == len(made) == 5_000


def test_every_letter_comes_as_often_as_any_other_at_every_place():
    made = [code for _ in range(640) for code in recovery.new_codes()]
    for place in range(recovery.LENGTH):
        counts = Counter(code[place] for code in made)
        assert set(counts) == set(recovery.ALPHABET)
        assert max(counts.values()) < 300  # 200 on average, standard deviation 14


def test_no_letter_can_be_misread_for_another():
    assert not set("ilou") & set(recovery.ALPHABET)
    assert recovery.ALPHABET.casefold() == recovery.ALPHABET


def test_what_is_printed_is_read_again():
    for code in recovery.new_codes() * 20:
        printed = recovery.in_groups(code)
        assert len(printed) == 11
        assert recovery.read_code(printed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "7k3m9-x2p01",
        "7K3M9-X2P01",
        "7k3m9x2p01",
        " 7k3m9 x2p01 ",
        "7 k 3 m 9 - x 2 p 0 1",
        "7k3m9\u2013x2p01",
        "7k3m9\u2011x2p01",
        "7k3m9-x2pol",
        "7k3m9-x2pOI",
        "\uff17k3m9-x2p01",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed):
    assert recovery.read_code(typed) == "7k3m9x2p01"


@pytest.mark.parametrize(
    "typed", ["", "7k3m9", "7k3m9-x2p0", "7k3m9-x2p011", "7k3m9-x2p0u", "7k3m9_x2p01", "\x00" * 10, "é" * 10]
)
def test_what_is_no_code_is_refused_with_words(typed):
    with pytest.raises(recovery.WrongCode, match=r"^Enter a whole recovery code, such as 7k3m9-x2pqr$"):
        recovery.read_code(typed)


def test_the_text_names_site_and_account_says_what_codes_are_for_and_has_one_a_line():
    text = recovery.as_text(["7k3m9x2pqr", "0000000000"], site_name="Daybook", email="o'brien@example.org")
    assert text == (
        "Recovery codes for Daybook\r\n"
        "Account: o'brien@example.org\r\n"
        "\r\n"
        "Each code signs you in once, after your password, when you do not have your second factor at hand.\r\n"
        "Keep them where nobody else finds them.\r\n"
        "\r\n"
        "7k3m9-x2pqr\r\n"
        "00000-00000\r\n"
    )


@pytest.fixture
def hasher(settings):
    return Passwords(settings)


def test_each_code_is_hashed_with_a_salt_of_its_own(hasher):
    one, other = hasher.hash_codes(["7k3m9x2p01", "7k3m9x2p01"])
    assert one != other
    assert one.startswith("$argon2id$v=19$m=2048,t=1,p=1$")
    assert len(one) <= 255


def test_the_code_that_fits_is_found_among_ten(hasher):
    codes = recovery.new_codes()
    kept = hasher.hash_codes(codes)
    assert [hasher.which_fits(code, kept) for code in codes] == list(range(10))
    assert hasher.which_fits("0" * 10, kept) is None
    assert hasher.which_fits(codes[0], []) is None


@pytest.mark.parametrize("place", [0, 9, None], ids=["the first", "the last", "none"])
def test_all_ten_are_tried_whichever_it_is(hasher, monkeypatch, place):
    codes = recovery.new_codes()
    kept, tried = hasher.hash_codes(codes), []
    verify = passwords._fits
    monkeypatch.setattr(passwords, "_fits", lambda typed, each: tried.append(each) or verify(typed, each))

    hasher.which_fits("0" * 10 if place is None else codes[place], kept)

    assert tried == kept


def test_ten_codes_cost_less_than_one_password_of_today():
    cost = CODE_HASHER.memory_cost * CODE_HASHER.time_cost * recovery.HOW_MANY
    assert cost < 19_456 * 2
