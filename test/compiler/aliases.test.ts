/** Tests aliases: a second name for a block does not change the spec. */
import { describe, expect, it } from 'vitest';
import { check, checkAblation, diffSpecs, type CheckResult } from '../../compiler/index.ts';
import type { Alias, Block, Statement } from '../../dsl/ast.ts';
import { parse, print } from '../../dsl/index.ts';
import { checkText, libraryModules, provider, specOf } from '../support/specs.ts';

const painter = (norm: string): string => `network Painter(seg: LabelMap) -> Image {
  x = seg |> conv(4) as start
  return x |> ${norm} |> ${norm} |> batch(affine: true) |> conv(3) as end |> tanh
}
`;

/** Checks a text that imports other files. */
function checkFiles(text: string, files: Readonly<Record<string, string>>): CheckResult {
  const file = (path: string) => {
    const found = files[path];
    return found === undefined ? { why: 'there is no such file' } : { name: path, text: found };
  };
  return check({ name: 'input.spade', text }, { ...provider(), file });
}

/** A spec without the places of its parts. */
const made = (spec: unknown): unknown =>
  JSON.parse(JSON.stringify(spec, (key, value: unknown) => (key === 'at' || key === 'sources' ? 0 : value)));

const codes = ({ diagnostics }: CheckResult): string[] => diagnostics.map(({ code }) => code);

describe('an alias', () => {
  const before = 'use norms { batch }\n';

  it('makes what its target makes, under the same names', () => {
    const own = specOf(before + painter('batch'));
    expect(own.networks[0]?.variables.map(({ name }) => name)).toEqual([
      'start.weight',
      'start.bias',
      'batch.running_mean',
      'batch.running_var',
      'batch_2.running_mean',
      'batch_2.running_var',
      'batch_3.running_mean',
      'batch_3.running_var',
      'batch_3.affine.weight',
      'batch_3.affine.bias',
      'end.weight',
      'end.bias',
    ]);
    expect(made(specOf(`${before}block mine = batch\n${painter('mine')}`))).toEqual(made(own));
  });

  it('may stand before its target, of a block with a body, an import, the prelude or another alias', () => {
    const text = `block second = first
block first = batch
block linear = conv
block mine = own
block own(x) {
  return x |> linear(4, bias: false) as inner
}
${painter('second').replaceAll('conv', 'linear').replace('|> second', '|> mine')}`;
    const { networks } = specOf(before + text);
    expect(networks[0]?.variables.map(({ name }) => name)).toContain('own.inner.weight');
    expect(networks[0]?.variables.map(({ name }) => name)).toContain('batch.running_mean');
  });

  it('takes the arguments of its target, and is called by its own name in messages', () => {
    const use = 'network P(seg: LabelMap) -> Image {\n  return seg |> conv(3) |> mine(MISTAKE)\n}\n';
    const say = (mistake: string): string | undefined =>
      checkText(`${before}block mine = batch\n${use.replace('MISTAKE', mistake)}`).diagnostics[0]?.message;
    expect(say('momentum: 0.5')).toBeUndefined();
    expect(say('momntum: 0.5')).toBe("mine has no parameter 'momntum'");
    expect(say('affine: 3')).toBe("argument 'affine' of mine: expected true or false, found the integer 3");
    expect(say('none, true, 1, 1, 1')).toBe('mine takes at most 5 arguments, found 6');
  });

  it('is the block that it names wherever values are compared, asked or shared', () => {
    const text = `use norms { identity, batch }
block nothing = identity
block mine = batch
network P(seg: LabelMap, norm: Norm = nothing) -> Image {
  let shared = mine(affine: true)
  x = seg |> conv(3, bias: norm == identity) as c
  y = if takes(mine, "momentum") then shared(x) + shared(shared(x)) else x
  return y |> norm
}
`;
    expect(specOf(text).networks[0]?.variables.map(({ name }) => name)).toEqual([
      'c.weight',
      'c.bias',
      'shared.running_mean',
      'shared.running_var',
      'shared.affine.weight',
      'shared.affine.bias',
    ]);
  });

  it('is exported and imported as any block, with what its own file imports', () => {
    const files = {
      'mine.spade': 'use norms { batch }\nblock mine = batch\nblock chained = mine\n',
      'again.spade': 'use "mine.spade" { chained }\nblock last = chained\n',
    };
    const text = `use "again.spade" { last }\nuse norms { batch }\n${painter('last')}`;
    expect(made(checkFiles(text, files).spec)).toEqual(made(specOf(before + painter('batch'))));
    const wrong = checkFiles(text.replaceAll('last', 'chained'), files);
    expect(wrong.diagnostics.map(({ message }) => message)).toEqual(["module again.spade has no 'chained'"]);
  });

  it('with a mistake is told once, not where it is used or imported', () => {
    const files = { 'mine.spade': 'block mine = nowhere\nblock more = mine\n' };
    const text = `use "mine.spade" { more }\nuse norms { batch }\nblock third = more\n${painter('third')}`;
    expect(codes(checkFiles(text, files))).toEqual(['unknown-name']);
    expect(codes(checkText(`block a = b\nblock b = c\nblock c = b\n${painter('a')}`))).toEqual([
      'alias-cycle',
      'unknown-name', // of `batch`, which is not imported here
    ]);
  });

  it('takes the place of a block of the prelude', () => {
    const text = 'use norms { identity }\nblock relu = identity\nnetwork P(x: Image) { return x |> relu }\n';
    expect(specOf(text).networks[0]?.nodes).toEqual([]);
  });

  it('is followed once in a chain of thousands', () => {
    const chain = Array.from({ length: 3000 }, (_, index) => `block a${index} = a${index + 1}\n`).join('');
    expect(codes(checkText(`use norms { batch }\n${chain}block a3000 = batch\n`))).toEqual([]);
    expect(codes(checkText(`${chain}block a3000 = a0\n`))).toEqual(['alias-cycle']);
  });
});

