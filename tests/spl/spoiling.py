"""Files that no importer should take for a label, each bad in its own way."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping

from tests.spl.labels import SET_ID, label, ordinary, paragraphs, section, set_id, zipped

MEGABYTE = 1024 * 1024
DOCTYPE = "<!DOCTYPE document>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE document [<!ENTITY l0 "ha">{LAUGHS}]>'
HEAD = '<?xml version="1.0" encoding="{}"?>\n'
START = "<document"


def ordinary_after(prolog: str, **facts: object) -> str:
    """An ordinary label with something before its root."""
    return ordinary(prolog=HEAD.format("UTF-8") + prolog, **facts)


def encoded(encoding: str, declared: str | None = None, mark: bytes = b"") -> bytes:
    """A label with a DOCTYPE in an encoding in which its bytes do not spell DOCTYPE."""
    whole = ordinary(prolog=HEAD.format(declared or encoding) + DOCTYPE)
    return mark + whole.encode(encoding)


def with_entity(declaration: str, use: str = "&x;") -> str:
    """A label whose dose is an entity."""
    text = ordinary_after(f"<!DOCTYPE document [{declaration}]>")
    return text.replace("Begin with 2 mg at night.", use)


def nested(depth: int, element: str) -> str:
    """A label with elements in each other, so deep."""
    inside = f"<{element}>" * depth + "deep" + f"</{element}>" * depth
    return label(section("34068-7", "DOSAGE", f"<paragraph>{inside}</paragraph>"))


def nested_sections(depth: int) -> str:
    found = section("42229-5", "Deep", paragraphs("Deep."))
    for _ in range(depth):
        found = section("42229-5", "Deep", None, found)
    return label(section("34068-7", "DOSAGE", None, found))


def sized(size: int, filler: str = "word ") -> str:
    """A label of so many bytes, in many paragraphs."""
    paragraph = f"<paragraph>{filler * 200}</paragraph>"
    return label(section("34068-7", "DOSAGE", paragraph * (size // len(paragraph) + 1)))


def documents() -> Iterator[tuple[str, str | bytes]]:
    """Name and contents of documents that must be refused."""
    good = ordinary()
    yield "a doctype", ordinary_after(DOCTYPE)
    yield "a doctype after a long comment", ordinary_after(f"<!--{'x' * 200_000}-->{DOCTYPE}")
    yield "a doctype with an address", ordinary_after('<!DOCTYPE document SYSTEM "http://127.0.0.1:9/x.dtd">')
    yield "a doctype in utf-16", encoded("utf-16")
    yield "a doctype in utf-16 without a mark", encoded("utf-16-le", "utf-16le")
    yield "a doctype in big utf-16", encoded("utf-16-be", "utf-16", b"\xfe\xff")
    yield "a doctype in utf-32", encoded("utf-32")
    yield "a doctype in ebcdic", encoded("cp037", "IBM037")
    yield "a doctype in utf-7", encoded("utf-7", "UTF-7")
    yield "an entity", with_entity('<!ENTITY x "5 kg">')
    yield "a bomb of entities", ordinary_after(BOMB).replace("2 mg", "&l9;")
    yield "a quadratic bomb", with_entity(f'<!ENTITY x "{"a" * 100_000}">', "&x;" * 20_000)
    yield "a file as an entity", with_entity('<!ENTITY x SYSTEM "file:///etc/hostname">')
    yield "an address as an entity", with_entity('<!ENTITY x SYSTEM "http://127.0.0.1:9/">')
    yield "a parameter entity", with_entity('<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;', "x")
    yield "an entity nobody declared", good.replace("2 mg", "2&nbsp;mg")
    yield "400 sections deep", nested_sections(400)
    yield "400 contents deep", nested(400, "content")
    yield "100,000 contents deep", nested(100_000, "content")
    yield "a text of 11 MB", label(section("34068-7", "DOSAGE", paragraphs("word " * (11 * MEGABYTE // 5))))
    yield "more than 5 MB", sized(5 * MEGABYTE + 1000)
    yield "an attribute of 6 MB", good.replace("<paragraph>", f'<paragraph styleCode="{"x" * 6 * MEGABYTE}">', 1)
    yield "nothing", b""
    yield "only spaces", b" \n\t "
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    yield "words", "Take two tablets."
    yield "a page", "<!doctype html><html><body><p>x</p></body></html>"
    yield "json", '{"setId": 1}'
    yield "cut short", good[: len(good) // 2]
    yield "cut in a sign", ordinary(title="\u03b2" * 10).encode()[:-400]
    yield "more after its end", ordinary(after="<more/>")
    yield "a tag not closed", good.replace("</title>", "", 1)
    yield "two attributes of one name", good.replace("<versionNumber ", '<versionNumber value="2" ', 1)
    yield "a NUL", good.replace("2 mg", "2\x00mg")
    yield "bytes that are no utf-8", good.encode().replace(b"2 mg", b"2\xff\xfemg")
    yield "an encoding nobody knows", ordinary(prolog=HEAD.format("x-klingon"))
    yield "no namespace", good.replace(' xmlns="urn:hl7-org:v3"', "")
    yield "another namespace", good.replace("urn:hl7-org:v3", "urn:hl7-org:v2")
    yield "another root", good.replace(START, "<record", 1).replace("</document>", "</record>")
    yield "a document of another kind", ordinary(kind="11488-4")
    yield "no kind", ordinary(kind=None)
    yield "no set id", ordinary(identity=None)
    yield "an empty set id", ordinary(identity="")
    yield "a set id that is a path", ordinary(identity="../../../etc/passwd")
    yield "a set id that is markup", ordinary(identity='"><script>')
    yield "no version", ordinary(version=None)
    for version in ("", "one", "1.5", "-1", "0x10", "1e3", "\u0663", "9" * 400, "1 2"):
        yield f"version {version[:12]!r}", ordinary(version=version)
    yield "no sections", label(identity=set_id(77))
    yield "no body", good.partition("<component>")[0] + "</document>"


DOCUMENTS = dict(documents())


def zip_of(members: Mapping[str, str | bytes], **facts: object) -> bytes:
    """A zip whose members may have any names, twice too, and other facts in their headers."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.filename = name  # ZipInfo tidies what it is given
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in facts.items():
                setattr(info, key, value)
            archive.writestr(info, data)
    return held.getvalue()


