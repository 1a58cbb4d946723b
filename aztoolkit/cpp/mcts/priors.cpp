#include "mcts/priors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "chess/movegen.h"

namespace az {

namespace {

// A sum that depends on the order of its terms as little as Python's math.fsum does: the error of
// each addition is kept (Knuth's TwoSum) and added at the end.
class ExactSum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    const double part = sum - sum_;
    error_ += (sum_ - (sum - part)) + (term - part);
    sum_ = sum;
  }
  [[nodiscard]] double total() const { return sum_ + error_; }

 private:
  double sum_ = 0.0, error_ = 0.0;
};

// prior, index and move in one number whose order is the order of edges.
std::uint64_t sort_key(const Edge& edge) {
  const std::uint64_t falling_prior = ~std::bit_cast<std::uint32_t>(edge.prior);
  return falling_prior << 32 | std::uint64_t{edge.index} << 16 | edge.move.bits();
}

Edge edge_of_key(std::uint64_t key) {
  return {std::bit_cast<float>(~static_cast<std::uint32_t>(key >> 32)),
          Move::from_bits(static_cast<std::uint16_t>(key)), static_cast<std::uint16_t>(key >> 16)};
}

void sort(std::span<Edge> edges) {
  std::array<std::uint64_t, MoveList::kCapacity> keys;
  const auto end = std::ranges::transform(edges, keys.begin(), sort_key).out;
  std::sort(keys.begin(), end);
  std::transform(keys.begin(), end, edges.begin(), edge_of_key);
}

}  // namespace

void write_priors(std::span<Edge> edges) {
  std::array<double, MoveList::kCapacity> powers;
  double highest = edges.front().prior;
  for (const Edge& edge : edges) highest = std::max<double>(highest, edge.prior);
  ExactSum sum;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    powers[i] = std::exp(edges[i].prior - highest);
    sum.add(powers[i]);
  }
  const double total = sum.total();
  for (std::size_t i = 0; i < edges.size(); ++i) {
    edges[i].prior = static_cast<float>(powers[i] / total);
  }
  sort(edges);
}

Wdl softmax_wdl(std::span<const float, 3> logits) {
  const double highest = std::max({logits[0], logits[1], logits[2]});
  std::array<double, 3> powers;
  ExactSum sum;
  for (std::size_t i = 0; i < 3; ++i) {
    powers[i] = std::exp(logits[i] - highest);
    sum.add(powers[i]);
  }
  const double total = sum.total();
  return {powers[0] / total, powers[1] / total, powers[2] / total};
}

}  // namespace az
