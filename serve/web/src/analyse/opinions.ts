/** The opinions of one engine or two on the position, in columns and as arrows. */

import type { DrawShape } from "chessground/draw";
import type { Engine, TopMove } from "../api/messages";
import { arrowsBeside, arrowsOf } from "../board/arrows";
import type { Line } from "../chess/line";
import { byId } from "../shell/dom";
import { agreement } from "./agreement";
import type { Bench } from "./bench";
import { chosen } from "./choice";
import { opinion } from "./opinion";

const ARROWS_BESIDE = 1;

/** Shows what the engines found in the position after `ply` moves, and how far they agree. */
export function showOpinions(bench: Bench, line: Line, ply: number, engines: Engine[], view: string): void {
  const asked = chosen().engines.map((id) => engines.find((engine) => engine.id === id)!);
  const lines = view === "analyse";
  const columns = asked.map((engine, i) =>
    opinion(engine, line, ply, bench.updates[i] ?? bench.silence(i), { lines }),
  );
  byId("opinions").replaceChildren(...columns);
  byId("opinions").dataset["columns"] = String(columns.length);
  const [first, second] = bench.updates.map((update) => update?.analysis);
  const [one, other] = asked.map(({ name }) => name);
  byId("agreement").textContent = first && second ? agreement([one!, other!], [first, second]) : "";
}

/** Returns the arrows of one engine, or the best ones of two in two colours. */
export function opinionArrows(bench: Bench, view: string): DrawShape[] {
  const [first, second] = bench.updates.map((update) => update?.analysis.top_moves ?? []);
  if (view === "analyse") return arrowsOf(first ?? []);
  return arrowsBeside(best(first), best(second));
}

function best(moves: TopMove[] = []): string[] {
  return moves.slice(0, ARROWS_BESIDE).map(({ uci }) => uci);
}
