"""What each layer costs, as bars in an SVG without any dependency."""

from html import escape

from export.quantization.sensitivity import Search

_LEFT, _WIDTH, _ROW, _TOP = 250, 360, 22, 58
_ROUNDED, _FLOAT = "#0072b2", "#d55e00"
"""Of Okabe and Ito (2008), which the colour-blind can tell apart."""
_STYLE = (
    "text{font:12px sans-serif;fill:#24292f}svg{background:#fdfdfd}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e6e6}svg{background:#16191d}}"
)


def draw_search(search: Search) -> str:
    """Returns a picture with a bar for each layer: the policy KL that it causes alone."""
    costs = sorted(search.costs, key=lambda cost: -cost.kl_alone)
    highest = max(max((cost.kl_alone for cost in costs), default=0.0), 1e-9)
    rows = []
    for number, cost in enumerate(costs):
        y = _TOP + number * _ROW
        colour = _FLOAT if cost.layer in search.floated else _ROUNDED
        long = max(1.0, _WIDTH * cost.kl_alone / highest)
        rows.append(
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(cost.layer)}</text>'
            f'<rect x="{_LEFT}" y="{y + 2}" width="{long:.1f}" height="{_ROW - 6}" fill="{colour}"/>'
            f'<text x="{_LEFT + long + 6:.1f}" y="{y + 13}">{cost.kl_alone:.5f}</text>'
        )
    width, height = _LEFT + _WIDTH + 90, _TOP + len(costs) * _ROW + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img"><title>Sensitivity of layers</title><style>{_STYLE}</style>'
        f'<text x="12" y="20">Policy KL (nats) caused by rounding one layer alone</text>'
        f"{_legend(12, _ROUNDED, 'in INT8')}{_legend(110, _FLOAT, 'put back to float')}"
        f"{''.join(rows)}</svg>\n"
    )


def _legend(x: int, colour: str, words: str) -> str:
    return (
        f'<rect x="{x}" y="32" width="12" height="12" fill="{colour}"/>'
        f'<text x="{x + 18}" y="42">{words}</text>'
    )
