#include "mcts/priors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "chess/movegen.h"
#include "mcts/exact_sum.h"

namespace az {

namespace {

// A number that rises with the prior and falls with the index; priors are not negative.
std::uint64_t rank_of(const Edge& edge) {
  const auto falling_index = static_cast<std::uint16_t>(~edge.index);
  return std::uint64_t{std::bit_cast<std::uint32_t>(edge.prior)} << 16 | falling_index;
}

}  // namespace

void softmax(std::span<double> logits) {
  const double highest = *std::ranges::max_element(logits);
  ExactSum sum;
  for (double& logit : logits) {
    logit = std::exp(logit - highest);
    sum.add(logit);
  }
  const double total = sum.total();
  for (double& power : logits) power /= total;
}

void write_priors(std::span<Edge> edges, double temperature) {
  std::array<double, MoveList::kCapacity> buffer;
  const std::span<double> shares(buffer.data(), edges.size());
  std::ranges::transform(edges, shares.begin(),
                         [=](const Edge& edge) { return edge.prior / temperature; });
  softmax(shares);
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i].prior = static_cast<float>(shares[i]);
}

void bring_best_first(std::span<Edge> edges) {
  if (!edges.empty()) std::swap(edges.front(), *std::ranges::max_element(edges, {}, rank_of));
}

Wdl softmax_wdl(std::span<const float, 3> logits) {
  std::array<double, 3> shares{logits[0], logits[1], logits[2]};
  softmax(shares);
  return {shares[0], shares[1], shares[2]};
}

}  // namespace az
