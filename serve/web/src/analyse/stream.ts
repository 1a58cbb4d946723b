/** One engine's analysis of one position, as it deepens; a dropped connection is made again. */

import { backoffMs, pause } from "../api/backoff";
import type { AnalysisMessage, AnalysisRequest, AnalysisUpdate } from "../api/messages";
import { connect, type Connection } from "../api/socket";
import { showLink } from "../shell/link";

const PATH = "analysis";
const PASSING = ["busy", "too_many_requests"];

/** Who hears of an analysis. */
interface Told {
  heard(update: AnalysisUpdate): void;
  /** The server does not analyse the position at all, and says why. */
  refused(message: string): void;
}

export class Stream {
  private connection: Connection | null = null;
  private request: AnalysisRequest | null = null;
  private open = false;
  private last = 0;

  /** `told` hears of the position asked for last. */
  constructor(private readonly told: Told) {}

  /** Analyses a position in place of the one before. */
  ask(request: Omit<AnalysisRequest, "id">): void {
    this.request = { ...request, id: ++this.last };
    if (this.open) this.connection?.send(this.request);
    else if (!this.connection) void this.keepConnected();
  }

  /** Ends the analysis. */
  stop(): void {
    this.request = null;
    this.connection?.close();
  }

  /** Stays connected as long as there is something to ask. */
  private async keepConnected(): Promise<void> {
    for (let failures = 0; this.request; failures++) {
      const opened = (): void => this.opened();
      this.connection = connect(PATH, (message) => this.hear(message as AnalysisMessage), opened);
      if (await this.connection.closed) failures = 0;
      this.open = false;
      if (!this.request) break;
      showLink("away");
      await pause(backoffMs(failures));
    }
    this.connection = null;
  }

  private opened(): void {
    this.open = true;
    showLink("connected");
    if (this.request) this.connection!.send(this.request);
  }

  private hear(message: AnalysisMessage): void {
    if (message.type === "error") return this.refused(message.error, message.id);
    if (message.id === this.request?.id) this.told.heard(message);
  }

  /** A busy server is asked again after a while; another refusal ends the analysis. */
  private refused(error: { code: string; message: string }, id: number | null): void {
    if (id !== null && id !== this.request?.id) return;
    if (!PASSING.includes(error.code)) {
      this.request = null;
      return this.told.refused(error.message);
    }
    showLink("busy");
    void pause(backoffMs(2)).then(() => {
      if (this.open && this.request && this.request.id === id) this.connection?.send(this.request);
    });
  }
}
