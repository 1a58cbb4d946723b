"""What is shown of a match while it is played."""

import io

import pytest
from rich.console import Console

from eval.progress import Ratio, ratio_bar, show_match
from eval.tally import Tally


def tally_of(*pentanomial):
    tally = Tally()
    tally.pentanomial[:] = pentanomial
    tally.trinomial[:] = [2 * pentanomial[0], 2 * pentanomial[2], 2 * pentanomial[4]]
    return tally


def shown(tallies, *, terminal, **options):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100)
    with show_match(console, pairs=400, **options) as show:
        for tally in tallies:
            show(tally)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "bar"),
    [
        (0.0, "-2.00 ├────●────┤ +2.00"),
        (-2.0, "-2.00 ├●───┼────┤ +2.00"),
        (1.0, "-2.00 ├────┼─●──┤ +2.00"),
        (7.0, "-2.00 ├────┼───●┤ +2.00"),
    ],
)
def test_the_bar_has_the_ratio_in_its_place_between_the_bounds(value, bar):
    assert ratio_bar(Ratio(value, -2.0, 2.0), width=9) == bar


def test_unequal_risks_put_zero_off_the_middle():
    found = ratio_bar(Ratio(3.0, -1.0, 4.0), width=11)
    assert found == "-1.00 ├──┼─────●──┤ +4.00"


def test_a_terminal_has_a_table_with_the_bar():
    text = shown(
        [tally_of(1, 2, 3, 4, 5)],
        terminal=True,
        title="equal time",
        test=lambda tally: Ratio(sum(tally.pentanomial) / 10, -2.94, 2.94),
    )
    for part in ("equal time", "pair 15 of at most 400", "games/hour", "LL 1 · LD 2 · WL + DD 3"):
        assert part in text
    assert "-2.94 ├" in text
    assert "+1.50" in text


def test_a_log_has_a_line_every_twenty_pairs_and_no_table():
    tallies = [tally_of(0, 0, pairs, 0, 0) for pairs in range(50)]
    text = shown(
        tallies, terminal=False, title="equal time", test=lambda _: Ratio(1.25, -2.94, 2.94)
    )
    lines = text.splitlines()
    assert [line.split(" · ")[1] for line in lines] == ["pair 20", "pair 40"]
    assert all(line.endswith("LLR +1.25 of -2.94 to +2.94") for line in lines)
    assert "├" not in text


def test_without_a_test_there_is_no_ratio():
    for terminal in (True, False):
        text = shown([tally_of(0, 0, 20, 0, 0)], terminal=terminal)
        assert "50.0%" in text
        assert "LLR" not in text
