/** Figures in words. */

/** Returns a value from -1 to 1 with its sign. */
export function signed(value: number): string {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

/** Returns a whole number with its sign. */
export function signedWhole(value: number): string {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(0);
}

/** Returns a share from 0 to 1 in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}

/** Returns a count with its thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Returns a count in at most four signs: `812`, `3.2k`. */
export function shortCount(value: number): string {
  return value < 1000 ? String(value) : `${(value / 1000).toFixed(value < 9950 ? 1 : 0)}k`;
}

export function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function bytes(size: number): string {
  return size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
