/** Tests the messages for errors of Node, of libraries and of the engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { brokenInvariant, inputError } from '../../dsl/errors.ts';
import { knownError } from '../../runtime/base/known-error.ts';
import { whileComputing } from '../../runtime/session/computing.ts';

const coded = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code });
const same = (error: unknown): unknown => error;
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

it.each([
  [coded('EMFILE'), 'too-many-files'],
  [coded('ENOSPC'), 'disk-full'],
  [new RangeError('Array buffer allocation failed'), 'out-of-memory'],
  [new Error('a decoding thread failed', { cause: coded('ENOMEM') }), 'out-of-memory'],
  [
    await whileComputing(async () => Promise.resolve(new ArrayBuffer(2 ** 53 - 1))).catch(same),
    'out-of-memory',
  ],
  [new Error('ResourceExhausted: OOM when allocating a tensor'), 'out-of-memory'],
])('what the machine lacks is no bug: %s', (error, code) => {
  expect(knownError(error)).toMatchObject({ code, blame: 'machine', exit: 3 });
});

it('a path that the file system refuses is an input, and names itself', () => {
  const place = join(import.meta.dirname, 'none', 'there');
  expect(knownError(thrownBy(() => readFileSync(place)))).toMatchObject({
    code: 'unusable-file',
    what: `'${place}' cannot be used: there is no such file`,
    exit: 1,
  });
});

it('errors of ours are themselves, and bugs and all others none', () => {
  const ours = inputError('odd', 'odd');
  expect(knownError(ours)).toBe(ours);
  for (const error of [brokenInvariant('odd'), new TypeError('x is no function'), 'text'])
    expect(knownError(error)).toBe(undefined);
});
