/** The buttons and keys that step through a line. */

import { byId, onClick } from "../shell/dom";
import type { Stepper } from "./stepper";

const PLIES = { first: -Infinity, back: -1, on: 1, last: Infinity };
const KEYS: Record<string, number> = {
  ArrowLeft: PLIES.back,
  ArrowRight: PLIES.on,
  ArrowUp: PLIES.first,
  ArrowDown: PLIES.last,
  Home: PLIES.first,
  End: PLIES.last,
};

/** Wires the buttons whose ids begin with `prefix`. */
export function startSteps(prefix: string, stepper: Stepper): void {
  for (const [name, plies] of Object.entries(PLIES)) onClick(`${prefix}-${name}`, () => stepper.step(plies));
}

/** Disables the buttons that lead nowhere. */
export function showSteps(prefix: string, stepper: Stepper): void {
  const first = stepper.ply === 0;
  const disabled = { first, back: first, on: stepper.atEnd, last: stepper.atEnd };
  for (const [name, value] of Object.entries(disabled))
    byId<HTMLButtonElement>(`${prefix}-${name}`).disabled = value;
}

/** Steps if the key is one that does; returns whether it was. */
export function stepByKey(event: KeyboardEvent, stepper: Stepper): boolean {
  const plies = KEYS[event.key];
  if (plies === undefined) return false;
  event.preventDefault();
  stepper.step(plies);
  return true;
}
