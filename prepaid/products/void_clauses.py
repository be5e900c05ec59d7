"""Finds void clauses in the free text of a contract (BJ 15, SPC 9). Pure: text in, clauses with article and reason out.

A rule is a set of phrases. A phrase counts unless its own sentence turns it around: a prohibition ("不得约定概不退款"),
a promise ("过期不作废"), somebody else's duty ("经营者不得转让"), or a lawful case (gifts, the part already used,
force majeure). What comes before a phrase is looked at up to the last full stop, what comes after up to the next.
"""

# ruff: noqa: E501  (a phrase and its variants read best on one line)

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCE_END = re.compile(r"[。;!?\n]|\.(?=\s|$)")
LAW = _(
    "Beijing regulations on single-purpose prepaid cards, art. 15; Supreme People's Court, Interpretation 4/2025, art. 9"
)
LAW_COMMISSION = _("Supreme People's Court, Interpretation 4/2025, art. 15")


@dataclass(frozen=True)
class VoidClause:
    """One finding; ``excerpt`` is the part of the text it is about."""

    article: Promise
    because: Promise
    excerpt: str


@dataclass(frozen=True)
class Rule:
    """``before`` must end, ``after`` must begin at the phrase, ``beside`` may stand anywhere in its comma clause: any
    of them makes the phrase harmless."""

    because: Promise
    phrases: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    article: Promise = LAW
    _compiled: dict[str, re.Pattern[str]] = field(default_factory=dict, compare=False, repr=False)

    def pattern(self, part: str) -> re.Pattern[str]:
        """The phrases or guards of one part as a single expression."""
        if part not in self._compiled:
            wrapped = {"before": "(?:{})$", "after": "^(?:{})"}.get(part, "(?:{})")
            choices = getattr(self, part) + COMMON_GUARDS.get(part, ())
            self._compiled[part] = re.compile(wrapped.format("|".join(choices) or "(?!)"), re.IGNORECASE)
        return self._compiled[part]


MERCHANT = (
    "(?:经营者|商家|商户|本店|我店|门店|本公司|我公司|公司|我司|本机构|机构|本中心|本馆|本俱乐部|发卡方|任何一方)"
)
HOLDER = "(?:消费者|持卡人|会员|顾客|客户|学员|家长|用户|购卡人|乙方|您)"
STATING = "(?:约定|规定|设置|设定|设立|设|使用|采用|出现|写入|写明|主张|声称|标注|载有|载明|包含|包括|含有|含|订立|作出|制定|注明|以|有|因|借|实行|适用)"
NO = "(?:不得|不会|不应当?|不能|不可以?|禁止|严禁|无权|绝不|从不|决不|并非|不存在|没有|并无|取消|杜绝|不再|不)"
#: Turn every rule around: a text that forbids, disowns or calls void what the phrase says.
COMMON_GUARDS: dict[str, tuple[str, ...]] = {
    "before": (
        rf"{NO}[^,。;]{{0,16}}?{STATING}[^,。;]{{0,14}}?[“\"'‘「『《(]?",
        rf"{MERCHANT}(?:承诺|保证|郑重承诺)?(?:均|也|亦|都)?(?:不得|不会|无权|绝不|决不|不)[^,。;]{{0,8}}",
        r"(?:may|must|shall|will|does|do|can) ?not\b[^.;]{0,60}\b(?:state|say|contain|include|refuse|provide|claim|use|impose|exclude|rely on)\b[^.;]{0,30}",
        r"\b(?:never|no clause|nothing here|nothing in this contract)\b[^.;]{0,60}",
    ),
    "after": (
        r"[”\"'’」』》)]?[^。;]{0,14}?(?:无效|违法|不具有?法律效力|不发生效力|不生效)",
        r"[”\"'’]?[^.;]{0,40}?\b(?:is|are|shall be) (?:void|invalid|unlawful|not (?:valid|binding))",
    ),
}

