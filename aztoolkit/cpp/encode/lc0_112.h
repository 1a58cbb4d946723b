// The classical input of Leela Chess Zero (INPUT_CLASSICAL_112_PLANE), seen by the side to move.
//
//   13t + 0-5   own P N B R Q K, t plies ago (t = 0..7)       104, 105  own castling: queen's, king's
//   13t + 6-11  the opponent's                                106, 107  the opponent's
//   13t + 12    ones if that position had occurred before     108       ones if Black is to move
//                                                             109       half-move clock, as it is
//                                                             110, 111  zeros, ones
//
// Frames before the start of the known game repeat its first position with no repetition flag,
// unless that is the start position of chess (lc0's default, HistoryFill=fen_only). If a pawn
// may just have made a double step there, the repeated frames show it before that step.
// The reference is aztoolkit/encoding/lc0_112.py. Source:
// https://github.com/LeelaChessZero/lc0/blob/master/src/neural/encoder.cc
#pragma once

#include <span>

#include "chess/game.h"

namespace az {

inline constexpr int kLc0Planes = 112;

// frames: of a game, the oldest first, up to the position itself; all, or at least the last 8.
// planes: `[112, 8, 8]` float32.
void encode_lc0_112(std::span<const Frame> frames, std::span<float> planes);

}  // namespace az
