/** The middle value; the mean of the two middle ones when their count is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const hi = sorted[Math.floor(middle)] ?? NaN;
  return sorted.length % 2 === 1 ? hi : (hi + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The smallest sample that at least this share (0 to 1) of the ascending samples do not exceed. */
export function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? NaN;
}

/** Half the distance between the extremes, as a share of the median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}
