// From policy logits to priors, in their order.
#pragma once

#include <span>

#include "mcts/node.h"

namespace az {

// Replaces the logits in `edges` by the softmax of logits / temperature, rounded to float32.
void write_priors(std::span<Edge> edges, double temperature);

// Brings the edge with the highest prior to the front, of equals the one with the lowest policy
// index. Most nodes try few of their moves: to look for the next one costs less than to sort all.
void bring_best_first(std::span<Edge> edges);

// Replaces logits by their softmax.
void softmax(std::span<double> logits);

// Probabilities of win, draw and loss.
struct Wdl {
  double win, draw, loss;
};

// logits: `[3]`, win, draw and loss for the side to move.
[[nodiscard]] Wdl softmax_wdl(std::span<const float, 3> logits);

}  // namespace az