def zeros(size: int) -> bytes:
    """A zip of one label that inflates to so many bytes of nothing."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("label.xml", "w", force_zip64=True) as out,
    ):
        out.write(ordinary().encode())
        for _ in range(size // MEGABYTE):
            out.write(b" " * MEGABYTE)
    return held.getvalue()


def lying(data: bytes) -> bytes:
    """A zip that says of its member that it is small."""
    at = data.rindex(b"PK\x01\x02")
    told = bytearray(data)
    struct.pack_into("<I", told, at + 24, 1000)  # the size in the list of members
    struct.pack_into("<I", told, 22, 1000)  # and in the header before it
    return bytes(told)


def flagged(data: bytes, bit: int) -> bytes:
    """A zip with a flag set for its member in both places."""
    told = bytearray(data)
    for at in (6, data.rindex(b"PK\x01\x02") + 8):
        struct.pack_into("<H", told, at, struct.unpack_from("<H", told, at)[0] | bit)
    return bytes(told)


def method(data: bytes, number: int) -> bytes:
    """A zip whose member is said to be compressed in another way."""
    told = bytearray(data)
    for at in (8, data.rindex(b"PK\x01\x02") + 10):
        struct.pack_into("<H", told, at, number)
    return bytes(told)


def broken(data: bytes) -> bytes:
    """A zip with a byte of its member changed."""
    at = data.index(b"label.xml") + 200
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def in_each_other(levels: int) -> bytes:
    data = zipped({"label.xml": ordinary()})
    for _ in range(levels):
        data = zipped({"more.zip": data})
    return data


ONE = zipped({"label.xml": ordinary()})
LINK = 0o120777 << 16

ZIPS: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: zeros(60 * MEGABYTE),
    "a bomb in a zip": lambda: zipped({"inner.zip": zeros(60 * MEGABYTE)}),
    "a bomb that lies": lambda: lying(zeros(30 * MEGABYTE)),
    "very many entries": lambda: zipped({f"{n}.txt": b"" for n in range(3_000)}),
    "zips in each other": lambda: in_each_other(12),
    "a name that climbs": lambda: zip_of({"../label.xml": ordinary()}),
    "a name that climbs on the way": lambda: zip_of({"a/../../label.xml": ordinary()}),
    "an absolute name": lambda: zip_of({"/etc/label.xml": ordinary()}),
    "a backslash": lambda: zip_of({"..\\label.xml": ordinary()}),
    "a drive": lambda: zip_of({"C:\\label.xml": ordinary()}),
    "a link": lambda: zip_of({"label.xml": "/etc/hostname"}, external_attr=LINK, create_system=3),
    "a link to a label": lambda: zip_of({"label.xml": ordinary()}, external_attr=LINK, create_system=3),
    "a password": lambda: flagged(ONE, 1),
    "another compression": lambda: method(ONE, 97),
    "a changed byte": lambda: broken(ONE),
    "cut short": lambda: ONE[: len(ONE) // 2],
    "cut at its end": lambda: ONE[:-10],
    "nothing": lambda: b"",
    "no member": lambda: zipped({}),
    "no label": lambda: zipped({"a.jpg": b"\xff\xd8\xff", "b.txt": b"x"}),
    "not a zip": lambda: b"Take two tablets.",
    "a bad label": lambda: zipped({"label.xml": "not a label"}),
    "a doctype": lambda: zipped({"label.xml": ordinary_after(DOCTYPE)}),
    "a file of 6 MB": lambda: zipped({"label.xml": sized(6 * MEGABYTE)}),
}
GOOD = {"first.xml": ordinary(identity=set_id(101)), "last.xml": ordinary(identity=set_id(102))}
assert SET_ID not in "".join(GOOD.values())
