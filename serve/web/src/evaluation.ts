/** What the engine thinks: the bar beside the board, and the numbers behind it. */

import type { Analysis, Game, Side, TopMove } from "./api";
import { byId, make } from "./dom";
import { numberOf } from "./position";

/** Shows the analysis that belongs to the position after `ply` moves. */
export function showEvaluation(game: Game, ply: number, orientation: Side): void {
  const at = lastAnalysed(game, ply);
  const analysis = at < 0 ? null : game.moves[at]!.analysis;
  showBar(analysis, orientation);
  byId("evaluation").replaceChildren(...(analysis ? describe(game, at, analysis) : [nothingYet()]));
}

/** Returns a value from -1 to 1 with its sign. */
function signed(value: number): string {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

function lastAnalysed(game: Game, ply: number): number {
  return game.moves.slice(0, ply).findLastIndex((move) => move.analysis !== null);
}

function nothingYet(): HTMLElement {
  return make("p", "quiet", "After the engine's first move: its chances, its line, its choices.");
}

function showBar(analysis: Analysis | null, orientation: Side): void {
  const score = analysis ? 100 * (analysis.white + analysis.draw / 2) : 50;
  const bar = byId("bar");
  bar.classList.toggle("upside-down", orientation === "black");
  bar.setAttribute("aria-valuenow", score.toFixed(0));
  byId("bar-white").style.height = `${score}%`;
  byId("bar-label").textContent = analysis ? Math.max(score, 100 - score).toFixed(0) : "";
  bar.classList.toggle("white-ahead", score >= 50);
}

function describe(game: Game, at: number, analysis: Analysis): HTMLElement[] {
  return [
    chances(analysis),
    line(game, at, analysis),
    topMoves(analysis.top_moves, game.moves[at]!.uci),
    effort(analysis),
  ];
}

function chances(analysis: Analysis): HTMLElement {
  const shares = [
    ["white", "White", analysis.white],
    ["draw", "draw", analysis.draw],
    ["black", "Black", analysis.black],
  ] as const;
  const bar = make("div", "chances-bar");
  const names = make("div", "chances-names");
  for (const [kind, name, share] of shares) {
    const part = make("div", kind);
    part.style.width = `${100 * share}%`;
    bar.append(part);
    names.append(make("span", kind, make("b", "", percent(share)), ` ${name}`));
  }
  return make("div", "chances", bar, names);
}

function line(game: Game, at: number, analysis: Analysis): HTMLElement {
  const words = make("p", "line");
  words.append(make("b", "value", signed(analysis.value)));
  analysis.pv.forEach((san, i) => {
    const number = numberOf(game, at + i);
    if (i === 0 || number.endsWith(".")) words.append(make("span", "number", number), "\u00a0");
    words.append(make("span", "san", san), " ");
  });
  words.setAttribute("aria-label", `Principal variation: ${analysis.pv.join(" ")}`);
  return words;
}

function topMoves(moves: TopMove[], played: string): HTMLElement {
  const head = make("tr", "");
  for (const name of ["Move", "Visits", "", "Value"]) head.append(make("th", "", name));
  const most = Math.max(...moves.map((move) => move.share), 0.001);
  const rows = moves.map((move) => topMove(move, move.share / most, move.uci === played));
  const body = make("tbody", "", ...rows);
  return make("table", "top-moves", make("thead", "", head), body);
}

function topMove(move: TopMove, length: number, played: boolean): HTMLElement {
  const fill = make("i", "");
  fill.style.width = `${100 * length}%`;
  const row = make(
    "tr",
    played ? "played" : "",
    make("td", "san", move.san),
    make("td", "number", move.visits.toLocaleString("en")),
    make("td", "share", fill),
    make("td", "number", move.value === null ? "–" : signed(move.value)),
  );
  row.title = `${percent(move.share)} of visits; prior ${percent(move.prior)}`;
  return row;
}

function effort(analysis: Analysis): HTMLElement {
  const rate = Math.round((1000 * analysis.simulations) / Math.max(analysis.time_ms, 0.1)).toLocaleString("en");
  const count = analysis.simulations.toLocaleString("en");
  return make(
    "p",
    "quiet effort",
    `${count} simulations in ${duration(analysis.time_ms)} · ${rate}/s · ${analysis.engine}`,
  );
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}
