/** Tests that whatever is damaged in a run or an ablation is said, with the file, by every command that reads it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutOf, readRunFolder } from '../../runtime/run/folder.ts';
import { resume } from '../../runtime/train/train.ts';
import { damageRun, tryDamaged } from '../fuzz/damaged-runs.ts';
import { copyPristine, makePristine } from '../support/pristine-run.ts';
import { removeFolder } from '../support/tiny-experiment.ts';

const seed = 15;
const damages = 24;
/** Which of them are also read by commands that need an engine. */
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
});
