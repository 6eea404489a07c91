// Finds a Redis server program: the one on PATH, or else one unpacked from Debian or Ubuntu packages into a cache
// directory, which does not need root.
import { execFile } from "node:child_process";
import { access, constants, glob, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

export interface RedisProgram {
  command: string;
  /** LD_LIBRARY_PATH for the shared libraries that were unpacked with it. */
  libraryPath?: string;
}

const run = promisify(execFile);

/**
 * Finds a Redis server program. Unpacks one into the user's cache directory if none is installed.
 * @throws with installation instructions if that fails
 */
export async function findRedis(log: (line: string) => void): Promise<RedisProgram> {
  const installed = (await onPath("redis-server")) ?? (await onPath("valkey-server"));
  if (installed) return { command: installed };
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  try {
    return await unpackedFromPackages(join(cache, "doorbuster"), log);
  } catch (error) {
    throw new Error(
      "No Redis found. Install one (Debian, Ubuntu: `sudo apt-get install redis-server`; macOS: " +
        "`brew install redis`), or set REDIS_URL, or put Upstash credentials into .dev.vars. " +
        `Unpacking Redis from the distribution's packages failed: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Returns the path of a program on PATH, or undefined if there is none. */
async function onPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(directory, name);
    if (directory && (await isExecutable(file))) return file;
  }
  return undefined;
}

async function unpackedFromPackages(
  cache: string,
  log: (line: string) => void,
): Promise<RedisProgram> {
  const root = join(cache, `redis-${await distribution()}-${process.arch}`);
  if (!(await isExecutable(serverIn(root)))) {
    log("Redis is not installed. Unpacking it from the distribution's packages (once)");
    await unpackInto(root, cache);
  }
  return programIn(root);
}

/** Names the release of the distribution. Shared libraries differ by release, so each gets a separate directory. */
async function distribution(): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8");
  const field = (name: string) => release.match(new RegExp(`^${name}="?([^"\n]*)`, "m"))?.[1];
  return `${field("ID") ?? "linux"}-${field("VERSION_ID") ?? "rolling"}`;
}

/** Works in a directory next to `root` and renames it when complete. A race or a kill leaves no partial copy. */
async function unpackInto(root: string, cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "unpacking-"));
  try {
    const unpacked = join(work, "root");
    await mkdir(unpacked);
    for (const archive of await downloadPackages(work)) {
      await run("dpkg-deb", ["--extract", archive, unpacked]);
    }
    const { command, libraryPath } = await programIn(unpacked);
    await run(command, ["--version"], { env: { ...process.env, LD_LIBRARY_PATH: libraryPath } });
    await rename(unpacked, root).catch(async (error: unknown) => {
      if (!(await isExecutable(serverIn(root)))) throw error; // another run finished first
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Downloads redis-server and its missing dependencies. Returns the paths of the packages. */
async function downloadPackages(work: string): Promise<string[]> {
  // Separate lists, cache and locks, so that neither root nor up-to-date system lists are needed. Only the list of
  // installed packages is the system's. The sandbox user could not write to our directory.
  const options = [
    `Dir::State=${join(work, "state")}`,
    `Dir::Cache=${join(work, "cache")}`,
    "Dir::State::status=/var/lib/dpkg/status",
    "Debug::NoLocking=true",
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  const apt = (...args: string[]) =>
    run("apt-get", ["-qq", ...options, ...args], { env: { ...process.env, LC_ALL: "C" } });
  for (const directory of ["state/lists/partial", "cache/archives/partial"]) {
    await mkdir(join(work, directory), { recursive: true });
  }
  // A broken third-party source fails the update, but the lists that matter may have been fetched.
  const update = await apt("update").catch((error: unknown) => error);
  try {
    // `--reinstall` downloads both packages even if one is installed: redis-tools contains the server program, and
    // redis-server only a link to it.
    const install = ["install", "--reinstall", "--yes", "--no-install-recommends"];
    await apt(...install, "--download-only", "redis-server", "redis-tools");
  } catch (error) {
    throw update instanceof Error ? new AggregateError([update, error], messageOf(update)) : error;
  }
  return filesIn(join(work, "cache/archives"), "*.deb");
}

async function programIn(root: string): Promise<RedisProgram> {
  const folders = await filesIn(root, "{usr/,}lib/*-linux-*");
  return { command: serverIn(root), libraryPath: folders.join(":") };
}

async function filesIn(directory: string, pattern: string): Promise<string[]> {
  const files: string[] = [];
  for await (const name of glob(pattern, { cwd: directory })) files.push(join(directory, name));
  return files;
}

function serverIn(root: string): string {
  return join(root, "usr/bin/redis-server");
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
