"""A real Home Assistant without a person in front of it: onboarding, flows, states.

It uses only what the frontend uses: the REST and WebSocket interfaces.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

CONFIGURATION = """\
homeassistant:
  name: Demo home
  country: DE
  language: en
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
frontend:
config:
conversation:
assist_pipeline:
history:
logbook:
logger:
  default: warning
  logs:
    custom_components.edge_ai: info
"""

USER, PASSWORD = "demo", "edge-ai-demo"

# A token from signing in ends after half an hour, and people look longer than that.
_TOKEN_DAYS = 30


# A browser remembers the id of the assistant it last spoke with. A new one at each run of the
# demo would make its second run answer "Cannot find the assist pipeline".
_PIPELINE: dict[str, Any] = {
    "id": "edge_ai_demo",
    "name": "Edge AI",
    "language": "en",
    "conversation_engine": "conversation.home_assistant",
    "conversation_language": "en",
    "stt_engine": None,
    "stt_language": None,
    "tts_engine": None,
    "tts_language": None,
    "tts_voice": None,
    "wake_word_entity": None,
    "wake_word_id": None,
}


class HomeAssistantError(Exception):
    """Home Assistant refused something; the message says what."""


def prepare(folder: Path, integration: Path, port: int) -> None:
    """Write a configuration folder with our integration in it."""
    components = folder / "custom_components"
    components.mkdir(parents=True)
    (components / integration.name).symlink_to(integration, target_is_directory=True)
    (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port))
    (folder / ".storage").mkdir()
    stored = {
        "version": 1,
        "minor_version": 1,
        "key": "assist_pipeline.pipelines",
        "data": {"items": [_PIPELINE], "preferred_item": _PIPELINE["id"]},
    }
    (folder / ".storage/assist_pipeline.pipelines").write_text(json.dumps(stored))


class HomeAssistant:
    """A client of one running instance, signed in as its owner."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session
        self._headers: dict[str, str] = {}
        self._token = ""

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Self]:
        """Open a client; sign in with `onboard`."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield cls(url, session)

    async def answers(self) -> bool:
        """Is the web server up and the frontend loaded?"""
        try:
            async with self._session.get(f"{self.url}/api/onboarding") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def onboard(self, name: str) -> None:
        """Do what the first visitor does: make the owner, finish all steps, keep a token."""
        client_id = f"{self.url}/"
        created = await self._post(
            "/api/onboarding/users",
            {
                "client_id": client_id,
                "name": name,
                "username": USER,
                "password": PASSWORD,
                "language": "en",
            },
        )
        form = {
            "client_id": client_id,
            "grant_type": "authorization_code",
            "code": created["auth_code"],
        }
        async with self._session.post(f"{self.url}/auth/token", data=form) as response:
            tokens = await self._checked("/auth/token", response)
        self._keep(tokens["access_token"])
        await self._post("/api/onboarding/core_config", {})
        await self._post("/api/onboarding/analytics", {})
        await self._post(
            "/api/onboarding/integration", {"client_id": client_id, "redirect_uri": client_id}
        )
        # Not earlier: the last step of onboarding refuses this kind of token.
        self._keep(
            await self.command(
                "auth/long_lived_access_token", client_name="demo", lifespan=_TOKEN_DAYS
            )
        )

    def _keep(self, token: str) -> None:
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}

    async def set_up(self, handler: str, *answers: Mapping[str, Any]) -> str:
        """Go through a config flow form by form; returns the id of the new entry."""
        step = await self._post("/api/config/config_entries/flow", {"handler": handler})
        return await self._finish("/api/config/config_entries/flow", step, answers)

    async def add_subentry(self, entry: str, kind: str, *answers: Mapping[str, Any]) -> None:
        """Go through a subentry flow form by form."""
        path = "/api/config/config_entries/subentries/flow"
        step = await self._post(path, {"handler": [entry, kind]})
        await self._finish(path, step, answers)

    async def say(self, text: str, language: str = "en") -> str:
        """Tell Assist something; returns what it says."""
        answer = await self._post("/api/conversation/process", {"text": text, "language": language})
        return str(answer["response"]["speech"]["plain"]["speech"])

    async def act(
        self, action: str, data: Mapping[str, Any], *, response: bool = False
    ) -> dict[str, Any]:
        """Perform an action; returns its response when it has one."""
        path = f"/api/services/{action.replace('.', '/')}"
        answer = await self._post(f"{path}?return_response" if response else path, data)
        return dict(answer["service_response"]) if response else {}

    async def talk_to(self, agent: str) -> None:
        """Let the Assist dialog of the dashboard speak with this conversation agent."""
        settings = {**_PIPELINE, "conversation_engine": agent}
        await self.command(
            "assist_pipeline/pipeline/update", pipeline_id=settings.pop("id"), **settings
        )

    async def states(self) -> dict[str, dict[str, Any]]:
        """Entity id → state object, of our integration's entities and all others."""
        url = f"{self.url}/api/states"
        with _said_in_words():
            async with self._session.get(url, headers=self._headers) as response:
                states = await self._checked("/api/states", response)
        return {state["entity_id"]: state for state in states}

    async def command(self, kind: str, **arguments: Any) -> Any:
        """One command over a WebSocket of its own; returns its result."""
        url = f"{self.url}/api/websocket"
        with _said_in_words():
            async with self._session.ws_connect(url, max_msg_size=0) as socket:
                await socket.receive_json()
                await socket.send_json({"type": "auth", "access_token": self._token})
                await socket.receive_json()
                await socket.send_json({"id": 1, "type": kind, **arguments})
                answer = await socket.receive_json()
        if not answer.get("success"):
            raise HomeAssistantError(f"{kind}: {answer.get('error')}")
        return answer["result"]

    @asynccontextmanager
    async def changes(self, entity: str) -> AsyncIterator[AsyncIterator[str]]:
        """New states of one entity, as the frontend gets them."""
        async with self._session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self._token})
            await socket.receive_json()
            await socket.send_json(
                {
                    "id": 1,
                    "type": "subscribe_trigger",
                    "trigger": {"platform": "state", "entity_id": entity},
                }
            )
            await socket.receive_json()

            async def states() -> AsyncIterator[str]:
                while True:
                    event = (await socket.receive_json())["event"]
                    yield event["variables"]["trigger"]["to_state"]["state"]

            yield states()

    async def _finish(
        self, path: str, step: dict[str, Any], answers: tuple[Mapping[str, Any], ...]
    ) -> str:
        for given in answers:
            if step["type"] not in ("form", "menu"):
                raise HomeAssistantError(f"The flow ended early: {step}")
            step = await self._post(f"{path}/{step['flow_id']}", given)
        if step["type"] != "create_entry":
            raise HomeAssistantError(f"The flow did not create an entry: {step}")
        result = step.get("result")
        return str(result["entry_id"]) if isinstance(result, dict) else ""

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self.url}{path}"
        with _said_in_words():
            async with self._session.post(url, json=body, headers=self._headers) as response:
                return await self._checked(path, response)

    async def _checked(self, path: str, response: aiohttp.ClientResponse) -> Any:
        if response.status >= 400:
            raise HomeAssistantError(f"{path}: {response.status} {(await response.text())[:500]}")
        return await response.json()


@contextmanager
def _said_in_words() -> Iterator[None]:
    """A connection that fails, or ends in the middle of a restart, is one error like others."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, TypeError) as error:
        # TypeError: receive_json() of a connection that was just closed.
        raise HomeAssistantError(f"Home Assistant does not answer: {error}") from error


async def wait_until_up(home: HomeAssistant, alive: Any, timeout_s: float) -> None:
    """Wait until the first visitor could come. Raises HomeAssistantError."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not await home.answers():
        if not alive():
            raise HomeAssistantError("Home Assistant ended while it started")
        if asyncio.get_running_loop().time() > deadline:
            raise HomeAssistantError(f"Home Assistant did not answer in {timeout_s:.0f} s")
        await asyncio.sleep(0.2)
