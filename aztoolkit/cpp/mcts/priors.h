// From policy logits to priors in their order.
#pragma once

#include <span>

#include "mcts/node.h"

namespace az {

// Replaces the logits in `edges` by their softmax, rounded to float32, and sorts the edges by
// falling prior, equals by rising policy index.
void write_priors(std::span<Edge> edges);

// Probabilities of win, draw and loss.
struct Wdl {
  double win, draw, loss;
};

// logits: `[3]`, win, draw and loss for the side to move.
[[nodiscard]] Wdl softmax_wdl(std::span<const float, 3> logits);

}  // namespace az
