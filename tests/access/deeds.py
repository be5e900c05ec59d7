"""What is done to a case and around it: what is sent, and whose deed it is. Every other role that opens the administration sends
the same, and nothing happens."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from escrow import clock
from tests.access.administration import CALLED_IN, COORDINATOR, LEAD, OPERATORS, QUEUE
from tests.access.world import Side
from tests.complaints import pictures
from tests.complaints.hotline import files
from tests.journeys.senders import decision

REASON = {"reason": "核实情况需要"}
NOT_UPHELD = decision(result="not_upheld", amount="", basis="")
#: What is sent, or what makes it of the side whose object it is.
Sent = dict[str, Any] | Callable[[Side], dict[str, Any]]


def _photo(side: Side) -> dict[str, Any]:
    return {"side": "authority", "photos": SimpleUploadedFile("店门.jpg", pictures.picture(colour="green"))}


def _mediated(side: Side) -> dict[str, Any]:
    now = clock.now().astimezone(clock.BEIJING)
    return {
        "held_at": f"{now:%Y-%m-%dT%H:%M}",
        "manner": "in_person",
        "place": "调解室",
        "consumer_by": "李小明",
        "merchant_by": "张老板",
        "consumer_said": "要退钱。",
        "merchant_said": "不退。",
        "agreed": "no",
        "failed_because": "双方差距大",
    }


def _signed(side: Side) -> dict[str, Any]:
    return {"side": "consumer", "signed_on": str(clock.today()), "sha256": side.objects["record_sha256"]}


def _work_orders(side: Side) -> dict[str, Any]:
    content = files.as_csv(files.row("GD-9"))
    return {"system": "12345", "unknown": "refuse", "file": SimpleUploadedFile("工单.csv", content)}


def _key(side: Side) -> dict[str, Any]:
    until = clock.today() + timedelta(days=30)
    return {"name": "热线", "system": "12345", "per_minute": "60", "valid_until": str(until)}


#: Name of the address, what of the world stands in it: whose deed, what is sent.
CASE_DEEDS: dict[tuple[str, str], tuple[frozenset[str], Sent]] = {
    ("cases_case_accept", "free"): (QUEUE, {}),
    ("cases_case_assign", "free"): (QUEUE, lambda side: {"lead": side.people["lead"].pk}),
    ("cases_case_sector", "nowhere"): (COORDINATOR, lambda side: {"sector": "beauty", "district": side.district}),
    ("cases_case_object", "free"): (QUEUE, {**REASON, "sector": "fitness", "district": ""}),
    ("cases_case_turn_away", "outside"): (QUEUE, {"reasons": "不是预付卡"}),
    ("cases_case_bulk", ""): (
        QUEUE,
        lambda side: {"kind": "accept", "key": uuid.uuid4(), "case": [side.objects["free"]]},
    ),
    ("cases_case_bulk_report", "bulk"): (LEAD, {}),
    ("cases_case_filter", "filter"): (LEAD, {"name": "本周"}),
    ("cases_case_filter_delete", "filter"): (LEAD, {}),
    ("cases_case_statement", "led"): (LEAD, {"record-side": "consumer", "record-text": "没退"}),
    ("cases_case_call", "led"): (LEAD, {"call": "consumer.reached"}),
    ("cases_case_reveal", "led"): (LEAD, REASON),
    ("cases_case_limit", "free"): (QUEUE, {"limit": "complex"}),
    ("cases_case_call_in", "led"): (LEAD, {"department": "sports", "district": "", "asked": "请核实"}),
    ("cases_case_withdraw_call", "led_assist"): (LEAD, {}),
    ("cases_case_extend", "led"): (LEAD, {**REASON, "days": "3"}),
    ("cases_case_papers", "led"): (LEAD, _mediated),
    ("cases_case_signature", "led"): (LEAD, _signed),
    ("cases_case_issue", "agreed"): (LEAD, {"kind": "acceptance"}),
    ("cases_case_decide", "led"): (LEAD, NOT_UPHELD),
    ("cases_case_decide", "outside_led"): (LEAD, NOT_UPHELD),
    ("cases_case_decide", "charged"): (LEAD, {"units": "1", "reasons": "签到表", "confirmed": "1"}),
    ("cases_case_repaid", "owed"): (LEAD, {"evidence": "收据"}),
    ("cases_case_unpaid", "unpaid"): (LEAD, {"reasons": "已告知诉讼途径"}),
    ("cases_casegroup_reply", "group"): (QUEUE, {"text": "我们正在处理。"}),
    ("cases_assist_report", "assist"): (CALLED_IN, {}),
    ("cases_assist_answer", "reported"): (CALLED_IN, {"text": "场地已经清空。"}),
    ("cases_callback_answer", "callback"): (
        COORDINATOR | OPERATORS,
        {"reached": "yes", "resolved": "no", "satisfied": "no", "words": ""},
    ),
    ("cases_objection_review", "objection"): (COORDINATOR, {"upheld": "no", "finding": "属商务"}),
    ("evidence_evidence_add_to", "led"): (LEAD, _photo),
    ("off_custody_offcustodyreport_take", "untaken"): (QUEUE, {}),
    ("off_custody_offcustodyreport_reveal", "report"): (LEAD, REASON),
    ("off_custody_offcustodyreport_decide", "report"): (LEAD, {"result": "confirmed", "reasons": "看了收款码"}),
    ("warnings_assessment_place", "merchant"): (QUEUE, {"kind": "no_sales", "because": "群众反映"}),
    ("warnings_measure_order", "proposed"): (
        QUEUE,
        lambda side: {"because": "请看", "due_on": str(clock.today()), "store": side.objects["store"]},
    ),
    ("warnings_measure_confirm", "provisional"): (QUEUE, {"because": "属实"}),
    ("warnings_measure_end", "provisional"): (QUEUE, {"because": "误判"}),
    ("warnings_measure_result", "letter"): (QUEUE, {"result": "settled", "findings": "已答复"}),
    ("warnings_measure_appeal", "appeal"): (QUEUE, {"upheld": "no", "reasons": "属实"}),
    ("hotline_workorderfile_read", ""): (COORDINATOR | OPERATORS, _work_orders),
    ("hotline_workorderfile_confirm", "file"): (COORDINATOR | OPERATORS, {}),
    ("hotline_workorderfile_discard", "file"): (COORDINATOR | OPERATORS, {}),
    ("hotline_apikey_issue", ""): (OPERATORS, _key),
    ("hotline_apikey_revoke", "key"): (OPERATORS, {}),
}
#: Of the complaints' addresses those that only show or hand out something, and two whose deed needs more than a form: a filter is kept
#: with a query in its address (``test_saved_filters``), official figures are imported with what an operator has looked at
#: (``measures/test_pages``).
READ = {
    "cases_case_record", "cases_case_court", "cases_case_document", "cases_case_filter_keep", "evidence_evidence_file",
    "evidence_evidence_preview", "off_custody_offcustodyreport_photo", "hotline_workorderfile_report",
    "hotline_workorderfile_results", "hotline_workorderfile_empty", "measures_cell_ranking", "measures_cell_export",
    "measures_cell_ranking_export", "measures_officialfigure_import", "warnings_measure_paper",
}  # fmt: skip
