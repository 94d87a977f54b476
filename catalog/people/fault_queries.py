"""Questions about faults of recorders: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from sqlalchemy import select

from ..reader import Reader, columns_of
from .fault_tables import recorder_faults
from .model import RecorderFault

_FAULT = columns_of(recorder_faults, RecorderFault)


def faults_of(catalog: Reader, *, recorder: str | None = None, ended: bool = False) -> list[RecorderFault]:
    """Faults in the order they were reported; with `ended` also those that are over."""
    wanted = select(*_FAULT).where(catalog.own(recorder_faults))
    if recorder is not None:
        wanted = wanted.where(recorder_faults.c.recorder == recorder)
    if not ended:
        wanted = wanted.where(recorder_faults.c.ended_at.is_(None))
    return catalog.all(RecorderFault, wanted.order_by(recorder_faults.c.reported_at, recorder_faults.c.id))


def find_fault(catalog: Reader, name: str) -> RecorderFault:
    """The open fault of a recorder of this name, or the one whose id begins so. Raises NotFound, Ambiguous."""
    of_recorder = faults_of(catalog, recorder=name)
    return of_recorder[0] if of_recorder else RecorderFault(*catalog.by_prefix("fault", recorder_faults, _FAULT, name))
