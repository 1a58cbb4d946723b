#include "mcts/puct.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace az {

namespace {

// The highest score so far; of equals the first slot.
struct Best {
  double score = -std::numeric_limits<double>::infinity();
  std::size_t slot = 0;
  bool found = false;

  void offer(double score_of_slot, std::size_t candidate) {
    if (score_of_slot > score || (score_of_slot == score && candidate < slot) || !found) {
      *this = {score_of_slot, candidate, true};
    }
  }
};

double exploration(const Node& parent, const SearchConfig& config) {
  const double started = parent.started();
  const double growth = std::log((1.0 + started + config.c_puct_base) / config.c_puct_base);
  return (config.c_puct + growth) * std::sqrt(std::max(started - 1.0, 1.0));
}

// Children proven lost are passed over unless `lost_too`.
Best find_best(const Tree& tree, const Node& parent, const SearchConfig& config, bool lost_too) {
  const auto children = tree.children(parent);
  const double scale = exploration(parent, config);
  const auto bonus = [scale](const Node& child) {
    return scale * child.prior / (1.0 + child.started());
  };
  Best best;
  double seen = 0.0;
  bool some_only_waiting = false;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const Node& child = children[i];
    if (child.visits == 0) {
      some_only_waiting = true;
      continue;
    }
    seen += child.prior;
    if (child.end == End::loss && config.prove_ends && !lost_too) continue;
    best.offer(child.value() + bonus(child), i);
  }
  const double unvisited = -parent.value() - config.fpu_reduction * std::sqrt(seen);
  if (some_only_waiting) {
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (children[i].visits == 0) best.offer(unvisited + bonus(children[i]), i);
    }
  }
  if (children.size() < parent.edge_count) {  // of the untried ones the first is the best
    const double prior = tree.edges(parent)[children.size()].prior;
    best.offer(unvisited + scale * prior / 1.0, children.size());
  }
  return best;
}

}  // namespace

std::size_t select_puct(const Tree& tree, const Node& parent, const SearchConfig& config) {
  if (parent.child_count == 0) return 0;
  const Best best = find_best(tree, parent, config, false);
  return best.found ? best.slot : find_best(tree, parent, config, true).slot;
}

}  // namespace az
