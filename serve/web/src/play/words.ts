/** What the page says about the players and the state of a game. */

import type { Engine, Game, Player, Side } from "../api/messages";
import { count } from "../panel/figures";
import { levelOf, levelWords } from "./levels";

export type NameOf = (player: Player) => string;

export function opponentOf(side: Side): Side {
  return side === "white" ? "black" : "white";
}

export function playerToMove(game: Game): Player {
  return game.players[game.turn];
}

export function isEngineGame({ players }: Game): boolean {
  return players.white.engine !== null && players.black.engine !== null;
}

/** Returns the side of the only human, or null if both or none are. */
export function humanSide({ players }: Game): Side | null {
  if ((players.white.engine === null) === (players.black.engine === null)) return null;
  return players.white.engine === null ? "white" : "black";
}

/** Returns the name of a side's player, to be read beside the board. */
export function nameOf(game: Game, side: Side, engines: Engine[]): string {
  const { engine } = game.players[side];
  if (engine === null) return humanSide(game) ? "You" : titled(side);
  return engines.find(({ id }) => id === engine)?.name ?? engine;
}

/** Returns how strong an engine plays: `Club · about 1450 Elo`, or `400 simulations · temperature 0.3`. */
export function strengthOf(player: Player, engines: Engine[]): string {
  const level = levelOf(player, engines);
  if (!level) return effortOf(player);
  return level.worth ? levelWords(level) : `${level.name} · ${simulationsOf(level.simulations)}`;
}

/** Returns what an engine does for a move: `400 simulations · temperature 0.3`. */
export function effortOf({ engine, simulations, temperature }: Player): string {
  if (engine === null || simulations === null) return "";
  return `${simulationsOf(simulations)}${temperature ? ` · temperature ${temperature}` : ""}`;
}

/** Returns the line that says how the game stands. */
export function statusOf(game: Game, engines: Engine[], state: { paused: boolean }): string {
  if (game.end) return `${outcome(game)} — ${game.end}.`;
  const mover = nameOf(game, game.turn, engines);
  if (playerToMove(game).engine !== null)
    return isEngineGame(game) && state.paused ? `Paused. ${mover} is to move.` : `${mover} is thinking…`;
  const check = game.check ? "Check! " : "";
  const last = game.moves[game.moves.length - 1];
  if (!humanSide(game)) return `${check}${titled(game.turn)} to move.`;
  const other = nameOf(game, opponentOf(game.turn), engines);
  return `${last ? `${other} played ${last.san}. ` : ""}${check}Your move.`;
}

export function titled(side: Side): string {
  return side === "white" ? "White" : "Black";
}

function simulationsOf(simulations: number): string {
  return `${count(simulations)} simulation${simulations === 1 ? "" : "s"}`;
}

function outcome(game: Game): string {
  if (game.result === "1/2-1/2") return "Draw";
  const winner: Side = game.result === "1-0" ? "white" : "black";
  const human = humanSide(game);
  if (!human) return `${titled(winner)} wins`;
  return winner === human ? "You win" : "You lose";
}
