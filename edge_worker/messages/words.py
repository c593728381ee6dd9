"""Words of the contract: each value travels as it stands here."""

from __future__ import annotations

from enum import StrEnum


class Quantity(StrEnum):
    """What a reading measures. A request may ask for those in GOAL_QUANTITIES."""

    MOOD = "mood"
    STRESS = "stress"
    BREATHING_RATE = "breathing_rate"
    HEART_RATE = "heart_rate"
    PRESENCE = "presence"
    APP_USAGE = "app_usage"
    ACTIVATION = "activation"
    VALENCE = "valence"


GOAL_QUANTITIES = (
    Quantity.MOOD,
    Quantity.STRESS,
    Quantity.BREATHING_RATE,
    Quantity.HEART_RATE,
    Quantity.PRESENCE,
    Quantity.APP_USAGE,
)


class Mood(StrEnum):
    """Places on the circumplex of affect. "Unknown" is the absence of a value."""

    EXCITED = "excited"
    CONTENT = "content"
    STRESSED = "stressed"
    DOWN = "down"
    NEUTRAL = "neutral"


class ReadingState(StrEnum):
    """Why a reading has a value, or has none. Only OK carries one."""

    OK = "ok"
    NO_PROBE = "no_probe"
    NO_PERSON = "no_person"
    MOTION = "motion"
    NOISY = "noisy"
    CLIPPING = "clipping"
    DROPOUT = "dropout"
    SKEW_UNLOCKED = "skew_unlocked"
    TWO_TARGETS = "two_targets"
    LOW_QUALITY = "low_quality"
    WARMING_UP = "warming_up"
    NO_BASELINE = "no_baseline"
    NO_EVIDENCE = "no_evidence"
    SOURCE_FAILED = "source_failed"


class Intent(StrEnum):
    """What a request wants."""

    MONITOR = "monitor"
    STOP = "stop"
    QUERY = "query"
    ALERT = "alert"
    TRAIN = "train"
    NONE = "none"


class CommandName(StrEnum):
    """What Home Assistant may ask of the hub."""

    SET_PEOPLE = "set-people"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    REFRESH = "refresh"
    CHECK_IN = "check-in"
    CALIBRATE = "calibrate"
    TRAIN = "train"
    ANSWER_TRAINING = "answer-training"
    ROLL_BACK_MODEL = "roll-back-model"
    DELETE_DATA = "delete-data"
    SET_POLICY = "set-policy"


class EventKind(StrEnum):
    """What the hub tells once, as it happens."""

    BREATHING_PAUSE = "breathing_pause"
    MOOD_CHANGED = "mood_changed"
    CALIBRATION_FINISHED = "calibration_finished"
    MONITOR_ENDED = "monitor_ended"
    TRAINING_FINISHED = "training_finished"


class MonitorState(StrEnum):
    """Life of a monitor. DEGRADED: some device of the plan is away."""

    RUNNING = "running"
    DEGRADED = "degraded"
    PAUSED = "paused"


class TrainingState(StrEnum):
    """What the training does. WAITING: a better model is there and needs a yes."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"


class Place(StrEnum):
    """Where something is computed."""

    DEVICE = "device"
    HUB = "hub"
    SPLIT = "split"
    """Begun on the device, finished on the hub."""
    LOCAL_FALLBACK = "local_fallback"
    """On the device, because the hub did not answer in time."""
