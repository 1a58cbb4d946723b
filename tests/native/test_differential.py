"""A few thousand positions of the differential test; see differential.py for a million."""

from tests.native.differential import compare

POSITIONS = 6000


def test_native_rules_and_encodings_equal_the_reference() -> None:
    tally = compare(POSITIONS, seed=20)
    assert tally.positions >= POSITIONS
    assert tally.encoded > POSITIONS // 50
    assert min(tally.repetitions, tally.castling, tally.en_passant) > 0
