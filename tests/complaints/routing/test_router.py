"""What the router answers, and that no text upsets it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.routing.coordinates import gcj02
from complaints.routing.divisions import ZONE_CODE, divisions
from complaints.routing.outlines import outlines
from complaints.routing.places import names, places
from complaints.routing.router import router

CODES = {part.code for part in divisions().parts}
DISTRICTS = divisions().codes
SHANGHAI, GUOMAO, TANGSHAN = (121.47, 31.23), (116.4611, 39.9090), (118.18, 39.63)


def district(address: str, point=None, text: str = "") -> str | None:
    return router().route(address, point, text).district


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("北京市朝阳区建国路1号", "朝阳区"),
        ("宣武区牛街5号", "西城区"),
        ("崇文区东花市大街", "东城区"),
        ("密云县鼓楼大街", "密云区"),
        ("北京海淀知春路", "海淀区"),
        ("海淀", "海淀区"),
        ("朝陽區建國路", "朝阳区"),
        ("北京朝阳门内大街8号", "东城区"),
        ("回龙观东大街338号", "昌平区"),
        ("方庄芳群园二区", "丰台区"),
        ("望京西园四区", "朝阳区"),
        ("鲁谷大街", "石景山区"),
        ("阜成门外大街", "西城区"),
        ("知春路甲48号", "海淀区"),
        ("北京经济技术开发区荣华中路10号", "亦庄开发区"),
        ("大兴区亦庄开发区天华北街", "亦庄开发区"),
    ],
)
def test_an_address_finds_its_district(address, expected):
    assert district(address) == expected


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "空"),
        ("  ，。", "空"),
        ("上海市静安区南京西路100号", "不在北京"),
        ("河北省廊坊市广阳区", "不在北京"),
        ("燕郊开发区", "不在北京"),
        ("Beijing Chaoyang Wangjing", "汉字"),
        ("朝阳区或者海淀区", "两个区"),
        ("随便哪儿都行吧", ""),
    ],
)
def test_what_tells_no_district_is_undecided_and_says_why(address, reason):
    answer = router().route(address)
    assert (answer.district, answer.code, answer.subdistrict) == (None, "", None)
    assert reason in answer.reason
    assert answer.reason


def test_a_named_district_is_not_believed_against_clear_evidence():
    answer = router().route("房山区望京西园三区阜通东大街")
    assert answer.district is None
    assert "写明房山区" in answer.reason


def test_the_zone_has_its_code_and_no_subdistrict():
    answer = router().route("亦庄开发区荣华中路")
    assert (answer.code, answer.district, answer.subdistrict) == (ZONE_CODE, "亦庄开发区", None)


@pytest.mark.parametrize(
    ("address", "subdistrict"),
    [("长阳镇福泽路", "长阳镇"), ("朝阳区望京西园三区", "望京街道"), ("朝阳区建国路", None)],
)
def test_a_subdistrict_only_where_a_name_tells_it(address, subdistrict):
    found = router().route(address).subdistrict
    assert (found.name if found else None) == subdistrict


def test_a_point_decides_and_outside_nothing_does():
    assert district("", GUOMAO) == "朝阳区"
    assert district("朝阳区建国路", SHANGHAI) is None
    assert district("", TANGSHAN) is None
    contradicted = router().route("延庆区妫水北街", GUOMAO)
    assert contradicted.district is None
    assert "坐标却在朝阳区" in contradicted.reason
    assert district("朝阳区或者海淀区", GUOMAO) == "朝阳区"
    assert district("北京经济技术开发区", (116.5020, 39.8018)) == "亦庄开发区"


def test_the_text_is_read_where_the_address_tells_nothing():
    assert district("一层101", text="我家在回龙观东大街，办的健身卡") == "昌平区"
    assert district("望京西园", text="回龙观东大街") == "朝阳区"


def test_wgs84_becomes_gcj02():
    # Tiananmen: the shift of the published formula, to a metre.
    lng, lat = gcj02(116.391349, 39.907375)
    assert (lng, lat) == pytest.approx((116.397595, 39.908778), abs=1e-5)


def test_every_table_names_districts_that_exist():
    assert {place.district for place in places()} <= set(DISTRICTS)
    assert {name for known in names() for name in known.districts} <= set(DISTRICTS)
    assert len({known.text for known in names()}) == len(names())
    assert set(DISTRICTS.values()) - {ZONE_CODE} == {part.code[:6] for part in divisions().parts}


texts = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["朝阳区", "海淀", "亦庄开发区", "望京", "路", "12号", "上海市", "|", " ", "\ufeff", "𠮷", "北京市", "ＡＢ"]
        ),
        max_size=8,
    ).map("".join),
)
points = (
    st.none()
    | st.tuples(st.floats(-180, 180), st.floats(-90, 90))
    | st.tuples(st.floats(115, 118), st.floats(39, 41.5))
)


@settings(max_examples=300, deadline=None)
@given(texts, points, texts)
def test_no_text_and_no_point_upsets_it(address, point, text):
    answer = router().route(address, point, text)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    assert answer.code == (DISTRICTS[answer.district] if answer.district else "")
    assert answer.subdistrict is None or answer.subdistrict.code in CODES
    if answer.subdistrict:
        assert answer.subdistrict.district == answer.district


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(places()), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_a_point_inside_an_outline_has_its_district(place, east, north):
    point = place.point[0] + east, place.point[1] + north
    assert district("", point) == outlines().district(point)
