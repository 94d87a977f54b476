"""When a recording may lawfully go: an oracle, written from the words of the five regulations and of the Civil Code.

It knows nothing of the product: no pack, no table, no calendar of it. It is told what an agency knows of a recording
and answers the first day on which it may go, or that it may not go. What the texts leave to others – how long case
files are kept – is told by the agency (`files`). Where a text is silent about a recording, silence is no permission: it
stays as long as anything the text speaks of.

Days are of the wall clock in Hebei and Henan, which has been eight hours ahead of UTC all year since 1991.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

ROUTINE, SIMPLE, GENERAL, COERCIVE, OTHER = (
    *("routine", "simple-procedure", "general-procedure", "coercive-measure"),
    "other",
)
_ZONE = timedelta(hours=8)
_DAYS_OF = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class FileRule:
    """How long an agency keeps files of cases: so many years, from the closing or from the next first of January."""

    years: int
    from_new_year: bool


@dataclass(frozen=True, slots=True)
class OfCase:
    """A case that a recording belongs to. `closed` is None while it is open, or open again."""

    kind: str
    closed: date | None


@dataclass(frozen=True, slots=True)
class Footage:
    """What is known of a recording. `ended` is the latest moment at which it may have ended, UTC; None: nobody knows.

    `activity` is empty while nobody said what it shows; `held` is under a hold, or marked for 长期保存.
    """

    ended: datetime | None
    activity: str = ""
    cases: tuple[OfCase, ...] = ()
    held: bool = False


@dataclass(frozen=True, slots=True)
class Legal:
    """The first day on which a recording may go; None: not as things stand. `because` is the text that decides."""

    first_day: date | None
    because: str

    def allows(self, day: date) -> bool:
        """Whether it may go on that day."""
        return self.first_day is not None and self.first_day <= day


# ---------------------------------------------------------------------------------------------------------- calendar


def agency_day(moment: datetime) -> date:
    """The day of the agency's wall clock."""
    return (moment + _ZONE).date()


def months_after(day: date, months: int) -> date:
    """The last day of so many months that count from a day.

    民法典 201: 按照年、月、日计算期间的，开始的当日不计入，自下一日开始计算。
    202: 按照年、月计算期间的，到期月的对应日为期间的最后一日；没有对应日的，月末日为期间的最后一日。
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    leap = years % 4 == 0 and (years % 100 != 0 or years % 400 == 0)
    last = 29 if month == 1 and leap else _DAYS_OF[month]
    return date(years, month + 1, min(day.day, last))


def _file_ends(rule: FileRule, closed: date) -> date:
    begin = date(closed.year, 12, 31) if rule.from_new_year else closed
    return months_after(begin, rule.years * 12)


# --------------------------------------------------------------------------------------------------------- regulations


@dataclass(frozen=True, slots=True)
class _End:
    """One thing that a text says of a recording: kept through this day; None: no end."""

    last: date | None
    because: str


class _Text:
    """One agency's regulation. `shown` is what it says of an activity outside any case, `case` of a closed case."""

    def __init__(self, files: Mapping[str, FileRule]) -> None:
        self.files = files

    def least(self, recorded: date) -> _End | None:
        """Below this nothing goes; None: the text names no such period."""
        raise NotImplementedError

    def shown(self, activity: str, recorded: date) -> _End:
        """A recording of this activity that belongs to no case."""
        raise NotImplementedError

    def case(self, kind: str, of: OfCase, closed: date, recorded: date) -> _End:
        """A recording of a closed case; `kind` is what the case is, or what somebody said that the recording shows."""
        raise NotImplementedError

    def is_of_case(self, activity: str) -> bool:
        """Whether the text asks how the case ended, for recordings of this activity."""
        raise NotImplementedError

    def longest(self, recorded: date) -> _End:
        """Nobody knows what it shows: any of it. A case of it was closed on the day of the recording at the least."""
        ends = [
            self.case(kind, OfCase(kind, recorded), recorded, recorded)
            if self.is_of_case(kind)
            else self.shown(kind, recorded)
            for kind in self.spoken_of()
        ]
        return _latest(ends)

    def spoken_of(self) -> tuple[str, ...]:
        """The activities that the text sets a period for."""
        raise NotImplementedError

    def as_file(self, of: OfCase, closed: date, because: str) -> _End:
        """As long as the case file; nobody said how long that is: no end."""
        rule = self.files.get(of.kind)
        return _End(None if rule is None else _file_ends(rule, closed), because)


