// Small touches of the page.

/** Writes only what differs: live regions speak of every write. */
export function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

/** The part of a page that its markup calls `data-<name>`. */
export const part = <T extends HTMLElement>(root: ParentNode, name: string): T | null =>
  root.querySelector<T>(`[data-${name}]`);

/** Writes the same text into every such part. */
export function setAll(root: ParentNode, name: string, text: string): void {
  for (const element of root.querySelectorAll(`[data-${name}]`)) setText(element, text);
}
