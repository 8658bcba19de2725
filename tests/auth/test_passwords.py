"""Which passwords are refused, and how they are hashed."""

import errno
import os
import random
import sys
import threading
from types import SimpleNamespace

import pytest

from cpd.auth import passwords as password_hashes
from cpd.auth.guessable import own_words, why_guessable
from cpd.auth.passwords import LESS_URGENT, RETRY_AFTER, Passwords, ServerBusy, Turn, places_in
from cpd.auth.words import COMMON, _with_plurals
from cpd.settings import Settings
from tests.auth import guessing

STRANGE = ["Daybook", "Zebulon Quackenbush"]
OWN = ["Daybook", "Annabel Example", "annabel.example@example.org", "12A3456B"]


def settings(tmp_path, **changes):
    facts = {"hash_memory": 8, "hash_time": 1} | changes
    return Settings(tmp_path, tmp_path, "sqlite://", "x" * 40, **facts)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("annabelexample1!", "your name"),
        ("ExampleAnnabel2024", "your name"),
        ("lebannaelpmaxe99", "your name"),
        ("annabel.example@example.org", "your name"),
        ("12a3456b12a3456b", "your name"),
        ("12A3456B-12A3!!!", "your name"),
        ("DaybookDaybook1!", "your name"),
        ("passwordpassword", "repeats itself"),
        ("aaaaaaaaaaaaaaaaaaaaa", "repeats itself"),
        ("abcabcabcabcabcabc", "repeats itself"),
        ("qwertyuiopasdfgh", "keys of the keyboard"),
        ("poiuytrewqlkjhgf", "keys of the keyboard"),
        ("1qaz2wsx3edc4rfv", "keys of the keyboard"),
        ("abcdefghijklmnop", "counts up or down"),
        ("123456789012345678", "counts up or down"),
        ("zyxwvutsrqponmlk", "counts up or down"),
        ("14/02/1980 01/12/1999", "a date"),
        ("14021980-02031981", "a date"),
        ("2024-12-31 2025-01-01", "a date"),
        ("SummerDragon2024!", "common words"),
        ("summersdragons77!!", "common words"),
        ("P@ssw0rdDrag0n1999", "common words"),
        ("metforminpharmacist1", "common words"),
        ("welcome-password-1!", "common words"),
        ("!!!!!!!!!!!!!!!!!!!", "repeats itself"),
        ("               ", "repeats itself"),
        ("xq7 xq7 xq7 xq7 xq7", "repeats itself"),
    ],
)
def test_an_easy_password_is_refused_with_the_reason(password, reason):
    said = why_guessable(password, own=OWN)
    assert said is not None
    assert reason in said
    assert said.endswith("Use four or more words that do not belong together.")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "cat dog sun map egg",
        "violin-gravel-otter-tundra",
        "xK9#mQ2$vL7@pR4",
        "984512736450182",
        "my aunt sells seven blue kettles",
        "Straßenbahn über Nebel",
        "пароль мой дом лес",
        "密码很长而且不容易被别人猜到的句子",
        "seven quiet herons wade",
    ],
)
def test_a_password_of_unrelated_parts_passes(password):
    assert why_guessable(password, own=OWN) is None


def test_the_name_makes_a_password_weak_only_for_its_owner():
    password = "Zebulon Quackenbush"
    assert why_guessable(password, own=STRANGE)
    assert why_guessable(password, own=["Ann Example"]) is None


UNUSUAL = "xkqvzjwpfhgb"  # letters that make no word and no run


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        (UNUSUAL, None),
        (UNUSUAL[:11], "too little that is unusual"),
        ("#?+%", "too little that is unusual"),
        ("xkq7vz", "too little that is unusual"),
        (f"{UNUSUAL[:11]}!?!", None),
        (f"{UNUSUAL[:11]}!!!", "too little that is unusual"),
        ("!!!!!", "repeats itself"),
        ("xkqvzjxkqvzjwpfhg", "too little that is unusual"),
        ("xkqvzxkqvzwpfhg", None),
        ("xkqvzasdfjwpfh", "too little that is unusual"),
        ("xkqvzasdjwpfh", None),
        ("xkqvz123jwpfh", "too little that is unusual"),
        ("xkqvz12jwpfh", None),
        ("cat dog sun", "common words"),
        ("my!", "too little that is unusual"),
        ("p1zzap1ant", "common words"),
    ],
    ids=[
        *("twelve letters", "eleven letters", "four marks", "letters and a digit", "marks by turns", "the same mark"),
        *("nothing but a mark", "six again", "five again", "four keys", "three keys", "three that count"),
        *("two that count", "words of three letters", "a word of two letters", "1 for i and for l"),
    ],
)
def test_how_much_is_just_enough(password, reason):
    said = why_guessable(password)
    assert said is None if reason is None else reason in said


