/** How far two engines agree on a position, in a sentence. */

import type { Analysis } from "../api/messages";
import { scoreOf } from "../panel/bar";

/** Returns the sentence. */
export function agreement(names: [string, string], [first, second]: [Analysis, Analysis]): string {
  const [one, other] = [first.top_moves[0], second.top_moves[0]];
  if (!one || !other) return "";
  const points = Math.abs(100 * (scoreOf(first) - scoreOf(second))).toFixed(1);
  const scores = `their expected scores are ${points} points apart`;
  if (one.uci === other.uci) return `Both prefer ${one.san}; ${scores}.`;
  return `${names[0]} prefers ${one.san}, ${names[1]} ${other.san}; ${scores}.`;
}
