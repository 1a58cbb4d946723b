// Random numbers that are the same on every platform, unlike those of <random>'s distributions, and in
// aztoolkit/mcts/random.py.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "chess/zobrist.h"
#include "mcts/exact_sum.h"

namespace az {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // In the open interval (0, 1): 53 random bits and a half.
  [[nodiscard]] double uniform() {
    return (static_cast<double>(detail::next_random(state_) >> 11) + 0.5) * 0x1.0p-53;
  }

  // Standard Gumbel.
  [[nodiscard]] double gumbel() { return -std::log(-std::log(uniform())); }

  // Standard normal (Box and Muller 1958).
  [[nodiscard]] double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

  // Gamma of shape `alpha` and scale 1 (Marsaglia and Tsang 2000).
  [[nodiscard]] double gamma(double alpha) {
    if (alpha < 1.0) {
      const double larger = gamma(alpha + 1.0);
      return larger * std::pow(uniform(), 1.0 / alpha);
    }
    const double d = alpha - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
      const double x = normal(), v = 1.0 + c * x;
      if (v <= 0.0) continue;
      const double cube = v * v * v;
      if (std::log(uniform()) < 0.5 * x * x + d * (1.0 - cube + std::log(cube))) return d * cube;
    }
  }

  // `count` shares of 1 from the symmetric Dirichlet distribution.
  [[nodiscard]] std::vector<double> dirichlet(double alpha, std::size_t count) {
    std::vector<double> shares(count);
    ExactSum sum;
    for (double& share : shares) sum.add(share = gamma(alpha));
    for (double& share : shares) share /= sum.total();
    return shares;
  }

 private:
  std::uint64_t state_;
};

}  // namespace az
