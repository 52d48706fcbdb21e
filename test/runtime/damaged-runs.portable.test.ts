/** Tests that every command reports damage in a run or an ablation, with the file's name. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSteps, readBest, stepName } from '../../runtime/run/checkpoint.ts';
import { onlyCompleting, recordsGone, sourceGone } from '../../runtime/run/messages.ts';
import { layoutOf, readRunFolder } from '../../runtime/run/folder.ts';
import { resume } from '../../runtime/train/train.ts';
import { damageRun, tryDamaged } from '../fuzz/damaged-runs.ts';
import { copyPristine, makePristine } from '../support/pristine-run.ts';
import { removeFolder } from '../support/tiny-experiment.ts';

const seed = 15;
const damages = 24;
/** The cases that are also read by commands with an engine. */
const withEngine = (index: number): boolean => index % 12 === 0;

let folder: string;
beforeAll(async () => {
  ({ folder } = await makePristine());
}, 300_000);
afterAll(() => removeFolder(folder));

describe('a damaged run', { timeout: 600_000 }, () => {
  it(`is refused with a file and a hint, or read, in ${damages} cases`, async () => {
    for (let index = 0; index < damages; index++) {
      const copy = join(folder, `damaged-${index}`);
      mkdirSync(copy);
      const place = copyPristine(folder, copy);
      const damage = damageRun(place.ablation, seed, index);
      const outcomes = await tryDamaged(place, withEngine(index)).catch((error: unknown) => {
        throw new Error(`damage ${index}: ${damage.place} is ${damage.what}`, { cause: error });
      });
      for (const { command, said } of outcomes)
        expect(said, `damage ${index}: ${damage.place} is ${damage.what}; ${command}`).toMatch(
          /^fine$|^1 [^]+\nhint: /,
        );
      rmSync(copy, { recursive: true });
    }
  });

  it.each([
    [
      'spec',
      (json: string) => json.replace('"batch":2', '"batch":-1'),
      /spec\.json' is damaged: batch: expected an integer of at least 1 and at most 65536, found -1, at 1:\d+\nhint: /,
    ],
    ['spec', (json: string) => json.slice(0, 1000), /spec\.json' is damaged: it is not JSON/],
    [
      'run',
      (json: string) => json.replace(/"file": "[^"]*"/, '"file": null'),
      /run\.json' is damaged: file is null, expected a string\nhint: /,
    ],
    [
      'run',
      (json: string) => json.replace('"steps": 2', '"steps": "2"'),
      /run\.json' is damaged: steps is "2", expected an integer/,
    ],
    [
      'run',
      (json: string) => json.replace('{', '{"__proto__": {}, '),
      /run\.json' is damaged: it has a key '__proto__'/,
    ],
    ['run', () => '', /run\.json' is damaged: it is empty/],
    [
      'run',
      () => '['.repeat(100_000) + ']'.repeat(100_000),
      /run\.json' is damaged: it is nested deeper than 100 levels/,
    ],
  ] as const)('names the place in %s.json', (file, change, message) => {
    const copy = join(folder, 'damaged');
    const { run } = copyPristine(folder, copy);
    const path = layoutOf(run)[file];
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    expect(() => readRunFolder(run)).toThrow(message);
    rmSync(copy, { recursive: true });
  });

  it('says that what lies in the place of its events may go, and writes them anew', async () => {
    const copy = join(folder, 'damaged');
    const { run } = copyPristine(folder, copy);
    const { events } = layoutOf(run);
    const known = readdirSync(events);
    rmSync(events, { recursive: true });
    writeFileSync(events, 'notes');
    const goOn = (): Promise<unknown> => resume({ folder: run, engine: 'portable' });
    await expect(goOn()).rejects.toThrow(
      `'${events}' cannot be used: it is a file, expected a folder\nhint: remove it`,
    );
    rmSync(events);
    await goOn();
    expect(readdirSync(events)).toHaveLength(known.length);
    rmSync(copy, { recursive: true });
  });

  it('is not said to be whole where something of it is damaged or gone, and what can be is made anew', async () => {
    const copy = join(folder, 'damaged');
    const { run } = copyPristine(folder, copy);
    const layout = layoutOf(run);
    const lines: string[] = [];
    const goOn = async (): Promise<string[]> => {
      lines.length = 0;
      await resume({ folder: run, engine: 'portable', observer: { log: (line) => lines.push(line) } });
      return [...lines];
    };
    const whole =
      'The run is finished: all 2 steps are done, and nothing of it is missing. To train longer: --steps N';
    expect(await goOn()).toEqual([whole]);
    const painted = join(layout.samples, stepName(2), 'painted-0.png');
    const before = readFileSync(painted);
    for (const content of [Buffer.alloc(0), before.subarray(0, before.length / 2)]) {
      writeFileSync(painted, content);
      expect(await goOn()).toContain(onlyCompleting(2));
      expect(readFileSync(painted).equals(before)).toBe(true);
      expect(await goOn()).toEqual([whole]);
    }
    for (const name of readdirSync(layout.events)) writeFileSync(join(layout.events, name), 'garbage');
    expect(await goOn()).toContain(onlyCompleting(2));
    expect(await goOn()).toEqual([whole]);
    rmSync(join(layout.samples, `${stepName(2)}.png`));
    mkdirSync(join(layout.samples, `${stepName(2)}.png`));
    await expect(goOn()).rejects.toThrow(`${stepName(2)}.png' is in the way of what is to be written`);
    rmSync(join(layout.samples, `${stepName(2)}.png`), { recursive: true });
    await goOn();
    rmSync(layout.source);
    writeFileSync(layout.metrics, readFileSync(layout.metrics, 'utf8').split('\n').slice(1).join('\n'));
    expect(await goOn()).toEqual([
      sourceGone(layout.source),
      recordsGone(1),
      'The run is finished: all 2 steps are done, and nothing else is missing. To train longer: --steps N',
    ]);
    rmSync(copy, { recursive: true });
  });

  it('is told what stands in the way of its files by their own names, with what helps', async () => {
    const copy = join(folder, 'damaged');
    const { run } = copyPristine(folder, copy);
    const { index, samples, checkpoints, metrics } = { ...layoutOf(run), index: join(run, 'index.html') };
    const goOn = (): Promise<unknown> => resume({ folder: run, engine: 'portable' });
    const replaced = async (place: string, by: () => void, said: string): Promise<void> => {
      const aside = `${run}.aside`;
      renameSync(place, aside);
      by();
      await expect(goOn()).rejects.toThrow(said);
      rmSync(place, { recursive: true });
      renameSync(aside, place);
    };
    await replaced(
      index,
      () => mkdirSync(index),
      `'${index}' is in the way of what is to be written: it is a folder, expected a file\nhint: move it away`,
    );
    await replaced(
      samples,
      () => writeFileSync(samples, ''),
      `'${samples}' cannot be used: it is a file, expected a folder\nhint: remove it`,
    );
    await replaced(
      metrics,
      () => mkdirSync(metrics),
      `it is a folder, expected a file\nhint: take the file from a copy of the run; or move it away`,
    );
    await replaced(
      checkpoints,
      () => symlinkSync(checkpoints, checkpoints),
      `'${checkpoints}' is damaged: its links lead in a circle`,
    );
    expect(() => readBest(checkpoints)).not.toThrow();
    mkdirSync(join(checkpoints, 'step-999999999999999999999'));
    mkdirSync(join(checkpoints, 'step-7'));
    expect(listSteps(checkpoints)).toEqual([1, 2]);
    rmSync(copy, { recursive: true });
  });
});
