"""Who may open what of the administration: one line per registered model and per address of its own. One that is not here fails
``test_administration``. Whoever has neither a post today nor runs the platform gets to none of it."""

from dataclasses import dataclass

#: Officials who read the queue of an object: of its department in its district, and of its department for the whole city.
QUEUE = frozenset({"lead", "colleague", "city_post"})
#: The officer in charge alone (首接负责).
LEAD = frozenset({"lead"})
#: The coordinator's post for the whole city.
COORDINATOR = frozenset({"coordinator"})
#: The department that is called in.
CALLED_IN = frozenset({"called_in"})
OPERATORS = frozenset({"operator", "second_operator"})
NOBODY: frozenset[str] = frozenset()
#: Opens in a state that the world does not have: here only that it is shut to everybody else, too.
LATER: frozenset[str] = frozenset()
OFFICIALS = QUEUE | COORDINATOR | CALLED_IN | {"other_district", "other_sector", "enforcer"}
EVERYBODY = OFFICIALS | OPERATORS


@dataclass(frozen=True)
class Rows:
    """``reads``: who finds a row that is theirs. ``of``: what of the world it is; blank: rows that belong to no side. ``lists``: who
    opens the list, which holds what they may read. ``adds``: who gets to Django's page that adds one."""

    reads: frozenset[str]
    of: str = ""
    lists: frozenset[str] = EVERYBODY
    adds: frozenset[str] = NOBODY


RUN = Rows(OPERATORS, lists=OPERATORS)
RULE = Rows(OPERATORS, lists=OPERATORS, adds=OPERATORS)
REFERENCE = Rows(EVERYBODY)


def queued(of: str) -> Rows:
    return Rows(QUEUE | OPERATORS, of)


MODELS: dict[str, Rows] = {
    # By post.
    "cases.Case": queued("led"),
    "cases.CaseGroup": queued("group"),
    "cases.Assist": Rows(CALLED_IN | OPERATORS, "assist"),
    "cases.Callback": Rows(COORDINATOR | OPERATORS, "callback"),
    "cases.Objection": Rows(COORDINATOR | OPERATORS, "objection"),
    "evidence.Evidence": queued("evidence"),
    "off_custody.OffCustodyReport": queued("report"),
    "warnings.Assessment": queued("merchant"),
    "warnings.Measure": queued("letter"),
    "hotline.WorkOrderFile": Rows(COORDINATOR | OPERATORS, "file", lists=COORDINATOR | OPERATORS),
    "hotline.WorkOrder": Rows(COORDINATOR | OPERATORS, "order", lists=COORDINATOR | OPERATORS),
    "measures.OfficialFigure": Rows(
        EVERYBODY - {"other_district", "city_post"}, "figure"
    ),  # posts of the district, the coordinator
    "cards.Card": queued("card_pk"),
    "cards.Contract": queued("contract_pk"),
    "merchants.Merchant": queued("merchant"),
    "merchants.Closing": queued("closing"),
    "merchants.ExistingCard": queued("existing"),
    "merchants.Handover": queued("handover"),
    "merchants.InvitedMerchant": queued("invited"),
    "merchants.Listing": Rows(QUEUE | OPERATORS, "listing", adds=EVERYBODY),
    "products.Filing": queued("filing"),
    "products.Product": queued("product"),
    # Public facts.
    "people.Department": REFERENCE,
    "people.Division": REFERENCE,
    "merchants.Sector": REFERENCE,
    "measures.Cell": Rows(NOBODY),
    # For who runs the platform.
    "people.User": RUN,
    "people.Post": RULE,
    "hotline.ApiKey": RUN,
    "cards.RefundRequest": RUN,
    "backoffice.Assignment": RUN,
    "backoffice.CustodyFile": RUN,
    "escrow.Account": RUN,
    "escrow.Agreement": RUN,
    "escrow.Approval": RUN,
    "escrow.AuditEntry": RUN,
    "escrow.BankFile": RUN,
    "escrow.Beneficiary": RUN,
    "escrow.Block": RUN,
    "escrow.ChannelBillLine": RUN,
    "escrow.Claim": RUN,
    "escrow.ClearingAlarm": RUN,
    "escrow.DailyRoot": RUN,
    "escrow.Instruction": RUN,
    "escrow.InstructionBatch": RUN,
    "escrow.LegalHold": RUN,
    "escrow.Payment": RUN,
    "escrow.Payout": RUN,
    "escrow.PayoutHold": RUN,
    "escrow.Refund": RUN,
    "escrow.StatementLine": RUN,
    "escrow.TieOut": RUN,
    "escrow.Transfer": RUN,
    "escrow.Use": RUN,
    "escrow.WorkingDay": RUN,
    "cases.TimeLimit": RUN,
    "escrow.ApprovalRule": RUN,
    "escrow.BankFormat": RULE,
    "escrow.EarlyReleaseRule": RULE,
    "escrow.ReserveRule": RULE,
    "merchants.CustodyRule": RULE,
    "merchants.ExistingCardRule": RUN,
    "merchants.SectorRule": RULE,
    "measures.ScoreRule": RULE,
    "warnings.MeasureRule": RULE,
    "products.InterestRate": RULE,
    "products.VisitRule": RULE,
    "cards.CardRule": RULE,
}

