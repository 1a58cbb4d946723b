/** The searches of the analysis: one engine's, or two in turn, so that each has the processor to itself. */

import type { AnalysisUpdate } from "../api/messages";
import { sentence } from "../shell/trouble";
import { Stream } from "./stream";

const LINES = 4;
const IDLE = "Nothing is searched here.";

/** What shall be searched. */
export interface Task {
  fen: string;
  moves: string[];
  engines: string[];
  simulations: number;
}

export class Bench {
  /** What was heard of each engine of the task. */
  updates: (AnalysisUpdate | null)[] = [];
  private task: Task | null = null;
  private idleness = IDLE;
  /** Why an engine does not search, if it refused to. */
  private refusals: (string | null)[] = [];
  private readonly streams: Stream[] = [];

  constructor(private readonly changed: () => void) {
    for (const index of [0, 1])
      this.streams.push(
        new Stream({
          heard: (update) => this.heard(index, update),
          refused: (message) => this.refused(index, message),
        }),
      );
  }

  /** Whether more will be heard. */
  get searching(): boolean {
    return this.updates.some((update, index) => this.task && !update?.done && !this.refusals[index]);
  }

  /** Returns why nothing was heard of an engine yet. */
  silence(index: number): string {
    if (!this.task) return this.idleness;
    const refusal = this.refusals[index];
    if (refusal) return sentence(refusal);
    const isOn = index === 0 || this.updates[index - 1]?.done || this.refusals[index - 1];
    return isOn ? "Searching…" : "Waiting for its turn…";
  }

  /** Begins a task in place of the one before. */
  begin(task: Task): void {
    this.task = task;
    this.updates = task.engines.map(() => null);
    this.refusals = [];
    this.streams[1]!.stop();
    this.search(0);
    this.changed();
  }

  stop(): void {
    this.task = null;
    this.idleness = IDLE;
    for (const stream of this.streams) stream.stop();
  }

  /** Stops where there is nothing to search, and forgets what was heard before; `why` is a sentence. */
  rest(why: string): void {
    this.stop();
    this.idleness = why;
    this.updates = [];
  }

  private search(index: number): void {
    const { fen, moves, engines, simulations } = this.task!;
    this.streams[index]!.ask({ fen, moves, engine: engines[index]!, simulations, lines: LINES });
  }

  private heard(index: number, update: AnalysisUpdate): void {
    const wasDone = this.updates[index]?.done;
    this.updates[index] = update;
    if (update.done && !wasDone) this.searchAfter(index);
    this.changed();
  }

  private refused(index: number, message: string): void {
    this.refusals[index] = message;
    this.searchAfter(index);
    this.changed();
  }

  private searchAfter(index: number): void {
    if (index + 1 < this.updates.length) this.search(index + 1);
  }
}
