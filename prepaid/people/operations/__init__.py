"""What can be done to people, their posts and their second factors."""

from prepaid.people.operations.exports import MOST_ROWS, export_list
from prepaid.people.operations.factors import (
    add_app,
    add_passkey,
    make_recovery_codes,
    remove_factor,
    reset_factors,
    use_code,
    use_passkey,
)
from prepaid.people.operations.own_data import close_account, copy_data
from prepaid.people.operations.people import (
    appoint,
    change_phone,
    choose_care_mode,
    choose_digest,
    choose_language,
    end_post,
    grant_post,
    kept_reason,
    known_language,
    locked,
    make_operator,
    register,
    rename,
    reveal,
    verify_phone,
)

__all__ = [
    "MOST_ROWS",
    "add_app",
    "add_passkey",
    "appoint",
    "change_phone",
    "choose_care_mode",
    "choose_digest",
    "choose_language",
    "close_account",
    "copy_data",
    "end_post",
    "export_list",
    "grant_post",
    "kept_reason",
    "known_language",
    "locked",
    "make_operator",
    "make_recovery_codes",
    "register",
    "remove_factor",
    "rename",
    "reset_factors",
    "reveal",
    "use_code",
    "use_passkey",
    "verify_phone",
]
