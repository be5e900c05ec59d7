"""The columns of work orders: the names we write and those we read, Chinese and English."""

import re
import unicodedata
from collections.abc import Iterable

#: Ours, then the names under which the systems of 12345 and 12315 and people's tables have it; the first is the Chinese one we write.
COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("工单编号", "工单号", "编号", "受理编号", "登记编号", "order number"),
    "received_at": ("来电时间", "受理时间", "登记时间", "接收时间", "time"),
    "caller": ("来电人", "来电人姓名", "姓名", "反映人", "诉求人", "投诉人", "name"),
    "phone": ("联系电话", "来电号码", "电话", "手机", "手机号", "联系方式", "telephone"),
    "merchant": ("被诉单位", "被投诉单位", "被诉主体", "被反映单位", "商家", "商户名称", "单位名称"),
    "address": ("地址", "被诉单位地址", "事发地址", "诉求地址", "经营地址", "详细地址"),
    "lng": ("经度", "longitude"),
    "lat": ("纬度", "latitude"),
    "matter": ("诉求标题", "标题", "诉求事项", "问题分类", "title"),
    "text": ("诉求内容", "内容", "诉求描述", "反映内容", "投诉内容", "content"),
    "paid": ("金额", "实付金额", "充值金额", "消费金额", "涉及金额", "amount"),
    "left": ("退款金额", "剩余金额", "余额", "未消费金额", "refund"),
    "wanted": ("诉求目的", "期望结果", "诉求类型", "要求"),
    "urgency": ("紧急程度", "紧急级别", "紧急"),
}
#: Without these a work order is none.
NEEDED = ("number", "received_at", "phone", "merchant", "text")
#: Values of two columns, as they are written in files.
WANTED = {
    "refund": ("退款", "退费", "退卡", "退还余额", "退钱"),
    "service": ("继续履行", "履行合同", "继续服务", "提供服务"),
    "other": ("其他", "其它"),
}
URGENCY = {"normal": ("一般", "普通", "正常"), "urgent": ("紧急", "急"), "emergency": ("特急", "突发", "应急")}

_UNIT = re.compile(r"\((元|yuan|rmb|cny|gcj-?02)\)$")


def _plain(name: str) -> str:
    return _UNIT.sub("", re.sub(r"[\s_*]+", "", unicodedata.normalize("NFKC", name)).casefold())


_FIELDS = {_plain(name): field for field, names in COLUMNS.items() for name in (field, *names)}


def field_of(column: str) -> str | None:
    """``"金额（元）"`` → ``"paid"``; None for a column that is not known."""
    return _FIELDS.get(_plain(column))


def heading(field: str) -> str:
    """What we call it in a table."""
    return COLUMNS[field][0]


def chosen(text: str, among: dict[str, tuple[str, ...]]) -> str | None:
    """The value that one of its names means; None when none does."""
    plain = _plain(text)
    return next((value for value, names in among.items() if plain in {value, *map(_plain, names)}), None)


def missing(fields: Iterable[str]) -> list[str]:
    """The needed columns that are not there, by their Chinese and English names."""
    found = set(fields)
    return [f"{heading(field)} ({field})" for field in NEEDED if field not in found]
