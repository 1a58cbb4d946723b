/** The fields of one side's player: who, how many simulations, how much variety. */

import type { EngineList, Player, Side } from "../api/messages";
import { count } from "../panel/figures";
import { byId } from "../shell/dom";

const SIMULATIONS = [1, 10, 50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000];
const TEMPERATURES = [
  [0, "Always the best move"],
  [0.3, "A little variety"],
  [0.6, "Some variety"],
  [1, "Much variety"],
] as const;
const HUMAN = "";

/** Fills the fields of a side with what there is to choose from. */
export function fillFields(side: Side, list: EngineList): void {
  const who = field(side, "engine");
  who.replaceChildren(new Option("You", HUMAN));
  for (const { id, name, verdict } of list.engines) who.add(new Option(described(name, verdict?.verdict), id));
  field(side, "simulations").replaceChildren();
  for (const simulations of SIMULATIONS) {
    if (simulations <= list.max_simulations) addSimulations(side, simulations);
  }
  field(side, "temperature").replaceChildren();
  for (const [value, words] of TEMPERATURES) field(side, "temperature").add(new Option(words, String(value)));
  who.addEventListener("change", () => showStrength(side));
}

/** Chooses a player; those of an engine's fields that a human does not have keep what they say. */
export function choosePlayer(side: Side, player: Player, otherwise: number): void {
  field(side, "engine").value = player.engine ?? HUMAN;
  const simulations = player.simulations ?? otherwise;
  addSimulations(side, simulations);
  field(side, "simulations").value = String(simulations);
  addTemperature(side, player.temperature ?? 0);
  field(side, "temperature").value = String(player.temperature ?? 0);
  showStrength(side);
}

/** Returns the player that is chosen. */
export function chosenPlayer(side: Side): Player {
  const engine = field(side, "engine").value;
  if (engine === HUMAN) return { engine: null, simulations: null, temperature: null };
  const simulations = Number(field(side, "simulations").value);
  return { engine, simulations, temperature: Number(field(side, "temperature").value) };
}

function field(side: Side, name: "engine" | "simulations" | "temperature"): HTMLSelectElement {
  return byId<HTMLSelectElement>(`${side}-${name}`);
}

function described(name: string, verdict: string | undefined): string {
  return verdict ? `${name} — ${verdict}` : name;
}

function showStrength(side: Side): void {
  byId(`${side}-strength`).hidden = field(side, "engine").value === HUMAN;
}

function addSimulations(side: Side, simulations: number): void {
  const words = `${count(simulations)} simulation${simulations === 1 ? "" : "s"} a move`;
  addInOrder(field(side, "simulations"), simulations, words);
}

function addTemperature(side: Side, temperature: number): void {
  addInOrder(field(side, "temperature"), temperature, `Temperature ${temperature}`);
}

function addInOrder(select: HTMLSelectElement, value: number, words: string): void {
  const options = [...select.options];
  if (options.some((option) => Number(option.value) === value)) return;
  const later = options.find((option) => Number(option.value) > value) ?? null;
  select.add(new Option(words, String(value)), later);
}
