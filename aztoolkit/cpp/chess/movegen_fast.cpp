// The move generator with POPCNT, BMI1 and BMI2; see cpu.h for who may run it.
//
// The standard headers come before the target is switched on, so that no inline function shared
// with other files is compiled for it.
#include "chess/movegen_variants.h"

#if AZ_X86_64

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("popcnt,bmi,bmi2"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("popcnt,bmi,bmi2")
#endif

namespace az {

namespace {

Bitboard slide_straight(Square s, Bitboard occupied) { return rook_attacks(s, occupied); }
Bitboard slide_diagonal(Square s, Bitboard occupied) { return bishop_attacks(s, occupied); }

}  // namespace

}  // namespace az

#define AZ_MOVEGEN FastMovegen
#include "chess/movegen_core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
