"""Labels with hostile texts in every place where a label may have text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import cycle, islice
from xml.sax.saxutils import escape

from lxml import etree

from tests.hostile.placing import name as as_name
from tests.spl.labels import class_index, ingredient, label, part, product, section, set_id

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A block of a text with a hostile one in one place of it: as text, as an attribute, or as markup of its own.
BLOCKS = (
    "<paragraph>{text}</paragraph>",
    "<paragraph>Before {text} after.</paragraph>",
    '<paragraph><content styleCode="bold">{text}</content></paragraph>',
    '<paragraph><content styleCode="underline">{text}</content><br/>{text}</paragraph>',
    '<paragraph><content styleCode="italics">x</content>{text}</paragraph>',
    "<paragraph>x<sup>{text}</sup></paragraph>",
    "<paragraph>x<sub>{text}</sub></paragraph>",
    "<list><item>{text}</item></list>",
    "<list listType='ordered'><item><caption>{text}</caption>x</item></list>",
    "<list><caption>{text}</caption><item><paragraph>{text}</paragraph></item></list>",
    "<table><tbody><tr><td>{text}</td></tr></tbody></table>",
    "<table><thead><tr><th>{text}</th></tr></thead><tbody><tr><td>x</td></tr></tbody></table>",
    "<table><caption>{text}</caption><tbody><tr><td>x</td></tr></tbody></table>",
    "<table><tbody><tr><td><list><item>{text}</item></list></td></tr></tbody></table>",
    "<paragraph>x<footnote>{text}</footnote></paragraph>",
    "<table><tbody><tr><td>x<footnote>{text}</footnote></td></tr></tbody></table>",
    '<paragraph><linkHtml href="https://example.org/">{text}</linkHtml></paragraph>',
    "<paragraph><linkHtml href={quoted}>x</linkHtml></paragraph>",
    "<paragraph><linkHtml href={web}>x</linkHtml></paragraph>",
    "<paragraph><content styleCode={quoted} ID={quoted}>x</content></paragraph>",
    "<list listType={quoted} styleCode={quoted}><item>x</item></list>",
    "<table><tbody><tr><td colspan={quoted} rowspan={quoted} align={quoted} ID={quoted}>x</td></tr></tbody></table>",
    "<paragraph>x<footnote ID={quoted}>y</footnote><footnoteRef IDREF={quoted}/></paragraph>",
    "<renderMultiMedia referencedObject={quoted}/>",
    "<odd>{text}</odd>",
    "<paragraph>{markup}</paragraph>",
    "<table><tbody><tr><td>{markup}</td></tr></tbody></table>",
    "<list><item>{markup}</item></list>",
    "{text}",
)
SECTIONS = ("34066-1", "34067-9", "34068-7", "34070-3", "43685-7", "34073-7", "34084-4", "43684-0", "34076-0")


def tidy(text: str) -> str:
    """A text without the signs that no XML may have."""
    return NO_XML.sub("", text)


def quoted(text: str) -> str:
    """A text as the value of an attribute, with its quotes."""
    return '"' + escape(tidy(text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}) + '"'


def markup(text: str) -> str:
    """A text as elements of XHTML if it is well-formed, as text otherwise."""
    spaces = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:xlink="http://www.w3.org/1999/xlink"'
    whole = f"<div {spaces}>{tidy(text)}</div>"
    try:
        etree.fromstring(whole)
    except etree.XMLSyntaxError:
        return escape(tidy(text))
    return whole


def block(text: str, place: int) -> str:
    """A text in one of the places within a text."""
    told = escape(tidy(text))
    web = quoted(f"https://example.org/{text}")
    return BLOCKS[place % len(BLOCKS)].format(text=told, quoted=quoted(text), web=web, markup=markup(text))


def hostile_label(number: int, texts: Sequence[str], turn: int = 0) -> list[str]:
    """A label with each text once within its sections, and with some in its titles, facts and Highlights; its index."""
    facts = islice(cycle(texts), turn, None)

    def fact() -> str:
        return escape(" ".join(tidy(next(facts)).split()))

    def named() -> str:
        return escape(as_name(tidy(next(facts)))[:60])

    def short() -> str:
        return f"<paragraph>{fact()}</paragraph><list><item>{fact()} <content>{fact()}</content></item></list>"

    shares: list[list[str]] = [[] for _ in SECTIONS]
    for index, text in enumerate(texts):
        shares[index % len(SECTIONS)].append(block(text, index + turn))
    pictures = f'<component><observationMedia ID="M1"><text>{fact()}</text></observationMedia></component>'
    shares[2].append('<renderMultiMedia referencedObject="M1"/>')
    parts = [
        section(code, fact(), "".join(share), section("42229-5", fact(), "x"), pictures, highlight=short())
        for code, share in zip(SECTIONS, shares, strict=True)
    ]
    made = [
        ingredient(
            fact(), moiety=fact(), amount=("4", next(facts)[:40].replace("\x00", "")), unii="H1", moiety_unii="H2"
        )
    ]
    made = [NO_XML.sub("", each) for each in made]
    products = [
        product(
            f"Hostile {number} {named()}",
            generic=f"hostile {number}",
            suffix=f" {named()}",
            form=as_attribute(fact()),
            ingredients=made,
        ),
        product("Kit", form="KIT", parts=[part(named(), form=as_attribute(fact()), ingredients=made)], schedule="CIV"),
    ]
    whole = label(
        *parts, identity=set_id(number), company=escape(tidy(next(facts))[:150]), title=fact(), products=products
    )
    return [
        whole,
        class_index({"H1": [tidy(next(facts))[:100], f"{tidy(next(facts))[:100]} [EPC]"]}, number=9000 + number),
    ]


def as_attribute(escaped: str) -> str:
    """A text that was escaped, as it was."""
    return escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
