#include "chess/movegen.h"

#include "chess/movegen_variants.h"
#include "chess/perft.h"

namespace az {

MoveList legal_moves(const Position& position) {
  return has_fast_bits() ? FastMovegen::legal_moves(position)
                         : PortableMovegen::legal_moves(position);
}

int count_legal_moves(const Position& position) {
  return has_fast_bits() ? FastMovegen::count_legal_moves(position)
                         : PortableMovegen::count_legal_moves(position);
}

bool has_legal_move(const Position& position) { return count_legal_moves(position) != 0; }

}  // namespace az
