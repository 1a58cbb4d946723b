// Leaf counts of the legal move tree: the standard proof of a move generator.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "chess/move.h"
#include "chess/position.h"

namespace az {

// Leaves `depth` plies below; 1 at depth 0. The last ply is counted, not played.
[[nodiscard]] std::uint64_t perft(const Position& position, int depth);

// The same, split by the first move; depth is at least 1.
[[nodiscard]] std::vector<std::pair<Move, std::uint64_t>> perft_divide(const Position& position,
                                                                       int depth);

}  // namespace az
