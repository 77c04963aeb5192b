import { nearestIndex } from "./models/walk.js";

const BAND_ALPHA = 0.13;
const EDGE_ALPHA = 0.75;
const BAND_LEAST_PX = 2;
const THRESHOLD_DASH = [3, 4];
const RING_RADIUS = 7;

function bandOf({ raised, cleared }, { x }, nowMs) {
  const left = x.getPixelForValue(raised);
  return { left, right: Math.max(x.getPixelForValue(cleared ?? Math.max(nowMs, raised)), left + BAND_LEAST_PX) };
}

/** A Chart.js plugin for one chart: alarms as bands while they last, with the threshold they passed, and a ring around a chosen point. */
export class ChartOverlay {
  id = "overlay";
  /** Alarms as the server tells them. */
  alarms = [];
  /** `{index, at}`: around the point of dataset `index` nearest to that time. */
  ring = null;
  nowMs = 0;
  colours = null;

  beforeDatasetsDraw({ ctx, chartArea, scales }) {
    const { left, right, top, bottom } = chartArea;
    const seen = this.alarms.filter((alarm) => {
      const band = bandOf(alarm, scales, this.nowMs);
      return band.right >= left && band.left <= right;
    });
    if (seen.length === 0) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    // One path for all: where alarms overlap, the band is no darker.
    ctx.beginPath();
    for (const alarm of seen) {
      const band = bandOf(alarm, scales, this.nowMs);
      ctx.rect(band.left, top, band.right - band.left, bottom - top);
    }
    ctx.fillStyle = this.colours.danger;
    ctx.globalAlpha = BAND_ALPHA;
    ctx.fill();
    this.#drawEdges(ctx, seen, chartArea, scales);
    ctx.restore();
  }

  afterDatasetsDraw({ ctx, chartArea, scales: { x, y }, data }) {
    const at = this.ring?.at;
    if (this.ring === null || at < x.min || at > x.max) return;
    const { points, hidden } = data.datasets[this.ring.index] ?? {};
    const index = points && !hidden ? nearestIndex(points, at) : -1;
    ctx.save();
    ctx.strokeStyle = this.colours.ring;
    ctx.globalAlpha = 0.5;
    ctx.setLineDash(THRESHOLD_DASH);
    ctx.beginPath();
    ctx.moveTo(x.getPixelForValue(at), chartArea.top);
    ctx.lineTo(x.getPixelForValue(at), chartArea.bottom);
    ctx.stroke();
    if (index >= 0) {
      ctx.globalAlpha = 1;
      ctx.setLineDash([]);
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(x.getPixelForValue(points.at[index]), y.getPixelForValue(points.mean[index]), RING_RADIUS, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.restore();
  }

  #drawEdges(ctx, seen, { top, bottom }, scales) {
    ctx.strokeStyle = this.colours.danger;
    ctx.globalAlpha = EDGE_ALPHA;
    ctx.beginPath();
    for (const alarm of seen) {
      const { left } = bandOf(alarm, scales, this.nowMs);
      ctx.moveTo(left, top);
      ctx.lineTo(left, bottom);
    }
    ctx.stroke();
    ctx.setLineDash(THRESHOLD_DASH);
    ctx.beginPath();
    for (const alarm of seen.filter(({ kind, threshold }) => threshold !== null && (kind === "above" || kind === "below"))) {
      const { left, right } = bandOf(alarm, scales, this.nowMs);
      ctx.moveTo(left, scales.y.getPixelForValue(alarm.threshold));
      ctx.lineTo(right, scales.y.getPixelForValue(alarm.threshold));
    }
    ctx.stroke();
  }
}
