/** What an engine thinks: its chances, its line, its choices, and how long it took. */

import type { Analysis } from "../api/messages";
import type { Line } from "../chess/line";
import { make } from "../shell/dom";
import { chances } from "./chances";
import { count, duration, signed } from "./figures";
import { topMoves } from "./top_moves";
import { variation } from "./variation";

/** Returns the analysis of the position after `ply` moves; `played` is the move (UCI) chosen there. */
export function describe(line: Line, ply: number, analysis: Analysis, played?: string): HTMLElement[] {
  return [
    chances(analysis),
    make("p", "line", make("b", "value", signed(analysis.value)), variation(line, ply, analysis.pv)),
    topMoves(analysis.top_moves, played),
    effort(analysis),
  ];
}

function effort(analysis: Analysis): HTMLElement {
  const rate = count((1000 * analysis.simulations) / Math.max(analysis.time_ms, 0.1));
  const searched = `${count(analysis.simulations)} simulations in ${duration(analysis.time_ms)}`;
  return make("p", "quiet effort", `${searched} · ${rate}/s · ${analysis.engine}`);
}
