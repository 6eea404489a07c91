// A worker that ticks once a second. Browsers slow the timers of hidden pages down, and not those of workers.
const EVERY_MS = 1_000;

setInterval(() => postMessage(undefined), EVERY_MS);

export {};
