#include "encode/lc0_112.h"

#include <algorithm>

#include "encode/plane_writer.h"

namespace az {

namespace {

constexpr int kFrames = 8;
constexpr int kFramePlanes = 13;

// The squares between which the pawn goes whose double step has just been made.
Bitboard double_step(const Position& position) {
  const auto passed = position.en_passant();
  if (!passed) return kNone;
  return Bitboard(Square(passed->index() + 8)) | Bitboard(Square(passed->index() - 8));
}

// `step` holds both ends of a double step of the side that is not to move, to be undone.
void write_frame(PlaneWriter& out, const Frame& frame, Color us, Bitboard step) {
  const Position& position = frame.position;
  for (Color side : {us, !us}) {
    for (int type = 0; type < kPieceTypes; ++type) {
      Bitboard set = position.pieces(side, static_cast<PieceType>(type));
      if (type == index_of(PieceType::pawn) && side != position.turn()) set ^= step;
      out.set(set.seen_by(us));
    }
  }
  out.flag(frame.repetitions >= 1);
}

void write_missing_frames(PlaneWriter& out, const Frame& oldest, Color us, int count) {
  static const Key start = Position::start().key();
  if (oldest.position.key() == start) return out.skip(count * kFramePlanes);
  for (int i = 0; i < count; ++i) write_frame(out, oldest, us, double_step(oldest.position));
}

}  // namespace

void encode_lc0_112(std::span<const Frame> frames, std::span<float> planes) {
  PlaneWriter out(planes);
  const Position& now = frames.back().position;
  const Color us = now.turn();
  const int known = std::min(kFrames, static_cast<int>(frames.size()));
  for (int t = 0; t < known; ++t) write_frame(out, frames[frames.size() - 1 - t], us, kNone);
  write_missing_frames(out, frames.front(), us, kFrames - known);
  for (Color side : {us, !us}) {
    out.flag(now.can_castle_queenside(side));
    out.flag(now.can_castle_kingside(side));
  }
  out.flag(us == Color::black);
  out.fill(static_cast<float>(now.halfmove_clock()));
  out.skip(1);
  out.fill(1.0f);
}

}  // namespace az
