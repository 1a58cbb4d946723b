// The AlphaZero input for chess: 119 planes seen by the side to move.
//
//   14t + 0-5   own P N B R Q K, t plies ago (t = 0..7)    112       ones if Black is to move
//   14t + 6-11  the opponent's                             113       full-move number / 99
//   14t + 12    ones if that position had occurred before  114, 115  own castling: king's, queen's
//   14t + 13    ones if at least twice before              116, 117  the opponent's
//                                                          118       half-move clock / 99
//
// Frames before the start of the known game are zero; both counters stop at 1. The reference is
// aztoolkit/encoding/az119.py. Source: Silver et al., Science 362 (2018), table S1.
#pragma once

#include <span>

#include "chess/game.h"

namespace az {

inline constexpr int kAz119Planes = 119;
inline constexpr int kHistory = 8;

// frames: of a game, the oldest first, up to the position itself; all, or at least the last 8.
// planes: `[119, 8, 8]` float32.
void encode_az119(std::span<const Frame> frames, std::span<float> planes);

}  // namespace az
