#include "encode/az4672.h"

#include <array>
#include <cstdint>
#include <cstdlib>

#include "chess/attacks.h"

namespace az {

namespace {

constexpr int kMaxDistance = 7;
constexpr int kKnightPlane = 56;
constexpr int kUnderpromotionPlane = 64;

using Steps = std::array<std::array<int, 2>, 8>;

constexpr int find(const Steps& steps, int files, int ranks) {
  for (int i = 0; i < 8; ++i) {
    if (steps[i][0] == files && steps[i][1] == ranks) return i;
  }
  return -1;
}

// The plane of a move by (files, ranks), or -1 where no piece moves so.
constexpr int plane_of(int files, int ranks) {
  const int knight = find(detail::kKnightSteps, files, ranks);
  if (knight >= 0) return kKnightPlane + knight;
  const int across = files < 0 ? -files : files, along = ranks < 0 ? -ranks : ranks;
  const int distance = across > along ? across : along;
  if (distance == 0 || (across != 0 && along != 0 && across != along)) return -1;
  return find(detail::kKingSteps, files / distance, ranks / distance) * kMaxDistance + distance - 1;
}

// [from][to] -> index, both seen by the mover; meaningless where no piece moves so.
constexpr auto kIndices = [] {
  std::array<std::array<std::uint16_t, kSquares>, kSquares> table{};
  for (int from = 0; from < kSquares; ++from) {
    for (int to = 0; to < kSquares; ++to) {
      const int plane = plane_of((to & 7) - (from & 7), (to >> 3) - (from >> 3));
      if (plane >= 0) table[from][to] = static_cast<std::uint16_t>(plane * kSquares + from);
    }
  }
  return table;
}();

constexpr int mirrored_plane(int plane) {
  if (plane >= kUnderpromotionPlane) {
    const int piece = (plane - kUnderpromotionPlane) / 3,
              direction = (plane - kUnderpromotionPlane) % 3;
    return kUnderpromotionPlane + 3 * piece + 2 - direction;
  }
  if (plane >= kKnightPlane) {
    const auto [files, ranks] = detail::kKnightSteps[plane - kKnightPlane];
    return kKnightPlane + find(detail::kKnightSteps, -files, ranks);
  }
  const auto [files, ranks] = detail::kKingSteps[plane / kMaxDistance];
  return find(detail::kKingSteps, -files, ranks) * kMaxDistance + plane % kMaxDistance;
}

constexpr auto kMirrored = [] {
  std::array<std::uint16_t, kAz4672Moves> table{};
  for (int index = 0; index < kAz4672Moves; ++index) {
    const int plane = mirrored_plane(index / kSquares), square = index % kSquares ^ 7;
    table[index] = static_cast<std::uint16_t>(plane * kSquares + square);
  }
  return table;
}();

int underpromotion_index(Move move, Square from) {
  const int piece = index_of(move.promotion()) - index_of(PieceType::knight);
  const int direction = move.to().file() - move.from().file() + 1;
  return (kUnderpromotionPlane + 3 * piece + direction) * kSquares + from.index();
}

}  // namespace

int az4672_index(const Position& position, Move move) {
  const Color us = position.turn();
  const Square from = move.from().seen_by(us);
  if (move.is_promotion() && move.promotion() != PieceType::queen) {
    return underpromotion_index(move, from);
  }
  const bool two_steps = move.is_castle() && !position.chess960();
  const Square to = two_steps ? castled_king(move.from(), move.to()) : move.to();
  return kIndices[from.index()][to.seen_by(us).index()];
}

int az4672_mirrored(int index) { return kMirrored[index]; }

}  // namespace az
