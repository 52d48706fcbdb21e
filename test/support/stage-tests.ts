/**
 * Tests partitioned methods on any engine: results equal those of the whole method, and only changed stages run again.
 */
import { expect, it, vi } from 'vitest';
import { compile } from '../../compiler/index.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { openStaged } from '../../runtime/session/staged.ts';
import { runAndRead, type Feeds, type Session } from '../../runtime/session/session.ts';
import type { OpenSession } from './session-tests.ts';
import {
  drawFeeds,
  drawVariables,
  expectAgree,
  instanceStyles,
  tableSpec,
  type Arrays,
  type TableCase,
} from './table-tests.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const cases: readonly TableCase[] = [
  { name: 'a style', generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3), z: noise(4))', batch: 1 },
  { name: 'the map alone', batch: 1 },
  {
    name: 'a style and edges',
    generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3), z: noise(4))',
    instances: true,
  },
  { name: 'styles of instances', ...instanceStyles },
];

const maps = ['labels', 'labels.edges', 'labels.instances'];

/** Tests stages on an engine, with tables and without. */
export function testStagesOn(open: OpenSession): void {
  const both = cases.flatMap((one) =>
    [true, false].map((inTables) => [`${one.name}${inTables ? ', in tables' : ''}`, one, inTables] as const),
  );
  it.each(both)('paints as in one piece: %s', async (_name, one, inTables) => {
    const { whole, staged, feeds } = await prepare(open, one, inTables);
    const other = withStyle(feeds, 0.5);
    const elsewhere = { ...feeds, labels: feeds['labels']!.map((id) => (id === 0 ? 1 : id)) };
    const painted: [Float32Array, Float32Array][] = [];
    for (const fed of [feeds, other, elsewhere])
      painted.push([await paint(whole, fed), await paint(staged, fed)]);
    await whole.setVariables(new Map([['G.conv_img.bias', Float32Array.of(0.3, -0.2, 0.1)]]));
    await staged.setVariables(new Map([['G.conv_img.bias', Float32Array.of(0.3, -0.2, 0.1)]]));
    painted.push([await paint(whole, feeds), await paint(staged, feeds)]);
    painted.forEach(([expected, found], index) =>
      expectAgree(new Map([[`call ${index}`, found]]), new Map([[`call ${index}`, expected]]), 1e-4),
    );
    await whole.dispose();
    await staged.dispose();
  });

  it('does again only what changed', async () => {
    const runs: string[] = [];
    const spied: OpenSession = async (program) => {
      const session = await open(program);
      const run = session.run.bind(session);
      vi.spyOn(session, 'run').mockImplementation((method, ...rest) => {
        runs.push(method);
        return run(method, ...rest);
      });
      return session;
    };
    const { whole, staged, feeds } = await prepare(spied, cases[0]!, true);
    const runsOf = async (use: () => Promise<unknown>): Promise<string[]> => {
      runs.length = 0;
      await use();
      return [...runs];
    };
    expect(await runsOf(() => paint(staged, feeds))).toEqual([
      'synthesize/weights',
      'synthesize/map',
      'synthesize',
    ]);
    expect(await runsOf(() => paint(staged, withStyle(feeds, 0.5)))).toEqual(['synthesize']);
    const elsewhere = { ...feeds, labels: feeds['labels']!.map(() => 2) };
    expect(await runsOf(() => paint(staged, elsewhere))).toEqual(['synthesize/map', 'synthesize']);
    await staged.setVariables(new Map());
    expect(await runsOf(() => paint(staged, elsewhere))).toEqual([
      'synthesize/weights',
      'synthesize/map',
      'synthesize',
    ]);
    await whole.dispose();
    await staged.dispose();
  });
}

async function prepare(
  open: OpenSession,
  one: TableCase,
  inTables: boolean,
): Promise<{ whole: Session; staged: Session; feeds: Arrays }> {
  const spec = tableSpec(one);
  const program: Program = compile(spec, {
    target: cpu,
    batch: one.batch ?? 2,
    methods: ['synthesize'],
    ...(inTables && { tables: () => true }),
  });
  const whole = await open(program);
  const staged = await openStaged(program, 'synthesize', maps, open);
  for (const session of [whole, staged]) await session.setVariables(drawVariables(program));
  return { whole, staged, feeds: drawFeeds(spec, program, program.methods[0]!, 'two regions') };
}

const paint = async (session: Session, feeds: Feeds): Promise<Float32Array> =>
  (await runAndRead(session, 'synthesize', feeds)).get('picture')!;

/** The same feeds with other noise. */
function withStyle(feeds: Arrays, factor: number): Arrays {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, values]) => [
      name,
      maps.includes(name) || values instanceof Int32Array ? values : values.map((value) => factor * value),
    ]),
  );
}
