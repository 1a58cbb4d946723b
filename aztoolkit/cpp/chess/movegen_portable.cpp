// The move generator for any processor.
#include "chess/movegen_variants.h"

namespace az {

namespace {

struct Sliders {
  [[nodiscard]] Bitboard straight(Square s, Bitboard occupied) const {
    return rook_attacks(s, occupied);
  }
  [[nodiscard]] Bitboard diagonal(Square s, Bitboard occupied) const {
    return bishop_attacks(s, occupied);
  }
};

}  // namespace

}  // namespace az

#define AZ_MOVEGEN PortableMovegen
#include "chess/movegen_core.h"
