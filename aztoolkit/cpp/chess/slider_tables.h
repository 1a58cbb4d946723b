// All attacks of rooks and bishops, to be looked up with the blockers gathered by PEXT
// (https://www.chessprogramming.org/BMI2#PEXTBitboards): 840 KiB, written at first use and never
// taken down: threads may still be playing while the process ends.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "chess/bitboard.h"

namespace az {

class SliderTables {
 public:
  // The attacks of one piece on one square: table[pext(occupied, mask)].
  struct Entry {
    std::uint64_t mask = 0;  // where blockers matter: the piece's lines without the board's edge
    const Bitboard* table = nullptr;
  };

  [[nodiscard]] static const SliderTables& instance();

  SliderTables(const SliderTables&) = delete;
  SliderTables& operator=(const SliderTables&) = delete;

  [[nodiscard]] const Entry& rook(Square s) const { return rooks_[s.index()]; }
  [[nodiscard]] const Entry& bishop(Square s) const { return bishops_[s.index()]; }

 private:
  static constexpr std::size_t kRookAttacks = 102400, kBishopAttacks = 5248;

  SliderTables();

  std::array<Bitboard, kRookAttacks + kBishopAttacks> attacks_;
  std::array<Entry, kSquares> rooks_, bishops_;
};

static_assert(std::is_trivially_destructible_v<SliderTables>);

}  // namespace az
