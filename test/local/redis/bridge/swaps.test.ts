// Property tests: no sequence of commands, valid or not, lets one client receive another's reply or block it.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../../stack.ts";

type Words = string[];

const stack = useStack();
/** Every command and subcommand that this Redis has. */
let known: Words[];

beforeAll(async () => {
  const rows = (await stack.direct.call("COMMAND")) as [string, ...unknown[]][];
  const subcommands = rows.flatMap((row) => (row[9] ?? []) as [string][]);
  known = [...rows, ...subcommands].map(([name]) => name.split("|"));
});

test("returns the right reply to the command after each command that this Redis has", async () => {
  const tails = [[], ["ACK", "0"], ["OFF"], ["s"], ["0", "1"], ["s", "0"], ["streams", "g", "0"]];
  for (const words of known) {
    const commands = tails.flatMap((tail, at) => [
      [...words, ...tail],
      ["ECHO", `${words.join()}-${at}`],
    ]);
    const { body } = await stack.post("/pipeline", commands);
    const echoes = (body as object[]).filter((_, at) => at % 2 === 1);
    expect(echoes).toEqual(tails.map((_, at) => ({ result: `${words.join()}-${at}` })));
  }
});

describe("concurrent clients", () => {
  const argument = fc.constantFrom(
    ...[
      "",
      "0",
      "1",
      "3",
      "-1",
      "a",
      "s",
      "g",
      "c",
      "*",
      "$",
      ">",
      "ACK",
      "ON",
      "OFF",
      "SKIP",
      "YES",
    ],
    ...["GROUP", "BLOCK", "block", "COUNT", "NOACK", "STREAMS", "streams", "CREATE", "MKSTREAM"],
  );
  const odd = fc.constantFrom(
    "",
    "nosuch",
    "post",
    "Host:",
    "__proto__",
    "GET\r\nQUIT\r\n",
    "ECHO ",
  );
  const troublesome = fc.constantFrom<Words>(
    ["REPLCONF", "ACK", "0"],
    ["client", "REPLY", "skip"],
    ["SUBSCRIBE", "c"],
    ["MONITOR"],
    ["HELLO", "3"],
    ["MULTI"],
    ["XREADGROUP", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "s", ">"],
    ["BLPOP", "empty", "0"],
  );
  const sequences = () =>
    fc.array(fc.array(request(), { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 5 });

  function command(): fc.Arbitrary<Words> {
    const name = fc.oneof(
      {
        arbitrary: fc.mixedCase(fc.constantFrom(...known.map(([first = ""]) => first))),
        weight: 4,
      },
      odd,
    );
    const any = fc
      .tuple(name, fc.array(argument, { maxLength: 9 }))
      .map(([first, rest]) => [first, ...rest]);
    return fc.oneof(
      { arbitrary: any, weight: 3 },
      { arbitrary: fc.constantFrom(...known), weight: 1 },
      { arbitrary: troublesome, weight: 1 },
    );
  }

  function request() {
    return fc.record({
      path: fc.constantFrom("/", "/pipeline", "/multi-exec"),
      commands: fc.array(command(), { minLength: 1, maxLength: 4 }),
    });
  }

  /** Sends each command followed by a unique ECHO, and expects every echo in its place. */
  async function send(path: string, commands: Words[], mark: string): Promise<void> {
    const marks = commands.map((_, at) => `${mark}-${at}`);
    if (path === "/") {
      await Promise.all(
        commands.map(async (words, at) => {
          const own = stack.post("/", words);
          expect((await stack.post("/", ["ECHO", marks[at]])).body).toEqual({ result: marks[at] });
          expect((await own).body).not.toEqual({ result: expect.stringMatching(/^mark-/) });
        }),
      );
      return;
    }
    const batch = commands.flatMap((words, at) => [words, ["ECHO", marks[at]]]);
    const { status, body } = await stack.post(path, batch);
    if (status !== 200) return expect(body).toEqual({ error: expect.any(String) });
    const echoes = (body as object[]).filter((_, at) => at % 2 === 1);
    expect(echoes).toEqual(marks.map((result) => ({ result })));
  }

  test("never receive each other's replies", async () => {
    const property = fc.asyncProperty(sequences(), async (clients) => {
      await Promise.all(
        clients.map(async (requests, client) => {
          for (const [at, { path, commands }] of requests.entries()) {
            await send(path, commands, `mark-${client}-${at}`);
          }
        }),
      );
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
