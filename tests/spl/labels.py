"""Labels that the tests write themselves: valid SPL XML about a drug that does not exist, in words of our own."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

RX, OTC, CLASS_INDEX = "34391-3", "34390-5", "60685-5"
SET_ID = "0c9a9a0e-7d0e-4d43-9d0b-2f6d5a7b1c11"
LOINC, UNII, NDC = "2.16.840.1.113883.6.1", "2.16.840.1.113883.4.9", "2.16.840.1.113883.6.69"
NCI, CLASSES = "2.16.840.1.113883.3.26.1.1", "2.16.840.1.113883.3.26.1.5"
ZANIDINE, ZANIDINE_SALT = "Z0Z0Z0Z0Z1", "Z0Z0Z0Z0Z2"


def set_id(number: int) -> str:
    """A set id of its own for each number."""
    return str(uuid.UUID(int=0x5A4E << 112 | number, version=4))


def label(
    *parts: str,
    kind: str | None = RX,
    identity: str | None = SET_ID,
    version: str | None = "1",
    effective: str | None = "20260315",
    company: str | None = "Example Pharma",
    title: str | None = "Zanidine tablets",
    products: Sequence[str] | None = None,
    prolog: str = '<?xml version="1.0" encoding="UTF-8"?>\n',
    after: str = "",
) -> str:
    """A label with the sections given; its product is a tablet of zanidine unless told. None leaves an element out.

    `title` and `company` are XML, as a label may have elements in them.
    """
    sold = [product()] if products is None else products
    head = "".join(
        [
            f'<id root="{uuid.uuid5(uuid.NAMESPACE_OID, str(parts))}"/>',
            "" if kind is None else f'<code code="{kind}" codeSystem="{LOINC}" displayName="LABEL"/>',
            "" if title is None else f"<title>{title}</title>",
            "" if effective is None else f'<effectiveTime value="{effective}"/>',
            "" if identity is None else f"<setId root={quoteattr(identity)}/>",
            "" if version is None else f"<versionNumber value={quoteattr(version)}/>",
            "" if company is None else _author(company),
        ]
    )
    elements = section("48780-1", None, subjects="".join(sold)) if sold else ""
    body = elements + "".join(parts)
    return (
        f'{prolog}<document xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{head}<component><structuredBody>{body}</structuredBody></component></document>{after}"
    )


def _author(company: str) -> str:
    organisation = f'<id root="1.3.6.1.4.1.519.1" extension="000000000"/><name>{company}</name>'
    return (
        "<author><time/><assignedEntity><representedOrganization>"
        f"{organisation}</representedOrganization></assignedEntity></author>"
    )


def section(
    code: str | None,
    title: str | None,
    text: str | None = None,
    *children: str,
    highlight: str | None = None,
    subjects: str = "",
    after: str = "",
) -> str:
    """A section within its component. `text` is XML; `highlight` is what Highlights say of it."""
    coded = "" if code is None else f'<code code="{code}" codeSystem="{LOINC}" displayName="SECTION"/>'
    titled = "" if title is None else f"<title>{title}</title>"
    told = "" if text is None else f"<text>{text}</text>"
    short = "" if highlight is None else f"<excerpt><highlight><text>{highlight}</text></highlight></excerpt>"
    inner = f'{coded}{titled}{told}<effectiveTime value="20260315"/>{short}{subjects}{"".join(children)}{after}'
    return f'<component><section><id root="{uuid.uuid4()}"/>{inner}</section></component>'


def paragraphs(*texts: str) -> str:
    """Plain texts as paragraphs."""
    return "".join(f"<paragraph>{escape(text)}</paragraph>" for text in texts)


def product(
    name: str = "Zanidine",
    *,
    generic: str | None = "zanidine",
    suffix: str = "",
    form: str = "TABLET",
    ingredients: Sequence[str] | None = None,
    parts: Sequence[str] = (),
    route: str = "ORAL",
    schedule: str = "",
    category: str = "ANDA",
    status: str = "active",
) -> str:
    """A product of the label; names are XML."""
    made = made_of(name, generic=generic, suffix=suffix, form=form, ingredients=ingredients, parts=parts)
    where = f"<consumedIn><substanceAdministration><routeCode {_nci(route)}/></substanceAdministration></consumedIn>"
    controlled = f'<subjectOf><policy classCode="DEADrugSchedule"><code {_nci(schedule)}/></policy></subjectOf>'
    return (
        f"<subject><manufacturedProduct><manufacturedProduct>{made}</manufacturedProduct>"
        f'<subjectOf><approval><id extension="ANDA000000"/><code {_nci(category)}/></approval></subjectOf>'
        f'<subjectOf><marketingAct><statusCode code="{status}"/></marketingAct></subjectOf>'
        f"{controlled if schedule else ''}{where if route else ''}</manufacturedProduct></subject>"
    )


def made_of(
    name: str,
    *,
    generic: str | None = None,
    suffix: str = "",
    form: str = "TABLET",
    ingredients: Sequence[str] | None = None,
    parts: Sequence[str] = (),
) -> str:
    """What a product or a part of a kit says about itself."""
    if ingredients is None:
        ingredients = () if parts else (ingredient(),)
    known = f"<asEntityWithGeneric><genericMedicine><name>{generic}</name></genericMedicine></asEntityWithGeneric>"
    return (
        f'<code code="00000-001" codeSystem="{NDC}"/>'
        f"<name>{name}{f'<suffix>{suffix}</suffix>' if suffix else ''}</name><formCode {_nci(form)}/>"
        f"{known if generic else ''}{''.join(ingredients)}{''.join(parts)}"
    )


def part(name: str, *, amount: tuple[str, str] = ("1", "mL"), **facts: object) -> str:
    """A part of a kit."""
    quantity = f'<quantity><numerator value="{amount[0]}" unit="{amount[1]}"/><denominator value="1"/></quantity>'
    return f"<part>{quantity}<partProduct>{made_of(name, **facts)}</partProduct></part>"  # type: ignore[arg-type]


def ingredient(
    substance: str = "ZANIDINE HYDROCHLORIDE",
    *,
    kind: str = "ACTIM",
    amount: tuple[str, str] | None = ("4", "mg"),
    per: tuple[str, str] = ("1", "1"),
    moiety: str | None = "ZANIDINE",
    unii: str = ZANIDINE_SALT,
    moiety_unii: str = ZANIDINE,
    reference: str = "",
) -> str:
    """An ingredient with its strength, of which moiety, substance or reference `kind` tells."""
    quantity = (
        ""
        if amount is None
        else f"<quantity><numerator value={quoteattr(amount[0])} unit={quoteattr(amount[1])}/>"
        f"<denominator value={quoteattr(per[0])} unit={quoteattr(per[1])}/></quantity>"
    )
    active = (
        ""
        if moiety is None
        else f'<activeMoiety><activeMoiety><code code="{moiety_unii}" codeSystem="{UNII}"/><name>{moiety}</name>'
        "</activeMoiety></activeMoiety>"
    )
    refers = (
        f"<asEquivalentSubstance><definingSubstance><name>{reference}</name></definingSubstance></asEquivalentSubstance>"
        if reference
        else ""
    )
    return (
        f'<ingredient classCode="{kind}">{quantity}<ingredientSubstance><code code="{unii}" codeSystem="{UNII}"/>'
        f"<name>{substance}</name>{active}{refers}</ingredientSubstance></ingredient>"
    )


def class_index(classes: Mapping[str, Sequence[str]], *, number: int = 900, system: str = CLASSES) -> str:
    """A class-index file: for each UNII its classes, such as "Muscle relaxant [EPC]"."""
    subjects = "".join(
        f'<subject><identifiedSubstance><id extension="{unii}" root="{UNII}"/><identifiedSubstance>'
        f'<code code="{unii}" codeSystem="{UNII}"/><name use="L">SUBSTANCE</name>{_kinds(names, system)}'
        "</identifiedSubstance></identifiedSubstance></subject>"
        for unii, names in classes.items()
    )
    indexing = section("48779-3", "", "", subjects=subjects)
    return label(indexing, kind=CLASS_INDEX, identity=set_id(number), title="Class indexing", products=())


def _kinds(names: Sequence[str], system: str) -> str:
    return "".join(
        f'<asSpecializedKind><generalizedMaterialKind><code code="N000000{number}" codeSystem="{system}" '
        f"displayName={quoteattr(name)}/></generalizedMaterialKind></asSpecializedKind>"
        for number, name in enumerate(names)
    )


def _nci(name: str) -> str:
    return f'code="C00000" codeSystem="{NCI}" displayName={quoteattr(name)}'


def ordinary(**facts: object) -> str:
    """A small whole label in the old layout, with something under the headings that matter most."""
    return label(
        section("34067-9", "INDICATIONS AND USAGE", paragraphs("Zanidine tablets relieve stiff muscles.")),
        section("34068-7", "DOSAGE AND ADMINISTRATION", paragraphs("Begin with 2 mg at night.")),
        section("34070-3", "CONTRAINDICATIONS", paragraphs("Do not give it with zanoxacin.")),
        **facts,  # type: ignore[arg-type]
    )


def in_new_layout(*more: str, **facts: object) -> str:
    """A small whole label in the layout with Highlights and numbered sections."""
    return label(
        section("34067-9", "1 INDICATIONS AND USAGE", paragraphs("Zanidine tablets relieve stiff muscles.")),
        section("34068-7", "2 DOSAGE AND ADMINISTRATION", paragraphs("Begin with 2 mg at night.")),
        section("34070-3", "4 CONTRAINDICATIONS", paragraphs("Do not give it with zanoxacin.")),
        section("43685-7", "5 WARNINGS AND PRECAUTIONS", paragraphs("It makes people sleepy.")),
        *more,
        **facts,  # type: ignore[arg-type]
    )


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip with these members."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()
