/** What the browser remembers of how the page is set. */

const PREFIX = "aztoolkit.";

/** Returns what was remembered under a name, or `otherwise`; a browser that remembers nothing is fine. */
export function recall<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise; // storage is forbidden, or another version wrote it
  }
}

/** Remembers a value under a name, if the browser lets it. */
export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is forbidden or full: the page works on without a memory.
  }
}
