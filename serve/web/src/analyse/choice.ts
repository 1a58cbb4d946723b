/** Which engines analyse, and how long. */

import type { EngineList } from "../api/messages";
import { count } from "../panel/figures";
import { byId } from "../shell/dom";
import { recall, remember } from "../shell/settings";

const SIMULATIONS = [100, 400, 800, 1600, 3200, 10_000, 30_000, 100_000];
const DEFAULTS = { alone: 10_000, beside: 800 };
const FIELDS = ["first-engine", "second-engine", "analysis-simulations"] as const;

/** Fills the fields; calls `changed` when another is chosen. */
export function startChoice(list: EngineList, changed: () => void): void {
  for (const simulations of SIMULATIONS) {
    if (simulations <= list.max_analysis_simulations)
      select("analysis-simulations").add(new Option(count(simulations), String(simulations)));
  }
  for (const id of FIELDS) select(id).addEventListener("change", changed);
  select("analysis-simulations").addEventListener("change", () =>
    remember(memoryName(), Number(select("analysis-simulations").value)),
  );
}

/** Shows the fields of one engine or of two, of those there are now, and the simulations chosen last.
 *
 * Two are the `pair` if one is named, else the original and its quantization.
 */
export function showChoice(
  list: EngineList,
  { beside, pair }: { beside: boolean; pair: [string, string] | null },
): void {
  byId("second-engine-field").hidden = !beside;
  for (const id of ["first-engine", "second-engine"]) offer(id, list);
  if (beside) [select("first-engine").value, select("second-engine").value] = pair ?? likelyPair(list);
  const usual = beside ? DEFAULTS.beside : DEFAULTS.alone;
  select("analysis-simulations").value = String(recall(memoryName(), usual));
  if (!select("analysis-simulations").value) select("analysis-simulations").selectedIndex = 0;
}

/** Returns the ids of the engines and the simulations of each. */
export function chosen(): { engines: string[]; simulations: number } {
  const ids = isBeside() ? ["first-engine", "second-engine"] : ["first-engine"];
  return {
    engines: ids.map((id) => select(id).value),
    simulations: Number(select("analysis-simulations").value),
  };
}

/** Fills a field with the engines; the one chosen stays as long as it is there. */
function offer(id: string, { engines, default: usual }: EngineList): void {
  const chosen = select(id).value;
  select(id).replaceChildren(...engines.map((engine) => new Option(engine.name, engine.id)));
  select(id).value = engines.some((engine) => engine.id === chosen) ? chosen : usual;
}

/** Returns the original and its quantization: FP32 and INT8 where there are both. */
function likelyPair({ engines }: EngineList): [string, string] {
  const original = engines.find(({ precision }) => precision === "fp32") ?? engines[0]!;
  const others = engines.filter((engine) => engine !== original);
  const other = others.find(({ precision }) => precision === "int8") ?? others[0] ?? original;
  return [original.id, other.id];
}

function isBeside(): boolean {
  return !byId("second-engine-field").hidden;
}

function memoryName(): string {
  return isBeside() ? "compare-simulations" : "analysis-simulations";
}

function select(id: string): HTMLSelectElement {
  return byId<HTMLSelectElement>(id);
}
