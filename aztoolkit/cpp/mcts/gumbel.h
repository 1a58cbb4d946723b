// Gumbel AlphaZero: how the root and the nodes below it choose, as in aztoolkit/mcts/gumbel.py.
// Source: Danihelka et al., "Policy improvement by planning with Gumbel", ICLR 2022; mctx.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mcts/config.h"
#include "mcts/random.h"
#include "mcts/tree.h"

namespace az {

// The order of sequential halving: in round r, `considered` moves that have r visits get one more.
class Halving {
 public:
  Halving(std::uint32_t moves, std::uint32_t simulations);

  [[nodiscard]] std::uint32_t round() const { return round_; }
  // Whether the next simulation is the first after a halving, and chooses by values.
  [[nodiscard]] bool begins_phase() const { return visited_ == 0 && rounds_left_ == rounds(); }
  // Notes that a simulation has started.
  void advance();

 private:
  [[nodiscard]] std::uint32_t rounds() const;

  std::uint32_t simulations_, phases_, considered_;
  std::uint32_t round_ = 0, visited_ = 0, rounds_left_;
};

// What one search draws, and counts, at its root; aligned with the root's children.
class GumbelRoot {
 public:
  // The root has been evaluated and has all its children; so many simulations are to come.
  GumbelRoot(const Tree& tree, const SearchConfig& config, std::uint32_t simulations,
             Random& random);

  [[nodiscard]] Halving& halving() { return halving_; }
  // Returns the slot of the child to visit next.
  [[nodiscard]] std::size_t select(const Tree& tree, const SearchConfig& config) const;
  // Returns the slot of the move to play: the best of those visited most in this search.
  [[nodiscard]] std::size_t best(const Tree& tree, const SearchConfig& config) const;

 private:
  template <class Count>
  [[nodiscard]] std::size_t best_with(const Tree& tree, const SearchConfig& config,
                                      std::uint32_t visits, Count count) const;

  std::vector<double> gumbels_;
  std::vector<std::uint32_t> visits_before_;  // from earlier searches of the same tree
  Halving halving_;
};

// Returns the slot of the child below the root whose visits lag most behind the improved policy.
[[nodiscard]] std::size_t select_gumbel(const Tree& tree, const Node& parent,
                                        const SearchConfig& config);

// The policy improved by search, a probability for each edge of a node that has been visited.
[[nodiscard]] std::vector<double> improved_policy(const Tree& tree, const Node& node,
                                                  const SearchConfig& config);

}  // namespace az
