"""The cpd command. Each subcommand ends 0 or 1 and says what is wrong on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpd import create_app
from cpd.cli_user import user
from cpd.paths import is_sample
from cpd.terminal import faults_in_words, read_settings, with_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpd.content.publish import Report
    from cpd.content.source import Problem


click.UsageError.exit_code = 1  # every command ends 0 or 1

BEGUN = """\
content/ is new. Its categories.yml and pages/ are those of the sample: make them your own.
Unless CPD_CONTENT_FOLDER names another folder, `cpd publish` run here now publishes content/ alone,
and withdraws the sample modules and monographs if they are online."""


@click.group()
@click.version_option(package_name="cpd")
def cli() -> None:
    """A learning platform with linked drug monographs."""


cli.add_command(user)


@cli.command()
@click.option("--debug", is_flag=True, help="For developers: one process that reloads and shows tracebacks.")
def serve(debug: bool) -> None:
    """Migrate the database, publish content/ if the database is empty, and serve."""
    from cpd.backups.occupied import serving as being_served
    from cpd.serving import PortTaken, claim_port, prepare, serve_debugging, serve_for_good

    settings = read_settings()
    try:
        claim_port(settings)
    except PortTaken as taken:
        raise click.ClickException(str(taken)) from None
    with being_served(settings):
        with faults_in_words():
            prepare(settings, say=click.echo, progress=with_progress)
        (serve_debugging if debug else serve_for_good)(settings)


@cli.command()
@click.option("--show", is_flag=True, help="Only say what waits and what was given up.")
@click.option("--again", is_flag=True, help="Only let what was given up be tried again.")
def worker(show: bool, again: bool) -> None:
    """Send mail and do what else waits, until stopped. `cpd serve` does so too unless CPD_WORKER is no."""
    from cpd.migrating import migrate
    from cpd.outbox.showing import lines_of_outbox
    from cpd.serving import work_for_good

    settings = read_settings()
    app = create_app(settings)
    with app.app_context(), faults_in_words():
        migrate()
        if again:
            click.echo(f"To be tried again: {_try_again()}.")
        if show:
            click.echo("\n".join(lines_of_outbox()))
    if not (show or again):
        work_for_good(app, settings)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def check(paths: Sequence[Path]) -> None:
    """Read content and report all that is wrong, in all files at once."""
    from cpd.content.check import check_content

    checked = check_content(read_settings().content_folder, list(paths) or None, render=True)
    _tell(checked.problems)
    if checked.errors:
        raise click.exceptions.Exit(1)
    click.echo(f"Modules: {len(checked.modules)}. Monographs: {len(checked.monographs)}. Nothing is wrong.")


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def publish(paths: Sequence[Path]) -> None:
    """Check content, then make every change live at once. Without PATHS, withdraw what is no longer there."""
    from cpd.content.publish import ContentFaults
    from cpd.content.publish import publish as publish_content
    from cpd.migrating import migrate
    from cpd.web import clock

    settings = read_settings()
    app = create_app(settings)
    with app.app_context(), faults_in_words():
        migrate()
        try:
            report = publish_content(
                settings.content_folder,
                now=clock.now(),
                paths=list(paths) or None,
                may_withdraw=not is_sample(settings.content_folder),
                progress=with_progress,
            )
        except ContentFaults as faults:
            _tell(faults.problems)
            click.echo("Nothing was published.", err=True)
            raise click.exceptions.Exit(1) from None
    _tell(report.warnings)
    if is_sample(settings.content_folder):
        click.echo("There is no ./content here, so this is the sample content that comes with cpd.", err=True)
    click.echo(summary(report))
    if report.release is not None:
        with app.app_context():
            _index()


@cli.command()
def reindex() -> None:
    """Make anew what search knows of all that is online, and the index of this machine."""
    from cpd.content.searchable import make_documents_anew
    from cpd.migrating import migrate
    from cpd.web import clock

    app = create_app(read_settings())
    with app.app_context(), faults_in_words():
        migrate()
        count, mended = make_documents_anew(now=clock.now(), progress=partial(with_progress, label="Reading"))
        if not _index(anew=True):
            raise click.exceptions.Exit(1)
    click.echo(f"{count} modules and monographs can be found. Mended: {mended}.")


@cli.command()
@click.argument("kind", type=click.Choice(["module", "monograph"]))
@click.argument("slug")
@click.option("--category", default="red-flags", show_default=True, help="The category of a new module.")
def new(kind: str, slug: str, category: str) -> None:
    """Write a file to start from into ./content. Makes the folder, with the sample's categories and pages."""
    from cpd.content.facts import LONGEST_SLUG, SLUG
    from cpd.content.scaffold import begin_folder, new_module_text, new_monograph_text

    if not SLUG.fullmatch(slug) or not SLUG.fullmatch(category) or len(slug) > LONGEST_SLUG:
        raise click.ClickException("use small letters, digits and hyphens for the slug, such as sore-throat")
    content = Path("content")
    if begun := not content.exists():
        begin_folder(content)
    folder = content / "modules" / category if kind == "module" else content / "monographs"
    file = folder / f"{slug}.md"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(new_module_text(slug) if kind == "module" else new_monograph_text(slug))
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; nothing was written") from None
    click.echo(f"{file} is ready to be written.")
    if begun:
        click.echo(BEGUN)


