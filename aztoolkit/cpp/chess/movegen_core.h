// The move generator itself, compiled once for each set of instructions (movegen_*.cpp): the
// including file defines AZ_MOVEGEN, the struct to be filled, and `Sliders`, how sliders move;
// it may also have told the compiler which instructions to use.
//
// One walk over the pieces feeds a sink: `Writer` appends moves to a list, `Counter` only
// counts the squares. Checks and pins are found first, from the king outwards:
//
//     target   squares that answer a check (all but our own when there is none)
//     pinned   our pieces that may move only along their line to the king
#pragma once

#include "chess/movegen_variants.h"

namespace az {

namespace {

class Writer {
 public:
  explicit Writer(MoveList& list) : list_(list) {}

  void piece(MoveKind kind, Square from, Bitboard targets) {
    for (Square to : targets) list_.append(Move(kind, from, to));
  }
  template <int step>
  void pawns(MoveKind kind, Bitboard targets) {
    for (Square to : targets) list_.append(Move(kind, Square(to.index() - step), to));
  }
  template <int step>
  void promotions(Bitboard targets) {
    for (Square to : targets) {
      const Square from(to.index() - step);
      list_.append(Move(MoveKind::promote_queen, from, to));
      list_.append(Move(MoveKind::promote_rook, from, to));
      list_.append(Move(MoveKind::promote_bishop, from, to));
      list_.append(Move(MoveKind::promote_knight, from, to));
    }
  }

 private:
  MoveList& list_;
};

class Counter {
 public:
  [[nodiscard]] int count() const { return count_; }

  void piece(MoveKind, Square, Bitboard targets) { count_ += targets.count(); }
  template <int step>
  void pawns(MoveKind, Bitboard targets) {
    count_ += targets.count();
  }
  template <int step>
  void promotions(Bitboard targets) {
    count_ += 4 * targets.count();
  }

 private:
  int count_ = 0;
};

template <Color us, class Sink>
class Generator {
 public:
  Generator(const Position& position, Sink& sink)
      : position_(position),
        sink_(sink),
        king_(position.king(us)),
        own_(position.pieces(us)),
        enemy_(position.pieces(kThem)),
        occupied_(own_ | enemy_) {}

  void run() {
    find_checks_and_pins();
    king_moves();
    if (checkers_.more_than_one()) return;
    target_ = checkers_.any() ? checkers_ | between(king_, checkers_.first()) : ~own_;
    knight_moves();
    slider_moves();
    pawn_moves();
    if (position_.has_legal_en_passant()) [[unlikely]]
      en_passant();
    if (checkers_.empty() && (position_.castling_rooks() & own_).any()) castling();
  }

 private:
  static constexpr Color kThem = !us;

  [[nodiscard]] Bitboard ours(PieceType type) const { return own_ & position_.pieces(type); }
  [[nodiscard]] Bitboard theirs(PieceType type) const { return enemy_ & position_.pieces(type); }
  [[nodiscard]] Bitboard straight(Bitboard side) const {
    return side & (position_.pieces(PieceType::rook) | position_.pieces(PieceType::queen));
  }
  [[nodiscard]] Bitboard diagonal(Bitboard side) const {
    return side & (position_.pieces(PieceType::bishop) | position_.pieces(PieceType::queen));
  }

  void find_checks_and_pins() {
    checkers_ = (knight_attacks(king_) & theirs(PieceType::knight)) |
                (pawn_attacks(us, king_) & theirs(PieceType::pawn));
    const Bitboard snipers =
        (rook_lines(king_) & straight(enemy_)) | (bishop_lines(king_) & diagonal(enemy_));
    for (Square sniper : snipers) {
      const Bitboard blockers = between(king_, sniper) & occupied_;
      if (blockers.empty()) checkers_ |= Bitboard(sniper);
      else if (!blockers.more_than_one()) pinned_ |= blockers & own_;
    }
  }

  // Seldom more than three squares are left when the cheap attackers are taken out, so sliders
  // are looked for from each of these squares.
  void king_moves() {
    Bitboard safe = king_attacks(king_) & ~own_;
    safe &= ~pawn_attacks<kThem>(theirs(PieceType::pawn));
    safe &= ~king_attacks(position_.king(kThem));
    const Bitboard behind = occupied_ ^ Bitboard(king_);
    const Bitboard knights = theirs(PieceType::knight);
    const Bitboard rooks = straight(enemy_), bishops = diagonal(enemy_);
    Bitboard targets;
    for (Square to : safe) {
      const Bitboard attackers = (knight_attacks(to) & knights) |
                                 (sliders_.straight(to, behind) & rooks) |
                                 (sliders_.diagonal(to, behind) & bishops);
      if (attackers.empty()) targets |= Bitboard(to);
    }
    sink_.piece(MoveKind::king, king_, targets);
  }

  void knight_moves() {
    for (Square from : ours(PieceType::knight) & ~pinned_) {
      sink_.piece(MoveKind::knight, from, knight_attacks(from) & target_);
    }
  }

  // The squares a piece may go to without leaving its pin.
  [[nodiscard]] Bitboard unpinned(Square from, Bitboard targets) const {
    if (pinned_.has(from)) [[unlikely]]
      return targets & line_through(king_, from);
    return targets;
  }

