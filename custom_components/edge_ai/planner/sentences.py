"""Closed sentence templates for Home Assistant's sentence trigger: a gate, not a parser.

A trigger that matches cannot decline any more, so every template contains a closed
quantity word, and a name stands only right before one, with its possessive mark. What
passes is parsed by the grammar from the whole sentence. Sentence triggers do not know
languages and allow no punctuation; Chinese is listed in both scripts, because no
conversion takes place before them.
"""

from __future__ import annotations

_QUANTITY = (
    "(mood|moods|emotions|emotional state|stress|stress level|stress levels|heart rate|heartbeat"
    "|pulse|breathing|breathing rate|respiration|respiratory rate|vital signs|vitals|app usage"
    "|screen time|phone usage)"
)
_MEASURE = "(mood|stress|heart rate|pulse|breathing|breathing rate|presence|app usage|screen time)"
_RATE = "(heart rate|heartbeat|pulse|breathing rate|breathing|respiration|respiratory rate)"
_STATE = "(stressed|tense|anxious|nervous|sad|unhappy|depressed|happy|in a bad mood|in a good mood)"
_WHOSE = "(my|our|the|{person}'s)"
_MAYBE_WHOSE = "[my|the|{person}'s]"
_POLITE = (
    "[please|can you|could you|would you|can you please|could you please|would you please"
    "|i want you to|i would like you to|i'd like you to]"
)
_WATCH = (
    "(monitor|track|watch|measure|observe|follow|record|log|keep an eye on|keep track of"
    "|keep tabs on|keep watching|keep monitoring|start monitoring|start tracking|start watching"
    "|start measuring|begin monitoring|begin tracking)"
)
_SENSING = "(monitoring|tracking|detection|monitor|tracker|sensing)"
_WHERE = "[in the {area}|in {area}]"
_HOW_LONG = "[for {duration}|overnight]"
_TELL = "(tell me|let me know|notify me|alert me|warn me|inform me)"
_WHEN = "(when|if|whenever|once|as soon as)"
_HOLD = "[for {duration}]"
_CROSSES = (
    "(goes|gets|rises|climbs|drops|falls|stays|exceeds|reaches|hits|is above|is over"
    "|is below|is under|becomes) {limit}"
)

_ENGLISH = (
    f"{_POLITE} {_WATCH} {_WHOSE} {_QUANTITY} [and [my|the] {_QUANTITY}] "
    f"{_WHERE} {_HOW_LONG} [please]",
    f"{_POLITE} (turn on|switch on|enable|activate|start) {_MAYBE_WHOSE} {_MEASURE} {_SENSING} "
    f"{_WHERE} {_HOW_LONG} [please]",
    f"{_POLITE} (turn off|switch off|disable|deactivate|stop|end|cancel|pause) "
    f"{_MAYBE_WHOSE} {_MEASURE} ({_SENSING}|alert|alerts) {_WHERE} [please]",
    f"{_POLITE} (stop|quit|end|pause) (monitoring|tracking|watching|measuring|observing|following"
    f"|recording) {_WHOSE} {_QUANTITY} [anymore|any more|please|now]",
    f"(do not|don't) (monitor|track|watch|measure|observe) {_WHOSE} {_QUANTITY} [anymore|any more]",
    "(what is|what's|whats|how is|how's|check|show me|tell me|give me|read me) "
    f"{_WHOSE} {_QUANTITY} [right now|now|today|at the moment] {_WHERE} [please]",
    "how (am i feeling|is my mood|stressed am i) [right now|now|today]",
    f"am i [feeling] {_STATE}",
    f"{_TELL} {_WHEN} {_WHOSE} {_RATE} {_CROSSES}",
    f"{_TELL} {_WHEN} (i am|i'm|i get|i feel|i become) [feeling|getting] {_STATE} {_HOLD}",
    f"{_TELL} {_WHEN} {_WHOSE} (mood|stress|stress level) "
    "(changes|rises|drops|goes up|goes down|gets worse|improves)",
    "[please] (train|retrain|improve) [my|the|a] [better|new] (mood|stress) "
    "(model|detection|recognition)",
)

