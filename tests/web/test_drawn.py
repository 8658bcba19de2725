"""Pages drawn once: what differs between visitors is filled in, and nothing of one visitor is shown to another."""

import pytest
from flask import Flask
from markupsafe import Markup

from cpd.web import drawn
from cpd.web.drawn import answer, fragment, gap, opened


class Around:
    """Surroundings of a page that has none but a name."""

    name = "Amara"
    key = ("plain",)

    def variables(self):
        return {"name": self.name}

    def open_variables(self):
        return {"name": gap("name")}

    def value(self, name):
        return getattr(self, name)


@pytest.fixture
def site(tmp_path):
    """An application with templates to be written by a test."""
    site = Flask("site", template_folder=str(tmp_path))
    drawn.configure(site, Around)
    with site.test_request_context():
        yield tmp_path


def page(key="key", count=None, **values):
    def variables():
        if count is not None:
            count.append(key)
        return {name: gap(name) for name in values} | {"fixed": key}

    return answer("page.html", key, variables, **values).get_data(as_text=True)


def test_a_page_is_drawn_once_for_each_key(site):
    (site / "page.html").write_text("{{ fixed }}: {{ score }}")
    drawings = []
    pages = [page("a", drawings, score="1"), page("a", drawings, score="2"), page("b", drawings, score="3")]
    assert pages == ["a: 1", "a: 2", "b: 3"]
    assert drawings == ["a", "b"]


def test_a_value_is_escaped_unless_it_is_markup(site):
    (site / "page.html").write_text("{{ typed }}|{{ made }}")
    assert page(typed="<b>&", made=Markup("<b>")) == "&lt;b&gt;&amp;|<b>"


def test_the_visitor_is_filled_in_at_each_answer(site, monkeypatch):
    (site / "page.html").write_text("Hello {{ name }}, {{ name }}")
    first = page()
    monkeypatch.setattr(Around, "name", "O’Hara <b>")
    assert (first, page()) == ("Hello Amara, Amara", "Hello O’Hara &lt;b&gt;, O’Hara &lt;b&gt;")


def test_a_gap_may_be_printed_often_or_never(site):
    (site / "page.html").write_text("{{ one }}{{ one }}")
    assert page(one="1", two="2") == "11"


def test_a_gap_without_a_value_is_our_mistake(site):
    (site / "page.html").write_text("{{ other }}")
    with pytest.raises(AttributeError):
        answer("page.html", "key", lambda: {"other": gap("other")})


@pytest.mark.parametrize("filtered", ["urlencode", "upper", "reverse", "truncate(9)"])
def test_a_filter_on_a_gap_is_our_mistake(site, filtered):
    (site / "page.html").write_text(f"{{{{ one|{filtered} }}}}")
    with pytest.raises(ValueError, match="gap"):
        page(one="value")


def test_text_that_looks_like_a_gap_is_text(site):
    (site / "page.html").write_text("{{ one }}")
    looks = f"\ue000{'0' * 16}:one\ue001"
    assert page(one=looks) == looks


def test_a_text_without_gaps_is_one_piece():
    assert opened("größer") == drawn.Drawing("größer".encode(), ())


def test_a_part_is_made_once_for_each_key(site):
    (site / "part.html").write_text("<li>{{ title }}")
    parts = [fragment("part.html", key, lambda key=key: {"title": key}) for key in ("<a>", "b", "b")]
    assert parts == ["<li>&lt;a&gt;", "<li>b", "<li>b"]
    assert parts[1] is parts[2]


def test_after_a_fault_in_a_drawing_pages_have_their_own_tokens(app):
    with app.test_request_context("/"):
        with pytest.raises(ZeroDivisionError):
            drawn.answer("site/home.html", "key", lambda: {"categories": 1 // 0})
        assert "\ue000" not in app.jinja_env.from_string("{{ csrf_token() }}").render()


def test_two_learners_see_their_own_names_tokens_and_states(app, publish, register, submit, client):
    publish("sepsis")
    other = app.test_client()
    register(client, email="amara@example.org", name="Amara Okafor")
    register(other, email="ben@example.org", name="Ben <Osei>")
    submit("/modules/sepsis/assessment", q1="a")

    hers, his = client.get("/modules/sepsis").text, other.get("/modules/sepsis").text

    assert "Amara Okafor" in hers
    assert "Passed on" in hers
    assert "Ben &lt;Osei&gt;" in his
    assert "Amara" not in his
    assert "Passed on" not in his
    tokens = [text.split('name="csrf_token" value="')[1][:64] for text in (hers, his)]
    assert len(set(tokens)) == 2


def test_the_address_of_the_page_is_that_of_this_request(client, publish):
    publish("sepsis")
    for path in ("/modules/?sort=shortest", "/modules/?sort=shortest&x=1"):
        assert f'value="{path.replace("&", "&amp;")}"' in client.get(path).text
