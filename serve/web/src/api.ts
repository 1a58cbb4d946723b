/** The server's API: its messages (see serve/schemas.py) and the calls. */

export type Side = "white" | "black";

export interface Verdict {
  verdict: "accepted" | "rejected" | "inconclusive";
  reason: string | null;
  score: number | null;
  elo: number | null;
  elo_low: number | null;
  elo_high: number | null;
  pairs: number | null;
}

export interface Distance {
  positions: number;
  kl_mean: number;
  top1: number;
  winrate_error_mean: number;
  winrate_error_p99: number;
}

export interface Engine {
  id: string;
  name: string;
  precision: "fp32" | "fp16" | "int8";
  network: string;
  training_step: number;
  size_bytes: number;
  verdict: Verdict | null;
  distance: Distance | null;
}

export interface EngineList {
  engines: Engine[];
  default: string;
  default_simulations: number;
  max_simulations: number;
}

export interface TopMove {
  uci: string;
  san: string;
  visits: number;
  share: number;
  prior: number;
  value: number | null;
}

/** All of it from White's side. */
export interface Analysis {
  engine: string;
  white: number;
  draw: number;
  black: number;
  value: number;
  pv: string[];
  top_moves: TopMove[];
  simulations: number;
  time_ms: number;
}

export interface PlayedMove {
  uci: string;
  san: string;
  analysis: Analysis | null;
}

export interface Game {
  id: string;
  side: Side;
  engine: string;
  simulations: number;
  start_fen: string;
  fen: string;
  turn: Side;
  moves: PlayedMove[];
  legal_moves: string[];
  check: boolean;
  thinking: boolean;
  result: "*" | "1-0" | "0-1" | "1/2-1/2";
  end: string | null;
}

export interface NewGame {
  side: Side;
  engine: string;
  simulations: number;
  fen?: string;
}

/** A refusal of the server, or none of its answers at all (status 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }

  /** Whether the same request may well succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

export const listEngines = (): Promise<EngineList> => call("GET", "engines");
export const newGame = (game: NewGame): Promise<Game> => call("POST", "games", game);
export const getGame = (id: string): Promise<Game> => call("GET", path(id));
export const changeGame = (
  id: string,
  change: { engine?: string; simulations?: number },
): Promise<Game> => call("PATCH", path(id), change);
export const deleteGame = (id: string): Promise<void> => call("DELETE", path(id));
export const move = (id: string, uci: string): Promise<Game> =>
  call("POST", `${path(id)}/moves`, { uci });
export const engineMove = (id: string): Promise<Game> => call("POST", `${path(id)}/engine-move`);
export const takeBack = (id: string): Promise<Game> => call("POST", `${path(id)}/take-back`);

const RETRY_MS = 2000;

const path = (id: string): string => `games/${encodeURIComponent(id)}`;

async function call<T>(method: string, where: string, body?: unknown): Promise<T> {
  const response = await send(method, where, body);
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const error = (answer as { error?: { code: string; message: string } } | null)?.error;
  throw new Failure(
    response.status,
    error?.code ?? "unknown",
    error?.message ?? `the server answered ${response.status}`,
    1000 * Number(response.headers.get("Retry-After")) || RETRY_MS,
  );
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
    throw new Failure(0, "unreachable", "the server does not answer", RETRY_MS);
  }
}
