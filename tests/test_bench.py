"""The measuring itself: ratios, noise, bars, what is written down; and a small run of what needs no server."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bench import (
    awards,
    comparing,
    growth,
    importing,
    inprocess,
    measuring,
    monographs,
    pages,
    publishing,
    sites,
    telling,
    texts,
    wrk,
)
from bench.figures import Figure, Table, aligned, at_least, at_most, summary, verdict, write_json
from cpd.db import reader

TINY = sites.Size(modules=growth.ALIKE, accounts=60, entries=1_000, monographs=growth.ALIKE)


# Ratios and noise


def test_the_ratio_is_the_median_of_the_paired_ratios():
    paired = measuring.Paired(ours=[2.0, 30.0, 40.0], bare=[1.0, 10.0, 1.0])
    assert paired.ratio == 3.0


def test_a_moment_of_noise_on_both_sides_leaves_the_ratio_alone():
    quiet = measuring.Paired(ours=[3.0] * 5, bare=[1.0] * 5)
    noisy = measuring.Paired(ours=[3.0, 3.0, 30.0, 3.0, 3.0], bare=[1.0, 1.0, 10.0, 1.0, 1.0])
    assert noisy.ratio == quiet.ratio


def test_the_middle_one_of_the_repeats_counts():
    runs = [measuring.Paired(ours=[ratio], bare=[1.0]) for ratio in (9.0, 2.0, 3.0)]
    assert measuring.middle(runs).ratio == 3.0


@pytest.mark.parametrize(("control", "quiet"), [(1.0, True), (1.019, True), (0.981, True), (1.03, False), (0.9, False)])
def test_a_control_that_misses_one_by_more_than_two_per_cent_is_too_noisy(control, quiet):
    assert measuring.is_quiet(control) is quiet


@pytest.mark.parametrize(("per_cent", "found"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(per_cent, found):
    assert measuring.percentile(list(range(100, 0, -1)), per_cent) == found


def test_a_percentile_of_one_value_is_that_value():
    assert measuring.percentile([7.0], 99) == 7.0


def test_both_sides_are_called_equally_often_and_change_places():
    called: list[str] = []
    measuring.latencies([lambda: called.append("small")] * 4, [lambda: called.append("large")] * 4)
    assert called.count("small") == called.count("large") == 4
    assert called[0] != called[2]


# Bars


@pytest.mark.parametrize(
    ("figure", "bar", "holds"),
    [
        (10.0, at_most(10), True),
        (10.1, at_most(10), False),
        (0.15, at_least(0.15), True),
        (0.14, at_least(0.15), False),
        (3.0, None, None),
    ],
)
def test_a_figure_holds_when_it_meets_its_bar(figure, bar, holds):
    assert Figure("page", figure, "ratio", bar).holds is holds


def test_a_noisy_figure_neither_holds_nor_fails():
    figure = Figure("page", 99.0, "ratio", at_most(10), quiet=False)
    assert figure.holds is None
    assert verdict([figure]) == "too noisy"


def test_a_row_of_figures_fails_if_one_does_and_names_the_bar():
    figures = [Figure("a", 1, "SQL", at_most(2)), Figure("b", 12, "ratio", at_most(10))]
    assert verdict(figures) == "FAILS ratio <= 10"


def test_the_summary_names_what_does_not_hold_and_what_is_too_noisy():
    said = summary(
        [
            Figure("good", 1, "ratio", at_most(2)),
            Figure("slow", 3, "ratio", at_most(2)),
            Figure("blurred", 1, "ratio", at_most(2), quiet=False),
            Figure("for information", 1, "ms"),
        ]
    )
    assert said == "Too noisy to say: blurred.\nDoes not hold: slow (3, bar <= 2)."


def test_the_summary_says_when_all_bars_hold():
    assert summary([Figure("good", 1, "ratio", at_most(2))]) == "All 1 bars that could be judged hold."


def test_what_is_written_is_a_list_of_figures_with_their_bars(tmp_path):
    file = tmp_path / "latest.json"
    noisy = Figure("noisy", 12.0, "ratio", at_most(10), quiet=False)
    write_json([Figure("page", 12.0, "ratio", at_most(10)), Figure("size", 1234.5678, "bytes"), noisy], file)
    assert json.loads(file.read_text(encoding="utf-8")) == [
        {"name": "page", "figure": 12.0, "unit": "ratio", "bar": "<= 10", "holds": False},
        {"name": "size", "figure": 1234.57, "unit": "bytes", "bar": None, "holds": None},
        {"name": "noisy", "figure": 12.0, "unit": "ratio", "bar": "<= 10", "holds": None},
    ]


def test_columns_of_numbers_stand_on_the_right():
    assert aligned([("page", "ms"), ("home", "5"), ("record", "12")]) == [
        "| page   | ms |",
        "| ------ | -: |",
        "| home   |  5 |",
        "| record | 12 |",
    ]


def test_what_wrk_reports_is_read_in_seconds():
    load = wrk.read_result("Running 2s test\nRESULT 4000 2000000 80000 3 1500 20000\n")
    assert (load.rate, load.bad, load.p99, load.slowest) == (2000.0, 3, 0.0015, 0.02)


# Made-up content


def test_made_up_modules_have_the_size_and_the_questions_that_the_bar_names():
    text = texts.module_text("topic-1", 1, ["warfarin"])
    assert 10_000 <= len(text.encode()) < 12_500
    assert text.partition("## Assessment")[2].count("\n### ") == 8


def test_made_up_texts_are_the_same_each_time():
    assert texts.module_text("topic-1", 1, ["warfarin"]) == texts.module_text("topic-1", 1, ["warfarin"])


def test_every_made_up_drug_has_a_name_of_its_own():
    names = texts.drug_names(2_000)
    assert len(set(names)) == 2_000


# Small runs


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sites.Site]:
    return sites.make_site(TINY, tmp_path_factory.mktemp("bench"))


def test_a_site_has_the_size_that_was_asked_for(site):
    with sites.opened(site) as app:
        index = inprocess.caller(app, "/modules/", sites.cookie(pages.LEARNER))().decode()
        record = inprocess.caller(app, "/record/", sites.cookie(pages.LEARNER))().decode()
    assert "Learner 7" in index
    assert record.count("/attempts/") == 25


def test_every_page_to_be_measured_is_the_one_that_is_meant(site):
    with sites.opened(site) as app:
        for page in pages.pages_of(site):
            pages.asked(app, page)


def test_a_page_that_lacks_what_it_should_say_is_not_measured(site):
    with sites.opened(site) as app, pytest.raises(inprocess.WrongAnswer):
        pages.asked(app, dataclasses.replace(pages.pages_of(site)[0], says="no page says this"))


def test_a_page_is_compared_with_bare_flask(site):
    figures = {figure.name: figure for figure in pages.measure(site, rounds=2, only=["record"]).figures}
    assert figures["page: record: ratio to bare Flask"].figure > 1
    assert figures["page: record: SQL statements"].figure >= 1
    assert figures["page: record: bytes"].figure > 1_000


def test_every_statement_is_counted_whatever_way_it_takes_to_sqlite(site):
    with sites.opened(site) as app, app.app_context(), inprocess.counted_statements(app) as statements:
        connection = reader()
        connection.execute(text("SELECT 1"))
        connection.connection.cursor().execute("SELECT 2")
    assert statements == ["SELECT 1", "SELECT 2"]


def test_nothing_is_counted_afterwards(site):
    with sites.opened(site) as app:
        call = inprocess.caller(app, "/record/", sites.cookie(1))
        with inprocess.counted_statements(app) as statements:
            call()
        counted = len(statements)
        call()
    assert len(statements) == counted >= 1


def test_another_page_than_the_one_meant_is_not_measured(site):
    with sites.opened(site) as app, pytest.raises(inprocess.WrongAnswer):
        inprocess.caller(app, "/modules/there-is-none", inprocess.PROFESSIONAL)()


def test_growth_compares_two_databases(site):
    table = growth.measure(site, site, calls=5)
    assert [figure.name for figure in table.figures if figure.unit == "growth"] == [
        f"growth: {question.name}" for question in growth.QUESTIONS
    ]


def test_growth_of_monographs_compares_two_databases(site):
    table = monographs.measure(site, site, calls=5)
    assert [figure.name for figure in table.figures if figure.unit == "growth"] == [
        f"monographs: {question.name}" for question in monographs.QUESTIONS
    ]


def test_a_list_of_monographs_goes_on_from_places_that_no_two_calls_share(site):
    with sites.opened(site) as app:
        asked = growth.Asked(app, site, 50)
        for question in monographs.QUESTIONS:
            if question.name.endswith("further on"):
                addresses = [address for address, _ in question.addresses(asked, random.Random(1))]  # noqa: S311
                assert len(set(addresses)) == 50


def test_a_warm_page_of_monographs_takes_at_most_two_statements(site):
    with sites.opened(site) as app:
        asked = growth.Asked(app, site, 1)
        for question in monographs.QUESTIONS:
            [address] = question.addresses(asked, random.Random(1))  # noqa: S311
            assert inprocess.statements_when_warm(app, inprocess.caller(app, *address)) <= 2, question.name


def test_publishing_one_monograph_among_many_is_timed(site, tmp_path, monkeypatch):
    monkeypatch.setattr(sites, "CACHE", tmp_path)
    monkeypatch.setattr(monographs, "REPEATS", 1)
    table = monographs.measure_publishing(site, site)
    assert [figure.figure > 0 for figure in table.figures] == [True] * 6
    assert list(tmp_path.iterdir()) == []


def test_copied_monographs_have_terms_that_are_counted(site):
    with sites.opened(site) as app, app.app_context():
        listed = reader().execute(text("SELECT count(*) FROM monograph_term WHERE kind = 'company'")).scalar_one()
        counted = reader().execute(text("SELECT sum(count) FROM term WHERE kind = 'company'")).scalar_one()
    assert listed == counted >= TINY.monographs


def test_comparisons_are_measured_with_long_labels_and_among_many_monographs(site):
    longest = comparing.longest(size=60_000, times=2)
    assert {figure.bar is not None for figure in longest.figures if figure.unit == "ms"} == {True, False}
    grown = comparing.growth(site, site, calls=5)
    assert [figure.name for figure in grown.figures] == [
        f"growth with monographs: {name}" for name in ("my list", "comparison of four", "choosing")
    ]


def test_a_prepared_request_passes_a_module_for_somebody_who_has_not_passed_it(site, tmp_path):
    written = site.copy_to(tmp_path / "site")
    path, cookies, body = awards.prepare(written, tmp_path, 1).ours.read_text(encoding="ascii").strip().split("\t")
    before = awards.entries_of(written)
    with sites.opened(written) as app:
        form = "application/x-www-form-urlencoded"
        sender = app.test_client(use_cookies=False)
        answer = sender.post(path, data=body, headers={"Cookie": cookies}, content_type=form)
    assert answer.status_code == 303
    assert awards.entries_of(written) == before + 1


def test_publishing_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(sites, "CACHE", tmp_path)
    monkeypatch.setattr(publishing, "REPEATS", 1)
    table = publishing.measure(files=4, names=20)
    assert all(figure.figure > 0 for figure in table.figures)
    assert list(tmp_path.iterdir()) == []


def test_a_table_shows_each_row_with_its_verdict():
    table = Table("Pages", ("page", "ratio"), notes=["Said before."])
    table.add(("home", "3.0"), [Figure("home", 3.0, "ratio", at_most(10))])
    assert str(table).splitlines() == [
        "### Pages",
        "",
        "Said before.",
        "",
        "| page | ratio | verdict |",
        "| ---- | ----: | ------- |",
        "| home |   3.0 | holds   |",
    ]


def test_the_script_for_wrk_is_there():
    assert Path(wrk.SCRIPT).is_file()


def test_importing_labels_is_measured_in_a_few_files_and_a_zip_of_zips(monkeypatch, tmp_path):
    monkeypatch.setenv("CPD_LABELS", str(tmp_path))  # no real ones, so that it is the same everywhere
    monkeypatch.setattr(sites, "CACHE", tmp_path / "cache")
    table = importing.measure(few=2, fewer=2, many=4)
    assert [row[0][1] for row in table.rows] == ["2", "2", "4"]
    assert len(table.figures) == 4
    assert "made up" in table.title


@pytest.mark.parametrize(
    ("some", "others", "right"),
    [
        ([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], 100),
        ([2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0], 100),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], 50),
        ([1.0, 1.0, 2.0, 2.0], [2.0, 2.0, 1.0, 1.0], 0),
        ([1.0, 3.0, 1.0, 3.0], [2.0, 3.0, 2.0, 3.0], 75),
    ],
    ids=["slower", "faster", "alike", "the other way round later", "half of the time"],
)
def test_a_threshold_that_was_fitted_on_one_half_guesses_the_other(some, others, right):
    assert telling.share_right(some, others) == right


def test_times_that_differ_by_less_than_they_vary_cannot_be_told_apart():
    chance = random.Random(5)  # noqa: S311  # the same every time
    alike, also = ([chance.gauss(1, 0.1) for _ in range(2_000)] for _ in range(2))
    later = [each + 0.2 for each in also]
    assert 45 < telling.share_right(alike, also) < 55
    assert telling.share_right(alike, later) > 80


def test_all_forms_that_take_an_address_are_timed(monkeypatch):
    monkeypatch.setattr(telling, "WARM_UP", 1)
    table = telling.measure(pairs=4)
    assert [cells[0] for cells, _ in table.rows] == [door.name for door in telling.DOORS]
    assert len(table.figures) == 5
