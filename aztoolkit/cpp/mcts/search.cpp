#include "mcts/search.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "chess/mate.h"
#include "chess/movegen.h"
#include "mcts/priors.h"
#include "mcts/puct.h"

namespace az {

namespace {

constexpr int kUsualDepth = 64;
// Ends of game in one gather: so that a search among them looks at the clock now and then.
constexpr int kMostEnds = 256;
constexpr std::size_t kWdl = 3;

// How the game has ended on the board, for the player who moved last.
End end_of_game(const Game& game, std::size_t legal_moves, int root_ply) {
  if (legal_moves == 0) return game.position().is_check() ? End::win : End::draw;
  constexpr int kThreefold = 2;  // earlier occurrences
  const bool drawn = is_insufficient_material(game.position()) || game.is_fifty_moves() ||
                     game.repeats_since(root_ply) || game.repetitions() >= kThreefold;
  return drawn ? End::draw : End::none;
}

}  // namespace

Search::Search(const SearchConfig& config, std::shared_ptr<EvaluationCache> cache)
    : config_(config),
      cache_(std::move(cache)),
      tree_(config.memory_bytes, config.policy_temperature),
      random_(config.seed) {}

void Search::set_game(Game game) {
  forget_waiting();
  game_ = std::move(game);
  kept_ = false;
}

void Search::push(Move move) {
  forget_waiting();
  game_.push(move);
  kept_ = kept_ && tree_.advance(move);
  root_moved_ = true;
}

void Search::start(std::uint32_t simulations) {
  forget_waiting();
  const Node& root = tree_.root();
  const bool ended_by_rule = root.end != End::none && root.child_count == 0;
  if (!kept_ || (root_moved_ && ended_by_rule)) {
    tree_.clear();
    noised_ = false;
  } else if (root_moved_) {
    tree_.cut();
    noised_ = false;
  }
  root_moved_ = false;
  kept_ = true;
  out_of_memory_ = false;
  root_ply_ = game_.plies();
  game_.reserve(kUsualDepth);
  started_ = simulations_ = 0;
  target_ = is_decided() ? 0 : simulations;
  gumbel_.reset();
  prepare_root();
}

std::size_t Search::gather(std::span<float> planes) {
  assert(leaves_.empty());
  const std::size_t stride = static_cast<std::size_t>(plane_count(config_.encoding)) * kSquares;
  const std::size_t capacity = planes.size() / stride;
  for (int ends = 0; leaves_.size() < capacity && started_ < target_ && ends < kMostEnds;) {
    if (!leaves_.empty() && begins_phase()) break;
    if (!tree_.has_room()) {
      out_of_memory_ = true;
      stop();
      break;
    }
    descend();
    if (path_.back()->in_flight > 0) {  // it waits already: a collision ends the batch
      leave();
      break;
    }
    ++started_;
    if (gumbel_ && path_.size() > 1) gumbel_->halving().advance();
    if (settle(*path_.back())) {
      ++ends;
    } else {
      wait(planes.subspan(leaves_.size() * stride, stride));
    }
    leave();
  }
  return leaves_.size();
}

void Search::apply(std::span<const float> policy, std::span<const float> wdl) {
  const auto actions = static_cast<std::size_t>(action_count(config_.action_space));
  assert(policy.size() == leaves_.size() * actions && wdl.size() == leaves_.size() * kWdl);
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    follow(leaves_[i]);
    for (Node* node : path_) --node->in_flight;
    Node& leaf = *path_.back();
    const auto logits = policy.subspan(i * actions, actions);
    for (Edge& edge : tree_.edges(leaf)) edge.prior = logits[edge.index];
    const auto answer = wdl.subspan(i * kWdl).first<kWdl>();
    if (cache_) {
      cache_->store(leaves_[i].key, tree_.edges(leaf), {answer[0], answer[1], answer[2]});
    }
    evaluate(leaf, answer);
  }
  leaves_.clear();
  slots_.clear();
  prepare_root();
}

// Whether the root is proven won or lost: there is nothing left to search.
bool Search::is_decided() const {
  const End end = tree_.root().end;
  return config_.prove_ends && (end == End::win || end == End::loss);
}

bool Search::is_leaf(const Node& node) const {
  return node.visits == 0 || (node.end != End::none && &node != path_.front());
}

// Plays from the root to a leaf; leaves its path in path_ and, as slots, at the end of slots_.
void Search::descend() {
  Node* node = &tree_.root();
  path_.assign(1, node);
  while (!is_leaf(*node)) {
    const std::size_t slot = select(*node);
    Node* next = &tree_.child(*node, slot);
    slots_.push_back(static_cast<std::uint16_t>(slot));
    game_.push(tree_.edges(*node)[slot].move);
    path_.push_back(next);
    node = next;
  }
}

std::size_t Search::select(const Node& node) const {
  if (config_.algorithm == Algorithm::puct) return select_puct(tree_, node, config_);
  if (gumbel_ && &node == path_.front()) return gumbel_->select(tree_, config_);
  return select_gumbel(tree_, node, config_);
}

bool Search::begins_phase() { return gumbel_ && gumbel_->halving().begins_phase(); }

