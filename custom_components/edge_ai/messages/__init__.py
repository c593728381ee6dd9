"""The MQTT contract between Home Assistant, the hub and its devices.

Every message is a JSON object in UTF-8 with `"v": 1`. A receiver ignores fields it does
not know and refuses another version. This folder stands twice, word for word: here and in
the other package (HACS installs only the integration's folder); a test compares them.
Standard library only, Python 3.11.
"""

from .cards import Catalogue, DeviceCard, Measured, PolicyCard, ToolCard, ToolInput
from .coding import (
    CONTRACT_VERSION,
    MAX_PAYLOAD_BYTES,
    ContractVersionError,
    MessageError,
    decode,
    encode,
    from_dict,
    to_dict,
)
from .plans import Condition, Goal, Plan, PlanStep, Refusal
from .reports import (
    Command,
    Deploy,
    DeviceState,
    Event,
    Hello,
    Monitor,
    Monitors,
    People,
    Person,
    Reading,
    Reply,
    ReplyError,
    Scalar,
    Status,
    StepPlacement,
    StepValue,
    Training,
)
from .topics import PREFIX, Topics
from .words import (
    GOAL_QUANTITIES,
    CommandName,
    EventKind,
    Intent,
    MonitorState,
    Mood,
    Place,
    Quantity,
    ReadingState,
    TrainingState,
)

__all__ = [
    "CONTRACT_VERSION",
    "GOAL_QUANTITIES",
    "MAX_PAYLOAD_BYTES",
    "PREFIX",
    "Catalogue",
    "Command",
    "CommandName",
    "Condition",
    "ContractVersionError",
    "Deploy",
    "DeviceCard",
    "DeviceState",
    "Event",
    "EventKind",
    "Goal",
    "Hello",
    "Intent",
    "Measured",
    "MessageError",
    "Monitor",
    "MonitorState",
    "Monitors",
    "Mood",
    "People",
    "Person",
    "Place",
    "Plan",
    "PlanStep",
    "PolicyCard",
    "Quantity",
    "Reading",
    "ReadingState",
    "Refusal",
    "Reply",
    "ReplyError",
    "Scalar",
    "Status",
    "StepPlacement",
    "StepValue",
    "ToolCard",
    "ToolInput",
    "Topics",
    "Training",
    "TrainingState",
    "decode",
    "encode",
    "from_dict",
    "to_dict",
]
