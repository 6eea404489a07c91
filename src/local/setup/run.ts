// Runs the steps of setup one after the other, and says what each did.
import { billOf, inDollars } from "../../cost/bill.ts";
import { CHECKED, WORKERS_PAID } from "../../cost/prices.ts";
import { SCENARIO, usageOf } from "../../cost/usage.ts";
import { formatNumber } from "../terminal-format.ts";
import { openContext, type Setup } from "./context.ts";
import { STEPS } from "./steps.ts";

/** Runs setup. @throws {SetupError} or {UsageError}; whatever was done until then stays, and the next run goes on */
export async function runSetup(setup: Setup): Promise<void> {
  const { say, options } = setup;
  const context = await openContext(setup);
  say(`✓ Login: account ${context.account.name}`);
  let changes = 0;
  for (const { title, look } of STEPS) {
    const finding = await look(context);
    if ("done" in finding) {
      say(`✓ ${title}: ${finding.done}`);
      continue;
    }
    changes += 1;
    say(`${options.dryRun ? "○ would" : "…"} ${title}: ${finding.todo}`);
    if (options.dryRun) continue;
    await finding.act();
    say(`✓ ${title}`);
  }
  say("");
  if (options.dryRun) say("Nothing was changed: this was a dry run.");
  else for (const line of summary(context.settings.origin, changes)) say(line);
}

const summary = (origin: string, changes: number): string[] => [
  ...(changes === 0 ? ["Nothing to do: everything is as it should be."] : ["Done."]),
  `  Page for buyers   ${origin}/`,
  `  Console           ${origin}/admin  (sign in with ADMIN_TOKEN of deployment/secrets.env)`,
  "  Logs              npx wrangler tail --config deployment/wrangler.json",
  "Next: run the preflight of your sale in the console, and rehearse it:",
  `  ADMIN_TOKEN=… npm run rehearse -- --url ${origin}   (the token is in deployment/secrets.env)`,
  ...costLines(),
];

const EXAMPLE = { visitors: 50_000, stock: 5_000, paid: 5_000, ...SCENARIO };

function costLines(): string[] {
  const { visitors, stock } = EXAMPLE;
  return [
    `Costs: $${WORKERS_PAID} a month for Workers Paid. A drop of ${formatNumber(stock)} units for ${formatNumber(visitors)} people costs about`,
    `${inDollars(billOf(usageOf(EXAMPLE, "open")).dollars)} more at list prices (${CHECKED}), payments excluded. \`npm run cost\` estimates yours.`,
  ];
}
