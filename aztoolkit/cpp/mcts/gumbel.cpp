#include "mcts/gumbel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "mcts/priors.h"

namespace az {

namespace {

constexpr double kSmallestPrior = 1e-38;
constexpr double kSmallestRange = 1e-8;

// The value of unvisited children, for the side to move: the network's value, counted once, and
// the visited children's, weighted by their priors and counted as often as they were visited.
double mixed_value(const Tree& tree, const Node& node) {
  const auto children = tree.children(node);
  const auto edges = tree.edges(node);
  std::uint32_t visits = 0;
  double mass = 0.0, weighted = 0.0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (children[i].visits == 0) continue;
    visits += children[i].visits;
    mass += edges[i].prior;
    weighted += edges[i].prior * children[i].best_known_value();
  }
  const double average = weighted / std::max(mass, kSmallestPrior);
  return (visits * average - node.raw_value) / (visits + 1.0);
}

// Into values: one for each edge, visited or not, rescaled to 0 (the worst) ... 1 (the best).
void write_completed_values(const Tree& tree, const Node& node, std::span<double> values) {
  const auto children = tree.children(node);
  std::ranges::fill(values, mixed_value(tree, node));
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (children[i].visits > 0) values[i] = children[i].best_known_value();
  }
  const auto [lowest, highest] = std::ranges::minmax(values);
  const double width = std::max(highest - lowest, kSmallestRange);
  for (double& value : values) value = (value - lowest) / width;
}

// logit + sigma(q) of each edge.
std::vector<double> improved_logits(const Tree& tree, const Node& node,
                                    const SearchConfig& config) {
  std::vector<double> logits(node.edge_count);
  write_completed_values(tree, node, logits);
  std::uint32_t most = 0;
  for (const Node& child : tree.children(node)) most = std::max(most, child.visits);
  const double scale = (config.c_visit + most) * config.c_scale;
  const auto edges = tree.edges(node);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits[i] = std::log(std::max<double>(edges[i].prior, kSmallestPrior)) + scale * logits[i];
  }
  return logits;
}

}  // namespace

Halving::Halving(std::uint32_t moves, std::uint32_t simulations)
    : simulations_(simulations),
      phases_(std::max(1u, static_cast<std::uint32_t>(std::bit_width(moves - 1)))),
      considered_(moves),
      rounds_left_(rounds()) {}

void Halving::advance() {
  if (++visited_ < considered_) return;
  visited_ = 0;
  ++round_;
  if (--rounds_left_ > 0) return;
  considered_ = std::min(considered_, std::max(2u, considered_ / 2));
  rounds_left_ = rounds();
}

std::uint32_t Halving::rounds() const {
  return std::max(1u, simulations_ / (phases_ * considered_));
}

GumbelRoot::GumbelRoot(const Tree& tree, const SearchConfig& config, std::uint32_t simulations,
                       Random& random)
    : halving_(std::min<std::uint32_t>(tree.root().edge_count, config.considered_moves),
               simulations) {
  for (const Node& child : tree.children(tree.root())) {
    gumbels_.push_back(config.gumbel_scale * random.gumbel());
    visits_before_.push_back(child.visits);
  }
}

template <class Count>
std::size_t GumbelRoot::best_with(const Tree& tree, const SearchConfig& config,
                                  std::uint32_t visits, Count count) const {
  const auto children = tree.children(tree.root());
  const auto logits = improved_logits(tree, tree.root(), config);
  std::size_t best = 0;
  bool best_counts = false;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const bool counts = count(children[i]) - visits_before_[i] == visits;
    const double score = gumbels_[i] + logits[i];
    if (i == 0 || counts > best_counts ||
        (counts == best_counts && score > gumbels_[best] + logits[best])) {
      best = i;
      best_counts = counts;
    }
  }
  return best;
}

std::size_t GumbelRoot::select(const Tree& tree, const SearchConfig& config) const {
  return best_with(tree, config, halving_.round(), [](const Node& n) { return n.started(); });
}

std::size_t GumbelRoot::best(const Tree& tree, const SearchConfig& config) const {
  const auto children = tree.children(tree.root());
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    most = std::max(most, children[i].visits - visits_before_[i]);
  }
  return best_with(tree, config, most, [](const Node& n) { return n.visits; });
}

std::vector<double> improved_policy(const Tree& tree, const Node& node,
                                    const SearchConfig& config) {
  std::vector<double> policy = improved_logits(tree, node, config);
  softmax(policy);
  return policy;
}

std::size_t select_gumbel(const Tree& tree, const Node& parent, const SearchConfig& config) {
  if (parent.child_count == 0) return 0;
  const auto children = tree.children(parent);
  const auto policy = improved_policy(tree, parent, config);
  std::uint32_t total = 1;
  for (const Node& child : children) total += child.started();
  const auto is_candidate = [&](std::size_t slot) {
    return slot >= children.size() || children[slot].end != End::loss || !config.prove_ends;
  };
  // Of the untried moves the first is the best.
  const std::size_t slots = std::min<std::size_t>(children.size() + 1, parent.edge_count);
  std::size_t best = 0;
  double best_lag = -std::numeric_limits<double>::infinity();
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const double started = slot < children.size() ? children[slot].started() : 0.0;
    const double lag = policy[slot] - started / total;
    if (is_candidate(slot) && lag > best_lag) {
      best = slot;
      best_lag = lag;
    }
  }
  return best;
}

}  // namespace az
