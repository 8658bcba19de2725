"""What is asked of a browser for a passkey, and which of its answers are believed."""

from __future__ import annotations

import json
import random
import secrets
from types import SimpleNamespace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from cpd.auth.passkeys import ceremony, places
from cpd.auth.passkeys.places import NotReadable, NotVerified, Place
from tests.auth.factors.authenticator import PRESENT, VERIFIED, Authenticator, bytes_of, text_of

PLACE = Place("localhost", "http://localhost")
WHO = {"site_name": "Daybook", "account_id": 7, "email": "o'brien@example.org", "name": "Ann O'Brien"}


def new_challenge() -> str:
    return secrets.token_urlsafe(32)


def made(device: Authenticator, **odd):
    """A passkey that the site has taken."""
    options = ceremony.asking_for_a_new_one(PLACE, challenge=new_challenge(), existing=(), **WHO)
    return ceremony.verify_new(ceremony.read_new(device.make(options, **odd)), PLACE)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://learn.example.org", Place("learn.example.org", "https://learn.example.org")),
        ("https://learn.example.org/", Place("learn.example.org", "https://learn.example.org")),
        ("https://Learn.Example.org:443/", Place("learn.example.org", "https://learn.example.org")),
        ("https://learn.example.org:8443", Place("learn.example.org", "https://learn.example.org:8443")),
        ("http://localhost/", Place("localhost", "http://localhost")),
        ("http://localhost:80/", Place("localhost", "http://localhost")),
        ("http://localhost:8000/", Place("localhost", "http://localhost:8000")),
        ("http://cpd.localhost:8000/", Place("cpd.localhost", "http://cpd.localhost:8000")),
        ("https://localhost/", Place("localhost", "https://localhost")),
        ("http://learn.example.org/", None),
        ("http://127.0.0.1:8000/", None),
        ("https://127.0.0.1/", None),
        ("https://[::1]/", None),
        ("http://notlocalhost/", None),
        ("http://localhost.example.org/", None),
        ("ftp://localhost/", None),
        ("https:///", None),
        ("", None),
    ],
)
def test_a_place_for_passkeys_is_https_or_this_machine_and_has_a_name(address, place):
    assert places.place_of(address) == place


EXISTING = [
    SimpleNamespace(credential_id="AAEC", transports=["nfc", "usb"]),
    SimpleNamespace(credential_id="_w", transports=[]),
]
DESCRIBED = [
    {"id": "AAEC", "type": "public-key", "transports": ["nfc", "usb"]},
    {"id": "_w", "type": "public-key"},
]


def test_a_new_passkey_must_be_found_without_an_address_and_unlocked_by_its_owner():
    challenge = new_challenge()
    assert ceremony.asking_for_a_new_one(PLACE, challenge=challenge, existing=EXISTING, **WHO) == {
        "rp": {"id": "localhost", "name": "Daybook"},
        "user": {"id": text_of(places.handle_of(7)), "name": "o'brien@example.org", "displayName": "Ann O'Brien"},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-8, -7, -257)],
        "timeout": 300_000,
        "excludeCredentials": DESCRIBED,
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def test_a_passkey_is_asked_for_that_its_owner_unlocks_within_five_minutes():
    challenge = new_challenge()
    assert ceremony.asking_for_one(PLACE, challenge=challenge, existing=EXISTING) == {
        "challenge": challenge,
        "timeout": 300_000,
        "rpId": "localhost",
        "allowCredentials": DESCRIBED,
        "userVerification": "required",
    }


def test_passkeys_know_an_account_as_they_did_when_they_were_made():
    assert text_of(places.handle_of(7)) == "lbrNHUdEvD2Cxddm-wm86cmPSp0s7IDLhHexQeWx8Wg"


def test_a_passkey_knows_its_owner_by_nothing_that_names_them():
    handles = {places.handle_of(number) for number in range(1_000)}
    assert len(handles) == 1_000
    assert {len(handle) for handle in handles} == {32}


def test_what_a_device_made_it_can_sign_with():
    device = Authenticator()
    passkey = made(device)
    assert (passkey.transports, passkey.sign_count, passkey.backed_up) == (["nfc", "usb"], 0, False)
    for count in range(1, 4):
        options = ceremony.asking_for_one(PLACE, challenge=new_challenge())
        assert options["userVerification"] == "required"
        assert options["allowCredentials"] == []
        answer = ceremony.read_used(device.use(options))
        assert answer.credential_id == passkey.credential_id
        assert answer.owner == places.handle_of(7)
        assert ceremony.verify_used(answer, PLACE, public_key=passkey.public_key) == (count, False)


def test_of_a_passkey_that_is_copied_to_other_devices_it_is_known():
    device = Authenticator(flags=PRESENT | VERIFIED | 8 | 16)
    passkey = made(device)
    assert passkey.backed_up is True
    answer = ceremony.read_used(device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge())))
    assert ceremony.verify_used(answer, PLACE, public_key=passkey.public_key) == (1, True)


