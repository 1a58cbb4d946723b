"""Random numbers of a search: SplitMix64, so that the native search can draw the same ones."""

import math

_MASK = (1 << 64) - 1


class Random:
    """A seeded stream of random numbers.

    Source: Steele, Lea and Flood 2014 (SplitMix64).
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def uniform(self) -> float:
        """Returns a number of the open interval (0, 1): 53 random bits and a half."""
        return ((self._next() >> 11) + 0.5) * 2.0**-53

    def gumbel(self) -> float:
        """Returns a standard Gumbel number."""
        return -math.log(-math.log(self.uniform()))

    def normal(self) -> float:
        """Returns a standard normal number (Box and Muller 1958)."""
        radius = math.sqrt(-2.0 * math.log(self.uniform()))
        return radius * math.cos(2.0 * math.pi * self.uniform())

    def gamma(self, alpha: float) -> float:
        """Returns a Gamma number of shape `alpha` and scale 1 (Marsaglia and Tsang 2000)."""
        if alpha < 1.0:
            larger = self.gamma(alpha + 1.0)
            return larger * math.pow(self.uniform(), 1.0 / alpha)
        d = alpha - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        while True:
            x = self.normal()
            v = 1.0 + c * x
            if v <= 0.0:
                continue
            cube = v * v * v
            if math.log(self.uniform()) < 0.5 * x * x + d * (1.0 - cube + math.log(cube)):
                return d * cube

    def dirichlet(self, alpha: float, count: int) -> list[float]:
        """Returns `count` shares of 1 from the symmetric Dirichlet distribution."""
        shares = [self.gamma(alpha) for _ in range(count)]
        total = math.fsum(shares)
        return [share / total for share in shares]

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)