@cli.command("import-spl")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Where to; else ./content/monographs.")
@click.option("--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a JSON report.")
def import_spl(sources: Sequence[Path], into: Path | None, report_file: Path | None) -> None:
    """Make a monograph file of each DailyMed label: XML files, folders of them, and zips as DailyMed ships them."""
    from cpd.content.scaffold import begin_folder
    from cpd.content.spl.importing import import_labels

    content = Path("content")
    begins = into is None and not content.exists()
    if sys.stderr.isatty():
        click.echo("Looking through what was named …", err=True)
    try:
        progress = partial(with_progress, label="Importing labels")
        report = import_labels(sources, into or content / "monographs", progress=progress)
        if begins and report.imported:
            begin_folder(content)
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or 'the disk'} cannot be used: {fault.strerror}") from None
    for line in report.lines():
        click.echo(line)
    for refusal in report.refused:
        click.echo(str(refusal), err=True)
    click.echo(report.summary())
    if begins and report.imported:
        click.echo(BEGUN)
    if report_file:
        _write_report(report_file, report.to_json())
    if not report.ok:
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write a backup of accounts, records and published content to FILE, also while the site is served."""
    from cpd.backups.faults import BackupFault
    from cpd.backups.making import back_up
    from cpd.web import clock

    try:
        made = back_up(file, read_settings(), now=clock.now(), progress=partial(with_progress, label="Backing up"))
    except BackupFault as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{file} is whole: {made.contents}. Keep it as safe as the database.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Bring a backup back into an empty installation."""
    from cpd.backups.faults import BackupFault
    from cpd.backups.restoring import restore as bring_back

    try:
        restored = bring_back(file, read_settings(), progress=partial(with_progress, label="Restoring"))
    except BackupFault as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{file} of {restored.made_at} is restored: {restored.contents}.")


def summary(report: Report) -> str:
    """What a publish did, in a line."""
    if report.release is None:
        return f"Nothing has changed ({report.unchanged} files)."
    counts = {
        "added": report.added,
        "changed": report.changed,
        "renamed": report.renamed,
        "withdrawn": report.withdrawn,
        "linked anew": report.relinked,
        "rendered anew": report.rerendered,
        "made findable": report.made_findable,
    }
    done = ", ".join(f"{len(names)} {what}" for what, names in counts.items() if names)
    return f"Release {report.release}: {done}, {report.unchanged} unchanged."


def _try_again() -> int:
    from cpd.db import db
    from cpd.outbox.services import try_all_again
    from cpd.web import clock

    count = try_all_again(now=clock.now())
    db.session.commit()
    return count


def _index(*, anew: bool = False) -> bool:
    """Bring the index of this machine up to date. Search itself tries again if that fails, so a publish goes on."""
    from cpd.search.index import Unwritable
    from cpd.search.node import this_node

    try:
        this_node().catch_up(partial(with_progress, label="Indexing"), anew=anew)
    except Unwritable as fault:
        click.echo(f"The index of search on this machine cannot be written: {fault}", err=True)
        return False
    return True


def _write_report(file: Path, report: dict[str, Any]) -> None:
    try:
        file.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as fault:
        raise click.ClickException(f"the report {file} cannot be written: {fault.strerror}") from None


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)


if __name__ == "__main__":
    cli()
