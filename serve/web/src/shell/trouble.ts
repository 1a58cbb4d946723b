/** News, bad and good, said in one place for a while. */

import { byId } from "./dom";

const SHOWN_MS = 8000;
let timer = 0;

/** Shows what went wrong, in the dialog if one is open; errors of the server begin with "expected". */
export function showTrouble(message: string): void {
  const inDialog = document.querySelector<HTMLElement>("dialog[open] .dialog-trouble");
  if (inDialog) inDialog.textContent = sentence(message);
  else show(message, "trouble");
}

/** Shows that something was done. */
export function showNotice(message: string): void {
  show(message, "notice");
}

export function hideTrouble(): void {
  byId("trouble").hidden = true;
}

function show(message: string, kind: string): void {
  const box = byId("trouble");
  box.className = kind;
  box.textContent = sentence(message);
  box.hidden = false;
  window.clearTimeout(timer);
  timer = window.setTimeout(hideTrouble, SHOWN_MS);
}

/** Returns a message of the server with a capital letter. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
