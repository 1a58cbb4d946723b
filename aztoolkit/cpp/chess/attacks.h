// Which squares a piece attacks. Everything is a constant expression: no table is filled at run
// time. Sliders use hyperbola quintessence, o ^ (o - 2r) on each line of the piece
// (https://www.chessprogramming.org/Hyperbola_Quintessence).
#pragma once

#include <array>

#include "chess/bitboard.h"

namespace az {

namespace detail {

using SquareTable = std::array<Bitboard, kSquares>;

// The squares reached from `square` by steps of (file, rank), at most `limit` of them.
constexpr Bitboard ray(Square square, int df, int dr, int limit = 7) {
  std::uint64_t bits = 0;
  int file = square.file() + df, rank = square.rank() + dr;
  for (int i = 0; i < limit && file >= 0 && file < 8 && rank >= 0 && rank < 8; ++i) {
    bits |= std::uint64_t{1} << (rank * 8 + file);
    file += df;
    rank += dr;
  }
  return Bitboard(bits);
}

template <class Make>
constexpr SquareTable table_of(Make make) {
  SquareTable table{};
  for (int i = 0; i < kSquares; ++i) table[i] = make(Square(i));
  return table;
}

constexpr Bitboard leaps(Square s, const std::array<std::array<int, 2>, 8>& steps) {
  Bitboard set;
  for (const auto& step : steps) set |= ray(s, step[0], step[1], 1);
  return set;
}

inline constexpr std::array<std::array<int, 2>, 8> kKnightSteps{
    {{1, 2}, {2, 1}, {2, -1}, {1, -2}, {-1, -2}, {-2, -1}, {-2, 1}, {-1, 2}}};
inline constexpr std::array<std::array<int, 2>, 8> kKingSteps{
    {{0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}, {-1, 0}, {-1, 1}}};

inline constexpr SquareTable kKnightAttacks =
    table_of([](Square s) { return leaps(s, kKnightSteps); });
inline constexpr SquareTable kKingAttacks = table_of([](Square s) { return leaps(s, kKingSteps); });
inline constexpr std::array<SquareTable, kColors> kPawnAttacks{
    table_of([](Square s) { return ray(s, -1, 1, 1) | ray(s, 1, 1, 1); }),
    table_of([](Square s) { return ray(s, -1, -1, 1) | ray(s, 1, -1, 1); })};
// The lines through a square, without the square itself.
inline constexpr SquareTable kFiles =
    table_of([](Square s) { return ray(s, 0, 1) | ray(s, 0, -1); });
inline constexpr SquareTable kRanks =
    table_of([](Square s) { return ray(s, 1, 0) | ray(s, -1, 0); });
inline constexpr SquareTable kDiagonals =
    table_of([](Square s) { return ray(s, 1, 1) | ray(s, -1, -1); });
inline constexpr SquareTable kAntiDiagonals =
    table_of([](Square s) { return ray(s, -1, 1) | ray(s, 1, -1); });

// Attacks along a file or diagonal: each rank holds at most one square of the line, so turning
// the board upside down reverses the order of the line's bits.
constexpr Bitboard line_attacks(Square square, Bitboard occupied, Bitboard line) {
  const std::uint64_t blockers = (occupied & line).bits();
  const std::uint64_t up = blockers - 2 * Bitboard(square).bits();
  const std::uint64_t down =
      Bitboard(blockers).flipped().bits() - 2 * Bitboard(square.flipped()).bits();
  return Bitboard(up ^ Bitboard(down).flipped().bits()) & line;
}

// Attacks inside one rank, by file and by the occupancy of the six inner squares.
inline constexpr auto kRankAttacks = [] {
  std::array<std::array<std::uint8_t, 64>, 8> table{};
  for (int file = 0; file < 8; ++file) {
    for (int inner = 0; inner < 64; ++inner) {
      int attacks = 0;
      for (int f = file + 1; f < 8; ++f) {
        attacks |= 1 << f;
        if ((inner << 1) >> f & 1) break;
      }
      for (int f = file - 1; f >= 0; --f) {
        attacks |= 1 << f;
        if ((inner << 1) >> f & 1) break;
      }
      table[file][inner] = static_cast<std::uint8_t>(attacks);
    }
  }
  return table;
}();

constexpr Bitboard rank_attacks(Square square, Bitboard occupied) {
  const int shift = square.index() & 56;
  const auto inner = (occupied.bits() >> (shift + 1)) & 63;
  return Bitboard(std::uint64_t{kRankAttacks[square.file()][inner]} << shift);
}

constexpr Bitboard common_line(Square a, Square b) {
  for (const auto* lines : {&kFiles, &kRanks, &kDiagonals, &kAntiDiagonals}) {
    if ((*lines)[a.index()].has(b)) return (*lines)[a.index()] | Bitboard(a);
  }
  return kNone;
}

// The squares strictly between two squares of one line.
constexpr Bitboard squares_between(Square a, Square b) {
  const auto low = std::uint64_t{2} << (a < b ? a : b).index();
  const auto high = std::uint64_t{1} << (a < b ? b : a).index();
  return low > high ? kNone : common_line(a, b) & Bitboard(high - low);
}

inline constexpr auto kBetween = [] {
  std::array<SquareTable, kSquares> table{};
  for (int a = 0; a < kSquares; ++a) {
    for (int b = 0; b < a; ++b) {
      table[a][b] = table[b][a] = squares_between(Square(a), Square(b));
    }
  }
  return table;
}();

}  // namespace detail

[[nodiscard]] constexpr Bitboard knight_attacks(Square s) {
  return detail::kKnightAttacks[s.index()];
}
[[nodiscard]] constexpr Bitboard king_attacks(Square s) { return detail::kKingAttacks[s.index()]; }
[[nodiscard]] constexpr Bitboard pawn_attacks(Color color, Square s) {
  return detail::kPawnAttacks[index_of(color)][s.index()];
}

// What sliders attack on an empty board.
[[nodiscard]] constexpr Bitboard rook_lines(Square s) {
  return detail::kFiles[s.index()] | detail::kRanks[s.index()];
}
[[nodiscard]] constexpr Bitboard bishop_lines(Square s) {
  return detail::kDiagonals[s.index()] | detail::kAntiDiagonals[s.index()];
}

[[nodiscard]] constexpr Bitboard rook_attacks(Square s, Bitboard occupied) {
  return detail::line_attacks(s, occupied, detail::kFiles[s.index()]) |
         detail::rank_attacks(s, occupied);
}
[[nodiscard]] constexpr Bitboard bishop_attacks(Square s, Bitboard occupied) {
  return detail::line_attacks(s, occupied, detail::kDiagonals[s.index()]) |
         detail::line_attacks(s, occupied, detail::kAntiDiagonals[s.index()]);
}

// The squares strictly between two squares of one rank, file or diagonal, else none.
[[nodiscard]] constexpr Bitboard between(Square a, Square b) {
  return detail::kBetween[a.index()][b.index()];
}

// The whole rank, file or diagonal through two squares, else none.
[[nodiscard]] constexpr Bitboard line_through(Square a, Square b) {
  return detail::common_line(a, b);
}

// Every square attacked by a set of pawns.
template <Color color>
[[nodiscard]] constexpr Bitboard pawn_attacks(Bitboard pawns) {
  if constexpr (color == Color::white) {
    return shift<Direction::north_west>(pawns) | shift<Direction::north_east>(pawns);
  } else {
    return shift<Direction::south_west>(pawns) | shift<Direction::south_east>(pawns);
  }
}

}  // namespace az
