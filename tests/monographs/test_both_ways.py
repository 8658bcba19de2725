"""Both ways: modules link every drug they name, monographs list the modules, and no link is ever dead.

The sample content is examined by rules written anew here, after the notes on linking, with another reader of HTML.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest
import yaml

CONTENT = Path(__file__).resolve().parents[2] / "content"
NOT_LINKED = {"a", "button", "code", "h1", "h2", "h3", "h4", "h5", "h6", "kbd", "label", "option", "pre", "samp"}
SAME_HYPHEN = str.maketrans("‐‑–", "---")
MODULES = sorted(file.stem for file in CONTENT.glob("modules/*/*.md"))


def front_of(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8").split("\n---\n", 1)[0].removeprefix("---\n"))


def linked_names() -> dict[str, str]:
    """The names that must be linked, with their monographs: those of `link_names`, else all of a drug that tell."""
    owners: dict[str, set[tuple[bool, str]]] = defaultdict(set)
    for file in CONTENT.glob("monographs/*.md"):
        facts = front_of(file)
        asked = facts.get("link_names")
        default = [facts["name"], facts["generic_name"], *facts.get("brand_names", [])]
        for name in default if asked is None else asked:
            owners[name.lower()].add((asked is not None, file.stem))
    names = {}
    for name, claims in owners.items():
        best = max(explicit for explicit, _ in claims)
        slugs = {slug for explicit, slug in claims if explicit == best}
        if len(slugs) == 1 and (best or len(re.sub(r"[^a-z]", "", name)) >= 4):
            names[name] = slugs.pop()
    return names


def texts_and_links(element: Any, blocked: bool = False) -> Iterator[tuple[str, str]]:
    """What an element holds in order: ("text", what may be linked), ("link" or "hand", a slug), ("section", "")."""
    if element.tag == "h2":
        yield "section", ""
    if element.tag == "a" and "drug" in element.get("class", "").split():
        made = "hand" if element.get("data-auto") is None else "link"
        yield made, element.get("href").removeprefix("/monographs/")
    blocked = blocked or element.tag in NOT_LINKED
    if element.text and not blocked:
        yield "text", element.text
    for child in element:
        yield from texts_and_links(child, blocked)
        if child.tail and not blocked:
            yield "text", child.tail


@pytest.fixture
def sample(settings, professional, republish):
    """The sample content, published; gives pages by their addresses."""
    shutil.rmtree(settings.content_folder)
    shutil.copytree(CONTENT, settings.content_folder)
    republish()
    return lambda path: lxml.html.fromstring(professional.get(path).text)


def drugs_beside(page: Any) -> list[str]:
    """The drugs in the rail of a module's page."""
    return [link.removeprefix("/monographs/") for link in page.xpath('//section[@aria-labelledby="drugs"]//a/@href')]


def test_every_drug_that_a_sample_module_names_is_linked_where_it_is_named_first(sample):
    names = linked_names()
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    mention = re.compile(rf"(?<![\w-])({pattern})s?(?![\w-])")
    missing, links = [], 0
    for slug in MODULES:
        for section in sections_of(sample(f"/modules/{slug}")):
            linked = {found for kind, found in section if kind == "hand"}  # counts for its whole section
            for kind, found in section:
                if kind == "link":
                    links += 1
                    assert found not in linked, f"{slug} links {found} twice in a section"
                    linked.add(found)
                elif kind == "text":
                    named = {names[name] for name in mention.findall(found.lower().translate(SAME_HYPHEN))}
                    missing += [f"{slug}: {drug} in {found!r}" for drug in named - linked]
    assert missing == []
    assert links > 20


def sections_of(page: Any) -> list[list[tuple[str, str]]]:
    """What each section of a module's text holds."""
    [article] = page.xpath("//article")
    sections: list[list[tuple[str, str]]] = [[]]
    for kind, found in texts_and_links(article):
        if kind == "section":
            sections.append([])
        else:
            sections[-1].append((kind, found))
    return sections


def test_the_rail_of_a_sample_module_lists_what_it_links_and_what_belongs_to_it(sample):
    for slug in MODULES:
        page = sample(f"/modules/{slug}")
        [file] = CONTENT.glob(f"modules/*/{slug}.md")
        linked = [found for section in sections_of(page) for kind, found in section if kind != "text"]
        belonging = front_of(file).get("monographs") or []
        assert drugs_beside(page) == list(dict.fromkeys([*linked, *belonging])), slug


def test_each_sample_monograph_lists_the_modules_that_list_it(sample):
    naming = defaultdict(set)
    for slug in MODULES:
        for drug in drugs_beside(sample(f"/modules/{slug}")):
            naming[drug].add(f"/modules/{slug}")
    assert len(naming) >= 10
    for file in CONTENT.glob("monographs/*.md"):
        listed = sample(f"/monographs/{file.stem}").xpath('//section[@id="cpd"]//li//a/@href')
        assert set(listed) == naming[file.stem], file.stem