_ZH_QUANTITY = (
    "(心情|情绪|情緒|压力|壓力|压力水平|壓力水平|心率|心跳|脉搏|脈搏|呼吸|呼吸频率|呼吸頻率"
    "|生命体征|生命體徵|手机使用情况|手機使用情況|屏幕时间|螢幕時間|屏幕使用时间)"
)
_ZH_POLITE = "[请|請|麻烦|麻煩|请你|請你|麻烦你|麻煩你][帮我|幫我|给我|給我|替我|帮忙|幫忙]"
_ZH_WATCH = (
    "(监测|監測|监控|監控|跟踪|追踪|追蹤|关注|關注|留意|观察|觀察|记录|記錄|盯着|盯著|看着|看著"
    "|开始监测|開始監測|开始跟踪|開始追蹤|检测|檢測|测量|測量)"
)
_ZH_WHOSE = "[我的|我|{person}的]"
_ZH_OFF = (
    "(停止|停掉|关闭|關閉|关掉|關掉|取消|结束|結束|暂停|暫停|不要再|不要|别再|別再|不用再|不用)"
)
_ZH_ON = "(打开|打開|开启|開啟|启动|啟動|开始|開始)"
_ZH_SENSING = "(监测|監測|监控|監控|跟踪|追踪|追蹤|检测|檢測|提醒)"
_ZH_END = "[吧|了|吗|嗎|一下|谢谢|謝謝]"
_ZH_TELL = "[就|请|請|马上|馬上](告诉我|告訴我|提醒我|通知我|叫我|提醒我一下|通知我一下)"
_ZH_STATE = (
    "(紧张|緊張|焦虑|焦慮|压力大|壓力大|压力太大|壓力太大|压力很大|壓力很大|心情不好|情绪低落"
    "|情緒低落|心情低落|不开心|不開心)"
)

_CHINESE = (
    f"{_ZH_POLITE}{_ZH_WATCH}[一下]{_ZH_WHOSE}{_ZH_QUANTITY}[和{_ZH_QUANTITY}]{_ZH_END}",
    f"(接下来|接下來|未来|未來){{duration}}{_ZH_POLITE}{_ZH_WATCH}[一下]"
    f"{_ZH_WHOSE}{_ZH_QUANTITY}{_ZH_END}",
    f"{_ZH_POLITE}{_ZH_ON}{_ZH_WHOSE}{_ZH_QUANTITY}{_ZH_SENSING}{_ZH_END}",
    f"[请|請]{_ZH_OFF}[对|對]{_ZH_WHOSE}{_ZH_QUANTITY}[的]{_ZH_SENSING}{_ZH_END}",
    f"[请|請]{_ZH_OFF}{_ZH_WATCH}{_ZH_WHOSE}{_ZH_QUANTITY}{_ZH_END}",
    f"{_ZH_WHOSE}[现在|現在|今天]{_ZH_QUANTITY}[现在|現在|今天]"
    "(是多少|多少|怎么样|怎麼樣|如何|怎样|怎樣|高吗|高嗎|正常吗|正常嗎)",
    "我[现在|現在]压力大(吗|不大)",
    "我[現在]壓力大(嗎|不大)",
    "[帮我|幫我|给我|給我](看看|看一下|查一下|查看|查询|查詢|告诉我|告訴我|测一下|測一下)"
    f"{_ZH_WHOSE}[现在|現在|的]{_ZH_QUANTITY}",
    f"[如果|要是|当|當|一旦]{_ZH_WHOSE}{_ZH_QUANTITY}(超过|超過|高于|高於|低于|低於|达到|達到|降到)"
    f"{{limit}}{_ZH_TELL}",
    f"[如果|要是|当|當|一旦](我|我的){_ZH_STATE}[的时候|的時候|时|時|了|的话|的話]{_ZH_TELL}",
    "[请|請][帮我|幫我](训练|訓練|重新训练|重新訓練|改进|改進|优化|優化)[一下]"
    "(情绪|情緒|心情|压力|壓力)(模型|识别|識別|检测|檢測)",
)

TEMPLATES: tuple[str, ...] = _ENGLISH + _CHINESE
"""English and Chinese together: sentence triggers do not know languages."""
