// The report of a game day as one HTML file: the table of all faults, and for each the answers and the latency over time.
import { html } from "hono/html";
import { HEIGHT, plot, polyline, reportPage, round, WIDTH } from "../plot.ts";
import type { Machine } from "../rehearse/machine.ts";
import { percentile } from "../stats.ts";
import { formatNumber } from "../terminal-format.ts";
import type { Played } from "./game.ts";
import { CLASSES, type Class, type Sample } from "./samples.ts";
import { COLUMNS, violations } from "./summary.ts";

export interface GameDay {
  seed: number;
  /** How long each fault lasted. */
  seconds: number;
  /** People per second. */
  rate: number;
  commit: string | undefined;
  machine: Machine;
  faults: Played[];
}

export function renderHtml(day: GameDay): string {
  const { faults, machine, commit, seed, seconds, rate } = day;
  const broken = violations(faults);
  const content = html`<p>${rate} people a second, each fault for ${seconds} s. Commit ${commit ?? "unknown"}, seed ${seed}, ${machine.cpu},
${machine.cpus} cores, ${machine.os}.</p>
<p>${broken.length === 0 ? "Every promise held." : "Broken promises:"}</p>
<ul>${broken.map((text) => html`<li>${text}</li>`)}</ul>
<div class="wide"><table>
<tr>${COLUMNS.map(([name]) => html`<th scope="col">${name}</th>`)}</tr>
${faults.map((played) => html`<tr>${COLUMNS.map(([, text]) => html`<td>${text(played)}</td>`)}</tr>`)}
</table></div>
<p>The counts and latencies are those of answers to Buy while the fault lasted. <b>Refused</b>: for a reason that stays, such as “sold out”,
because there are fewer units than people. <b>Try again</b>: 429 or 503. <b>Not ready after</b>: when /readyz first said so. <b>Alert
after</b>: when the first alert reached the operator, if one did before the fault ended; most wait half a minute. <b>Recovered after</b>:
from the end of the fault until nobody was told to try again or left without an answer. <b>Settled after</b>: from the last buyer until every
order was final and shown. <b>–</b>: it did not happen.</p>
<p>In the plots, a column is a second, and the fault lasted where the ground is orange.</p>
${faults.map(section)}`;
  return reportPage("Game day", STYLE, content);
}

const section = (played: Played) => html`<section>
<h2>${played.title}</h2>
${plotAnswers(played)}
${plotLatency(played)}
<details><summary>Promises</summary><ul>
${played.proofs.map(({ claim, status }) => html`<li class="${status}">${claim}: ${status}</li>`)}
</ul></details>
</section>
`;

const SECOND_MS = 1_000;

/** Times in the plots are whole seconds since the first answer. */
interface Axis {
  startAt: number;
  seconds: number;
  perSecond: Map<number, Sample[]>;
}

function axisOf({ samples }: Played): Axis {
  const startAt = Math.min(...samples.map(({ at }) => at));
  const second = ({ at }: Sample) => Math.floor((at - startAt) / SECOND_MS);
  const perSecond = Map.groupBy(samples, second);
  return { startAt, seconds: Math.max(0, ...perSecond.keys()) + 1, perSecond };
}

/** Stacked bars: the answers of each second, by class. */
function plotAnswers(played: Played) {
  const axis = axisOf(played);
  const most = Math.max(1, ...[...axis.perSecond.values()].map(({ length }) => length));
  const bars = [...axis.perSecond].flatMap(([second, samples]) => {
    let top = HEIGHT;
    return CLASSES.map((name) => {
      const height = (HEIGHT * samples.filter((one) => one.class === name).length) / most;
      top -= height;
      return html`<rect class="${classNameOf(name)}" x="${x(axis, second)}" y="${round(top)}"
 width="${round(WIDTH / axis.seconds)}" height="${round(height)}"/>`;
    });
  });
  const key = CLASSES.map((name) => html` <span class="${classNameOf(name)}">■</span> ${name}`);
  return html`<p>Answers per second, at most ${most}:${key}</p>
${plot("Answers per second", [lasting(played, axis), bars])}`;
}

/** A line: the 99th percentile of each second. */
function plotLatency(played: Played) {
  const axis = axisOf(played);
  const worst = [...axis.perSecond]
    .map(
      ([second, samples]) =>
        [
          second,
          percentile(
            samples.map(({ ms }) => ms),
            0.99,
          ),
        ] as const,
    )
    .toSorted(([a], [b]) => a - b);
  const most = Math.max(1, ...worst.map(([, ms]) => ms));
  const line = polyline(
    worst.map(([second, ms]) => [(second + 0.5) / axis.seconds, ms / most] as const),
  );
  return html`<p>99th percentile of the latency, at most ${formatNumber(most)} ms:</p>
${plot("Latency", [lasting(played, axis), line])}`;
}

/** Marks the time of the fault. */
function lasting({ beganAt, endedAt }: Played, axis: Axis) {
  const from = (beganAt - axis.startAt) / SECOND_MS;
  const width = ((endedAt - beganAt) / SECOND_MS / axis.seconds) * WIDTH;
  return html`<rect class="lasting" x="${x(axis, from)}" y="0" width="${round(width)}" height="${HEIGHT}"/>`;
}

const x = ({ seconds }: Axis, second: number): number => round((WIDTH * second) / seconds);
const classNameOf = (name: Class): string => name.replaceAll(" ", "-");

const STYLE = `
table { font-size: .75rem; }
th, td { padding: .25rem; white-space: normal; vertical-align: top; }
.lasting { fill: #f802; }
.accepted { fill: #2a7; color: #2a7; }
.refused { fill: #68c; color: #68c; }
.try-again { fill: #e90; color: #e90; }
.no-answer, .broken { fill: #d33; color: #d33; }
`;
