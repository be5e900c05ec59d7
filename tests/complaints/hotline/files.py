"""Files of work orders as the hotline sends them."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.hotline import operations
from complaints.hotline.models import WorkOrderFile
from escrow import clock

HEADINGS = ["工单编号", "来电时间", "来电人", "联系电话", "被诉单位", "地址", "诉求内容", "金额"]


def received(hours: int = 5) -> str:
    """So long ago, as the hotline writes it."""
    return (clock.now() - timedelta(hours=hours)).astimezone(clock.BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def row(number: str = "12345-001", **changes: str) -> list[str]:
    """A line that can be taken."""
    cells = {
        "工单编号": number,
        "来电时间": received(),
        "来电人": "欧阳清澈",
        "联系电话": "15710000001",
        "被诉单位": "好身材健身馆",
        "地址": "朝阳区建国路88号",
        "诉求内容": "闭店不退卡。",
        "金额": "3,000",
    }
    return list((cells | changes).values())


def as_csv(*rows: Sequence[str], headings: Sequence[str] = HEADINGS, encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode(encoding)


def as_json(*rows: Sequence[str]) -> bytes:
    return json.dumps([dict(zip(HEADINGS, row, strict=True)) for row in rows], ensure_ascii=False).encode()


def upload(client, content: bytes, *, system: str = "12345", unknown: str = "refuse", name: str = "工单.csv"):
    return client.post(
        "/admin/hotline/workorderfile/read/",
        {"system": system, "unknown": unknown, "file": SimpleUploadedFile(name, content)},
    )


def read(content: bytes, by, *, system: str = "12345") -> WorkOrderFile:
    return operations.read_file(
        file=io.BytesIO(content),
        size=len(content),
        name="工单.csv",
        system=system,
        leave_out_unknown=False,
        by=by,
        at=clock.now(),
    )


def take_all(file: WorkOrderFile) -> int:
    """Turn after turn, as the worker does."""
    turns = 0
    while (now := WorkOrderFile.objects.get(pk=file.pk)).state == "taking":
        operations.take_some(file_id=file.pk, turn=now.turn, at=clock.now(), actor="system:test")
        turns += 1
        assert turns < 1000
    return turns
