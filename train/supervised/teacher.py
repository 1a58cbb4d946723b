"""Games made to be learned from: an engine judges every position, and chance plays some of the moves.

    opening   0 to 10 random moves, not learned, so that no two games are alike
    then      the engine weighs the position: its targets. The next move is drawn from its policy, or
              (a share of the moves, which differs from game to game) any legal move at random: a
              blunder more often than not, and the next label shows how to punish it

Everything random in a game follows from the seed and the game's id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from aztoolkit._native import START_FEN, move_indices
from aztoolkit._native import Game as Position
from train.plan import game_seed
from train.replay import Game
from train.supervised.labels import UNIT, Line, policy_weights, wdl_weights

_LONGEST_OPENING = 10
_MOST_PLIES = 240
_DECIDED = 0.95
"""Chance of a win, more than five pawns ahead, from which on a game is soon broken off: few such positions
teach enough."""
_BREAK_OFF = 0.1
"""Chance a ply of breaking such a game off."""
BROKEN_OFF, MAX_PLIES = "broken_off", "max_plies"

Analyse = Callable[[str, list[str]], list[Line]]
"""From the first FEN and the moves (UCI) to candidate moves, best first."""
_NO_LABEL = [0, UNIT, 0]


@dataclass(slots=True)
class _Record:
    moves: list[str] = field(default_factory=list)
    searched: list[bool] = field(default_factory=list)
    policy_index: list[list[int]] = field(default_factory=list)
    policy_weight: list[list[int]] = field(default_factory=list)
    root_value: list[float] = field(default_factory=list)
    wdl: list[list[int]] = field(default_factory=list)


def make_game(analyse: Analyse, *, game_id: int, seed: int, random_moves: float) -> Game:
    """Returns a game with a label at every ply after its opening.

    Args:
        analyse: asks the engine.
        game_id: also its number in the data.
        seed: of the data.
        random_moves: mean share of random moves, over all games.

    Raises:
        MachineError: the engine failed.
    """
    of_game = game_seed(seed, game_id)
    rng = np.random.default_rng(of_game)
    position, record = Position(), _Record()
    _play_opening(position, record, rng)
    random_share = 3 * random_moves * rng.random() ** 2  # half of the games have under 3/4 of it
    while (termination := _end(position, record, rng)) is None:
        lines = analyse(START_FEN, record.moves)
        move = _label(position, record, lines, rng)
        if rng.random() < random_share:
            move = str(rng.choice(position.legal_moves()))
        position.push_uci(move)
        record.moves.append(move)
    return Game(
        game_id=game_id,
        seed=of_game,
        checkpoint_step=0,
        start_fen=START_FEN,
        moves=record.moves,
        searched=record.searched,
        policy_index=record.policy_index,
        policy_weight=record.policy_weight,
        root_value=record.root_value,
        result=_result(position, record),
        termination=termination,
        wdl=record.wdl,
    )


def _play_opening(position: Position, record: _Record, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(_LONGEST_OPENING + 1))):
        moves = position.legal_moves()
        if not moves:
            return
        move = str(rng.choice(moves))
        position.push_uci(move)
        record.moves.append(move)
        record.searched.append(False)
        record.policy_index.append([])
        record.policy_weight.append([])
        record.root_value.append(float("nan"))
        record.wdl.append(_NO_LABEL)


def _label(position: Position, record: _Record, lines: list[Line], rng: np.random.Generator) -> str:
    """Records the targets of a position, and returns a move drawn from them."""
    indices = move_indices(position)
    weights = policy_weights(lines)
    kept = [(line.move, weight) for line, weight in zip(lines, weights, strict=True) if weight]
    wdl = wdl_weights(lines[0].score)
    record.searched.append(True)
    record.policy_index.append([indices[move] for move, _ in kept])
    record.policy_weight.append([weight for _, weight in kept])
    record.root_value.append((wdl[0] - wdl[2]) / UNIT)
    record.wdl.append(wdl)
    shares = np.array([weight for _, weight in kept], dtype=np.float64)
    return kept[int(rng.choice(len(kept), p=shares / shares.sum()))][0]


def _end(position: Position, record: _Record, rng: np.random.Generator) -> str | None:
    if outcome := position.outcome(claim_draw=True):
        return outcome.termination
    if len(record.moves) >= _MOST_PLIES:
        return MAX_PLIES
    win, _, loss = record.wdl[-1] if record.wdl else _NO_LABEL
    decided = max(win, loss) > _DECIDED * UNIT
    return BROKEN_OFF if decided and rng.random() < _BREAK_OFF else None


def _result(position: Position, record: _Record) -> int:
    """Returns +1 White won, 0 drawn, -1 Black won: by the rules, else by the last label."""
    if outcome := position.outcome(claim_draw=True):
        return 0 if outcome.winner is None else (1 if outcome.winner else -1)
    win, _, loss = record.wdl[-1]
    if max(win, loss) < UNIT / 2:
        return 0
    white_labelled = len(record.moves) % 2 == 1
    return 1 if (win > loss) == white_labelled else -1
