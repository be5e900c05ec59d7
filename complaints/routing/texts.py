"""What an address says outright, before anything is weighed: its district, another province, nothing at all."""

import re
import unicodedata

from complaints.routing.divisions import ZONE, divisions
from complaints.routing.places import short

#: Longer texts are complaints, not addresses; what comes after is not read.
MOST_CHARACTERS = 400
_APART = re.compile("[^0-9A-Z\u3400-\u9fff]+")
_HAN = re.compile("[\u3400-\u9fff]")

#: Districts and counties that were merged or renamed; people go on writing them.
_FORMER = {"崇文区": "东城区", "宣武区": "西城区", "密云县": "密云区", "延庆县": "延庆区"}
_NAMES = {**{name: name for name in divisions().districts}, **_FORMER}
_FULL = re.compile("|".join(_NAMES))
#: The zone lies in two districts: whoever names it and one of them means the zone. 亦庄 alone may be the town of Daxing.
_ZONE = re.compile("亦庄开发区|(北京|亦庄)经济(技术)?开发区|(北京|亦庄)经开区")
#: After 北京 a short name is the district's, but 北京朝阳门 is a gate and 北京丰台路 a road.
_SHORT = {short(name): name for name in divisions().districts}
_AFTER_CITY = re.compile(f"北京市?({'|'.join(_SHORT)})(?![门路街站])")
#: Traditional characters of names that are often written with them.
_SIMPLE = str.maketrans(
    "陽區豐臺門頭溝順義興懷雲慶東縣莊開發國關龍觀園樓號橋華鎮鄉長馬寶廣衚衕經濟術為業會場醫學書館萬裡灣營棗幹樹劉葉蘭團結環",
    "阳区丰台门头沟顺义兴怀云庆东县庄开发国关龙观园楼号桥华镇乡长马宝广胡同经济术为业会场医学书馆万里湾营枣干树刘叶兰团结环",
)

_PROVINCES = "河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾"
_CITIES = (
    "天津|上海|重庆|石家庄|唐山|秦皇岛|邯郸|邢台|保定|张家口|承德|沧州|廊坊|衡水|太原|大同|呼和浩特|沈阳|大连|长春|哈尔滨|南京|苏州|无锡|"
    "杭州|宁波|合肥|福州|厦门|南昌|济南|青岛|郑州|武汉|长沙|广州|深圳|珠海|东莞|佛山|南宁|海口|成都|贵阳|昆明|拉萨|西安|兰州|西宁|银川|"
    "乌鲁木齐|三河|涿州|霸州|武安|高碑店"
)
#: Another province or city, at the beginning: 上海市…, 河北省…; inside an address 上海 may be the name of a compound.
_ELSEWHERE = re.compile(
    f"(中国)?(({_PROVINCES})省|({_PROVINCES})({_CITIES})|({_CITIES})市|(天津|上海|重庆|廊坊|深圳|广州|杭州)(?=.{{1,4}}[市区县路])"
    "|(内蒙古|新疆|西藏|宁夏|广西)|香港|澳门|雄安|燕郊|大厂回族自治县|大厂县|香河县|固安县|怀来县|涞水县|永清县|滦平县|丰宁县)"
)


def comparable(text: str) -> str:
    """Half-width capitals and digits, simplified characters, and one bar wherever anything else stood."""
    plain = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).upper().translate(_SIMPLE)
    return _APART.sub("|", plain).strip("|")


def named_districts(text: str) -> list[str]:
    """The districts a comparable text names, each once, by full, former or, after 北京, short name."""
    if _ZONE.search(text):
        return [ZONE]
    if text in _SHORT:
        return [_SHORT[text]]
    found = [_NAMES[name] for name in _FULL.findall(text)] + [_SHORT[name] for name in _AFTER_CITY.findall(text)]
    return list(dict.fromkeys(found))


def without_districts(text: str) -> str:
    """A comparable text without the names of districts: what else it says."""
    return _FULL.sub("", _ZONE.sub("", text))


def elsewhere(text: str) -> str | None:
    """The other province or city that a comparable text begins with."""
    found = _ELSEWHERE.match(text)
    return found.group() if found else None


def has_chinese(text: str) -> bool:
    """Whether there is anything to read: pinyin and numbers name no place for certain."""
    return _HAN.search(text) is not None
