// Games of random moves, the same ones in every run.
#pragma once

#include <cstdint>
#include <random>

#include "chess/game.h"

namespace az::test {

// Calls visit(game) on every position of one random game of at most `plies` plies.
template <class Visit>
void play_random_game(Game game, std::uint32_t seed, int plies, Visit visit) {
  std::mt19937 random(seed);
  for (int ply = 0; ply < plies; ++ply) {
    visit(game);
    const MoveList moves = legal_moves(game.position());
    if (moves.empty()) return;
    game.push(moves[random() % moves.size()]);
  }
}

}  // namespace az::test
