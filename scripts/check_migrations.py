"""Migrate an empty database and check that its tables are those of the models."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from alembic.util import CommandError
from flask_migrate import check, upgrade


def main() -> None:
    # Whatever database the environment names, a check must not touch it.
    for name in [name for name in os.environ if name.startswith("CPD_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CPD_INSTANCE_FOLDER"] = str(Path(folder))
        from cpd.migrating import create_app

        with create_app().app_context():
            upgrade()
            try:
                check()
            except (CommandError, SystemExit) as fault:
                sys.exit(
                    f"The migrations do not make the tables of the models. Add one with: flask db migrate. {fault}"
                )


if __name__ == "__main__":
    main()