def test_what_somebody_would_try_who_knows_the_learner():
    forwards = {"ann", "ample", "annbexample", "ann b. ex-ample", "12a3", "x_ann@ex.org", "xannexorg", "org"}
    known = own_words(["Ann B. Ex-Ample", "12A3", "x_Ann@ex.org", ""])
    assert known == forwards | {word[::-1] for word in forwards}


def test_words_count_with_an_s_at_their_end_too():
    assert _with_plurals("cat dogs\nx") == {"cat", "cats", "dogs", "dogss", "x", "xs"}


def test_what_would_be_tried_first_is_refused():
    guesses = sorted(guessing.everything())[::211]
    assert len(guesses) > 400
    assert [guess for guess in guesses if not why_guessable(guess, own=guessing.OWN)] == []


@pytest.mark.slow
def test_all_of_a_hundred_thousand_guesses_are_refused():
    guesses = guessing.everything()
    assert len(guesses) >= 100_000
    assert [guess for guess in guesses if not why_guessable(guess, own=guessing.OWN)] == []


@pytest.mark.parametrize(
    "password", ["password", "dragon99", "metformin1!", "happytree", "abcdefgh", "aaaaaaaa", "nurse2024"]
)
def test_beside_a_second_factor_a_short_password_must_still_be_no_common_word(password):
    assert why_guessable(password, own=OWN, beside_a_factor=True)


@pytest.mark.parametrize("password", ["xK9#mQ2$", "hz7-qwux", "otter mud7 fig"])
def test_beside_a_second_factor_less_is_enough(password):
    assert why_guessable(password, own=OWN, beside_a_factor=True) is None
    assert why_guessable(password, own=OWN)


def phrases(count):
    """Four different words picked at random from common and made-up ones."""
    pick = random.Random(5)  # noqa: S311  # the same every time
    common = [word for word in sorted(COMMON) if not word.endswith("s")]
    made_up = ["".join(pick.choice("bdfgklmnprt") + pick.choice("aeiou") for _ in range(3)) for _ in range(len(common))]
    while count:
        phrase = pick.choice(" -.").join(pick.sample(common + made_up, 4))
        if len(phrase) >= 15:
            count -= 1
            yield phrase


def test_random_phrases_of_four_words_pass():
    assert [phrase for phrase in phrases(1_000) if why_guessable(phrase, own=STRANGE)] == []


@pytest.mark.slow
def test_ten_thousand_random_phrases_of_four_words_pass():
    assert [phrase for phrase in phrases(10_000) if why_guessable(phrase, own=STRANGE)] == []


def test_a_hash_names_argon2id_and_the_cost_of_the_settings(tmp_path):
    made = Passwords(settings(tmp_path, hash_memory=16, hash_time=3)).hash("violin-gravel")
    assert made.startswith("$argon2id$v=19$m=16,t=3,p=1$")


def test_the_same_password_is_hashed_with_another_salt(tmp_path):
    passwords = Passwords(settings(tmp_path))
    assert passwords.hash("violin-gravel") != passwords.hash("violin-gravel")


@pytest.mark.parametrize("typed", ["violin-gravel", "Violin-gravel", "violin-gravel ", "", "violin-grave"])
def test_only_the_very_password_fits(tmp_path, typed):
    passwords = Passwords(settings(tmp_path))
    assert passwords.fits(typed, passwords.hash("violin-gravel")) == (typed == "violin-gravel")


def test_no_end_of_a_long_password_is_cut_off(tmp_path):
    passwords = Passwords(settings(tmp_path))
    assert not passwords.fits("x" * 255 + "a", passwords.hash("x" * 255 + "b"))


def test_nobody_has_no_password(tmp_path):
    passwords = Passwords(settings(tmp_path))
    assert not passwords.fits("", None)


def test_the_hash_of_nobody_is_checked_with_the_cost_of_the_settings(tmp_path, monkeypatch):
    passwords, checked = Passwords(settings(tmp_path, hash_time=4)), []
    monkeypatch.setattr(type(passwords._hasher), "verify", lambda _, kept, __: checked.append(kept) or False)
    passwords.fits("x", None)
    assert checked[0].startswith("$argon2id$v=19$m=8,t=4,p=1$")
    assert len(checked[0]) == len(passwords.hash("x"))


