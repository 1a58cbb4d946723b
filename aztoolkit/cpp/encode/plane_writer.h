// Writes 8x8 planes of floats one after the other into a caller's buffer.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <span>

#include "chess/bitboard.h"

namespace az {

class PlaneWriter {
 public:
  // planes: `[C, 8, 8]` float32, all of it to be overwritten.
  explicit PlaneWriter(std::span<float> planes)
      : next_(planes.data()), end_(planes.data() + planes.size()) {
    std::memset(planes.data(), 0, planes.size_bytes());  // most squares of most planes stay so
  }
  ~PlaneWriter() { assert(next_ == end_); }
  PlaneWriter(const PlaneWriter&) = delete;
  PlaneWriter& operator=(const PlaneWriter&) = delete;

  // One on the squares of the set, zero elsewhere.
  void set(Bitboard squares) {
    for (Square square : squares) next_[square.index()] = 1.0f;
    skip(1);
  }
  void fill(float value) {
    std::fill_n(next_, kSquares, value);
    skip(1);
  }
  void flag(bool value) {
    if (value) fill(1.0f);
    else skip(1);
  }
  // Leaves so many planes zero.
  void skip(int planes) { next_ += static_cast<std::ptrdiff_t>(planes) * kSquares; }

 private:
  float* next_;
  float* end_;
};

}  // namespace az
