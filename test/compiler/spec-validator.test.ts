/** The validator that a build compiles ahead finds what the one finds that ajv compiles at run time. */
import type { ValidateFunction } from 'ajv';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { specValidator } from '../../compiler/check/spec-validator.ts';
import { standaloneValidator } from '../../compiler/schema/standalone.ts';
import { specOf } from '../support/specs.ts';
import { camvid } from '../support/spec-texts.ts';

const samples = new URL('../samples/errors/', import.meta.url);

/** Loads the text as a build does: its `require` is that of the package. */
async function loadAhead(): Promise<ValidateFunction> {
  const head = `import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(import.meta.url)});`;
  const text = `${head}\n${standaloneValidator()}`;
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  const module = (await import(/* @vite-ignore */ url)) as { specValidator: typeof specValidator };
  return module.specValidator();
}

/** Gives what a validator says of a value. */
const saysOf = (validate: ValidateFunction, value: unknown) => ({
  accepts: validate(value),
  errors: validate.errors ?? [],
});

/** Damages a value in each of its places that differ by more than an index: takes a part away, or puts others there. */
function* damagedOf(root: unknown): Generator<unknown> {
  const seen = new Set<string>();
  const change = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
    if (key === undefined) return by;
    if (Array.isArray(value))
      return value.map((item: unknown, index) => (String(index) === key ? change(item, rest, by) : item));
    const entries = Object.entries(value as object).map(([name, part]): [string, unknown] => [
      name,
      name === key ? change(part, rest, by) : part,
    ]);
    return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
  };
  const places: string[][] = [];
  const visit = (value: unknown, path: string[], kind: string): void => {
    const place = `${kind}/${path.map((step) => (/^\d+$/.test(step) ? '*' : step)).join('/')}`;
    if (!seen.has(place)) places.push(path);
    seen.add(place);
    if (typeof value !== 'object' || value === null) return;
    const { op, kind: own } = value as { op?: string; kind?: string };
    for (const [key, part] of Object.entries(value)) visit(part, [...path, key], op ?? own ?? kind);
  };
  visit(root, [], '');
  for (const path of places)
    for (const other of [undefined, null, -1.5, 'none', [1, 1], { unknown: 1 }])
      yield change(root, path, other);
}

describe('the validator that is compiled ahead', () => {
  it('finds the same in every sample that is JSON', async () => {
    const ahead = await loadAhead();
    const files = readdirSync(samples)
      .map((name) => new URL(`${name}/input.json`, samples))
      .filter((file) => existsSync(file));
    const values = files.flatMap((file) => {
      try {
        return [JSON.parse(readFileSync(file, 'utf8')) as unknown];
      } catch {
        return [];
      }
    });
    expect(values.length).toBeGreaterThan(5);
    for (const value of values) expect(saysOf(ahead, value)).toEqual(saysOf(specValidator(), value));
  });

  it('finds the same in a spec with a mistake in each of its places', async () => {
    const ahead = await loadAhead();
    const spec = specOf(camvid);
    expect(saysOf(ahead, spec)).toEqual({ accepts: true, errors: [] });
    let count = 0;
    for (const value of damagedOf(spec)) {
      const [one, other] = [saysOf(ahead, value), saysOf(specValidator(), value)];
      // The first test compares all that they say; here that would be the whole table of ops for each node.
      const brief = ({ accepts, errors }: typeof one): string =>
        JSON.stringify([
          accepts,
          errors.map(({ instancePath, schemaPath, params }) => [instancePath, schemaPath, params]),
        ]);
      expect(brief(one)).toEqual(brief(other));
      count += one.accepts === true ? 0 : 1;
    }
    expect(count).toBeGreaterThan(500);
  });
});
