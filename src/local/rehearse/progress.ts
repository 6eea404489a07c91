// Progress output while a rehearsal runs.
import { formatNumber } from "../terminal-format.ts";

const BAR_WIDTH = 30;

/**
 * Returns a function to call after each finished item. It redraws a progress bar on a terminal, and otherwise
 * prints a line per tenth of `total`.
 */
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
