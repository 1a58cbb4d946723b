/** What can go wrong with a request. */

/** A refusal of the server, or none of its answers at all (status 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null,
  ) {
    super(message);
  }

  /** Whether the server does not answer, or something before it that cannot reach it. */
  get away(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** Whether the server has too much to do, or had too much of this page. */
  get busy(): boolean {
    return this.status === 503 || this.status === 429;
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof Failure && error.status === status;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
