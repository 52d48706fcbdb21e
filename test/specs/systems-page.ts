/**
 * Renders docs/systems.md: tables of all systems with counted parameters, tests found in files, and drawings; facts
 * that cannot be computed come from systems-rows.ts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check, compile } from '../../compiler/index.ts';
import { drawNetwork } from '../../compiler/explain/drawing.ts';
import type { ExpandOptions } from '../../compiler/expand/index.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import type { VariableSpec } from '../../compiler/format/types.ts';
import { layOut } from '../../runtime/report/drawing.ts';
import { importsOf } from '../matrix/catalog.ts';
import { provider, specOf } from '../support/specs.ts';
import {
  inputSets,
  papers,
  pictures,
  sections,
  swaps,
  type Counted,
  type Evidence,
  type Picture,
  type Row,
} from './systems-rows.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Fixtures that are too large to be committed. */
export const fixturesBeside: readonly string[] = [
  'encoder_small',
  'spade_generator_small',
  'spade_layer_instance',
  'train_step_small',
];

type Inputs = NonNullable<ExpandOptions['inputs']>;

/** Arguments of counted calls, by name, with the types of their parameters. */
const types = {
  seg: 'LabelMap',
  image: 'Image',
  picture: 'Image',
  pair: 'Image',
  x: 'Image',
  z: 'Latent',
  z64: 'Latent',
  style: 'Latent',
} as const;

/** Gives the variables of a call. */
function variablesOf({ call, given, on = 'ADE20K' }: Counted): readonly VariableSpec[] {
  const { classes, edges, width, height } = inputSets[on];
  const channels = classes + Number(edges);
  const tensor = (...shape: number[]) => ({ kind: 'tensor', shape }) as const;
  const inputs: Record<keyof typeof types, Inputs[string]> = {
    seg: { kind: 'labels', width, height, classes, edges },
    image: tensor(height, width, 3),
    picture: tensor(height, width, 3),
    pair: tensor(height, width, channels + 3),
    x: tensor(64, 64, 64),
    z: tensor(256),
    z64: tensor(64),
    style: tensor(256),
  };
  const words: readonly string[] = `${call} ${given}`.match(/\w+/g) ?? [];
  // `style:` is both the parameter's name and its value's.
  const names = (Object.keys(types) as (keyof typeof types)[]).filter((name) => words.includes(name));
  const text = `${importsOf(call)}network N(${names.map((name) => `${name}: ${types[name]}`).join(', ')}) {
    let it = ${call}
    return it(${given})
  }`;
  const used = Object.fromEntries(names.map((name) => [name, inputs[name]]));
  return must(specOf(text, { inputs: used }).networks[0], 'a network').variables;
}

const format = (count: number): string => count.toLocaleString('en-US');

