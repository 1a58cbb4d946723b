/** Bad news, said kindly, in one place. */

import { byId } from "./dom";

const SHOWN_MS = 8000;
let timer = 0;

/** Shows a message for a while; errors of the server begin with "expected". */
export function showTrouble(message: string): void {
  const box = byId("trouble");
  box.textContent = sentence(message);
  box.hidden = false;
  window.clearTimeout(timer);
  timer = window.setTimeout(hideTrouble, SHOWN_MS);
}

export function hideTrouble(): void {
  byId("trouble").hidden = true;
}

function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
