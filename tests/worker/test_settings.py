"""Settings: one object from file and environment; each mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_worker.settings import Capability, Role, SettingsError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "worker.toml"
    path.write_text(text)
    return path


def test_defaults_are_hub_and_device_in_one() -> None:
    settings = load(None, {})
    assert settings.roles == (Role.HUB, Role.DEVICE)
    assert settings.capabilities == (Capability.PERSON_STORE,)
    assert settings.mqtt.port == 1883


def test_environment_outranks_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[mqtt]\nhost = "a"\nport = 1\n[tools.sonar]\nsource = "wav"\n')
    environment = {
        "EDGE_WORKER_MQTT__HOST": "b",
        "EDGE_WORKER_ROLES": "device",
        "EDGE_WORKER_DEVICE__CAPABILITIES": "speaker, microphone",
        "EDGE_WORKER_CONFIG": str(path),
        "OTHER": "x",
    }
    settings = load(path, environment)
    assert (settings.mqtt.host, settings.mqtt.port) == ("b", 1)
    assert settings.capabilities == (Capability.SPEAKER, Capability.MICROPHONE)
    assert settings.tools == {"sonar": {"source": "wav"}}


def test_password_is_never_shown(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[mqtt]\nusername = "u"\npassword = "secret!"\n'), {})
    assert "secret!" not in repr(settings)
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == "secret!"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[mqtt]\nport = 70000\n", "mqtt.port"),
        ("[mqtt]\nhots = 'x'\n", "mqtt.hots"),
        ("[device]\nid = 'a/b'\n", "device.id"),
        ("[device]\ncapabilities = ['camera']\n", "device.capabilities.0"),
        ("roles = ['king']\n", "roles.0"),
        ("[mqtt\n", "not valid TOML"),
        ("\udcff", "not valid TOML"),
    ],
)
def test_mistake_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "worker.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=sentence):
        load(path, {})


def test_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Cannot read the settings file"):
        load(tmp_path / "none.toml", {})


def test_unknown_variable_is_named() -> None:
    with pytest.raises(SettingsError, match=r"mqtt\.hots"):
        load(None, {"EDGE_WORKER_MQTT__HOTS": "x"})
