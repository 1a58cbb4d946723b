/** Text to the clipboard and to files. */

import { make } from "./dom";

/** Copies text; returns whether the browser let it. */
export async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text); // not allowed, or the page has lost the focus
    }
  }
  return copyBySelection(text); // pages of other hosts without TLS have no clipboard
}

/** Saves text as a file of the reader's. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = make("a", "");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(url);
}

function copyBySelection(text: string): boolean {
  const area = make("textarea", "hidden");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
