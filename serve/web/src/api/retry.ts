/** Asks until the server answers: while it is busy or away the page says so and tries again. */

import { showLink } from "../shell/link";
import { backoffMs, pause } from "./backoff";
import { Failure } from "./failure";

/** Returns what `request` brings; refusals that would stay refusals are thrown.
 *
 * Gives up with the last failure as soon as `wanted` says no.
 */
export async function insist<T>(request: () => Promise<T>, wanted = (): boolean => true): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const answer = await request();
      showLink("connected");
      return answer;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!error.busy && !error.away) showLink("connected"); // a refusal is an answer
      if (!((error.busy || error.away) && wanted())) throw error;
      showLink(error.busy ? "busy" : "away");
      await pause(error.retryAfterMs ?? backoffMs(failures));
      if (!wanted()) throw error;
    }
  }
}
