// One tree over one game. The caller drives it: `gather` writes the leaves that want a network's
// evaluation, `apply` takes the answers in the same order, until `done`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "chess/game.h"
#include "mcts/config.h"
#include "mcts/evaluation_cache.h"
#include "mcts/gumbel.h"
#include "mcts/random.h"
#include "mcts/tree.h"

namespace az {

class Search {
 public:
  explicit Search(const SearchConfig& config, std::shared_ptr<EvaluationCache> cache = nullptr);

  // Another game: the tree is dropped.
  void set_game(Game game);
  // The game goes on by a legal move: the part of the tree below it is kept.
  void push(Move move);
  // Begins so many new simulations; the position must have a legal move. Leaves that wait are
  // forgotten.
  void start(std::uint32_t simulations);

  // Ends the search early: what is in flight may be applied, nothing more is gathered.
  void stop() { target_ = started_; }
  [[nodiscard]] bool done() const { return simulations_ >= target_; }

  // planes: `[B, C, 8, 8]` float32; returns how many leaves were written, 0 to B.
  [[nodiscard]] std::size_t gather(std::span<float> planes);
  // policy: `[n, A]` and wdl: `[n, 3]` float32 logits for the n leaves gathered last.
  void apply(std::span<const float> policy, std::span<const float> wdl);

  [[nodiscard]] const SearchConfig& config() const { return config_; }
  [[nodiscard]] const Game& game() const { return game_; }
  [[nodiscard]] const Tree& tree() const { return tree_; }
  [[nodiscard]] std::size_t waiting() const { return leaves_.size(); }
  [[nodiscard]] std::uint32_t simulations() const { return simulations_; }
  // Of the search at hand, once its root has been evaluated; none with PUCT.
  [[nodiscard]] const std::optional<GumbelRoot>& gumbel() const { return gumbel_; }
  // Whether the last search ended early because the tree had used its memory.
  [[nodiscard]] bool out_of_memory() const { return out_of_memory_; }

 private:
  // A descent: where it went, as slots in slots_.
  struct Leaf {
    std::uint32_t first_slot, depth;
    Key key;  // of its history, if there is a cache
  };

  void descend();
  [[nodiscard]] bool is_decided() const;
  [[nodiscard]] bool is_leaf(const Node& node) const;
  [[nodiscard]] std::size_t select(const Node& node) const;
  [[nodiscard]] bool begins_phase();
  void leave();
  [[nodiscard]] bool finds_mates() const { return config_.prove_ends && config_.find_mates; }
  [[nodiscard]] bool settle(Node& leaf);
  [[nodiscard]] bool recall(Node& leaf);
  void wait(std::span<float> planes);
  void evaluate(Node& leaf, std::span<const float, 3> wdl);
  void follow(const Leaf& leaf);
  void backup(double value, double draw);
  void prove(Node& parent, const Node& child) const;
  void prepare_root();
  void play_mate();
  void add_noise();
  void forget_waiting();

  SearchConfig config_;
  std::shared_ptr<EvaluationCache> cache_;
  Key key_ = 0;  // of the leaf at hand, if there is a cache
  Game game_;
  Tree tree_;
  Random random_;
  int root_ply_ = 0;
  bool root_moved_ = false;  // since the last cut
  bool kept_ = true;         // whether the tree still has the position on the board
  bool noised_ = false;
  bool out_of_memory_ = false;
  std::optional<GumbelRoot> gumbel_;
  std::uint32_t started_ = 0, simulations_ = 0, target_ = 0;
  std::vector<Leaf> leaves_;          // waiting for the network
  std::vector<std::uint16_t> slots_;  // of all of them, from the root down
  std::vector<Node*> path_;           // of the descent at hand, root first
};

}  // namespace az
