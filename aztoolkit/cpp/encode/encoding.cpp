#include "encode/encoding.h"

#include <cassert>
#include <cstddef>

#include "chess/movegen.h"
#include "encode/az119.h"
#include "encode/az4672.h"
#include "encode/lc0_112.h"
#include "encode/lc0_1858.h"

namespace az {

std::optional<Encoding> find_encoding(std::string_view name) {
  if (name == "az119") return Encoding::az119;
  if (name == "lc0_112") return Encoding::lc0_112;
  return std::nullopt;
}

std::optional<ActionSpace> find_action_space(std::string_view name) {
  if (name == "az4672") return ActionSpace::az4672;
  if (name == "lc0_1858") return ActionSpace::lc0_1858;
  return std::nullopt;
}

int plane_count(Encoding encoding) {
  return encoding == Encoding::az119 ? kAz119Planes : kLc0Planes;
}

int action_count(ActionSpace space) {
  return space == ActionSpace::az4672 ? kAz4672Moves : kLc0Moves;
}

void encode(Encoding encoding, const Game& game, std::span<float> planes) {
  if (encoding == Encoding::az119) encode_az119(game.frames(), planes);
  else encode_lc0_112(game.frames(), planes);
}

void encode_batch(Encoding encoding, std::span<const Game* const> games, std::span<float> planes) {
  const std::size_t stride = static_cast<std::size_t>(plane_count(encoding)) * kSquares;
  assert(planes.size() == games.size() * stride);
  for (std::size_t i = 0; i < games.size(); ++i) {
    encode(encoding, *games[i], planes.subspan(i * stride, stride));
  }
}

int move_index(ActionSpace space, const Position& position, Move move) {
  return space == ActionSpace::az4672 ? az4672_index(position, move)
                                      : lc0_1858_index(position, move);
}

void move_indices(ActionSpace space, const Position& position, std::span<const Move> moves,
                  std::span<std::uint16_t> indices) {
  assert(indices.size() >= moves.size());
  for (std::size_t i = 0; i < moves.size(); ++i) {
    indices[i] = static_cast<std::uint16_t>(move_index(space, position, moves[i]));
  }
}

std::optional<Move> move_of_index(ActionSpace space, const Position& position, int index) {
  for (Move move : legal_moves(position)) {
    if (move_index(space, position, move) == index) return move;
  }
  return std::nullopt;
}

}  // namespace az
