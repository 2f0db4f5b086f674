// Numbers of the page, without the page: places on axes, plans that remain, colors.

// Four significant digits, or the whole number with thousands apart.
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  if (size === 0) return "0";
  return String(Number(value.toPrecision(4)));
}

// An axis is one of values, or of their logarithms; places on it are shares of its length.
export function toScale(value, isLog) { return isLog ? Math.log10(Math.max(value, 1e-300)) : value; }

export function fromScale(place, isLog) { return isLog ? 10 ** place : place; }

export function shareOf(value, low, high, isLog) {
  const first = toScale(low, isLog);
  const last = toScale(high, isLog);
  return last > first ? (toScale(value, isLog) - first) / (last - first) : 0;
}

export function valueAt(share, low, high, isLog) {
  if (share === 0 || share === 1) return share ? high : low;
  const first = toScale(low, isLog);
  return fromScale(first + share * (toScale(high, isLog) - first), isLog);
}

// Which plans of a front may be chosen and lie within all ranges (by name: least, most, or null).
export function remaining(front, ranges) {
  const count = front.values[0].length;
  const mask = Uint8Array.from(front.chosen);
  front.axes.forEach(function (axis, m) {
    const [low, high] = ranges[axis.name] || [null, null];
    if (low === null && high === null) return;
    const column = front.values[m];
    for (let n = 0; n < count; n += 1) {
      // Values are rounded for the screen: so are the comparisons.
      const slack = 1e-6 * Math.abs(column[n]);
      if (low !== null && column[n] < low - slack) mask[n] = 0;
      if (high !== null && column[n] > high + slack) mask[n] = 0;
    }
  });
  return mask;
}

// The number of each plan's color: that of its run.
export function colorsOfRuns(front) {
  return Uint8Array.from(front.run, function (run) { return run % front.colors.length; });
}

// The number of each plan's color: that of the stop nearest to its value of objective m.
export function colorsOfValues(front, m) {
  const stops = front.axes[m].stops;
  return Uint8Array.from(front.values[m], function (value) {
    let k = 0;
    while (k < stops.length - 1 && value > (stops[k] + stops[k + 1]) / 2) k += 1;
    return k;
  });
}
