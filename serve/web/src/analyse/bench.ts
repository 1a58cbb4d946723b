/** The searches of the analysis: one engine's, or two in turn, so that each has the processor to itself. */

import type { AnalysisUpdate } from "../api/messages";
import { Stream } from "./stream";

const LINES = 4;

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
  private readonly streams: Stream[] = [];

  constructor(private readonly changed: () => void) {
    for (const index of [0, 1]) this.streams.push(new Stream((update) => this.heard(index, update)));
  }

  /** Returns why nothing was heard of an engine yet. */
  silence(index: number): string {
    if (!this.task) return "Nothing is searched here.";
    return index === 0 || this.updates[index - 1]?.done ? "Searching…" : "Waiting for its turn…";
  }

  /** Begins a task in place of the one before. */
  begin(task: Task): void {
    this.task = task;
    this.updates = task.engines.map(() => null);
    this.streams[1]!.stop();
    this.search(0);
    this.changed();
  }

  stop(): void {
    this.task = null;
    for (const stream of this.streams) stream.stop();
  }

  private search(index: number): void {
    const { fen, moves, engines, simulations } = this.task!;
    this.streams[index]!.ask({ fen, moves, engine: engines[index]!, simulations, lines: LINES });
  }

  private heard(index: number, update: AnalysisUpdate): void {
    const wasDone = this.updates[index]?.done;
    this.updates[index] = update;
    if (update.done && !wasDone && index + 1 < this.updates.length) this.search(index + 1);
    this.changed();
  }
}