#: Of the site itself, without an object.
SITE = {
    "index": EVERYBODY,
    "search": EVERYBODY,
    "act": EVERYBODY,  # in a post of one's own
    "app_list": EVERYBODY,
    "autocomplete": EVERYBODY,  # refuses: no page has a field for it
    "jsi18n": EVERYBODY,
    "password_change": EVERYBODY,
    "password_change_done": EVERYBODY,
    "view_on_site": EVERYBODY,
    "login": EVERYBODY,
    "logout": EVERYBODY,
    "None": EVERYBODY,  # an address that is none, or leads to the row's page
}
#: What of the world stands in an address, and who finds it: themselves the row's readers. The deeds of a case are in ``deeds``.
DEEDS: dict[str, tuple[frozenset[str], str]] = {
    **{
        f"cases_case_{deed}": (QUEUE | OPERATORS, "led")
        for deed in (
            "accept", "assign", "sector", "statement", "call", "reveal", "turn_away", "repaid", "unpaid", "decide", "papers",
            "signature", "issue", "record", "object", "limit", "call_in", "extend",
        )
    },
    "cases_case_bulk": (EVERYBODY, ""),  # on what each may do alone; of others nothing is found
    "cases_case_filter_keep": (EVERYBODY, ""),
    # The lead's own, which no colleague reads.
    "cases_case_bulk_report": (LEAD, "bulk"),
    "cases_case_filter": (LEAD, "filter"),
    "cases_case_filter_delete": (LEAD, "filter"),
    "cases_case_court": (QUEUE | OPERATORS, "agreed"),
    "cases_case_document": (QUEUE | OPERATORS, "led_document"),
    "cases_case_withdraw_call": (QUEUE | OPERATORS, "led_assist"),
    "cases_casegroup_reply": (QUEUE | OPERATORS, "group"),
    "cases_assist_report": (CALLED_IN | OPERATORS, "assist"),
    "cases_assist_answer": (CALLED_IN | OPERATORS, "assist"),
    "cases_callback_answer": (COORDINATOR | OPERATORS, "callback"),
    "cases_objection_review": (COORDINATOR, "objection"),
    "evidence_evidence_add_to": (QUEUE | OPERATORS, "led"),
    "evidence_evidence_file": (QUEUE | OPERATORS, "evidence"),
    "evidence_evidence_preview": (QUEUE | OPERATORS, "evidence"),
    "off_custody_offcustodyreport_take": (QUEUE | OPERATORS, "report"),
    "off_custody_offcustodyreport_decide": (QUEUE | OPERATORS, "report"),
    "off_custody_offcustodyreport_reveal": (QUEUE | OPERATORS, "report"),
    "off_custody_offcustodyreport_photo": (QUEUE | OPERATORS, "report"),
    "warnings_assessment_place": (QUEUE, "merchant"),
    "warnings_measure_order": (QUEUE, "proposed"),
    "warnings_measure_confirm": (QUEUE, "provisional"),
    "warnings_measure_end": (QUEUE, "provisional"),
    "warnings_measure_result": (QUEUE, "letter"),
    "warnings_measure_paper": (QUEUE | OPERATORS, "letter"),
    "warnings_measure_appeal": (QUEUE, "appeal"),
    "cards_contract_file": (QUEUE | OPERATORS, "contract_pk"),
    "filing_approve": (QUEUE, "filing"),
    "filing_return": (QUEUE | OPERATORS, "filing"),
    "products_product_custody": (frozenset({"city_post"}), "product"),
    "merchants_closing_confirm": (LATER, "closing"),
    "merchants_closing_dismiss": (LATER, "closing"),
    "merchants_handover_enter": (QUEUE, "merchant"),
    "merchants_handover_verify": (QUEUE, "handover"),
    "merchants_handover_reject": (QUEUE, "handover"),
    "merchants_invitedmerchant_move": (QUEUE | OPERATORS, "invited_to"),
    "merchants_listing_remove": (QUEUE | OPERATORS, "listing"),
    "merchants_merchant_payouts": (OPERATORS, "merchant"),
    "merchants_merchant_rate": (QUEUE, "merchant"),
    "merchants_merchant_closed": (QUEUE | OPERATORS, "merchant"),
    "merchants_merchant_stop": (QUEUE | OPERATORS, "merchant"),
    "merchants_merchant_resume": (QUEUE | OPERATORS, "stoppage"),
    "hotline_workorderfile_confirm": (COORDINATOR | OPERATORS, "file"),
    "hotline_workorderfile_discard": (COORDINATOR | OPERATORS, "file"),
    "hotline_workorderfile_report": (COORDINATOR | OPERATORS, "file"),
    "hotline_workorderfile_read": (COORDINATOR | OPERATORS, ""),
    "hotline_workorderfile_results": (COORDINATOR | OPERATORS, ""),
    "hotline_workorderfile_empty": (COORDINATOR | OPERATORS, "table"),
    "merchants_listing_import": (OPERATORS, ""),
    "measures_cell_ranking": (EVERYBODY - {"city_post"}, ""),  # a department for the whole city ranks no districts
    "measures_cell_export": (EVERYBODY, ""),
    "measures_cell_ranking_export": (EVERYBODY - {"city_post"}, ""),
    "measures_officialfigure_import": (OPERATORS, ""),
    "hotline_apikey_issue": (OPERATORS, ""),
    "hotline_apikey_revoke": (OPERATORS, "key"),
    "people_user_reveal": (OPERATORS, "user"),
    "people_user_reset": (OPERATORS, "user"),
    "people_post_end": (OPERATORS, "post"),
    "people_post_grant": (OPERATORS, "post"),
    **{
        f"backoffice_{name}": (OPERATORS, "")
        for name in ("reconciliation_xlsx", "check_now", "upload", "make_batch", "order", "refund_by_hand")
    },
    **{
        f"backoffice_{name}": (OPERATORS, "row")
        for name in (
            "city_file", "import_file", "discard_file", "line_people", "batch_file", "lift_order", "ask_instruction", "ask_payment",
            "send_messages", "ask_release", "release_hold", "refund_account", "approval", "reveal", "explain", "end_deposit",
            "send_back", "merchant", "accounts", "take", "hand_over",
        )
    },
}  # fmt: skip
