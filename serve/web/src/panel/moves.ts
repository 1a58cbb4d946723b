/** The moves of a line, each a button that shows its position. */

import { numberOf, type Line } from "../chess/line";
import { make } from "../shell/dom";

/** Lists the moves, marks the one shown, and calls `show` with the ply of one that is clicked. */
export function showMoves(
  list: HTMLElement,
  line: Line & { result?: string; end?: string | null },
  shownPly: number,
  show: (ply: number) => void,
): void {
  const state = [line.start_fen, ...line.moves.map(({ san }) => san), shownPly, line.end ?? ""].join(" ");
  if (list.dataset["shown"] === state) return; // the focus stays where it is while an engine thinks
  list.dataset["shown"] = state;
  const focused = list.contains(document.activeElement);
  const rows: HTMLElement[] = [];
  line.moves.forEach((move, i) => {
    const number = numberOf(line, i);
    if (i === 0 || number.endsWith(".")) {
      rows.push(make("li", "", make("span", "number", number.replace("…", "."))));
      if (number.endsWith("…")) rows[0]!.append(make("span", "skipped", "…"));
    }
    rows[rows.length - 1]!.append(moveButton(move.san, i + 1 === shownPly, () => show(i + 1)));
  });
  if (line.end) rows.push(make("li", "result", `${line.result} · ${line.end}`));
  list.replaceChildren(...(rows.length ? rows : [make("li", "quiet", "No moves yet.")]));
  keepInSight(list, shownPly === line.moves.length);
  if (focused) list.querySelector<HTMLElement>("[aria-current]")?.focus();
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
