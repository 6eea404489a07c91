// The report of a simulation as one HTML file: what happened, the load of every part over time, and the orders.
import { html } from "hono/html";
import { plot, polyline, reportPage } from "../plot.ts";
import { formatNumber } from "../terminal-format.ts";
import type { Outcome } from "./simulate.ts";
import {
  LANES_HEAD,
  LOAD_HEAD,
  type Load,
  lanesRow,
  loadRow,
  loadsOf,
  ordersPerSecond,
  percent,
  sentences,
} from "./summary.ts";

export function renderHtml(outcome: Outcome): string {
  const loads = loadsOf(outcome);
  const { tally, edges, scenario } = outcome;
  const content = html`${sentences(outcome).map((sentence) => html`<p>${sentence}</p>`)}
${table(LOAD_HEAD, loads.map(loadRow))}
<h2>Over time</h2>
${series("Orders per second", tally.ordersPerSecond)}
${series("Requests at the edges per second", edges.done)}
${loads.map(loadPlot)}
<p>Seed ${scenario.seed}. The limits and their sources are in src/local/simulate/limits.ts.</p>`;
  return reportPage("Simulated drop", "", content);
}

/** The same drop with several numbers of lanes. */
export function renderLanes(outcomes: Outcome[]): string {
  const most = Math.max(...outcomes.map(ordersPerSecond));
  const points = outcomes.map(
    (outcome, nth) => [(nth + 0.5) / outcomes.length, ordersPerSecond(outcome) / most] as const,
  );
  const lanes = outcomes.map(({ scenario }) => scenario.lanes).join(", ");
  const content = html`<p>${sentences(outcomes[0] as Outcome)[0]} The same with more lanes:</p>
${table(LANES_HEAD, outcomes.map(lanesRow))}
<p>Orders per second with ${lanes} lanes, at most ${formatNumber(most)}:</p>
${plot("Orders per second by lanes", polyline(points))}`;
  return reportPage("Simulated lanes", "", content);
}

const table = (head: string[], rows: string[][]) => html`<div class="wide"><table>
<tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}
</table></div>`;

const series = (name: string, perSecond: number[]) => {
  const most = Math.max(1, ...perSecond);
  return html`<p>${name}, at most ${formatNumber(most)}, in ${formatNumber(perSecond.length)} s:</p>
${plot(name, curve(perSecond, most))}`;
};

const loadPlot = ({ name, limit, perSecond, peak }: Load) => {
  const top = Math.max(1, peak);
  return html`<p>Load of ${name}, ${percent(peak)} of ${limit} at most, in ${formatNumber(perSecond.length)} s:</p>
${plot(`Load of ${name}`, curve(perSecond, top))}`;
};

/** Long runs have more seconds than a plot has points: each point is the mean of some. */
const POINTS = 360;

function curve(perSecond: number[], top: number) {
  const step = Math.max(1, Math.ceil(perSecond.length / POINTS));
  const count = Math.ceil(perSecond.length / step);
  const points = Array.from({ length: count }, (_, nth) => {
    const part = perSecond.slice(nth * step, (nth + 1) * step);
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    return [nth / Math.max(1, count - 1), mean / top] as const;
  });
  return polyline(points);
}
