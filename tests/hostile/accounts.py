"""What nobody should send to the pages of accounts: places to go next, addresses, look-alikes, JSON of wrong types."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

# None of these is a page of ours that a visitor could be sent to.
NOWHERE = (
    "",
    " ",
    "//evil.test",
    "///evil.test",
    "////evil.test/pages/terms",
    "/\\evil.test",
    "\\\\evil.test",
    "/\\/evil.test",
    "\\/evil.test",
    "\\evil.test",
    "https://evil.test",
    "http:evil.test",
    "http:/evil.test",
    "https:///evil.test",
    "HTTPS://evil.test/pages/terms",
    "hTtP://evil.test",
    "//evil.test:80/pages/terms",
    "//ann@evil.test/pages/terms",
    "//localhost@evil.test/",
    "//localhost\\@evil.test/",
    "https://localhost.evil.test/",
    "http://localhost/pages/terms",
    "//localhost/pages/terms",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,x",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:x",
    "file:///etc/passwd",
    "mailto:ann@evil.test",
    "evil.test",
    "pages/terms",
    "?next=/pages/terms",
    "#/pages/terms",
    "@evil.test",
    "/@evil.test",
    ":@evil.test",
    "/%2fevil.test",
    "/%5cevil.test",
    "%2f%2fevil.test",
    "/%252f%252fevil.test",
    "/%09/evil.test",
    "/%0d%0aLocation:%20//evil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "/\n/evil.test",
    "\n//evil.test",
    "/\r/evil.test",
    " //evil.test",
    "/pages/terms\r\nSet-Cookie: a=b",
    "/pages/terms\x00",
    "/pages/terms\x7f",
    "/ /evil.test",
    "/\u00a0/evil.test",
    "http://[evil",
    "//[::1",
    "//[::1]/pages/terms",
    "/.evil.test",
    "/..//evil.test",
    "/./..//evil.test",
    "/pages/../..//evil.test",
    "/;//evil.test",
    "/no/such/page",
    "/auth/sign-out",
    "/auth/professional",
    "/pages/terms\u2028",
    "/\u200b/evil.test",
    "/\uff0fevil.test",
    "\uff0f\uff0fevil.test",
    "/\u2215evil.test",
    "//evil\u3002test",
    "/" + "a" * 5_000,
    "/pages/terms?" + "a" * 5_000,
)
# What addresses that lead elsewhere are made of, for mutations.
PIECES = (
    *("/", "//", "\\", ":", "@", "?", "#", ".", "..", ";", "&", "=", "%2f", "%5c", "%00", "%09", "%0d%0a", "%", " "),
    *("\t", "\n", "\r", "\x00", "\u200b", "\u00a0", "\uff0f", "\u2215", "\u3002", "\u202e", "\ud800"),
    *("http", "https:", "javascript:", "data:", "evil.test", "localhost", "[::1]", "[", "pages", "terms", "auth"),
    *("/pages/terms", "/auth/account", "/record/", "account", "next=", "A", "é", "x" * 50),
)


def place_in_a_browser(location: str) -> str:
    """The host that a browser of ours would turn to, as browsers read addresses (WHATWG), or "" for another scheme."""
    read = location.strip("".join(map(chr, range(33)))).replace("\t", "").replace("\n", "").replace("\r", "")
    scheme, colon, _ = read.partition(":")
    special = not (colon and scheme.isalnum()) or scheme.lower() in ("http", "https")
    if not special:
        return ""
    read = read.replace("\\", "/")
    if colon and scheme.lower() in ("http", "https"):
        return urlsplit("//" + read.partition(":")[2].lstrip("/")).netloc
    if read.startswith("//"):
        return urlsplit("//" + read.lstrip("/")).netloc
    return urlsplit(urljoin("http://localhost/auth/sign-in", read)).netloc


# No address, in many ways.
NO_ADDRESSES = (
    "",
    " ",
    "ann",
    "@",
    "@@",
    "@example.org",
    "ann@",
    "ann@@example.org",
    "ann@bob@example.org",
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
    "ann@exam\tple.org",
    "ann@-example.org",
    "ann@example-.org",
    "ann@exa_mple.org",
    "ann@example.123",
    "ann@192.0.2.1",
    "ann@[192.0.2.1]",
    "ann@[IPv6:2001:db8::1]",
    '"ann"@example.org',
    '"ann@home"@example.org',
    '"ann\\"@example.org',
    "ann(a comment)@example.org",
    "ann@example.org(a comment)",
    "Ann <ann@example.org>",
    "<ann@example.org>",
    "mailto:ann@example.org",
    "ann@example.org, bob@example.org",
    "ann@example.org; bob@example.org",
    "ann@example.org bob@example.org",
    "ann@example.org\r\nBcc: bob@example.org",
    "ann@example.org\nbob@example.org",
    "ann@example.org%0aBcc:bob@example.org",
    "ann%example.org",
    "ann\x00@example.org",
    "ann@exa\x00mple.org",
    "a\u200bnn@example.org",
    "ann@exam\u200bple.org",
    "ann\u00ad@example.org",
    "\u202eann@example.org",
    "\u00e4nn@example.org",
    "ann@example.org" + "x" * 300,
    "x" * 65 + "@example.org",
    "ann@" + "x" * 64 + ".org",
    "ann@" + "x." * 130 + "org",
    "\ud800@example.org",
    "ann@\ud800.org",
    "\U0001f600@example.org",
    "ann@\U0001f600.org",
    "ann@xn--.org",
    "ann@xn--a-\u00e4.org",
    "ann@xn--zzzzzzzzzzzz99999.org",
)
# Letters that look like others: in the name they are refused, in the domain they make another domain.
LOOKALIKES = {
    "a": "\u0430\u0251\u03b1\u0101\u1d00",
    "e": "\u0435\u0454\u0113\u04bd",
    "o": "\u043e\u03bf\u0585\u014d\u0665",
    "p": "\u0440\u03c1\u1d18",
    "c": "\u0441\u03f2\u1d04",
    "i": "\u0456\u0131\u03b9\u012b",
    "n": "\u0578\u0274\u0146",
    "x": "\u0445\u03c7",
    "l": "\u04cf\u0142",
    "s": "\u0455\ua731",
    "m": "\u043c\u1d0d",
    "r": "\u0433\u0280",
    "g": "\u0261\u0581",
}


def lookalikes(address: str) -> Iterator[str]:
    """The address with one letter exchanged for one that looks like it."""
    for place, letter in enumerate(address):
        for other in LOOKALIKES.get(letter, ""):
            yield address[:place] + other + address[place + 1 :]


# As JSON, in the place of a text.
WRONG_TYPES = (
    *("null", "true", "false", "0", "-1", "1.5", "1e999", "2147483648", "9223372036854775808", "9" * 400),
    *('""', '"x"', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"' + "x" * 20_000 + '"'),
    *("[]", "[null]", '["a","b"]', "[[[[]]]]", "{}", '{"$ne":null}', '{"a":{"a":{"a":1}}}', '{"__proto__":1}'),
    *("NaN", "Infinity", "'x'", "undefined"),  # not JSON, though some read them
)


def json_bodies(names: list[str]) -> Iterator[bytes]:
    """Bodies of JSON whose fields hold what they must not, and some that are no object at all."""
    yield from (value.encode() for value in WRONG_TYPES)
    for value in WRONG_TYPES:
        yield ("{" + ",".join(f'"{name}":{value}' for name in names) + "}").encode()
    some = names[0] if names else "a"
    yield b"[" * 50_000 + b"]" * 50_000
    yield b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    yield f'{{"{some}":1,"{some}":2}}'.encode()
    yield "{\ufeff}".encode()
    yield b"\xef\xbb\xbf{}"
    yield b'{"a":"\xff\xfe"}'
    yield b'{"\\ud800":1}'
    yield b'{"a":'
    yield b"\x00"
