/** A small board that shows a position and what is played there, and nothing else. */

import { Chessground } from "chessground";
import { make } from "../shell/dom";
import { arrowsBeside } from "./arrows";
import { BRUSHES } from "./board";

/** Returns the board of a FEN from the side to move, with an arrow for either move (UCI). */
export function smallBoard(fen: string, [first, second]: [string, string], label: string): HTMLElement {
  const element = make("div", "small-board");
  const wrapped = make("div", "small-board-frame", element);
  wrapped.setAttribute("role", "img");
  wrapped.setAttribute("aria-label", label);
  const ground = Chessground(element, {
    fen,
    orientation: fen.split(" ")[1] === "b" ? "black" : "white",
    viewOnly: true,
    coordinates: false,
    animation: { enabled: false },
    drawable: { enabled: false, visible: true, brushes: BRUSHES },
  });
  requestAnimationFrame(() => {
    ground.redrawAll(); // only now it knows how large it is
    ground.setAutoShapes(arrowsBeside([first], [second]));
  });
  return wrapped;
}
