/** Asks what a pawn becomes, on the square it goes to. */

import type { Side } from "../api/messages";
import { make } from "../shell/dom";

const PIECES = [
  ["q", "queen"],
  ["n", "knight"],
  ["r", "rook"],
  ["b", "bishop"],
] as const;

/** Returns `q`, `n`, `r` or `b`, or null if the player thinks better of it. */
export function choosePromotion(
  board: HTMLElement,
  target: string,
  side: Side,
  orientation: Side,
): Promise<string | null> {
  return new Promise((resolve) => {
    const veil = make("div", "promotion");
    const open = new AbortController();
    const done = (choice: string | null): void => {
      open.abort();
      veil.remove();
      resolve(choice);
    };
    const choices = PIECES.map(([letter, name]) => pieceButton(name, side, () => done(letter)));
    const column = make("div", "promotion-choices cg-wrap", ...choices);
    column.style.left = `${12.5 * fileFromLeft(target, orientation)}%`;
    column.classList.toggle("from-below", side !== orientation);
    veil.setAttribute("role", "dialog");
    veil.setAttribute("aria-label", "Promote to");
    veil.append(column);
    veil.addEventListener("click", () => done(null));
    document.addEventListener("keydown", (event) => event.key === "Escape" && done(null), open);
    board.append(veil);
    setTimeout(() => choices[0]?.focus()); // after the click that opened it, which takes the focus
  });
}

function pieceButton(name: string, side: Side, choose: () => void): HTMLButtonElement {
  const piece = document.createElement("piece"); // chessground's own, drawn by its style sheet
  piece.className = `${name} ${side}`;
  const button = make("button", "", piece);
  button.type = "button";
  button.setAttribute("aria-label", name);
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    choose();
  });
  return button;
}

function fileFromLeft(square: string, orientation: Side): number {
  const file = square.charCodeAt(0) - "a".charCodeAt(0);
  return orientation === "white" ? file : 7 - file;
}
