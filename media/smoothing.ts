/**
 * Debiased exponential moving average, as TensorBoard draws it: m ← w·m + (1−w)·x, shown as m / (1 − wⁿ)
 * (tensorboard/webapp/widgets/line_chart_v2/data_transformer.ts; the correction is Adam's, Kingma & Ba 2015, section 3).
 * Values that are not finite, and gaps, are passed over: the average goes on behind them.
 *
 * @param weight 0 for none, up to but not 1
 * @returns as many values as given; null where there is nothing to average
 */
export function smooth(values: readonly (number | null | undefined)[], weight: number): (number | null | undefined)[] {
  let average = 0;
  let counted = 0;
  return values.map((value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return value === undefined ? undefined : null;
    average = weight * average + (1 - weight) * value;
    counted += 1;
    return average / (1 - weight ** counted);
  });
}
