// A set of squares in 64 bits: bit i is square i (a1 = 0).
#pragma once

#include <bit>
#include <cstdint>

#include "chess/types.h"

namespace az {

class Bitboard {
 public:
  // Visits the squares of a set from a1 to h8.
  class Iterator {
   public:
    constexpr explicit Iterator(std::uint64_t bits) : bits_(bits) {}
    constexpr Square operator*() const { return Square(std::countr_zero(bits_)); }
    constexpr Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    constexpr bool operator==(const Iterator&) const = default;

   private:
    std::uint64_t bits_;
  };

  constexpr Bitboard() = default;
  constexpr explicit Bitboard(std::uint64_t bits) : bits_(bits) {}
  constexpr explicit Bitboard(Square square) : bits_(std::uint64_t{1} << square.index()) {}

  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool any() const { return bits_ != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr int count() const { return std::popcount(bits_); }
  [[nodiscard]] constexpr bool more_than_one() const { return (bits_ & (bits_ - 1)) != 0; }
  [[nodiscard]] constexpr bool has(Square square) const { return (bits_ >> square.index()) & 1; }

  // The lowest and the highest square; the set must not be empty.
  [[nodiscard]] constexpr Square first() const { return Square(std::countr_zero(bits_)); }
  [[nodiscard]] constexpr Square last() const { return Square(63 - std::countl_zero(bits_)); }

  // The board turned upside down (rank 1 <-> rank 8); every compiler here makes it one bswap.
  [[nodiscard]] constexpr Bitboard flipped() const {
    std::uint64_t b = bits_;
    b = ((b >> 8) & 0x00FF00FF00FF00FFULL) | ((b & 0x00FF00FF00FF00FFULL) << 8);
    b = ((b >> 16) & 0x0000FFFF0000FFFFULL) | ((b & 0x0000FFFF0000FFFFULL) << 16);
    return Bitboard((b >> 32) | (b << 32));
  }
  [[nodiscard]] constexpr Bitboard seen_by(Color color) const {
    return color == Color::white ? *this : flipped();
  }

  constexpr Bitboard operator~() const { return Bitboard(~bits_); }
  constexpr Bitboard operator&(Bitboard other) const { return Bitboard(bits_ & other.bits_); }
  constexpr Bitboard operator|(Bitboard other) const { return Bitboard(bits_ | other.bits_); }
  constexpr Bitboard operator^(Bitboard other) const { return Bitboard(bits_ ^ other.bits_); }
  constexpr Bitboard operator<<(int n) const { return Bitboard(bits_ << n); }
  constexpr Bitboard operator>>(int n) const { return Bitboard(bits_ >> n); }
  constexpr Bitboard& operator&=(Bitboard other) { return *this = *this & other; }
  constexpr Bitboard& operator|=(Bitboard other) { return *this = *this | other; }
  constexpr Bitboard& operator^=(Bitboard other) { return *this = *this ^ other; }
  constexpr bool operator==(const Bitboard&) const = default;

  [[nodiscard]] constexpr Iterator begin() const { return Iterator(bits_); }
  [[nodiscard]] constexpr Iterator end() const { return Iterator(0); }

 private:
  std::uint64_t bits_ = 0;
};

inline constexpr Bitboard kNone{};
inline constexpr Bitboard kAll{~std::uint64_t{0}};
inline constexpr Bitboard kFileA{0x0101010101010101ULL};
inline constexpr Bitboard kFileH{0x8080808080808080ULL};
inline constexpr Bitboard kRank1{0x00000000000000FFULL};
inline constexpr Bitboard kRank8{0xFF00000000000000ULL};
inline constexpr Bitboard kLightSquares{0x55AA55AA55AA55AAULL};
inline constexpr Bitboard kDarkSquares{0xAA55AA55AA55AA55ULL};

[[nodiscard]] constexpr Bitboard file_mask(int file) { return kFileA << file; }
[[nodiscard]] constexpr Bitboard rank_mask(int rank) { return kRank1 << (8 * rank); }
[[nodiscard]] constexpr Bitboard back_rank(Color color) {
  return color == Color::white ? kRank1 : kRank8;
}

// Directions are differences of square indices, as seen by White.
enum class Direction : int {
  north = 8,
  north_east = 9,
  east = 1,
  south_east = -7,
  south = -8,
  south_west = -9,
  west = -1,
  north_west = 7
};

// Every square of the set moved one step; what would leave the board is dropped.
template <Direction direction>
[[nodiscard]] constexpr Bitboard shift(Bitboard set) {
  constexpr int kStep = static_cast<int>(direction);
  constexpr int kFileStep = ((kStep + 12) & 7) - 4;  // -1, 0 or +1
  if constexpr (kFileStep > 0) set &= ~kFileH;
  if constexpr (kFileStep < 0) set &= ~kFileA;
  if constexpr (kStep > 0) return set << kStep;
  else return set >> -kStep;
}

}  // namespace az
