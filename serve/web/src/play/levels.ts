/** Named strengths: which one a player has, and how it is called. */

import type { Engine, Level, Player } from "../api/messages";

/** Returns the levels that an engine is offered at, from the weakest to the strongest. */
export function levelsOf(engine: string | null, engines: Engine[]): Level[] {
  return engines.find(({ id }) => id === engine)?.strengths.levels ?? [];
}

/** Returns the level that a player plays at, or null for a human and for settings of one's own. */
export function levelOf({ engine, simulations, temperature }: Player, engines: Engine[]): Level | null {
  const isSame = (level: Level): boolean =>
    level.simulations === simulations && level.temperature === (temperature ?? 0);
  return levelsOf(engine, engines).find(isSame) ?? null;
}

/** Returns a level in words: `Club · about 1450 Elo`, or its name alone where that was not measured. */
export function levelWords({ name, worth }: Level): string {
  return worth ? `${name} · ${worth}` : name;
}
