"""Values kept in the process: bounded, and made once."""

from __future__ import annotations

import threading

import pytest

from cpd.web.fragments import Fragments, fragments_of


def test_a_value_is_made_once():
    kept: Fragments[list] = Fragments(3)
    first = kept.get("a", list)
    assert kept.get("a", list) is first
    assert kept.find("a") is first


def test_a_value_that_was_never_made_is_not_found():
    assert Fragments(3).find("a") is None


def test_no_more_than_so_many_are_kept_and_the_one_used_last_stays():
    kept: Fragments[int] = Fragments(3)
    for number in range(3):
        kept.get(number, lambda number=number: number + 10)
    kept.find(0)
    kept.get(3, lambda: 13)
    assert [kept.find(number) for number in range(4)] == [10, None, 12, 13]


def test_the_bound_holds_with_many_threads():
    kept: Fragments[int] = Fragments(8)

    def fill(start: int) -> None:
        for number in range(start, start + 400):
            assert kept.get(number % 50, lambda number=number: number % 50) == number % 50

    threads = [threading.Thread(target=fill, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(kept.find(number) is not None for number in range(50)) == 8


def test_a_fault_while_making_keeps_nothing():
    kept: Fragments[int] = Fragments(3)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.find("a") is None


def test_each_application_keeps_its_own_by_name(app):
    with app.app_context():
        assert fragments_of("these", 3) is fragments_of("these", 3)
        assert fragments_of("these", 3) is not fragments_of("those", 3)


def test_a_new_rendering_is_shown_at_once(client, publish):
    client.set_cookie("cpd_professional", "1")
    publish("sepsis", body="## Why\n\nBefore.\n")
    assert "Before." in client.get("/modules/sepsis").text
    publish("sepsis", body="## Why\n\nAfterwards.\n")
    assert "Afterwards." in client.get("/modules/sepsis").text
