// The part of a sale's overview about bots: challenges, the reasons for them, and automatic blocks with their evidence.
import type { Figures } from "../figures.ts";
import { Count, Facts, LocalTime, Part, Table } from "./parts.tsx";
import { Why } from "./rules.tsx";

export const Bots = ({ bots: { asOf, value } }: Figures) => (
  <Part title="Bots" asOf={asOf}>
    <Facts
      facts={[
        ["Users blocked now", <Count value={value?.blocked} />],
        ["Accounts at one address", <Count value={value?.accountsAtAddress} />],
        ["Challenges, last minute", <Counts counts={value?.challenges} />],
        ["Reasons for them", <Counts counts={value?.risks} />],
      ]}
    />
    {value?.newest.length ? (
      <Table
        caption="Newest automatic blocks"
        head={["Automatic block, because of", "Since"]}
        rows={value.newest.map(({ addedAt, evidence = {} }) => [
          <Why evidence={evidence} />,
          <LocalTime at={addedAt} />,
        ])}
      />
    ) : null}
  </Part>
);

/** Counts by name, most first. */
const Counts = ({ counts }: { counts: Record<string, number> | undefined }) => {
  const named = Object.entries(counts ?? {}).sort(([, a], [, b]) => b - a);
  if (named.length === 0) return <Count value={counts && 0} />;
  return (
    <>
      {named.map(([name, count]) => (
        <small class="counted">
          {name} <Count value={count} />
        </small>
      ))}
    </>
  );
};