_ANY = "(?:任何|形式|理由|原因|情况下?|方式|因此|据此|以此|的|以|办理|申请|要求|进行|提出|主张|中途|部分|现金|提前|其他|其它|再|予以?|给予|无条件|全部)*"
_NOT_REFUSED = "(?<!不)(?<!不得)(?<!不会)(?<!不应)(?<!无权)(?<!无故)(?<!无理)(?<!不能)"
_BACK = "(?:退(?![出役化缩后让])|返还|返款)"
_MONEY = "(?:余额|余款|剩余|未用|未使用|未消费|卡内|课时|次数|课程|金额|款项|费用|预付款|储值|本卡|会员卡|卡片|卡)"
_SOLD_ALREADY = r"(?:已售|已购|已办|已出售|已签订|原有?价格|原价|购卡时|不影响|不适用于|新购|新办|新签|以后购|协商一致|(?<!无需)(?<!不需)(?<!不必)(?<!毋需)(?<!未)(?<!非)(?:征得|取得|经|经过)[^,。;]{0,10}同意)"

RULES = (
    Rule(
        because=_("It excludes the refund that the law gives the consumer."),
        phrases=(
            rf"(?:概不|恕不|不予以?|不能|不可以?|不得|不支持|不接受|不办理|不受理|不给予?|不提供|不享有|不享受|无权|不){_ANY}{_BACK}",
            rf"(?:无需|不需|毋需|不必){_ANY}{_BACK}(?![还回]?(?:赠|礼))",
            rf"{_NOT_REFUSED}(?:拒绝|放弃|丧失|失去|禁止){_ANY}{_BACK}",
            r"退(?:款|费|卡|课|货|换)[^,。;]{0,6}(?:不予|概不|恕不|一律不|不再)(?:受理|办理|处理|支持|接受)",
            r"(?:没有|无)退(?:款|费)(?!手续费)",
            r"(?:不可|不能|不得|不予|不)(?:兑换?现金?|提现|折现)",
            r"(?:无论|不论|不管)[^。;]{0,20}不(?:予|能|可)?退",
            r"\bnon[- ]?refundable\b",
            r"\bno refunds?\b",
            r"\b(?:not|cannot|never) (?:be )?(?:cancelled or )?(?:refund(?:ed|able)?|returned or exchanged)\b",
            r"\brefunds? (?:are|is|will be|shall be)? ?not (?:be )?(?:given|possible|available|granted|accepted|offered)\b",
            r"\ball sales are final\b",
            r"\b(?:waives?|gives? up|forfeits?) (?:all |any |the |their |his |her )*(?:right|claim)s? to (?:a |any )?refunds?\b",
            r"\b(?:will|do|does|shall|can) ?not (?:give|grant|offer|accept|provide|issue|make)[^.;]{0,20}refunds?\b",
        ),
        before=(
            r"(?:赠送|赠品|赠|礼品|优惠券|代金券|消费券|积分|红包|体验券)(?:(?!卡)[^,。;]){0,14}",
            r"已经?(?:消费|使用|上|耗用?|享受|核销|扣除?|完成|产生|发生)过?的?(?:部分|金额|款项|课时|课程|次数|服务|费用?|余额)[^,。;]{0,6}",
            r"(?:鲜活|易腐|定制|定作|拆封|生鲜|食品)[^。;]{0,16}",
            rf"(?:如果?|若){MERCHANT}[^,。;]{{0,10}}",
            rf"{MERCHANT}(?:逾期|无故|到期|仍|拖延|未|无理)[^,。;]{{0,6}}",
            r"\b(?:gifts?|gift money|bonus|vouchers?|coupons?)\b[^,.;]{0,40}",
            r"\b(?:part|sessions?|share) (?:already )?used\b[^,.;]{0,20}",
        ),
        after=(
            r"(?:款|费|还|卡)?的?(?:手续费|服务费|违约金)",
            rf"[^。;,]{{0,6}}的?,(?:{HOLDER}[^。;]{{0,6}})?(?:有权|可以|可向|可要求|应当?向{HOLDER})",
            r"\w{0,2}[^,。;]{0,8}的?,(?:将|则|改|转)[^。;]{0,12}(?:退|返|转)",
        ),
    ),
    Rule(
        because=_("It refuses to block or reissue a lost card; a named card can be reported lost and reissued."),
        phrases=(
            r"(?:概不|恕不|不予以?|不能|不可以?|不再|不得|不提供|不办理|不给予?|不支持|不接受|不)(?:负责|办理|申请|进行|提供|任何|挂失|、|或|和|及|也|均)*(?:补办?(?![足齐交缴])|补卡|补发|挂失)",
            r"(?:遗失|丢失|损坏|丢卡)[^。;]{0,10}(?:不补|不挂失|视为作废|视同作废|(?:卡|余额)[^,。;]{0,4}作废|自动作废|即作废|作废|责任自负|自行承担)",
            r"(?:遗失|丢失|损坏)[^。;]{0,10}(?:须|需|应)重新(?:购|付费|缴费)",
            r"视同现金[^。;]{0,8}不(?:予)?(?:挂失|补)",
            r"\b(?:lost|stolen|damaged)\b[^.;]{0,40}\b(?:not|cannot|never|no longer) (?:be )?(?:replaced|reissued|blocked|restored)\b",
            r"\b(?:no|not)\b(?! refuse)[^.;]{0,15}\b(?:replacements?|reissue|reissued)\b[^.;]{0,20}\b(?:cards?|lost)\b",
        ),
        before=(r"不记名卡?[^,。;]{0,12}", r"(?:赠送|赠品|优惠券|代金券|发票|收据|小票)[^,。;]{0,12}"),
    ),
    Rule(
        because=_("It keeps the interpretation of the contract to the merchant."),
        phrases=(
            r"(?:最终|全部|一切|唯一|终局)?(?:的)?解释权(?:[^,。;]{0,12})?(?:归|属于?|由|为|保留|在)",
            r"(?:保留|拥有|享有|具有|有)[^,。;]{0,22}(?:最终|全部|一切|唯一|终局)的?解释(?:权|和决定权)",
            r"(?:享有|拥有|保留|具有|有)[^,。;]{0,10}解释权",
            r"(?:最终|唯一)解释(?:权)?",
            r"以(?:本店|本公司|我店|公司|商家|门店|经营者)(?:的)?解释为准",
            r"\b(?:right of )?final (?:right of )?interpretation\b",
            r"\bsole (?:right|discretion|authority) (?:to|of) interpret",
            r"\binterpretation of (?:these|this|the)\b[^.;]{0,40}\b(?:belongs|rests|is reserved|lies)\b[^.;]{0,20}\b(?:merchant|store|company|operator|us)\b",
        ),
        before=(r"(?:不主张|不保留|不享有|放弃|没有|不拥有|无)[^,。;]{0,14}", r"\b(?:no|not|waives?)\b[^.;]{0,30}"),
        beside=(r"(?:人民法院|仲裁机构|监管部门|主管部门)",),
    ),
    Rule(
        because=_("It limits the transfer of the card unreasonably; a transfer binds the merchant once it is told."),
        phrases=(
            r"(?:不得|不可以?|不能|不予|禁止|严禁|不允许|不支持|不办理|不接受|谢绝|概不)(?:以任何(?:形式|方式|理由)|私自|擅自|自行|办理|进行|任何|转借|出借|借用|倒卖|出租|赠与|赠予|继承|、|或|和|及|,)*(?:转让|转卖|转赠|转卡|过户|转给|更名|出售|更换持卡人)",
            r"转(?:让|卡|课)[^,。;]{0,10}(?:(?<![无毋不])(?:须|需)|应|要|一律)[^。;]{0,12}(?:同意|批准|审批|许可)",
            r"(?:未经|非经)[^,。;]{0,12}(?:同意|许可|批准)[^。;]{0,10}(?:不得|不可|不能|禁止)[^,。;]{0,8}转(?:让|卡|卖|赠|给)",
            r"(?:转让|转卡|转课|过户|更名)[^。;]{0,12}(?:须|需|应|要|收取|加收|支付|缴纳|交纳|缴|交|扣除)[^。;]{0,14}(?:手续费|转让费|转卡费|过户费|更名费|服务费|工本费|管理费|%|元)",
            r"(?:仅|只)(?:可|能|限|允许)?(?:转让|转卡|转给|过户)[^,。;]{0,14}(?:次|直系|亲属|配偶|家人|会员)",
            r"(?:仅|只)(?:可|能|限|允许)[^,。;]{0,6}(?:转让|转卡)",
            r"转让(?:后)?(?:的)?[^,。;]{0,10}(?:一律|概|视为|即|自动)?(?:无效|作废|不予承认)",
            r"\bnon[- ]?transferr?able\b",
            r"\b(?:not|cannot|never) (?:be )?transferr?(?:ed|able)?\b",
            r"\bno transfers?\b",
            r"\btransfers?\b[^.;]{0,40}\b(?:requires?|subject to|only with|needs?)\b[^.;]{0,30}\b(?:consent|approval|fee)\b",
            r"\btransfer fee of\b",
        ),
        before=(
            rf"{MERCHANT}(?:均|也|亦)?",
            rf"(?:未经|非经|没有)[^。;]{{0,6}}{HOLDER}[^。;]{{0,14}}",
            r"(?:赠送|赠品|优惠券|代金券|体验)(?:(?!卡)[^。;]){0,16}",
            r"\b(?:merchant|operator|company|store)\b[^.;]{0,20}",
        ),
        after=(r"[^,。;]{0,12}(?:未成年人|套现|洗钱)",),
        beside=(
            r"(?:免费|不收取?|免收|无需(?:支付|缴纳|任何|手续)|不另收|(?:不需|不用)(?:支付|缴纳))",
            r"(?:合同义务|债务|经营权|门店)[^,。;]{0,10}转让",
            r"经营者[^,。;]{0,10}转让",
        ),
    ),
    Rule(
        because=_("It lets the merchant change price, content or quality alone."),
        phrases=(
            r"(?:有权|保留|可以?|可随时|享有)[^。;]{0,18}(?:单方面?|随时|自行|任意|酌情|根据[^,。;]{1,12}|视[^,。;]{1,8}|直接)[^。;]{0,12}(?:调整|变更|修改|更改|提高|更换|改变|增减|取消|缩减|减少|暂停|终止)",
            r"(?:有权|保留)[^,。;]{0,16}(?:调整|变更|修改|更改|提高|改变|更换|取消|增减|涨价)[^。;]{0,20}(?:价格|价目|收费|服务|项目|内容|课程|质量|标准|地点|时间|教练|老师|教师|规则|条款|章程|权利|权益|活动|产品|品种)",
            r"(?:价格|价目|收费|服务|项目|内容|课程|条款|章程|标准|营业时间|地点|产品|品种|教练|教师)[^。;]{0,14}(?:如有|若有|有)?(?:调整|变更|变动|修改|更改|更换)[^。;]{0,8}(?:恕不另行通知|不另行通知|恕不通知|无需通知|不再通知|不另通知|无需(?:征得|经)[^,。;]{0,8}同意|以[^,。;]{1,8}(?:公告|公示|通知|当日价格?|现行价格?|最新价格?)[^,。;]{0,4}为准)",
            r"(?:上涨|涨价|调整|上调)[^。;]{0,10}(?:须|需|应)补(?:交|缴|足)?差",
            r"(?:恕不|不再?|无需|毋需|不必)(?:另行|提前|事先|再)*通知[^。;]{0,10}(?:调整|变更|修改|更改|涨价)",
            r"(?:持卡人|会员|消费者|顾客|学员|家长|乙方|客户)(?:必须|须|应|需)?(?:无条件)?接受(?:[^,。;]{0,6})(?:调整|变更|涨价|修改)",
            r"\b(?:reserves? the right|is entitled|has the right|may|can)\b[^.;]{0,30}\b(?:change|adjust|modify|amend|raise|alter|replace|cancel)\b[^.;]{0,60}\b(?:without (?:any |prior |further )*(?:notice|consent)|at any time|at (?:its|our|their) (?:own |sole )?discretion|unilaterally)",
            r"\b(?:reserves? the right|is entitled|has the right) to (?:unilaterally )?(?:change|adjust|modify|amend|raise|alter)\b[^.;]{0,30}\b(?:prices?|services?|contents?|quality|terms|rules)\b",
            r"\b(?:prices?|services?|contents?|terms|rules|schedules?)\b[^.;]{0,30}\bsubject to change\b",
            r"\b(?:unilaterally|at (?:its|our) (?:own |sole )?discretion)\b[^.;]{0,20}\b(?:change|adjust|modify|amend|raise|alter|reduce)\b",
        ),
        before=(
            rf"{HOLDER}[^,。;]{{0,6}}",
            r"(?:无权|不得|不会|不能)[^,。;]{0,12}",
            r"\b(?:holder|consumer|customer)s?\b[^.;]{0,12}",
        ),
        after=(
            r"[^。;]{0,10}(?:预约|密码|手机号|联系方式|个人信息|绑定)",
            rf"[^。;]{{0,30}}{_SOLD_ALREADY}",
            r"[^.;]{0,80}\b(?:cards? already sold|already bought|does not affect|do not affect|new cards? only|with (?:the|each) holder's consent|consent of)\b",
        ),
        beside=(_SOLD_ALREADY,),
    ),
    Rule(
        because=_("It exempts the merchant from answering for defects, injury or loss."),
        phrases=(
            r"(?:概不|一概不|一律不|均不|恕不|不)(?:再)?(?:负责|承担(?:任何|一切|相关|相应|赔偿|法律|连带|由此|其|该|、|的|经济|产生)*(?:责任|后果|损失|赔偿)|负(?:任何|一切|相关|赔偿|保管|法律|连带)*责任?|予以?赔偿|作(?:任何)?赔偿|予负责|赔偿|担责)",
            r"(?:无需|不需|毋需|免于|免除)(?:承担|负)?[^,。;]{0,10}责任",
            r"(?:后果|责任|风险|损失|安全)(?:由(?:消费者|持卡人|会员|顾客|客户|学员|家长|乙方|其)?(?:本人|自行|个人|自己)?(?:全部|全权)?(?:承担|负责)|自负|自担|自理)",
            rf"{HOLDER}[^,。;]{{0,6}}自行(?:全部)?(?:承担|负担)[^,。;]{{0,14}}(?:一切|全部|所有|任何)[^,。;]{{0,6}}(?:风险|责任|后果|损失)",
            rf"{HOLDER}[^,。;]{{0,6}}自行(?:全部)?(?:承担|负担)[^,。;]{{0,10}}(?:一切|全部|所有|任何)?[^,。;]{{0,6}}的(?:一切|全部|所有)(?:风险|责任|后果|损失)",
            r"(?:与|和)(?:本店|本公司|我店|公司|商家|经营者|门店|机构|本机构|本中心)(?:均)?无关",
            r"(?:不保证|不负责|不承担)[^,。;]{0,8}(?:质量|瑕疵|效果退)",
            r"(?:放弃|不得)[^,。;]{0,10}(?:索赔|赔偿|追究)",
            r"\b(?:not|no longer|never) (?:be )?(?:held )?(?:liable|responsible)\b",
            r"\b(?:accepts?|assumes?|takes?|bears?) no (?:liability|responsibility)\b",
            r"\bat (?:your|their|his|her|the (?:holder|customer|consumer|member)(?:'s|s')) own risk\b",
            r"\b(?:disclaims?|excludes?|waives?)\b[^.;]{0,20}\b(?:liability|responsibility|warrant)",
        ),
        before=(
            r"不可抗力[^。;]{0,40}",
            r"(?:自身|自己|本人|个人)(?:的)?(?:原因|过错|过失|故意|违反|违规|责任|疾病|隐瞒)[^。;]{0,30}",
            r"(?:故意|重大过失|过错)(?:造成|导致|引起)[^。;]{0,20}",
            r"(?:不会|不得|不应当?|不能|并不|绝不|不)(?:因[^,。;]{0,12}而?)?",
            r"(?:任何一方|双方|一方)(?:均|互)?",
            r"(?:经营者|商家|本店|我店|本公司|机构)(?:能够|可以)?证明[^。;]{0,20}",
            r"\b(?:force majeure|own fault|caused by the (?:holder|consumer|customer)|act of god)\b[^.;]{0,60}",
        ),
        after=(
            r"[^。;]{0,16}(?:不可抗力|自身(?:原因|过错)|除外)",
            r"[^.;]{0,50}\b(?:force majeure|own fault|caused by the (?:holder|consumer|customer)|unless)\b",
        ),
        beside=(r"(?:税|运费|邮费|快递|发票)",),
    ),
    Rule(
        because=_("It lets paid money or sessions lapse; what was paid and not used stays the consumer's."),
        phrases=(
            r"(?:过期|逾期|到期|期满|超期|超过(?:有效)?期限?|有效期(?:届满|过后|满|后)?|期限届满|届满)[^。;]{0,24}?(?:作废|失效|清零|归零|无效|(?<!解释权)归(?:本店|公司|商家|经营者|门店|我店)|没收|视为(?:自动)?(?:放弃|弃权|消费|使用|完成)|不再有效|自动(?:放弃|终止))",
            r"(?:过期|逾期|超期)(?:概|恕|一律)?(?:不候|不补|不予(?:使用|延期|补))",
            rf"{_MONEY}[^。;]{{0,14}}(?:清零|归零|作废|没收|(?<!解释权)归(?:本店|公司|商家|经营者|门店|我店)所有|视为(?:自动)?放弃|自动(?:放弃|失效))",
            r"(?:未|没有)(?:使用|用完|消费完?|上完|耗完|核销)[^。;]{0,14}(?:作废|清零|归零|失效|视为(?:自动)?放弃|没收|不予保留|不再保留|(?<!解释权)归(?:本店|公司|商家|经营者|门店|我店))",
            r"\b(?:unused|not used|remaining|left[- ]?over)\b[^.;]{0,40}\b(?:forfeit(?:ed|s)?|laps(?:e|es|ed)|void|expires?|cancelled|lost|cleared|belongs? to the (?:merchant|store|company))\b",
            r"\bbalances?\b[^.;]{0,30}\b(?:forfeit(?:ed|s)?|laps(?:e|es|ed)|cleared|reset to zero|void(?:ed)?|expires?)\b",
            r"\b(?:after|upon|on) (?:its )?expir(?:y|ation)\b[^.;]{0,30}\b(?:void|forfeit(?:ed)?|lost|worthless|invalid)\b",
        ),
        before=(
            r"(?:赠送|赠品|赠|礼品|优惠券|代金券|消费券|积分|红包|体验券?|报价)[^,。;]{0,16}",
            r"(?:预约|验证码|核销码|付款码|动态码|二维码|体验券|优惠券|代金券)[^。;]{0,24}",
            r"\b(?:gifts?|gift money|bonus|vouchers?|coupons?|codes?)\b[^.;]{0,30}",
        ),
        after=(r"[^,。;]{0,4}(?:赠送|优惠券|积分)",),
        beside=(
            r"(?:不(?!足|续)|不会|不得|不应|并不|绝不|不予)(?:会|得|能|因)?[^,。;]{0,8}(?:作废|失效|清零|归零|没收|放弃|无效)",
            r"(?:预约|优惠券|代金券|积分)",
            r"\b(?:not|never|no)\b[^.;,]{0,20}\b(?:forfeit|lapse|void|expire|clear|lost|lose)",
            r"\bgift (?:money|sum)\b",
        ),
    ),
    Rule(
        because=_("It makes it costly or impossible for the consumer to complain or go to court."),
        phrases=(
            r"(?:只能|仅能|必须|只可|仅可|一律|唯一|均须|须|应|均应|均由)[^。;]{0,12}(?:总部|总公司|外地|境外|国外|香港|新加坡|上海|深圳|广州|杭州|天津|成都|海口|西安|南京|武汉|重庆|青岛)[^。;]{0,14}(?:仲裁|法院|诉讼|起诉|管辖)",
            r"(?:由|向|提交)[^,。;]{0,4}(?:总部|总公司|境外|国外|香港|新加坡|上海|深圳|广州|杭州|天津|成都|海口|西安|南京|武汉|重庆|青岛)[^。;]{0,14}(?:仲裁|法院|诉讼|起诉|管辖)",
            r"(?:只能|仅能|必须|只可|仅可|一律|唯一)[^。;]{0,16}(?:仲裁|(?:所在地|住所地|注册地)[^,。;]{0,6}(?:法院|仲裁))",
            rf"(?:诉讼费|仲裁费|律师费|维权费|鉴定费|公证费|差旅费|交通费|诉讼费用|维权成本|维权[^。;]{{0,8}}费用|仲裁费用)[^。;]{{0,14}}(?:由|均由|全部由|概由){HOLDER}[^,。;]{{0,6}}(?:承担|负担|支付|自理)",
            r"(?:不得|不可以?|不能|禁止|放弃|不允许)(?:以任何(?:形式|方式|理由)|就[^,。;]{0,12}|向[^。;]{0,20}|进行|提起|申请|任何|在[^,。;]{0,12}|通过[^,。;]{0,12}|一切|的|其)*(?:投诉|举报|诉讼|起诉|仲裁|维权|差评|曝光|诉权)",
            r"(?:投诉|诉讼|起诉|维权|差评|曝光)[^。;]{0,12}(?:视为违约|视为放弃|取消(?:会员)?资格|罚款|违约金)",
            r"\b(?:only|exclusively|solely|must)\b[^.;]{0,50}\b(?:arbitration|arbitrated|(?:courts? (?:of|in|at)|arbitration commission))\b",
            r"\b(?:waives?|gives? up|renounces?)\b[^.;]{0,30}\b(?:sue|court|complain|complaint|legal action|litigation|proceedings)\b",
            r"\b(?:costs?|fees?|expenses)\b[^.;]{0,30}\b(?:borne|paid) by the (?:consumer|holder|customer|member)\b",
            r"\b(?:may|must|shall|can) ?not (?:complain|sue|go to court|file (?:a )?complaints?|post (?:bad|negative) reviews?|litigate|take legal action)\b",
        ),
        before=(r"\b(?:merchant|operator|company)\b[^.;]{0,12}",),
        after=(r"[^。;]{0,10}(?:或|也可|亦可|均可)[^。;]{0,12}(?:法院|诉讼|起诉)",),
        beside=(r"败诉方", r"诬告|捏造|虚假"),
    ),
    Rule(
        because=_("It deducts staff commission from the refund, or so much that the refund is worth little."),
        phrases=(
            r"扣除?[^。;]{0,10}(?:提成|佣金|业绩|回扣)",
            r"(?:退款|退费|退卡|退课|解除合同|解约|中途退|终止合同)[^。;]{0,24}(?:[2-9]\d|100)(?:\.\d+)?%[^。;]{0,10}(?:违约金|手续费|服务费|管理费|折旧费|费用|款)",
            r"(?:退款|退费|退卡|退课|解除合同|解约|中途退|终止合同)[^。;]{0,20}(?:违约金|手续费|服务费|管理费)[^。;]{0,12}(?:[2-9]\d|100)(?:\.\d+)?%",
            r"\bcommissions?\b[^.;]{0,30}\bdeduct",
            r"\bdeduct[^.;]{0,30}\bcommissions?\b",
        ),
        before=(r"(?:不|不得|不会|不再|免)[^,。;]{0,4}", r"\b(?:not|never|without)\b[^.;]{0,20}"),
        beside=(r"不(?:得|会|再|予)?扣",),
        article=LAW_COMMISSION,
    ),
)


def scan(text: str) -> list[VoidClause]:
    """Every void clause in the text, in its order; one per rule and sentence. Full-width forms and blanks between
    characters do not hide a phrase."""
    return [found for sentence in _sentences(text) for rule in RULES if (found := _first(rule, sentence))]


def _sentences(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"(?<=[\u4e00-\u9fff,、])[^\S\n]+(?=[\u4e00-\u9fff])", "", plain)
    plain = plain.replace("’", "'") if plain.isascii() else plain
    yield from (part.strip() for part in SENTENCE_END.split(plain) if part.strip())


def _first(rule: Rule, sentence: str) -> VoidClause | None:
    for match in rule.pattern("phrases").finditer(sentence):
        start = sentence.rfind(",", 0, match.start()) + 1
        end = sentence.find(",", match.end())
        clause = sentence[start : end if end >= 0 else len(sentence)].strip()
        if (
            rule.pattern("before").search(sentence[: match.start()])
            or rule.pattern("after").search(sentence[match.end() :])
            or rule.pattern("beside").search(clause)
        ):
            continue
        return VoidClause(article=rule.article, because=rule.because, excerpt=clause[:120])
    return None
