/** Small words for the document. */

/** Returns the element with an id of index.html. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found as T;
}

/** Returns a new element with a class and children; text is never read as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Returns a new SVG element. */
export function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Returns a button. */
export function button(words: string, action: () => void, className = ""): HTMLButtonElement {
  const made = make("button", className, words);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

/** Returns a link within the page or to another. */
export function link(words: string, href: string, className = ""): HTMLAnchorElement {
  const made = make("a", className, words);
  made.href = href;
  return made;
}

/** Puts children in place of those there are, unless they are the same: what moves, moves on. */
export function fill(place: HTMLElement, ...children: (Node | string)[]): void {
  const fresh = make("div", "", ...children);
  const same = (child: Node, i: number): boolean => child.isEqualNode(place.childNodes[i] ?? null);
  const nodes = [...fresh.childNodes];
  if (nodes.length !== place.childNodes.length || !nodes.every(same)) place.replaceChildren(...nodes);
}

/** Calls `action` when the element with an id is clicked. */
export function onClick(id: string, action: () => void): void {
  byId(id).addEventListener("click", action);
}

/** Whether keys typed now belong to a field and not to the page. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  );
}
