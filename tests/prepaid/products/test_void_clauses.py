"""The scanner on clauses as contracts really word them: what is void is found, what is harmless is left alone."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from prepaid.products import standard_clauses
from prepaid.products.void_clauses import RULES, scan
from prepaid.products.void_clauses.lines import MOST_CHARACTERS, answer
from tests.prepaid.products import clauses

#: One list per rule, in the order of ``RULES``.
VOID = [
    [
        "本卡一经售出,概不退换。",
        "会员卡办理后恕不退款，敬请谅解。",
        "购卡后无论何种原因均不予退费。",
        "课程开课后不接受任何形式的退款。",
        "会员不得以任何理由要求退卡。",
        "超过七天不予退款。",
        "消费者自愿放弃退款权利。",
        "卡内余额不可提现。",
        "已开卡使用的会员卡不予退款。",
        "本店售出的会员卡、次卡概不办理退款，望周知。",
        "门店搬迁或停业，会员应到其他门店消费，不得要求退款。",
        "教练离职的，本店有权更换教练，会员不得因此要求退费。",
        "课时费不退，可转其他课程。",
        "概 不 退 款",
        "All sales are final and cards are non-refundable.",
        "No refunds will be given after purchase.",
        "The store will not issue refunds.",
    ],
    [
        "会员卡遗失，概不补办。",
        "卡片丢失不挂失、不补办。",
        "本卡视同现金，遗失不补。",
        "请妥善保管，丢失后不予补卡，余额作废。",
        "密码遗失或卡丢失，本店不负责补发。",
        "本卡概不挂失。",
        "Lost cards will not be replaced.",
    ],
    [
        "本活动最终解释权归本店所有。",
        "本公司对本合同拥有最终解释权。",
        "本店保留对会员章程的最终解释权。",
        "未尽事宜，以本店解释为准。",
        "以上条款的解释权归甲方。",
        "The store reserves the right of final interpretation.",
    ],
    [
        "本卡仅限本人使用，不得转让。",
        "会员卡禁止转让、转借他人。",
        "转卡须经本店同意，并缴纳200元手续费。",
        "会员卡转让需支付剩余金额10%的手续费。",
        "本卡仅可转让一次，且仅限直系亲属。",
        "未经本店书面同意，会员不得将卡转让给他人。",
        "This card is not transferable.",
        "A transfer requires the written consent of the store.",
    ],
    [
        "本店有权随时调整服务项目和价格，恕不另行通知。",
        "服务价格如有变动，恕不另行通知。",
        "商家有权根据经营情况单方变更课程内容。",
        "公司保留修改会员章程条款的权利。",
        "会员须无条件接受门店的价格调整。",
        "公司可随时调整课程安排及授课教师，会员不得提出异议。",
        "We reserve the right to change prices at any time without notice.",
    ],
    [
        "贵重物品请自行保管，如有丢失本店概不负责。",
        "在本店消费过程中发生的任何人身伤害，本店不承担任何责任。",
        "健身有风险，一切后果由会员自行承担。",
        "产品过敏等问题与本店无关。",
        "寄存物品遗失，本馆不负赔偿责任。",
        "The merchant shall not be liable for any injury or loss.",
        "Members exercise at their own risk.",
    ],
    [
        "本卡有效期一年，过期作废。",
        "有效期届满后卡内余额自动清零。",
        "逾期未使用的课时视为自动放弃。",
        "到期未消费完的金额归本店所有。",
        "次卡须在六个月内用完，逾期作废，不予延期。",
        "Unused balance will be forfeited after expiry.",
    ],
    [
        "发生争议只能向公司总部所在地仲裁委员会申请仲裁。",
        "如发生纠纷，由上海仲裁委员会仲裁。",
        "诉讼费、律师费由消费者承担。",
        "会员不得向媒体或有关部门投诉。",
        "消费者放弃向法院起诉的权利。",
        "因本合同引起的争议，只能由公司注册地法院管辖。",
        "Any dispute must be settled by arbitration in Shenzhen.",
        "Legal costs shall be borne by the consumer.",
    ],
    [
        "退款时须扣除销售人员提成。",
        "中途退卡的，收取总金额30%的违约金。",
        "会员退费需扣除总费用的50%作为违约金。",
    ],
    [
        "会员发布差评的，罚款500元。",
        "会员违约的，应支付双倍违约金。",
        "到期后须缴纳激活费100元方可继续使用。",
        "单次消费不足50元按50元扣。",
        "学员照片、视频本机构可无偿用于宣传。",
        "A reactivation fee of ¥200 is charged after expiry.",
    ],
    [
        "退款须在6个月后办理。",
        "退费申请通过后分期退还。",
        "Refunds take up to 90 days.",
    ],
]

HARMLESS = [
    "消费者自购卡之日起七日内未消费的，可无条件全额退款。",
    "经营者不得约定概不退款。",
    "不得约定概不退款",
    "本店不得以任何理由拒绝退款。",
    "退款将在十五日内原路退回，不收取任何手续费。",
    "会员卡遗失后，可凭身份证件免费挂失并补办。",
    "持卡人可以转让本卡，转让时通知本店即可，不收取费用。",
    "转让本卡无需经营者同意，通知即可。",
    "本卡有效期一年，到期后未使用的余额可以申请退还或者延期。",
    "本卡过期不作废，余额永久有效。",
    "赠送金额不予退款，退款时按比例扣减。",
    "赠送的200元不可提现、不可转让。",
    "已消费部分不予退还，剩余部分按购卡单价退还。",
    "价格调整的，已售出的卡仍按购卡时的价格执行。",
    "双方发生争议的，应协商解决；协商不成的，可以依法向有管辖权的人民法院提起诉讼。",
    "双方可向北京仲裁委员会申请仲裁或向人民法院起诉。",
    "因不可抗力不能履行合同的，任何一方均不承担违约责任。",
    "因消费者自身过错造成的损失，经营者不承担责任。",
    "“最终解释权归本店所有”的条款无效。",
    "格式条款中“概不退换”“丢失不补”等内容无效。",
    "本店不主张最终解释权。",
    "经营者不得以“解释权归经营者所有”为由减轻责任。",
    "经营者不得设定过期作废、余额清零等不公平条款。",
    "未经消费者同意，经营者不得将合同转让给第三人。",
    "经营者逾期不退款的，消费者有权向监管部门投诉。",
    "如本店不予退款，消费者可以拨打12345投诉。",
    "本店不会单方调整价格。",
    "调整课程内容须与学员协商一致。",
    "教练因故不能授课的，经营者应征得会员同意后更换。",
    "如原支付渠道无法退款，将退至消费者指定的银行账户。",
    "请妥善保管随身贵重物品。",
    "会员应提前两小时预约，预约后未到场的，视为放弃本次预约。",
    "优惠券过期作废，不影响卡内余额。",
    "付款码每30秒更新一次，过期失效。",
    "本合同的解释适用中华人民共和国法律。",
    "诉讼费由败诉方承担。",
    "退款不扣除任何销售提成。",
    "退费按剩余课时比例计算，不收取手续费，不扣违约金。",
    "不记名卡不挂失。",
    "发票遗失不补。",
    "消费者有权随时变更预约时间。",
    "本店保留对恶意刷单者追究责任的权利。",
    "因停电等不可抗力导致暂停营业的，本店不承担违约责任，但相应顺延有效期。",
    "鲜活易腐商品一经售出不予退换。",
    "经营者未按约定退款的，每日按万分之五支付违约金。",
    "未成年人办卡须经监护人同意。",
    "优惠活动不可与其他优惠同时使用。",
    "The merchant may not refuse a refund.",
    "The whole price is refunded within 7 days if the card is unused.",
    "Gift money is not refundable.",
    "The card may be transferred free of charge after telling the merchant.",
    "Prices may change, but cards already sold are not affected.",
    "Neither side is liable for force majeure.",
    "A lost card is reissued free of charge.",
    "The balance does not expire.",
    "Disputes may be taken to the court that is competent by law.",
    'A clause that says "no refunds" is void.',
]


def test_every_rule_has_its_examples() -> None:
    assert len(VOID) == len(RULES)
    assert sum(map(len, VOID)) >= 60
    assert len(HARMLESS) >= 40


@pytest.mark.parametrize(
    ("clause", "number"), [(clause, number) for number, clauses in enumerate(VOID) for clause in clauses]
)
def test_a_void_clause_is_found_for_its_own_reason(clause: str, number: int) -> None:
    found = scan(clause)
    assert RULES[number].because in [void.because for void in found]
    assert all(str(void.article) and void.excerpt for void in found)


@pytest.mark.parametrize("clause", HARMLESS)
def test_a_harmless_clause_is_left_alone(clause: str) -> None:
    assert scan(clause) == []


@pytest.mark.parametrize("clause", clauses.VOID)
def test_what_shops_write_is_found(clause: str) -> None:
    assert scan(clause)


@pytest.mark.parametrize("clause", clauses.HARMLESS)
def test_what_comes_close_is_left_alone(clause: str) -> None:
    assert scan(clause) == []


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_the_standard_clauses_pass_in_every_language(language: str) -> None:
    with translation.override(language):
        assert [void.excerpt for clause in standard_clauses.ALL for void in scan(str(clause))] == []


@given(st.sampled_from([c for clauses in VOID for c in clauses]), st.lists(st.sampled_from(HARMLESS), max_size=3))
def test_harmless_sentences_around_it_do_not_hide_a_void_one(void: str, around: list[str]) -> None:
    text = "\n".join([*around, void, *around])
    assert len(scan(text)) == len(scan(void)) > 0


@given(st.sampled_from(HARMLESS), st.sampled_from([c for clauses in VOID for c in clauses]))
def test_the_excerpt_is_a_part_of_the_void_sentence(harmless: str, void: str) -> None:
    assert [found.excerpt for found in scan(f"{harmless}\n{void}")] == [found.excerpt for found in scan(void)]


def test_full_width_forms_and_blanks_hide_nothing() -> None:
    assert scan("概　不　退　款")
    assert scan("ＮＯ ＲＥＦＵＮＤＳ")
    assert scan("") == scan("   \n ") == []


@pytest.mark.parametrize(
    "hidden",
    [
        "本卡一經售出,概不退換",  # traditional
        "概.不.退.款",
        "概~不~退~款",
        "概\u200b不\u200b退款",
        "概 不 退 款",
        "一经售出概不tui款",
        "❌退款 ❌转让",
        "余额过期清⓪",
        "过期作废🙏🙏不退不换",
    ],
)
def test_what_is_put_between_hides_nothing(hidden: str) -> None:
    assert scan(hidden)


def test_the_excerpt_is_what_the_merchant_wrote() -> None:
    assert [found.excerpt for found in scan("欢迎光临，本店商品，概不退款，谢谢！祝您愉快。")] == ["概不退款"]
    assert [found.excerpt for found in scan("祝您愉快。會員卡遺失，恕不補辦。")] == ["會員卡遺失，恕不補辦"]


def test_a_void_clause_behind_many_words_without_an_end_is_found() -> None:
    assert scan("欢迎各位来到本店" * 200 + "概不退款")


@pytest.mark.parametrize(
    ("line", "void", "said"),
    [
        ("概不退款".encode(), True, "第九条"),
        ("概不退款".encode("gb18030"), True, "第九条"),
        (b"No refunds.", True, "art. 9"),
        ("过期作废，最终解释权归本店".encode(), True, "第十五条"),
        ("过期未用余额可随时退".encode(), False, ""),
        (b"", False, ""),
        (b"  \r", False, ""),
        (b"\xff\xfe\x80", False, ""),
        ("\ufeff概不退款\r".encode(), True, "第九条"),
        ("欢迎光临".encode() * MOST_CHARACTERS, False, ""),
    ],
)
def test_a_line_is_answered_in_its_own_language(line: bytes, void: bool, said: str) -> None:
    given_back = json.loads(answer(line))
    assert list(given_back) == ["void", "article", "because"]
    assert given_back["void"] is void
    assert said in given_back["article"]
    assert bool(given_back["article"]) is void
    assert given_back["because"]


def test_a_clause_beyond_what_is_read_is_not_called_harmless() -> None:
    assert "前 100000 个字" in json.loads(answer(("欢迎" * MOST_CHARACTERS).encode()))["because"]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_answer(line: bytes) -> None:
    assert set(json.loads(answer(line))) == {"void", "article", "because"}


def test_a_file_is_answered_line_by_line_in_order_and_nothing_is_started(tmp_path: Path) -> None:
    """As in a fresh shell: no address of any server is set, and any that were started would stand under ``PREPAID_VAR``."""
    lines = ["概不退款", "", "卡内余额概不作废", "\x00", "No refunds.", "x" * 300_000]
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    done = subprocess.run(
        [sys.executable, "manage.py", "scan_terms"],
        cwd=Path(__file__).resolve().parents[3],
        env={**kept, "PREPAID_VAR": str(tmp_path), "LC_ALL": "C"},
        input="\n".join(lines).encode(),
        capture_output=True,
        timeout=60,
    )
    assert (done.stderr, done.returncode) == (b"", 0)
    assert [json.loads(line)["void"] for line in done.stdout.splitlines()] == [True, False, False, False, True, False]
    assert not list(tmp_path.glob("**/postmaster.pid"))


def test_a_long_text_is_scanned_quickly() -> None:
    """Two thousand characters, the longest a clause may be, of words that nearly match."""
    text = ("本店有权会员不得转让价格调整卡内余额不" * 120)[:2000]
    started = time.perf_counter()
    scan(text)
    assert time.perf_counter() - started < 2


def test_two_void_clauses_in_one_sentence_are_two_findings():
    found = scan("本卡售出概不退换,最终解释权归本店所有。")
    assert len(found) == 2
    assert [clause.excerpt for clause in found if "解释权" in clause.excerpt] == ["最终解释权归本店所有"]
