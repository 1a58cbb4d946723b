#include "mcts/puct.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace az {

namespace {

constexpr std::size_t kNoSlot = std::numeric_limits<std::size_t>::max();

// The highest score so far; of equals the one with the lowest slot.
struct Best {
  double score = -std::numeric_limits<double>::infinity();
  std::size_t slot = kNoSlot;
};

double exploration(const Node& parent, const SearchConfig& config) {
  const double started = parent.started();
  const double growth = std::log((1.0 + started + config.c_puct_base) / config.c_puct_base);
  return (config.c_puct + growth) * std::sqrt(std::max(started - 1.0, 1.0));
}

// Children proven lost are passed over unless `lost_too`.
Best find_best(const Tree& tree, const Node& parent, const SearchConfig& config, bool lost_too) {
  const auto children = tree.children(parent);
  const auto edges = tree.edges(parent);
  const double scale = exploration(parent, config);
  const auto bonus = [&](std::size_t slot) {
    return scale * edges[slot].prior / (1.0 + children[slot].started());
  };
  Best best;
  double seen = 0.0;
  bool some_only_wait = false;
  for (std::size_t slot = 0; slot < children.size(); ++slot) {
    const Node& child = children[slot];
    if (child.visits == 0) {
      some_only_wait = true;
      continue;
    }
    seen += edges[slot].prior;
    if (child.end == End::loss && !lost_too) continue;
    const double score = child.value() + bonus(slot);
    if (score > best.score) best = {score, slot};
  }
  const double unvisited = -parent.value() - config.fpu_reduction * std::sqrt(seen);
  for (std::size_t slot = 0; some_only_wait && slot < children.size(); ++slot) {
    if (children[slot].visits > 0) continue;
    const double score = unvisited + bonus(slot);
    if (score > best.score || (score == best.score && slot < best.slot)) best = {score, slot};
  }
  if (children.size() < parent.edge_count) {  // of the untried ones the first is the best
    const double score = unvisited + scale * edges[children.size()].prior;
    if (score > best.score) best = {score, children.size()};
  }
  return best;
}

}  // namespace

std::size_t select_puct(const Tree& tree, const Node& parent, const SearchConfig& config) {
  if (parent.child_count == 0) return 0;
  const Best best = find_best(tree, parent, config, !config.prove_ends);
  return best.slot != kNoSlot ? best.slot : find_best(tree, parent, config, true).slot;
}

}  // namespace az
