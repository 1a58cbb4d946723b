/** The choice of the engine and of how long it searches. */

import type { Engine, EngineList, Verdict } from "./api";
import { byId, make } from "./dom";

const SIMULATIONS = [1, 50, 100, 200, 400, 800, 1600, 3200, 6400];

/** Returns the chosen engine's id and simulations. */
export function chosenOpponent(): { engine: string; simulations: number } {
  const radio = document.querySelector<HTMLInputElement>("input[name=engine]:checked");
  return {
    engine: radio?.value ?? "",
    simulations: Number(byId<HTMLSelectElement>("simulations").value),
  };
}

/** Lists the engines and simulations to choose from; calls `changed` when another is chosen. */
export function listOpponents(list: EngineList, changed: () => void): void {
  byId("engines").replaceChildren(...list.engines.map(engineCard));
  const counts = SIMULATIONS.filter((count) => count <= list.max_simulations);
  byId("simulations").replaceChildren();
  for (const count of [...counts, list.default_simulations]) addSimulations(count);
  byId("engines").addEventListener("change", changed);
  byId("simulations").addEventListener("change", changed);
}

/** Marks an engine and a number of simulations as chosen. */
export function chooseOpponent(engine: string, simulations: number): void {
  for (const radio of document.querySelectorAll<HTMLInputElement>("input[name=engine]"))
    radio.checked = radio.value === engine;
  addSimulations(simulations);
  byId<HTMLSelectElement>("simulations").value = String(simulations);
}

/** Returns the badge of a verdict. */
export function verdictBadge(verdict: Verdict | null): HTMLElement | string {
  if (!verdict) return "";
  const badge = make("span", `badge ${verdict.verdict}`, verdict.verdict);
  badge.title = explain(verdict);
  return badge;
}

function engineCard(engine: Engine): HTMLElement {
  const radio = make("input", "");
  radio.type = "radio";
  radio.name = "engine";
  radio.value = engine.id;
  const name = make("span", "engine-name", engine.name, verdictBadge(engine.verdict));
  const about = make("span", "quiet", `${engine.network} · ${size(engine.size_bytes)}`);
  const card = make("label", "engine", radio, make("span", "engine-text", name, about));
  for (const proof of proofs(engine))
    card.querySelector(".engine-text")!.append(make("span", "quiet", proof));
  return card;
}

function proofs(engine: Engine): string[] {
  const verdict = engine.verdict ? found(engine.verdict) : [];
  const top1 = engine.distance && (100 * engine.distance.top1).toFixed(1);
  return [...verdict, top1 ? `${top1} % same move` : ""].filter(Boolean);
}

function found(verdict: Verdict): string[] {
  const doubt = verdict.verdict === "accepted" ? "" : (verdict.reason ?? "");
  return [scored(verdict), eloRange(verdict), doubt];
}

function scored({ score, pairs }: Verdict): string {
  if (score === null || !pairs) return "";
  return `${(100 * score).toFixed(1)} % in ${(2 * pairs).toLocaleString("en")} games`;
}

function eloRange({ elo, elo_low, elo_high }: Verdict): string {
  if (elo === null) return "";
  const range = elo_low === null || elo_high === null ? "" : ` (${whole(elo_low)} to ${whole(elo_high)})`;
  return `Elo ${whole(elo)}${range}`;
}

function explain(verdict: Verdict): string {
  const games = verdict.pairs ? ` after ${2 * verdict.pairs} games against its original` : "";
  const reason = verdict.reason ? `: ${verdict.reason}` : "";
  return `The gate: ${verdict.verdict}${games}${reason}.`;
}

function whole(value: number): string {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(0);
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function addSimulations(count: number): void {
  const select = byId<HTMLSelectElement>("simulations");
  const options = [...select.options];
  if (options.some((option) => Number(option.value) === count)) return;
  const words = `${count.toLocaleString("en")} simulation${count === 1 ? "" : "s"} a move`;
  const later = options.find((option) => Number(option.value) > count) ?? null;
  select.add(new Option(words, String(count)), later);
}
