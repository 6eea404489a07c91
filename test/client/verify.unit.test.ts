// The scripts that verify a webhook without a library, run by their own interpreters.
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../../src/client/examples/webhooks");
const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const OLD_SECRET = `whsec_${btoa("the secret before it, 32 bytes too")}`;
const BODY = '{"id":"order.2","type":"order.confirmed","userId":"Zoë"}';

/** Node runs everywhere. */
const NODE = { name: "Node", command: process.execPath, script: "verify.mjs" };
const OTHERS = [
  { name: "PHP", command: "php", script: "verify.php" },
  { name: "Python", command: "python3", script: "verify.py" },
];
const isHere = ({ command }: typeof NODE) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
const absent = OTHERS.filter((language) => !isHere(language));
for (const { name, command, script } of absent) {
  process.stderr.write(`Not run: ${script}, because there is no ${command} (${name}) here.\n`);
}

interface Sent {
  secrets?: string[];
  body?: string;
  /** Seconds since it was signed. */
  age?: number;
  /** Signatures before those of `secrets`. */
  before?: string[];
  newline?: string;
}

/** A request that anyone could sign, for a receiver whose secret is missing. */
function signedWithNothing() {
  const at = Math.floor(Date.now() / 1_000);
  const signature = createHmac("sha256", "").update(`order.2.${at}.${BODY}`).digest("base64");
  const head = [
    "webhook-id: order.2",
    `webhook-timestamp: ${at}`,
    `webhook-signature: v1,${signature}`,
  ];
  return [...head, "", BODY].join("\n");
}

/** A request as it is on the wire. */
function request({ secrets = [SECRET], body = BODY, age = 0, before = [], newline = "\n" }: Sent) {
  const at = new Date(Date.now() - age * 1_000);
  const signatures = secrets.map((secret) => new Webhook(secret).sign("order.2", at, BODY));
  const head = [
    "Content-Type: application/json",
    "Webhook-Id: order.2",
    `webhook-timestamp: ${Math.floor(at.getTime() / 1_000)}`,
    `webhook-signature: ${[...before, ...signatures].join(" ")}`,
  ];
  return [...head, "", body].join(newline);
}

describe.each([NODE, ...OTHERS.filter(isHere)])("$script", ({ command, script }) => {
  const verify = (input: string, secrets = [SECRET]) => {
    const env = { ...process.env, ORDER_WEBHOOK_SECRET: secrets.join(",") };
    const { stdout, stderr, status } = spawnSync(command, [join(FOLDER, script)], { input, env });
    expect(stderr.toString()).toBe("");
    return `${stdout.toString().trim()} ${status}`;
  };

  test("accepts what was signed, and refuses what was changed, recorded, or signed by others", () => {
    expect(verify(request({}))).toBe("valid 0");
    expect(verify(request({ newline: "\r\n" }))).toBe("valid 0");
    expect(verify(request({ body: BODY.replace("Zoë", "Mallory") }))).toBe(
      "invalid: no signature matches 1",
    );
    expect(verify(request({ age: 301 }))).toBe("invalid: too old, or from the future 1");
    expect(verify(request({ age: -360 }))).toBe("invalid: too old, or from the future 1");
    expect(verify(request({ secrets: [OLD_SECRET] }))).toBe("invalid: no signature matches 1");
    expect(verify(`\n\n${BODY}`)).toBe("invalid: a header is missing 1");
    expect(verify(BODY)).toBe("invalid: a header is missing 1");
    for (const missing of [[], ["whsec_"]]) {
      expect(verify(signedWithNothing(), missing)).toBe("invalid: no signature matches 1");
    }
  });

  test("accepts one good signature of several, and either secret during a rotation", () => {
    expect(verify(request({ secrets: [OLD_SECRET, SECRET] }))).toBe("valid 0");
    expect(verify(request({ before: ["v1,", "v2,abc", "v1a,abc", "nonsense"] }))).toBe("valid 0");
    expect(verify(request({ secrets: [OLD_SECRET] }), [SECRET, OLD_SECRET])).toBe("valid 0");
    expect(verify(request({ secrets: [OLD_SECRET] }), [`${SECRET} `, ` ${OLD_SECRET}`])).toBe(
      "valid 0",
    );
  });
});
