/** What goes over the wire, as serve/schemas.py has it. */

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

/** A named strength; `worth` says in words what it is worth, such as `about 1450 Elo`. */
export interface Level {
  name: string;
  simulations: number;
  temperature: number;
  worth: string | null;
  elo: number | null;
  elo_low: number | null;
  elo_high: number | null;
  games: number | null;
}

export interface Levels {
  /** From the weakest to the strongest. */
  levels: Level[];
  /** Whose Elo it is. */
  scale: string | null;
}

export interface Engine {
  id: string;
  name: string;
  precision: "fp32" | "fp16" | "int8";
  network: string;
  training_step: number;
  size_bytes: number;
  backend: string;
  verdict: Verdict | null;
  distance: Distance | null;
  /** Paths of the reports' pages, where there are any. */
  gate_page: string | null;
  compare_page: string | null;
  /** Positions that its list of disagreements has. */
  disagreements: number;
  strengths: Levels;
}

export interface EngineList {
  engines: Engine[];
  default: string;
  default_simulations: number;
  max_simulations: number;
  max_analysis_simulations: number;
  max_temperature: number;
  max_lines: number;
}

/** What a network alone thinks of a position. */
export interface Opinion {
  uci: string;
  san: string;
  probability: number;
  /** Expected score of the side to move. */
  winrate: number;
}

export interface Disagreement {
  fen: string;
  start_fen: string;
  moves: string[];
  kl: number;
  winrate_error: number;
  original: Opinion;
  model: Opinion;
}

export interface DisagreementList {
  model: string;
  original: string | null;
  positions: Disagreement[];
}

export interface TopMove {
  uci: string;
  san: string;
  visits: number;
  share: number;
  prior: number;
  value: number | null;
}

/** A line of play, best first in a list of them. */
export interface Variation {
  uci: string[];
  san: string[];
  visits: number;
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
  lines: Variation[];
  simulations: number;
  time_ms: number;
}

export interface PlayedMove {
  uci: string;
  san: string;
  analysis: Analysis | null;
}

/** Who plays a side: an engine by its id with its strength, or a human (null). */
export interface Player {
  engine: string | null;
  simulations: number | null;
  temperature: number | null;
}

export type Players = Record<Side, Player>;

export interface Game {
  id: string;
  players: Players;
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

/** A game to be set up: from a position and moves, or from a PGN. */
export interface NewGame extends Players {
  fen?: string;
  moves?: string[];
  pgn?: string;
}

export interface AnalysisRequest {
  id: number;
  fen: string;
  moves: string[];
  engine: string;
  simulations: number;
  lines: number;
}

export interface ErrorEvent {
  type: "error";
  id: number | null;
  error: { code: string; message: string };
}

/** What comes over a game's WebSocket. */
export type GameMessage =
  | { type: "game"; game: Game }
  | { type: "thinking"; analysis: Analysis }
  | ErrorEvent;

export interface AnalysisUpdate {
  type: "analysis";
  id: number;
  visits: number;
  nodes_per_s: number;
  depth: number;
  done: boolean;
  analysis: Analysis;
}

export type AnalysisMessage = AnalysisUpdate | ErrorEvent;