class _PatrolAndEvidence(_Text):
    """昌黎县水务局、叶县交通运输执法局、威县自然资源和规划局: one wording, other periods.

    案卷保存期限按照相关规定的保存期限进行保存。日常巡查的声像资料保存期限不少于 …。
    行政处罚一般程序案件和行政强制案件中作为证据使用的声像资料保存期限应当与案卷保存期限相同。
    """

    months = 0
    article = ""

    def least(self, recorded: date) -> _End | None:
        return _End(months_after(recorded, self.months), f"{self.article}第二款")

    def spoken_of(self) -> tuple[str, ...]:
        return ROUTINE, GENERAL, COERCIVE

    def is_of_case(self, activity: str) -> bool:
        return activity in (GENERAL, COERCIVE)

    def shown(self, activity: str, recorded: date) -> _End:
        if activity == ROUTINE:
            return _End(months_after(recorded, self.months), f"{self.article}第二款")
        return self.longest(recorded)

    def case(self, kind: str, of: OfCase, closed: date, recorded: date) -> _End:
        if kind == ROUTINE:
            return self.shown(ROUTINE, recorded)
        # Of simple procedure and of other cases the text says nothing: at the longest as their file.
        return self.as_file(of, closed, f"{self.article}第三款")


class _Changli(_PatrolAndEvidence):
    months, article = 6, "昌黎 第十条"


class _Yexian(_PatrolAndEvidence):
    months, article = 12, "叶县 第十二条"


class _Weixian(_PatrolAndEvidence):
    months, article = 6, "威县 第十八条"


class _Qinghe(_Text):
    """清河县市场监督管理局.

    32: 应将行政执法过程中形成的文字和音像记录资料，形成相应案卷，并按照《档案法》的规定归档、保存。
    33: 对执法记录仪录制的视听资料应采取输入数据库、刻盘保存等方式完整留存。
    """

    def least(self, recorded: date) -> _End | None:
        return None

    def spoken_of(self) -> tuple[str, ...]:
        return ROUTINE, SIMPLE, GENERAL, COERCIVE, OTHER

    def is_of_case(self, activity: str) -> bool:
        return activity in (SIMPLE, GENERAL, COERCIVE)

    def shown(self, activity: str, recorded: date) -> _End:
        return _End(None, "清河 第三十三条")

    def case(self, kind: str, of: OfCase, closed: date, recorded: date) -> _End:
        return self.as_file(of, closed, "清河 第三十二条")


class _Qianxi(_Text):
    """迁西县白庙子镇, 第十四条（二）.

    1、简单无争议的行政处置，当场盘问、检查，日常监督检查等执法活动，保存期限不得少于 3 个月；
    2、行政案件类执法活动，保存期限为案件终结后三个月，但不得少于 6 个月；
    4、其他需要保存资料的情形，根据具体情况确定保存期限，但不得少于 3 个月。
    """

    def least(self, recorded: date) -> _End | None:
        return _End(months_after(recorded, 3), "迁西 第十四条（二）4")

    def spoken_of(self) -> tuple[str, ...]:
        return ROUTINE, SIMPLE, GENERAL, COERCIVE, OTHER

    def is_of_case(self, activity: str) -> bool:
        return activity in (SIMPLE, GENERAL, COERCIVE)

    def shown(self, activity: str, recorded: date) -> _End:
        number = 1 if activity == ROUTINE else 4
        return _End(months_after(recorded, 3), f"迁西 第十四条（二）{number}")

    def case(self, kind: str, of: OfCase, closed: date, recorded: date) -> _End:
        # 行政案件类 makes no difference of kinds: what lies under a case is of a case.
        last = max(months_after(closed, 3), months_after(recorded, 6))
        return _End(last, "迁西 第十四条（二）2")


_TEXTS: Mapping[str, type[_Text]] = {
    "changli-water": _Changli,
    "yexian-transport": _Yexian,
    "weixian-natural-resources": _Weixian,
    "qinghe-market": _Qinghe,
    "qianxi-baimiaozi": _Qianxi,
}
AGENCIES = tuple(_TEXTS)


def legal_end(agency: str, known: Footage, files: Mapping[str, FileRule]) -> Legal:
    """The first day on which a recording may go, by the agency's regulation and its periods for case files."""
    if known.held:
        return Legal(None, "保留")
    if known.ended is None:
        return Legal(None, "录制时间不明")
    if any(case.closed is None for case in known.cases):
        return Legal(None, "案件未终结")
    text = _TEXTS[agency](files)
    decides = _latest(list(_ends(text, known, agency_day(known.ended))))
    return Legal(None if decides.last is None else decides.last + timedelta(days=1), decides.because)


def _ends(text: _Text, known: Footage, recorded: date) -> Iterator[_End]:
    least = text.least(recorded)
    if least is not None:
        yield least
    if not known.activity and not known.cases:
        yield text.longest(recorded)
    if known.activity and not text.is_of_case(known.activity):
        yield text.shown(known.activity, recorded)
    elif known.activity and not known.cases:
        # It is evidence of a case, and nobody knows yet of which: none that has ended.
        yield _End(None, "案件未知")
    for case in known.cases:
        # A case cannot have ended before its evidence was recorded.
        closed = max(case.closed or recorded, recorded)
        yield text.case(case.kind, case, closed, recorded)
        if known.activity and text.is_of_case(known.activity):
            yield text.case(known.activity, case, closed, recorded)


def _latest(ends: list[_End]) -> _End:
    """The one that lasts longest; one without end is later than all."""
    return max(ends, key=lambda end: (end.last is None, end.last or date.min))
