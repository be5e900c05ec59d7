"""Where an address lies: the longest name of a division found in its text. A first guess, shown for correction."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SUBDISTRICT_SUFFIX = re.compile(r"(街道|地区|回族乡|满族乡|民族乡|乡|镇)$")
COMMUNITY_SUFFIX = re.compile(r"(社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村)$")
#: Shorter community names (二里, 东村) are parts of too many street names to prove anything.
SHORTEST_COMMUNITY = 3
#: "Tianjin, Hexi District" and the like: another province or city named at the beginning.
ELSEWHERE = re.compile(r"^(?:中国)?(?!北京)[\u4e00-\u9fff]{2,4}?(?:省|自治区|市)")


@dataclass(frozen=True)
class Place:
    """A division as the resolver sees it."""

    code: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Resolution:
    """``subdistricts``: codes that fit equally well; exactly one is an answer, more must be asked about."""

    district: str | None
    subdistricts: tuple[str, ...] = ()

    @property
    def subdistrict(self) -> str | None:
        return self.subdistricts[0] if len(self.subdistricts) == 1 else None


def resolve(
    text: str, *, districts: Sequence[Place], subdistricts: Sequence[Place], communities: Iterable[Place]
) -> Resolution:
    """The district and the subdistricts that the text names, by the longest name found in it.

    A subdistrict's full name (望京街道) outweighs everything; else its bare name (望京) and the names of communities
    that exist in one subdistrict only compete by length, inside the district if the text names one.
    """
    address = re.sub(r"[\s,，。;；]", "", unicodedata.normalize("NFKC", text))
    if ELSEWHERE.match(address):
        return Resolution(None)
    address = re.sub(r"^(?:中国)?北京市?", "", address)
    named = [place for place in districts if place.name in address]
    named = named or [place for place in districts if address.startswith(place.name.removesuffix("区"))]
    if len(named) > 1:  # a street may carry another district's name: the one named first is meant
        named.sort(key=lambda place: address.index(place.name))
    district = named[0] if named else None
    inside = [place for place in subdistricts if district is None or place.parent == district.code]
    rest = address.replace(district.name, "", 1) if district else address

    found = [(len(place.name), place.code) for place in inside if place.name in rest]
    if not found:
        found = [*_by_bare_name(rest, inside), *_by_community(rest, inside, communities)]
    longest = max((length for length, _code in found), default=0)
    codes = tuple(sorted({code for length, code in found if length == longest}))
    if district is None and codes:
        parents = {place.parent for place in inside if place.code in codes}
        return Resolution(parents.pop() if len(parents) == 1 else None, codes)
    return Resolution(district.code if district else None, codes)


def _by_bare_name(address: str, subdistricts: Sequence[Place]) -> list[tuple[int, str]]:
    bare = [(SUBDISTRICT_SUFFIX.sub("", place.name), place.code) for place in subdistricts]
    return [(len(name), code) for name, code in bare if len(name) > 1 and name in address]


def _by_community(address: str, subdistricts: Sequence[Place], communities: Iterable[Place]) -> list[tuple[int, str]]:
    codes = {place.code for place in subdistricts}
    homes: dict[str, set[str]] = {}
    for place in communities:
        name = COMMUNITY_SUFFIX.sub("", place.name)
        if place.parent in codes and len(name) >= SHORTEST_COMMUNITY and name in address:
            homes.setdefault(name, set()).add(place.parent or "")
    return [(len(name), home.copy().pop()) for name, home in homes.items() if len(home) == 1]
