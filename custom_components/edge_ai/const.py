"""Names that several files of the integration share."""

from __future__ import annotations

from homeassistant.const import Platform

DOMAIN = "edge_ai"

PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CONVERSATION,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)

SUBENTRY_PERSON = "person"

# Data of the config entry.
CONF_HUB_ID = "hub_id"

# Data of a person's subentry.
CONF_NAME = "name"
CONF_PERSON_ENTITY = "person_entity"
CONF_AREA = "area"
CONF_ADDRESSES = "addresses"
CONF_CONSENT = "consent"

# Options of the config entry.
CONF_USE_AI_TASK = "use_ai_task"
CONF_BASE_URL = "base_url"
CONF_MODEL = "model"
CONF_API_KEY = "api_key"
CONF_DAILY_BUDGET = "daily_budget"

DEFAULT_DAILY_BUDGET = 50
