// The picture of a sale that has none of its own: a door opening, in the sale's colour.

export const Art = () => (
  <svg class="art" viewBox="0 0 800 600" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    <rect class="art-wall" width="800" height="600" />
    <path class="art-beam" d="M330 120L560 120L980 640L140 640z" />
    <path class="art-floor" d="M0 480H800V600H0z" />
    <path class="art-spill" d="M330 480H560L760 600H200z" />
    <path class="art-glow" d="M318 480V150q0-40 40-40H532q40 0 40 40V480z" />
    <path class="art-door" d="M318 112L452 152V512L318 480z" />
    <circle class="art-knob" cx="432" cy="334" r="9" />
  </svg>
);
