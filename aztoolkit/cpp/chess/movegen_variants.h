// The move generator, compiled once for each set of instructions.
#pragma once

#include <cstdint>

#include "chess/cpu.h"
#include "chess/movegen.h"

namespace az {

// Runs on any processor.
struct PortableMovegen {
  static MoveList legal_moves(const Position& position);
  static int count_legal_moves(const Position& position);
  static std::uint64_t perft(const Position& position, int depth);
};

#if AZ_X86_64
// Uses POPCNT, BMI1 and BMI2: only where has_fast_bits().
struct FastMovegen {
  static MoveList legal_moves(const Position& position);
  static int count_legal_moves(const Position& position);
  static std::uint64_t perft(const Position& position, int depth);
};
#else
using FastMovegen = PortableMovegen;
#endif

}  // namespace az
