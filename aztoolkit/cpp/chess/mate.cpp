#include "chess/mate.h"

#include <algorithm>
#include <tuple>

#include "chess/attacks.h"
#include "chess/movegen.h"

namespace az {

MateFinder::MateFinder(const Position& position) : position_(position) {
  const Color us = position.turn();
  const Square king = position.king(!us);
  const Bitboard own = position.pieces(us), occupied = position.occupied();
  const Bitboard diagonal = bishop_attacks(king, occupied);
  const Bitboard straight = rook_attacks(king, occupied);
  checking_[index_of(PieceType::pawn)] = pawn_attacks(!us, king);
  checking_[index_of(PieceType::knight)] = knight_attacks(king);
  checking_[index_of(PieceType::bishop)] = diagonal;
  checking_[index_of(PieceType::rook)] = straight;
  checking_[index_of(PieceType::queen)] = diagonal | straight;

  const Bitboard queens = position.pieces(PieceType::queen);
  const Bitboard snipers =
      own & ((rook_lines(king) & (position.pieces(PieceType::rook) | queens)) |
             (bishop_lines(king) & (position.pieces(PieceType::bishop) | queens)));
  for (Square sniper : snipers) {
    const Bitboard blockers = between(king, sniper) & occupied;
    if (!blockers.more_than_one()) uncovering_ |= blockers & own;
  }
}

// Exact but for castling, en passant and promotions, which are rare and always played.
bool MateFinder::may_check(Move move) const {
  if (uncovering_.has(move.from())) return true;
  if (move.kind() == MoveKind::double_push) {
    return checking_[index_of(PieceType::pawn)].has(move.to());
  }
  if (move.kind() > MoveKind::king) return true;
  return checking_[static_cast<std::size_t>(move.kind())].has(move.to());
}

bool MateFinder::mates(Move move) const {
  const Position next = position_.after(move);
  return next.is_check() && !has_legal_move(next);
}

bool has_mate(const Position& position, std::span<const Move> moves) {
  const MateFinder finder(position);
  return std::ranges::any_of(moves, [&](Move move) { return finder.is_mate(move); });
}

std::optional<Move> find_mate(const Position& position) {
  const auto order = [](Move move) { return std::tuple(move.from(), move.to(), move.kind()); };
  const MateFinder finder(position);
  std::optional<Move> lowest;
  for (Move move : legal_moves(position)) {
    if (finder.is_mate(move) && (!lowest || order(move) < order(*lowest))) lowest = move;
  }
  return lowest;
}

}  // namespace az
