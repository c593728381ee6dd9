"""Text → tokens: Latin words, numbers, single Chinese characters and clause breaks.

Single characters make Chinese independent of spaces (some speech recognisers put one
between all characters), and let one lexicon of token sequences serve both languages.
"""

from __future__ import annotations

import re
import unicodedata

# Longer requests are essays or attacks.
MAX_CHARACTERS = 500
BREAK = ","

# Traditional characters of the words that the lexicon knows, and their simplified forms.
_TRADITIONAL = (
    "監測緒壓飢體態沒嗎麼樣們個這裡裏兒為報訓練學習優進啟動開關閉訊應軟時間鐘點頭現狀況數讓請"
    "幫顯結後來種電腦視機網絡聽說話誰還會對於過達週禮內臥廳廚書兩萬從變試夠導復觸離廁衛記錄題"
    "別煩續斷減緊張慮難樂興奮鬱悶懶憂擔傷靜觀蹤縱剛當給讀檢詢問類識準確陽臺親媽爺孫婦寶貝氣脈"
    "與並單產業萊總經頻議護計劃設備雙術語義範圍熱線無論務強調適證實驗據庫車遊戲華響鬧歡處覺認"
    "誤傳溫燈醫歷樓區陰長層壞鬆穩滿號預員繼幾終約級撥維專屬則條順漲塊鍵暫該異夥妳捨寢寫儘盡錶"
    "飆嚇連隻歲勁髮發轉複積極脫聞譯僅獨圖趨勢綜顧盪蕩躍睜佔誘瞭牠誒喚陣隨際嘗"
)
_SIMPLIFIED = (
    "监测绪压饥体态没吗么样们个这里里儿为报训练学习优进启动开关闭讯应软时间钟点头现状况数让请"
    "帮显结后来种电脑视机网络听说话谁还会对于过达周礼内卧厅厨书两万从变试够导复触离厕卫记录题"
    "别烦续断减紧张虑难乐兴奋郁闷懒忧担伤静观踪纵刚当给读检询问类识准确阳台亲妈爷孙妇宝贝气脉"
    "与并单产业莱总经频议护计划设备双术语义范围热线无论务强调适证实验据库车游戏华响闹欢处觉认"
    "误传温灯医历楼区阴长层坏松稳满号预员继几终约级拨维专属则条顺涨块键暂该异伙你舍寝写尽尽表"
    "飙吓连只岁劲发发转复积极脱闻译仅独图趋势综顾荡荡跃睁占诱了它诶唤阵随际尝"
)
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)

_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_WHOLE = {"24/7": "around the clock", "can't": "can not", "won't": "will not"}
_CONTRACTIONS = {
    "n't": " not",
    "'re": " are",
    "'ve": " have",
    "'ll": " will",
    "'d": " would",
    "'m": " am",
}
_TOKEN = re.compile(
    r"\d+:\d{2}|\d+/\d+|\d+(?:\.\d+)?|[^\W\d_]+?(?='s\b)|'s\b|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]|_"
)
_CJK = re.compile(r"[㐀-䶿一-鿿]")
_BREAKS = frozenset(",.;:!?，。；：！？、…—\n")
# Marks that carry no meaning between words.
_SILENT = frozenset("'\"~*()«»“”‘’「」『』（）《》-–·_")


def tokenize(text: str) -> tuple[str, ...]:
    """Tokens in lower case; a mark that means something elsewhere stays a token."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(_normalise(text)):
        token = match.group()
        if token in _BREAKS:
            tokens.append("?" if token in "?？" else BREAK)
        elif _CJK.search(token):
            tokens.extend(_mixed(token))
        elif token not in _SILENT:
            tokens.append(token)
    return tuple(tokens)


def is_cjk(token: str) -> bool:
    return bool(_CJK.fullmatch(token))


def _normalise(text: str) -> str:
    for mark, decimal in _FRACTIONS.items():
        text = re.sub(rf"(\d)\s*{mark}", rf"\g<1>{decimal}", text).replace(mark, f"0{decimal}")
    text = unicodedata.normalize("NFKC", text[: MAX_CHARACTERS + 1]).casefold()
    text = text.replace("’", "'").replace("‘", "'").translate(_TO_SIMPLIFIED)
    for short, long in _WHOLE.items():
        text = text.replace(short, long)
    # Speech recognition and hurried thumbs leave the apostrophe out.
    text = re.sub(r"\b(what|how|who|where)s\b", r"\1's", text)
    for short, long in _CONTRACTIONS.items():
        text = re.sub(rf"(?<=[a-z]){short}\b", long, text)
    return text


def _mixed(token: str) -> list[str]:
    """Split a run of letters into Chinese characters and Latin words."""
    return re.findall(r"[㐀-䶿一-鿿]|[^㐀-䶿一-鿿]+", token)
