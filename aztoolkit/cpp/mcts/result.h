// What a search found, in plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "mcts/search.h"

namespace az {

// A move as others write it: castling is the king's two steps, in Chess960 king takes rook.
struct PlainMove {
  std::uint8_t from, to;
  std::uint8_t promotion;  // 0 none, 2 knight, 3 bishop, 4 rook, 5 queen
};

// One move of the root.
struct RootMove {
  PlainMove move;
  std::uint16_t index;  // in the policy
  std::uint32_t visits;
  float prior;
  double value;  // mean or proven, for the side to move; NaN where unvisited
  End end;
};

// The root's own figures are for the side to move, exact where proven.
struct SearchResult {
  std::vector<RootMove> moves;  // in order of falling prior, before noise
  double win, draw, loss;
  End end;
  std::vector<PlainMove> pv;
  std::vector<double> improved;       // Gumbel: the improved policy; else empty
  std::optional<std::size_t> chosen;  // Gumbel: which move to play
};

// The root must have been evaluated.
[[nodiscard]] SearchResult result_of(const Search& search);

// A visited node, for tests and drawings.
struct TreeRow {
  int depth;
  PlainMove move;
  std::uint32_t visits;
  float prior;
  double value_sum, draw_sum;  // for the player who made the move
  End end;
};

// All visited nodes, parents before children, siblings in order; the root first.
[[nodiscard]] std::vector<TreeRow> rows_of(const Search& search);

}  // namespace az