/** Counts the parameters of a call. */
export function countOf(counted: Counted): number {
  return variablesOf(counted)
    .filter(({ role }) => role === 'parameter')
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function parametersOf({ counted = [], optimizer }: Row): string {
  if (optimizer !== undefined) return `\`${optimizer}\`: ${slotsOf(optimizer)}`;
  const calls = new Set(counted.map(({ call }) => call));
  const maps = new Set(counted.map(({ on }) => on));
  return counted
    .map((one) => {
      const where = maps.size > 1 || /^(seg|image, seg)/.test(one.given) ? one.on : undefined;
      const what = [...(calls.size > 0 ? [`\`${one.call}\``] : []), ...(where ? [where] : [])].join(', ');
      return `${what}: ${format(countOf(one))}`;
    })
    .join('<br>');
}

/** Counts the numbers that an optimizer keeps for each weight. */
function slotsOf(optimizer: string): number {
  const text = `use losses { l1 }
    network Painter(seg: LabelMap) -> Image { return seg |> conv(3) as layer }
    experiment slots {
      data any { path: ".", images: "i", labels: "l", classes: 2, size: 8x8, batch: 1 }
      let G = Painter()
      loss G = l1()
      train {
        steps: 1
        optimize G with ${optimizer}
      }
    }`;
  const { variables } = compile(specOf(text), { target: cpu, batch: 1, methods: ['step'] });
  return variables.filter(({ name }) => name.startsWith('G.layer.weight/')).length;
}

/** The engines on which the tests under a path run. */
function enginesOf(tests: string): string {
  const has = (tier: string): boolean => existsSync(`${root}test/${tests}${tier}.test.ts`);
  const [native, portable, pure] = ['.native', '.portable', ''].map(has);
  if (native && portable) return 'both engines';
  if (native || portable) return native ? 'native engine' : 'portable engine';
  if (pure) return 'no engine needed';
  throw new Error(`there are no tests ${tests}`);
}

function evidenceOf({ evidence }: Row): string {
  const lines = evidence.map(({ tests, fixtures = [], own, shows }) => {
    const names = fixtures.map((name) => `\`${name.replace(/^.*\//, '')}\``).join(', ');
    const what = [names, own && `own reference: ${own}`, shows].filter(Boolean).join('; ');
    return `${what} ([${tests.replace(/^.*\//, '')}](../test/${filesOf(tests)[0]}), ${enginesOf(tests)})`;
  });
  return lines.join('<br>');
}

/** The test files under a path, and the files of their cases. */
export function filesOf(tests: string): readonly string[] {
  const folder = tests.replace(/\/[^/]*$/, '');
  const own = readdirSync(`${root}test/${folder}`)
    .map((file) => `${folder}/${file}`)
    .filter((file) =>
      new RegExp(`^${tests}(-tests|\\.test|\\.native\\.test|\\.portable\\.test)\\.ts$`).test(file),
    )
    .sort();
  const shared = own.flatMap((file) =>
    [...readFileSync(`${root}test/${file}`, 'utf8').matchAll(/'(?:\.\.\/)(support\/[\w-]+-tests\.ts)'/g)].map(
      ([, name]) => must(name, 'a file'),
    ),
  );
  return [...new Set([...own, ...shared])];
}

/** Tells whether tests mention a fixture, by its name or by a template of names. */
export function mentions({ tests }: Evidence, fixture: string): boolean {
  const name = fixture.replace(/^systems\//, '');
  const texts = filesOf(tests).map((file) => readFileSync(`${root}test/${file}`, 'utf8'));
  // Names are in quotes, or keys of a table; folders may precede them.
  const words = texts.flatMap((text) => [
    ...text.matchAll(/['`](?:systems\/|\.\.\/fixtures\/)?([\w/${}]+?)(?:['`]|\/\w+\.json)/g),
    ...text.matchAll(/^ {2}(\w+): '/gm),
  ]);
  return words.some(([, word = '']) => {
    const pattern = word.replaceAll(/\$\{\w+\}/g, '\\w+');
    // A template of only a placeholder proves nothing.
    return pattern !== '\\w+' && new RegExp(`^${pattern.replaceAll(/[{}$]/g, '')}$`).test(name);
  });
}

function paperOf({ paper }: Row): string {
  if (paper === undefined) return '';
  const [label, address] = papers[paper];
  return `[${label}](${address})`;
}

function specColumnOf({ spec: [module, name] }: Row): string {
  return module === 'language'
    ? `[language.md](language.md) \`${name}\``
    : `[${module}](../specs/${module}.spade) \`${name}\``;
}

const columns = ['System', 'Paper', 'Spec', 'Evidence', 'Parameters', 'Known differences'];

function tableOf(rows: readonly Row[]): string {
  const hasParameters = rows.some(({ counted, optimizer }) => counted ?? optimizer);
  const kept = (cells: readonly string[]): readonly string[] =>
    cells.filter((_, index) => hasParameters || columns[index] !== 'Parameters');
  const lines = rows.map((row) =>
    kept([row.system, paperOf(row), specColumnOf(row), evidenceOf(row), parametersOf(row), row.differences]),
  );
  return [kept(columns), kept(columns.map(() => '---')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Draws a picture, as `spadework explain --svg` does. */
export async function draw({ file, depth, from }: Picture): Promise<string> {
  if ('text' in from) {
    const inputs: Inputs = {
      x: { kind: 'tensor', shape: [64, 64, 64] },
      seg: { kind: 'labels', width: 256, height: 256, classes: 151, edges: false },
      style: { kind: 'tensor', shape: [256] },
    };
    const names = Object.keys(inputs).filter((name) => new RegExp(`\\b${name}: [A-Z]`).test(from.text));
    const given = Object.fromEntries(names.map((name) => [name, must(inputs[name], 'an input')]));
    const { networks } = specOf(importsOf(from.text) + from.text, { inputs: given });
    return layOut(drawNetwork(must(networks[0], 'a network'), networks, { depth }));
  }
  const library = must(provider().library(from.module), 'a module');
  const { spec } = check(library, provider(), {
    name: file,
    assume: { width: 256, height: 256, classes: 151 },
    ...(from.settings && { settings: from.settings }),
  });
  const { networks } = must(spec, 'a spec');
  return layOut(drawNetwork(must(networks[0], 'a network'), networks, { depth }));
}

/** Gives the line of an example that a swap replaces: the one with the same beginning. */
export function lineOf(example: string, line: string): string {
  const start = must(/^\w+ \w+ =/.exec(line)?.[0], 'a line that binds');
  const text = readFileSync(`${root}examples/systems/${example}.spade`, 'utf8');
  return must(
    text
      .split('\n')
      .map((one) => one.trim())
      .find((one) => one.startsWith(start)),
    `a line "${start}"`,
  );
}

/** Gives an example with one line replaced, and the imports for the new line. */
export function swapped(example: string, line: string): string {
  const text = readFileSync(`${root}examples/systems/${example}.spade`, 'utf8');
  const known = /^use [^]*?(?=\n\n)/m.exec(text)?.[0] ?? '';
  const changed = text.replace(lineOf(example, line), line);
  return importsOf(changed.slice(known.length)) + changed.slice(known.length);
}

function swapOf([what, example, line]: (typeof swaps)[number]): string {
  return `${what[0]?.toUpperCase()}${what.slice(1)}, in [${example}.spade](../examples/systems/${example}.spade):

\`\`\`diff
- ${lineOf(example, line)}
+ ${line}
\`\`\``;
}

/** A table of pictures with captions, a few per row; blocks at their own size, networks at one height. */
function galleryOf(shown: readonly Picture[], size: string): string {
  const inRow = 4;
  const rows = Array.from({ length: Math.ceil(shown.length / inRow) }, (_, row) =>
    shown.slice(row * inRow, (row + 1) * inRow),
  );
  const cell = ({ file }: Picture): string => {
    const path = `images/systems/${file}.svg`;
    return `[<img src="${path}" alt="${file} as a drawing"${size}>](${path})`;
  };
  return rows
    .map((row) =>
      [
        row.map(({ caption, depth, from }) =>
          'module' in from && depth > 1 ? `${caption}, inside` : caption,
        ),
        row.map(() => '---'),
        row.map(cell),
      ]
        .map((cells) => `| ${cells.join(' | ')} |`)
        .join('\n'),
    )
    .join('\n\n');
}

/** Renders the page. */
export function systemsPage(): string {
  const examples = readdirSync(`${root}examples/systems`)
    .filter((file) => file.endsWith('.spade'))
    .map((file) => `[${file.replace('.spade', '')}](../examples/systems/${file})`);
  return `# Systems

Every system of the field that is here: where it comes from, which spec it is, what shows that it computes what it should, how large it
is, and where it differs from its source. Parameters are counted, tests looked up and pictures drawn by
\`test/specs/systems-page.ts\`; a test fails where this page is out of date, or where something of the library is not on it.

- **Spec**: a file of [specs](../specs) and the name in it. Its doc comment cites the source.
- **Evidence**: in code font, fixtures of [test/fixtures](../test/fixtures), made with the official PyTorch code, or, where there is
  none, with a composition of torch.nn that shares nothing with this project (their
  [README](../test/fixtures/systems/README.md) says which). Outputs in both modes, gradients and state are compared, for training whole
  iterations. ${fixturesBeside.map((name) => `\`${name}\``).join(', ')} are too large to be
  committed: where they are missing, their tests are skipped and say so. Engines are TensorFlow (native) and WebAssembly (portable).
  Large systems are compared at small widths.
- **Parameters**: trained numbers at the official settings. ADE20K has a map of 151 channels, COCO-Stuff of 184 and Cityscapes of 36
  (both with edges).

## How to swap

Each is one line of an experiment, besides \`use\`; [matrix.md](matrix.md) says what goes with what. Examples to start from:
${examples.join(', ')}.

${swaps.map(swapOf).join('\n\n')}

${sections
  .map(({ title, text, rows }) => [`## ${title}`, ...(text === '' ? [] : [text]), tableOf(rows)].join('\n\n'))
  .join('\n\n')}

## Of all systems

- Training follows SPADE: the generator's step, then the discriminator's with a picture of the new generator.
  \`updates: "at_once"\` is pix2pixHD's way, one picture for both.
- Statistics and power iterations move once for each pass, as in PyTorch; with \`accumulate\`, once for each part.
- Numbers are float32 everywhere; there is no mixed precision.
- Weights of the official checkpoints can be loaded: see [weights.md](weights.md).

## Pictures

Made by \`spadework explain FILE --name NETWORK --svg FOLDER\`, of a map of 151 classes at 256x256. Green is what a network is given,
orange a norm, violet a result. A picture opens at full size.

${galleryOf(
  pictures.filter(({ from }) => 'text' in from),
  '',
)}

${galleryOf(
  pictures.filter(({ from }) => 'module' in from),
  ' height="480"',
)}
`;
}
