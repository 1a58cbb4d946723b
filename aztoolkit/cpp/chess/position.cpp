#include "chess/position.h"

#include <algorithm>
#include <string>

#include "chess/error.h"

namespace az {

namespace {

constexpr std::uint16_t kMaxCounter = 0xFFFF;

const char* name_of(Color color) { return color == Color::white ? "white" : "black"; }

void expect(bool holds, Color color, const std::string& expected, int got) {
  if (holds) return;
  throw PositionError("expected " + expected + " for " + name_of(color) + ", got " +
                      std::to_string(got));
}

void expect_sane_pieces(const std::array<Bitboard, kPieceTypes>& pieces, Color color) {
  const int kings = pieces[index_of(PieceType::king)].count();
  expect(kings == 1, color, "exactly one king", kings);
  const Bitboard pawns = pieces[index_of(PieceType::pawn)];
  const int stray = (pawns & (kRank1 | kRank8)).count();
  expect(stray == 0, color, "no pawns on ranks 1 and 8", stray);
}

// Of the rooks of one side that claim to castle, the outermost on each side of the king.
Bitboard outermost(Bitboard rooks, Square king) {
  Bitboard kept;
  if (rooks.any() && rooks.first() < king) kept |= Bitboard(rooks.first());
  if (rooks.any() && rooks.last() > king) kept |= Bitboard(rooks.last());
  return kept;
}

constexpr std::uint16_t counter(int value) {
  return static_cast<std::uint16_t>(std::clamp<int>(value, 0, kMaxCounter));
}

}  // namespace

Position::Position(const Setup& setup)
    : halfmove_clock_(counter(setup.halfmove_clock)),
      fullmove_number_(counter(std::max(1, setup.fullmove_number))),
      turn_(setup.turn),
      chess960_(setup.chess960) {
  expect_sane_pieces(setup.pieces[0], Color::white);
  expect_sane_pieces(setup.pieces[1], Color::black);
  place(setup);
  const int checkers = attackers(turn_, king(!turn_), occupied()).count();
  expect(checkers == 0, !turn_, "no check while the other side is to move", checkers);
  set_castling(setup.castling_rooks);
  if (setup.en_passant && en_passant_is_plausible(*setup.en_passant)) {
    set_en_passant(*setup.en_passant);
  }
}

void Position::place(const Setup& setup) {
  for (int color = 0; color < kColors; ++color) {
    for (int type = 0; type < kPieceTypes; ++type) {
      for (Square square : setup.pieces[color][type]) {
        if (occupied().has(square)) throw PositionError("expected one piece a square, got two");
        toggle(static_cast<Color>(color), static_cast<PieceType>(type), square);
      }
    }
  }
  if (turn_ == Color::black) key_ ^= detail::kZobrist.black_to_move;
}

Position Position::start() {
  Setup setup;
  for (int color = 0; color < kColors; ++color) {
    const auto rank = [color](std::uint64_t bits) {
      return Bitboard(bits).seen_by(static_cast<Color>(color));
    };
    setup.pieces[color] = {rank(0xFF00), rank(0x42), rank(0x24),
                           rank(0x81),   rank(0x08), rank(0x10)};
    setup.castling_rooks |= rank(0x81);
  }
  return Position(setup);
}

void Position::set_castling(Bitboard rooks) {
  constexpr Square kE1(4);
  for (Color color : {Color::white, Color::black}) {
    const Square king = this->king(color);
    Bitboard mine = rooks & pieces(color, PieceType::rook) & back_rank(color);
    if (!chess960_) mine &= kFileA | kFileH;
    const bool king_ready = chess960_ ? back_rank(color).has(king) : king == kE1.seen_by(color);
    if (king_ready) castling_ |= outermost(mine, king);
  }
  for (Square rook : castling_) key_ ^= detail::kZobrist.castling_rook[rook.index()];
}

bool Position::can_castle_kingside(Color color) const {
  const Bitboard rooks = castling_ & back_rank(color);
  return rooks.any() && rooks.last() > king(color);
}

bool Position::can_castle_queenside(Color color) const {
  const Bitboard rooks = castling_ & back_rank(color);
  return rooks.any() && rooks.first() < king(color);
}

// Whether the other side can just have pushed a pawn over `square`.
bool Position::en_passant_is_plausible(Square square) const {
  const int ahead = turn_ == Color::white ? 8 : -8;
  if (square.seen_by(turn_).rank() != 5) return false;
  const Square behind(square.index() + ahead), pawn(square.index() - ahead);
  return pieces(!turn_, PieceType::pawn).has(pawn) && !occupied().has(square) &&
         !occupied().has(behind);
}

void Position::set_en_passant(Square square) {
  en_passant_ = static_cast<std::uint8_t>(square.index());
  en_passant_is_legal_ = find_legal_en_passant();
  if (en_passant_is_legal_) key_ ^= detail::kZobrist.en_passant_file[square.file()];
}

// Capturing en passant lifts two pawns off one rank, so pins tell too little: play it and look.
bool Position::en_passant_capture_is_legal(Square from) const {
  const Square to(en_passant_);
  const Bitboard captured{Square::at(to.file(), from.rank())};
  const Bitboard after = (occupied() ^ Bitboard(from) ^ captured) | Bitboard(to);
  return (attackers(!turn_, king(turn_), after) & ~captured).empty();
}

bool Position::find_legal_en_passant() const {
  const Bitboard pawns = pieces(turn_, PieceType::pawn) & pawn_attacks(!turn_, Square(en_passant_));
  for (Square from : pawns) {
    if (en_passant_capture_is_legal(from)) return true;
  }
  return false;
}

void Position::drop_castling(Bitboard rooks) {
  castling_ &= ~rooks;
  for (Square rook : rooks) key_ ^= detail::kZobrist.castling_rook[rook.index()];
}

void Position::push_castle(Color us, Square king, Square rook) {
  toggle(us, PieceType::king, king);
  toggle(us, PieceType::rook, rook);
  toggle(us, PieceType::king, castled_king(king, rook));
  toggle(us, PieceType::rook, castled_rook(king, rook));
  drop_castling(castling_ & back_rank(us));
}

// Pawns doing something unusual, and castling.
void Position::push_special(Move move) {
  const Color us = turn_;
  const Square from = move.from(), to = move.to();
  turn_ = !us;
  key_ ^= detail::kZobrist.black_to_move;
  if (move.is_castle()) return push_castle(us, from, to);

  halfmove_clock_ = 0;
  toggle(us, PieceType::pawn, from);
  toggle(us, move.is_promotion() ? move.promotion() : PieceType::pawn, to);
  if (move.kind() == MoveKind::en_passant) {
    toggle(!us, PieceType::pawn, Square::at(to.file(), from.rank()));
  } else if (move.kind() == MoveKind::double_push) {
    set_en_passant(Square((from.index() + to.index()) / 2));
  } else {
    drop_castling(castling_ & Bitboard(to));
  }
}

}  // namespace az
