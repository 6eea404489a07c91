// Loaded on demand: draws a link as a QR code.
import encodeQR from "qr";

const SVG = "http://www.w3.org/2000/svg";
/** The standard asks for an empty border of four modules. */
const BORDER = 4;

/** An SVG element of one user unit per module. Black on white in dark mode, too, because not every camera reads the inverse. */
export function drawQrCode(text: string, label: string): SVGSVGElement {
  const modules = encodeQR(text, "raw", { ecc: "low", border: BORDER });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${modules.length} ${modules.length}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.append(shape("#fff", `M0 0h${modules.length}v${modules.length}H0z`));
  const dark = modules.flatMap((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  svg.append(shape("#000", dark.join("")));
  return svg;
}

function shape(fill: string, d: string): SVGPathElement {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", fill);
  path.setAttribute("d", d);
  return path;
}
