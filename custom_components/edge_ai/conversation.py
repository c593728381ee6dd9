"""An agent of our own: what concerns us is done here, all else is passed on."""

from __future__ import annotations

from typing import Literal

from homeassistant.components import conversation
from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.ulid import ulid_now

from .entity import HubEntity
from .requests import Ask, async_handle, language_of
from .runtime import EdgeConfigEntry

# The planner and the hub serve several speakers at once.
PARALLEL_UPDATES = 0

AGENT = EntityDescription(key="agent", translation_key="agent")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the hub's agent."""
    async_add_entities([EdgeAgent(entry)])


class EdgeAgent(HubEntity, conversation.ConversationEntity):
    """Understands sentences that no template foresees, and passes on what is not ours."""

    # Home Assistant's own agent controls the home, and it gets all the rest. Without this the
    # dialog says "This assistant cannot control your home".
    _attr_supported_features = conversation.ConversationEntityFeature.CONTROL

    def __init__(self, entry: EdgeConfigEntry) -> None:
        super().__init__(entry.runtime_data.coordinator, AGENT)
        self._entry = entry

    @property
    def available(self) -> bool:
        """Always: what is not ours is passed on even without a hub."""
        return True

    @property
    def supported_languages(self) -> list[str] | Literal["*"]:
        """All, since other agents answer what we do not understand."""
        return MATCH_ALL

    async def async_process(
        self, user_input: conversation.ConversationInput
    ) -> conversation.ConversationResult:
        """Answer what is ours, and let Home Assistant's agent answer the rest."""
        language = language_of(user_input.text, user_input.language)
        answer = await async_handle(
            self.hass,
            self._entry,
            Ask(
                text=user_input.text,
                language=language,
                user_id=user_input.context.user_id,
                device_id=user_input.device_id,
            ),
        )
        if not answer.understood:
            return await conversation.async_converse(
                self.hass,
                user_input.text,
                user_input.conversation_id,
                user_input.context,
                language=user_input.language,
                agent_id=conversation.HOME_ASSISTANT_AGENT,
                device_id=user_input.device_id,
            )
        response = intent.IntentResponse(language=user_input.language)
        response.async_set_speech(answer.reply)
        return conversation.ConversationResult(
            response=response, conversation_id=user_input.conversation_id or ulid_now()
        )