def test_a_browser_need_not_say_how_a_passkey_is_reached():
    assert made(Authenticator(), transports=None).transports == []


def rsa_key(size):
    """The public key of a passkey, of so many bytes in all."""
    least = cbor2.dumps({1: 3, 3: -257, -1: bytes(1_000), -2: b"\x01\x00\x01"})
    key = cbor2.dumps({1: 3, 3: -257, -1: bytes(1_000 + size - len(least)), -2: b"\x01\x00\x01"})
    assert len(key) == size
    return key


def test_ids_are_as_long_as_the_standard_allows_and_keys_as_large_as_the_table_takes():
    assert len(bytes_of(made(Authenticator(), id_length=1_023).credential_id)) == 1_023
    key = rsa_key(2_000)
    assert bytes_of(made(Authenticator(), public_key=key).public_key) == key
    with pytest.raises(NotVerified):
        made(Authenticator(), public_key=rsa_key(2_001))


def test_an_answer_may_have_thirty_thousand_characters():
    device = Authenticator()
    made(device)
    answer = device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge()))
    assert ceremony.read_used(answer.ljust(30_000)).credential_id == text_of(device.keys[0].id)
    with pytest.raises(NotReadable):
        ceremony.read_used(answer.ljust(30_001))


def test_an_answer_names_the_challenge_just_as_it_was_given():
    for _ in range(200):
        challenge = new_challenge()
        options = ceremony.asking_for_one(PLACE, challenge=challenge)
        assert bytes_of(options["challenge"]) == bytes_of(challenge)
        device = Authenticator()
        made(device)
        assert ceremony.read_used(device.use(options)).challenge == challenge


REFUSED_WHEN_MADE = {
    "another site's page": {"origin": "https://evil.example.org"},
    "https instead of http": {"origin": "https://localhost"},
    "another port": {"origin": "http://localhost:81"},
    "another domain": {"domain": "evil.example.org"},
    "an answer to the other question": {"kind": "webauthn.get"},
    "an algorithm nobody asked for": {"algorithm": -36},
    "an id beyond the standard": {"id_length": 1_024},
}


@pytest.mark.parametrize("odd", REFUSED_WHEN_MADE.values(), ids=REFUSED_WHEN_MADE)
def test_a_new_passkey_is_refused_with(odd):
    with pytest.raises(NotVerified):
        made(Authenticator(), **odd)


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED], ids=["nobody there", "not unlocked", "not present"])
def test_a_passkey_that_its_owner_did_not_unlock_is_refused(flags):
    with pytest.raises(NotVerified):
        made(Authenticator(flags=flags))
    device = Authenticator()
    passkey = made(device)
    device.flags = flags
    answer = ceremony.read_used(device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge())))
    with pytest.raises(NotVerified):
        ceremony.verify_used(answer, PLACE, public_key=passkey.public_key)


REFUSED_WHEN_USED = {
    "another site's page": {"origin": "https://evil.example.org"},
    "a sub-domain": {"origin": "http://evil.localhost"},
    "another domain": {"domain": "evil.example.org"},
    "an answer to the other question": {"kind": "webauthn.create"},
    "another key's signature": {"private": generate_private_key(SECP256R1())},
}


@pytest.mark.parametrize("odd", REFUSED_WHEN_USED.values(), ids=REFUSED_WHEN_USED)
def test_a_passkey_is_refused_with(odd):
    device = Authenticator()
    passkey = made(device)
    answer = ceremony.read_used(device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge()), **odd))
    with pytest.raises(NotVerified):
        ceremony.verify_used(answer, PLACE, public_key=passkey.public_key)


def test_a_page_within_a_page_of_another_site_is_not_believed():
    device = Authenticator()
    made(device)
    answer = device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge()), client_data={"crossOrigin": True})
    with pytest.raises(NotReadable):
        ceremony.read_used(answer)


def test_a_signature_of_anything_else_is_refused():
    """Every byte of what is signed matters."""
    device = Authenticator()
    passkey = made(device)
    challenge = new_challenge()
    answer = json.loads(device.use(ceremony.asking_for_one(PLACE, challenge=challenge)))
    for part in ("authenticatorData", "clientDataJSON", "signature"):
        whole = bytes_of(answer["response"][part])
        for place in range(0, len(whole), 5):
            changed = bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]])
            odd = answer | {"response": answer["response"] | {part: text_of(changed)}}
            with pytest.raises((NotReadable, NotVerified)):
                read_and_verify(json.dumps(odd), passkey, challenge=challenge)


def read_and_verify(text, passkey, *, challenge):
    """As the service does, which looks the challenge up."""
    answer = ceremony.read_used(text)
    if answer.challenge != challenge:
        raise NotVerified
    ceremony.verify_used(answer, PLACE, public_key=passkey.public_key)


