/** The games this browser plays, remembered so that a server that forgot them can be told of them. */

import type { Game, NewGame, Side } from "../api/messages";
import { recall, remember } from "../shell/settings";

const KEPT = 8;

/** Remembers a game as it stands; of many, those touched last. */
export function keep(game: Game): void {
  const others = kept().filter(({ id }) => id !== game.id);
  remember("games", [game, ...others].slice(0, KEPT));
}

/** Forgets a game. */
export function forget(id: string): void {
  remember("games", kept().filter((game) => game.id !== id));
}

/** Returns a game as it stood when it was last seen here, or null. */
export function lastSeen(id: string): Game | null {
  return kept().find((game) => game.id === id) ?? null;
}

/** Returns the game played last, or null. */
export function newest(): Game | null {
  return kept()[0] ?? null;
}

/** Returns what makes the server set up a game again as it stood. */
export function asNew(game: Game): NewGame {
  return { ...game.players, fen: game.start_fen, moves: game.moves.map(({ uci }) => uci) };
}

/** Returns who gave the game up, or null if nobody did. */
export function resigned(game: Game): Side | null {
  if (game.end !== "resignation") return null;
  return game.result === "1-0" ? "black" : "white";
}

/** Returns a game with the analyses that its moves had when they were seen last. */
export function withAnalyses(game: Game, seen: Game): Game {
  const same = (i: number): boolean => seen.moves[i]?.uci === game.moves[i]!.uci;
  const moves = game.moves.map((move, i) =>
    move.analysis || !same(i) ? move : { ...move, analysis: seen.moves[i]!.analysis },
  );
  return { ...game, moves };
}

function kept(): Game[] {
  return recall<Game[]>("games", []);
}
