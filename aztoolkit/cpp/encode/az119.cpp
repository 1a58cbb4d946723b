#include "encode/az119.h"

#include <algorithm>

#include "encode/plane_writer.h"

namespace az {

namespace {

constexpr int kFramePlanes = 14;
constexpr int kCounterLimit = 99;

void write_frame(PlaneWriter& out, const Frame& frame, Color us) {
  for (Color side : {us, !us}) {
    for (int type = 0; type < kPieceTypes; ++type) {
      out.set(frame.position.pieces(side, static_cast<PieceType>(type)).seen_by(us));
    }
  }
  out.flag(frame.repetitions >= 1);
  out.flag(frame.repetitions >= 2);
}

float counter(int value) {
  return static_cast<float>(std::min(value, kCounterLimit)) / static_cast<float>(kCounterLimit);
}

}  // namespace

void encode_az119(std::span<const Frame> frames, std::span<float> planes) {
  PlaneWriter out(planes);
  const Position& now = frames.back().position;
  const Color us = now.turn();
  const int known = std::min(kHistory, static_cast<int>(frames.size()));
  for (int t = 0; t < known; ++t) write_frame(out, frames[frames.size() - 1 - t], us);
  out.skip((kHistory - known) * kFramePlanes);
  out.flag(us == Color::black);
  out.fill(counter(now.fullmove_number()));
  for (Color side : {us, !us}) {
    out.flag(now.can_castle_kingside(side));
    out.flag(now.can_castle_queenside(side));
  }
  out.fill(counter(now.halfmove_clock()));
}

}  // namespace az
