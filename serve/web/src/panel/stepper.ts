/** Which position of a line is shown: its end as it grows, unless one has stepped back. */

export class Stepper {
  ply = 0;
  private length = 0;

  constructor(private readonly changed: () => void) {}

  /** Whether the end of the line is shown. */
  get atEnd(): boolean {
    return this.ply === this.length;
  }

  /** Takes up another length of the line; what is shown stays, unless it was the end or is gone. */
  follow(length: number): void {
    if (this.atEnd || length < this.length) this.ply = length;
    this.length = length;
  }

  /** Begins anew at the end of another line. */
  reset(length: number): void {
    this.ply = this.length = length;
  }

  /** Shows the position after `ply` moves, or the nearest there is. */
  show(ply: number): void {
    this.ply = Math.min(Math.max(ply, 0), this.length);
    this.changed();
  }

  step(plies: number): void {
    this.show(this.ply + plies);
  }
}
