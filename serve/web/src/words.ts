/** What the page says about the state of a game. */

import type { Game, Side } from "./api";

/** Returns the line of the status region. */
export function statusOf(game: Game, engineName: string, thinking: boolean): string {
  if (game.end) return `${outcome(game)} — ${game.end}.`;
  if (thinking) return `${engineName} is thinking…`;
  const last = game.moves[game.moves.length - 1];
  const check = game.check ? " Check!" : "";
  if (game.turn !== game.side) return `${engineName} is to move.`;
  const played = last ? `${engineName} played ${last.san}.${check} ` : "";
  return `${played}Your move.`;
}

export function opponentOf(side: Side): Side {
  return side === "white" ? "black" : "white";
}

function outcome(game: Game): string {
  if (game.result === "1/2-1/2") return "Draw";
  const winner: Side = game.result === "1-0" ? "white" : "black";
  return winner === game.side ? "You win" : "You lose";
}
