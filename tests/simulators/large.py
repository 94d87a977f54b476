"""A catalogue of any size, filled past the log: what lists cost with a million clips, and whether an index serves them.

Nothing of it can be verified, since no custody entry stands for its rows; the shape is that of an agency of 24
departments and 400 officers over three years: a clip in three lies under a case, one in twenty has a note.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from catalog.cases.bigrams import searched
from catalog.cases.bigrams import terms as terms_of
from catalog.cases.tables import case_clips, cases, clip_notes, terms
from catalog.keeping.model import NO_END
from catalog.keeping.tables import clip_terms
from catalog.people.tables import departments
from catalog.tables import clips, sessions

Row = dict[str, Any]
_CHUNK = 20_000
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=3 * 365)
SECTIONS = ("水政监察大队", "市场稽查大队", "交通执法大队", "自然资源所")
DEPARTMENTS = [f"{section}{team}中队" for section in SECTIONS for team in ("一", "二", "三", "四", "五")]
CLIPS_OF_CASE, CLIPS_A_CASE, CLIPS_A_NOTE = 7, 20, 20
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "芳伟敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
_CAUSES = (
    "未取得取水许可擅自取水",
    "无证无照经营",
    "超限运输",
    "销售过期食品",
    "非法占用耕地",
    "未按规定开具凭证",
    "擅自改变用途",
    "未设置警示标志",
)
_NOTES = ("当事人拒绝签字", "现场有围观群众", "电池更换后继续录制", "证人陈述清楚", "夜间画面较暗", "全程录音录像")
_CLASSES = (*("unclassified",) * 60, *("routine",) * 25, *("simple-procedure",) * 10, *("general-procedure",) * 5)

# Those that no constraint of a table rests on.
_SQLITE_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
_PLAIN_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
)


class Shape:
    """Everything that a number of clips stands for; the same number gives the same rows.

    Of the first `undecided` clips nobody has worked out until when they are kept, nor of any when that is None; the
    others are kept without end.
    """

    def __init__(self, count: int, station: str, undecided: int | None = None) -> None:
        self.count, self.station = count, station
        self.undecided = count if undecided is None else undecided
        self.case_count = max(1, count // CLIPS_A_CASE)

    def clip_id(self, number: int) -> str:
        """Ids are spread as digests are: an index on them is not filled in order."""
        return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"

    def case_id(self, number: int) -> str:
        """The id of a case."""
        return f"{number * 0xC2B2AE3D27D4EB4F % 2**64:016x}"

    def at(self, number: int) -> datetime:
        """When a clip was recorded: evenly over the years."""
        return FIRST_DAY + _SPAN * (number / self.count)

    def department_rows(self) -> Iterator[Row]:
        """Sections, and their teams below them."""
        for section in SECTIONS:
            yield {"station": self.station, "id": section, "name": section, "parent": None, "active": True}
        for name in DEPARTMENTS:
            yield {"station": self.station, "id": name, "name": name, "parent": name[:-3], "active": True}

    def session_rows(self) -> Iterator[Row]:
        """A docking for every 25 clips."""
        for number in range(0, self.count, 25):
            row: Row = dict.fromkeys(column.name for column in sessions.c)
            row |= {"id": f"s{number // 25:08d}", "station": self.station, "recorder": "X", "family": "gat947"}
            row |= {"family_reason": "names", "department": "d", "source": "/m", "vault_dir": "v", "on_recorder": 25}
            row |= dict.fromkeys(("size_bytes", "already_held", "quarantined", "failed", "ingested_bytes"), 0)
            row |= {"volume": {}, "opened_at": self.at(number), "state": "sealed", "ingested": 25, "milliseconds": 1}
            yield row | {"clearing": "done", "cleared": 25}

    def clip_rows(self) -> Iterator[Row]:
        """The clips."""
        empty: Row = dict.fromkeys(column.name for column in clips.c)
        for number in range(self.count):
            draw = random.Random(number)
            officer = draw.randrange(400)
            at, name = self.at(number), f"X{officer % 300:04d}_{officer:06d}_{number:09d}.mp4"
            digest, department = f"b3:{draw.getrandbits(256):064x}", DEPARTMENTS[officer % len(DEPARTMENTS)]
            yield empty | {
                "id": self.clip_id(number),
                "station": self.station,
                "session": f"s{number // 25:08d}",
                "seq": number % 25 + 1,
                "recorder": f"X{officer % 300:04d}",
                "department": department,
                "officer": f"{officer:06d}",
                "path": f"DCIM/{name}",
                "name": name,
                "kind": "video" if draw.random() < 0.9 else "audio" if draw.random() < 0.7 else "photo",
                "size_bytes": draw.randrange(10**6, 10**9),
                "digest": digest,
                "digests": {"b3": digest},
                "fingerprint": f"b3:{draw.getrandbits(256):064x}",
                "vault_path": f"{department}/X/2026-01-01/s{number // 25:08d}/clips/{name}",
                "claimed_at": "2026-01-01T00:00:00",
                "recorded_at": at,
                "time_source": "name",
                "key_mark": draw.random() < 0.01,
                "read_back": "direct",
                "ingested_at": at + timedelta(hours=8),
                "sort_at": at,
                "duration_ms": draw.randrange(10**6),
                "facts_state": "read",
                "clip_class": draw.choice(_CLASSES),
            }

    def clip_term_rows(self) -> Iterator[Row]:
        """Until when they are kept."""
        for number in range(self.count):
            row: Row = {"clip": self.clip_id(number), "station": self.station, "session": f"s{number // 25:08d}"}
            yield row | {"seq": number % 25 + 1, "keep_until": None if number < self.undecided else NO_END}

    def case_rows(self) -> Iterator[Row]:
        """The cases."""
        empty: Row = dict.fromkeys(column.name for column in cases.c)
        for number in range(self.case_count):
            draw = random.Random(f"case {number}")
            opened = self.at(number * CLIPS_A_CASE).date()
            ended = opened + timedelta(days=draw.randrange(60))
            told = f"{opened.year}-昌水罚-{number:06d}", draw.choice(_CAUSES), [_person(draw)], ""
            yield empty | {
                "id": self.case_id(number),
                "station": self.station,
                "number": told[0],
                "cause": told[1],
                "parties": told[2],
                "kind": draw.choice(("simple-procedure", "general-procedure", "coercive-measure")),
                "department": draw.choice(DEPARTMENTS),
                "officers": [f"{draw.randrange(400):06d}"],
                "note": told[3],
                "opened_on": opened,
                "ended_on": ended,
                "closed_on": ended,
                "filed_on": ended if draw.random() < 0.98 else None,
                "outcome": "",
                "recorded_by": "user:li",
                "recorded_at": FIRST_DAY,
                "searched": searched((told[0], told[1], *told[2])),
                "searched_cause": searched((told[1],)),
                "searched_parties": searched(told[2]),
            }

    def link_rows(self) -> Iterator[Row]:
        """Seven of the twenty clips around the opening of each case lie under it."""
        for number in range(self.case_count):
            for offset in range(CLIPS_OF_CASE):
                clip = number * CLIPS_A_CASE + offset * 2
                if clip < self.count:
                    row: Row = dict.fromkeys(column.name for column in case_clips.c)
                    row |= {"case_id": self.case_id(number), "clip": self.clip_id(clip), "station": self.station}
                    row |= {"how": "by-hand", "reasons": [], "linked_by": "user:li", "linked_at": FIRST_DAY}
                    yield row

    def note_rows(self) -> Iterator[Row]:
        """A note on every twentieth clip."""
        for number in range(0, self.count, CLIPS_A_NOTE):
            draw = random.Random(f"note {number}")
            note = f"{draw.choice(_NOTES)}，{_person(draw)}在场"
            row: Row = {"id": self.clip_id(number), "station": self.station, "clip": self.clip_id(number), "note": note}
            row["seq"] = number
            yield row | {"noted_by": "user:li", "noted_at": FIRST_DAY, "searched": searched((note,))}

    def term_rows(self) -> Iterator[Row]:
        """The terms of cases, of those who handle them, and of notes."""
        for case in self.case_rows():
            for term in terms_of(case["searched"]):
                yield {"station": self.station, "field": "case", "term": term, "subject": case["id"]}
            for officer in case["officers"]:
                yield {"station": self.station, "field": "officer", "term": officer, "subject": case["id"]}
        for note in self.note_rows():
            for term in terms_of(note["searched"]):
                yield {"station": self.station, "field": "note", "term": term, "subject": note["id"]}


def _person(draw: random.Random) -> str:
    return draw.choice(_SURNAMES) + "".join(draw.choice(_GIVEN) for _place in range(draw.randint(1, 2)))


def fill(url: str, count: int, station: str, undecided: int | None = None, *, searchable: bool = True) -> Shape:
    """Fill an empty catalogue with so many clips, and have it analysed; on PostgreSQL `url` is the owner's.

    Indexes are made anew behind the rows, which is quicker. What is not `searchable` has no terms to be found by.
    """
    shape = Shape(count, station, undecided)
    tables: list[tuple[Table, Callable[[], Iterable[Row]]]] = [
        (departments, shape.department_rows),
        (sessions, shape.session_rows),
        (clips, shape.clip_rows),
        (clip_terms, shape.clip_term_rows),
        (cases, shape.case_rows),
        (case_clips, shape.link_rows),
        (clip_notes, shape.note_rows),
        *([(terms, shape.term_rows)] if searchable else []),
    ]
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript("PRAGMA synchronous=0; PRAGMA cache_size=-200000")
        indexes = connection.execute(_SQLITE_INDEXES).fetchall()
        for name, _made in indexes:
            connection.execute(f"DROP INDEX {name}")
        for table, rows in tables:
            marks = ", ".join("?" for _column in table.c)
            statement = f"INSERT INTO {table.name} ({', '.join(table.c.keys())}) VALUES ({marks})"
            for some in _chunks(rows(), table, sqlite.dialect()):
                connection.executemany(statement, some)
                connection.commit()
        for _name, made in indexes:
            connection.execute(made)
        connection.executescript("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        with psycopg.connect(url, autocommit=True) as server:
            indexes = server.execute(_PLAIN_INDEXES).fetchall()
            for name, _made in indexes:
                server.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
            for table, rows in tables:
                columns = sql.SQL(", ").join(map(sql.Identifier, table.c.keys()))
                copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
                for some in _chunks(rows(), table, postgresql.dialect()):
                    with server.cursor() as cursor, cursor.copy(copy_in) as copy:
                        for row in some:
                            copy.write_row(row)
            server.execute("SET maintenance_work_mem = '1GB'")
            for _name, made in indexes:
                server.execute(made)
            server.execute("VACUUM ANALYZE")
    return shape


def _chunks(rows: Iterable[Row], table: Table, dialect: Dialect) -> Iterator[list[tuple[Any, ...]]]:
    """Rows as the driver takes them, in the order of the table's columns."""
    makers = [(column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in table.c]
    waiting = iter(rows)
    while some := list(islice(waiting, _CHUNK)):
        yield [
            tuple(row[name] if make is None or row[name] is None else make(row[name]) for name, make in makers)
            for row in some
        ]
