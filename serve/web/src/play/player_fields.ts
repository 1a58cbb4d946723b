/** The fields of one side's player: who, at what level, or how many simulations and how much variety. */

import type { EngineList, Player, Side } from "../api/messages";
import { count } from "../panel/figures";
import { make } from "../shell/dom";
import { levelOf, levelsOf, levelWords } from "./levels";
import { titled } from "./words";

const SIMULATIONS = [1, 10, 50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000];
const TEMPERATURES = [
  [0, "Always the best move"],
  [0.3, "A little variety"],
  [0.6, "Some variety"],
  [1, "Much variety"],
] as const;
const HUMAN = "";
const OWN = "";

export class PlayerFields {
  /** All of them, to be put into the page. */
  readonly element: HTMLElement;
  private readonly engine: HTMLSelectElement;
  private readonly level: HTMLSelectElement;
  private readonly simulations: HTMLSelectElement;
  private readonly temperature: HTMLSelectElement;
  private readonly strength: HTMLElement;

  constructor(
    side: Side,
    private readonly list: EngineList,
  ) {
    this.engine = select(`${side}-engine`, () => this.showStrength());
    this.level = select(`${side}-level`, () => this.takeLevel());
    this.simulations = select(`${side}-simulations`, () => this.showLevel());
    this.temperature = select(`${side}-temperature`, () => this.showLevel());
    this.strength = make(
      "div",
      "strength",
      ...labelled("Level", this.level),
      ...labelled("Simulations", this.simulations),
      ...labelled("Variety", this.temperature),
    );
    this.strength.id = `${side}-strength`;
    const legend = make("legend", "", make("i", `disc ${side}`), titled(side));
    const who = labelled(`${titled(side)} is played by`, this.engine, "hidden");
    this.element = make("fieldset", "", legend, ...who, this.strength);
  }

  /** Chooses a player; those of an engine's fields that a human does not have keep what they say. */
  choose(player: Player): void {
    this.fill();
    this.engine.value = player.engine ?? HUMAN;
    this.setStrength(player.simulations ?? this.list.default_simulations, player.temperature ?? 0);
    this.showStrength();
  }

  /** Returns the player that is chosen. */
  chosen(): Player {
    const engine = this.engine.value;
    if (engine === HUMAN) return { engine: null, simulations: null, temperature: null };
    return { engine, simulations: Number(this.simulations.value), temperature: Number(this.temperature.value) };
  }

  /** Offers what there is now: a server that was started again may have other engines. */
  private fill(): void {
    this.engine.replaceChildren(new Option("You", HUMAN));
    for (const { id, name, verdict } of this.list.engines)
      this.engine.add(new Option(described(name, verdict?.verdict), id));
    this.simulations.replaceChildren();
    for (const simulations of SIMULATIONS)
      if (simulations <= this.list.max_simulations) addSimulations(this.simulations, simulations);
    this.temperature.replaceChildren();
    for (const [value, words] of TEMPERATURES) this.temperature.add(new Option(words, String(value)));
  }

  private setStrength(simulations: number, temperature: number): void {
    addSimulations(this.simulations, simulations);
    this.simulations.value = String(simulations);
    addTemperature(this.temperature, temperature);
    this.temperature.value = String(temperature);
  }

  /** Shows what an engine has and a human has not; what a level is worth differs by the engine. */
  private showStrength(): void {
    const engine = this.engine.value;
    this.strength.hidden = engine === HUMAN;
    const offered = levelsOf(engine, this.list.engines);
    const options = offered.map((level) => new Option(levelWords(level), level.name));
    this.level.replaceChildren(...options, new Option("Own settings", OWN));
    this.showLevel();
  }

  private showLevel(): void {
    this.level.value = levelOf(this.chosen(), this.list.engines)?.name ?? OWN;
  }

  private takeLevel(): void {
    const offered = levelsOf(this.engine.value, this.list.engines);
    const level = offered.find(({ name }) => name === this.level.value);
    if (level) this.setStrength(level.simulations, level.temperature);
  }
}

function select(id: string, changed: () => void): HTMLSelectElement {
  const made = make("select");
  made.id = id;
  made.addEventListener("change", changed);
  return made;
}

function labelled(words: string, field: HTMLElement, className = ""): HTMLElement[] {
  const label = make("label", className, words);
  label.htmlFor = field.id;
  return [label, field];
}

function described(name: string, verdict: string | undefined): string {
  return verdict ? `${name} — ${verdict}` : name;
}

function addSimulations(field: HTMLSelectElement, simulations: number): void {
  const words = `${count(simulations)} simulation${simulations === 1 ? "" : "s"} a move`;
  addInOrder(field, simulations, words);
}

function addTemperature(field: HTMLSelectElement, temperature: number): void {
  addInOrder(field, temperature, `Temperature ${temperature}`);
}

function addInOrder(field: HTMLSelectElement, value: number, words: string): void {
  const options = [...field.options];
  if (options.some((option) => Number(option.value) === value)) return;
  const later = options.find((option) => Number(option.value) > value) ?? null;
  field.add(new Option(words, String(value)), later);
}
