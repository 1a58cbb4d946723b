// The move generator with POPCNT, BMI1 and BMI2; see cpu.h for who may run it.
//
// Other headers come before the target is switched on, so that no inline function shared with
// other files is compiled for it.
#include "chess/movegen_variants.h"
#include "chess/slider_tables.h"

#if AZ_X86_64

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("popcnt,bmi,bmi2"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("popcnt,bmi,bmi2")
#endif

namespace az {

namespace {

class Sliders {
 public:
  [[nodiscard]] Bitboard straight(Square s, Bitboard occupied) const {
    return look_up(tables_.rook(s), occupied);
  }
  [[nodiscard]] Bitboard diagonal(Square s, Bitboard occupied) const {
    return look_up(tables_.bishop(s), occupied);
  }

 private:
  static Bitboard look_up(const SliderTables::Entry& entry, Bitboard occupied) {
    return entry.table[_pext_u64(occupied.bits(), entry.mask)];
  }

  const SliderTables& tables_ = SliderTables::instance();
};

}  // namespace

}  // namespace az

#define AZ_MOVEGEN FastMovegen
#include "chess/movegen_core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
