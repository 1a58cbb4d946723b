// A game as far as it is known: positions, how often each has occurred, and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chess/movegen.h"
#include "chess/position.h"

namespace az {

// A position of a game and how many earlier positions of that game it repeats.
struct Frame {
  Position position;
  std::uint8_t repetitions = 0;  // 0 at the first occurrence; saturates at 255
};

// Why a game is over, in the order in which the reasons are looked for.
enum class Termination : std::uint8_t {
  checkmate,
  insufficient_material,
  stalemate,
  seventyfive_moves,
  fivefold_repetition,
  fifty_moves,
  threefold_repetition,
};

struct Outcome {
  Termination termination;
  std::optional<Color> winner;  // none in a draw
  bool operator==(const Outcome&) const = default;
};

// Neither side can mate whatever the other does, judged by material alone
// (the rule of python-chess: bishops of one colour, a lone knight, bare kings).
[[nodiscard]] bool is_insufficient_material(const Position& position);

// Push and pop are a copy of 96 bytes and a scan of the keys since the last capture or pawn
// move: a search keeps one Game per tree, pushes on its way down and pops on its way up.
// Nothing is allocated once the vectors have grown to the deepest line (see reserve).
class Game {
 public:
  explicit Game(const Position& start = Position::start());
  // Throws PositionError, as parse_fen does.
  [[nodiscard]] static Game from_fen(std::string_view fen, bool chess960 = false);

  void push(Move move);
  void pop();                    // there must be a move to take back
  void truncate(int plies);      // pops until `plies` moves are left
  void reserve(int more_plies);  // so that as many pushes do not allocate

  [[nodiscard]] const Position& position() const { return frames_.back().position; }
  [[nodiscard]] int plies() const { return static_cast<int>(frames_.size()) - 1; }

  // All known positions, the oldest first; the last one is the current one.
  [[nodiscard]] std::span<const Frame> frames() const { return frames_; }
  // The moves between them: moves()[i] leads from frames()[i] to frames()[i + 1].
  [[nodiscard]] std::span<const Move> moves() const { return moves_; }

  // How many earlier positions of the game equal the current one (0 = never before).
  [[nodiscard]] int repetitions() const { return frames_.back().repetitions; }
  // Whether the current position stood on the board at or after `plies` moves into the game:
  // a search asks this with the ply of its root.
  [[nodiscard]] bool repeats_since(int plies) const;

  [[nodiscard]] bool is_fifty_moves() const { return position().halfmove_clock() >= 100; }
  [[nodiscard]] bool is_seventyfive_moves() const { return position().halfmove_clock() >= 150; }

  // The end of the game if it is over. With `claim_draw` a threefold repetition or 50 moves
  // standing on the board also end it.
  [[nodiscard]] std::optional<Outcome> outcome(bool claim_draw = false) const;
  // The same, when the number of legal moves is already known.
  [[nodiscard]] std::optional<Outcome> outcome(bool claim_draw, std::size_t legal_moves) const;

 private:
  [[nodiscard]] int count_repetitions(int first, int limit) const;

  std::vector<Frame> frames_;
  std::vector<Key> keys_;  // apart from the frames, so that the scan touches few cache lines
  std::vector<Move> moves_;
};

}  // namespace az
