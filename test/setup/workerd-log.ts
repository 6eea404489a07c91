// Keeps the log of workerd and wrangler out of the report, in a file. Tests break connections and reject calls
// on purpose, and workerd reports each with a native stack; the test plugin has no setting for that.
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

const LOG = resolve(import.meta.dirname, "../../.wrangler/workerd-tests.log");
const NOISE = [
  /^(uncaught exception; |exception = |stack: |console warning; |\S*\/workerd\S*: )/,
  /^Sourcemap for /,
  // Wrangler looks for the secrets in the environment; the tests bind their own.
  /Using secrets defined in process\.env|Missing required secrets/,
];

/** What vitest calls before all tests inside workerd. @returns what it calls afterwards */
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
    for (const each of restore) each();
    if (log.bytesWritten > 0) console.log(`\nThe log of workerd: ${relative("", LOG)}`);
    log.end();
  };
}
