"""Hostile addresses, methods, headers, cookies and bodies: each is answered with a page of ours, and changes nothing.

Every rule of the application is asked by itself, so that a new one is covered without being named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from cpd import paths
from cpd.web import cookies as our_cookies
from tests.hostile.asking import Visitor, encoded, fault_in, percent, tables_of
from tests.hostile.corpus import BODIES, CONTENT_TYPES, HEADERS, HOSTS, METHODS, ODD, PATHS, TEXTS
from tests.hostile.forms import names_of, read
from tests.web.addresses import ARGUMENT, changes, pages, path_of

SLICE = 9  # the fast suite sends each place every ninth value or fewer, beginning elsewhere for each
OUTSIDE = (
    b"/static/../application.py",
    b"/static/..%2fapplication.py",
    b"/static//etc/passwd",
    b"/static/vendor/../../application.py",
    b"/static/vendor/..\\..\\application.py",
    b"/static/\xc0\xae\xc0\xae/application.py",
    b"/static/app.css\x00.png",
    b"/static/vendor",
    b"/static/",
    b"/pictures/../../etc/passwd",
)
READ_FROM_QUERIES = re.compile(r'(?:args|values)\.get(?:list)?\("(\w+)"')
COOKIES = {name for file in paths.PACKAGE.rglob("*.py") for name in re.findall(r'"(cpd_\w+)"', file.read_text("utf-8"))}


@pytest.fixture
def visitors(stranger: Visitor, learner: Visitor) -> Iterator[list[Visitor]]:
    """Both of them; at the end the database is as it was, since nothing that was sent could be accepted."""
    before = tables_of(stranger.app)
    kept = dict(learner.cookies)
    yield [stranger, learner]
    assert tables_of(stranger.app) == before
    learner.cookies = kept
    assert learner.ask("/auth/account").status == 200


def every(values: Iterable[object], place: int, step: int = SLICE) -> list[object]:
    """A slice of the values that begins elsewhere for each place."""
    return list(values)[place % step :: step]


def all_paths(visitor: Visitor) -> list[str]:
    return [*pages(visitor.app), "/no/such/page"]


def names_in_queries(visitor: Visitor) -> list[str]:
    """What addresses may ask for: what links and forms of the pages say, and what the source reads."""
    names = {
        name for file in paths.PACKAGE.rglob("*.py") for name in READ_FROM_QUERIES.findall(file.read_text("utf-8"))
    }
    for page in pages(visitor.app):
        answer = visitor.ask(page)
        if answer.kind.startswith("text/html"):
            forms, queries = read(answer.text, page)
            names |= queries | names_of(form for form in forms if form.method == "GET")
    return sorted(names)


def expect_no_fault(visitor: Visitor, path: str | bytes, sent: bytes = b"", **request: object) -> int:
    answer = visitor.ask(path, **request)
    fault = fault_in(answer, sent)
    assert not fault, f"{fault}\n{path[:200]!r} {str(request)[:400]}"
    return answer.status


def hostile_paths(visitor: Visitor, values: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """(path, value) for every argument of every rule with the value in its place, and after each address."""
    for rule in visitor.app.url_map.iter_rules():
        for argument in sorted(rule.arguments):
            before, _, after = path_of(rule, **{argument: "\N{BLACK SQUARE}"}).partition("\N{BLACK SQUARE}")
            yield from ((before.encode() + value + after.encode(), value) for value in values)
    for page in pages(visitor.app):
        yield from ((page.encode() + glue + value, value) for glue in (b"", b"/", b";") for value in values)


def test_the_walk_knows_what_queries_the_site_reads(stranger):
    assert {"next", "after", "letter", "category", "specialty", "sort"} <= set(names_in_queries(stranger))


def test_the_walk_knows_the_sites_cookies():
    assert {
        our_cookies.SESSION,
        "cpd_theme",
        "cpd_professional",
        "cpd_known_browser",
        "cpd_list",
        "cpd_message",
    } <= COOKIES


def test_no_address_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        rules = [rule for rule in visitor.app.url_map.iter_rules() if ARGUMENT.search(rule.rule)]
        assert len(rules) > 5
        for number, (path, value) in enumerate(hostile_paths(visitor, PATHS)):
            if number % 131 == 0:
                expect_no_fault(visitor, path, value)


@pytest.mark.slow
def test_no_address_at_all_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for path, value in hostile_paths(visitor, PATHS):
            expect_no_fault(visitor, path, value)


def test_nothing_outside_the_static_folder_is_served(stranger):
    for path in OUTSIDE:
        assert expect_no_fault(stranger, path) in (308, 404), path


def test_no_query_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        names = [*names_in_queries(visitor), "unknown"]
        for place, path in enumerate(all_paths(visitor)):
            for number, value in enumerate(every(TEXTS, place, 24)):
                name = names[(place + number) % len(names)]
                expect_no_fault(visitor, path, value, query=encoded(dict.fromkeys([name, f"{name}[]"], value)).decode())


@pytest.mark.slow
def test_no_query_at_all_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for path in all_paths(visitor):
            for name in [*names_in_queries(visitor), "unknown", ""]:
                for value in TEXTS:
                    expect_no_fault(visitor, path, value, query=f"{name}={percent(value)}")


def test_no_shape_of_a_query_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        names = names_in_queries(visitor)
        repeated = "&".join(f"{name}={value}" for value in range(30) for name in names)
        shapes = (
            "&",
            "=",
            "&&==&",
            "%",
            "%%%",
            "%zz=%",
            "\x80\xff=\xff",
            ";",
            "?",
            "a" * 20_000,
            repeated,
            "a&" * 5_000,
        )
        for place, path in enumerate(all_paths(visitor)):
            for query in every(shapes, place, 3):
                expect_no_fault(visitor, path, query=query)
            for name in names:
                odd = f"{name}[]=1&{name}[a]=2&{name}.a=3&{name}=&{name}&{name}=1&{name}={{}}"
                expect_no_fault(visitor, path, query=odd)


def test_no_method_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for place, path in enumerate(all_paths(visitor)):
            for method in every(METHODS, place, 4):
                status = expect_no_fault(visitor, path, method=method)
                known = method.upper() in ("GET", "HEAD", "OPTIONS")  # werkzeug reads methods in capitals
                assert known or status in (400, 404, 405), (path, method)
            overridden = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE", "X-HTTP-Method": "PUT"}
            expect_no_fault(visitor, path, headers=overridden, query="_method=DELETE&_method=POST")


def test_no_host_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for host in HOSTS:
            answer = visitor.ask("/modules/sepsis/assessment", headers={"Host": host})
            assert not fault_in(answer), host
            assert "evil" not in answer.headers.get("Location", "") + answer.text.replace("evil.test", "", 0)
        expect_no_fault(visitor, "/", SERVER_NAME="", SERVER_PORT="x")
        expect_no_fault(visitor, "/", SERVER_PROTOCOL="HTTP/0.9")


def test_no_header_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for place, path in enumerate(all_paths(visitor)):
            values = [(name, value) for name, own in HEADERS.items() for value in (*own, *ODD)]
            for name, value in every(values, place * 5, 61):
                expect_no_fault(visitor, path, headers={name: value})


@pytest.mark.slow
def test_no_header_at_all_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for path in all_paths(visitor):
            for name, own in HEADERS.items():
                for value in (*own, *ODD):
                    expect_no_fault(visitor, path, headers={name: value})


def test_all_hostile_headers_at_once_are_no_fault_of_ours(visitors):
    for visitor in visitors:
        for number in range(0, len(ODD), 2):
            headers = {name: (*own, *ODD)[number % (len(own) + len(ODD))] for name, own in HEADERS.items()}
            for method, path in [*changes(visitor.app), ("GET", "/"), ("GET", "/static/app.css")]:
                expect_no_fault(visitor, path, method=method, headers=headers)


def test_no_cookie_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        own = dict(visitor.cookies)
        signed = own.get("cpd_known_browser", "WyJ4IixbMV1d.AAAA")
        spoilt = (
            signed[:-1],
            signed + "x",
            signed.replace(".", ".."),
            signed.split(".", maxsplit=1)[0],
            f"{signed}.{signed}",
            "." * 50,
        )
        texts = [text.decode("latin-1") for text in TEXTS if len(text) < 4_000]
        for place, name in enumerate(sorted({*COOKIES, "session", "__Host-cpd_session", "remember_token"})):
            for value in (
                *spoilt,
                *ODD,
                *every(texts, place),
                "1" * 100_000,
                f"x; {name}=y; {name}",
                own.get(name, "") * 3,
            ):
                others = "; ".join(f"{each}={kept}" for each, kept in own.items() if each != name)
                sent = re.sub(r"[\r\n\0]", "", f"{others}; {name}={value}")
                expect_no_fault(visitor, ("/auth/sign-in", "/modules/sepsis")[place % 2], headers={"Cookie": sent})
                visitor.cookies = dict(own)
        for cookie in (
            "=",
            ";",
            "=;=;",
            ";" * 5_000,
            "a" * 9_000,
            "a=1; " * 2_000,
            "\xff=\xff",
            '"',
            'a="',
            "$Version=1",
            ",,",
        ):
            expect_no_fault(visitor, "/", headers={"Cookie": cookie})
            visitor.cookies = dict(own)


def test_no_kind_of_body_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for place, (method, path) in enumerate(changes(visitor.app)):
            for number, kind in enumerate(CONTENT_TYPES):
                for body in every(BODIES, place + number, 13):
                    headers = {"Content-Type": kind}
                    status = expect_no_fault(visitor, path, method=method, body=body, headers=headers)
                    assert status in (400, 403, 413), (path, kind, body[:60])


@pytest.mark.slow
def test_no_kind_of_body_at_all_is_a_fault_of_ours(visitors):
    for visitor in visitors:
        for method, path in [*changes(visitor.app), ("GET", "/"), ("PUT", "/"), ("POST", "/no/such/page")]:
            for kind in CONTENT_TYPES:
                for body in BODIES:
                    expect_no_fault(visitor, path, method=method, body=body, headers={"Content-Type": kind})


def test_a_length_that_lies_is_no_fault_of_ours(visitors):
    for visitor in visitors:
        for method, path in changes(visitor.app):
            for length in ("-1", "x", "", "0", "3", "1e3", "+4", "99999999999999999999", "4, 4", "١"):
                length = length.encode().decode("latin-1")
                expect_no_fault(visitor, path, method=method, body=b"a=bc", CONTENT_LENGTH=length)
            expect_no_fault(
                visitor, path, method=method, body=b"4\r\na=bc\r\n0\r\n\r\n", HTTP_TRANSFER_ENCODING="chunked"
            )
