// The move generator for any processor.
#include "chess/movegen_variants.h"

namespace az {

namespace {

Bitboard slide_straight(Square s, Bitboard occupied) { return rook_attacks(s, occupied); }
Bitboard slide_diagonal(Square s, Bitboard occupied) { return bishop_attacks(s, occupied); }

}  // namespace

}  // namespace az

#define AZ_MOVEGEN PortableMovegen
#include "chess/movegen_core.h"
