"""What the columns of an agency's spreadsheet are called, in Chinese and English, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from .cells import Cell, folded
from .model import IN_SERVICE


class Field(StrEnum):
    """What a column holds."""

    DEPARTMENT = "department"
    DEPARTMENT_ID = "department id"
    PARENT = "parent department"
    OFFICER = "officer number"
    NAME = "officer name"
    ACTIVE = "active"
    RECORDER = "recorder"
    MODEL = "model"
    SERIAL = "serial number"
    STATE = "recorder state"
    SINCE = "issued"
    UNTIL = "returned"
    DUE = "due"
    LENDER = "lender"
    NOTE = "note"
    RETURN_NOTE = "return note"


# The first of each is what an export writes in Chinese; the field's own value is what it writes in English.
_CALLED: dict[Field, str] = {
    Field.DEPARTMENT: "部门 部门名称 科室 科室名称 股室 股室名称 大队 大队名称 中队 中队名称 单位 单位名称 "
    "所属部门 所属科室 所属股室 所属大队 所属中队 所属单位 所在部门 所在科室 所在单位 使用部门 使用科室 使用单位 "
    "department dept",
    Field.DEPARTMENT_ID: "部门编号 部门代码 部门编码 单位编号 单位代码 departmentcode",
    Field.PARENT: "上级部门 上级单位 上级 主管部门 parent",
    Field.OFFICER: "警号 执法证号 执法证编号 执法证件号 执法证件编号 人员编号 工号 使用人编号 领用人编号 officer "
    "officerno badge badgenumber number",
    Field.NAME: "姓名 人员姓名 执法人员 执法人员姓名 使用人 使用人员 使用人姓名 领用人 领用人姓名 name",
    Field.ACTIVE: "在职 是否在职 人员状态 在岗",
    Field.RECORDER: "记录仪编号 执法记录仪编号 执法仪编号 设备编号 仪器编号 记录仪 执法记录仪 "
    "recorderid recorderno device",
    Field.MODEL: "型号 设备型号 规格型号 品牌型号 记录仪型号",
    Field.SERIAL: "序列号 出厂编号 出厂序列号 机身号 机身编号 sn s/n serial",
    Field.STATE: "设备状态 记录仪状态 使用状态 仪器状态 state",
    Field.SINCE: "领用日期 领用时间 配发日期 配发时间 发放日期 发放时间 借出日期 借出时间 交接日期 交接时间 since from",
    Field.UNTIL: "归还日期 归还时间 交回日期 交回时间 收回日期 收回时间 until to",
    Field.DUE: "应还日期 应还时间 应归还日期 应归还时间",
    Field.LENDER: "出借人 出借人编号 转借人 转借人编号",
    Field.NOTE: "备注 说明 remarks remark notes",
    Field.RETURN_NOTE: "归还说明 归还备注",
}
# Of people or of recorders: the other columns tell.
_STATE_OF_EITHER = frozenset({"状态", "status"})
_NUMBERING = frozenset({"序号", "no", "no.", "#"})

_STATES = {
    IN_SERVICE: "正常 在用 使用 使用中 完好 良好 启用 inservice ok",
    "faulty": "故障 损坏 停用 faulty broken",
    "at-maker": "送修 维修 维修中 返厂 厂修 atmaker repair",
    "lost": "丢失 遗失 lost",
    "retired": "报废 注销 退役 retired",
}
_YES = "是 在职 在岗 正常 有效 y yes true 1 active"
_NO = "否 离职 调离 调出 退休 停用 无效 n no false 0 inactive"

STATES = {folded(word): state for state, said in _STATES.items() for word in (state, *said.split())}
ACTIVE = {folded(word): yes for yes, said in ((True, _YES), (False, _NO)) for word in said.split()}
FIELDS = {folded(word): field for field, said in _CALLED.items() for word in (field.value, *said.split())}


def heading(field: Field, *, chinese: bool) -> str:
    """What an export calls a column; an import knows it again."""
    return _CALLED[field].split()[0] if chinese else field.value


def headings_of(cells: Sequence[Cell]) -> tuple[dict[Field, int], list[str]] | None:
    """Which column holds what, and headings that say nothing to us; None when the row is no row of headings.

    Two known headings make one: above it may stand a title over the whole width.
    """
    found: dict[Field, int] = {}
    strange: list[str] = []
    either = None
    for place, cell in enumerate(cells):
        if not isinstance(cell, str) or not cell.strip():
            continue
        called = folded(cell.partition("(")[0].partition("（")[0] or cell)
        field = FIELDS.get(called)
        if field is not None and field not in found:
            found[field] = place
        elif called in _STATE_OF_EITHER:
            either = place
        elif called not in _NUMBERING:
            strange.append(cell.strip())
    if either is not None:
        found.setdefault(Field.STATE if Field.RECORDER in found else Field.ACTIVE, either)
    return (found, strange) if len(found) >= 2 else None
