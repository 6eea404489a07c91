// Redirects the logs of workerd and wrangler from the test report to a file. Tests break connections and reject calls
// on purpose, and workerd logs each with a native stack trace. The test plugin has no setting for that.
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

const LOG = resolve(import.meta.dirname, "../../.wrangler/workerd-tests.log");
const NOISE = [
  /^(uncaught exception; |exception = |stack: |console warning; |\S*\/workerd\S*: )/,
  /^Sourcemap for /,
  // Wrangler looks for secrets in the environment. The tests bind their own.
  /Using secrets defined in process\.env|Missing required secrets/,
];

/** Vitest's global setup. Returns the teardown function. */
export function setup(): () => void {
  mkdirSync(dirname(LOG), { recursive: true });
  const log = createWriteStream(LOG);
  const restore = [process.stdout, process.stderr].map((stream) => {
    const write = stream.write;
    const writeUnlessNoise = (...args: Parameters<typeof write>): boolean => {
      const text = String(args[0]);
      return NOISE.some((noise) => noise.test(text)) ? log.write(text) : write.apply(stream, args);
    };
    stream.write = writeUnlessNoise as typeof write;
    return () => {
      stream.write = write;
    };
  });
  return () => {
    for (const undo of restore) undo();
    if (log.bytesWritten > 0) console.log(`\nworkerd log: ${relative("", LOG)}`);
    log.end();
  };
}
