// The AlphaZero moves for chess: 73 planes, index = plane * 64 + from-square (seen by the mover).
//
//   0-55   like a queen: direction * 7 + distance - 1; N, NE, E, SE, S, SW, W, NW
//   56-63  like a knight, clockwise from (+1, +2) files and ranks
//   64-72  underpromotions: 64 + 3 * (N 0, B 1, R 2) + (file - 1: 0, same: 1, + 1: 2)
//
// Castling is the king's two steps, in Chess960 its move onto its own rook. The reference is
// aztoolkit/encoding/az4672.py. Source: Silver et al., Science 362 (2018), table S2.
#pragma once

#include "chess/move.h"
#include "chess/position.h"

namespace az {

inline constexpr int kAz4672Moves = 4672;

// 0 to 4671 for a legal move of `position`.
[[nodiscard]] int az4672_index(const Position& position, Move move);

// The index of the same move on a board with left and right turned over; its own inverse.
[[nodiscard]] int az4672_mirrored(int index);

}  // namespace az
