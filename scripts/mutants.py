"""Mutation testing of cpd/auth: mutmut spoils the code in small ways, one at a time, and the tests must notice each.

python scripts/mutants.py            all mutants, from the beginning
python scripts/mutants.py --go-on    those that were not tried yet, and those of functions that have changed since
python scripts/mutants.py --again    also those that survived and are not listed as equivalent: tests change, too
python scripts/mutants.py NAME…      these alone, such as 'cpd.auth.tokens.*'
python scripts/mutants.py --report   what the last run found

It works on a copy in mutants/ and on SQLite. mutmut leaves functions with decorators alone, which would spare every
view, so in the copy `@decorator` becomes a line after the function that says the same. Code outside of functions
(constants, tables, statements that are made once) is not spoilt. tests/auth/equivalent_mutants.toml lists the mutants
that no test can tell from the code, each with its reason: they count for nothing. A run with fewer than 95 in 100
killed fails.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PLACE = PROJECT / "mutants"
SPOILT = "cpd/auth"
COPIED = ("cpd", "templates", "content", "tests", "scripts", "bench", "docs", "pyproject.toml", "Makefile")
EQUIVALENT = PROJECT / "tests" / "auth" / "equivalent_mutants.toml"
ENOUGH = 95  # per cent
LEFT_TO_MUTMUT = ("staticmethod", "classmethod", "overload")
DROPPED = ("cache", "lru_cache")  # changes no result, and hides which tests need a function
# As mutmut notes how the tests of a mutant ended. It takes 255 for killed too: those are tests that did not even begin.
KILLED, SURVIVED, UNTESTED = "killed", "survived", "without a test"
ENDINGS = {1: KILLED, 3: KILLED, 36: KILLED, 24: KILLED, -24: KILLED, 152: KILLED, 0: SURVIVED}
ENDINGS |= {33: UNTESTED, 5: UNTESTED, None: "not run"}


@dataclass(frozen=True)
class Mutant:
    """A way in which a function was spoilt, and how the tests took it."""

    name: str
    file: str
    function: str  # such as cpd.auth.throttle.spend or cpd.auth.passwords.Turn._leave
    change: str  # the lines that differ, each with - or + before it
    ending: str


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--go-on", action="store_true", help="what was found before counts")
    options.add_argument("--again", action="store_true", help="go on, and try again what survived")
    options.add_argument("--report", action="store_true", help="run nothing")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="as many as there are cores")
    chosen = options.parse_args()
    if not chosen.report:
        if not (chosen.names or chosen.go_on or chosen.again):
            shutil.rmtree(PLACE, ignore_errors=True)
        forget(PLACE / "mutants", survivors=chosen.again)
        copy_project()
        run_mutmut(chosen.names, chosen.processes)
    mutants = list(mutants_in(PLACE / "mutants"))
    sys.exit(report(mutants, whole=not chosen.names))


def forget(place: Path, *, survivors: bool) -> None:
    """Let mutmut try again what told nothing and, if asked for, survivors that are not listed: tests change, too."""
    known = read_equivalent()
    again = {
        mutant.name
        for mutant in mutants_in(place)
        if mutant.ending not in (KILLED, SURVIVED)
        or (survivors and mutant.ending == SURVIVED and (mutant.function, mutant.change) not in known)
    }
    for notes in place.rglob("*.py.meta"):
        kept = json.loads(notes.read_text(encoding="utf-8"))
        endings = kept["exit_code_by_key"]
        kept["exit_code_by_key"] = {name: None if name in again else code for name, code in endings.items()}
        notes.write_text(json.dumps(kept), encoding="utf-8")


def copy_project() -> None:
    """Bring the copy up to date, but for what mutmut knows of it."""
    PLACE.mkdir(exist_ok=True)
    for name in COPIED:
        source, target = PROJECT / name, PLACE / name
        shutil.rmtree(target, ignore_errors=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    for file in sorted((PLACE / SPOILT).rglob("*.py")):
        file.write_text(without_decorators(file.read_text(encoding="utf-8")), encoding="utf-8")


def without_decorators(text: str) -> str:
    """The same module with `@decorator` of each function as a line after it: `name = decorator(name)`."""
    lines = text.splitlines()
    after: dict[int, list[str]] = {}
    gone: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list or is_left(node):
            continue
        value = node.name
        for decorator in reversed(node.decorator_list):
            if not (isinstance(decorator, ast.Name) and decorator.id in DROPPED):
                value = f"{ast.unparse(decorator)}({value})"
        assert node.end_lineno is not None
        gone |= set(range(node.decorator_list[0].lineno, node.lineno))
        after.setdefault(node.end_lineno, []).append(f"{' ' * node.col_offset}{node.name} = {value}")
    kept = []
    for number, line in enumerate(lines, 1):
        if number not in gone:
            kept.append(line)
        # What ends on the same line is innermost last.
        kept += sorted(after.get(number, []), key=lambda each: len(each) - len(each.lstrip()), reverse=True)
    return "\n".join(kept) + "\n"


def is_left(node: ast.FunctionDef) -> bool:
    """A decorator that cannot be written otherwise: mutmut deals with it, or leaves the function alone."""
    first = node.decorator_list[0]
    return isinstance(first, ast.Name) and first.id in LEFT_TO_MUTMUT


def run_mutmut(names: list[str], processes: int) -> None:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("CPD_", "PYTEST"))}
    kept = PLACE / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    subprocess.run(
        [Path(sys.executable).parent / "mutmut", "run", "--max-children", str(processes), *names],
        cwd=PLACE,
        env=surroundings | {"TESTS_KEEP": str(kept)},
        check=False,
    )


def mutants_in(place: Path) -> Iterator[Mutant]:
    """Every mutant that mutmut has made, as it left them in a folder."""
    for notes in sorted(place.rglob("*.py.meta")):
        file = notes.relative_to(place).as_posix().removesuffix(".meta")
        bodies = functions_of((place / file).read_text(encoding="utf-8"))
        for name, code in json.loads(notes.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            module, _, mangled = name.rpartition(".")
            plain = mangled.partition("__mutmut_")[0]
            function = plain.removeprefix("x_").removeprefix("x\u01c1").replace("\u01c1", ".")
            change = difference(bodies[f"{plain}__mutmut_orig"], bodies[mangled])
            yield Mutant(name, file, f"{module}.{function}", change, ENDINGS.get(code, f"ended with {code}"))


def functions_of(text: str) -> dict[str, str]:
    """The source of each function of a module by its name, without the line that names it."""
    lines = text.splitlines()
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: "\n".join(lines[node.lineno : node.end_lineno]) for node in found if "__mutmut" in node.name}


def difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = (line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in changed)


def report(mutants: list[Mutant], *, whole: bool) -> int:
    """Print what survived, and how many were killed by file; gives the status of the program."""
    known = read_equivalent()
    equivalent = [mutant for mutant in mutants if (mutant.function, mutant.change) in known]
    counted = [mutant for mutant in mutants if mutant not in equivalent and (whole or mutant.ending != "not run")]
    for mutant in counted:
        if mutant.ending != KILLED:
            print(f"\n{mutant.ending}: {mutant.name}\n{mutant.change}")
    print(f"\n{'file':<44}{'mutants':>8}{'killed':>8}{'per cent':>9}")
    for file in sorted({mutant.file for mutant in counted}):
        print_line(file, [mutant for mutant in counted if mutant.file == file])
    killed = print_line("in all", counted)
    print(f"{len(equivalent)} more are equivalent: {EQUIVALENT.relative_to(PROJECT)} says why.")
    wrong = [mutant for mutant in equivalent if mutant.ending == KILLED]
    wrong_names = [f"{mutant.function}\n{mutant.change}" for mutant in wrong]
    made = {(mutant.function, mutant.change) for mutant in mutants}
    wrong_names += [f"{function}\n{change}" for function, change in known if (function, change) not in made]
    for name in wrong_names:
        print(f"\nListed as equivalent, but killed or not made any more: {name}")
    return int(killed * 100 < ENOUGH * len(counted) or bool(wrong_names))


def print_line(title: str, mutants: list[Mutant]) -> int:
    endings = Counter(mutant.ending for mutant in mutants)
    share = 100 * endings[KILLED] / max(1, len(mutants))
    print(f"{title:<44}{len(mutants):>8}{endings[KILLED]:>8}{share:>9.1f}")
    return endings[KILLED]


def read_equivalent() -> set[tuple[str, str]]:
    """The mutants that nobody can tell from the code, as (function, change)."""
    if not EQUIVALENT.exists():
        return set()
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    return {(each["function"], change.strip()) for each in listed for change in each["changes"]}


if __name__ == "__main__":
    main()
