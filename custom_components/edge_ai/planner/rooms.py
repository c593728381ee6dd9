"""Common rooms under their other names, so that 卧室 finds an area called "Bedroom"."""

from __future__ import annotations

_ROOMS = (
    "bedroom, bed room, 卧室, 睡房, 卧房",
    "master bedroom, main bedroom, 主卧, 主卧室",
    "guest room, guest bedroom, spare room, spare bedroom, 客房, 次卧",
    "living room, livingroom, lounge, sitting room, family room, 客厅, 起居室, 大厅",
    "kitchen, 厨房",
    "dining room, 餐厅, 饭厅",
    "bathroom, bath room, 浴室, 洗手间, 卫生间, 厕所",
    "office, home office, study, study room, workroom, 书房, 办公室, 工作室",
    "nursery, baby room, baby's room, 婴儿房, 宝宝房",
    "kids room, kids' room, children's room, childrens room, playroom, 儿童房, 孩子房间",
    "hallway, hall, corridor, entrance, 走廊, 过道, 玄关, 门厅",
    "balcony, terrace, patio, 阳台, 露台",
    "garage, 车库",
    "basement, cellar, 地下室",
    "attic, loft, 阁楼",
    "laundry, laundry room, utility room, 洗衣房",
    "garden, yard, backyard, 花园, 院子",
    "gym, 健身房",
)
_CLASSES = tuple(tuple(word.strip() for word in line.split(",")) for line in _ROOMS)


def other_words(name: str) -> tuple[str, ...]:
    """Other usual words for the room with this name; empty for a room like no other."""
    plain = name.strip().casefold()
    return next((words for words in _CLASSES if plain in words), ())
