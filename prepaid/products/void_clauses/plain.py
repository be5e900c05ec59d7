"""Makes written text comparable: width, script, and what people put between characters so that a filter misses them."""

import re
import unicodedata

#: Traditional characters that contracts use, each followed by its simplified form.
_PAIRS = (
    "們们請请見见諒谅權权釋释歸归屬属轉转讓让費费課课時时換换過过餘余額额儲储錢钱買买賣卖會会員员辦办補补發发遺遗損损壞坏責责擔担負负賠赔償偿變变動动價价調调單单個个無无對对與与關关爭争議议訴诉訟讼處处後后內内經经營营業业"
    "開开閉闭場场體体驗验贈赠點点禮礼說说為为並并網网電电話话號号碼码應应須须條条約约規规則则據据續续繳缴納纳違违罰罚導导師师練练習习學学兒儿風风險险傷伤產产質质軟软頭头髮发護护膚肤療疗館馆飯饭飲饮廳厅車车實实際际隨随於于"
    "從从來来還还進进這这裡里將将當当現现認认視视觀观聽听讀读寫写識识證证詳详細细給给終终結结總总級级組组統统滿满領领預预題题願愿類类優优購购貨货資资賬账貴贵連连達达遲迟遷迁選选適适遊游運运鎖锁錯错鐘钟鍵键閱阅隊队難难離离"
    "雙双雜杂顧顾顯显項项順顺驟骤繼继維维緊紧線线縮缩聯联職职聲声腦脑臉脸舉举範范藥药蘇苏蟲虫衛卫衝冲裝装製制複复親亲觸触許许訂订計计記记訊讯設设評评試试該该誠诚誤误誰谁論论諾诺謝谢講讲譽誉貸贷賺赚賴赖趕赶軌轨載载輕轻輛辆"
    "輪轮輸输辭辞邊边鄰邻醫医針针鋪铺銷销鏡镜長长門门間间陸陆陽阳陰阴階阶隱隐雖虽靈灵靜静頁页頂顶頓顿頻频飛飞養养驚惊髒脏魚鱼鮮鲜麗丽麥麦麼么黨党齊齐齡龄龍龙係系傳传備备傾倾僅仅僱雇億亿儘尽勝胜勞劳勢势區区協协參参吳吴問问"
    "啟启喪丧嚴严囑嘱國国園园圓圆圖图團团執执報报壓压夠够奪夺奮奋婦妇媽妈孫孙寧宁寶宝審审專专尋寻層层島岛幣币幫帮幾几庫库廠厂廢废廣广張张強强彈弹彙汇徵征態态慮虑慶庆憑凭憶忆懷怀戰战戲戏戶户拋抛掃扫採采揚扬擁拥擇择擊击擴扩"
    "擾扰攜携敗败敘叙數数斷断書书構构標标樣样橋桥機机檢检檔档欄栏歐欧歡欢歲岁歷历氣气決决沒没況况測测準准溝沟滅灭濟济灣湾燈灯燙烫爛烂爾尔牆墙獎奖獨独獲获環环異异畢毕畫画盜盗盡尽監监盤盘眾众確确礙碍種种稱称積积穩稳競竞筆笔"
    "節节築筑簡简簽签籌筹糾纠紅红紀纪紋纹純纯紙纸紛纷紹绍絕绝絡络綁绑編编緩缓縣县績绩繞绕罷罢義义聖圣聰聪脫脱腳脚舊旧艱艰葉叶蓋盖藝艺虧亏虛虚術术裏里覺觉訪访診诊詞词誘诱談谈"
)
_SIMPLE = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)) | {"〇": "零", "∶": ":", "﹑": "、"})
_HAN = r"\u3400-\u9fff"
#: What is seen as nothing: zero width, direction marks, variation selectors, soft hyphens.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_CROSS = re.compile(r"(?<![不概恕])[❌✖✗✘❎🚫⛔]+(?=[^\n]{0,2}[退转换补延])")
#: Decoration between two Chinese characters. A list keeps its signs: 、 , ; stay.
_DECORATION = re.compile(
    rf"(?<=[{_HAN},、])[^\S\n]+(?=[{_HAN}])"
    rf"|(?<=[{_HAN}])[~*_\-—–=+^|\\#@·•…`'\u2190-\u2bff\U0001f000-\U0001faff]+(?=[{_HAN}])"
)
_SINGLES = re.compile(rf"(?:(?<=[^{_HAN}])|^)[{_HAN}](?:[\s.·,、/|*_-]+[{_HAN}](?![{_HAN}])){{2,}}")
_PINYIN = {
    "bu": "不",
    "tui": "退",
    "kuan": "款",
    "ka": "卡",
    "fei": "费",
    "zhuan": "转",
    "rang": "让",
    "huan": "换",
    "gai": "概",
}
_SOUNDS = re.compile(rf"(?<=[{_HAN}])[a-z]+|\b[a-z]+(?=[{_HAN}])", re.IGNORECASE)


def plain(text: str) -> str:
    """The text as rules are written: half width, simplified, nothing hidden or put in between."""
    text = _UNSEEN.sub("", _CROSS.sub("不", text))
    text = unicodedata.normalize("NFKC", text).translate(_SIMPLE)
    text = text.replace("/", "、") if re.search(rf"[{_HAN}]/[{_HAN}]", text) else text
    text = _SOUNDS.sub(lambda found: _PINYIN.get(found[0].lower(), found[0]), text)
    text = _SINGLES.sub(lambda found: re.sub(r"[\s.·,、/|*_-]+", "", found[0]), text)
    text = _DECORATION.sub("", text)
    text = text.replace("清0", "清零")
    return text if re.search(f"[{_HAN}]", text) else text.replace("’", "'")
