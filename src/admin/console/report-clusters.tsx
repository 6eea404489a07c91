// The clusters of suspicious orders on the page of the report, each with its evidence and the one action.
import type { Operator } from "../../http/request.ts";
import type { Report } from "../report/document.ts";
import type { Cluster } from "../report/find-clusters.ts";
import { Reason, Select } from "./form.tsx";
import { Count, Facts, LocalTime } from "./parts.tsx";

interface ClustersProps {
  operator: Operator;
  report: Report;
  key: string;
}

export const Clusters = ({ operator, report, key }: ClustersProps) => {
  const { clusters, compared, isPartial } = report.suspicions;
  return (
    <>
      <h2>Suspicious clusters</h2>
      <p>
        <Count value={compared} /> orders with units were compared{isPartial ? ", not all" : ""}. A
        cluster is a reason to look, not a proof: carriers put thousands of people behind one
        address, and families and offices share addresses and cards. Hashes are kept for 30 days
        after the close.
      </p>
      {clusters.length === 0 ? <p>None found.</p> : null}
      {clusters.map((cluster, at) => (
        <section aria-labelledby={`cluster-${at}`}>
          <h3 id={`cluster-${at}`}>{titleOf(cluster)}</h3>
          <Evidence {...cluster} />
          {operator.role === "operator" ? (
            <TakeBack {...{ cluster, id: `cluster-${at}-`, postKey: `${key}-${at}` }} />
          ) : null}
        </section>
      ))}
    </>
  );
};

const TITLES: Record<Cluster["kind"], string> = {
  network: "accounts from one address block",
  card: "accounts paid with one card",
  timing: "accounts with the same rhythm",
};

const titleOf = ({ kind, accounts }: Cluster): string => `${accounts} ${TITLES[kind]}`;

const Evidence = ({ orders, units, firstAt, lastAt, medianGapMs, gapsMs }: Cluster) => (
  <Facts
    facts={[
      ["Orders", <Count value={orders} />],
      ["Units", <Count value={units} />],
      ["First", <LocalTime at={firstAt} />],
      ["Last", <LocalTime at={lastAt} />],
      ["Median time between orders", `${medianGapMs} ms`],
      ...(gapsMs ? [["Rhythm", `${gapsMs.join(", ")} ms`] as [string, string]] : []),
    ]}
  />
);

interface TakeBackProps {
  cluster: Cluster;
  /** Makes the ids of this form unique. */
  id: string;
  postKey: string;
}

const TakeBack = ({ cluster: { orderIds }, id, postKey }: TakeBackProps) => (
  <details>
    <summary>Orders, and taking them back</summary>
    <ul>
      {orderIds.map((orderId) => (
        <li>
          <a href={`/admin/orders/${orderId}`}>{orderId}</a>
        </li>
      ))}
    </ul>
    <form class="change" method="post">
      <input type="hidden" name="key" value={postKey} />
      <input type="hidden" name="orders" value={orderIds.join(" ")} />
      <Select
        {...{ name: "units", label: "Their units" }}
        options={[
          ["sell", "Back on sale, or to the next in line"],
          ["withdraw", "Out of the stock"],
        ]}
      />
      <Reason form={id} />
      <button type="submit">Cancel and refund {orderIds.length} orders</button>
    </form>
  </details>
);
