// The moves of Leela Chess Zero, numbered as its networks number them (seen by the mover):
//
//   0-1791     every queen or knight move there is, by from-square, then by to-square
//   1792-1857  promotions by from-file, then to-file, then queen, rook, bishop; a promotion to a
//              knight is the bare move
//
// Castling is the king's move onto its own rook (e1h1, e1a1).
// The reference is aztoolkit/encoding/lc0_1858.py. Source:
// https://github.com/LeelaChessZero/lc0/blob/master/src/neural/encoder.cc
#pragma once

#include "chess/move.h"
#include "chess/position.h"

namespace az {

inline constexpr int kLc0Moves = 1858;

// 0 to 1857 for a legal move of `position`.
[[nodiscard]] int lc0_1858_index(const Position& position, Move move);

}  // namespace az
