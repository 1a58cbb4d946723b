// What a network said of positions, kept for when they come again: after a move is taken back, or in
// other games that open alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "chess/game.h"
#include "mcts/config.h"
#include "mcts/node.h"

namespace az {

// Equal for games whose encoded planes and policy indices are equal, whatever the encoding.
[[nodiscard]] Key history_key(const Game& game);

// Of one network: whoever changes the network clears the cache. Searches of several threads may
// share one. Memory is fixed: a new position takes the place of an older one.
class EvaluationCache {
 public:
  using WdlLogits = std::array<float, 3>;

  explicit EvaluationCache(std::size_t memory_bytes);

  // Writes the policy logits of a position into its edges, which stand in the order of
  // legal_moves, and returns its wdl logits; none if it is not known.
  [[nodiscard]] std::optional<WdlLogits> find(Key key, std::span<Edge> edges);
  // Keeps what find would write and return. Positions with very many moves are not kept.
  void store(Key key, std::span<const Edge> edges, const WdlLogits& wdl);
  void clear();

  [[nodiscard]] std::uint64_t lookups() const { return lookups_; }
  [[nodiscard]] std::uint64_t hits() const { return hits_; }
  [[nodiscard]] std::size_t memory_bytes() const { return entries_.size() * sizeof(Entry); }

 private:
  static constexpr std::size_t kMostMoves = 64;
  struct Entry {
    Key key = 0;
    WdlLogits wdl{};
    std::uint32_t moves = 0;  // 0: empty
    std::array<float, kMostMoves> policy{};
  };

  [[nodiscard]] Entry& place_of(Key key) { return entries_[key % entries_.size()]; }

  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t lookups_ = 0, hits_ = 0;
};

}  // namespace az
