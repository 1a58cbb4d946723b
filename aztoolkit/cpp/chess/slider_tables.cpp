#include "chess/slider_tables.h"

#include "chess/attacks.h"

namespace az {

namespace {

using Attacks = Bitboard (*)(Square, Bitboard);

// A piece on the edge may be blocked along that edge, but never at the end of a line.
constexpr Bitboard inner(Square s, Bitboard lines) {
  const Bitboard ends =
      ((kRank1 | kRank8) & ~rank_mask(s.rank())) | ((kFileA | kFileH) & ~file_mask(s.file()));
  return lines & ~ends;
}

// Writes the attacks for each set of blockers. (blockers - mask) & mask steps through the
// subsets of the mask in the order in which PEXT numbers them.
SliderTables::Entry write(Bitboard*& next, Square s, Bitboard mask, Attacks attacks) {
  const SliderTables::Entry entry{mask.bits(), next};
  std::uint64_t blockers = 0;
  do {
    *next++ = attacks(s, Bitboard(blockers));
    blockers = (blockers - mask.bits()) & mask.bits();
  } while (blockers != 0);
  return entry;
}

}  // namespace

const SliderTables& SliderTables::instance() {
  static const SliderTables tables;
  return tables;
}

SliderTables::SliderTables() {
  Bitboard* next = attacks_.data();
  for (int i = 0; i < kSquares; ++i) {
    const Square s(i);
    rooks_[i] = write(next, s, inner(s, rook_lines(s)), rook_attacks);
    bishops_[i] = write(next, s, inner(s, bishop_lines(s)), bishop_attacks);
  }
}

}  // namespace az
