/** What the gate says of an engine: a badge, and words. */

import type { Engine, Verdict } from "../api/messages";
import { count, signedWhole } from "../panel/figures";
import { make } from "../shell/dom";

const WORDS: Record<Verdict["verdict"], string> = {
  accepted: "The gate accepted this engine: it plays as well as its original.",
  rejected: "The gate rejected this engine: it plays worse than its original.",
  inconclusive: "The gate could not decide whether this engine plays as well as its original.",
};

/** Returns the badge of a verdict, or nothing for an engine that was never gated. */
export function verdictBadge(verdict: Verdict | null): HTMLElement | string {
  if (!verdict) return "";
  const badge = make("span", `badge ${verdict.verdict}`, verdict.verdict);
  badge.title = verdictWords(verdict);
  return badge;
}

/** Returns a verdict in words. */
export function verdictWords(verdict: Verdict | null): string {
  if (!verdict) return "The gate has not judged this engine.";
  const reason = verdict.reason ? ` Its reason: ${verdict.reason}.` : "";
  return `${WORDS[verdict.verdict]}${reason}`;
}

/** Returns the figures behind the reports on an engine: name and value. */
export function proofs({ verdict, distance }: Engine): [string, string][] {
  const found: [string, string][] = [];
  if (verdict?.score != null && verdict.pairs)
    found.push(["Score", `${(100 * verdict.score).toFixed(1)} % in ${count(2 * verdict.pairs)} games`]);
  if (verdict?.elo != null) found.push(["Elo", eloRange(verdict)]);
  if (distance) {
    const positions = ` of ${count(distance.positions)} positions`;
    found.push(["Same best move", `${(100 * distance.top1).toFixed(1)} %${positions}`]);
    found.push(["Mean difference of win rate", `${(100 * distance.winrate_error_mean).toFixed(2)} points`]);
  }
  return found;
}

function eloRange({ elo, elo_low, elo_high }: Verdict): string {
  const range =
    elo_low === null || elo_high === null ? "" : ` (${signedWhole(elo_low)} to ${signedWhole(elo_high)})`;
  return `${signedWhole(elo!)}${range}`;
}
