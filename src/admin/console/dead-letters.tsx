// The pages of dead letters: the list, and one letter with its message and its order.
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { DeadLetter } from "../../orders/delivery.ts";
import type { inspectLetter } from "../dead-letters.ts";
import { Done, Faults, Reason } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Count, Facts, LocalTime, Table } from "./parts.tsx";

interface Shown {
  operator: Operator;
  issues: readonly Issue[] | undefined;
}

interface ListProps extends Shown {
  letters: readonly DeadLetter[];
  /** Whether the list starts here. */
  isFirst: boolean;
  /** The cursor of the next page. */
  next: string | undefined;
  /** The action of the form that was done just now. */
  done: string | undefined;
}

const DONE: Record<string, string> = {
  replay: "Replayed. What fails again comes back to this list.",
  discard: "The letter is discarded.",
};

const PATH = "/admin/dead-letters";
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export const renderLetters = (props: ListProps): Promise<string> =>
  renderConsole({
    title: "Dead letters",
    operator: props.operator,
    children: (
      <>
        <h1>Dead letters</h1>
        <Done text={DONE[props.done ?? ""]} />
        <Faults issues={props.issues} />
        <List {...props} />
      </>
    ),
  });

const List = ({ operator, letters, isFirst, next }: ListProps) =>
  isFirst && letters.length === 0 && next === undefined ? (
    <p>None: every message was processed.</p>
  ) : (
    <>
      <p>
        Messages that failed at every delivery. Orders and money stay in their ledgers meanwhile.
      </p>
      <Table
        caption="Dead letters, oldest first"
        head={["Letter", "Queue", "Reason", "Deliveries", "Since"]}
        rows={letters.map(({ id, queue, reason, attempts, diedAt }) => [
          <a href={pathOf(id)}>{id}</a>,
          queue,
          <bdi class="words">{reason}</bdi>,
          <Count value={attempts} />,
          <LocalTime at={diedAt} />,
        ])}
      />
      {next === undefined ? null : (
        <p>
          <a href={`${PATH}?cursor=${next}`} rel="next">
            Newer letters
          </a>
        </p>
      )}
      {operator.role === "operator" ? (
        <form class="change" method="post" action={pathOf("all")}>
          <h2>Replay all</h2>
          <Reason form="all" />
          <p>
            <button type="submit" name="action" value="replay">
              Replay all
            </button>
          </p>
        </form>
      ) : null}
    </>
  );

type Inspected = NonNullable<Awaited<ReturnType<typeof inspectLetter>>>;

export const renderLetter = (props: Shown & { letter: Inspected }): Promise<string> =>
  renderConsole({
    title: "Dead letter",
    operator: props.operator,
    children: (
      <>
        <h1>
          Dead letter <small>{props.letter.id}</small>
        </h1>
        <Faults issues={props.issues} />
        <State {...props.letter} />
        <h2>Message</h2>
        <pre class="message">{JSON.stringify(props.letter.message, null, 2)}</pre>
        {props.operator.role === "operator" ? <Actions id={props.letter.id} /> : null}
        <p>
          <a href={PATH}>All dead letters</a>
        </p>
      </>
    ),
  });

const State = ({ queue, reason, attempts, diedAt, order, ledger }: Inspected) => (
  <Facts
    facts={[
      ["Reason", <bdi>{reason}</bdi>],
      ["Queue", queue],
      ["Deliveries", <Count value={attempts} />],
      ["Since", <LocalTime at={diedAt} />],
      [
        "Order now",
        order ? (
          <a href={`/admin/orders/${order.id}`}>{order.status}</a>
        ) : ledger ? (
          `its ledger is ${ledger}`
        ) : (
          "none"
        ),
      ],
    ]}
  />
);

const Actions = ({ id }: { id: string }) => (
  <form class="change" method="post" action={pathOf(id)}>
    <h2>Replay or discard</h2>
    <p>Replaying is safe: the message makes the consumer look at the ledger again.</p>
    <Reason form="letter" />
    <p class="links">
      <button type="submit" name="action" value="replay">
        Replay
      </button>
      <button type="submit" name="action" value="discard">
        Discard
      </button>
    </p>
  </form>
);
