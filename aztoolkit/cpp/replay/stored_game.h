// A game at rest: its moves, sparse policies and outcome, and now and then a position.
//
//   ply         0    1    2   ...   16   17  ...
//   snapshots   *                   *             88 bytes each
//   moves         m    m    m  ...     m          2 bytes a ply
//   repetitions r    r    r   ...   r    r        1 byte a ply
//   targets          t    t         t    t        6 bytes a position, 4 a weight
//
// A position is rebuilt from the snapshot before its history: at most 22 moves are made, and how
// often the positions on the way had occurred is known already.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chess/game.h"
#include "replay/record.h"
#include "replay/rows.h"

namespace az {

class StoredGame {
 public:
  // Throws PositionError where the record is not a game by the rules, with policies over its legal
  // moves; the text names the ply.
  explicit StoredGame(const GameRecord& record);

  // Plies that are targets.
  [[nodiscard]] std::size_t positions() const { return plies_.size(); }
  [[nodiscard]] std::size_t bytes() const;

  // Writes one of the positions. `mirrored` turns left and right over where nobody may castle any
  // more; other positions have no mirror image and are written as they are.
  void write(std::size_t index, bool mirrored, const Rows& row) const;

 private:
  struct Weight {
    std::uint16_t index, weight;
  };
  using Outcome3 = std::array<std::uint16_t, kOutcomes>;

  static constexpr std::size_t kPliesASnapshot = 16;

  void reserve(const GameRecord& record);
  void append_targets(const GameRecord& record, const Game& game, std::size_t ply);
  [[nodiscard]] std::vector<Frame> frames(std::size_t ply) const;
  [[nodiscard]] std::span<const Weight> weights(std::size_t index) const;
  void write_policy(std::size_t index, bool mirrored, std::span<float> policy) const;
  void write_wdl(std::size_t index, Color turn, std::span<float> wdl) const;

  std::vector<Position> snapshots_;
  std::vector<Move> moves_;
  std::vector<std::uint8_t> repetitions_;
  std::vector<std::uint16_t> plies_;        // of the targets
  std::vector<std::uint32_t> policy_ends_;  // of the targets, in weights_
  std::vector<Weight> weights_;
  std::vector<Outcome3> labels_;  // of the targets; empty where the result is the target
  std::int8_t result_;
};

}  // namespace az
