"""What a search is told before it starts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SearchConfig(BaseModel):
    """Settings of one Monte Carlo tree search; the defaults are for play, without noise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = "az119"
    """Planes the network wants."""
    action_space: str = "az4672"
    """How the network numbers moves."""
    algorithm: Literal["puct", "gumbel"] = "puct"
    """How moves are chosen inside the tree: AlphaZero's PUCT; or Gumbel AlphaZero, which learns from few
    simulations (see `aztoolkit.mcts.gumbel`)."""
    batch_size: int = Field(default=16, ge=1, le=4096)
    """Most leaves of one tree that may wait for the network at once."""
    policy_temperature: float = Field(default=1.5, gt=0, le=100)
    """Priors are softmax(logits / policy_temperature): the higher, the sooner a move is tried that the
    network does not expect (lc0 plays at 1.36). 1 in self-play, as in the AlphaZero paper."""
    c_puct: float = Field(default=1.75, gt=0)
    """PUCT: exploration constant while visits are few (`c_init` in the AlphaZero paper)."""
    c_puct_base: float = Field(default=19652.0, gt=0)
    """PUCT: visits at which exploration has begun to grow."""
    fpu_reduction: float = Field(default=0.3, ge=0)
    """PUCT, first-play urgency: an unvisited move counts as its parent's value less this times the root of
    the policy mass already visited (lc0's formula)."""
    noise_alpha: float = Field(default=0.3, gt=0)
    """PUCT: concentration of the Dirichlet noise on the root's priors."""
    noise_fraction: float = Field(default=0.0, ge=0, le=1)
    """PUCT: share of that noise in the root's priors; 0.25 in self-play."""
    considered_moves: int = Field(default=16, ge=1)
    """Gumbel: moves among which the root halves."""
    gumbel_scale: float = Field(default=1.0, ge=0)
    """Gumbel: size of the random numbers that explore; 0 for play without chance."""
    c_visit: float = Field(default=50.0, ge=0)
    """Gumbel: visits added to the largest count, so that values weigh from the first visit on."""
    c_scale: float = Field(default=0.1, gt=0)
    """Gumbel: weight of values against logits."""
    prove_ends: bool = True
    """Whether wins and losses that the tree proves count as such: a lost move is tried no more, and a
    search ends once its root is decided."""
    find_mates: bool = True
    """Whether a position is looked through for a mate in one before the network is asked: with so few
    simulations, a mate that the policy does not expect would never be tried. Wants `prove_ends`."""
    memory_mb: int = Field(default=2048, ge=1)
    """Most memory, in MiB, that the native search may use for one tree; full, it ends early."""
    seed: int = Field(default=0, ge=0)
    """Of noise and Gumbel numbers."""
