# SPDX-License-Identifier: Apache-2.0
"""Tables for a terminal or a document, and a plot."""
from xml.sax.saxutils import escape

COLUMNS = {
    "wall": ("wall ms", 1e-3), "cpu": ("CPU ms", 1e-3), "peak": ("peak MB", 1 / 1024),
    "calls": ("calls", 1), "limit": ("limit KB", 1), "dirty": ("dirty KB", 1),
    "rss": ("RSS KB", 1), "threads": ("threads", 1), "init_cpu": ("init CPU ms", 1e-3),
    "size": ("size KB", 1 / 1024), "create": ("create ms", 1e-3), "start": ("start ms", 1e-3),
    "delete": ("delete ms", 1e-3),
}


def number(value):
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(results, own):
    """Lines of a Markdown table. A value is followed by its ratio to OWN's."""
    columns = [key for key in COLUMNS if any(key in row for row in results.values())]
    columns = columns or ["wall"]
    yield "| | " + " | ".join(COLUMNS[key][0] + " | x" for key in columns) + " |"
    yield "|---|" + "--:|--:|" * len(columns)
    base = results.get(own, {})
    for name, row in results.items():
        cells = []
        for key in columns:
            if key not in row:
                cells += [row.get("failure", ""), ""]
                continue
            cells.append(number(row[key] * COLUMNS[key][1]))
            cells.append(f"{row[key] / base[key]:.2f}" if base.get(key) else "")
        yield f"| {name} | " + " | ".join(cells) + " |"


def plot(groups, value, title):
    """An SVG of horizontal bars; GROUPS is {scenario: {runtime: row}}."""
    colours = ["#1b6ca8", "#3fa34d", "#8d6cab", "#c44536", "#e09f3e", "#777777", "#20a4a4"]
    label, scale = COLUMNS[value]
    names = list(dict.fromkeys(name for rows in groups.values() for name in rows))
    y, parts = 48, []
    for scenario, rows in groups.items():
        bars = [(name, row[value] * scale) for name, row in rows.items() if value in row]
        if not bars:
            continue
        longest = max(size for _, size in bars)
        parts.append(f'<text x="8" y="{y}" font-weight="bold">{escape(scenario)}</text>')
        for name, size in bars:
            y += 16
            width = 480 * size / longest if longest else 0
            colour = colours[names.index(name) % len(colours)]
            parts.append(f'<text x="196" y="{y}" text-anchor="end">{escape(name)}</text>'
                         f'<rect x="204" y="{y - 10}" width="{width:.1f}" height="12" '
                         f'fill="{colour}"/><text x="{210 + width:.1f}" y="{y}">'
                         f'{number(size)}</text>')
        y += 28
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{y}" '
            'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" '
            f'fill="white"/><text x="8" y="20" font-size="15">{escape(title)}: '
            f'{escape(label)}</text>' + "".join(parts) + "</svg>\n")
