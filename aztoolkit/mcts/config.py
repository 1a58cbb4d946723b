"""What a search is told before it starts."""

from pydantic import BaseModel, ConfigDict, Field


class SearchConfig(BaseModel):
    """Settings of one Monte Carlo tree search; the defaults are for play, without noise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = "az119"
    """Planes the network wants."""
    action_space: str = "az4672"
    """How the network numbers moves."""
    batch_size: int = Field(default=16, ge=1, le=4096)
    """Most leaves of one tree that may wait for the network at once."""
    c_puct: float = Field(default=1.75, gt=0)
    """Exploration constant while visits are few (`c_init` in the AlphaZero paper)."""
    c_puct_base: float = Field(default=19652.0, gt=0)
    """Visits at which exploration has begun to grow."""
    fpu_reduction: float = Field(default=0.3, ge=0)
    """First-play urgency: an unvisited move counts as its parent's value less this times the root of
    the policy mass already visited (lc0's formula)."""
    noise_alpha: float = Field(default=0.3, gt=0)
    """Concentration of the Dirichlet noise on the root's priors."""
    noise_fraction: float = Field(default=0.0, ge=0, le=1)
    """Share of that noise in the root's priors; 0.25 in self-play."""
    prove_ends: bool = True
    """Whether wins and losses that the tree proves count as such: a lost move is tried no more."""
    memory_mb: int = Field(default=2048, ge=1)
    """Most memory, in MiB, that the native search may use for one tree; full, it ends early."""
    seed: int = Field(default=0, ge=0)
    """Of the noise."""
