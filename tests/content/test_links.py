"""Drugs found in text, and linked where they should be."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.content.facts import MonographFacts
from cpd.content.links import Claim, Clash, Names, claims_of, clashes_of, fold, link_mentions, strip_links


def make_names(*names, **slugs):
    """Names whose slugs are themselves with hyphens, and others by their slug."""
    own = [Claim(fold(name), name.lower().replace(" ", "-"), explicit=False) for name in names]
    return Names([*own, *(Claim(fold(name), slug.replace("_", "-"), explicit=True) for slug, name in slugs.items())])


def make_monograph(**facts):
    return MonographFacts(
        **{"slug": "baclofen", "name": "Baclofen", "generic_name": "baclofen", "formulations": (), **facts}
    )


def link(slug, text):
    return f'<a class="drug" href="/monographs/{slug}" data-card="/monographs/{slug}/card" data-auto>{text}</a>'


def linked_texts(html, names):
    return [part.split("</a>")[0] for part in link_mentions(html, names).html.split(" data-auto>")[1:]]


DRUGS = make_names(
    "baclofen", "aspirin", "enteric coated aspirin", "iron", "gabapentin", "co-codamol", "adalimumab", "amoxicillin",
    "amoxicillin and clavulanate", "amlodipine", "amlodipine besylate", "café", "warfarin",
    baclofen_intrathecal="intrathecal baclofen",
)  # fmt: skip


def test_a_mention_becomes_a_link_with_a_card():
    linked = link_mentions("<p>Give baclofen now.</p>", DRUGS)
    assert linked.html == f"<p>Give {link('baclofen', 'baclofen')} now.</p>"
    assert linked.slugs == ("baclofen",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("baclofen", ["baclofen"]),
        ("Baclofen. BACLOFEN", ["Baclofen"]),
        ("baclofen's effect", ["baclofen"]),
        ("(baclofen)", ["baclofen"]),
        ("“baclofen”", ["baclofen"]),
        ("gabapentin/baclofen", ["gabapentin", "baclofen"]),
        ("gabapentin,baclofen", ["gabapentin", "baclofen"]),
        ("baclofens", ["baclofens"]),
        ("baclofen-induced sleep", ["baclofen"]),
        ("baclofen\u2011induced sleep", ["baclofen"]),
        ("baclofen-", []),
        ("non-baclofen", []),
        ("non\u2011baclofen", []),
        ("environment", []),
        ("baclofenx", []),
        ("xbaclofen", []),
        ("baclofen_x", []),
        ("baclofen2", []),
        ("2baclofen", []),
        ("baclofen\u0301", []),
        ("adalimumab-ryvk", []),
        ("adalimumab", ["adalimumab"]),
        ("co-codamol", ["co-codamol"]),
        ("co\u2011codamol", ["co\u2011codamol"]),
        ("co\u2010codamol", ["co\u2010codamol"]),
        ("co\u2013codamol", ["co\u2013codamol"]),
        ("co\u00adcodamol", ["co\u00adcodamol"]),
        ("intrathecal baclofen", ["intrathecal baclofen"]),
        ("intrathecal\nbaclofen", ["intrathecal\nbaclofen"]),
        ("intrathecal&nbsp;baclofen", ["intrathecal&nbsp;baclofen"]),
        ("intrathecal  baclofen", ["baclofen"]),
        ("enteric coated aspirin", ["enteric coated aspirin"]),
        ("non-enteric coated aspirin", ["aspirin"]),
        ("amoxicillin and clavulanate", ["amoxicillin and clavulanate"]),
        ("amoxicillin and water", ["amoxicillin"]),
        ("amlodipine besylate", ["amlodipine besylate"]),
        ("CAFÉ", ["CAFÉ"]),
        ("cafe", []),
        ("İ baclofen ß warfarin", ["baclofen", "warfarin"]),
        ("😀baclofen😀", ["baclofen"]),
        ("👩‍⚕️ baclofen 👩‍⚕️", ["baclofen"]),
        ("دواء baclofen دواء", ["baclofen"]),
        ("وbaclofen", []),
        ("a &lt;baclofen&gt; b &amp; warfarin", ["baclofen", "warfarin"]),
        ("baclofen 5 mg", ["baclofen"]),
        ("5 mg baclofen", ["baclofen"]),
    ],
)
def test_only_whole_names_are_linked(text, found):
    assert linked_texts(f"<p>{text}</p>", DRUGS) == found


@pytest.mark.parametrize("tag", ["a", "code", "pre", "kbd", "samp", "button", "label", "h2", "h3", "h4", "h5", "h6"])
def test_nothing_is_linked_inside(tag):
    html = f"<{tag}>baclofen <b>baclofen</b></{tag}>"
    assert link_mentions(html, DRUGS).html == html


def test_nothing_is_linked_in_what_says_so():
    html = '<div class="x no-link"><p>baclofen</p><hr><div>baclofen</div></div>'
    assert link_mentions(f"{html}<p>baclofen</p>", DRUGS).html == f"{html}<p>{link('baclofen', 'baclofen')}</p>"


@pytest.mark.parametrize("tag", ["p", "li", "td", "dd", "em", "strong", "blockquote", "bdi"])
def test_names_are_linked_inside(tag):
    assert linked_texts(f"<{tag}>baclofen</{tag}>", DRUGS) == ["baclofen"]


def test_the_first_mention_of_each_section_is_linked():
    html = "<p>baclofen baclofen</p><h2>A</h2><p>baclofen</p><h3>B</h3><p>baclofen</p><h2>C</h2><p>baclofen</p>"
    assert linked_texts(html, DRUGS) == ["baclofen"] * 3


def test_two_names_of_one_drug_are_one_mention():
    names = Names([Claim("baclofen", "baclofen", False), Claim("lioresal", "baclofen", False)])
    assert linked_texts("<p>Lioresal is baclofen.</p>", names) == ["Lioresal"]


@pytest.mark.parametrize("order", ["{0} {1}", "{1} {0}"])
def test_a_link_of_the_author_is_the_mention_of_its_section(order):
    explicit = '<a class="drug" href="/monographs/baclofen" data-card="/monographs/baclofen/card">the drug</a>'
    html = f"<p>{order.format('baclofen', explicit)}</p>"
    linked = link_mentions(html, DRUGS)
    assert (linked.html, linked.slugs) == (html, ("baclofen",))


def test_slugs_come_in_their_order_once():
    html = "<h2>A</h2><p>warfarin, baclofen</p><h2>B</h2><p>baclofen, aspirin</p>"
    assert link_mentions(html, DRUGS).slugs == ("warfarin", "baclofen", "aspirin")


def test_a_monograph_does_not_link_to_itself():
    assert link_mentions("<p>baclofen, warfarin</p>", DRUGS, omit={"baclofen"}).slugs == ("warfarin",)


@pytest.mark.parametrize(
    "html",
    [
        "<p><b>Bac</b>lofen</p>",
        "<p><b>x</b>baclofen</p>",
        "<p>non-<b>baclofen</b></p>",
        "<p>intrathecal <b>bacl</b>ofen</p>",
    ],
)
def test_a_word_split_by_tags_is_no_mention(html):
    assert link_mentions(html, DRUGS).html == html


@pytest.mark.parametrize(
    "html", ["baclofen<sup><a>1</a></sup>", "<b>baclofen</b>.", "x<br>baclofen", "<td>x</td><td>baclofen</td>"]
)
def test_a_tag_that_ends_a_word_is_a_boundary(html):
    assert linked_texts(html, DRUGS) == ["baclofen"]


def test_tags_with_quoted_angle_brackets_are_no_text():
    html = '<img src="x.png" alt="a > baclofen <b"><p>x</p>'
    assert link_mentions(html, DRUGS).html == html


def test_attributes_are_never_linked():
    html = '<abbr title="baclofen">BAC</abbr>'
    assert link_mentions(html, DRUGS).html == html


@pytest.mark.parametrize("html", ["baclofen", "x baclofen", "", "<p></p>", "x"])
def test_a_name_at_the_very_start_or_end_is_found(html):
    assert len(linked_texts(html, DRUGS)) == html.count("baclofen")


def test_stripping_takes_out_what_linking_put_in():
    html = "<p>Give baclofen &amp; <em>warfarin</em>, not intrathecal&nbsp;baclofen.</p>"
    linked = link_mentions(html, DRUGS)
    assert linked.html.count("data-auto") == 3
    assert strip_links(linked.html) == html


def test_links_of_authors_are_not_stripped():
    html = '<p><a class="drug" href="/monographs/x" data-card="/monographs/x/card">x</a> <a href="/modules/y">y</a></p>'
    assert strip_links(html) == html


def test_linking_with_other_names_removes_the_old_links():
    linked = link_mentions("<p>baclofen</p>", DRUGS).html
    assert link_mentions(linked, make_names("warfarin")).html == "<p>baclofen</p>"


words = st.lists(
    st.sampled_from(
        [
            "baclofen", "Aspirin", "enteric coated aspirin",
            "intrathecal", "non-", "<b>", "</b>", "<p>", "</p>", "<h2>",
            "</h2>", "<code>", "</code>", "&amp;", "&nbsp;", " ", " ", "x", ".", "-induced", "İ", '<img alt="a>b">',
            '<a href="/modules/x">', "</a>", "s",
        ]
    )
)  # fmt: skip


@given(words)
def test_linking_again_changes_nothing(parts):
    once = link_mentions("".join(parts), DRUGS)
    assert link_mentions(once.html, DRUGS) == once


@given(words)
def test_linking_adds_nothing_but_links(parts):
    html = "".join(parts)
    assert strip_links(link_mentions(html, DRUGS).html) == html


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text):
    assert len(fold(text)) == len(text)


# Who may have a name


def test_names_of_a_monograph_are_its_name_generic_and_brands():
    facts = make_monograph(name="Baclofen (oral)", brand_names=("Lioresal", "Kem", "Relief"))
    assert [claim.name for claim in claims_of(facts)] == ["baclofen (oral)", "baclofen", "lioresal"]


@pytest.mark.parametrize(
    "name", ["ASA", "MS", "5-FU", "Focus", "Cold", "Water", "attention", "PRESSURE", "alcohol", "oxygen"]
)
def test_short_names_and_ordinary_words_are_not_claimed(name):
    assert claims_of(make_monograph(name=name, generic_name=name, brand_names=(name,))) == []


def test_listed_names_stand_alone_and_may_be_anything():
    facts = make_monograph(link_names=("ASA", "Focus"))
    assert claims_of(facts) == [Claim("asa", "baclofen", True), Claim("focus", "baclofen", True)]


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "draft"},
        {"status": "withdrawn"},
        {"link_names": ()},
        {"link_names": ("baclofen",), "draft": ("link_names",)},
        {"draft": ("name", "generic_name")},
    ],
    ids=str,
)
def test_what_is_not_published_or_confirmed_claims_nothing(facts):
    assert claims_of(make_monograph(**facts)) == []


def test_a_listed_name_beats_a_default_one():
    claims = [Claim("baclofen", "a", False), Claim("baclofen", "b", True), Claim("baclofen", "c", False)]
    names = Names(claims)
    assert names.slugs["baclofen"] == "b"
    assert clashes_of(claims) == []


@pytest.mark.parametrize("explicit", [True, False])
def test_a_name_that_two_claim_alike_is_linked_to_neither(explicit):
    claims = [Claim("baclofen", "b", explicit), Claim("baclofen", "a", explicit)]
    assert clashes_of(claims) == [Clash("baclofen", ("a", "b"), explicit)]
    assert link_mentions("<p>baclofen</p>", Names(claims)).slugs == ()


def test_a_claim_twice_by_one_monograph_is_no_clash():
    assert clashes_of([Claim("baclofen", "a", False)] * 2) == []


def test_a_plural_does_not_take_the_name_of_another_drug():
    names = Names([Claim("statin", "a", False), Claim("statins", "b", False)])
    assert link_mentions("<p>statin statins</p>", names).slugs == ("a", "b")


def test_the_hash_tells_sets_of_names_apart():
    claims = [Claim("baclofen", "a", False), Claim("aspirin", "b", False)]
    assert Names(claims).hash == Names(reversed(claims)).hash
    assert (
        len({Names(claims).hash, Names(claims[:1]).hash, Names([Claim("baclofen", "c", False)]).hash, Names([]).hash})
        == 4
    )


def test_without_names_nothing_is_linked():
    assert link_mentions("<p>baclofen</p>", Names([])).html == "<p>baclofen</p>"


def test_twenty_thousand_names_and_a_megabyte_of_text_are_soon_done():
    names = Names(Claim(f"drug{number:05}ine", f"d{number}", False) for number in range(20_000))
    html = "<h2>A</h2><p>Give drug00017ine and drug19999ine twice daily with a glass of milk.</p>" * 12_000
    started = time.process_time()
    linked = link_mentions(html, names)
    assert linked.slugs == ("d17", "d19999")
    assert time.process_time() - started < 4  # a hundred times faster than one big regular expression
