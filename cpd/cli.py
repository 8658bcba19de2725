"""The cpd command. Each subcommand ends 0 or 1 and says what is wrong on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpd import create_app
from cpd.settings import Settings, WrongSetting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpd.content.publish import Report
    from cpd.content.source import Problem


click.UsageError.exit_code = 1  # every command ends 0 or 1


@click.group()
def cli() -> None:
    """A learning platform with linked drug monographs."""


@cli.command()
@click.option("--debug", is_flag=True, help="For developers: one process that reloads and shows tracebacks.")
def serve(debug: bool) -> None:
    """Migrate the database, publish content/ if the database is empty, and serve."""
    from cpd.serving import PortTaken, claim_port, prepare, serve_debugging, serve_for_good

    settings = _settings()
    try:
        claim_port(settings)
    except PortTaken as taken:
        raise click.ClickException(str(taken)) from None
    prepare(settings, say=click.echo, progress=_progress)
    (serve_debugging if debug else serve_for_good)(settings)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def check(paths: Sequence[Path]) -> None:
    """Read content and report all that is wrong, in all files at once."""
    from cpd.content.check import check_content

    checked = check_content(_settings().content_folder, list(paths) or None, render=True)
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
    from cpd.serving import migrate
    from cpd.web import clock

    settings = _settings()
    app = create_app(settings)
    with app.app_context():
        migrate()
        try:
            report = publish_content(
                settings.content_folder, now=clock.now(), paths=list(paths) or None, progress=_progress
            )
        except ContentFaults as faults:
            _tell(faults.problems)
            click.echo("Nothing was published.", err=True)
            raise click.exceptions.Exit(1) from None
    _tell(report.warnings)
    click.echo(summary(report))


@cli.command()
@click.argument("kind", type=click.Choice(["module", "monograph"]))
@click.argument("slug")
@click.option("--category", default="red-flags", show_default=True, help="The category of a new module.")
def new(kind: str, slug: str, category: str) -> None:
    """Write a file to start from into ./content."""
    from cpd.content.facts import LONGEST_SLUG, SLUG
    from cpd.content.scaffold import new_module_text, new_monograph_text

    if not SLUG.fullmatch(slug) or not SLUG.fullmatch(category) or len(slug) > LONGEST_SLUG:
        raise click.ClickException("use small letters, digits and hyphens for the slug, such as sore-throat")
    folder = Path("content", "modules", category) if kind == "module" else Path("content", "monographs")
    file = folder / f"{slug}.md"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(new_module_text(slug) if kind == "module" else new_monograph_text(slug))
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; nothing was written") from None
    click.echo(f"{file} is ready to be written.")


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
    }
    done = ", ".join(f"{len(names)} {what}" for what, names in counts.items() if names)
    return f"Release {report.release}: {done}, {report.unchanged} unchanged."


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except WrongSetting as wrong:
        raise click.ClickException(str(wrong)) from None


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)


def _progress(items: Iterable[Any], count: int) -> Iterable[Any]:
    """The items, with a bar in a terminal when there are many."""
    if count < 20 or not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=count, label="Publishing", file=sys.stderr) as bar:
        yield from bar


if __name__ == "__main__":
    cli()
