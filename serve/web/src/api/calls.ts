/** The calls of the server's API. */

import { Failure } from "./failure";
import type { DisagreementList, EngineList, Game, NewGame, Players, Side } from "./messages";

export const listEngines = (): Promise<EngineList> => call("GET", "engines");
export const listDisagreements = (engine: string): Promise<DisagreementList> =>
  call("GET", `engines/${encodeURIComponent(engine)}/disagreements`);
export const newGame = (game: NewGame): Promise<Game> => call("POST", "games", game);
export const getGame = (id: string): Promise<Game> => call("GET", gamePath(id));
export const changePlayers = (id: string, players: Partial<Players>): Promise<Game> =>
  call("PATCH", gamePath(id), players);
export const deleteGame = (id: string): Promise<void> => call("DELETE", gamePath(id));
export const move = (id: string, uci: string): Promise<Game> =>
  call("POST", `${gamePath(id)}/moves`, { uci });
export const engineMove = (id: string): Promise<Game> => call("POST", `${gamePath(id)}/engine-move`);
/** `plies`: moves that are seen here; a game that has fewer stays as it is. */
export const takeBack = (id: string, plies: number): Promise<Game> =>
  call("POST", `${gamePath(id)}/take-back`, { plies });
export const resign = (id: string, side: Side | null = null): Promise<Game> =>
  call("POST", `${gamePath(id)}/resign`, { side });

/** Returns the path of a game below `api/`. */
export function gamePath(id: string): string {
  return `games/${encodeURIComponent(id)}`;
}

/** Returns the game's PGN. */
export async function getPgn(id: string): Promise<string> {
  return (await answered("GET", `${gamePath(id)}/pgn`)).text();
}

async function call<T>(method: string, where: string, body?: unknown): Promise<T> {
  const response = await answered(method, where, body);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Returns a success of the server; throws Failure for anything else. */
async function answered(method: string, where: string, body?: unknown): Promise<Response> {
  const response = await send(method, where, body);
  if (response.ok) return response;
  const answer = (await response.json().catch(() => null)) as ErrorBody | null;
  throw new Failure(
    response.status,
    answer?.error?.code ?? "unknown",
    answer?.error?.message ?? `the server answered ${response.status}`,
    1000 * Number(response.headers.get("Retry-After")) || null,
  );
}

interface ErrorBody {
  error?: { code: string; message: string };
}

async function send(method: string, where: string, body: unknown): Promise<Response> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  try {
    return await fetch(`api/${where}`, init);
  } catch {
    throw new Failure(0, "unreachable", "the server does not answer", null);
  }
}
