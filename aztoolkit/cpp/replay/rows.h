// Where a batch is written: arrays of the caller, one row a position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "chess/types.h"
#include "encode/az119.h"
#include "encode/az4672.h"

namespace az {

inline constexpr std::size_t kOutcomes = 3;

// Everything is overwritten.
struct Rows {
  std::span<float> planes;        // `[B, 119, 8, 8]`
  std::span<float> policy;        // `[B, 4672]`: shares that sum to 1
  std::span<std::uint8_t> legal;  // `[B, 4672]`: 1 for legal moves, else 0
  std::span<float> wdl;           // `[B, 3]`: win, draw, loss for the side to move

  [[nodiscard]] std::size_t size() const { return wdl.size() / kOutcomes; }

  [[nodiscard]] Rows row(std::size_t i) const {
    constexpr std::size_t kPlanes = static_cast<std::size_t>(kAz119Planes) * kSquares;
    return {planes.subspan(i * kPlanes, kPlanes), policy.subspan(i * kAz4672Moves, kAz4672Moves),
            legal.subspan(i * kAz4672Moves, kAz4672Moves), wdl.subspan(i * kOutcomes, kOutcomes)};
  }
};

}  // namespace az
