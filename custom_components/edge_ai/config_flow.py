"""Set up a hub, its people, and how free text is understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.components import mqtt
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
)
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    AreaSelector,
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from homeassistant.util import slugify

from .addresses import normal_address
from .const import (
    CONF_ADDRESSES,
    CONF_API_KEY,
    CONF_AREA,
    CONF_BASE_URL,
    CONF_CONSENT,
    CONF_DAILY_BUDGET,
    CONF_HUB_ID,
    CONF_MODEL,
    CONF_NAME,
    CONF_PERSON_ENTITY,
    CONF_USE_AI_TASK,
    DEFAULT_DAILY_BUDGET,
    DOMAIN,
    SUBENTRY_PERSON,
)
from .language_model import Endpoint
from .messages import ContractVersionError, Hello, MessageError, Topics, decode
from .probe import HubError, async_find_hubs

USER_SCHEMA = vol.Schema({vol.Optional(CONF_HUB_ID): TextSelector()})

PERSON_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_NAME): TextSelector(),
        vol.Optional(CONF_PERSON_ENTITY): EntitySelector(EntitySelectorConfig(domain="person")),
        vol.Optional(CONF_ADDRESSES): TextSelector(TextSelectorConfig(multiple=True)),
        vol.Optional(CONF_AREA): AreaSelector(),
        vol.Required(CONF_CONSENT, default=False): BooleanSelector(),
    }
)

OPTIONS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_USE_AI_TASK, default=True): BooleanSelector(),
        vol.Optional(CONF_BASE_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        vol.Optional(CONF_MODEL): TextSelector(),
        vol.Optional(CONF_API_KEY): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
        vol.Required(CONF_DAILY_BUDGET, default=DEFAULT_DAILY_BUDGET): NumberSelector(
            NumberSelectorConfig(min=0, max=1000, step=1, mode=NumberSelectorMode.BOX)
        ),
    }
)


class EdgeConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up one hub."""

    VERSION = 1

    def __init__(self) -> None:
        self._hubs: dict[str, Hello] = {}

    @classmethod
    @callback
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """People are subentries."""
        return {SUBENTRY_PERSON: PersonFlow}

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow for the language model."""
        return EdgeOptionsFlow()

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Look for hubs on the broker, or for the one that the user names."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            return self.async_abort(reason="mqtt_unavailable")
        errors: dict[str, str] = {}
        if user_input is not None:
            named = user_input.get(CONF_HUB_ID, "").strip() or None
            if named and not _is_topic_level(named):
                errors[CONF_HUB_ID] = "invalid_hub_id"
            else:
                try:
                    found = await async_find_hubs(self.hass, named)
                except HubError as error:
                    errors["base"] = str(error)
                else:
                    return await self._async_choose(found)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(USER_SCHEMA, user_input),
            errors=errors,
        )

    async def _async_choose(self, found: list[Hello]) -> ConfigFlowResult:
        """Leave out the hubs that are set up, and ask if several remain."""
        known = self._async_current_ids(include_ignore=False)
        self._hubs = {hello.id: hello for hello in found if hello.id not in known}
        if not self._hubs:
            return self.async_abort(reason="already_configured")
        if len(self._hubs) > 1:
            return await self.async_step_pick()
        return await self._async_create(*self._hubs.values())

    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which of several hubs is meant."""
        if user_input is not None:
            return await self._async_create(self._hubs[user_input[CONF_HUB_ID]])
        options = [
            SelectOptionDict(value=hub, label=hello.name) for hub, hello in self._hubs.items()
        ]
        return self.async_show_form(
            step_id="pick",
            data_schema=vol.Schema(
                {vol.Required(CONF_HUB_ID): SelectSelector(SelectSelectorConfig(options=options))}
            ),
        )

    async def _async_create(self, hello: Hello) -> ConfigFlowResult:
        await self.async_set_unique_id(hello.id, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=hello.name, data={CONF_HUB_ID: hello.id})

    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """Take a hub that introduced itself."""
        try:
            hello = decode(Hello, discovery_info.payload)
        except ContractVersionError:
            return self.async_abort(reason="contract_version")
        except MessageError:
            return self.async_abort(reason="invalid_discovery_info")
        if discovery_info.topic != Topics(hello.id).hello:
            return self.async_abort(reason="invalid_discovery_info")
        await self.async_set_unique_id(hello.id)
        self._abort_if_unique_id_configured()
        self._hubs = {hello.id: hello}
        self.context["title_placeholders"] = {"name": hello.name}
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask before a discovered hub is set up, and see whether it is really there."""
        (hello,) = self._hubs.values()
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                (hello,) = await async_find_hubs(self.hass, hello.id)
            except HubError as error:
                errors["base"] = str(error)
            else:
                return await self._async_create(hello)
        return self.async_show_form(
            step_id="confirm",
            description_placeholders={"name": hello.name},
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Look again whether the hub is there, and take the name it has now."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            return self.async_abort(reason="mqtt_unavailable")
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                (hello,) = await async_find_hubs(self.hass, entry.data[CONF_HUB_ID])
            except HubError as error:
                errors["base"] = str(error)
            else:
                await self.async_set_unique_id(hello.id)
                self._abort_if_unique_id_mismatch()
                # The update listener reloads where that is needed.
                self.hass.config_entries.async_update_entry(entry, title=hello.name)
                return self.async_abort(reason="reconfigure_successful")
        return self.async_show_form(
            step_id="reconfigure",
            description_placeholders={"name": entry.title},
            errors=errors,
        )


class PersonFlow(ConfigSubentryFlow):
    """Add or change a person who takes part."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a person."""
        return await self._async_form("user", user_input, {})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a person's name, addresses or room."""
        subentry = self._get_reconfigure_subentry()
        present = {CONF_NAME: subentry.title, **subentry.data}
        return await self._async_form("reconfigure", user_input, present)

    async def _async_form(
        self, step: str, user_input: dict[str, Any] | None, present: Mapping[str, Any]
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            name = self._name(user_input)
            addresses, errors = self._check(name, user_input)
            if not errors:
                data = {
                    key: user_input[key]
                    for key in (CONF_PERSON_ENTITY, CONF_AREA, CONF_CONSENT)
                    if user_input.get(key)
                }
                return self._finish(name, {**data, CONF_ADDRESSES: addresses})
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(PERSON_SCHEMA, user_input or present),
            errors=errors,
        )

    def _name(self, user_input: Mapping[str, Any]) -> str:
        if name := user_input.get(CONF_NAME, "").strip():
            return str(name)
        state = self.hass.states.get(user_input.get(CONF_PERSON_ENTITY, ""))
        return state.name if state else ""

    def _check(self, name: str, user_input: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
        """Return the addresses in their usual spelling, and what is wrong with the form."""
        errors: dict[str, str] = {}
        others = [item for item in self._get_entry().subentries.values() if item != self._own()]
        if not name:
            errors[CONF_NAME] = "name_required"
        elif any(item.title.casefold() == name.casefold() for item in others):
            errors[CONF_NAME] = "name_taken"
        addresses: list[str] = []
        try:
            addresses = list(
                dict.fromkeys(normal_address(item) for item in user_input.get(CONF_ADDRESSES, ()))
            )
        except ValueError:
            errors[CONF_ADDRESSES] = "invalid_address"
        taken = {address for item in others for address in item.data.get(CONF_ADDRESSES, ())}
        if taken.intersection(addresses):
            errors[CONF_ADDRESSES] = "address_taken"
        if not user_input.get(CONF_CONSENT):
            errors[CONF_CONSENT] = "consent_required"
        return addresses, errors

    def _own(self) -> Any:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None

    def _finish(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        entry = self._get_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                entry, self._get_reconfigure_subentry(), title=name, data=data
            )
        return self.async_create_entry(title=name, data=data, unique_id=_new_id(name, entry))


class EdgeOptionsFlow(OptionsFlow):
    """Choose how requests are understood that the grammar does not know."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the language model's address, and see whether it answers."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_check(user_input)
            if not errors:
                return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, user_input or self.config_entry.options
            ),
            errors=errors,
        )

    async def _async_check(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        base_url, model = user_input.get(CONF_BASE_URL), user_input.get(CONF_MODEL)
        if not base_url:
            return {CONF_BASE_URL: "base_url_required"} if model else {}
        if not model:
            return {CONF_MODEL: "model_required"}
        endpoint = Endpoint(
            async_get_clientsession(self.hass), base_url, user_input.get(CONF_API_KEY), model
        )
        error = await endpoint.check()
        return {} if error is None else {CONF_BASE_URL: error}


def _is_topic_level(text: str) -> bool:
    return len(text) <= 64 and not any(char in text for char in "/+#\0")


def _new_id(name: str, entry: ConfigEntry) -> str:
    """Make an id for a person that stays, however the name changes."""
    taken = {item.unique_id for item in entry.subentries.values()}
    stem = slugify(name, separator="_")
    candidates = (stem if n == 1 else f"{stem}_{n}" for n in range(1, len(taken) + 2))
    return next(item for item in candidates if item not in taken)
