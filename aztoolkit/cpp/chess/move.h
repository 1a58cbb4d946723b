// A legal move of a known position, in 16 bits.
#pragma once

#include <cstdint>

#include "chess/types.h"

namespace az {

// What a move does. The first six name the piece that moves, so that playing a move never has
// to look it up:  | kind:4 | to:6 | from:6 |
enum class MoveKind : std::uint8_t {
  pawn,
  knight,
  bishop,
  rook,
  queen,
  king,
  double_push,
  en_passant,
  castle,
  promote_knight,
  promote_bishop,
  promote_rook,
  promote_queen
};

// Castling is stored as "king takes own rook" in every variant of chess; see uci.h and encode/
// for how it is written. The default value is no move at all (a1a1).
class Move {
 public:
  constexpr Move() = default;
  constexpr Move(MoveKind kind, Square from, Square to)
      : bits_(static_cast<std::uint16_t>(from.index() | to.index() << 6 |
                                         static_cast<int>(kind) << 12)) {}
  [[nodiscard]] static constexpr Move from_bits(std::uint16_t bits) {
    Move move;
    move.bits_ = bits;
    return move;
  }

  [[nodiscard]] constexpr Square from() const { return Square(bits_ & 63); }
  [[nodiscard]] constexpr Square to() const { return Square((bits_ >> 6) & 63); }
  [[nodiscard]] constexpr MoveKind kind() const { return static_cast<MoveKind>(bits_ >> 12); }
  [[nodiscard]] constexpr bool is_castle() const { return kind() == MoveKind::castle; }
  [[nodiscard]] constexpr bool is_promotion() const { return kind() >= MoveKind::promote_knight; }

  // The piece a promotion makes; only for promotions.
  [[nodiscard]] constexpr PieceType promotion() const {
    constexpr int kFirst = static_cast<int>(MoveKind::promote_knight);
    return static_cast<PieceType>(static_cast<int>(kind()) - kFirst + 1);
  }

  [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
  constexpr explicit operator bool() const { return bits_ != 0; }
  constexpr bool operator==(const Move&) const = default;

 private:
  std::uint16_t bits_ = 0;
};

// Where king and rook stand after castling with the rook on `rook`.
[[nodiscard]] constexpr Square castled_king(Square king, Square rook) {
  return Square::at(rook > king ? 6 : 2, king.rank());
}
[[nodiscard]] constexpr Square castled_rook(Square king, Square rook) {
  return Square::at(rook > king ? 5 : 3, king.rank());
}

}  // namespace az
