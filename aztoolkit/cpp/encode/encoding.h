// The encodings and action spaces by name: what a model file asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "chess/game.h"
#include "chess/move.h"

namespace az {

enum class Encoding : std::uint8_t { az119, lc0_112 };
enum class ActionSpace : std::uint8_t { az4672, lc0_1858 };

// By name ("az119", "lc0_1858"); none for an unknown one.
[[nodiscard]] std::optional<Encoding> find_encoding(std::string_view name);
[[nodiscard]] std::optional<ActionSpace> find_action_space(std::string_view name);

[[nodiscard]] int plane_count(Encoding encoding);
[[nodiscard]] int action_count(ActionSpace space);

// planes: `[plane_count, 8, 8]` float32, overwritten.
void encode(Encoding encoding, const Game& game, std::span<float> planes);

// planes: `[B, plane_count, 8, 8]` float32 for B games.
void encode_batch(Encoding encoding, std::span<const Game* const> games, std::span<float> planes);

// The policy index of a legal move.
[[nodiscard]] int move_index(ActionSpace space, const Position& position, Move move);

// The policy indices of legal moves, into as many places.
void move_indices(ActionSpace space, const Position& position, std::span<const Move> moves,
                  std::span<std::uint16_t> indices);

// The legal move that has this policy index, or none.
[[nodiscard]] std::optional<Move> move_of_index(ActionSpace space, const Position& position,
                                                int index);

}  // namespace az
