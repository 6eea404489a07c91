// How far a rehearsal is, while it runs.
import { formatNumber } from "../terminal-format.ts";

const BAR_WIDTH = 30;

/** Shows `done` of `total`: a bar that redraws itself on a terminal, a line a tenth elsewhere. */
export function progress(label: string, total: number): () => void {
  let done = 0;
  const tenth = Math.max(1, Math.ceil(total / 10));
  return () => {
    done += 1;
    const count = `${label} ${formatNumber(done)}/${formatNumber(total)}`;
    if (process.stdout.isTTY) {
      const full = Math.round((BAR_WIDTH * done) / total);
      const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
      process.stdout.write(`\r${bar} ${count}${done === total ? "\n" : ""}`);
    } else if (done % tenth === 0 || done === total) {
      console.log(count);
    }
  };
}