ODD_ANSWERS = [
    "",
    "null",
    "[]",
    "{}",
    "1",
    '"text"',
    "NaN",
    "{" * 5_000,
    "[" * 20_000,
    '{"id": 1}',
    '{"id": "a", "rawId": "a", "response": {}, "type": "public-key"}',
    '{"id": "a", "rawId": "é", "response": {"clientDataJSON": "é"}, "type": "public-key"}',
    "x" * 40_000,
    "\x00",
    json.dumps({"id": "\ud800", "rawId": "\ud800", "type": "public-key", "response": {"clientDataJSON": "e30"}}),
]


@pytest.mark.parametrize("text", ODD_ANSWERS)
@pytest.mark.parametrize("read", [ceremony.read_new, ceremony.read_used])
def test_what_is_no_answer_is_not_readable(read, text):
    with pytest.raises(NotReadable):
        read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=8,
)


@given(path=st.integers(0, 8), value=JSON, drawn=st.integers(0, 2**32))
def test_whatever_stands_in_an_answer_it_is_refused_and_never_a_fault(path, value, drawn):
    """One part of a good answer is replaced by anything."""
    device = Authenticator()
    passkey = made(device)
    used = json.loads(device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge())))
    new = json.loads(device.make(ceremony.asking_for_a_new_one(PLACE, challenge=new_challenge(), existing=(), **WHO)))
    for answer, read, verify in (
        (used, ceremony.read_used, lambda each: ceremony.verify_used(each, PLACE, public_key=passkey.public_key)),
        (new, ceremony.read_new, lambda each: ceremony.verify_new(each, PLACE)),
    ):
        response = answer["response"]
        names = [*((answer, name) for name in answer), *((response, name) for name in response)]
        holder, name = names[path % len(names)]
        before = holder[name]
        chosen = random.Random(drawn)  # noqa: S311  # the same every time
        spoilt = value
        if isinstance(before, str) and drawn % 2:  # bytes of the right kind, but not the right ones
            spoilt = text_of(bytes(chosen.randrange(256) for _ in range(chosen.randrange(200))))
        holder[name] = spoilt
        try:
            verify(read(json.dumps(answer)))
        except (NotReadable, NotVerified):
            continue
        finally:
            holder[name] = before
        assert (
            name in ("userHandle", "transports", "authenticatorAttachment", "type", "id", "rawId") or spoilt == before
        )


@given(cbor=st.binary(max_size=300))
def test_no_bytes_of_a_strange_attestation_are_a_fault(cbor):
    device = Authenticator()
    answer = json.loads(
        device.make(ceremony.asking_for_a_new_one(PLACE, challenge=new_challenge(), existing=(), **WHO))
    )
    answer["response"]["attestationObject"] = text_of(cbor)
    with pytest.raises((NotReadable, NotVerified)):
        ceremony.verify_new(ceremony.read_new(json.dumps(answer)), PLACE)


@given(key=st.binary(min_size=1, max_size=120))
def test_no_kept_key_is_a_fault(key):
    device = Authenticator()
    made(device)
    answer = ceremony.read_used(device.use(ceremony.asking_for_one(PLACE, challenge=new_challenge())))
    with pytest.raises(NotVerified):
        ceremony.verify_used(answer, PLACE, public_key=text_of(key))


@pytest.mark.parametrize(
    ("name", "size"), [("packed", 50), ("tpm", 50), ("fido-u2f", 50), ("android-key", 50), ("apple", 50)]
)
def test_attestations_that_were_not_asked_for_are_no_fault(name, size):
    device = Authenticator()
    drawn = random.Random(name)  # noqa: S311  # the same every time
    for _ in range(40):
        options = ceremony.asking_for_a_new_one(PLACE, challenge=new_challenge(), existing=(), **WHO)
        answer = json.loads(device.make(options))
        whole = cbor2.loads(bytes_of(answer["response"]["attestationObject"]))
        statement = {
            "alg": drawn.choice([-7, -257, "x", None, 2**70]),
            "sig": drawn.randbytes(size),
            "x5c": drawn.choice([[], [drawn.randbytes(size)], [drawn.randbytes(size)] * 3, "x", [1]]),
            "ver": drawn.choice(["2.0", "", 5]),
            "certInfo": drawn.randbytes(size),
            "pubArea": drawn.randbytes(size),
        }
        kept = {key: value for key, value in statement.items() if drawn.random() < 0.8}
        answer["response"]["attestationObject"] = text_of(cbor2.dumps(whole | {"fmt": name, "attStmt": kept}))
        with pytest.raises((NotReadable, NotVerified)):
            ceremony.verify_new(ceremony.read_new(json.dumps(answer)), PLACE)
