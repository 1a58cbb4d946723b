// Random numbers that, xored together, name a position (Zobrist 1970).
#pragma once

#include <array>
#include <cstdint>

#include "chess/types.h"

namespace az {

using Key = std::uint64_t;

namespace detail {

struct ZobristKeys {
  std::array<std::array<std::array<Key, kSquares>, kPieceTypes>, kColors> piece{};
  std::array<Key, kSquares> castling_rook{};
  std::array<Key, 8> en_passant_file{};
  Key black_to_move{};
};

// SplitMix64 (Steele, Lea and Flood 2014).
constexpr Key next_random(Key& state) {
  Key z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

inline constexpr ZobristKeys kZobrist = [] {
  ZobristKeys keys;
  Key state = 2017;
  for (auto& types : keys.piece) {
    for (auto& squares : types) {
      for (Key& key : squares) key = next_random(state);
    }
  }
  for (Key& key : keys.castling_rook) key = next_random(state);
  for (Key& key : keys.en_passant_file) key = next_random(state);
  keys.black_to_move = next_random(state);
  return keys;
}();

}  // namespace detail

}  // namespace az
