// Turns a part of a page into its newer rendering, and keeps each element that both have: with the focus and the scrolling.

/** The children are compared by their order, so parts that come and go belong into an element of their own. */
export function patch(held: Element, newer: Element): void {
  for (const { name } of [...held.attributes]) {
    if (!newer.hasAttribute(name)) held.removeAttribute(name);
  }
  for (const { name, value } of newer.attributes) {
    if (held.getAttribute(name) !== value) held.setAttribute(name, value);
  }
  const former = [...held.childNodes];
  const nodes = [...newer.childNodes];
  for (const [at, node] of nodes.entries()) {
    const old = former[at];
    if (!old) held.append(node);
    else if (isElement(old) && isElement(node) && old.tagName === node.tagName) patch(old, node);
    else if (isElement(old) || isElement(node) || old.textContent !== node.textContent)
      old.replaceWith(node);
  }
  for (const old of former.slice(nodes.length)) old.remove();
}

const isElement = (node: Node): node is Element => node.nodeType === Node.ELEMENT_NODE;
