// Writes 8x8 planes of floats one after the other into a caller's buffer.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <span>

#include "chess/bitboard.h"

namespace az {

namespace detail {

// Eight bits as eight floats: one table row is one rank of a plane.
inline constexpr auto kRankOfBits = [] {
  std::array<std::array<float, 8>, 256> table{};
  for (int bits = 0; bits < 256; ++bits) {
    for (int file = 0; file < 8; ++file) table[bits][file] = static_cast<float>(bits >> file & 1);
  }
  return table;
}();

}  // namespace detail

class PlaneWriter {
 public:
  // planes: `[C, 8, 8]` float32, all of it to be overwritten.
  explicit PlaneWriter(std::span<float> planes)
      : next_(planes.data()), end_(planes.data() + planes.size()) {}
  ~PlaneWriter() { assert(next_ == end_); }
  PlaneWriter(const PlaneWriter&) = delete;
  PlaneWriter& operator=(const PlaneWriter&) = delete;

  // One on the squares of the set, zero elsewhere.
  void set(Bitboard squares) {
    if (squares.empty()) return fill(0.0f);
    for (int rank = 0; rank < 8; ++rank) {
      const auto& row = detail::kRankOfBits[squares.bits() >> (8 * rank) & 255];
      std::memcpy(next_ + 8 * rank, row.data(), sizeof(row));
    }
    next_ += kSquares;
  }
  void fill(float value) {
    std::fill_n(next_, kSquares, value);
    next_ += kSquares;
  }
  void flag(bool value) { fill(value ? 1.0f : 0.0f); }
  void zeros(int planes) {
    std::fill_n(next_, static_cast<std::ptrdiff_t>(planes) * kSquares, 0.0f);
    next_ += static_cast<std::ptrdiff_t>(planes) * kSquares;
  }

 private:
  float* next_;
  float* end_;
};

}  // namespace az
