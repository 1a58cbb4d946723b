// One chess position, small enough to be copied instead of unmade.
#pragma once

#include <array>
#include <optional>

#include "chess/attacks.h"
#include "chess/bitboard.h"
#include "chess/move.h"
#include "chess/zobrist.h"

namespace az {

// The parts of a position as a FEN lists them, before anything has been checked.
struct Setup {
  std::array<std::array<Bitboard, kPieceTypes>, kColors> pieces{};
  Color turn = Color::white;
  Bitboard castling_rooks{};           // rooks that may still castle; bogus ones are dropped
  std::optional<Square> en_passant{};  // the square passed over; a bogus one is dropped
  int halfmove_clock = 0;
  int fullmove_number = 1;
  bool chess960 = false;  // else castling only with Ke1/Ke8 and rooks a, h
};

// Invariants: one king a side, no pawn on a back rank, the side that has just moved is not in
// check, every castling right has its king and rook in place. Impossible numbers of pieces are
// accepted: problems and tests have them.
class Position {
 public:
  // Throws PositionError when the invariants above do not hold.
  explicit Position(const Setup& setup);
  [[nodiscard]] static Position start();

  [[nodiscard]] Bitboard pieces(Color color) const { return by_color_[index_of(color)]; }
  [[nodiscard]] Bitboard pieces(PieceType type) const { return by_type_[index_of(type)]; }
  [[nodiscard]] Bitboard pieces(Color color, PieceType type) const {
    return pieces(color) & pieces(type);
  }
  [[nodiscard]] Bitboard occupied() const { return by_color_[0] | by_color_[1]; }
  [[nodiscard]] Square king(Color color) const { return pieces(color, PieceType::king).first(); }

  [[nodiscard]] Color turn() const { return turn_; }
  [[nodiscard]] Bitboard castling_rooks() const { return castling_; }
  [[nodiscard]] bool can_castle_kingside(Color color) const;
  [[nodiscard]] bool can_castle_queenside(Color color) const;

  // The square a pawn has just passed over, and whether a pawn may legally capture there.
  [[nodiscard]] std::optional<Square> en_passant() const {
    return en_passant_ == kNoSquare ? std::nullopt : std::optional(Square(en_passant_));
  }
  [[nodiscard]] bool has_legal_en_passant() const { return en_passant_is_legal_; }
  // Whether the pawn on `from`, which attacks the en passant square, may capture there.
  [[nodiscard]] bool en_passant_capture_is_legal(Square from) const;

  [[nodiscard]] int halfmove_clock() const { return halfmove_clock_; }
  [[nodiscard]] int fullmove_number() const { return fullmove_number_; }
  [[nodiscard]] bool chess960() const { return chess960_; }

  // Equal for positions that count as repetitions of each other: same pieces, turn, castling
  // rights, and the en passant square only where a capture there is legal.
  [[nodiscard]] Key key() const { return key_; }

  [[nodiscard]] Bitboard attackers(Color by, Square target, Bitboard occupied) const;
  [[nodiscard]] Bitboard checkers() const { return attackers(!turn_, king(turn_), occupied()); }
  [[nodiscard]] bool is_check() const { return checkers().any(); }

  // Plays a legal move of this position.
  void push(Move move);
  [[nodiscard]] Position after(Move move) const {
    Position next = *this;
    next.push(move);
    return next;
  }

  bool operator==(const Position&) const = default;

 private:
  static constexpr std::uint8_t kNoSquare = kSquares;

  void place(const Setup& setup);
  void set_castling(Bitboard rooks);
  void set_en_passant(Square square);
  [[nodiscard]] bool en_passant_is_plausible(Square square) const;
  [[nodiscard]] bool find_legal_en_passant() const;

  void toggle(Color color, PieceType type, Square square) {
    by_color_[index_of(color)] ^= Bitboard(square);
    by_type_[index_of(type)] ^= Bitboard(square);
    key_ ^= detail::kZobrist.piece[index_of(color)][index_of(type)][square.index()];
  }
  [[nodiscard]] PieceType captured_type(Square square) const;
  void clear_en_passant();
  void drop_castling(Bitboard rooks);
  void push_special(Move move);
  void push_castle(Color us, Square king, Square rook);

  std::array<Bitboard, kPieceTypes> by_type_{};
  std::array<Bitboard, kColors> by_color_{};
  Bitboard castling_{};
  Key key_ = 0;
  std::uint16_t halfmove_clock_ = 0;
  std::uint16_t fullmove_number_ = 1;
  std::uint8_t en_passant_ = kNoSquare;
  bool en_passant_is_legal_ = false;
  Color turn_ = Color::white;
  bool chess960_ = false;
};

static_assert(sizeof(Position) == 88);

// The pieces of `by` that would attack `target` if exactly `occupied` were occupied.
inline Bitboard Position::attackers(Color by, Square target, Bitboard occupied) const {
  const Bitboard queens = pieces(PieceType::queen);
  return pieces(by) & ((knight_attacks(target) & pieces(PieceType::knight)) |
                       (king_attacks(target) & pieces(PieceType::king)) |
                       (pawn_attacks(!by, target) & pieces(PieceType::pawn)) |
                       (rook_attacks(target, occupied) & (pieces(PieceType::rook) | queens)) |
                       (bishop_attacks(target, occupied) & (pieces(PieceType::bishop) | queens)));
}

// A piece other than a king: the type's number is the sum of its bits, no branch needed.
inline PieceType Position::captured_type(Square square) const {
  int type = 0;
  for (int t = 1; t < index_of(PieceType::king); ++t) type += t * by_type_[t].has(square);
  return static_cast<PieceType>(type);
}

inline void Position::clear_en_passant() {
  if (en_passant_is_legal_) key_ ^= detail::kZobrist.en_passant_file[en_passant_ & 7];
  en_passant_ = kNoSquare;
  en_passant_is_legal_ = false;
}

inline void Position::push(Move move) {
  const Color us = turn_;
  const Square from = move.from(), to = move.to();
  clear_en_passant();
  ++halfmove_clock_;
  fullmove_number_ += static_cast<std::uint16_t>(index_of(us));
  if (pieces(!us).has(to)) {
    toggle(!us, captured_type(to), to);
    halfmove_clock_ = 0;
  }
  Bitboard touched = Bitboard(from) | Bitboard(to);
  if (move.kind() <= MoveKind::king) [[likely]] {
    const auto type = static_cast<PieceType>(move.kind());
    toggle(us, type, from);
    toggle(us, type, to);
    if (type == PieceType::pawn) halfmove_clock_ = 0;
    if (type == PieceType::king) touched |= back_rank(us);
    if ((castling_ & touched).any()) drop_castling(castling_ & touched);
    turn_ = !us;
    key_ ^= detail::kZobrist.black_to_move;
  } else {
    push_special(move);
  }
}

}  // namespace az