def test_every_link_to_a_drug_in_the_sample_leads_to_a_monograph(sample, professional):
    pages = [f"/modules/{slug}" for slug in MODULES]
    pages += [f"/monographs/{file.stem}" for file in CONTENT.glob("monographs/*.md")]
    links = {link for path in pages for link in sample(path).xpath('//a[starts-with(@href, "/monographs/")]/@href')}
    assert {link: professional.get(link).status_code for link in links} == dict.fromkeys(links, 200)


# When a monograph is withdrawn or renamed

BODY = "## Drugs\n\nStart with zanidine at night.\n"
BANNER = "This monograph has been withdrawn"


@pytest.fixture
def passed(publish, sign_in, submit, write_monograph):
    """A learner has passed a module that names a drug; the module was rewritten since."""
    write_monograph("zanidine")
    write_monograph("other")
    publish("stiffness", body=BODY)
    sign_in()
    submit("/modules/stiffness/assessment", q1="a")
    publish("stiffness", body=BODY.replace("at night", "in the morning"))


def withdraw(how: str, file: Path, write_monograph) -> None:
    if how == "deleted":
        file.unlink()
    else:
        write_monograph("zanidine", status=how)


@pytest.mark.usefixtures("passed")
@pytest.mark.parametrize("how", ["withdrawn", "draft", "deleted"])
def test_a_withdrawn_monograph_leaves_the_live_module_and_stays_reachable_from_the_old_revision(
    client, republish, write_monograph, settings, how
):
    withdraw(how, settings.content_folder / "monographs" / "zanidine.md", write_monograph)
    republish()

    live = client.get("/modules/stiffness").text
    assert "Start with zanidine in the morning." in live
    assert "/monographs/zanidine" not in live

    old = client.get("/modules/stiffness/revisions/1").text
    assert 'Start with <a class="drug" href="/monographs/zanidine"' in old
    assert "Drugs in this module" in old
    for address in set(re.findall(r'(?:href|data-card)="(/monographs/zanidine[^"]*)"', old)):
        answer = client.get(address)
        assert (answer.status_code, BANNER in answer.text) == (200, True), address


@pytest.mark.usefixtures("passed")
def test_a_monograph_that_comes_back_is_linked_again(client, republish, write_monograph):
    before = client.get("/modules/stiffness").text.split("<article")[1]
    write_monograph("zanidine", status="withdrawn")
    republish()
    write_monograph("zanidine")
    republish()
    assert client.get("/modules/stiffness").text.split("<article")[1] == before
    page = client.get("/monographs/zanidine").text
    assert BANNER not in page
    assert 'href="/modules/stiffness"' in page


def test_a_link_made_by_hand_leads_to_the_withdrawn_monograph_and_its_banner(professional, publish, write_monograph):
    write_monograph("zanidine", status="withdrawn")
    publish("stiffness", body="## Drugs\n\nOnce [this drug](monograph:zanidine) was given.\n")
    page = professional.get("/modules/stiffness").text
    assert 'href="/monographs/zanidine"' in page
    assert "Drugs in this module" not in page
    assert BANNER in professional.get("/monographs/zanidine").text


@pytest.mark.usefixtures("passed")
def test_links_of_a_withdrawn_module_lead_to_the_banner_too(client, republish, write_module, write_monograph):
    write_module("stiffness", body=BODY, status="withdrawn")
    write_monograph("zanidine", status="withdrawn")
    republish()
    page = client.get("/modules/stiffness").text
    assert "This module has been withdrawn" in page
    for address in set(re.findall(r'href="(/monographs/zanidine)"', page)):
        assert BANNER in client.get(address).text


@pytest.mark.usefixtures("passed")
def test_links_follow_a_renamed_monograph_from_live_modules_and_old_revisions(
    client, republish, write_monograph, settings
):
    (settings.content_folder / "monographs" / "zanidine.md").unlink()
    write_monograph("newdine", former_slugs=["zanidine"], brand_names=["Zanidine"])
    republish()

    live = client.get("/modules/stiffness").text
    assert 'Start with <a class="drug" href="/monographs/newdine" data-card="/monographs/newdine/card"' in live
    assert "/monographs/zanidine" not in live
    assert 'href="/modules/stiffness"' in client.get("/monographs/newdine").text

    old = client.get("/modules/stiffness/revisions/1").text
    for address in set(re.findall(r'(?:href|data-card)="(/monographs/zanidine[^"]*)"', old)):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (301, address.replace("zanidine", "newdine"))
        assert client.get(answer.location).status_code == 200


@pytest.mark.usefixtures("passed")
def test_a_monograph_renamed_and_then_withdrawn_is_still_reached_by_its_old_name(
    client, republish, write_monograph, settings
):
    (settings.content_folder / "monographs" / "zanidine.md").unlink()
    write_monograph("newdine", former_slugs=["zanidine"])
    republish()
    write_monograph("newdine", former_slugs=["zanidine"], status="withdrawn")
    republish()
    answer = client.get("/monographs/zanidine", follow_redirects=True)
    assert answer.request.path == "/monographs/newdine"
    assert BANNER in answer.text