// Goes back to the root; what waits keeps its slots.
void Search::leave() {
  game_.truncate(root_ply_);
  slots_.resize(leaves_.empty() ? 0 : leaves_.back().first_slot + leaves_.back().depth);
}

// Gives a leaf its moves. Backs it up and returns true if the game has ended there, or ends by the
// next move, or the cache knows what the network would say.
bool Search::settle(Node& leaf) {
  const bool is_root = path_.size() == 1;
  if (leaf.visits == 0) {
    const MoveList moves = legal_moves(game_.position());
    if (!is_root) {
      leaf.end = end_of_game(game_, moves.size(), root_ply_);
      if (leaf.end == End::none && finds_mates() && has_mate(game_.position(), moves)) {
        leaf.end = End::loss;
      }
    }
    if (leaf.end == End::none) {
      tree_.add_edges(leaf, moves, config_.action_space, game_.position());
      if (cache_ && recall(leaf)) return true;
    }
  }
  if (leaf.end == End::none || is_root) return false;
  backup(value_of(leaf.end), leaf.end == End::draw ? 1.0 : 0.0);
  return true;
}

bool Search::recall(Node& leaf) {
  key_ = history_key(game_);
  const auto wdl = cache_->find(key_, tree_.edges(leaf));
  if (!wdl) return false;
  evaluate(leaf, *wdl);
  if (path_.size() == 1) prepare_root();
  return true;
}

// Backs up the end of path_, whose logits are in its edges.
void Search::evaluate(Node& leaf, std::span<const float, 3> wdl) {
  const Wdl p = softmax_wdl(wdl);
  const double value = p.loss - p.win;  // for the player who moved here
  leaf.raw_value = static_cast<float>(value);
  backup(value, p.draw);
}

// Leaves the end of path_ to the network.
void Search::wait(std::span<float> planes) {
  const std::size_t depth = path_.size() - 1;
  leaves_.push_back(
      {static_cast<std::uint32_t>(slots_.size() - depth), static_cast<std::uint32_t>(depth), key_});
  for (Node* node : path_) ++node->in_flight;
  encode(config_.encoding, game_, planes);
}

// Sets path_ to that of a leaf that waits.
void Search::follow(const Leaf& leaf) {
  path_.assign(1, &tree_.root());
  for (std::uint32_t i = 0; i < leaf.depth; ++i) {
    path_.push_back(&tree_.children(*path_.back())[slots_[leaf.first_slot + i]]);
  }
}

// value: of the end of path_, for the player who moved there.
void Search::backup(double value, double draw) {
  for (std::size_t i = path_.size(); i-- > 0;) {
    Node& node = *path_[i];
    if (config_.prove_ends) {
      if (i + 1 < path_.size()) prove(node, *path_[i + 1]);
      if (node.end == End::win || node.end == End::loss) {
        value = value_of(node.end);
        draw = 0.0;
      }
    }
    ++node.visits;
    node.value_sum += value;
    node.draw_sum += draw;
    value = -value;
  }
  ++simulations_;
  if (is_decided()) stop();
}

// A move that wins loses for the player before; if all lose, that player has won.
void Search::prove(Node& parent, const Node& child) const {
  if (parent.end != End::none) return;
  if (child.end == End::win) parent.end = End::loss;
  if (child.end != End::loss || parent.child_count < parent.edge_count) return;
  for (const Node& other : tree_.children(parent)) {
    if (other.end != End::loss) return;
  }
  parent.end = End::win;
}

// Once the root has been evaluated: gives it all its children, draws the search's random numbers.
void Search::prepare_root() {
  if (tree_.root().visits == 0) return;
  tree_.add_all_children();
  if (config_.algorithm == Algorithm::gumbel) {
    if (!gumbel_) gumbel_.emplace(tree_, config_, target_ - started_, random_);
  } else if (config_.noise_fraction > 0.0 && !noised_) {
    add_noise();
    noised_ = true;
  }
  if (finds_mates() && tree_.root().end == End::none && tree_.root().visits == 1) play_mate();
}

// Visits a move that mates, if the root has one: it may be none of those the search would try.
void Search::play_mate() {
  Node& root = tree_.root();
  const auto mate = find_mate(game_.position());
  if (!mate) return;
  const auto edges = tree_.edges(root);
  const std::size_t slot = std::ranges::find(edges, *mate, &Edge::move) - edges.begin();
  Node& child = tree_.children(root)[slot];
  child.end = End::win;
  path_ = {&root, &child};
  ++started_;
  backup(1.0, 0.0);
}

// Mixes Dirichlet noise into the root's priors.
void Search::add_noise() {
  const double fraction = config_.noise_fraction;
  const auto edges = tree_.edges(tree_.root());
  const auto shares = random_.dirichlet(config_.noise_alpha, edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const double mixed = (1.0 - fraction) * edges[i].prior + fraction * shares[i];
    edges[i].prior = static_cast<float>(mixed);
  }
}

void Search::forget_waiting() {
  for (const Leaf& leaf : leaves_) {
    follow(leaf);
    for (Node* node : path_) --node->in_flight;
  }
  leaves_.clear();
  slots_.clear();
}

}  // namespace az