describe('an alias in experiments', () => {
  const experiment = (norm: string, more = ''): string => `use norms { batch, instance, spade, sync_batch }
use generators { SpadeGenerator }
block mine = spade
experiment one {
  data d { path: "data", images: "a", labels: "b", classes: 3, size: 64x64, batch: 1 }
  let G = SpadeGenerator(width: 2, norm: ${norm})
}
${more}`;

  it('is no difference, and is changed by its path', () => {
    const [own, aliased] = ['spade(base: batch, hidden: 4)', 'mine(base: sync_batch, hidden: 4)'].map(
      (norm) => specOf(experiment(norm)),
    );
    expect(diffSpecs(own!, aliased!).sections).toEqual([]);
    const changed = specOf(experiment('mine(hidden: 4)'), {
      sets: ['G.norm.base = sync_batch(momentum: 0.5)'],
    });
    expect(changed.networks[0]?.arguments).toContainEqual({
      name: 'norm',
      value: 'mine(hidden: 4, base: sync_batch(momentum: 0.5))',
    });
  });

  it('names values of ablations as they are written', () => {
    const text = experiment(
      'mine(hidden: 4)',
      `ablation norms of one {
  G.norm in [mine(hidden: 4), sync_batch(), batch(), instance()]
  except G.norm in [batch, instance]
}
`,
    );
    const { ablation, diagnostics } = checkAblation({ name: 'input.spade', text }, provider());
    expect(diagnostics).toEqual([]);
    expect(ablation?.runs.map(({ name }) => name)).toEqual(['mine_s0', 'sync-batch_s0']);
  });
});

/** Tells whether a block only calls another one with its own parameters, like an alias. */
function isWrapper({ parameters, body }: Block): boolean {
  const [statement] = body as readonly (Statement | undefined)[];
  if (body.length !== 1 || statement?.kind !== 'return' || statement.value.kind !== 'pipeline') return false;
  const { input, stages } = statement.value;
  const [call, ...others] = stages;
  const [first, ...settings] = parameters.map(({ name }) => name.text).filter((name) => name !== 'seg');
  const forwarded = call?.arguments.map(({ name, value }) =>
    value.kind === 'reference' && value.name === name?.text ? value.name : undefined,
  );
  return (
    others.length === 0 &&
    call?.label === undefined &&
    input.kind === 'reference' &&
    input.name === first &&
    String(forwarded) === String(settings)
  );
}

describe('the library', () => {
  it('has aliases where a block would only call another one', () => {
    const texts = libraryModules.map((name) => provider().library(name)!);
    const declarations = texts.flatMap((source) => parse(source).file?.declarations ?? []);
    expect(declarations.filter((one) => one.kind === 'block').filter(isWrapper)).toEqual([]);
    const aliases = declarations.filter((one): one is Alias => one.kind === 'alias');
    expect(aliases.map(({ name, target }) => `${name.text} = ${target.text}`)).toEqual([
      'sync_batch = batch',
    ]);
  });

  it('takes a wrapper for one', () => {
    const { file } = parse({
      name: 'input.spade',
      text: 'block a(x, seg: LabelMap? = none, k: int = 1) {\n  return x |> b(k: k)\n}\n',
    });
    const [declaration] = file?.declarations ?? [];
    expect(declaration?.kind === 'block' && isWrapper(declaration)).toBe(true);
    expect(file && print(file)).toContain('block a');
  });
});