  void slider_moves() {
    for (Square from : ours(PieceType::bishop)) {
      const Bitboard attacks = sliders_.diagonal(from, occupied_) & target_;
      sink_.piece(MoveKind::bishop, from, unpinned(from, attacks));
    }
    for (Square from : ours(PieceType::rook)) {
      const Bitboard attacks = sliders_.straight(from, occupied_) & target_;
      sink_.piece(MoveKind::rook, from, unpinned(from, attacks));
    }
    for (Square from : ours(PieceType::queen)) {
      const Bitboard attacks =
          (sliders_.straight(from, occupied_) | sliders_.diagonal(from, occupied_)) & target_;
      sink_.piece(MoveKind::queen, from, unpinned(from, attacks));
    }
  }

  // All pawns at once. A pinned pawn may still go along the line it is pinned on.
  void pawn_moves() {
    constexpr bool kUp = us == Color::white;
    constexpr Direction kPush = kUp ? Direction::north : Direction::south;
    constexpr Direction kEast = kUp ? Direction::north_east : Direction::south_east;
    constexpr Direction kWest = kUp ? Direction::north_west : Direction::south_west;
    constexpr Bitboard kThirdRank = rank_mask(kUp ? 2 : 5);
    const auto& rising = detail::kDiagonals[king_.index()];
    const auto& falling = detail::kAntiDiagonals[king_.index()];

    const Bitboard pawns = ours(PieceType::pawn);
    const Bitboard free = pawns & ~pinned_;
    const Bitboard pushers = free | (pawns & detail::kFiles[king_.index()]);
    const Bitboard once = shift<kPush>(pushers) & ~occupied_;
    const Bitboard twice = shift<kPush>(once & kThirdRank) & ~occupied_ & target_;
    sink_.template pawns<2 * static_cast<int>(kPush)>(MoveKind::double_push, twice);
    step_pawns<kPush>(once & target_);
    step_pawns<kEast>(shift<kEast>(free | (pawns & (kUp ? rising : falling))) & enemy_ & target_);
    step_pawns<kWest>(shift<kWest>(free | (pawns & (kUp ? falling : rising))) & enemy_ & target_);
  }

  template <Direction direction>
  void step_pawns(Bitboard targets) {
    constexpr int kStep = static_cast<int>(direction);
    constexpr Bitboard kLastRank = back_rank(kThem);
    sink_.template pawns<kStep>(MoveKind::pawn, targets & ~kLastRank);
    const Bitboard promoting = targets & kLastRank;
    if (promoting.any()) [[unlikely]]
      sink_.template promotions<kStep>(promoting);
  }

  void en_passant() {
    const Square to = *position_.en_passant();
    for (Square from : ours(PieceType::pawn) & pawn_attacks(kThem, to)) {
      if (position_.en_passant_capture_is_legal(from)) {
        sink_.piece(MoveKind::en_passant, from, Bitboard(to));
      }
    }
  }

  void castling() {
    for (Square rook : position_.castling_rooks() & own_) {
      if (can_castle(rook)) sink_.piece(MoveKind::castle, king_, Bitboard(rook));
    }
  }

  // The squares both pieces cross must be empty but for themselves, those of the king safe. In
  // Chess960 the rook may have been what shielded the king (it is lifted off the board first).
  [[nodiscard]] bool can_castle(Square rook) const {
    const Square king_to = castled_king(king_, rook), rook_to = castled_rook(king_, rook);
    const Bitboard king_path = between(king_, king_to) | Bitboard(king_to);
    const Bitboard rook_path = between(rook, rook_to) | Bitboard(rook_to);
    const Bitboard lifted = occupied_ ^ Bitboard(king_) ^ Bitboard(rook);
    if ((lifted & (king_path | rook_path)).any()) return false;
    const Bitboard behind = occupied_ ^ Bitboard(king_);
    for (Square square : king_path & ~Bitboard(king_to)) {
      if (position_.attackers(kThem, square, behind).any()) return false;
    }
    return position_.attackers(kThem, king_to, lifted | Bitboard(rook_to)).empty();
  }

  const Position& position_;
  Sink& sink_;
  const Sliders sliders_{};
  const Square king_;
  const Bitboard own_, enemy_, occupied_;
  Bitboard checkers_{}, pinned_{}, target_{};
};

template <class Sink>
void generate(const Position& position, Sink& sink) {
  if (position.turn() == Color::white) Generator<Color::white, Sink>(position, sink).run();
  else Generator<Color::black, Sink>(position, sink).run();
}

}  // namespace

MoveList AZ_MOVEGEN::legal_moves(const Position& position) {
  MoveList list;
  Writer writer(list);
  generate(position, writer);
  return list;
}

int AZ_MOVEGEN::count_legal_moves(const Position& position) {
  Counter counter;
  generate(position, counter);
  return counter.count();
}

std::uint64_t AZ_MOVEGEN::perft(const Position& position, int depth) {
  if (depth == 0) return 1;
  if (depth == 1) return static_cast<std::uint64_t>(count_legal_moves(position));
  std::uint64_t nodes = 0;
  for (Move move : legal_moves(position)) nodes += perft(position.after(move), depth - 1);
  return nodes;
}

}  // namespace az
