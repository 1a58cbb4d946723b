"""Self-play: an actor plays many games at once, and their leaves share each network call.

    again and again:  gather leaves of all games -> evaluate -> apply
                      a game whose search is done makes its move; a finished game is replaced at once

so that batches stay full while games are at different plies. Everything random in a game follows
from its seed, which follows from the run's seed and the game's id.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import GamePool, Search, SearchResult, create_mcts, pool_of
from train.replay import Game
from train.settings import TrainConfig

MAX_PLIES, ADJUDICATED = "max_plies", "adjudicated"
"""Terminations that are ours; the others are named by the rules."""
_FIFTY_MOVES = 100
_MOST_VISITS = 65535
"""What the replay schema can hold."""
_PAWNS = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}


@dataclass(frozen=True)
class End:
    """How a game ended."""

    result: int
    """+1 White won, 0 drawn, -1 Black won."""
    termination: str


@dataclass(slots=True)
class _Play:
    """A game in play, and what is recorded of it for each ply."""

    game_id: int
    seed: int
    checkpoint_step: int
    rng: np.random.Generator
    search: Search
    board: chess.Board = field(default_factory=chess.Board)
    policy_index: list[list[int]] = field(default_factory=list)
    policy_weight: list[list[int]] = field(default_factory=list)
    root_value: list[float] = field(default_factory=list)

    def finish(self, end: End) -> Game:
        """Returns the record of the game."""
        plies = len(self.board.move_stack)
        return Game(
            game_id=self.game_id,
            seed=self.seed,
            checkpoint_step=self.checkpoint_step,
            start_fen=self.board.root().fen(),
            moves=[move.uci() for move in self.board.move_stack],
            searched=[True] * plies,
            policy_index=self.policy_index,
            policy_weight=self.policy_weight,
            root_value=self.root_value,
            result=end.result,
            termination=end.termination,
        )


class Actor:
    """Plays games against itself, `games_per_actor` at once, in one thread."""

    def __init__(self, config: TrainConfig, evaluator: Evaluator, game_ids: Iterator[int]) -> None:
        """Begins no game yet; `game_ids` are this actor's own."""
        self._config = config
        self._evaluator = evaluator
        self._game_ids = game_ids
        self._to_index = get_action_space(evaluator.spec.action_space).move_to_index
        planes = get_encoding(evaluator.spec.encoding).planes
        batch = config.games_per_actor * config.leaves_per_game
        self._planes = np.zeros((batch, planes, 8, 8), dtype=np.float32)
        self._plays: list[_Play] = []
        self.moves = 0
        """Made so far, those of games in play included."""

    def use(self, evaluator: Evaluator) -> None:
        """Goes on with another network, in the games in play too."""
        self._evaluator = evaluator

    def play(
        self,
        positions: int,
        *,
        stop: Callable[[], bool] = lambda: False,
        finished: Callable[[Game], None] = lambda _: None,
    ) -> list[Game]:
        """Plays until the games that ended hold so many positions, and returns those games.

        Args:
            stop: asked before every network call; once true, ends with the games it has.
            finished: told of each game when it ends.

        Raises:
            EvaluationError: the network answered NaN or infinity.
        """
        while len(self._plays) < self._config.games_per_actor:
            self._plays.append(self._begin())
        pool = self._pool()
        games: list[Game] = []
        while sum(len(game) for game in games) < positions and not stop():
            self._evaluate(pool)
            ended = list(self._advance_all())
            if ended:
                pool = self._pool()  # new games have taken their places
            for game in ended:
                games.append(game)
                finished(game)
        return games

    def _advance_all(self) -> Iterator[Game]:
        """Makes the moves of all finished searches; yields the games that ended, replaced."""
        for slot, play in enumerate(self._plays):
            if play.search.done and (game := self._advance(play)):
                self._plays[slot] = self._begin()
                yield game

    def _begin(self) -> _Play:
        game_id = next(self._game_ids)
        seed = game_seed(self._config.seed, game_id)
        play = _Play(
            game_id=game_id,
            seed=seed,
            checkpoint_step=self._evaluator.spec.training_step,
            rng=np.random.default_rng(seed),
            search=create_mcts(self._config.search.model_copy(update={"seed": seed})),
        )
        play.search.start(play.board, self._config.simulations)
        return play

    def _pool(self) -> GamePool:
        return pool_of([play.search for play in self._plays])

    def _evaluate(self, pool: GamePool) -> None:
        """One network call for the leaves of all games."""
        if filled := pool.gather(self._planes):
            evaluation = self._evaluator.evaluate(self._planes[:filled])
            pool.apply(evaluation.policy, evaluation.wdl)

    def _advance(self, play: _Play) -> Game | None:
        """Makes the move of a finished search; returns the game if that ended it."""
        result = play.search.result()
        self._record(play, result)
        play.board.push(result.moves[self._choose(play, result)])
        self.moves += 1
        end = end_of_game(play.board, self._config)
        if end is not None:
            return play.finish(end)
        play.search.start(play.board, self._config.simulations)
        return None

    def _record(self, play: _Play, result: SearchResult) -> None:
        visited = np.flatnonzero(result.visits)
        moves = [result.moves[i] for i in visited.tolist()]
        play.policy_index.append([self._to_index(play.board, move) for move in moves])
        play.policy_weight.append(np.minimum(result.visits[visited], _MOST_VISITS).tolist())
        play.root_value.append(result.value)

    def _choose(self, play: _Play, result: SearchResult) -> int:
        config = self._config
        early = len(play.board.move_stack) < config.temperature_plies
        chances = result.policy(config.temperature if early else config.final_temperature)
        return _draw(play.rng, chances)


def game_seed(run_seed: int, game_id: int) -> int:
    """Returns the seed of a game: 63 bits that follow from the run's seed and the game's id."""
    return int(np.random.SeedSequence((run_seed, game_id)).generate_state(1, np.uint64)[0] >> 1)


def end_of_game(board: chess.Board, config: TrainConfig) -> End | None:
    """Returns how the game on `board` has ended, or None while it goes on."""
    if not any(board.legal_moves):
        return _no_moves(board)
    if board.is_insufficient_material():
        return End(0, "insufficient_material")
    if board.halfmove_clock >= _FIFTY_MOVES:
        return End(0, "fifty_moves")
    if board.is_repetition(3):
        return End(0, "threefold_repetition")
    if len(board.move_stack) >= config.max_plies:
        return _too_long(board, config.adjudicate_pawns)
    return None


def _no_moves(board: chess.Board) -> End:
    if not board.is_check():
        return End(0, "stalemate")
    return End(-1 if board.turn == chess.WHITE else 1, "checkmate")


def _too_long(board: chess.Board, adjudicate_pawns: int) -> End:
    lead = _material(board, chess.WHITE) - _material(board, chess.BLACK)
    if adjudicate_pawns and abs(lead) >= adjudicate_pawns:
        return End(1 if lead > 0 else -1, ADJUDICATED)
    return End(0, MAX_PLIES)


def _material(board: chess.Board, color: chess.Color) -> int:
    return sum(
        worth * board.pieces_mask(piece, color).bit_count() for piece, worth in _PAWNS.items()
    )


def _draw(rng: np.random.Generator, chances: NDArray[np.float64]) -> int:
    return int(rng.choice(len(chances), p=chances))
