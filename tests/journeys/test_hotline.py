"""An import of work orders by a real worker, which is killed in the middle of it."""

import json
import time

#: Read and confirm, as the pages do.
BEGIN = """
import io, json
from datetime import timedelta
from complaints.hotline import operations
from complaints.hotline.tables import csv_lines
from escrow import clock
from prepaid.people.models import User
by = User.objects.filter(is_platform_operator=True).first()
received = clock.now() - timedelta(hours=1)
rows = [[f"HL-{n}", received, f"139{n:08d}", f"热线商家{n % 40}", "北京市朝阳区建国路88号", "闭店不退卡。"] for n in range(120)]
content = b"".join(csv_lines([["工单编号", "来电时间", "联系电话", "被诉单位", "地址", "诉求内容"], *rows]))
file = operations.read_file(
    file=io.BytesIO(content), size=len(content), name="a.csv", system="12345", leave_out_unknown=False, by=by, at=clock.now()
)
operations.confirm_file(file_id=file.pk, by=by, at=clock.now())
print(json.dumps(file.pk))
"""
LOOK = """
import json
from complaints.cases.models import Case
from complaints.hotline.models import WorkOrder, WorkOrderFile
ours = Case.objects.filter(foreign_number__startswith="HL-")
print(json.dumps({
    "state": WorkOrderFile.objects.latest("id").state,
    "orders": WorkOrder.objects.count(),
    "cases": ours.count(),
    "waiting": ours.filter(dispatched_at=None).count(),
}))
"""


def asked(city, code: str):
    done = city.manage("shell", "--no-imports", "--command", code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_an_import_goes_on_after_its_worker_was_killed(city):
    asked(city, BEGIN)
    killed = {}
    deadline = time.monotonic() + 240
    while (found := asked(city, LOOK))["state"] != "done":
        if not killed and found["orders"]:
            killed["worker"] = city.kill("worker")
        assert time.monotonic() < deadline, (found, city.said())
        time.sleep(3)  # a look starts a process, which the worker has to wait for on a small machine
    city.wait_healthy(instead_of=killed)
    assert (found["orders"], found["cases"]) == (120, 120)
    while asked(city, LOOK)["waiting"]:
        assert time.monotonic() < deadline, city.said()
        time.sleep(3)
