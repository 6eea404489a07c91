// What Cloudflare's deploy button does, against a fake account: it copies the repository, creates the queues of `wrangler.toml`,
// sets the secrets that it asked for, and runs the scripts `build` and `deploy` of the copy.
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseEnv, promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Unstable_Config, unstable_readConfig } from "wrangler";
import { PROJECT } from "../../../src/local/dev/settings.ts";
import {
  type FakeCloudflare,
  startFakeCloudflare,
} from "../../../src/local/fakes/cloudflare/server.ts";
import { makeTempDir } from "../stack.ts";

/** Untracked, or too large to copy. */
const LEFT_OUT = new Set([".git", ".wrangler", "node_modules", "dist", "deployment", ".dev.vars"]);
const CONFIG: Unstable_Config = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });
const QUEUES = CONFIG.queues.consumers?.map(({ queue }) => queue) ?? [];

let copy: string;
let home: string;
let cloudflare: FakeCloudflare;

beforeAll(async () => {
  [copy, home] = [join(await makeTempDir(), "copy"), await makeTempDir()];
  await mkdir(copy);
  await cp(PROJECT, copy, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(relative(PROJECT, path)),
  });
  await symlink(join(PROJECT, "node_modules"), join(copy, "node_modules"));
  expect(await run("build")).toMatchObject({ failed: false });
});
afterAll(async () => {
  await Promise.all([join(copy, ".."), home].map((folder) => rm(folder, { recursive: true })));
});

beforeEach(async () => {
  cloudflare = await startFakeCloudflare();
  for (const queue_name of QUEUES) {
    cloudflare.account.queues.push({ queue_id: queue_name, queue_name, consumers: [] });
  }
});
afterEach(() => cloudflare.stop());

/** Runs a script of the copy, as Cloudflare's build does. Returns what it printed, and whether it failed. */
async function run(script: string, env: Record<string, string> = {}) {
  const { PATH } = process.env;
  const all: Record<string, string | undefined> = {
    ...{ PATH, HOME: home, CI: "true", WRANGLER_WRITE_LOGS: "false" },
    ...env,
  };
  try {
    const options = { cwd: copy, env: all as NodeJS.ProcessEnv };
    const { stdout, stderr } = await promisify(execFile)("npm", ["run", script], options);
    return { failed: false, output: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { failed: true, output: stdout + stderr };
  }
}

const deploy = () =>
  run("deploy", { ...cloudflare.env, CLOUDFLARE_ACCOUNT_ID: cloudflare.account.id });

/** Sets a value for each secret that the button asks for. */
async function setSecrets(): Promise<string[]> {
  const asked = Object.keys(parseEnv(await readFile(join(copy, ".dev.vars.example"), "utf8")));
  cloudflare.account.workers.set("doorbuster", {
    ...{ metadata: { bindings: [] }, versions: [], deployed: "", migrationTag: undefined },
    ...{ secrets: new Map(asked.map((name) => [name, "entered"])), classes: new Set() },
    ...{ crons: [], onSubdomain: false },
  });
  return asked;
}

test("the deploy button's scripts deploy the whole Worker, and keep the secrets that were entered", async () => {
  const asked = await setSecrets();
  expect(await deploy()).toMatchObject({ failed: false });
  const { workers, queues } = cloudflare.account;
  const worker = workers.get("doorbuster");
  expect([...(worker?.secrets ?? [])]).toEqual(asked.map((name) => [name, "entered"]));
  expect(worker?.versions).toHaveLength(1);
  expect(worker?.crons).toEqual(["* * * * *"]);
  expect(worker?.onSubdomain).toBe(true);
  const classes = CONFIG.durable_objects.bindings.map(({ class_name }) => class_name);
  expect([...(worker?.classes ?? [])].sort()).toEqual(classes.toSorted());
  expect(queues.map(({ consumers }) => consumers[0]?.script)).toEqual(
    QUEUES.map(() => "doorbuster"),
  );
});

test("a first build that comes before the secrets deploys nothing and names them, and the next one succeeds", async () => {
  const early = await deploy();
  expect(early.failed).toBe(true);
  for (const name of CONFIG.secrets?.required ?? []) expect(early.output).toContain(name);
  expect(cloudflare.account.workers.size).toBe(0);
  await setSecrets();
  expect(await deploy()).toMatchObject({ failed: false });
});
