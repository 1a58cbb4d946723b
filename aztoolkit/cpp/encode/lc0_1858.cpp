#include "encode/lc0_1858.h"

#include <array>
#include <cstdint>

#include "chess/attacks.h"

namespace az {

namespace {

struct Numbering {
  std::array<std::array<std::uint16_t, kSquares>, kSquares> plain{};  // [from][to]
  std::array<std::array<std::uint16_t, 3>, 8> promotion{};            // [from file][to - from + 1]
  int size = 0;
};

constexpr Numbering kNumbering = [] {
  constexpr int kPromotionPieces = 3;
  Numbering n;
  for (int from = 0; from < kSquares; ++from) {
    const Square s(from);
    for (Square to : rook_lines(s) | bishop_lines(s) | knight_attacks(s)) {
      n.plain[from][to.index()] = static_cast<std::uint16_t>(n.size++);
    }
  }
  for (int file = 0; file < 8; ++file) {
    for (int step = 0; step < 3; ++step) {
      if (file + step - 1 < 0 || file + step - 1 > 7) continue;
      n.promotion[file][step] = static_cast<std::uint16_t>(n.size);
      n.size += kPromotionPieces;
    }
  }
  return n;
}();

static_assert(kNumbering.size == kLc0Moves);

}  // namespace

int lc0_1858_index(const Position& position, Move move) {
  const Square from = move.from().seen_by(position.turn());
  const Square to = move.to().seen_by(position.turn());
  if (move.is_promotion() && move.promotion() != PieceType::knight) {
    const int after_queen = index_of(PieceType::queen) - index_of(move.promotion());
    return kNumbering.promotion[from.file()][to.file() - from.file() + 1] + after_queen;
  }
  return kNumbering.plain[from.index()][to.index()];
}

}  // namespace az
