// DOM helpers.

/** Sets the text if it differs: screen readers announce every write to a live region. */
export function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

/** The first element below `root` with the attribute `data-<name>`. */
export const part = <T extends HTMLElement>(root: ParentNode, name: string): T | null =>
  root.querySelector<T>(`[data-${name}]`);

/** Sets the text of every element below `root` with the attribute `data-<name>`. */
export function setAll(root: ParentNode, name: string, text: string): void {
  for (const element of root.querySelectorAll(`[data-${name}]`)) setText(element, text);
}
