/** Checks that loss charts show what was recorded, from one record to very many. */
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { curveChart, lossChart } from '../../runtime/report/chart.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';

function record(step: number, value: number | null = 1 / step): MetricRecord {
  return {
    step,
    epoch: 0,
    seconds: step / 2,
    losses: {
      G: { gan_generator: value, feature_matching: 3 },
      D: { gan_fake: 0.5 + Math.sin(step), gan_real: 0.25 },
    },
    rate: { G: 1e-4, D: 4e-4 },
  };
}

function records(count: number): MetricRecord[] {
  return Array.from({ length: count }, (_, i) => record(i + 1));
}

function parse(chart: string): Document {
  return parseHTML(`<html><body>${chart}</body></html>`).document;
}

function panels(chart: string): Element[] {
  return Array.from(parse(chart).querySelectorAll('figure.panel'));
}

/** Lists the y values, from the top, along a drawn path. */
function heights(path: Element): number[] {
  return [...path.getAttribute('d')!.matchAll(/,(-?[\d.]+)/g)].map((match) => Number(match[1]));
}

describe('lossChart', () => {
  test('has one panel for the generator and one for the discriminator, each with its series named', () => {
    const [generator, discriminator, ...others] = panels(lossChart(records(100)));
    expect(others).toEqual([]);
    const names = (panel: Element) =>
      Array.from(panel.querySelectorAll('.series code')).map((name) => name.textContent);
    expect(names(generator!)).toEqual(['gan_generator', 'feature_matching']);
    expect(names(discriminator!)).toEqual(['gan_fake', 'gan_real']);
    expect(generator!.querySelector('svg')!.getAttribute('aria-label')).toBe('Generator losses');
    expect(generator!.querySelectorAll('[aria-label=line] path')).toHaveLength(2);
    expect(generator!.querySelectorAll('circle')).toHaveLength(200);
  });

  test('draws a falling loss as a line that goes down', () => {
    const line = panels(lossChart(records(100)))[0]!.querySelector('[aria-label=line] path')!;
    const ys = heights(line);
    expect(ys.length).toBe(100);
    ys.slice(1).forEach((y, i) => expect(y).toBeGreaterThanOrEqual(ys[i]!));
    expect(ys.at(-1)! - ys[0]!).toBeGreaterThan(20);
  });

  test('gives the same loss the same color in line, dots and legend', () => {
    const [panel] = panels(lossChart(records(50)));
    const swatch = panel!.querySelectorAll('.series i')[1]!.getAttribute('style')!;
    const line = panel!.querySelectorAll('[aria-label=line]')[1]!.getAttribute('stroke')!;
    const dots = panel!.querySelectorAll('[aria-label=dot]')[1]!.getAttribute('fill')!;
    expect([line, dots]).toEqual(['var(--series-2, #d55e00)', line]);
    expect(swatch).toBe(`background:${line}`);
  });

  test.each([1, 2, 3, 29, 30, 1000])('holds no NaN and draws something for %i records', (count) => {
    const chart = lossChart(records(count));
    expect(chart).not.toMatch(/NaN|Infinity|undefined/);
    for (const panel of panels(chart)) {
      expect(panel.querySelectorAll('circle').length).toBeGreaterThan(0);
      expect(panel.querySelectorAll('[aria-label="x-axis tick label"] text').length).toBeGreaterThan(0);
    }
  });

  test('labels ticks of the value axis apart even where values are close together', () => {
    const [panel] = panels(lossChart([record(1, 0.1)]));
    const labels = Array.from(panel!.querySelectorAll('[aria-label="y-axis tick label"] text')).map(
      (t) => t.textContent,
    );
    expect(labels.length).toBeGreaterThan(2);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('thins a hundred thousand records to a light picture', () => {
    const chart = lossChart(records(100_000));
    expect(chart.length).toBeLessThan(250_000);
    const [panel] = panels(chart);
    expect(panel!.querySelectorAll('circle').length).toBeLessThan(1000);
    expect(panel!.querySelector('.series b')!.textContent).toMatch(/e-5$|^0\.0000/);
  });

  test('keeps one wild value from flattening the rest', () => {
    const wild = records(2000).map((r, i) =>
      i === 1000 ? record(r.step, 1e6) : record(r.step, 1 + (i % 2)),
    );
    const [panel] = panels(lossChart(wild, { smoothing: 0 }));
    const labels = Array.from(panel!.querySelectorAll('[aria-label="y-axis tick label"] text')).map((t) =>
      Number(t.textContent),
    );
    expect(Math.max(...labels)).toBeLessThan(1000);
  });

  test('leaves out values that are not finite and counts them', () => {
    const chart = lossChart([record(1, 0.5), record(2, null), record(3, NaN), record(4, 0.25)]);
    expect(chart).toContain('2 values are not finite and left out.');
    expect(panels(chart)[0]!.querySelectorAll('circle')).toHaveLength(4 + 2);
    expect(chart).not.toMatch(/NaN/);
  });

  test('is empty without records, and without the panel of a network that has no loss', () => {
    expect(lossChart([])).toBe('');
    const generatorOnly = [{ step: 1, epoch: 0, seconds: 1, losses: { G: { l1: 2 } } }];
    expect(panels(lossChart(generatorOnly))).toHaveLength(1);
  });

  test('gives further networks a panel of their own and escapes every name', () => {
    const chart = lossChart([{ step: 1, losses: { 'E<b>': { '<script>x</script>': 2 } } }]);
    const document = parse(chart);
    expect(document.querySelector('h3')!.textContent).toBe('E<b> losses');
    expect(document.querySelector('.series code')!.textContent).toBe('<script>x</script>');
    expect(document.querySelectorAll('script, b:not(.series b)')).toHaveLength(0);
  });
});

describe('curveChart', () => {
  const doubling = [{ name: 'G', values: [1, 2, 3, 4, 5].map((step) => ({ step, value: 10 ** step })) }];

  test('draws equal factors as equal distances where it is asked to', () => {
    const [panel] = panels(curveChart('Growth', doubling, { logarithmic: true }));
    const ys = heights(panel!.querySelector('[aria-label=line] path')!);
    const gaps = ys.slice(1).map((y, index) => ys[index]! - y);
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0]!, 0);
    expect(panel!.querySelector('h3')!.textContent).toBe('Growth');
  });

  test('draws on an even scale where a value is not above 0', () => {
    const withZero = [{ name: 'G', values: [{ step: 0, value: 0 }, ...doubling[0]!.values] }];
    const [panel] = panels(curveChart('Growth', withZero, { logarithmic: true }));
    expect(heights(panel!.querySelector('[aria-label=line] path')!)).toHaveLength(6);
  });
});
