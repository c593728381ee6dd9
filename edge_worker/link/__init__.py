"""The only place that knows MQTT; used by `runtime` alone."""

from edge_worker.link.mqtt import LinkMessage, MqttLink

__all__ = ["LinkMessage", "MqttLink"]
