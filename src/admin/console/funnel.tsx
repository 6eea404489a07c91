// The part of a sale's overview about the last minute: attempts to buy, by their outcome.
import type { Figures } from "../figures.ts";
import { Count, Part, Table } from "./parts.tsx";

export const Funnel = ({ funnel: { asOf, value }, missingShards }: Figures) => (
  <Part title="Last minute" asOf={asOf}>
    {missingShards > 0 ? (
      <p class="fault">Some counters did not answer: these counts are too low.</p>
    ) : null}
    {value ? (
      <Table
        caption="Attempts to buy in the last minute"
        head={["Attempts to buy", "Count"]}
        rows={[
          ["passed every check", <Count value={value.passed} />],
          ...Object.entries(value.orders).map(([outcome, count]) => [
            `order: ${outcome}`,
            <Count value={count} />,
          ]),
          ...value.refused.map(({ stage, reason, count }) => [
            `refused: ${reason} (${stage})`,
            <Count value={count} />,
          ]),
        ]}
      />
    ) : (
      <p class="fault">The counters do not answer.</p>
    )}
  </Part>
);
