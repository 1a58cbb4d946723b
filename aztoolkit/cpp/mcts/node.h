// What the search knows of a move (an edge) and of the position behind it (a node).
//
//     node ── edges ─────▶ [e4|d4|Nf3|c4|a3| ... |h4]     8 bytes a legal move
//       └──── children ──▶ [e4|d4|Nf3| . ]                40 bytes a move that was tried: always the
//                                                         first ones, in a block that grows as it fills
//
// Edges stand in order of falling prior as far as they were tried, and one further.
//
// Untried moves of a node differ in nothing but their priors, so the first of them is always the
// best of them, and children need no list of which moves they belong to. Only a root may prefer
// another move (noise mixed into its priors): it has all its children from the start.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chess/move.h"
#include "mcts/block_size.h"
#include "mcts/chunk_pool.h"

namespace az {

struct Edge {
  float prior;  // the policy logit until the first child is tried, then the prior
  Move move;
  std::uint16_t index;  // of the move in the policy
};
static_assert(sizeof(Edge) == 8);

// How a game that reaches a node ends, for the player who moved there: by rule, or by proof.
enum class End : std::uint8_t { none, loss, draw, win };

[[nodiscard]] constexpr double value_of(End end) {
  return end == End::win ? 1.0 : end == End::loss ? -1.0 : 0.0;
}

// A position as reached by a move, whose prior is in the edge; values are for the player who made it.
struct Node {
  double value_sum = 0.0;  // of P(win) - P(loss) over all visits
  double draw_sum = 0.0;   // of P(draw) over all visits
  float raw_value = 0.0f;  // what the network said of this position alone
  std::uint32_t visits = 0;
  Handle edges = 0;
  Handle children = 0;
  std::uint16_t in_flight = 0;  // virtual visits: descents that wait for the network
  std::uint16_t edge_count = 0;
  std::uint16_t child_count = 0;
  BlockSize block;  // of the children
  End end = End::none;

  // For so many children there is memory, if there are any.
  [[nodiscard]] std::uint32_t room() const {
    return std::min<std::uint32_t>(block.room(), edge_count);
  }
  [[nodiscard]] double value() const { return value_sum / visits; }
  // The proven value of a visited node, else the mean.
  [[nodiscard]] double best_known_value() const {
    return end == End::none ? value() : value_of(end);
  }
  [[nodiscard]] std::uint32_t started() const { return visits + in_flight; }
};
static_assert(sizeof(Node) == 40);

}  // namespace az
