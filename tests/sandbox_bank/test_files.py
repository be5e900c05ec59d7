"""The bank's files of a day, as they are asked for and signed."""

from datetime import date

import httpx
import pytest

from escrow.channels import ChannelRefused, channel
from escrow.channels.sandbox import _call, _raw


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/statement-file?day=yesterday", "bad_request"),
        ("/v1/statement-file?day=2026-11-23&format=pdf", "bad_request"),
        ("/v1/statement-file?day=2026-11-23&account=nobody", "not_found"),
        ("/v1/bill", "bad_request"),
    ],
)
def test_a_wrong_question_is_refused(bank, path, code):
    with pytest.raises(ChannelRefused) as caught:
        _call(_raw, "GET", path)
    assert caught.value.code == code


def test_an_empty_day_is_a_bill_of_nothing(bank):
    assert "`0,`0.00,`0.00,`0.00" in channel("sandbox").bill(day=date(2001, 1, 1)).decode("utf-8-sig")


@pytest.mark.parametrize("what", ["camt053", "csv", "bill"])
def test_people_get_the_files_from_the_overview(bank, what):
    answer = httpx.get(f"{bank.url}/files/{what}", params={"day": "2026-11-23"}, trust_env=False)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert httpx.get(f"{bank.url}/files/{what}", params={"day": "x"}, trust_env=False).status_code == 404
