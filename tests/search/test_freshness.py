"""What was published can be found at once, on every node, and what is gone can't."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest
from sqlalchemy import delete, select

from cpd.content.searchable import make_documents_anew, make_findable
from cpd.db import db
from cpd.search import index as files
from cpd.search.models import SearchDocument
from cpd.search.node import Node, node_of
from cpd.web import clock
from tests.browser.serving import cpd, environment
from tests.search.conftest import addresses_in


@pytest.fixture
def node(app):
    return node_of(app)


@pytest.fixture
def folder(settings):
    return settings.instance_folder / "search"


def run_cpd(settings, command):
    """Runs a command in a process of its own; gives what it said."""
    done = subprocess.run(cpd(command), env=environment(settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plainly(items, _):
    return items


def test_what_is_published_is_found_by_the_next_search(find, publish):
    assert find("sepsis") == []
    publish("sepsis", title="Sepsis")
    assert find("sepsis") == ["/modules/sepsis"]


def test_what_is_published_is_offered_at_once(offered, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    assert offered("zani")
    write_monograph("zanorel")
    republish()
    assert offered("zano")


def test_a_change_is_found_by_its_new_words_alone(find, publish):
    publish("sepsis", title="Sepsis", summary="Early.", body="## A\n\nOld xylophone.\n")
    assert find("xylophone") == ["/modules/sepsis"]
    publish("sepsis", title="Sepsis", summary="Early.", body="## A\n\nNew zither.\n")
    assert find("xylophone") == []
    assert find("zither") == ["/modules/sepsis"]


@pytest.mark.parametrize("how", ["withdrawn", "draft", "removed"])
def test_what_is_withdrawn_is_found_no_more(how, find, offered, write_monograph, republish):
    file = write_monograph("zanidine")
    write_monograph("other")
    republish()
    assert find("zanidine") == ["/monographs/zanidine"]
    if how == "removed":
        file.unlink()
    else:
        write_monograph("zanidine", status=how)
    republish()
    assert find("zanidine") == []
    assert offered("zani") == []


def test_what_comes_back_is_found_again(find, write_monograph, republish):
    for status in ("published", "withdrawn", "published"):
        write_monograph("zanidine", status=status)
        republish()
    assert find("zanidine") == ["/monographs/zanidine"]


def test_what_is_renamed_is_found_under_its_new_address(find, write_monograph, republish):
    write_monograph("zanidine", name="Zanidine").unlink()
    write_monograph("zanidine", name="Zanidine")
    republish()
    assert find("zanidine") == ["/monographs/zanidine"]
    write_monograph("zanidine").unlink()
    write_monograph("newdine", name="Zanidine", former_slugs=["zanidine"])
    republish()
    assert find("zanidine") == ["/monographs/newdine"]


def test_two_that_swap_their_names_are_found_where_they_are(find, write_monograph, republish, settings):
    write_monograph("one", name="Zanidine", former_slugs=[])
    write_monograph("two", name="Zanorel")
    republish()
    (settings.content_folder / "monographs" / "one.md").unlink()
    write_monograph("two", name="Zanorel")
    write_monograph("three", name="Zanidine", former_slugs=["one"])
    republish()
    assert find("zanidine") == ["/monographs/three"]
    assert find("zanorel") == ["/monographs/two"]


def test_a_category_with_a_new_title_shows_it(ask, publish, republish, settings):
    publish("sepsis", title="Sepsis")
    assert "Red flags" in ask("sepsis").split("<main")[1].split("<footer")[0]
    file = settings.content_folder / "categories.yml"
    file.write_text(file.read_text().replace("Red flags", "Alarm signs"))
    republish()
    assert "Alarm signs" in ask("sepsis").split("<main")[1].split("<footer")[0]
    assert addresses_in(ask("alarm signs")) == ["/modules/sepsis"]


def test_a_class_without_drugs_is_offered_no_more(offered, write_monograph, republish):
    write_monograph("zanidine", classes=["Muscle relaxant"])
    republish()
    assert ("/monographs/?class=muscle-relaxant", "Muscle relaxant Class") in offered("muscle")
    write_monograph("zanidine", classes=["Sedative"])
    republish()
    assert offered("muscle") == []


def test_a_publish_by_another_process_is_found(find, publish, write_module, settings):
    publish("sepsis", title="Sepsis")
    assert find("xylophone") == []
    write_module("music", title="Xylophone")
    run_cpd(settings, "publish")
    assert find("xylophone") == ["/modules/music"]


def test_two_nodes_on_one_database_both_find_it(client_with, tmp_path, publish):
    nodes = [client_with(instance_folder=tmp_path / name) for name in ("one", "two")]
    for title in ("Sepsis", "Xylophone"):
        publish(title.lower(), title=title)
        for each in nodes:
            page = each.get("/search", query_string={"q": title}).text
            assert addresses_in(page) == [f"/modules/{title.lower()}"]
    for name in ("one", "two"):
        assert (tmp_path / name / "search" / "state.json").exists()


def test_two_processes_of_one_node_share_its_index(client_with, publish, folder):
    clients = [client_with(), client_with()]
    for title in ("Sepsis", "Xylophone"):
        publish(title.lower(), title=title)
        for each in clients:
            assert addresses_in(each.get("/search", query_string={"q": title}).text) == [f"/modules/{title.lower()}"]
    for each in clients:
        node_of(each.application).wait()
    assert len([each for each in folder.iterdir() if each.is_dir()]) == 1


def test_nothing_is_written_where_nothing_changed(find, publish, node, folder):
    publish("sepsis", title="Sepsis")
    find("sepsis")
    node.wait()
    before = (folder / "state.json").read_text()
    publish("sepsis", title="Sepsis")
    assert find("sepsis") == ["/modules/sepsis"]
    assert (folder / "state.json").read_text() == before


class TestAnIndexThatIsLost:
    @pytest.fixture(autouse=True)
    def _found(self, find, publish, node):
        publish("sepsis", title="Sepsis")
        assert find("sepsis") == ["/modules/sepsis"]
        node.wait()

    def test_it_is_made_anew(self, find, folder):
        shutil.rmtree(folder)
        assert find("sepsis") == ["/modules/sepsis"]

    # A file that shrinks under a process that reads it ends the process; the server starts another one.
    @pytest.mark.parametrize(
        ("how", "process"),
        [
            *((how, "a new one") for how in ("empty", "half", "without", "noise", "no meta", "nonsense")),
            *((how, "the same") for how in ("without", "no meta", "nonsense")),
        ],
    )
    def test_it_is_made_anew_when_it_is_damaged(self, how, process, client, client_with, folder):
        [generation] = [each for each in folder.iterdir() if each.is_dir()]
        for file in generation.iterdir():
            if file.suffix == ".json":
                if how == "no meta":
                    file.unlink()
            else:
                DAMAGES.get(how, lambda _: None)(file)
        if how == "nonsense":
            (folder / "state.json").write_text('{"schema": "x"')
        os_touch(folder / "state.json")
        asking = client if process == "the same" else client_with()
        for _ in range(2):
            answer = asking.get("/search?q=sepsis")
            assert answer.status_code == 200
            node_of(asking.application).wait()
        assert addresses_in(asking.get("/search?q=sepsis").text) == ["/modules/sepsis"]

    def test_it_is_made_anew_when_it_is_of_an_older_kind(self, client_with, folder, monkeypatch):
        before = {each.name for each in folder.iterdir() if each.is_dir()}
        monkeypatch.setattr(files, "SCHEMA", files.SCHEMA + 1)
        later = client_with()
        assert addresses_in(later.get("/search?q=sepsis").text) == ["/modules/sepsis"]
        node_of(later.application).wait()
        assert {each.name for each in folder.iterdir() if each.is_dir()}.isdisjoint(before)

    def test_it_is_made_anew_when_the_database_is_another_one(self, client_with, folder):
        state = json.loads((folder / "state.json").read_text())
        (folder / "state.json").write_text(json.dumps(state | {"published_at": "2020-01-01T00:00:00+00:00"}))
        later = client_with()
        assert addresses_in(later.get("/search?q=sepsis").text) == ["/modules/sepsis"]
        node_of(later.application).wait()
        assert json.loads((folder / "state.json").read_text())["generation"] != state["generation"]

    @pytest.mark.parametrize("change", [{"release": "x"}, {"generation": 7}, {"schema": None}, {"more": 1}])
    def test_it_is_made_anew_when_its_state_is_nonsense(self, change, find, folder):
        state = json.loads((folder / "state.json").read_text())
        (folder / "state.json").write_text(json.dumps(state | change))
        assert find("sepsis") == ["/modules/sepsis"]

    def test_what_a_killed_process_left_is_removed(self, app, folder):
        (folder / "0123456789ab").mkdir()
        (folder / "state.json.x1").write_text("{")
        with app.app_context():
            node_of(app).catch_up(anew=True)
        assert len(list(folder.iterdir())) == 3


def os_touch(file):
    if file.exists():
        file.write_bytes(file.read_bytes() + b" ")


DAMAGES = {
    "empty": lambda file: file.write_bytes(b""),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "without": lambda file: file.unlink(),
    "noise": lambda file: file.write_bytes(b"\x5a" * file.stat().st_size),
}


class TestADiskThatCannotBeWritten:
    def test_without_an_index_the_page_says_so_and_others_go_on(self, client, publish, folder):
        publish("sepsis", title="Sepsis")
        folder.parent.joinpath("search").write_text("a file in the place of the folder")
        answer = client.get("/search?q=sepsis")
        assert answer.status_code == 200
        assert "Search is not available at the moment" in answer.text
        assert client.get("/search/complete?q=sepsis").status_code == 200
        client.set_cookie("cpd_professional", "1")
        assert "Names can’t be looked up" in client.get("/monographs/?q=zanidine").text
        assert client.get("/modules/").status_code == 200

    def test_with_an_index_what_it_has_is_found_and_the_page_says_so(self, client, find, ask, publish, monkeypatch):
        publish("sepsis", title="Sepsis")
        assert find("sepsis") == ["/modules/sepsis"]
        node_of(client.application).wait()

        def full(*_, **__):
            raise files.Unwritable("no space left")

        monkeypatch.setattr(files, "write_documents", full)
        publish("music", title="Xylophone")
        assert find("sepsis") == ["/modules/sepsis"]
        assert "What was published last can’t be found yet." in ask("xylophone")

        monkeypatch.undo()
        monkeypatch.setattr("cpd.search.node.AFTER_A_FAULT", 0.0)
        assert find("xylophone") == ["/modules/music"]

    def test_it_is_tried_again_after_a_while_and_not_at_once(self, app, publish, folder, monkeypatch):
        publish("sepsis", title="Sepsis")
        folder.write_text("a file")
        tries = []
        original = Node.catch_up
        monkeypatch.setattr(Node, "catch_up", lambda self, *a, **k: tries.append(1) or original(self, *a, **k))
        client = app.test_client()
        for _ in range(5):
            client.get("/search?q=sepsis")
        assert len(tries) == 1
        folder.unlink()
        monkeypatch.setattr("cpd.search.node.AFTER_A_FAULT", 0.0)
        assert addresses_in(client.get("/search?q=sepsis").text) == ["/modules/sepsis"]


def test_a_long_work_is_not_waited_for_and_said(app, publish, monkeypatch):
    publish("sepsis", title="Sepsis")
    original = Node.catch_up

    def slow(self, *arguments, **keywords):
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass
        return original(self, *arguments, **keywords)

    monkeypatch.setattr(Node, "catch_up", slow)
    monkeypatch.setattr(Node, "patience", 0.1)
    page = app.test_client().get("/search?q=sepsis").text
    assert "Search is being prepared" in page
    node_of(app).wait()
    assert addresses_in(app.test_client().get("/search?q=sepsis").text) == ["/modules/sepsis"]


class TestDocuments:
    @pytest.fixture
    def rows(self, app):
        """All search documents as (kind, slug): (release, gone)."""

        def rows():
            with app.app_context():
                found = db.session.execute(select(SearchDocument)).scalars()
                return {(row.kind, row.slug): (row.release, row.gone) for row in found}

        return rows

    @pytest.fixture
    def forget(self, app):
        def forget(*where):
            with app.app_context():
                db.session.execute(delete(SearchDocument).where(*where))
                db.session.commit()

        return forget

    def test_only_what_changed_is_written(self, rows, publish, write_monograph):
        write_monograph("zanidine")
        publish("one")
        publish("two")
        publish("one", status="withdrawn")
        assert rows() == {
            ("monograph", "zanidine"): (1, False),
            ("module", "one"): (3, True),
            ("module", "two"): (2, False),
        }

    def test_new_names_of_drugs_change_no_document_of_a_module(self, rows, publish, write_monograph, republish):
        publish("sepsis", body="## A\n\nGive zanidine.\n")
        write_monograph("zanidine")
        assert republish().relinked == ["module/sepsis"]
        assert rows()["module", "sepsis"] == (1, False)

    def test_a_publish_that_fails_leaves_nothing(self, rows, publish, write_module, republish):
        publish("sepsis")
        before = rows()
        write_module("broken", credits="a lot")
        write_module("new")
        with pytest.raises(Exception, match="problems"):
            republish()
        assert rows() == before

    def test_publishing_fills_what_is_lacking_though_nothing_changed(self, rows, forget, publish, republish, find):
        publish("one", title="One xylophone")
        publish("two", title="Two xylophones")
        forget(SearchDocument.slug == "one")
        report = republish()
        assert report.made_findable == ["module/one"]
        assert rows() == {("module", "one"): (3, False), ("module", "two"): (2, False)}
        assert set(find("xylophone")) == {"/modules/one", "/modules/two"}
        assert republish().release is None

    def test_publishing_fills_what_is_lacking_beside_what_changed(self, rows, forget, write_module, publish, republish):
        publish("one")
        publish("two")
        forget()
        write_module("two", summary="Changed.")
        assert republish().made_findable == ["module/one"]
        assert rows() == {("module", "one"): (3, False), ("module", "two"): (3, False)}

    def test_the_start_of_a_server_fills_what_is_lacking(self, app, rows, forget, publish):
        publish("one")
        forget()
        for _ in range(2):
            with app.app_context():
                make_findable(now=clock.now(), progress=plainly)
        assert rows() == {("module", "one"): (2, False)}

    def test_making_them_anew_mends_what_is_wrong_and_nothing_else(self, app, rows, publish, write_monograph, find):
        write_monograph("zanidine")
        publish("one", title="One")
        publish("two", title="Two")
        with app.app_context():
            db.session.execute(SearchDocument.__table__.update().where(SearchDocument.slug == "one").values(title="X"))
            row = dict.fromkeys(("title", "text"), "Stray") | {"names": [], "facets": {}, "release": 2, "gone": False}
            db.session.execute(SearchDocument.__table__.insert().values(kind="module", slug="stray", **row))
            db.session.commit()
            assert make_documents_anew(now=clock.now(), progress=plainly) == (3, 2)
            assert make_documents_anew(now=clock.now(), progress=plainly) == (3, 0)
        assert rows() == {
            ("monograph", "zanidine"): (1, False),
            ("module", "one"): (3, False),
            ("module", "two"): (2, False),
            ("module", "stray"): (3, True),
        }
        assert find("one") == ["/modules/one"]

    def test_after_renaming_documents_made_anew_are_the_same(self, app, write_monograph, republish):
        write_monograph("zanidine").unlink()
        write_monograph("zanidine")
        republish()
        write_monograph("zanidine").unlink()
        write_monograph("newdine", name="Zanidine", former_slugs=["zanidine"])
        republish()
        with app.app_context():
            assert make_documents_anew(now=clock.now(), progress=plainly) == (1, 0)


class TestTheCommand:
    @pytest.fixture
    def run(self, settings):
        return lambda command: run_cpd(settings, command)

    def test_reindex_makes_all_anew_and_says_what(self, run, publish, folder, find):
        publish("sepsis", title="Sepsis")
        assert "1 modules and monographs can be found. Mended: 0." in run("reindex")
        before = json.loads((folder / "state.json").read_text())
        run("reindex")
        after = json.loads((folder / "state.json").read_text())
        assert after["generation"] != before["generation"]
        assert after["release"] == before["release"]
        assert find("sepsis") == ["/modules/sepsis"]

    @pytest.mark.usefixtures("app")
    def test_publish_brings_the_index_up_to_date(self, run, write_module, folder):
        write_module("sepsis")
        run("publish")
        assert json.loads((folder / "state.json").read_text())["release"] == 1


def test_a_backup_leaves_the_index_out(find, publish, settings, tmp_path):
    import zipfile

    from cpd.backups.making import back_up

    publish("sepsis", title="Sepsis")
    assert find("sepsis")
    if not settings.on_sqlite:
        pytest.skip("what is in the archive does not depend on the database")
    back_up(tmp_path / "backup.zip", settings, now=clock.now(), progress=plainly)
    assert not [name for name in zipfile.ZipFile(tmp_path / "backup.zip").namelist() if "search" in name]
