"""The index of this node: a folder below the instance folder, made from the database and kept up to date with it.

    search/state.json      which of the folders beside it is the index, and the release that it was made from
    search/<generation>/   the index
    search/lock            held by the process that writes

The index is a cache. Whatever is missing, damaged or of another version is made anew. A process looks at state.json
before each search, so it sees what another one wrote; and whoever finds the index behind the release of the database
starts the work, in a thread, which waits while another process does it. A search waits for it a moment and then goes
on with what is there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from tantivy import Index

from cpd.search import index as files
from cpd.search import queries
from cpd.search.index import Opened, Unreadable, Unwritable

PATIENCE = 0.8  # seconds that a search waits for what was just published
SHORT_PATIENCE = 0.4  # seconds that completion does
LOOK_EVERY = 0.005  # seconds
AFTER_A_FAULT = 10.0  # seconds until the disk is tried again
STATE, LOCK = "state.json", "lock"

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
log = logging.getLogger("cpd")


@dataclass(frozen=True)
class State:
    """What state.json says. `published_at` tells a release from one of the same number in another database."""

    schema: int
    generation: str
    release: int
    published_at: str


@dataclass(frozen=True)
class Ready:
    """What can be searched now. Without `index` nothing can, and `behind` or `broken` says why."""

    index: Opened | None
    behind: bool = False  # what was published last is still being put in
    broken: bool = False  # the disk cannot be read or written; somebody must look at it


class Node:
    """The index of this node as one process sees it."""

    patience, short_patience = PATIENCE, SHORT_PATIENCE

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._folder: Path = app.config["SETTINGS"].instance_folder / "search"
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._seen: tuple[int, int] | None = None  # the state file that was read last
        self._refused: set[str] = set()  # generations that cannot be read, or are of another database
        self._unwritable: set[str] = set()  # generations that could not be written
        self._trusted = False  # whether the first state was held against the database
        self._work: threading.Thread | None = None
        self._began = 0.0
        self._fault_at: float | None = None

    def ready(self, release: int, *, hurried: bool = False) -> Ready:
        """What can be searched; it waits a moment for the index to be of this release."""
        opened = self._look()
        if opened is None or opened.release < release:
            self.begin()
            opened = self._wait_for(release, self.short_patience if hurried else self.patience)
        behind = opened is None or opened.release < release
        return Ready(opened, behind=behind, broken=behind and self._fault_at is not None)

    def begin(self) -> None:
        """Start bringing the index up to date, unless that is under way or has just failed."""
        with self._lock:
            if self._work is not None and self._work.is_alive():
                return
            if self._fault_at is not None and time.monotonic() - self._fault_at < AFTER_A_FAULT:
                return
            self._began = time.monotonic()
            self._work = threading.Thread(target=self._do_work, name="search", daemon=True)
            self._work.start()

    def refuse(self, opened: Opened) -> None:
        """Say that this index turned out to be unreadable: it is made anew."""
        with self._lock:
            self._refused.add(opened.generation)
            self._opened, self._seen = None, None

    def catch_up(self, progress: Progress = lambda items, _: items, *, anew: bool = False) -> int:
        """Bring the index to the newest release, or make it anew. Waits for its turn. Gives the release.

        Raises Unwritable.
        """
        with self._turn_to_write():
            state = self._standing_state(anew=anew)
            release, moment = queries.newest_release()
            if state is not None and state.release >= release:
                return state.release
            index, generation = self._index_to_write(state)
            fresh = state is None or state.generation != generation
            after = 0 if state is None or fresh else state.release
            rows = progress(queries.changed(after), queries.count_changed(after))
            try:
                steps = files.write_documents(index, rows, fresh=fresh)
                next(steps)
                self._keep(State(files.SCHEMA, generation, release, _text(moment)))
                for _ in steps:
                    pass
            except Unwritable:
                self._unwritable.add(generation)  # the disk, or the files: the next try begins a new index
                raise
            self._forget_others(generation)
            return release

    def wait(self) -> None:
        """Wait for the end of the work that was begun."""
        work = self._work
        if work is not None:
            work.join()

    def _do_work(self) -> None:
        failed = True
        try:
            with self._app.app_context():
                self.catch_up()
            failed = False
        except (Unreadable, Unwritable, SQLAlchemyError) as fault:
            reason = type(fault).__name__ if isinstance(fault, SQLAlchemyError) else str(fault)
            log.warning("the search index cannot be brought up to date: %s", reason)
        finally:
            self._fault_at = time.monotonic() if failed else None

    def _wait_for(self, release: int, patience: float) -> Opened | None:
        """The index, once it is of this release; what there is of it, if the work takes longer than that or fails."""
        until = time.monotonic() + patience
        while True:
            opened = self._look()
            if opened is not None and opened.release >= release:
                return opened
            if self._work is None or not self._work.is_alive():
                if self._fault_at is not None:
                    return self._look()
                self.begin()  # what ended just now may have begun before this release
            now = time.monotonic()
            if now >= until or now - self._began >= patience:
                return opened
            time.sleep(LOOK_EVERY)

    def _look(self) -> Opened | None:
        """The index as state.json says it is now."""
        try:
            found = (self._folder / STATE).stat()
        except OSError:
            self._opened = self._seen = None
            return None
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._seen:
            return self._opened
        with self._lock:
            if seen != self._seen:
                self._opened = self._reopen()
                self._seen = seen
            return self._opened

    def _reopen(self) -> Opened | None:
        state = self._state()
        if state is None or not self._is_of_this_database(state):
            return None
        opened = self._opened
        try:
            if opened is not None and opened.generation == state.generation:
                return files.reopened(opened, state.release)
            return files.open_index(self._folder / state.generation, state.release)
        except Unreadable as fault:
            log.warning("the search index is damaged and is made anew: %s", fault)
            self._refused.add(state.generation)
            return None

    def _is_of_this_database(self, state: State) -> bool:
        """Whether the release in the state is one of the database, asked once: another may have been restored."""
        if not self._trusted:
            if _text(queries.moment_of(state.release)) != state.published_at:
                self._refused.add(state.generation)
                return False
            self._trusted = True
        return True

    def _state(self) -> State | None:
        """What state.json says, or None if there is none that this code understands."""
        try:
            state = State(**json.loads((self._folder / STATE).read_text(encoding="utf-8")))
            if [type(each) for each in asdict(state).values()] != [int, str, int, str]:
                return None
        except (OSError, ValueError, TypeError):
            return None
        usable = state.schema == files.SCHEMA and state.generation not in self._refused
        return state if usable and (self._folder / state.generation).is_dir() else None

    def _standing_state(self, *, anew: bool) -> State | None:
        """The state of an index that can be gone on with."""
        state = None if anew else self._state()
        if state is None or state.generation in self._unwritable:
            return None
        return state if _text(queries.moment_of(state.release)) == state.published_at else None

    def _index_to_write(self, state: State | None) -> tuple[Index, str]:
        """An index to be written and its generation: a new one, if there is none that can be gone on with."""
        if state is not None:
            try:
                return files.open_index(self._folder / state.generation, state.release).index, state.generation
            except Unreadable:
                self._refused.add(state.generation)
        self._forget_others("")
        generation = secrets.token_hex(6)
        return files.make_index(self._folder / generation), generation

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Hold the lock of the folder; a killed holder gives it back."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise Unwritable(f"{self._folder}: {fault.strerror}") from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _keep(self, state: State) -> None:
        """Let every process see the new state, in one step."""
        try:
            descriptor, draft = tempfile.mkstemp(dir=self._folder, prefix=f"{STATE}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                    json.dump(asdict(state), opened)
                Path(draft).replace(self._folder / STATE)
            except OSError:
                Path(draft).unlink(missing_ok=True)
                raise
        except OSError as fault:
            raise Unwritable(f"{self._folder}: {fault.strerror}") from fault

    def _forget_others(self, generation: str) -> None:
        """Remove what is left of indexes that nobody opens any more. Who has one open goes on reading it."""
        kept = {generation, STATE, LOCK}
        current = self._state()
        if current is not None:
            kept.add(current.generation)
        with contextlib.suppress(OSError):
            for each in self._folder.iterdir():
                if each.name not in kept:
                    shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)


def this_node() -> Node:
    """The node of this application."""
    return node_of(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's way to the application


def node_of(app: Flask) -> Node:
    found: Node = app.extensions.get("search node") or app.extensions.setdefault("search node", Node(app))
    return found


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
