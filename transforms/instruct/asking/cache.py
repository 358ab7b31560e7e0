"""Replies on disk, and what was spent on them: one SQLite file, for several processes at once.

Every step is a transaction: after a kill a reply is there whole or not at all, and so is what it cost. What was sent is
written down before it goes out. So a request whose reply never came, because its process was killed, is known: it may
have cost something, and it is asked again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from transforms.errors import RunFolderError
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.spending import Amount, Spent

FORMAT_VERSION = 1
_FILE = "replies.sqlite"
_SESSIONS = "sessions"
_BUSY_SECS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS spent (
    model TEXT PRIMARY KEY, answered INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL,
    lost INTEGER NOT NULL, lost_prompt_tokens INTEGER NOT NULL, lost_reply_tokens INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET
    answered = answered + excluded.answered, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    reply_tokens = reply_tokens + excluded.reply_tokens, lost = lost + excluded.lost,
    lost_prompt_tokens = lost_prompt_tokens + excluded.lost_prompt_tokens,
    lost_reply_tokens = lost_reply_tokens + excluded.lost_reply_tokens
"""


class ReplyCache:
    """One process's way to the file. ``repeated``: requests of processes that were killed, found when it was opened."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, session: str, lock: IO[str] | None) -> None:
        self.folder, self._connection, self._session, self._lock = folder, connection, session, lock
        self.repeated = 0

    @classmethod
    def open(cls, folder: str | Path) -> ReplyCache:
        """Made where there is none. Raises RunFolderError for a file that is none, or of another version."""
        path = Path(folder)
        sessions = path / _SESSIONS
        with _told(path):
            sessions.mkdir(parents=True, exist_ok=True)
            session = f"{os.getpid()}-{secrets.token_hex(8)}"
            lock = (sessions / session).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = _connect(path / _FILE)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last replies, never spoil others
            connection.executescript(_SCHEMA)
            _check_version(path, connection)
            cache = cls(path, connection, session, lock)
            cache._count_killed()
        return cache

    @classmethod
    def read_only(cls, folder: str | Path) -> ReplyCache:
        """To look replies up; raises RunFolderError where there are none."""
        path = Path(folder)
        if not (path / _FILE).is_file():
            raise RunFolderError(f"no replies at {path / _FILE}: run the same command again, it asks for them")
        with _told(path):
            connection = _connect(path / _FILE)
            connection.execute("PRAGMA query_only=ON")
            _check_version(path, connection)
        return cls(path, connection, "", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            (self.folder / _SESSIONS / self._session).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def get(self, key: bytes) -> Reply | None:
        """None where it was never answered; also of a record that is damaged, which is then asked again."""
        with _told(self.folder):
            found = self._connection.execute("SELECT record FROM replies WHERE key = ?", (key,)).fetchone()
        return None if found is None else Reply.from_bytes(found[0])

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM replies").fetchone()[0])

    def keep(self, key: bytes, reply: Reply) -> None:
        """One that was not asked here: read from a batch file. Its usage is counted."""
        with _told(self.folder), self._writing():
            self._put(key, reply)
            self._add(reply.model, Amount(reply.prompt_tokens, reply.reply_tokens), answered=1)

    def begin(self, key: bytes, model: str, most: Amount) -> int:
        """Before a request is sent: what it may cost at most. Returns the number by which it is ended."""
        with _told(self.folder), self._writing():
            values = (self._session, key, model, most.prompt_tokens, most.reply_tokens)
            return int(self._connection.execute("INSERT INTO sent VALUES (NULL, ?, ?, ?, ?, ?)", values).lastrowid or 0)

    def answer(self, number: int, key: bytes, model: str, reply: Reply) -> None:
        """The reply of a request that was begun, and what it cost."""
        with _told(self.folder), self._writing():
            self._put(key, reply)
            self._connection.execute("DELETE FROM sent WHERE id = ?", (number,))
            self._add(model, Amount(reply.prompt_tokens, reply.reply_tokens), answered=1)

    def lose(self, number: int, model: str, most: Amount) -> None:
        """One that was sent and whose reply never came: nobody knows whether it was paid for."""
        with _told(self.folder), self._writing():
            self._connection.execute("DELETE FROM sent WHERE id = ?", (number,))
            self._add(model, most, lost=1)

    def free(self, number: int) -> None:
        """One that cost nothing: the server was not reached, or said no."""
        with _told(self.folder), self._writing():
            self._connection.execute("DELETE FROM sent WHERE id = ?", (number,))

    def spent(self) -> dict[str, Spent]:
        """By model, of all that was ever asked with this cache."""
        rows = self._connection.execute("SELECT * FROM spent ORDER BY model").fetchall()
        return {row[0]: Spent(row[1], Amount(row[2], row[3]), row[4], Amount(row[5], row[6])) for row in rows}

    def under_way(self) -> dict[str, Amount]:
        """By model, what requests may cost that are under way, of all processes."""
        query = "SELECT model, sum(prompt_tokens), sum(reply_tokens) FROM sent GROUP BY model"
        return {model: Amount(prompt, reply) for model, prompt, reply in self._connection.execute(query).fetchall()}

    def _put(self, key: bytes, reply: Reply) -> None:
        self._connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, reply.to_bytes()))

    def _add(self, model: str, amount: Amount, answered: int = 0, lost: int = 0) -> None:
        known, gone = (amount, Amount()) if answered else (Amount(), amount)
        values = (model, answered, known.prompt_tokens, known.reply_tokens, lost, gone.prompt_tokens, gone.reply_tokens)
        self._connection.execute(_ADD, values)

    def _count_killed(self) -> None:
        """What processes had sent that live no more: their locks are free."""
        with self._writing():
            sessions = [row[0] for row in self._connection.execute("SELECT DISTINCT session FROM sent").fetchall()]
            for session in sessions:
                if _lives(self.folder / _SESSIONS / session):
                    continue
                query = "SELECT model, prompt_tokens, reply_tokens FROM sent WHERE session = ?"
                for model, prompt, reply in self._connection.execute(query, (session,)).fetchall():
                    self._add(model, Amount(prompt, reply), lost=1)
                    self.repeated += 1
                self._connection.execute("DELETE FROM sent WHERE session = ?", (session,))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECS, isolation_level=None, check_same_thread=False)


def _check_version(folder: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    elif version != FORMAT_VERSION:
        raise RunFolderError(
            f"{folder / _FILE} is of version {version}, this program reads {FORMAT_VERSION}. Name another folder in "
            "asking.cache."
        )


def _lives(lock: Path) -> bool:
    """Whether the process that holds it does; a file that is gone was let go."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    lock.unlink(missing_ok=True)
    return False


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What SQLite and the disk say, as an error of the user."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunFolderError(
            f"{folder / _FILE} cannot be used: {error}. Is its disk full, or one that is shared over a network?"
        ) from error
    except sqlite3.DatabaseError as error:
        raise RunFolderError(
            f"{folder / _FILE} is damaged: {error}. Put a copy back, or remove it: then all is asked anew."
        ) from error
    except OSError as error:
        raise RunFolderError(
            f"{folder} cannot be used for replies: {error}. Name another folder in asking.cache."
        ) from error
