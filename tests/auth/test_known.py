"""The cookie that says which accounts have signed in with a browser before."""

from __future__ import annotations

import pytest
from flask import g

from cpd.auth import known
from cpd.web import cookies


@pytest.fixture
def carrying(app):
    """Runs a function in a request of a browser that carries something in this cookie."""

    def run(value, function, *, purpose=known.PURPOSE):
        with app.test_request_context("/"):
            sealed = cookies.sealed(purpose, value)
        with app.test_request_context("/", headers={"Cookie": f"{known.COOKIE}={sealed}"}):
            return function()

    return run


def after(account_id):
    """What the browser carries once an account has signed in."""
    known.remember(account_id)
    return cookies.unsealed(known.PURPOSE, g.cookies[known.COOKIE].value)


@pytest.mark.parametrize(
    ("accounts", "account_id", "expected"), [([3, 5], 5, True), ([3, 5], 4, False), ([], 3, False)]
)
def test_a_browser_knows_the_accounts_it_carries(carrying, accounts, account_id, expected):
    assert carrying(["name", accounts], lambda: known.is_known(account_id)) == expected


def test_the_newest_comes_first_once_and_the_name_stays(carrying):
    assert carrying(["name", [3, 5, 7]], lambda: after(5)) == ["name", [5, 3, 7]]
    assert carrying(["name", [3]], lambda: after(9)) == ["name", [9, 3]]


def test_a_shared_computer_remembers_the_last_eight(carrying):
    assert carrying(["name", [1, 2, 3, 4, 5, 6, 7, 8]], lambda: after(9)) == ["name", [9, 1, 2, 3, 4, 5, 6, 7]]


@pytest.mark.parametrize("value", ["x", None, [], ["name"], ["name", 3], [3, [3]], ["name", [3], 4], {"name": [3]}])
def test_a_cookie_of_another_shape_is_no_browser_of_ours(carrying, value):
    assert carrying(value, known.this_browser) is None
    name, accounts = carrying(value, lambda: after(5))
    assert len(name) == 43
    assert accounts == [5]


def test_what_is_no_number_is_no_account(carrying):
    assert carrying(["name", ["3", 5, None]], known.this_browser) == known.KnownBrowser("name", (5,))


def test_a_seal_for_another_purpose_is_none(carrying):
    assert carrying(["name", [3]], known.this_browser, purpose="kept-form") is None


def test_a_new_browser_knows_nobody(app):
    with app.test_request_context("/"):
        assert known.this_browser() is None
        assert not known.is_known(3)
        assert known.KnownBrowser("name").accounts == ()
