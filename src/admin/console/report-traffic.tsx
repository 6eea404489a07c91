// The counts of the time of a sale, on the page of its report.
import { PRICES } from "../../cost/prices.ts";
import type { Report } from "../report/document.ts";
import { Count, Facts, LocalTime, Table } from "./parts.tsx";

type Known = NonNullable<Report["traffic"]>;

export const Traffic = ({ traffic }: Pick<Report, "traffic">) =>
  traffic ? (
    <>
      <h2>Traffic</h2>
      <p>
        From <LocalTime at={traffic.from} /> to <LocalTime at={traffic.to} />. What Cloudflare's
        cache answered is not counted.
      </p>
      {traffic.isCut ? <p class="fault">Counts older than 31 days are deleted.</p> : null}
      {traffic.missingShards > 0 ? (
        <p class="fault">Some counters did not answer: these counts are too low.</p>
      ) : null}
      <Facts
        facts={[
          ["Attempts that passed the checks", <Count value={traffic.passed} />],
          ["Orders accepted", <Count value={traffic.accepted} />],
        ]}
      />
      <Refusals {...traffic} />
      <Deployment {...traffic} />
    </>
  ) : (
    <p>Nothing was counted: the sale has not begun, or ended more than 31 days ago.</p>
  );

const Refusals = ({ refusals }: Known) =>
  refusals.length === 0 ? null : (
    <Table
      caption="Refused attempts to buy"
      head={["Refused", "Count"]}
      rows={refusals.map(({ stage, reason, count }) => [
        `${reason} (${stage})`,
        <Count value={count} />,
      ])}
    />
  );

/** An upper bound in seconds. Null: above the last bound of the histogram. */
const bound = (seconds: number | null): string =>
  seconds === null ? "above 300 s" : `≤ ${seconds * 1_000} ms`;

const dollars = (amount: number): string => `$${amount.toFixed(4)}`;

const Deployment = ({ latency, degradations, cost }: Known) => (
  <>
    <h2>The whole deployment in that time</h2>
    {latency.length === 0 ? (
      <p>No request was measured.</p>
    ) : (
      <Table
        caption="Latency"
        head={["Latency", "Count", "Half", "95 %", "99 %"]}
        rows={latency.map(({ of, name, count, p50, p95, p99 }) => [
          of === "requests" ? name : `object: ${name}`,
          <Count value={count} />,
          ...[p50, p95, p99].map(bound),
        ])}
      />
    )}
    {degradations.length === 0 ? (
      <p>Nothing was degraded.</p>
    ) : (
      <Table
        caption="Degradations"
        head={["Degradation", "Count"]}
        rows={degradations.map(({ name, labels, count }) => [
          [name, ...Object.values(labels)].join(" "),
          <Count value={count} />,
        ])}
      />
    )}
    <Table
      caption="Estimated cost"
      head={["Cost", "Count", "Estimate"]}
      rows={[
        ...cost.items.map(({ name, count, dollars: amount }) => [
          PRICES[name].name,
          <Count value={count} />,
          dollars(amount),
        ]),
        ["Together", "", dollars(cost.dollars)],
      ]}
    />
    <p>
      <small>{cost.prices}</small>
    </p>
  </>
);
