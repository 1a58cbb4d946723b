/** The moves a search considered, as a table. */

import type { TopMove } from "../api/messages";
import { make } from "../shell/dom";
import { count, percent, signed } from "./figures";

/** Their names and classes; bars have no name. */
const COLUMNS = [
  ["Move", ""],
  ["Visits", "number"],
  ["", "share"],
  ["Value", "number"],
] as const;

/** Returns the table; `marked` is the move (UCI) that was played or is best. */
export function topMoves(moves: TopMove[], marked: string | undefined): HTMLElement {
  const head = make("tr", "");
  for (const [name, kind] of COLUMNS) {
    const cell = make(name ? "th" : "td", kind, name);
    if (name) cell.setAttribute("scope", "col");
    head.append(cell);
  }
  const most = Math.max(...moves.map((move) => move.share), 0.001);
  const rows = moves.map((move) => row(move, move.share / most, move.uci === marked));
  return make("table", "top-moves", make("thead", "", head), make("tbody", "", ...rows));
}

function row(move: TopMove, length: number, marked: boolean): HTMLElement {
  const fill = make("i", "");
  fill.style.width = `${100 * length}%`;
  const cells = make(
    "tr",
    marked ? "played" : "",
    make("td", "san", move.san),
    make("td", "number", count(move.visits)),
    make("td", "share", fill),
    make("td", "number", move.value === null ? "–" : signed(move.value)),
  );
  cells.title = `${percent(move.share)} of visits; prior ${percent(move.prior)}`;
  return cells;
}
