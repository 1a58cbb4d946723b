/** The moves of the game, each a button that shows its position. */

import type { Game } from "./api";
import { byId, make } from "./dom";
import { numberOf } from "./position";

/** Lists the moves, marks the one shown, and calls `show` with the ply of one that is clicked. */
export function showMoves(game: Game, shownPly: number, show: (ply: number) => void): void {
  const list = byId("moves");
  const rows: HTMLElement[] = [];
  game.moves.forEach((move, i) => {
    const number = numberOf(game, i);
    if (i === 0 || number.endsWith(".")) {
      rows.push(make("li", "", make("span", "number", number.replace("…", "."))));
      if (number.endsWith("…")) rows[0]!.append(make("span", "skipped", "…"));
    }
    rows[rows.length - 1]!.append(moveButton(move.san, i + 1 === shownPly, () => show(i + 1)));
  });
  if (game.end) rows.push(make("li", "result", `${game.result} · ${game.end}`));
  list.replaceChildren(...(rows.length ? rows : [make("li", "quiet", "No moves yet.")]));
  keepInSight(list, shownPly === game.moves.length);
}

function moveButton(san: string, shown: boolean, show: () => void): HTMLElement {
  const button = make("button", "san", san);
  button.type = "button";
  if (shown) button.setAttribute("aria-current", "step");
  button.addEventListener("click", show);
  return button;
}

function keepInSight(list: HTMLElement, atEnd: boolean): void {
  const current = list.querySelector<HTMLElement>("[aria-current]");
  if (atEnd) list.scrollTop = list.scrollHeight;
  else if (current) list.scrollTop = current.offsetTop - list.clientHeight / 2;
}
