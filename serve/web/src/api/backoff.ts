/** How long to wait before trying again: longer each time, never long, cut short when the network is back. */

const FIRST_MS = 400;
const LONGEST_MS = 8000;

/** Returns the wait before another try after `failures` in a row, in milliseconds. */
export function backoffMs(failures: number): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(failures, 8), LONGEST_MS);
  return whole * (0.75 + Math.random() / 2); // so that many pages do not come back in step
}

/** Resolves after a while, or as soon as the browser says that the network is back. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      window.clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = window.setTimeout(done, ms);
    window.addEventListener("online", done);
  });
}
