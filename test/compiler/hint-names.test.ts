/** Checks that every function, block, module, setting and type that hints mention exists. */
import { formulas, carriedOverTargets, ways } from '../../compiler/messages/carried-over.ts';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { specSchema } from '../../compiler/schema/spec.ts';
import { builtins } from '../../compiler/language/builtins/index.ts';
import { typeRules } from '../../compiler/language/values/value-types.ts';
import { parse } from '../../dsl/index.ts';
import { checkSample, errorSamples } from '../support/error-samples.ts';
import { checkText, libraryModules, provider } from '../support/specs.ts';

/** The blocks and networks of each library module, with their parameters. */
const library = new Map(
  libraryModules.map((module) => {
    const source = provider().library(module);
    const { file } = source ? parse(source) : { file: undefined };
    const blocks = (file?.declarations ?? []).filter((one) => one.kind === 'block' || one.kind === 'alias');
    return [module, blocks] as const;
  }),
);
const blocks = [...library.values()].flat();

/** All property names in the schema of specs, and all enum values. */
function settingsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.entries(schema);
  return own.flatMap(([key, value]) => [
    ...(key === 'properties' ? Object.keys(value as object) : []),
    ...(key === 'enum' ? (value as unknown[]).map(String) : []),
    ...settingsIn(value),
  ]);
}

const membersOfPage = [
  ...readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8').matchAll(/`\w+\.(\w+)`/g),
].map((match) => match[1] ?? '');

const callable: ReadonlySet<string> = new Set([...builtins.keys(), ...blocks.map(({ name }) => name.text)]);
const known: ReadonlySet<string> = new Set([
  ...callable,
  ...[...builtins.values()].flatMap(({ names }) => names),
  ...blocks.flatMap((block) => (block.kind === 'block' ? block.parameters.map(({ name }) => name.text) : [])),
  ...settingsIn(specSchema),
  ...typeRules.keys(),
  ...membersOfPage,
  ...libraryModules,
  ...Object.keys(provider().presets ?? {}),
  ...['true', 'false', 'none'],
]);

/** Names that represent the user's own in examples. */
const placeholders: ReadonlySet<string> = new Set(['f', 'g', 'a', 'Name']);

const callsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w.])([A-Za-z_]\w*)\(/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !placeholders.has(name));

describe('names of other frameworks', () => {
  it.each([...carriedOverTargets])('lead to what there is: %s', (target) => {
    expect(known).toContain(target);
  });

  it.each([...ways])('have a way that there is: %s', (_, way) => {
    for (const name of callsIn(way)) expect(callable).toContain(name);
  });
});

describe('well-known functions', () => {
  it.each([...formulas])(
    'are not there already, and are declared as blocks that expand: %s',
    (name, formula) => {
      expect(known).not.toContain(name);
      const text = `network N(seg: LabelMap) -> Image { return seg |> conv(3) |> ${name} }\nblock ${name}(x) { return ${formula} }\n`;
      expect(checkText(text).diagnostics).toEqual([]);
    },
  );
});

describe('the hints of all samples', () => {
  const hints = errorSamples.flatMap((sample) =>
    checkSample(sample).flatMap(({ hint, labels, span }) =>
      hint === undefined
        ? []
        : [
            {
              sample,
              hint,
              text: [span, ...labels.map((label) => label.span)].map((at) => at?.source.text).join(),
            },
          ],
    ),
  );

  it.each(hints)('name what there is: $sample, $hint', ({ hint, text }) => {
    const isOwn = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
    for (const name of callsIn(hint)) if (!isOwn(name)) expect(callable).toContain(name);
    for (const [, name = ''] of hint.matchAll(/did you mean '(\w+)'/g))
      if (!isOwn(name)) expect(known).toContain(name);
    const imports = [...hint.matchAll(/use ([\w/]+) \{ ([\w, ]+) \}/g)];
    for (const [, module = '', names = ''] of imports.filter(
      ([, module = '']) => !isOwn(module) || library.has(module),
    ))
      for (const name of names.split(', '))
        expect(
          library.get(module)?.map((block) => block.name.text),
          module,
        ).toContain(name);
  });
});
