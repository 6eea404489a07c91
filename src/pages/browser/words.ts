// The words that the server put on the page for its scripts: those of the parts that the page has.
import type { Words } from "../words/words.ts";

export const WORDS: Words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
