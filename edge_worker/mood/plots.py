"""Pictures of an evaluation: reliability and coverage."""

from __future__ import annotations

from pathlib import Path

from edge_worker.mood.report import Report

SIZE_INCHES = (4.6, 4.0)
DOTS_PER_INCH = 110


def draw(report: Report, name: str, folder: Path) -> list[Path]:
    """Write `<name>-reliability.png` and `<name>-coverage.png`; returns their paths."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}-reliability.png", folder / f"{name}-coverage.png"]

    figure, axes = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    said = [item.predicted for item in report.reliability]
    seen = [item.observed for item in report.reliability]
    sizes = [20 + 400 * item.share for item in report.reliability]
    axes.scatter(said, seen, s=sizes, color="tab:blue", alpha=0.8)
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="probability said",
        ylabel="share seen (area = share of rows)",
        title=report.title,
    )
    figure.savefig(paths[0], dpi=DOTS_PER_INCH)
    pyplot.close(figure)

    figure, axes = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")
    axes.plot(
        [point.coverage for point in report.coverage],
        [point.balanced_accuracy for point in report.coverage],
        marker="o",
        color="tab:blue",
    )
    axes.axhline(0.5, color="0.7", linewidth=1)
    axes.set(
        xlim=(1.02, 0.15),
        ylim=(0.45, 1.0),
        xlabel="share of rows answered, the surest first",
        ylabel="balanced accuracy",
        title=report.title,
    )
    figure.savefig(paths[1], dpi=DOTS_PER_INCH)
    pyplot.close(figure)
    return paths
