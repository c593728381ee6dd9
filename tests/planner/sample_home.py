"""One small home for the planner's tests, and short ways to write cards."""

from __future__ import annotations

from edge_ai.messages import DeviceCard, Measured, ToolCard, ToolInput


def tool(name: str, inputs: str, outputs: str, **card: object) -> ToolCard:
    """Build a card from words: "vitals usage?" are two inputs, the second one optional."""
    quality = card.pop("accuracy", None)
    return ToolCard(
        name=name,
        version="1",
        summary=name,
        inputs=tuple(
            ToolInput(port=port.rstrip("?"), required=not port.endswith("?"))
            for port in inputs.split()
        ),
        outputs=tuple(outputs.split()),
        quality=() if quality is None else (Measured(metric="accuracy", value=quality),),
        **card,
    )


MAIN_TOOLS = (
    tool("sonar", "", "range_map", needs=("speaker", "microphone"), local_outputs=("range_map",)),
    tool("vital_signs", "range_map", "vitals"),
    tool("activation_forest", "vitals", "activation", needs=("person_store",), accuracy=0.7),
    tool(
        "traffic_capture",
        "",
        "observations",
        needs=("network_traffic",),
        local_outputs=("observations",),
    ),
    tool("app_usage_windows", "observations", "app_usage"),
    tool("usage_tree", "app_usage", "valence", needs=("person_store",), accuracy=0.6),
    tool("mood_fusion", "valence? activation?", "mood", needs=("person_store",), accuracy=0.6),
)


def device(
    id_: str, capabilities: str = "", tools: tuple[ToolCard, ...] = MAIN_TOOLS, **card: object
) -> DeviceCard:
    return DeviceCard(
        id=id_,
        name=id_,
        version="1",
        capabilities=tuple(capabilities.split()),
        tools=tuple(item.name for item in tools),
        **card,
    )
