// When `npm run dev` and `npm run example` have to stop.

const PARENT_CHECK_MS = 500;

/**
 * Resolves on the first SIGINT, SIGTERM or SIGHUP, or when the parent npm process has exited. Later signals are
 * ignored: npm forwards Ctrl-C although the terminal sends it to us as well, and the time to stop is bounded.
 */
export function stopRequested(): Promise<void> {
  process.stdout.on("error", () => {}); // the terminal may close during cleanup
  process.stderr.on("error", () => {});
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => resolve());
    }
    if (process.env.npm_lifecycle_event === undefined) return;
    const npm = process.ppid;
    const check = () => process.ppid === npm || resolve();
    setInterval(check, PARENT_CHECK_MS).unref();
  });
}
