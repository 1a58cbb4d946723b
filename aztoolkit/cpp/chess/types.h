// The smallest nouns of chess: colours, piece types and squares.
#pragma once

#include <compare>
#include <cstdint>

namespace az {

enum class Color : std::uint8_t { white, black };
enum class PieceType : std::uint8_t { pawn, knight, bishop, rook, queen, king };

inline constexpr int kColors = 2;
inline constexpr int kPieceTypes = 6;
inline constexpr int kSquares = 64;

[[nodiscard]] constexpr Color operator!(Color color) {
  return static_cast<Color>(static_cast<int>(color) ^ 1);
}
[[nodiscard]] constexpr int index_of(Color color) { return static_cast<int>(color); }
[[nodiscard]] constexpr int index_of(PieceType type) { return static_cast<int>(type); }

// One of the 64 squares: a1 = 0, b1 = 1, ..., h8 = 63.
class Square {
 public:
  constexpr Square() = default;
  constexpr explicit Square(int index) : index_(static_cast<std::uint8_t>(index)) {}
  [[nodiscard]] static constexpr Square at(int file, int rank) { return Square(rank * 8 + file); }

  [[nodiscard]] constexpr int index() const { return index_; }
  [[nodiscard]] constexpr int file() const { return index_ & 7; }
  [[nodiscard]] constexpr int rank() const { return index_ >> 3; }

  // The square seen from the other side of the board: a1 <-> a8.
  [[nodiscard]] constexpr Square flipped() const { return Square(index_ ^ 56); }
  [[nodiscard]] constexpr Square seen_by(Color color) const {
    return Square(index_ ^ (56 * index_of(color)));
  }
  constexpr bool operator==(const Square&) const = default;
  constexpr auto operator<=>(const Square&) const = default;

 private:
  std::uint8_t index_ = 0;
};

}  // namespace az
