// Mates in one.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "chess/bitboard.h"
#include "chess/move.h"
#include "chess/position.h"

namespace az {

// Knows from where each piece would give check, so that few moves have to be played. Keeps a reference.
class MateFinder {
 public:
  explicit MateFinder(const Position& position);

  // Whether a legal move ends the game by checkmate.
  [[nodiscard]] bool is_mate(Move move) const { return may_check(move) && mates(move); }

 private:
  [[nodiscard]] bool may_check(Move move) const;
  [[nodiscard]] bool mates(Move move) const;

  const Position& position_;
  // Squares from which a piece of a type gives check.
  std::array<Bitboard, kPieceTypes> checking_{};
  // Our pieces that stand alone between a slider of ours and the king.
  Bitboard uncovering_{};
};

// Whether one of the legal moves mates.
[[nodiscard]] bool has_mate(const Position& position, std::span<const Move> moves);

// A move that mates, of several the one of the lowest squares.
[[nodiscard]] std::optional<Move> find_mate(const Position& position);

}  // namespace az
