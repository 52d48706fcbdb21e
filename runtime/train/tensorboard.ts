/**
 * Writes a run's data for TensorBoard: losses, rates, gradients and times of each step; weights and pictures of some.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../../compiler/ir/types.ts';
import { EventWriter, HistogramCounter, type EventValue } from './events.ts';
import { type MetricRecord, readMetrics, readSamples } from '../run/records.ts';
import { inGroups, type Session } from '../session/session.ts';
import type { RunLayout } from '../run/folder.ts';

/** Writes the event file of a run, beginning at one of its steps. */
export class Board {
  private readonly writer: EventWriter;

  /** Begins a file in `folder` for the steps from `first` on. */
  constructor(folder: string, first: number) {
    this.writer = new EventWriter(folder, first);
  }

  /** Writes the record of a step, which took `seconds`. */
  step(record: MetricRecord, seconds: number): void {
    const { losses, rate = {}, gradients = {}, evaluation = {} } = record;
    const named: [string, number | null][] = [
      ...Object.entries(losses).flatMap(([network, terms]) =>
        Object.entries(terms).map(([term, value]): [string, number | null] => [
          `loss/${network}/${term}`,
          value,
        ]),
      ),
      ...Object.entries(rate).map(([network, value]): [string, number] => [`rate/${network}`, value]),
      ...Object.entries(gradients).map(([network, value]): [string, number | null] => [
        `gradient length/${network}`,
        value,
      ]),
      ...Object.entries(evaluation).map(([metric, value]): [string, number | null] => [
        `evaluation/${metric}`,
        value,
      ]),
      ['time/seconds per step', seconds],
    ];
    const values = named.flatMap(([tag, scalar]): EventValue[] => (scalar === null ? [] : [{ tag, scalar }]));
    this.writer.write(record.step, values);
  }

  /** Writes the histograms of the parameters of each network that is not `frozen`. */
  async weights(step: number, session: Session, frozen: ReadonlySet<string>): Promise<void> {
    const counters = new Map<string, HistogramCounter>();
    const shown = session.program.variables.filter(
      ({ role, network }) => role === 'parameter' && !frozen.has(network),
    );
    for (const some of inGroups(shown, ({ type }) => 4 * sizeOf(type.shape))) {
      const values = await session.readVariables(some.map(({ name }) => name));
      for (const { name, network } of some) {
        const counter = counters.get(network) ?? new HistogramCounter();
        counters.set(network, counter);
        counter.add(values.get(name)!);
      }
    }
    const found = [...counters].flatMap(([network, counter]): EventValue[] => {
      const histogram = counter.histogram();
      return histogram ? [{ tag: `weights/${network}`, histogram }] : [];
    });
    this.writer.write(step, found);
  }

  /** Writes the grid of samples, a PNG file. */
  async samples(step: number, file: string): Promise<void> {
    this.writer.write(step, [{ tag: 'samples', png: await readFile(file) }]);
  }

  close(): void {
    this.writer.close();
  }
}

/**
 * Writes to a board again what a run's folder holds of the steps from `first` on: their records, and the preview grids
 * up to a step.
 */
export async function fillBoard(
  board: Board,
  { folder }: RunLayout,
  first: number,
  lastGrid: number,
): Promise<void> {
  let before = 0;
  for (const record of readMetrics(folder)) {
    if (record.step >= first) board.step(record, record.seconds - before);
    before = record.seconds;
  }
  for (const { step, grid } of readSamples(folder).frames)
    if (step >= first && step <= lastGrid && grid !== undefined)
      await board.samples(step, join(folder, grid));
}
