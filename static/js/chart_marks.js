const NEWEST_DOT_RADIUS = 4;
const LONE_DOT_RADIUS = 1.75;
const DOTTED_LINES = 8;
const BAND_ALPHA = 0.16;

/** Calls `stretch(first, last)` for each run of points without a gap, both included. */
function eachStretch({ points, first, last, spanGaps }, stretch) {
  let begin = first;
  for (let index = first + 1; index <= last + 1; index += 1) {
    if (index <= last && points.at[index] - points.at[index - 1] <= spanGaps) continue;
    if (begin <= last) stretch(begin, index - 1);
    begin = index;
  }
}

function drawBand(ctx, { x, y }, dataset) {
  const { points } = dataset;
  eachStretch(dataset, (first, last) => {
    ctx.beginPath();
    for (let index = first; index <= last; index += 1) {
      ctx.lineTo(x.getPixelForValue(points.at[index]), y.getPixelForValue(points.high[index]));
    }
    for (let index = last; index >= first; index -= 1) {
      ctx.lineTo(x.getPixelForValue(points.at[index]), y.getPixelForValue(points.low[index]));
    }
    ctx.closePath();
    ctx.fill();
  });
}

function drawDot(ctx, { x, y }, { points }, index, radius) {
  ctx.beginPath();
  ctx.arc(x.getPixelForValue(points.at[index]), y.getPixelForValue(points.mean[index]), radius, 0, 2 * Math.PI);
  ctx.fill();
}

function eachShown(chart, draw) {
  const { ctx, chartArea } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(chartArea.left, 0, chartArea.width + 2 * NEWEST_DOT_RADIUS, chart.height);
  ctx.clip();
  chart.data.datasets.forEach((dataset) => {
    if (dataset.hidden || !dataset.points || dataset.last < dataset.first) return;
    ctx.fillStyle = dataset.borderColor;
    draw(ctx, dataset);
  });
  ctx.restore();
}

/**
 * What Chart.js does not draw by itself: the band between min and max behind a line of means, so that a spike stays
 * visible; a dot for a reading that stands alone between two gaps; and the newest reading.
 */
export const marks = {
  id: "marks",
  beforeDatasetsDraw(chart) {
    eachShown(chart, (ctx, dataset) => {
      if (dataset.points.slotMs === 0) return;
      ctx.globalAlpha = BAND_ALPHA;
      drawBand(ctx, chart.scales, dataset);
    });
  },
  afterDatasetsDraw(chart) {
    const { datasets } = chart.data;
    eachShown(chart, (ctx, dataset) => {
      eachStretch(dataset, (first, last) => {
        if (first === last) drawDot(ctx, chart.scales, dataset, first, LONE_DOT_RADIUS);
      });
      const { points, last } = dataset;
      const isNewest = last === points.length - 1 && points.at[last] <= chart.scales.x.max;
      if (isNewest && datasets.length <= DOTTED_LINES) drawDot(ctx, chart.scales, dataset, last, NEWEST_DOT_RADIUS);
    });
  },
};
