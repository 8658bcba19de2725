"""Product data: the names of a label's products, and each strength and form as a line for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from cpd.content.spl.characters import line
from cpd.content.spl.reading import Element, child, children, value
from cpd.content.spl.units import Quantity, decimal, strength

ACTIVE = ("ACTIB", "ACTIM", "ACTIR")
OF_MOIETY = "ACTIM"  # the quantity is of the active moiety, not of the substance
OF_REFERENCE = "ACTIR"  # the quantity is of a reference substance
# Said where the label does not name what its strength is of, so that nobody takes it for the substance's.
_UNNAMED = {OF_MOIETY: "strength of its active moiety", OF_REFERENCE: "strength of a reference substance"}
DEEPEST = 5  # kits in kits
_WORD = re.compile(r"[^\W\d_]{4}|^(?:AND|OR|OF|IN|WITH)$")


@dataclass(frozen=True)
class Ingredient:
    """An active ingredient. `unii` are those of its moieties, then its own."""

    name: str
    strength: str
    unii: tuple[str, ...]
    moieties: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Product:
    """A product of a label, or a part of a kit."""

    name: str
    generic: str
    form: str
    routes: tuple[str, ...]
    ingredients: tuple[Ingredient, ...]
    schedules: tuple[str, ...]  # DEA: CII
    parts: tuple[Product, ...] = ()
    quantity: str = ""  # of a part in its kit


def products_of(section: Element) -> list[Product]:
    """The products in a section of product data."""
    outer = children(section, "subject", "manufacturedProduct")
    found = (_product(each, inner, 0) for each in outer if (inner := _inner(each)) is not None)
    return [product for product in found if product.name or product.ingredients or product.parts]


def everything(products: Iterable[Product]) -> Iterator[Product]:
    """Products and the parts of their kits."""
    for product in products:
        yield product
        yield from everything(product.parts)


def formulations(products: list[Product]) -> list[str]:
    """A line for each product that differs in what it holds, in the order of the label."""
    several = len({product.name.casefold() for product in products}) > 1
    kits = count(1)
    many_kits = sum(bool(product.parts) for product in products) > 1
    lines: dict[str, None] = {}
    for product in products:
        if product.parts:
            kit = f"Kit {next(kits)}" if many_kits else "Kit"
            lines.update(dict.fromkeys(_parts(product, kit)))
        else:
            lines[_line(product, named=several)] = None
    return list(lines)


def _inner(outer: Element) -> Element | None:
    inner = child(outer, "manufacturedProduct")
    return inner if inner is not None else child(outer, "manufacturedMedicine")


def _product(outer: Element, inner: Element, depth: int) -> Product:
    return Product(
        name=line(_text(child(inner, "name"))),
        generic=line(_text(child(inner, "asEntityWithGeneric", "genericMedicine", "name"))),
        form=line(value(child(inner, "formCode"), "displayName")).lower(),
        routes=tuple(_routes(outer)),
        ingredients=tuple(_ingredients(inner)),
        schedules=tuple(_schedules(outer)),
        parts=tuple(_kit_parts(inner, depth + 1)) if depth < DEEPEST else (),
    )


def _kit_parts(inner: Element, depth: int) -> Iterator[Product]:
    for part in children(inner, "part"):
        product = child(part, "partProduct")
        if product is None:
            product = child(part, "partMedicine")
        if product is not None:
            made = _product(part, product, depth)
            yield Product(**{**vars(made), "quantity": strength(_quantity(part, "numerator"), None)})


def _routes(outer: Element) -> Iterator[str]:
    for route in children(outer, "consumedIn", "substanceAdministration", "routeCode"):
        if name := line(value(route, "displayName")).lower():
            yield name


def _schedules(outer: Element) -> Iterator[str]:
    for policy in children(outer, "subjectOf", "policy"):
        if value(policy, "classCode") == "DEADrugSchedule" and (code := value(child(policy, "code"), "displayName")):
            yield line(code).upper()


def _ingredients(inner: Element) -> Iterator[Ingredient]:
    for ingredient in children(inner, "ingredient"):
        substance = child(ingredient, "ingredientSubstance")
        if value(ingredient, "classCode") in ACTIVE and substance is not None:
            yield _ingredient(ingredient, substance)
    for ingredient in children(inner, "activeIngredient"):  # as labels before 2009 call it
        substance = child(ingredient, "activeIngredientSubstance")
        if substance is not None:
            yield _ingredient(ingredient, substance)


def _ingredient(ingredient: Element, substance: Element) -> Ingredient:
    name = small(line(_text(child(substance, "name"))))
    moieties = children(substance, "activeMoiety", "activeMoiety")
    named = tuple(small(found) for each in moieties if (found := line(_text(child(each, "name")))))
    codes = [value(child(each, "code"), "code") for each in [*moieties, substance]]
    basis = value(ingredient, "classCode")
    measured = _measured(basis, substance, named)
    amount = strength(_quantity(ingredient, "numerator"), _quantity(ingredient, "denominator"))
    shown = measured or name
    said = " ".join(filter(None, [shown, amount]))
    if name and shown != name:
        said = f"{said} (as {name})"
    elif amount and not measured and basis in _UNNAMED:
        said = f"{said} ({_UNNAMED[basis]})"
    return Ingredient(said, amount, tuple(dict.fromkeys(filter(None, codes))), named or (name,))


def _measured(basis: str, substance: Element, moieties: tuple[str, ...]) -> str:
    """What the strength is of, where that is not the substance itself."""
    if basis == OF_MOIETY:
        return " and ".join(moieties)
    if basis == OF_REFERENCE:
        names = children(substance, "asEquivalentSubstance", "definingSubstance", "name")
        return " and ".join(small(found) for each in names if (found := line(_text(each))))
    return ""


def _quantity(parent: Element, name: str) -> Quantity | None:
    element = child(parent, "quantity", name)
    if element is None:
        return None
    low, high = child(element, "low"), child(element, "high")
    unit = value(element, "unit")
    if low is not None and high is not None:
        bounds = decimal(value(low, "value")), decimal(value(high, "value"))
        if bounds[0] is not None:
            return Quantity(bounds[0], value(low, "unit") or unit, bounds[1])
    amount = decimal(value(element, "value"))
    return Quantity(amount, line(unit)) if amount is not None else None


def _parts(kit: Product, title: str) -> Iterator[str]:
    for number, part in enumerate(kit.parts, 1):
        if part.parts:
            yield from _parts(part, f"{title}, part {number}")
        else:
            yield f"{title}, part {number}: {_line(part, named=True)}"


def _line(product: Product, *, named: bool) -> str:
    """Buprenorphine 2 mg (as buprenorphine hydrochloride) and naloxone 0.5 mg; tablet; sublingual."""
    what = _joined([str(each) for each in product.ingredients])
    held = what or product.generic or product.name
    if named and product.name and product.name.casefold() not in held.casefold():
        held = f"{product.name}: {held}"
    amount = f"{product.quantity} in the kit" if product.quantity else ""
    return "; ".join(filter(None, [_capital(held), product.form, ", ".join(dict.fromkeys(product.routes)), amount]))


def _joined(texts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def small(name: str) -> str:
    """A substance in small letters, but for what is an abbreviation or a formula."""
    return " ".join(word.lower() if _WORD.search(word) or word.istitle() else word for word in name.split())


def _text(element: Element | None) -> str:
    return "".join(map(str, element.itertext())) if element is not None else ""
