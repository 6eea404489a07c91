// Remembers the keys of series, so that a repeated count neither builds a text nor hashes one: texts that come again and again
// have their hash.
import { areFit, keyOf, type MetricName } from "./series.ts";

interface Node {
  key?: string;
  next: Map<string, Node>;
}

/** So many keys are remembered before all are forgotten, as old sales have no counts any more. */
const MAX_KEYS = 2_000;

const newNode = (): Node => ({ next: new Map() });

export class KeyMemory {
  #root = newNode();
  #size = 0;

  /** The key of a series. Undefined if its labels are unfit. */
  keyOf(name: MetricName, labels: readonly string[]): string | undefined {
    let node = this.#root.next.get(name);
    for (let at = 0; node && at < labels.length; at += 1) {
      node = node.next.get(labels[at] as string);
    }
    return node?.key ?? this.#learn(name, labels);
  }

  #learn(name: MetricName, labels: readonly string[]): string | undefined {
    if (!areFit(labels)) return undefined;
    if (this.#size >= MAX_KEYS) {
      this.#root = newNode();
      this.#size = 0;
    }
    this.#size += 1;
    let node = this.#root;
    for (const part of [name, ...labels]) {
      const known = node.next.get(part);
      const next = known ?? newNode();
      if (!known) node.next.set(part, next);
      node = next;
    }
    node.key = keyOf(name, labels);
    return node.key;
  }
}
