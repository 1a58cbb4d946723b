/** What one engine finds in the position, in a column of its own. */

import type { AnalysisUpdate, Engine, Variation } from "../api/messages";
import type { Line } from "../chess/line";
import { verdictBadge } from "../engines/verdict";
import { chances } from "../panel/chances";
import { count, signed } from "../panel/figures";
import { topMoves } from "../panel/top_moves";
import { variation } from "../panel/variation";
import { make } from "../shell/dom";

/** Returns the column: of an update, or of a word why there is none. `lines` are told if there is room. */
export function opinion(
  engine: Engine,
  line: Line,
  ply: number,
  update: AnalysisUpdate | string,
  { lines }: { lines: boolean },
): HTMLElement {
  const head = make("h3", "opinion-name", engine.name, verdictBadge(engine.verdict));
  const column = make("section", "opinion", head);
  column.setAttribute("aria-label", engine.name);
  column.dataset["engine"] = engine.id;
  if (typeof update === "string") column.append(make("p", "quiet", update));
  else column.append(...found(line, ply, update, lines));
  return column;
}

function found(line: Line, ply: number, update: AnalysisUpdate, lines: boolean): HTMLElement[] {
  const { analysis } = update;
  const value = make("b", "value", signed(analysis.value));
  const parts = [figures(update, value), chances(analysis)];
  if (lines) parts.push(variations(line, ply, analysis.lines));
  else parts.push(topMoves(analysis.top_moves, analysis.top_moves[0]?.uci), pv(line, ply, analysis.pv));
  return parts;
}

function figures(update: AnalysisUpdate, value: HTMLElement): HTMLElement {
  const named = (name: string, figure: string): HTMLElement =>
    make("div", "", make("dt", "", name), make("dd", "", figure));
  const list = make(
    "dl",
    "figures",
    make("div", "", make("dt", "", "Value"), make("dd", "", value)),
    named("Visits", count(update.visits)),
    named("Nodes/s", count(update.nodes_per_s)),
    named("Depth", String(update.depth)),
  );
  list.dataset["done"] = String(update.done);
  return list;
}

function pv(line: Line, ply: number, moves: string[]): HTMLElement {
  return make("p", "line", variation(line, ply, moves));
}

function variations(line: Line, ply: number, lines: Variation[]): HTMLElement {
  const rows = lines.map((found) =>
    make(
      "li",
      "",
      make("b", "value", found.value === null ? "–" : signed(found.value)),
      make("span", "line", variation(line, ply, found.san)),
      make("span", "quiet visits", count(found.visits)),
    ),
  );
  return make("ol", "variations", ...rows);
}
