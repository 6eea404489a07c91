// `npm run deploy`: deploys this version. With the settings of `npm run setup` if there are any, else with the tracked
// configuration, as Cloudflare's own builds do. Options go to wrangler.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PROJECT } from "../dev/settings.ts";
import { readSettings, type Settings, writeWranglerConfig } from "./deployment-files.ts";
import { fingerprint } from "./fingerprint.ts";

const settings = await readSettings(PROJECT);
const own = settings ? await optionsFor(settings) : [];
const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const args = [wrangler, "deploy", ...own, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: "inherit" });
await once(child, "exit");
process.exitCode = child.exitCode ?? 1;

/** The tag tells the next `npm run setup` that this code is deployed. */
async function optionsFor(found: Settings): Promise<string[]> {
  const { path, config } = await writeWranglerConfig(PROJECT, found);
  return ["--config", path, "--tag", await fingerprint(PROJECT, config)];
}
