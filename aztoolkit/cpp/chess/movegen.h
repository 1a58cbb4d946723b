// Truly legal moves: nothing is generated that has to be tested afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "chess/move.h"
#include "chess/position.h"

namespace az {

// A list of moves without allocation. Positions that can be reached have at most 218 moves, but
// boards full of queens are accepted too: n pieces have at most 27 n moves, and a square that is
// not ours can be reached from 8 lines and 8 knight's jumps (promotions to the 8 last squares add
// 72), so that min(27 n, 16 (64 - n) + 72) < 704 bounds them all.
class MoveList {
 public:
  static constexpr std::size_t kCapacity = 704;

  MoveList() {}  // leaves the moves uninitialised: this is the hottest object of the program
  void append(Move move) { moves_[size_++] = move; }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Move operator[](std::size_t i) const { return moves_[i]; }
  [[nodiscard]] const Move* begin() const { return moves_.data(); }
  [[nodiscard]] const Move* end() const { return moves_.data() + size_; }
  operator std::span<const Move>() const { return {moves_.data(), size_}; }

 private:
  std::size_t size_ = 0;
  std::array<Move, kCapacity> moves_;
};

// All legal moves, in an order that depends on the position alone.
[[nodiscard]] MoveList legal_moves(const Position& position);

// As many as legal_moves would give, counted without writing them down.
[[nodiscard]] int count_legal_moves(const Position& position);

[[nodiscard]] bool has_legal_move(const Position& position);

}  // namespace az
