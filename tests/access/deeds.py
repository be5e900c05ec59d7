"""What is done to a case and around it: what is sent, and whose deed it is. Every other role that opens the administration sends
the same, and nothing happens."""

from typing import Any

from tests.access.administration import CALLED_IN, COORDINATOR, OPERATORS, QUEUE
from tests.journeys.senders import decision

#: The officer in charge alone (首接负责).
LEAD = frozenset({"lead"})
REASON = {"reason": "核实情况需要"}
#: Name of the address, what of the world stands in it: whose deed, what is sent.
CASE_DEEDS: dict[tuple[str, str], tuple[frozenset[str], dict[str, Any]]] = {
    ("cases_case_accept", "free"): (QUEUE, {}),
    ("cases_case_object", "free"): (QUEUE, {**REASON, "sector": "fitness", "district": ""}),
    ("cases_case_turn_away", "outside"): (QUEUE, {"reasons": "不是预付卡"}),
    ("cases_case_statement", "led"): (LEAD, {"record-side": "consumer", "record-text": "没退"}),
    ("cases_case_call", "led"): (LEAD, {"call": "consumer.reached"}),
    ("cases_case_reveal", "led"): (LEAD, REASON),
    ("cases_case_limit", "free"): (QUEUE, {"limit": "complex"}),
    ("cases_case_call_in", "led"): (LEAD, {"department": "sports", "district": "", "asked": "请核实"}),
    ("cases_case_withdraw_call", "led_assist"): (LEAD, {}),
    ("cases_case_extend", "led"): (LEAD, {**REASON, "days": "3"}),
    ("cases_case_issue", "agreed"): (LEAD, {"kind": "acceptance"}),
    ("cases_case_decide", "led"): (LEAD, decision(result="not_upheld", amount="", basis="")),
    ("cases_case_repaid", "owed"): (LEAD, {"evidence": "收据"}),
    ("cases_casegroup_reply", "group"): (QUEUE, {"text": "我们正在处理。"}),
    ("cases_assist_report", "assist"): (CALLED_IN, {}),
    ("cases_callback_answer", "callback"): (
        COORDINATOR | OPERATORS,
        {"reached": "yes", "resolved": "no", "satisfied": "no", "words": ""},
    ),
    ("cases_objection_review", "objection"): (COORDINATOR, {"upheld": "no", "finding": "属商务"}),
    ("off_custody_offcustodyreport_reveal", "report"): (LEAD, REASON),
    ("off_custody_offcustodyreport_decide", "report"): (LEAD, {"result": "confirmed", "reasons": "看了收款码"}),
}
