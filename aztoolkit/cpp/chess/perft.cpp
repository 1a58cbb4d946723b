#include "chess/perft.h"

#include <cassert>

#include "chess/movegen.h"
#include "chess/movegen_variants.h"

namespace az {

std::uint64_t perft(const Position& position, int depth) {
  return has_fast_bits() ? FastMovegen::perft(position, depth)
                         : PortableMovegen::perft(position, depth);
}

std::vector<std::pair<Move, std::uint64_t>> perft_divide(const Position& position, int depth) {
  assert(depth >= 1);
  std::vector<std::pair<Move, std::uint64_t>> counts;
  for (Move move : legal_moves(position)) {
    counts.emplace_back(move, perft(position.after(move), depth - 1));
  }
  return counts;
}

}  // namespace az
