/** A variation with the numbers of its moves. */

import { numberOf, type Line } from "../chess/line";
import { make } from "../shell/dom";

/** Returns moves in SAN, the first of which is played after `ply` moves of the line. */
export function variation(line: Line, ply: number, moves: string[]): HTMLElement {
  const words = make("span", "variation");
  moves.forEach((san, i) => {
    const number = numberOf(line, ply + i);
    if (i === 0 || number.endsWith(".")) words.append(make("span", "number", number), "\u00a0");
    words.append(make("span", "san", san), " ");
  });
  return words;
}
