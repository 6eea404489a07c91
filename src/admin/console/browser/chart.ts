// Draws the free units of each SKU over time. Loaded on the overview of a sale only, because the library is large.
import "./valid-language.ts";
import uPlot from "uplot";

/** Free units of each SKU. `from` and `step` are seconds. */
interface Curves {
  from: number;
  step: number;
  skus: { name: string; units: (number | null)[] }[];
}

const HEIGHT = 180;
/** Readable on dark and on light, and for people who do not see all colors. */
const COLORS = ["#3d8bfd", "#e69f00", "#2fb67c", "#d55e9c", "#9b7bff", "#c0813a"];

const TIME = new Intl.DateTimeFormat(navigator.language, { timeStyle: "medium", hourCycle: "h23" });
/** Room for one label of the time axis, in pixels. */
const TIME_SPACE = 80;
/** Short, so that a million units fit beside the axis. Two digits keep the label of each line its own. */
const UNITS = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

const host = document.querySelector<HTMLElement>("[data-chart]");
let chart: uPlot | undefined;
let drawn = "";

function readCurves(): Curves | undefined {
  const text = document.querySelector("[data-curves]")?.getAttribute("data-curves");
  return text ? (JSON.parse(text) as Curves) : undefined;
}

function toData({ from, step, skus }: Curves): uPlot.AlignedData {
  const length = Math.max(0, ...skus.map(({ units }) => units.length));
  const times = Array.from({ length }, (_, at) => from + at * step);
  return [times, ...skus.map(({ units }) => units)];
}

const timesOf = (_: uPlot, seconds: number[]) => seconds.map((at) => TIME.format(at * 1_000));
const unitsOf = (_: uPlot, units: number[]) => units.map((each) => UNITS.format(each));

function draw(): void {
  const curves = readCurves();
  if (!host || !curves || curves.skus.length === 0) return;
  const names = curves.skus.map(({ name }) => name).join();
  if (chart && names === drawn) {
    chart.setData(toData(curves));
    return;
  }
  chart?.destroy();
  drawn = names;
  const ink = getComputedStyle(host).color;
  const axis = { stroke: ink, grid: { stroke: "#8886", width: 1 }, ticks: { stroke: "#8886" } };
  chart = new uPlot(
    {
      width: host.clientWidth,
      height: HEIGHT,
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, __, max) => [0, Math.max(1, max)] } },
      axes: [
        { ...axis, space: TIME_SPACE, values: timesOf },
        { ...axis, values: unitsOf },
      ],
      legend: { live: false },
      series: [
        {},
        ...curves.skus.map(({ name }, at) => ({
          label: name,
          stroke: COLORS[at % COLORS.length] as string,
          width: 2,
        })),
      ],
    },
    toData(curves),
    host,
  );
  // The names of many items scroll, by keyboard too.
  chart.root.querySelector("table")?.setAttribute("tabindex", "0");
  // The table has the same figures as text.
  chart.root.querySelector("canvas")?.setAttribute("aria-hidden", "true");
}

draw();
document.addEventListener("figures", draw);
addEventListener("resize", () => {
  if (host) chart?.setSize({ width: host.clientWidth, height: HEIGHT });
});
