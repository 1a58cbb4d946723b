"""The native core: rules and encodings in C++, here as Python sees them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

START_FEN: str

class Outcome(NamedTuple):
    """Why a game is over."""

    termination: str
    """A name of `chess.Termination` in lower case: checkmate, stalemate, fifty_moves, ..."""
    winner: bool | None
    """True for White, False for Black (as `chess.Color`), None for a draw."""

class Game:
    """A position and how it came about; moves are written in UCI notation.

    Chess960 is a way of playing, not a kind of position: with `chess960`, castling is written as king
    takes rook, and FENs may give castling rights to kings and rooks anywhere on the back rank.
    """

    def __init__(
        self, fen: str = ..., moves: Iterable[str] = ..., *, chess960: bool = False
    ) -> None:
        """Starts at `fen` and plays `moves`.

        Raises:
            PositionError: the FEN is no position, or a move is not legal.
        """

    def copy(self) -> Game:
        """Returns the same game, independent of this one."""

    def push_uci(self, uci: str) -> None:
        """Plays a move; raises PositionError if it is not legal."""

    def pop(self) -> None:
        """Takes the last move back; raises PositionError if there is none."""

    def fen(self, *, always_en_passant: bool = False) -> str:
        """Returns the position as X-FEN.

        The en passant square is given where a capture is legal, or after every double step.
        """

    def legal_moves(self) -> list[str]:
        """Returns the legal moves, in an order that depends on the position alone."""

    @property
    def turn(self) -> bool:
        """True if White is to move (as `chess.Color`)."""

    @property
    def plies(self) -> int:
        """The number of moves played since the first position."""

    @property
    def key(self) -> int:
        """64 bits, equal for positions that count as repetitions of each other."""

    def is_check(self) -> bool:
        """Returns whether the side to move is in check."""

    def is_insufficient_material(self) -> bool:
        """Returns whether neither side could ever mate, judged by material alone."""

    def has_legal_en_passant(self) -> bool:
        """Returns whether a pawn may be captured en passant."""

    def repetitions(self) -> int:
        """Returns how many earlier positions of this game equal the current one."""

    def outcome(self, *, claim_draw: bool = False) -> Outcome | None:
        """Returns why the game is over, or None.

        With `claim_draw` also fifty moves, and a third occurrence of the position on the board.
        """

def perft(fen: str, depth: int, *, chess960: bool = False) -> int:
    """Returns the number of leaves `depth` plies below `fen`; raises PositionError."""

def perft_divide(fen: str, depth: int, *, chess960: bool = False) -> dict[str, int]:
    """Returns the leaves below each first move; raises PositionError."""

def encode_batch(
    games: Sequence[Game], out: NDArray[np.float32], *, encoding: str = "az119"
) -> None:
    """Writes the planes of each game into `out`: `[len(games), C, 8, 8]` float32, C-contiguous.

    Raises:
        ModelError: `out` has another shape, or the encoding is unknown.
    """

def move_index(game: Game, uci: str, *, action_space: str = "az4672") -> int:
    """Returns the policy index of a legal move; raises PositionError or ModelError."""

def move_indices(game: Game, *, action_space: str = "az4672") -> dict[str, int]:
    """Returns the policy index of every legal move; raises ModelError."""

def move_of_index(game: Game, index: int, *, action_space: str = "az4672") -> str:
    """Returns the legal move of a policy index; raises PositionError or ModelError."""

# --- search -------------------------------------------------------------------------------------

PlainMove = tuple[int, int, int]
"""From-square, to-square and promotion (0 none, else as `chess.PieceType`)."""

class EvaluationCache:
    """What one network said of positions, in so much memory; several searches may share it."""

    def __init__(self, memory_mb: int) -> None:
        """Takes the memory, in MiB, at once."""

    def clear(self) -> None:
        """Forgets everything, as when the network changes."""

    @property
    def lookups(self) -> int:
        """How often a position was looked for."""

    @property
    def hits(self) -> int:
        """How often it was found."""

    @property
    def memory_bytes(self) -> int:
        """What the entries take."""

class Search:
    """One tree over one game; `aztoolkit.mcts.native` makes it an `aztoolkit.mcts.Search`."""

    def __init__(
        self,
        *,
        algorithm: str,
        encoding: str,
        action_space: str,
        batch_size: int,
        policy_temperature: float,
        c_puct: float,
        c_puct_base: float,
        fpu_reduction: float,
        noise_alpha: float,
        noise_fraction: float,
        considered_moves: int,
        gumbel_scale: float,
        c_visit: float,
        c_scale: float,
        prove_ends: bool,
        find_mates: bool,
        seed: int,
        memory_mb: int,
        cache: EvaluationCache | None = None,
    ) -> None:
        """Takes the fields of `SearchConfig`; raises ModelError for an unknown encoding."""

    def set_game(self, game: Game) -> None:
        """Drops the tree: another game, which is copied."""

    def push_uci(self, uci: str) -> None:
        """Plays a move and keeps the tree below it; raises PositionError if it is not legal."""

    def start(self, simulations: int) -> None:
        """Begins so many simulations and forgets waiting leaves; raises PositionError without a move."""

    def stop(self) -> None:
        """Ends the search as soon as the waiting leaves are applied."""

    @property
    def done(self) -> bool:
        """Whether all simulations are made."""

    @property
    def waiting(self) -> int:
        """Leaves gathered and not yet applied."""

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Fills `[B, C, 8, 8]` float32 with leaves; returns how many. Raises ModelError."""

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Takes `[n, A]` and `[n, 3]` float32 logits for the waiting leaves. Raises ModelError."""

    def result(self) -> RootResult:
        """Returns what was found; the root must have been evaluated."""

    def rows(self) -> list[tuple[int, PlainMove, int, float, float, float, int]]:
        """Returns all visited nodes, parents before children, the root first.

        Each is its depth, move, visits, prior, sum of values, sum of draws (for the player who made the
        move) and end (as in `RootResult`).
        """

    def memory(self) -> TreeMemory:
        """Returns how much the tree takes."""

class RootResult(NamedTuple):
    """What a search found, for the side to move."""

    rows: list[tuple[PlainMove, int, int, float, float, int]]
    """Move, policy index, visits, prior, mean value (NaN where unvisited) and end of each legal move.

    The end, by rule or by proof: 0 none, 1 loss, 2 draw, 3 win.
    """
    wdl: tuple[float, float, float]
    end: int
    pv: list[PlainMove]
    improved: list[float]
    """Gumbel: the improved policy; else empty."""
    chosen: int | None
    """Gumbel: which move to play; else None."""
    simulations: int
    out_of_memory: bool
    """Whether the search ended early because the tree had used its memory."""

class TreeMemory(NamedTuple):
    """How much a tree takes."""

    nodes: int
    edges: int
    used_bytes: int
    """By nodes and edges, what they have outgrown included."""
    held_bytes: int
    """Taken from the system."""

class GamePool:
    """Searches that fill one batch together."""

    def __init__(self, searches: Iterable[Search]) -> None:
        """Takes at least one search; all have the same encoding and action space."""

    @property
    def searches(self) -> list[Search]:
        """The searches, in order."""

    @property
    def done(self) -> bool:
        """Whether all are done."""

    def stop(self) -> None:
        """Ends all searches as soon as the waiting leaves are applied."""

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Fills `[B, C, 8, 8]` float32 with up to `batch_size` leaves of each search, in turns."""

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Takes `[n, A]` and `[n, 3]` float32 logits for the leaves gathered last."""

class ReplayMemory(NamedTuple):
    """How much a replay buffer holds."""

    positions: int
    """To draw from."""
    games: int
    bytes: int

class ReplayBuffer:
    """Games as moves and sparse policies, from which batches are drawn; any thread may call it.

    For `az119` and `az4672`. The reference is `train/reference_buffer.py`.
    """

    def __init__(self, memory_bytes: int) -> None:
        """Holds the newest games that fit into so much memory, and always the newest one."""

    def add(
        self,
        start_fen: str,
        moves: Sequence[str],
        *,
        searched: Sequence[bool],
        policy_index: Sequence[Sequence[int]],
        policy_weight: Sequence[Sequence[int]],
        wdl: Sequence[Sequence[int]],
        result: int,
    ) -> None:
        """Adds a game; `train.replay.Game` explains the fields.

        Raises:
            PositionError: it is not a game by the rules with policies over legal moves.
        """

    def limit(self, positions: int) -> None:
        """Draws from the newest so many positions from now on; older games leave."""

    def memory(self) -> ReplayMemory:
        """Returns what it holds, without counting."""

    def write(
        self,
        places: NDArray[np.float64],
        mirrored: NDArray[np.uint8],
        *,
        planes: NDArray[np.float32],
        policy: NDArray[np.float32],
        legal: NDArray[np.uint8],
        wdl: NDArray[np.float32],
    ) -> None:
        """Overwrites the rows of a batch with positions and their targets.

        Args:
            places: `[B]`, from 0 for the oldest position to just below 1 behind the newest.
            mirrored: `[B]`, 1 to turn left and right over where nobody may castle any more.
            planes: `[B, 119, 8, 8]`.
            policy: `[B, 4672]`, shares that sum to 1.
            legal: `[B, 4672]`, 1 for legal moves, else 0.
            wdl: `[B, 3]`, win, draw and loss for the side to move.

        Raises:
            PositionError: there is nothing to draw from.
            ModelError: an array has another shape.
        """