def test_a_hash_of_another_cost_is_outdated(tmp_path):
    cheap, dear = Passwords(settings(tmp_path)), Passwords(settings(tmp_path, hash_time=2))
    assert dear.is_outdated(cheap.hash("x"))
    assert not cheap.is_outdated(cheap.hash("x"))


def test_one_password_is_hashed_at_a_time():
    turn, inside, most = Turn(), [], []

    def work():
        with turn:
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 9


def test_all_processes_together_hash_as_many_at_a_time_as_there_are_places(tmp_path):
    ours, anothers, a_third = (Turn(places_in(tmp_path, cores=4), longest_wait=0.01) for _ in range(3))
    with ours, anothers, pytest.raises(ServerBusy), a_third:
        pass
    with a_third:
        pass


@pytest.mark.parametrize(("cores", "places"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_of_the_cores_are_left_to_the_pages(tmp_path, cores, places):
    assert len(places_in(tmp_path, cores)) == places


def test_a_disk_that_takes_no_files_keeps_nobody_out(tmp_path):
    turn = Turn(places_in(tmp_path / "missing", cores=2))
    with turn:
        assert turn._place is None


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_hashing_gives_way_to_the_pages_except_for_owners_in_browsers_of_their_own(tmp_path):
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    if own >= LESS_URGENT:
        pytest.skip("these tests themselves were started with a low priority")

    def priority(hashing):
        return hashing._worker.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()

    passwords = Passwords(settings(tmp_path))
    assert priority(passwords._for_all) > own
    assert priority(passwords._for_owners) == own


def test_a_place_is_a_file_of_its_own_that_nobody_else_reads_or_inherits(tmp_path):
    assert [place.name for place in places_in(tmp_path, cores=5)] == ["hashing-0.lock", "hashing-1.lock"]
    turn = Turn(places_in(tmp_path, cores=1))
    with turn:
        [file] = tmp_path.iterdir()
        assert file.name == "hashing-0.lock"
        assert file.stat().st_mode & 0o777 == 0o600
        assert not os.get_inheritable(turn._place)


def test_a_place_is_waited_for_a_thousandth_of_a_second_at_a_time_until_the_wait_is_over(tmp_path, monkeypatch):
    clock, pauses = [100.0], []

    def sleep(seconds):
        pauses.append(seconds)
        clock[0] += 1  # as if the machine were slow

    taken, waiting = Turn(places_in(tmp_path, cores=1)), Turn(places_in(tmp_path, cores=1), longest_wait=3.0)
    monkeypatch.setattr(password_hashes, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    with taken, pytest.raises(ServerBusy), waiting:
        pass
    assert pauses == [0.001] * 4
    with waiting:  # whoever was turned away is in nobody's way
        pass


def test_whoever_waits_gets_the_place_that_becomes_free(tmp_path, monkeypatch):
    taken, waiting = (Turn(places_in(tmp_path, cores=1)) for _ in range(2))
    taken.__enter__()
    monkeypatch.setattr("time.sleep", lambda _: taken.__exit__())
    with waiting:
        assert waiting._place is not None
        monkeypatch.setattr("time.sleep", pytest.fail)
        third = Turn(places_in(tmp_path, cores=1), longest_wait=-1)
        with pytest.raises(ServerBusy), third:
            pass


def test_unless_it_is_said_otherwise_eight_wait_for_three_seconds(monkeypatch):
    made = []
    monkeypatch.setattr("threading.BoundedSemaphore", made.append)
    assert Turn()._longest_wait == 3.0
    assert made == [9]  # with the one whose turn it is


def test_hashes_are_made_in_one_thread_that_is_called_so(tmp_path):
    passwords = Passwords(settings(tmp_path))
    for hashing in (passwords._for_all, passwords._for_owners):
        assert hashing.run(lambda: threading.current_thread().name) == "hashing_0"
        assert hashing._worker._max_workers == 1


def test_owners_and_all_others_have_places_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(password_hashes, "usable_cores", lambda: 4)
    passwords = Passwords(settings(tmp_path))
    assert [place.name for place in passwords._for_all._turn._places] == ["hashing-0.lock", "hashing-1.lock"]
    assert passwords._for_owners._turn._places == [tmp_path / "hashing-owners.lock"]


@pytest.mark.parametrize("kept", ["Stra\u00dfe \u00e9\ufb01n 12", "Stra\u00dfe e\u0301\ufb01n \uff11\uff12"])
@pytest.mark.parametrize("typed", ["Stra\u00dfe \u00e9fin 12", "Stra\u00dfe e\u0301\ufb01n 1\uff12"])
def test_a_password_fits_however_its_letters_were_composed(tmp_path, kept, typed):
    passwords = Passwords(settings(tmp_path))
    assert passwords.fits(typed, passwords.hash(kept))
    assert not passwords.fits(typed.lower(), passwords.hash(kept))


def test_a_kept_text_that_is_no_hash_fits_nothing(tmp_path):
    assert not Passwords(settings(tmp_path)).fits("", "*")


def test_which_of_some_codes_fits_is_told_by_its_place(tmp_path):
    passwords = Passwords(settings(tmp_path))
    kept = passwords.hash_codes(["7k3m9-x2pqr", "aaaaa-bbbbb", "7k3m9-x2pqr"])
    assert len(set(kept)) == 3
    assert all(each.startswith("$argon2id$v=19$m=2048,t=1,p=1$") for each in kept)
    assert [passwords.which_fits(typed, kept) for typed in ("7k3m9-x2pqr", "aaaaa-bbbbb", "AAAAA-bbbbb")] == [
        0,
        1,
        None,
    ]
    assert passwords.which_fits("x", []) is None


def test_codes_of_an_own_browser_do_not_queue_behind_strangers(tmp_path):
    passwords = Passwords(settings(tmp_path))
    kept = passwords.hash_codes(["7k3m9-x2pqr"])
    passwords._for_all._turn = Turn(longest_wait=0.01)
    with passwords._for_all._turn:
        assert passwords.which_fits("7k3m9-x2pqr", kept, own_browser=True) == 0
        with pytest.raises(ServerBusy):
            passwords.which_fits("7k3m9-x2pqr", kept)


def test_a_busy_server_is_503_and_says_when_to_come_back():
    answer = ServerBusy().get_response()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_who_waits_too_long_is_told_that_the_server_is_busy():
    turn = Turn(longest_wait=0.01)
    with turn, pytest.raises(ServerBusy), turn:
        pass


def test_a_full_queue_turns_away_at_once():
    turn = Turn(longest_wait=60, most_waiting=0)
    with turn, pytest.raises(ServerBusy), turn:
        pass


def test_a_turn_can_be_taken_again_after_somebody_was_turned_away():
    turn = Turn(longest_wait=0.01, most_waiting=1)
    for _ in range(3):
        with turn, pytest.raises(ServerBusy), turn:
            pass
    with turn:
        pass


def test_a_busy_server_answers_503_and_says_when_to_come_back(app, browser):
    page = browser.get("/auth/sign-in")
    app.extensions["passwords"]._for_all._turn = Turn(longest_wait=0.01)
    with app.extensions["passwords"]._for_all._turn:
        answer = browser.post("/auth/sign-in", page, email="ann@example.org", password="x")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(RETRY_AFTER)
    assert "Many people are signing in just now" in answer.text


def test_an_own_browser_does_not_queue_behind_strangers(tmp_path):
    passwords = Passwords(settings(tmp_path))
    kept = passwords.hash("violin-gravel")
    passwords._for_all._turn = Turn(longest_wait=0.01)
    with passwords._for_all._turn:
        assert passwords.fits("violin-gravel", kept, own_browser=True)
        with pytest.raises(ServerBusy):
            passwords.fits("violin-gravel", kept)


def test_a_known_browser_signs_in_while_strangers_are_turned_away(app, browser, new_browser):
    browser.register()
    browser.sign_out()
    app.extensions["passwords"]._for_all._turn = Turn(longest_wait=0.01)
    with app.extensions["passwords"]._for_all._turn:
        assert new_browser(address="198.51.100.1").sign_in(password="wrong").status_code == 503
        assert browser.sign_in().status_code == 303


def test_a_disk_that_knows_no_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", fail)
    places = places_in(tmp_path, cores=2)
    closed = []
    monkeypatch.setattr(os, "close", lambda place, close=os.close: closed.append(place) or close(place))
    with Turn(places), Turn(places):
        pass
    assert len(closed) == 2


def test_elsewhere_than_on_linux_hashing_has_the_priority_of_the_process(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    asked = []
    monkeypatch.setattr(os, "setpriority", lambda *given: asked.append(given))
    password_hashes._give_way()
    assert asked == []


def test_a_thread_that_may_not_give_way_hashes_all_the_same(monkeypatch):
    asked = []

    def fail(*given):
        asked.append(given)
        raise PermissionError

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "setpriority", fail)
    password_hashes._give_way()
    assert asked
