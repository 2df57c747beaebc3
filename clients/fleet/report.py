"""A row for each fault, as Markdown."""

HEAD = "| fault | longest gap | answered | errors seen by clients | acknowledged, looked for | lost | spent twice |"
RULE = "| --- | --- | --- | --- | --- | --- | --- |"


def row(name, seen, checked, lost, raced, twice):
    errors = ", ".join(f"{count} × {kind}" for kind, count in seen["errors"].most_common(6)) or "none"
    return f"| {name} | {seen['gap']:.1f} s | {seen['successes']} | {errors} | {checked} | {lost or 'none'} | {twice or 'none'} of {raced} |"
